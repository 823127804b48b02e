// SPDX-License-Identifier: Apache-2.0
#include "pagerd/daemon.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

namespace farfork::pagerd {

namespace {

constexpr uint32_t kKillChildrenMs = 5000;
constexpr int kExpiredWithChildrenMs = 500;
constexpr int kLongestSleepMs = 60'000;

Error startError(ErrorCode code, const std::string& object, const char* what) {
    return makeErrno(code, "pager.start", object, what, errno);
}

}  // namespace

Result<std::unique_ptr<Daemon>> Daemon::start(const Options& options) {
    std::unique_ptr<Daemon> daemon(new Daemon(options));
    if (Result<void> opened = daemon->open(); !opened) return opened.error();
    return daemon;
}

Result<void> Daemon::open() {
    if (Result<void> locked = lockStateDir(); !locked) return locked;
    epoll_.reset(epoll_create1(EPOLL_CLOEXEC));
    if (!epoll_.valid()) return startError(ErrorCode::kResourceExhausted, "epoll", "epoll_create1");
    if (Result<void> watched = watchSignalsAndOwner(); !watched) return watched;
    pager_ = std::make_unique<Pager>(PagerOptions{},
                                     [this](const PagerChild& child, const Error& error) { stopChild(child, error); });
    Result<std::unique_ptr<fabric::Server>> server =
        fabric::listenTcp({{options_.fabric_host, options_.fabric_port}}, seeds_);
    if (!server) return server.error();
    server_ = std::move(server).value();
    client_ = fabric::makeTcpClient({});
    if (client_ == nullptr) {
        return Error{ErrorCode::kResourceExhausted, "pager.start", "fabric client", "no descriptors are left"};
    }
    spawner_ = std::make_unique<SpawnerLink>(
        options_.state_dir + "/spawner.sock",
        SpawnerLink::Callbacks{
            [this](const control::AttachChild& request, UniqueFd uffd) { attachChild(request, std::move(uffd)); },
            [this](const std::string& child_id) { pager_->detach(child_id); }, [this] { return seeds_.all(); },
            [this] { pager_->killAll(kKillChildrenMs); }});
    maker_ = std::make_unique<SeedMaker>(
        seeds_, *spawner_, *client_,
        [this](const std::shared_ptr<Seed>& seed, const Result<StagingReport>& report) { stagingEnded(seed, report); });
    Result<UniqueFd> listener = control::listenAt(options_.state_dir + "/pager.sock");
    if (!listener) return listener.error();
    listener_ = std::move(listener).value();
    watch(listener_.get());
    return {};
}

Result<void> Daemon::lockStateDir() {
    const std::string path = options_.state_dir + "/pager.lock";
    lock_.reset(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!lock_.valid()) return startError(ErrorCode::kInvalidArgument, path, "open");
    if (flock(lock_.get(), LOCK_EX | LOCK_NB) == 0) return {};
    return Error{ErrorCode::kUnavailable, "pager.start", path, "another pager runs with this state folder"};
}

Result<void> Daemon::watchSignalsAndOwner() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal_number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, signal_number);
    signals_.reset(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!signals_.valid()) return startError(ErrorCode::kResourceExhausted, "signalfd", "signalfd");
    watch(signals_.get());
    if (options_.owner_pid == 0) return {};
    owner_.reset(static_cast<int>(syscall(SYS_pidfd_open, options_.owner_pid, 0)));
    if (!owner_.valid()) {
        return startError(ErrorCode::kInvalidArgument, "--owner-pid " + std::to_string(options_.owner_pid),
                          "pidfd_open");
    }
    watch(owner_.get());
    return {};
}

Daemon::~Daemon() {
    server_.reset();  // no peer reads from here on
    if (spawner_) spawner_->stop();
    jobs_.reset();
    if (pager_) pager_->killAll(kKillChildrenMs);
    for (const std::shared_ptr<Seed>& seed : seeds_.all()) {
        if (seed->twin) seed->twin->kill();
        seed->takeStager().reset();
    }
    if (listener_.valid()) unlink((options_.state_dir + "/pager.sock").c_str());
}

void Daemon::watch(int fd) const {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    [[maybe_unused]] const int added = epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);
    assert(added == 0);
}

void Daemon::run() {
    while (!stopped_) {
        epoll_event events[32];
        const int count = epoll_wait(epoll_.get(), events, 32, untilNextExpiryMs());
        for (int index = 0; index < count; ++index) {
            const int fd = events[index].data.fd;
            if (fd == signals_.get() || fd == owner_.get()) {
                stopped_ = true;
            } else if (fd == listener_.get()) {
                acceptAgents();
            } else {
                receiveFrom(fd);
            }
        }
        reclaimExpired();
    }
}

int Daemon::untilNextExpiryMs() {
    const uint64_t now_ms = unixMs();
    uint64_t wait_ms = kLongestSleepMs;
    for (const std::shared_ptr<Seed>& seed : seeds_.all()) {
        const uint64_t expires = seed->lease_expires_unix_ms;
        if (expires == 0) continue;
        wait_ms = std::min(wait_ms, expires > now_ms ? expires - now_ms + 1 : kExpiredWithChildrenMs);
    }
    return static_cast<int>(wait_ms);
}

void Daemon::acceptAgents() {
    for (;;) {
        Result<std::optional<UniqueFd>> accepted = control::tryAccept(listener_.get());
        if (!accepted || !accepted->has_value()) return;
        watch(agents_.add(std::move(**accepted))->socket.get());
    }
}

void Daemon::receiveFrom(int fd) {
    const std::shared_ptr<AgentConnection> agent = agents_.find(fd);
    if (agent == nullptr) return;
    for (;;) {
        Result<std::optional<control::Packet>> packet = control::tryReceivePacket(fd);
        if (packet.ok() && !packet->has_value()) return;
        if (!packet.ok()) {
            // Jobs may still hold the connection, so its descriptor leaves the set by hand.
            epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
            agents_.remove(fd);
            return;
        }
        handle(agent, std::move(**packet));
    }
}

void Daemon::attachChild(const control::AttachChild& request, UniqueFd uffd) {
    const std::shared_ptr<Seed> seed = seeds_.find(request.seed_id);
    Result<void> attached =
        Error{ErrorCode::kSeedNotOpen, "pager.attach", "seed " + request.seed_id, "is not open here"};
    if (seed)
        attached =
            pager_->attach(request.child_id, static_cast<pid_t>(request.host_pid), seed->served, std::move(uffd));
    if (!attached) spawner_->killChild(request.child_id, attached.error());
}

void Daemon::stopChild(const PagerChild& child, const Error& error) {
    if (spawner_->killChild(child.id, error)) return;
    if (child.pidfd.valid()) syscall(SYS_pidfd_send_signal, child.pidfd.get(), SIGKILL, nullptr, 0);
}

void Daemon::stagingEnded(const std::shared_ptr<Seed>& seed, const Result<StagingReport>& report) {
    if (report.ok()) {
        agents_.broadcast(
            control::MessageType::kSeedStaged,
            control::SeedStaged{seed->id, report.value().pages, report.value().bytes, report.value().staging_us});
        return;
    }
    if (report.error().code != ErrorCode::kCancelled) {
        spawner_->drop(seed->id);
        agents_.broadcast(control::MessageType::kSeedFailed,
                          control::SeedFailed{seed->id, control::toWire(report.error())});
    }
}

}  // namespace farfork::pagerd
