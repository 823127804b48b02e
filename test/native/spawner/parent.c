// SPDX-License-Identifier: Apache-2.0
//
// A parent that knows its own state and can tell whether a child still has it. Commands come line by line on
// descriptor 100: "check", "exit N", "signal N", "fork", "pid".
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <immintrin.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/rseq.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kControl = 100, kThreads = 6, kPattern = 64, kHeapBytes = 3 << 20 };

static atomic_int go, holding;
static __thread uint64_t thread_local_value = 7;
static pthread_mutex_t robust;
static pthread_t threads[kThreads];
static unsigned char* heap;
static int log_fd, pipe_fds[2];
static pid_t own_pid;

static void say(const char* format, ...) {
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(text, sizeof(text) - 1, format, arguments);
    va_end(arguments);
    text[size++] = '\n';
    if (write(kControl, text, (size_t)size) < 0) _exit(99);
}

#define EXPECT(condition)                                                    \
    do {                                                                     \
        if (!(condition)) return "line " LINE_TEXT(__LINE__) " " #condition; \
    } while (0)
#define LINE_TEXT2(line) #line
#define LINE_TEXT(line) LINE_TEXT2(line)

static void onSignal(int number) {
    (void)number;
}

// Fills the vector registers, spins without touching them, and stores them again.
__attribute__((noinline, target("avx"))) static int holdRegisters(uint64_t seed) {
    uint64_t in[16][4], out[16][4];
    for (int i = 0; i < 16; i++)
        for (int k = 0; k < 4; k++) in[i][k] = seed * 1000003 + (uint64_t)i * 17 + (uint64_t)k;
    unsigned mxcsr_in = 0x1f80 | (3u << 13), mxcsr_out = 0, mxcsr_default = 0x1f80;
    unsigned short control_in = 0x0c7f, control_out = 0, control_default = 0x037f;
    uint64_t general = 0;
    __asm__ volatile(
        "ldmxcsr %[mxcsr_in]\n fldcw %[control_in]\n fldpi\n"
        "vmovdqu 0(%[in]),%%ymm0\n vmovdqu 32(%[in]),%%ymm1\n vmovdqu 64(%[in]),%%ymm2\n vmovdqu 96(%[in]),%%ymm3\n"
        "vmovdqu 128(%[in]),%%ymm4\n vmovdqu 160(%[in]),%%ymm5\n vmovdqu 192(%[in]),%%ymm6\n vmovdqu "
        "224(%[in]),%%ymm7\n"
        "vmovdqu 256(%[in]),%%ymm8\n vmovdqu 288(%[in]),%%ymm9\n vmovdqu 320(%[in]),%%ymm10\n vmovdqu "
        "352(%[in]),%%ymm11\n"
        "vmovdqu 384(%[in]),%%ymm12\n vmovdqu 416(%[in]),%%ymm13\n vmovdqu 448(%[in]),%%ymm14\n vmovdqu "
        "480(%[in]),%%ymm15\n"
        "mov %[seed],%%r12\n"
        "lock incl %[holding]\n"
        "1: pause\n cmpl $0,%[go]\n je 1b\n"
        "mov %%r12,%[general]\n"
        "vmovdqu %%ymm0,0(%[out])\n vmovdqu %%ymm1,32(%[out])\n vmovdqu %%ymm2,64(%[out])\n vmovdqu %%ymm3,96(%[out])\n"
        "vmovdqu %%ymm4,128(%[out])\n vmovdqu %%ymm5,160(%[out])\n vmovdqu %%ymm6,192(%[out])\n vmovdqu "
        "%%ymm7,224(%[out])\n"
        "vmovdqu %%ymm8,256(%[out])\n vmovdqu %%ymm9,288(%[out])\n vmovdqu %%ymm10,320(%[out])\n vmovdqu "
        "%%ymm11,352(%[out])\n"
        "vmovdqu %%ymm12,384(%[out])\n vmovdqu %%ymm13,416(%[out])\n vmovdqu %%ymm14,448(%[out])\n vmovdqu "
        "%%ymm15,480(%[out])\n"
        "stmxcsr %[mxcsr_out]\n fnstcw %[control_out]\n fstp %%st(0)\n"
        "ldmxcsr %[mxcsr_default]\n fldcw %[control_default]\n vzeroupper\n"
        :
        [general] "=&r"(general), [mxcsr_out] "+m"(mxcsr_out), [control_out] "+m"(control_out), [holding] "+m"(holding)
        : [in] "r"(in), [out] "r"(out), [seed] "r"(seed), [go] "m"(go), [mxcsr_in] "m"(mxcsr_in),
          [control_in] "m"(control_in), [mxcsr_default] "m"(mxcsr_default), [control_default] "m"(control_default)
        : "memory", "r12", "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9",
          "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "st");
    return memcmp(in, out, sizeof(in)) == 0 && general == seed && (mxcsr_out & ~0x3fu) == mxcsr_in &&
           control_out == control_in;
}

// A tile register with a pattern, held as above. 1 when it survived, 0 when not.
__attribute__((noinline, target("amx-tile"))) static int holdTiles(void) {
    static unsigned char in[1024], out[1024];
    struct __attribute__((aligned(64))) {
        uint8_t palette, start_row, reserved[14];
        uint16_t columns[16];
        uint8_t rows[16];
    } config = {.palette = 1, .columns = {64}, .rows = {16}};
    for (int i = 0; i < 1024; i++) in[i] = (unsigned char)(i * 7 + 1);
    _tile_loadconfig(&config);
    _tile_loadd(0, in, 64);
    atomic_fetch_add(&holding, 1);
    __asm__ volatile("1: pause\n cmpl $0,%[go]\n je 1b\n" : : [go] "m"(go) : "memory", "cc");
    _tile_stored(0, out, 64);
    _tile_release();
    return memcmp(in, out, sizeof(in)) == 0;
}

static void* tileHolder(void* argument) {
    (void)argument;
    return holdTiles() ? NULL : (void*)"its tile registers changed";
}

static pthread_t tile_thread;
static int with_tiles;
enum { kRequestPermission = 0x1023, kTileData = 18 };

static int rseqIsAlive(void) {
    if (__rseq_size == 0) return 1;
    volatile struct rseq* area = (struct rseq*)((char*)__builtin_thread_pointer() + __rseq_offset);
    for (int i = 0; i < 1000; i++)
        if ((int)area->cpu_id == sched_getcpu() && (int)area->cpu_id >= 0) return 1;
    return 0;
}

static const char* checkThread(uintptr_t index) {
    char name[16] = "";
    stack_t stack;
    sigset_t mask;
    void* head = 0;
    size_t size = 0;
    EXPECT(thread_local_value == 1000 + index);
    EXPECT(sigaltstack(NULL, &stack) == 0 && stack.ss_size == 16384 + 4096 * index && stack.ss_sp != NULL);
    EXPECT(pthread_sigmask(SIG_SETMASK, NULL, &mask) == 0 && sigismember(&mask, SIGUSR2) == 1);
    EXPECT(sigismember(&mask, SIGUSR1) == 0);
    EXPECT(prctl(PR_GET_NAME, name) == 0 && strncmp(name, "holder-", 7) == 0 && name[7] == (char)('0' + index));
    EXPECT(syscall(SYS_get_robust_list, 0, &head, &size) == 0 && head != NULL);
    EXPECT(rseqIsAlive());
    return NULL;
}

static void* holder(void* argument) {
    const uintptr_t index = (uintptr_t)argument;
    char name[16];
    snprintf(name, sizeof(name), "holder-%d", (int)index);
    prctl(PR_SET_NAME, name);
    thread_local_value = 1000 + index;
    stack_t stack = {.ss_size = 16384 + 4096 * index};
    stack.ss_sp = malloc(stack.ss_size);
    sigaltstack(&stack, NULL);
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &mask, NULL);
    if (index == 0) pthread_mutex_lock(&robust);
    if (!holdRegisters(index + 3)) return (void*)"its registers changed";
    return (void*)checkThread(index);  // holder 0 ends with the robust mutex held
}

