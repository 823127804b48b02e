// SPDX-License-Identifier: Apache-2.0
#include "pagerd/keeper.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/unique_fd.h"
#include "pager/uffd.h"

namespace farfork::pagerd {

namespace {

constexpr uint64_t kLongestStayNs = 30'000'000'000ULL;
constexpr int kProbeIntervalMs = 20;

/// Pidfds of twins are the only ones in this process without close-on-exec (seed_maker.cc). The pager runs no programs.
bool isTwin(int fd, std::string_view name) {
    const bool pidfd = name.starts_with("anon_inode:[pidfd]") || name.starts_with("pidfd:");  // the latter since 6.9
    return pidfd && (fcntl(fd, F_GETFD) & FD_CLOEXEC) == 0;
}

/// Kills twins, closes what is not a userfaultfd; returns those that are.
std::vector<int> keepUserfaultfds() {
    std::vector<int> kept, other;
    DIR* folder = opendir("/proc/self/fd");
    if (folder == nullptr) return kept;
    const int own = dirfd(folder);
    while (const dirent* entry = readdir(folder)) {
        const int fd = std::atoi(entry->d_name);
        if (entry->d_name[0] == '.' || fd == own) continue;
        char target[64] = {};
        const ssize_t size = readlinkat(own, entry->d_name, target, sizeof target - 1);
        const std::string_view name(target, size > 0 ? static_cast<size_t>(size) : 0);
        if (isTwin(fd, name)) syscall(SYS_pidfd_send_signal, fd, SIGKILL, nullptr, 0);
        (name.starts_with("anon_inode:[userfaultfd]") ? kept : other).push_back(fd);
    }
    closedir(folder);
    for (const int fd : other) close(fd);
    return kept;
}

[[noreturn]] void keep(int pager_pidfd) {
    prctl(PR_SET_NAME, "pager-keeper");
    for (const int signal_number : {SIGINT, SIGTERM, SIGHUP}) signal(signal_number, SIG_IGN);
    pollfd entry{pager_pidfd, POLLIN, 0};
    while (poll(&entry, 1, -1) < 0 && errno == EINTR) {
    }
    std::vector<int> kept = keepUserfaultfds();
    const uint64_t deadline_ns = monotonicNs() + kLongestStayNs;
    while (!kept.empty() && monotonicNs() < deadline_ns) {
        std::erase_if(kept, [](int fd) { return !uffd::processAlive(fd); });
        if (!kept.empty()) poll(nullptr, 0, kProbeIntervalMs);
    }
    _exit(0);
}

}  // namespace

Result<void> startKeeper() {
    const auto failed = [](const char* what) {
        return makeErrno(ErrorCode::kResourceExhausted, "pager.start", "keeper process", what, errno);
    };
    UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, getpid(), 0)));
    if (!pidfd.valid()) return failed("pidfd_open");
    const long pid = syscall(SYS_clone, CLONE_FILES | SIGCHLD, nullptr, nullptr, nullptr, nullptr);
    if (pid < 0) return failed("clone");
    if (pid == 0) keep(pidfd.get());
    [[maybe_unused]] const int shared_with_the_keeper = pidfd.release();
    return {};
}

}  // namespace farfork::pagerd
