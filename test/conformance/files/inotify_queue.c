// SPDX-License-Identifier: Apache-2.0
// policy: inotify with unread events: the child is told that it missed some (IN_Q_OVERFLOW)
#include "../conformance.h"

#include <sys/inotify.h>

static int inotify, watches[2];

static struct inotify_event* next_event(void) {
    static union {
        struct inotify_event event;
        char bytes[sizeof(struct inotify_event) + 16];
    } one;
    // Room for one event with a short name, so that each read takes one.
    AWAIT(read(inotify, &one, sizeof one) > 0);
    return &one.event;
}

static void make(const char* folder, const char* name) {
    char path[600];
    snprintf(path, sizeof path, "%s/%s", in_folder(folder), name);
    const int file = open(path, O_CREAT | O_WRONLY, 0600);
    EXPECT(file >= 0 && close(file) == 0);
}

static void setup(void) {
    inotify = inotify_init1(IN_NONBLOCK);
    EXPECT(inotify >= 0);
    const char* names[2] = {"parent", "child"};
    for (int i = 0; i < 2; i++) {
        EXPECT(mkdir(in_folder(names[i]), 0700) == 0);
        watches[i] = inotify_add_watch(inotify, in_folder(names[i]), IN_CREATE);
        EXPECT(watches[i] >= 0);
    }
    make("parent", "one");
    make("parent", "two");
}

static void check(void) {
    const struct inotify_event* event;
    if (in_child()) {
        // Nobody can look at the queue without taking from it; inotify(7) says what to do when events are lost.
        event = next_event();
        EXPECT_EQUAL(event->mask, IN_Q_OVERFLOW);
        EXPECT_EQUAL(event->wd, -1);
    } else {
        event = next_event();
        EXPECT(event->wd == watches[0] && event->mask == IN_CREATE && strcmp(event->name, "one") == 0);
        event = next_event();
        EXPECT(event->wd == watches[0] && event->mask == IN_CREATE && strcmp(event->name, "two") == 0);
    }
    make(in_child() ? "child" : "parent", "later");
    // The other process's "later" may come before ours.
    event = next_event();
    if (event->wd == watches[!in_child()]) event = next_event();
    EXPECT_EQUAL(event->wd, watches[in_child()]);
    EXPECT(event->mask == IN_CREATE && strcmp(event->name, "later") == 0);
}