static void fillHeap(void) {
    heap = malloc(kHeapBytes);
    for (int i = 0; i < kHeapBytes; i++) heap[i] = (unsigned char)(i * 31 + (i >> 12));
}

static const char* checkMemory(void) {
    for (int i = 0; i < kHeapBytes; i++) EXPECT(heap[i] == (unsigned char)(i * 31 + (i >> 12)));
    char* more = malloc(8 << 20);
    memset(more, 1, 8 << 20);
    free(more);
    void* before = sbrk(0);
    EXPECT(sbrk(65536) == before);
    memset(before, 2, 65536);
    EXPECT(sbrk(-65536) != (void*)-1);
    return NULL;
}

static const char* checkProcess(void) {
    struct sigaction action;
    struct rlimit limit;
    char text[64] = "", path[64] = "";
    EXPECT(getpid() == own_pid);
    EXPECT(sigaction(SIGUSR1, NULL, &action) == 0 && action.sa_handler == onSignal &&
           (action.sa_flags & SA_RESTART) != 0);
    EXPECT(sigaction(SIGPIPE, NULL, &action) == 0 && action.sa_handler == SIG_IGN);
    EXPECT(getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur == 1234);
    const mode_t mask = umask(027);
    EXPECT(mask == 027);
    EXPECT(lseek(log_fd, 0, SEEK_CUR) == 5 && read(log_fd, text, 5) == 5 && strcmp(text, "world") == 0);
    EXPECT(fcntl(log_fd, F_GETFD) == FD_CLOEXEC);
    EXPECT(read(pipe_fds[0], text, 6) == 6 && memcmp(text, "piped", 6) == 0);
    EXPECT(write(pipe_fds[1], "again", 6) == 6 && read(pipe_fds[0], text, 6) == 6);
    EXPECT(getcwd(path, sizeof(path)) != NULL && strcmp(path, "/usr") == 0);
    EXPECT(readlink("/proc/self/exe", path, sizeof(path)) > 0);
    EXPECT(prctl(PR_GET_NAME, path) == 0 && strcmp(path, "main-thread") == 0);
    EXPECT(prctl(PR_GET_DUMPABLE) == 1);
    EXPECT(rseqIsAlive());
    EXPECT(raise(SIGUSR1) == 0);
    return NULL;
}

