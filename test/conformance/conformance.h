/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A conformance program is one kernel object that a process can hold. It sets the object up, says "ready", waits, and
 * then checks the object; the runner (test/src/conformance) prepares it while it waits, forks it onto another node, and
 * lets the child check itself, and then the parent. Its first lines say what to expect:
 *
 *   // carried: TITLE            the child finds the object as the parent left it
 *   // policy: TITLE             the child finds what docs/conformance.md says of it
 *   // refused: TITLE            prepare refuses ...
 *   // names: TEXT               ... with STATE_NOT_CARRIED and an object that holds TEXT; the parent goes on
 *   // deviation: TITLE          the child's check fails, as "Known deviations" in docs/concepts.md has it, ...
 *   // says: TEXT                ... and says TEXT, or is stopped with the error TEXT; the parent's check is well
 *
 * The program defines setup() and check(). One that needs its main thread elsewhere than in this wait defines
 * CONFORMANCE_OWN_WAIT and a function `void wait_for_go(void)`, which returns once go_seen() is true.
 */
#ifndef FARFORK_TEST_CONFORMANCE_H
#define FARFORK_TEST_CONFORMANCE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

static void setup(void);
static void check(void);
static void wait_for_go(void);

static const char *conformance_go;
/* A folder of this program's own, empty at the start, the same in parent and child; the runner removes it. */
static const char *conformance_folder;

/* The signal that it is time to check. Async-signal-safe. */
__attribute__((unused)) static bool go_seen(void) {
    return access(conformance_go, F_OK) == 0;
}

/* True in the forked child, whose parent process is outside of its pid namespace; only for a program that is one. */
__attribute__((unused)) static bool in_child(void) {
    return getppid() == 0;
}

#define FAIL(...)                                        \
    do {                                                 \
        printf("FAIL %s:%d: ", __FILE_NAME__, __LINE__); \
        printf(__VA_ARGS__);                             \
        putchar('\n');                                   \
        fflush(stdout);                                  \
        _exit(1);                                        \
    } while (0)

#define EXPECT(condition)                                                                  \
    do {                                                                                   \
        errno = 0;                                                                         \
        if (!(condition)) FAIL("%s (errno %d, %s)", #condition, errno, strerror(errno));   \
    } while (0)

#define EXPECT_EQUAL(seen, wanted)                                                                              \
    do {                                                                                                        \
        const long long seen_value = (long long)(seen), wanted_value = (long long)(wanted);                     \
        if (seen_value != wanted_value) FAIL("%s is %lld, not %s = %lld", #seen, seen_value, #wanted, wanted_value); \
    } while (0)

/* This machine cannot make the object: `what` it lacks was just tried. The runner reports a named skip. */
#define LACKS(what)                      \
    do {                                 \
        printf("lacks %s\n", what);      \
        fflush(stdout);                  \
        _exit(77);                       \
    } while (0)

__attribute__((unused)) static void sleep_ms(long ms) {
    struct timespec time = {ms / 1000, ms % 1000 * 1000000};
    while (nanosleep(&time, &time) != 0) {
    }
}

/* Waits until `condition` holds; fails after 10 s. */
#define AWAIT(condition)                                             \
    do {                                                             \
        int tries = 0;                                               \
        while (!(condition)) {                                       \
            if (++tries > 10000) FAIL("never true: %s", #condition); \
            sleep_ms(1);                                             \
        }                                                            \
    } while (0)

/* FOLDER/NAME. */
__attribute__((unused)) static const char *in_folder(const char *name) {
    static char paths[8][512];
    static int next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", conformance_folder, name);
    return path;
}

#ifndef CONFORMANCE_OWN_WAIT
static void wait_for_go(void) {
    while (!go_seen()) sleep_ms(5);
}
#endif

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    conformance_go = argv[1];
    conformance_folder = argv[2];
    setup();
    puts("ready");
    fflush(stdout);
    wait_for_go();
    check();
    puts("ok");
    fflush(stdout);
    return 0;
}

#endif
