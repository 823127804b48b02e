// SPDX-License-Identifier: Apache-2.0
// refused: System V message queue with messages
// names: System V message queue
#include "../conformance.h"

#include <sys/ipc.h>
#include <sys/msg.h>

static const key_t key = 0x66617232;
static int queue;

struct letter {
    long type;
    char text[32];
};

static void put(long type, const char* text) {
    struct letter letter = {.type = type};
    strcpy(letter.text, text);
    EXPECT(msgsnd(queue, &letter, strlen(text), IPC_NOWAIT) == 0);
}

static void expect_next(long wanted_type, long type, const char* text) {
    struct letter letter = {0};
    EXPECT_EQUAL(msgrcv(queue, &letter, sizeof letter.text, wanted_type, IPC_NOWAIT), strlen(text));
    EXPECT_EQUAL(letter.type, type);
    EXPECT(strcmp(letter.text, text) == 0);
}

static void setup(void) {
    const int old = msgget(key, 0);
    if (old >= 0) msgctl(old, IPC_RMID, NULL);
    queue = msgget(key, IPC_CREAT | IPC_EXCL | 0620);
    if (queue < 0) LACKS("System V message queues");
    struct msqid_ds about;
    EXPECT(msgctl(queue, IPC_STAT, &about) == 0);
    about.msg_qbytes = 200;
    EXPECT(msgctl(queue, IPC_SET, &about) == 0);
    put(3, "first");
    put(1, "second");
    put(3, "third, longer");
    put(2, "");
}

static void check(void) {
    EXPECT_EQUAL(msgget(key, 0), queue);
    struct msqid_ds about;
    EXPECT(msgctl(queue, IPC_STAT, &about) == 0);
    EXPECT_EQUAL(about.msg_qnum, 4);
    EXPECT_EQUAL(about.msg_qbytes, 200);
    EXPECT_EQUAL(about.msg_perm.mode & 0777, 0620);
    EXPECT_EQUAL(about.msg_lspid, getpid());
    expect_next(1, 1, "second");
    expect_next(0, 3, "first");
    expect_next(-2, 2, "");
    put(9, "new");
    expect_next(3, 3, "third, longer");
    expect_next(0, 9, "new");
    struct letter none;
    EXPECT(msgrcv(queue, &none, sizeof none.text, 0, IPC_NOWAIT) < 0 && errno == ENOMSG);
    EXPECT(msgctl(queue, IPC_RMID, NULL) == 0);
}
