// SPDX-License-Identifier: Apache-2.0
//
// System V semaphores and message queues belong to an ipc namespace, not to a process; a child has a namespace of its
// own. What tells that a process uses one is that it was the last to operate on it.
#include <fcntl.h>
#include <sched.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>

#include <cerrno>
#include <thread>

#include "capture/errors.h"
#include "capture/validate.h"

namespace farfork::capturing {
namespace {

// linux/sem.h, linux/msg.h: as SEM_STAT and MSG_STAT, without asking for permission to read; from Linux 4.17 on.
constexpr int kSemStatAny = 20, kMsgStatAny = 13;

/// Id of a set on which `pid` was the last to operate, or -1.
int usedSemaphores(pid_t pid) {
    seminfo limits{};
    const int last = semctl(0, 0, SEM_INFO, &limits);
    for (int index = 0; index <= last; index++) {
        semid_ds about{};
        const int id = semctl(index, 0, kSemStatAny, &about);
        for (int number = 0; id >= 0 && number < static_cast<int>(about.sem_nsems); number++)
            if (semctl(id, number, GETPID) == pid) return id;
    }
    return -1;
}

/// Id of a queue to or from which `pid` was the last to send or to receive, or -1.
int usedMessages(pid_t pid) {
    msginfo limits{};
    const int last = msgctl(0, MSG_INFO, reinterpret_cast<msqid_ds*>(&limits));
    for (int index = 0; index <= last; index++) {
        msqid_ds about{};
        const int id = msgctl(index, kMsgStatAny, &about);
        if (id >= 0 && (about.msg_lspid == pid || about.msg_lrpid == pid)) return id;
    }
    return -1;
}

Result<void> look(pid_t pid) {
    if (const int id = usedSemaphores(pid); id >= 0)
        return notCarried("System V semaphores " + std::to_string(id), "no call tells what the process has to undo");
    if (const int id = usedMessages(pid); id >= 0) return notCarried("System V message queue " + std::to_string(id));
    return {};
}

}  // namespace

Result<void> checkSystemV(const ProcDir& proc) {
    if (ProcDir(getpid()).link("ns/ipc") == proc.link("ns/ipc")) return look(proc.pid());
    const UniqueFd space(openat(proc.fd(), "ns/ipc", O_RDONLY | O_CLOEXEC));
    if (!space.valid()) return unreadable(proc.pid(), "open ns/ipc", errno);
    Result<void> result;
    // A namespace is a thread's: this one ends in it.
    std::thread([&] {
        if (setns(space.get(), CLONE_NEWIPC) == 0)
            result = look(proc.pid());
        else
            result = unreadable(proc.pid(), "enter its ipc namespace", errno);
    }).join();
    return result;
}

}  // namespace farfork::capturing