static const char* check(void) {
    const char* fault = checkProcess();
    if (fault == NULL) fault = checkMemory();
    atomic_store(&go, 1);
    for (int i = 0; i < kThreads; i++) {
        void* result = NULL;
        pthread_join(threads[i], &result);
        if (fault == NULL && result != NULL) fault = result;
    }
    if (with_tiles) {
        void* result = NULL;
        pthread_join(tile_thread, &result);
        if (fault == NULL && result != NULL) fault = result;
    }
    if (fault != NULL) return fault;
    EXPECT(pthread_mutex_lock(&robust) == EOWNERDEAD);
    return NULL;
}

// Ids, capabilities and the like of every thread, in one line.
static void sayStatus(void) {
    static const char* const kept[] = {"Uid:",    "Gid:",        "Groups:", "CapInh:", "CapPrm:", "CapEff:", "CapBnd:",
                                       "CapAmb:", "NoNewPrivs:", "SigBlk:", "SigIgn:", "SigCgt:", "Name:"};
    char path[64], line[256], text[8192] = "";
    size_t used = 0;
    for (pid_t tid = own_pid; tid <= own_pid + 16; tid++) {
        snprintf(path, sizeof(path), "/proc/self/task/%d/status", (int)tid);
        FILE* file = fopen(path, "r");
        if (file == NULL) continue;
        while (fgets(line, sizeof(line), file) != NULL)
            for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
                if (strncmp(line, kept[i], strlen(kept[i])) == 0)
                    used += (size_t)snprintf(text + used, sizeof(text) - used, "%.*s ", (int)strcspn(line, "\n"), line);
        fclose(file);
    }
    text[used++] = '\n';
    if (write(kControl, text, used) < 0) _exit(99);
}

static void prepare(const char* folder) {
    char path[256];
    own_pid = getpid();
    prctl(PR_SET_NAME, "main-thread");
    snprintf(path, sizeof(path), "%s/data", folder);
    log_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (write(log_fd, "helloworld", 10) != 10 || lseek(log_fd, 5, SEEK_SET) != 5) _exit(98);
    snprintf(path, sizeof(path), "%s/readonly", folder);
    close(open(path, O_WRONLY | O_CREAT, 0600));
    if (open(path, O_RDONLY) < 0) _exit(98);
    if (pipe(pipe_fds) != 0 || write(pipe_fds[1], "piped", 6) != 6) _exit(98);
    if (chdir("/usr") != 0) _exit(98);
    umask(027);
    struct rlimit limit = {1234, 1234};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = 1234;
    setrlimit(RLIMIT_NOFILE, &limit);
    struct sigaction action = {.sa_handler = onSignal, .sa_flags = SA_RESTART};
    sigaction(SIGUSR1, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    fillHeap();
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&robust, &attributes);
    for (uintptr_t i = 0; i < kThreads; i++) pthread_create(&threads[i], NULL, holder, (void*)i);
    if (with_tiles) {
        if (syscall(SYS_arch_prctl, kRequestPermission, kTileData) != 0) _exit(77);
        pthread_create(&tile_thread, NULL, tileHolder, NULL);
    }
    while (atomic_load(&holding) != kThreads + with_tiles) sched_yield();
}

int main(int argc, char** argv) {
    if (argc < 2) return 2;
    with_tiles = argc > 2 && strcmp(argv[2], "tiles") == 0;
    prepare(argv[1]);
    say("ready");
    char command[64];
    for (;;) {
        size_t size = 0;
        while (size < sizeof(command) - 1) {
            if (read(kControl, &command[size], 1) != 1) return 97;
            if (command[size] == '\n') break;
            size++;
        }
        command[size] = '\0';
        if (strcmp(command, "check") == 0) {
            const char* fault = check();
            say("%s", fault == NULL ? "ok" : fault);
        } else if (strncmp(command, "exit ", 5) == 0) {
            exit(atoi(command + 5));
        } else if (strncmp(command, "signal ", 7) == 0) {
            signal(atoi(command + 7), SIG_DFL);
            raise(atoi(command + 7));
        } else if (strcmp(command, "fork") == 0) {
            const pid_t child = fork();
            if (child == 0) _exit(checkMemory() == NULL ? 0 : 1);
            int status = -1;
            waitpid(child, &status, 0);
            say("forked %d", status);
        } else if (strcmp(command, "linger") == 0) {
            const pid_t child = fork();
            if (child == 0)
                for (;;) pause();
            say("lingering");
        } else if (strcmp(command, "status") == 0) {
            sayStatus();
        } else if (strcmp(command, "pid") == 0) {
            say("%d", (int)getpid());
        }
    }
}
