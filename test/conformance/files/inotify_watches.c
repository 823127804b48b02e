// SPDX-License-Identifier: Apache-2.0
// carried: inotify and its watches
#include "../conformance.h"

#include <sys/inotify.h>

static int inotify, watches[2];
static char own[512];

/* Waits for the event; those of the other process's folder may come in between. */
static void await_event(uint32_t mask, const char* name) {
    const int mine = watches[in_child()], others = watches[!in_child()];
    union {
        struct inotify_event event;
        char bytes[sizeof(struct inotify_event) + 256];
    } read_one;
    for (;;) {
        ssize_t size = -1;
        AWAIT((size = read(inotify, &read_one, sizeof read_one)) > 0 || errno != EAGAIN);
        EXPECT(size > 0);
        // The buffer may hold several, of which one of ours is all that there should be yet.
        bool found = false;
        for (char* at = read_one.bytes; at < read_one.bytes + size;) {
            const struct inotify_event* event = (const void*)at;
            at += sizeof *event + event->len;
            EXPECT(event->wd == mine || event->wd == others);
            if (event->wd == others) continue;
            EXPECT(!found);
            EXPECT_EQUAL(event->mask, mask);
            if (name) EXPECT(event->len > 0 && strcmp(event->name, name) == 0);
            found = true;
        }
        if (found) return;
    }
}

static void setup(void) {
    inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    EXPECT(inotify >= 0);
    // The first watch goes again, so that the others' numbers do not begin at 1.
    const int first = inotify_add_watch(inotify, conformance_folder, IN_OPEN);
    EXPECT(first >= 0 && inotify_rm_watch(inotify, first) == 0);
    struct inotify_event ignored;
    EXPECT_EQUAL(read(inotify, &ignored, sizeof ignored), sizeof ignored);
    const char* names[2] = {"parent", "child"};
    for (int i = 0; i < 2; i++) {
        EXPECT(mkdir(in_folder(names[i]), 0700) == 0);
        watches[i] = inotify_add_watch(inotify, in_folder(names[i]), IN_CREATE | IN_DELETE);
        EXPECT(watches[i] > first);
    }
}

static void check(void) {
    snprintf(own, sizeof own, "%s/made", in_folder(in_child() ? "child" : "parent"));
    const int file = open(own, O_CREAT | O_WRONLY, 0600);
    EXPECT(file >= 0 && write(file, "x", 1) == 1 && close(file) == 0);
    // The mask: that it was written and closed is not told.
    await_event(IN_CREATE, "made");
    EXPECT(unlink(own) == 0);
    await_event(IN_DELETE, "made");
    EXPECT(inotify_rm_watch(inotify, watches[in_child()]) == 0);
    await_event(IN_IGNORED, NULL);
    // Still there, though the other process took its one away: the object is our own.
    EXPECT(inotify_rm_watch(inotify, watches[!in_child()]) == 0);
    // A number is not given twice.
    const int last = watches[0] > watches[1] ? watches[0] : watches[1];
    EXPECT(inotify_add_watch(inotify, conformance_folder, IN_OPEN) > last);
    EXPECT_EQUAL(fcntl(inotify, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    EXPECT_EQUAL(fcntl(inotify, F_GETFD), FD_CLOEXEC);
}
