// SPDX-License-Identifier: Apache-2.0
#include "cell/maker.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "cell/init.h"

namespace farfork {
namespace {

constexpr int kRequestsFd = 0, kNewsFd = 1;

/// False when nobody listens any more.
bool tell(const CellNews& news, const int* fds, size_t count) {
    iovec piece{const_cast<CellNews*>(&news), sizeof(news)};
    alignas(cmsghdr) char control[CMSG_SPACE(2 * sizeof(int))] = {};
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    if (count != 0) {
        message.msg_control = control;
        message.msg_controllen = CMSG_SPACE(count * sizeof(int));
        cmsghdr* const entry = CMSG_FIRSTHDR(&message);
        entry->cmsg_level = SOL_SOCKET;
        entry->cmsg_type = SCM_RIGHTS;
        entry->cmsg_len = CMSG_LEN(count * sizeof(int));
        std::memcpy(CMSG_DATA(entry), fds, count * sizeof(int));
    }
    ssize_t sent = 0;
    while ((sent = sendmsg(kNewsFd, &message, MSG_NOSIGNAL)) < 0 && errno == EINTR) {
    }
    return sent >= 0;
}

bool makeOne(const CellOptions& options, uint64_t number) {
    CellNews news;
    news.number = number;
    int ends[2] = {-1, -1};
    int pidfd = -1;
    long pid = -1;
    if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends) == 0) {
        clone_args arguments{};
        arguments.flags = static_cast<uint64_t>(cellNamespaces(options)) | CLONE_NEWPID | CLONE_PIDFD | CLONE_PARENT;
        arguments.pidfd = reinterpret_cast<uint64_t>(&pidfd);
        pid = syscall(SYS_clone3, &arguments, sizeof(arguments));
        if (pid == 0) runCellInit(options, number, ends[1], kNewsFd);
    }
    if (pid < 0) {
        news.error = errno;
        news.step = static_cast<uint32_t>(CellStep::kMake);
    }
    news.init_pid = static_cast<pid_t>(pid);
    const int fds[] = {pidfd, ends[0]};
    const bool told = tell(news, fds, pid > 0 ? 2 : 0);
    for (const int fd : {pidfd, ends[0], ends[1]}) {
        if (fd >= 0) close(fd);
    }
    return told;
}

[[noreturn]] void runMaker(const CellOptions& options, int requests, int news, pid_t owner) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != owner) _exit(1);
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, nullptr);
    const int requests_above = fcntl(requests, F_DUPFD, 3);
    const int news_above = fcntl(news, F_DUPFD, 3);
    dup2(requests_above, kRequestsFd);
    dup2(news_above, kNewsFd);
    close_range(2, ~0U, 0);
    prctl(PR_SET_NAME, "farfork-cells");
    uint64_t number = 0;
    for (;;) {
        const ssize_t got = recv(kRequestsFd, &number, sizeof(number), 0);
        if (got < 0 && errno == EINTR) continue;
        if (got != sizeof(number) || !makeOne(options, number)) _exit(0);
    }
}

}  // namespace

int cellNamespaces(const CellOptions& options) {
    return CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | (options.private_network ? CLONE_NEWNET : 0);
}

Result<CellMaker> startCellMaker(const CellOptions& options, int news) {
    const auto failed = [](const char* what) {
        return makeErrno(ErrorCode::kCellFailed, "cell.maker", "maker", what, errno);
    };
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return failed("socketpair");
    CellMaker maker;
    maker.requests.reset(ends[0]);
    const UniqueFd theirs(ends[1]);
    const pid_t owner = getpid();
    clone_args arguments{};
    arguments.exit_signal = SIGCHLD;
    const long pid = syscall(SYS_clone3, &arguments, sizeof(arguments));
    if (pid == 0) runMaker(options, theirs.get(), news, owner);
    if (pid < 0) return failed("clone3");
    maker.pid = static_cast<pid_t>(pid);
    return maker;
}

const char* cellStepName(uint32_t step) {
    switch (static_cast<CellStep>(step)) {
        case CellStep::kMake:
            return "cell.make";
        case CellStep::kPropagation:
            return "cell.propagation";
        case CellStep::kNetwork:
            return "cell.network";
        case CellStep::kRoot:
            return "cell.root";
        case CellStep::kProc:
            return "cell.proc";
        case CellStep::kNone:
            break;
    }
    return "cell.start";
}

}  // namespace farfork
