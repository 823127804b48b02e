// SPDX-License-Identifier: Apache-2.0
// carried: pipe read and pipe write that wait for the other end
#include "../conformance.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>

enum { PAGE = 4096 };
static int empty[2], full[2];
static pthread_t reader, writer;
static atomic_int reader_tid, writer_tid, returned;
static char first[PAGE], second[PAGE];

static bool is_in(pid_t tid, long number) {
    char path[64], text[32] = "running";
    snprintf(path, sizeof path, "/proc/self/task/%d/syscall", tid);
    const int file = open(path, O_RDONLY);
    if (file < 0 || read(file, text, sizeof text - 1) <= 0) FAIL("%s cannot be read", path);
    close(file);
    return text[0] != 'r' && atol(text) == number;
}

static void* read_it(void* argument) {
    char seen[16] = {0};
    reader_tid = gettid();
    EXPECT_EQUAL(read(empty[0], seen, sizeof seen), 4);
    EXPECT(strcmp(seen, "ping") == 0);
    returned++;
    EXPECT_EQUAL(read(empty[0], seen, sizeof seen), 0);
    return argument;
}

static void* write_it(void* argument) {
    writer_tid = gettid();
    EXPECT_EQUAL(write(full[1], second, PAGE), PAGE);
    returned++;
    return argument;
}

static void setup(void) {
    memset(first, 'a', PAGE);
    memset(second, 'b', PAGE);
    EXPECT(pipe(empty) == 0 && pipe(full) == 0);
    EXPECT_EQUAL(fcntl(full[1], F_SETPIPE_SZ, PAGE), PAGE);
    EXPECT_EQUAL(write(full[1], first, PAGE), PAGE);
    EXPECT(pthread_create(&reader, NULL, read_it, NULL) == 0);
    EXPECT(pthread_create(&writer, NULL, write_it, NULL) == 0);
    AWAIT(reader_tid != 0 && is_in(reader_tid, SYS_read));
    AWAIT(writer_tid != 0 && is_in(writer_tid, SYS_write));
}

static void expect_page(const char* wanted) {
    char seen[PAGE];
    size_t length = 0;
    while (length < PAGE) {
        const ssize_t more = read(full[0], seen + length, PAGE - length);
        EXPECT(more > 0);
        length += (size_t)more;
    }
    EXPECT(memcmp(seen, wanted, PAGE) == 0);
}

static void check(void) {
    EXPECT_EQUAL(returned, 0);
    EXPECT_EQUAL(write(empty[1], "ping", 4), 4);
    AWAIT(returned == 1);
    EXPECT_EQUAL(fcntl(full[1], F_GETPIPE_SZ), PAGE);
    EXPECT(fcntl(full[0], F_SETFL, O_NONBLOCK) == 0);
    expect_page(first);
    AWAIT(returned == 2);
    expect_page(second);
    EXPECT(read(full[0], first, 1) == -1 && errno == EAGAIN);
    EXPECT(close(empty[1]) == 0);
    AWAIT(pthread_tryjoin_np(reader, NULL) == 0);
    AWAIT(pthread_tryjoin_np(writer, NULL) == 0);
}
