/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the programs of this family: contents that can be known again, faults that are survived, smaps, turns. */
#ifndef FARFORK_TEST_CONFORMANCE_MEMORY_H
#define FARFORK_TEST_CONFORMANCE_MEMORY_H

#include "../conformance.h"

#include <setjmp.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define PAGE ((size_t)4096)

__attribute__((unused)) static char* map_anonymous(size_t size) {
    char* at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    EXPECT(at != MAP_FAILED);
    return at;
}

__attribute__((unused)) static uint64_t word_of(uint64_t seed, uint64_t index) {
    uint64_t word = (seed << 40) + index + UINT64_C(0x9e3779b97f4a7c15);
    word = (word ^ (word >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    word = (word ^ (word >> 27)) * UINT64_C(0x94d049bb133111eb);
    return word ^ (word >> 31);
}

/* No page of it is like another. */
__attribute__((unused)) static void fill(void* at, size_t size, uint64_t seed) {
    uint64_t* words = at;
    for (size_t i = 0; i < size / 8; i++) words[i] = word_of(seed, i);
}

__attribute__((unused)) static bool filled(const void* at, size_t size, uint64_t seed) {
    const uint64_t* words = at;
    for (size_t i = 0; i < size / 8; i++)
        if (words[i] != word_of(seed, i)) return false;
    return true;
}

__attribute__((unused)) static bool zeroed(const void* at, size_t size) {
    const uint64_t* words = at;
    for (size_t i = 0; i < size / 8; i++)
        if (words[i] != 0) return false;
    return true;
}

static sigjmp_buf fault_return;
static volatile int fault_code;

__attribute__((unused)) static void on_fault(int number, siginfo_t* info, void* context) {
    (void)context;
    fault_code = info->si_code;
    siglongjmp(fault_return, number);
}

enum touch { READS, WRITES };

/* The signal that a touch of this byte gives, with its code in fault_code; 0: none. The byte stays what it is. */
__attribute__((unused)) static int fault_of(volatile char* at, enum touch touch) {
    static struct sigaction segv, bus;
    static volatile int number;
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
    EXPECT(sigaction(SIGSEGV, &action, &segv) == 0 && sigaction(SIGBUS, &action, &bus) == 0);
    number = sigsetjmp(fault_return, 1);
    if (number == 0) {
        const char seen = *at;
        if (touch == WRITES) *at = seen;
    }
    EXPECT(sigaction(SIGSEGV, &segv, NULL) == 0 && sigaction(SIGBUS, &bus, NULL) == 0);
    return number;
}

/* The exit code of a process that this one forked. */
__attribute__((unused)) static int reap(pid_t pid) {
    int status = 0;
    AWAIT(waitpid(pid, &status, WNOHANG) == pid);
    EXPECT(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* Whether what a local fork of this process writes there is seen here: so it is with shared memory only. */
__attribute__((unused)) static bool shared_with_fork(volatile char* at) {
    const char before = *at, written = (char)(before + 1);
    const pid_t pid = fork();
    EXPECT(pid >= 0);
    if (pid == 0) {
        *at = written;
        _exit(0);
    }
    EXPECT_EQUAL(reap(pid), 0);
    const bool seen = *at == written;
    *at = before;
    return seen;
}

struct mapping {
    char permissions[5];
    char path[256];
    char flags[256]; /* " rd wr mr ... " */
    long protection_key, kernel_page_kb;
};

/* What smaps says of the mapping that holds this address. */
__attribute__((unused)) static struct mapping mapping_at(const void* at) {
    struct mapping found = {.protection_key = -1};
    char line[1024];
    bool here = false;
    FILE* smaps = fopen("/proc/self/smaps", "re");
    EXPECT(smaps != NULL);
    while (fgets(line, sizeof line, smaps)) {
        uintptr_t start, end;
        char permissions[5], path[256] = "";
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s %*s %*s %*s %255[^\n]", &start, &end, permissions, path) >= 3) {
            here = (uintptr_t)at >= start && (uintptr_t)at < end;
            if (!here) continue;
            memcpy(found.permissions, permissions, sizeof permissions);
            memcpy(found.path, path, sizeof path);
        } else if (here && strncmp(line, "VmFlags:", 8) == 0) {
            line[strcspn(line, "\n")] = ' ';
            snprintf(found.flags, sizeof found.flags, "%.255s", line + 8);
        } else if (here) {
            sscanf(line, "ProtectionKey: %ld", &found.protection_key);
            sscanf(line, "KernelPageSize: %ld", &found.kernel_page_kb);
        }
    }
    fclose(smaps);
    return found;
}

/* A two-letter code of VmFlags, proc_pid_smaps(5). */
__attribute__((unused)) static bool has_flag(const void* at, const char* code) {
    const struct mapping mapping = mapping_at(at);
    const char word[] = {' ', code[0], code[1], ' ', 0};
    return strstr(mapping.flags, word) != NULL;
}

__attribute__((unused)) static bool has_permissions(const void* at, const char* wanted) {
    const struct mapping mapping = mapping_at(at);
    return strcmp(mapping.permissions, wanted) == 0;
}

/* A number of /proc/self/status, as "VmLck:". */
__attribute__((unused)) static long status_of(const char* key) {
    char line[256];
    long value = -1;
    FILE* status = fopen("/proc/self/status", "re");
    EXPECT(status != NULL);
    while (fgets(line, sizeof line, status))
        if (strncmp(line, key, strlen(key)) == 0) value = strtol(line + strlen(key), NULL, 10);
    fclose(status);
    return value;
}

/* Between await_turn and end_turn, the parent goes first: what it writes to its memory then must not reach the child.
 */
__attribute__((unused)) static void await_turn(void) {
    if (in_child()) AWAIT(access(in_folder("parent_is_done"), F_OK) == 0);
}

__attribute__((unused)) static void end_turn(void) {
    if (in_child()) return;
    const int mark = open(in_folder("parent_is_done"), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    EXPECT(mark >= 0 && close(mark) == 0);
}

/* Within a turn: the contents of setup, although the parent has changed its own by now; written to. */
__attribute__((unused)) static void expect_own(char* at, size_t size, uint64_t seed) {
    EXPECT(filled(at, size, seed));
    fill(at, size, seed + 1000 + in_child());
    EXPECT(filled(at, size, seed + 1000 + in_child()));
}

/* A new file in this program's folder with `size` bytes of contents; open for reading and writing. */
__attribute__((unused)) static int make_file(const char* name, size_t size, uint64_t seed) {
    const int file = open(in_folder(name), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    EXPECT(file >= 0);
    char* contents = map_anonymous(size);
    fill(contents, size, seed);
    EXPECT_EQUAL(write(file, contents, size), size);
    EXPECT(munmap(contents, size) == 0);
    return file;
}

/* Whether the file's bytes at `offset`, read with pread, are these. */
__attribute__((unused)) static bool file_holds(int file, off_t offset, const void* wanted, size_t size) {
    static char seen[4 * 4096];
    return size <= sizeof seen && pread(file, seen, size, offset) == (ssize_t)size && memcmp(seen, wanted, size) == 0;
}

#endif
