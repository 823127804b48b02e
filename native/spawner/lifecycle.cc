// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "base/clock.h"
#include "spawner/spawner.h"

namespace farfork {
namespace {

constexpr uint32_t kDefaultReadyCells = 8;
constexpr int kStatusBufferBytes = 4 << 20;
constexpr uint64_t kShutDownNs = 10'000'000'000ULL;

Error openError(const char* what, const std::string& object) {
    return makeErrno(ErrorCode::kInternal, "spawner.open", object, what, errno);
}

}  // namespace

Result<std::unique_ptr<Spawner>> Spawner::make(SpawnerOptions options) {
    std::unique_ptr<Spawner> spawner(new Spawner(std::move(options)));
    if (Result<void> opened = spawner->open(); !opened.ok()) return std::move(opened).error();
    return spawner;
}

Spawner::~Spawner() = default;

Result<void> Spawner::open() {
    const std::string lock_path = options_.state_dir + "/spawner.pid";
    lock_.reset(::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!lock_.valid()) return openError("open", lock_path);
    if (flock(lock_.get(), LOCK_EX | LOCK_NB) != 0) {
        return Error{ErrorCode::kUnavailable, "spawner.open", lock_path, "another spawner runs for this state folder",
                     0};
    }
    const std::string pid_text = std::to_string(getpid()) + "\n";
    if (ftruncate(lock_.get(), 0) != 0 || pwrite(lock_.get(), pid_text.data(), pid_text.size(), 0) < 0) {
        return openError("write", lock_path);
    }
    Result<Machine> machine = Machine::read();
    if (!machine.ok()) return std::move(machine).error();
    machine_ = std::move(*machine);
    epoll_.reset(epoll_create1(EPOLL_CLOEXEC));
    sigset_t watched;
    sigemptyset(&watched);
    for (const int signal : {SIGCHLD, SIGTERM, SIGINT, SIGHUP}) sigaddset(&watched, signal);
    sigprocmask(SIG_BLOCK, &watched, nullptr);
    signals_.reset(signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK));
    signal(SIGPIPE, SIG_IGN);
    // Orphans of parents come to the spawner, so that none of them outlives it.
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return openError("socketpair", "status");
    status_receiver_.reset(ends[0]);
    status_sender_.reset(ends[1]);
    setsockopt(ends[1], SOL_SOCKET, SO_SNDBUFFORCE, &kStatusBufferBytes, sizeof(kStatusBufferBytes));
    userfault_device_.reset(::open("/dev/userfaultfd", O_RDWR | O_CLOEXEC));
    if (options_.owner_pid != 0) {
        owner_.reset(static_cast<int>(syscall(SYS_pidfd_open, options_.owner_pid, 0)));
        if (!owner_.valid()) return openError("pidfd_open", "owner " + std::to_string(options_.owner_pid));
        watch(owner_.get(), EPOLLIN);
    }
    Result<CellPool> pool = CellPool::make({}, kDefaultReadyCells);
    if (!pool.ok()) return std::move(pool).error();
    pool_ = std::make_unique<CellPool>(std::move(*pool));
    Result<UniqueFd> listener = control::listenAt(options_.state_dir + "/spawner.sock");
    if (!listener.ok()) return std::move(listener).error();
    listener_ = std::move(*listener);
    for (const int fd : {listener_.get(), signals_.get(), status_receiver_.get(), pool_->newsFd()}) watch(fd, EPOLLIN);
    return {};
}

void Spawner::shutDown() {
    for (const auto& [serial, child] : by_serial_) {
        if (child->pid != 0 && !child->process_gone) kill(child->isParent() ? -child->pid : child->pid, SIGKILL);
        if (child->pid != 0 && !child->process_gone) kill(child->pid, SIGKILL);
        if (child->cell_pid != 0) kill(child->cell_pid, SIGTERM);
    }
    for (const auto& [serial, seed] : templates_) kill(seed->process.pid, SIGKILL);
    pool_->stopAll();
    unlink((options_.state_dir + "/spawner.sock").c_str());
    const uint64_t deadline_ns = monotonicNs() + kShutDownNs;
    while (monotonicNs() < deadline_ns) {
        // Orphans of parents, too: they are ours by now (PR_SET_CHILD_SUBREAPER).
        std::ifstream ours("/proc/self/task/" + std::to_string(getpid()) + "/children");
        for (pid_t pid = 0; ours >> pid;) kill(pid, by_cell_.count(pid) != 0 ? SIGTERM : SIGKILL);
        pid_t reaped = 0;
        while ((reaped = waitpid(-1, nullptr, WNOHANG | __WALL)) > 0) {
        }
        if (reaped < 0) break;
        siginfo_t info;
        sigset_t child_signal;
        sigemptyset(&child_signal);
        sigaddset(&child_signal, SIGCHLD);
        const timespec step{0, 20'000'000};
        sigtimedwait(&child_signal, &info, &step);
    }
    unlink((options_.state_dir + "/spawner.pid").c_str());
}

}  // namespace farfork
