// SPDX-License-Identifier: Apache-2.0
#include "cell/init.h"

#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

namespace farfork {
namespace {

constexpr int kKeepFd = 0, kNewsFd = 1;

bool raiseLoopback() {
    const int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (control < 0) return false;
    ifreq request{};
    std::memcpy(request.ifr_name, "lo", 3);
    request.ifr_flags = IFF_UP;
    const bool raised = ioctl(control, SIOCSIFFLAGS, &request) == 0;
    close(control);
    return raised;
}

/// pivot_root(2), "pivot_root(".", ".")": the new root is stacked over the old one, which is then detached.
bool enterRoot(const char* root) {
    return mount(root, root, nullptr, MS_BIND | MS_REC, nullptr) == 0 && chdir(root) == 0 &&
           syscall(SYS_pivot_root, ".", ".") == 0 && umount2(".", MNT_DETACH) == 0 && chdir("/") == 0;
}

CellStep setUp(const CellOptions& options) {
    if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return CellStep::kPropagation;
    if (options.private_network && !raiseLoopback()) return CellStep::kNetwork;
    if (!options.root.empty() && !enterRoot(options.root.c_str())) return CellStep::kRoot;
    if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0) return CellStep::kProc;
    return CellStep::kNone;
}

[[noreturn]] void reapUntilTold() {
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGCHLD);
    sigaddset(&wanted, SIGTERM);
    for (;;) {
        const int signal = sigwaitinfo(&wanted, nullptr);
        if (signal == SIGTERM) {
            // Before the descriptors that init keeps are closed: a page of theirs would read as zeros afterwards.
            kill(-1, SIGKILL);
            _exit(0);
        }
        while (waitpid(-1, nullptr, WNOHANG | __WALL) > 0) {
        }
    }
}

}  // namespace

void runCellInit(const CellOptions& options, uint64_t number, int keep, int news_socket) {
    // First, so that a maker that is gone is noticed: either by the signal or by the failing send below.
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, nullptr);
    const int keep_above = fcntl(keep, F_DUPFD, 3);
    const int news_above = fcntl(news_socket, F_DUPFD, 3);
    dup2(keep_above, kKeepFd);
    dup2(news_above, kNewsFd);
    close_range(2, ~0U, 0);
    prctl(PR_SET_NAME, "farfork-cell");
    CellNews news;
    news.number = number;
    news.kind = CellNews::Kind::kReady;
    const CellStep failed = setUp(options);
    if (failed != CellStep::kNone) {
        news.error = errno;
        news.step = static_cast<uint32_t>(failed);
    }
    const bool told = send(kNewsFd, &news, sizeof(news), MSG_NOSIGNAL) == sizeof(news);
    close(kNewsFd);
    if (!told || failed != CellStep::kNone) _exit(1);
    reapUntilTold();
}

}  // namespace farfork
