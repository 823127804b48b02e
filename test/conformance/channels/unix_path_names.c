// SPDX-License-Identifier: Apache-2.0
// carried: unix sockets of one process that found each other by paths, with messages queued
#include "../conformance.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

static int listener, caller, called, bound, sender, connected;
static struct sockaddr_un door = {.sun_family = AF_UNIX}, box = {.sun_family = AF_UNIX}, from = {.sun_family = AF_UNIX};

static void expect_message(int socket, const char* text, const char* wanted) {
    char seen[16] = {0};
    struct sockaddr_un name = {0};
    socklen_t size = sizeof name;
    EXPECT_EQUAL(recvfrom(socket, seen, sizeof seen, MSG_DONTWAIT, (struct sockaddr*)&name, &size),
                 (ssize_t)strlen(text));
    EXPECT(strcmp(seen, text) == 0);
    EXPECT(strcmp(name.sun_path, wanted) == 0);
}

static void setup(void) {
    snprintf(door.sun_path, sizeof door.sun_path, "%s", in_folder("door"));
    snprintf(box.sun_path, sizeof box.sun_path, "%s", in_folder("box"));
    snprintf(from.sun_path, sizeof from.sun_path, "%s", in_folder("from"));
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    caller = socket(AF_UNIX, SOCK_STREAM, 0);
    EXPECT(bind(listener, (struct sockaddr*)&door, sizeof door) == 0 && listen(listener, 2) == 0);
    EXPECT(connect(caller, (struct sockaddr*)&door, sizeof door) == 0);
    called = accept(listener, NULL, NULL);
    EXPECT(called >= 0);
    EXPECT_EQUAL(send(called, "queued", 6, 0), 6);
    bound = socket(AF_UNIX, SOCK_DGRAM, 0);
    sender = socket(AF_UNIX, SOCK_DGRAM, 0);
    connected = socket(AF_UNIX, SOCK_DGRAM, 0);
    EXPECT(bind(bound, (struct sockaddr*)&box, sizeof box) == 0);
    EXPECT(bind(sender, (struct sockaddr*)&from, sizeof from) == 0);
    EXPECT(connect(connected, (struct sockaddr*)&box, sizeof box) == 0);
    EXPECT_EQUAL(send(connected, "one", 3, 0), 3);
    EXPECT_EQUAL(sendto(sender, "two", 3, 0, (struct sockaddr*)&box, sizeof box), 3);
    const int gone = socket(AF_UNIX, SOCK_DGRAM, 0);
    EXPECT_EQUAL(sendto(gone, "three", 5, 0, (struct sockaddr*)&box, sizeof box), 5);
    EXPECT(close(gone) == 0);
}

static void check(void) {
    struct sockaddr_un name = {0};
    socklen_t size = sizeof name;
    char seen[16] = {0};
    struct stat about;
    EXPECT(getpeername(caller, (struct sockaddr*)&name, &size) == 0 && strcmp(name.sun_path, door.sun_path) == 0);
    size = sizeof name;
    EXPECT(getsockname(called, (struct sockaddr*)&name, &size) == 0 && strcmp(name.sun_path, door.sun_path) == 0);
    size = sizeof name;
    EXPECT(getpeername(connected, (struct sockaddr*)&name, &size) == 0 && strcmp(name.sun_path, box.sun_path) == 0);
    EXPECT_EQUAL(recv(caller, seen, sizeof seen, MSG_DONTWAIT), 6);
    EXPECT(strcmp(seen, "queued") == 0);
    EXPECT_EQUAL(send(caller, "answer", 6, 0), 6);
    EXPECT_EQUAL(recv(called, seen, sizeof seen, MSG_DONTWAIT), 6);
    expect_message(bound, "one", "");
    expect_message(bound, "two", from.sun_path);
    expect_message(bound, "three", "");
    EXPECT_EQUAL(send(connected, "four", 4, 0), 4);
    expect_message(bound, "four", "");
    EXPECT(recv(bound, seen, 1, MSG_DONTWAIT) == -1 && errno == EAGAIN);
    EXPECT(stat(door.sun_path, &about) == 0 && stat(box.sun_path, &about) == 0);
    EXPECT(accept(listener, NULL, NULL) == -1 && errno == EAGAIN);
}
