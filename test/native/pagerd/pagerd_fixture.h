// SPDX-License-Identifier: Apache-2.0
//
// Real pager processes with a stand-in for the spawner and a test that plays the agent.
#pragma once
#include <netinet/in.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "base/clock.h"
#include "check.h"
#include "control/channel.h"
#include "descriptor/plan_view.h"
#include "image/process_descriptor.h"
#include "pager/uffd_child.h"

namespace farfork::test {

using control::MessageType;
constexpr uint32_t kTimeoutMs = 10'000;

/// Acknowledges what the pager sends, keeps what it adopted, obeys KillChild.
class FakeSpawner {
  public:
    struct Adopted {
        std::vector<ff_map> maps;  ///< those that are registered
        int image_fd = -1;         ///< owned by the FakeSpawner
    };
    explicit FakeSpawner(const std::string& state_dir) {
        auto listener = control::listenAt(state_dir + "/spawner.sock");
        CHECK_OK(listener);
        listener_ = std::move(listener).value();
        thread_ = std::thread([this] { run(); });
    }
    ~FakeSpawner() {
        stopped_ = true;
        thread_.join();
    }

    Adopted adopted(const std::string& seed_id) {
        std::unique_lock lock(mutex_);
        CHECK(changed_.wait_for(lock, std::chrono::seconds(10), [&] { return adopted_.contains(seed_id); }));
        return adopted_[seed_id];
    }
    bool has(const std::string& seed_id) {
        const std::lock_guard lock(mutex_);
        return adopted_.contains(seed_id);
    }
    std::unique_ptr<UffdChild> startChild(const std::string& seed_id, const std::string& child_id,
                                          std::function<int()> body) {
        const Adopted seed = adopted(seed_id);
        auto child = std::make_unique<UffdChild>(seed.image_fd, seed.maps, std::move(body));
        CHECK(child->ready());
        const UniqueFd uffd = child->uffd();
        const int fds[] = {uffd.get()};
        {
            const std::lock_guard lock(mutex_);
            pids_[child_id] = child->pid();
            CHECK_OK(control::sendMessage(socket_.get(), MessageType::kAttachChild, 0,
                                          control::AttachChild{child_id, seed_id, static_cast<uint32_t>(child->pid())},
                                          fds));
        }
        child->go();
        return child;
    }
    void detach(const std::string& child_id) {
        const std::lock_guard lock(mutex_);
        CHECK_OK(control::sendMessage(socket_.get(), MessageType::kDetachChild, 0, control::DetachChild{child_id}));
    }
    std::optional<Error> killed(const std::string& child_id) {
        const std::lock_guard lock(mutex_);
        const auto found = killed_.find(child_id);
        return found == killed_.end() ? std::nullopt : std::optional(found->second);
    }
    void closeConnection() {
        const std::lock_guard lock(mutex_);
        shutdown(socket_.get(), SHUT_RDWR);
    }
    std::atomic<int> connections{0};

  private:
    void run() {
        while (!stopped_) {
            auto accepted = control::tryAccept(listener_.get());
            if (accepted.ok() && accepted->has_value()) {
                {
                    const std::lock_guard lock(mutex_);
                    socket_ = std::move(**accepted);
                }
                ++connections;
                serve();
            }
            poll(nullptr, 0, 1);
        }
    }
    void serve() {
        while (!stopped_) {
            auto packet = control::receivePacket(socket_.get(), 20);
            if (packet.ok()) {
                take(packet.value());
            } else if (packet.error().code != ErrorCode::kDeadlineExceeded) {
                return;
            }
        }
    }
    void take(control::Packet& packet) {
        const std::lock_guard lock(mutex_);
        if (packet.type == MessageType::kAdoptSeed) {
            adopt(packet);
        } else if (packet.type == MessageType::kDropSeed) {
            adopted_.erase(control::decodeMessage<control::DropSeed>(packet.body).value().seed_id);
        } else if (packet.type == MessageType::kKillChild) {
            const auto message = control::decodeMessage<control::KillChild>(packet.body).value();
            killed_.emplace(message.child_id, control::fromWire(message.error));
            if (pids_.contains(message.child_id)) kill(pids_[message.child_id], SIGKILL);
        }
        if (packet.request_id != 0) CHECK_OK(control::sendReply(socket_.get(), packet.request_id, control::Ack{}));
        changed_.notify_all();
    }
    void adopt(control::Packet& packet) {
        const std::string id = control::decodeMessage<control::AdoptSeed>(packet.body).value().seed_id;
        CHECK_EQ(packet.fds.size(), 3U);
        struct stat status {};
        fstat(packet.fds[1].get(), &status);
        std::vector<std::byte> bytes(static_cast<size_t>(status.st_size));
        CHECK_EQ(pread(packet.fds[1].get(), bytes.data(), bytes.size(), 0), status.st_size);
        auto plan = PlanView::parse(bytes);
        CHECK_OK(plan);
        Adopted adopted;
        for (const ff_map& map : plan->maps()) {
            if (map.kind == FF_MAP_IMAGE || map.kind == FF_MAP_COPY) adopted.maps.push_back(map);
        }
        images_.push_back(std::move(packet.fds[2]));
        adopted.image_fd = images_.back().get();
        adopted_[id] = adopted;
    }

    UniqueFd listener_, socket_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::map<std::string, Adopted> adopted_;
    std::map<std::string, pid_t> pids_;
    std::map<std::string, Error> killed_;
    std::vector<UniqueFd> images_;
    std::atomic<bool> stopped_{false};
    std::thread thread_;
};

/// A farfork-pager process with a state folder of its own, and a connection to it as the agent has one.
class PagerProcess {
  public:
    explicit PagerProcess(bool with_spawner = true) {
        char name[] = "/tmp/farfork-pagerd-test-XXXXXX";
        state_dir = mkdtemp(name);
        if (with_spawner) spawner = std::make_unique<FakeSpawner>(state_dir);
        pid = launch(state_dir);
        auto connected = control::connectTo(state_dir + "/pager.sock", kTimeoutMs);
        CHECK_OK(connected);
        if (connected.ok()) socket = std::move(connected).value();
        auto hello = call<control::PagerHelloReply>(MessageType::kPagerHello, control::PagerHello{});
        CHECK_OK(hello);
        if (hello.ok()) {
            host = hello->fabric_host;
            port = hello->fabric_port;
            CHECK_EQ(hello->pid, static_cast<uint32_t>(pid));
        }
    }
    ~PagerProcess() {
        if (pid > 0) {
            kill(pid, SIGTERM);
            wait();
        }
        spawner.reset();
        std::filesystem::remove_all(state_dir);
    }
    static pid_t launch(const std::string& folder, pid_t owner = getpid()) {
        const std::string owner_text = std::to_string(owner);
        const char* argv[] = {FARFORK_PAGER, "--state-dir",      folder.c_str(), "--fabric-host", "127.0.0.1",
                              "--owner-pid", owner_text.c_str(), "--foreground", nullptr};
        pid_t started = -1;
        CHECK_EQ(posix_spawn(&started, FARFORK_PAGER, nullptr, nullptr, const_cast<char**>(argv), environ), 0);
        return started;
    }
    /// Exit code or 1000 + signal; -1 if it does not end in time.
    static int waitFor(pid_t process, int timeout_ms = 15'000) {
        const UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, process, 0)));
        pollfd entry{pidfd.get(), POLLIN, 0};
        if (poll(&entry, 1, timeout_ms) != 1) {
            kill(process, SIGKILL);
            waitpid(process, nullptr, 0);
            return -1;
        }
        int status = 0;
        waitpid(process, &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
    }
    int wait() { return waitFor(std::exchange(pid, -1)); }

    template <class Reply, class Request>
    Result<Reply> call(MessageType type, const Request& request, std::span<const int> fds = {}) {
        return control::call<Reply>(socket.get(), type, next_request++, request, fds, kTimeoutMs,
                                    [this](control::Packet packet) { events.push_back(std::move(packet)); });
    }
    /// Waits for an event; fails the test when it does not come.
    template <class Event>
    std::optional<Event> event(MessageType type) {
        const uint64_t deadline_ns = monotonicNs() + kTimeoutMs * 1'000'000ULL;
        for (;;) {
            for (auto at = events.begin(); at != events.end(); ++at) {
                if (at->type != type) continue;
                auto decoded = control::decodeMessage<Event>(at->body);
                events.erase(at);
                CHECK_OK(decoded);
                return decoded.value();
            }
            auto packet = control::receivePacket(socket.get(), 100);
            if (packet.ok()) events.push_back(std::move(packet).value());
            if (monotonicNs() > deadline_ns) {
                fail(__FILE__, __LINE__, "the event did not come");
                return std::nullopt;
            }
        }
    }
    Result<control::SeedReply> import(const std::string& id, const FrozenProcess& twin, const std::string& key,
                                      uint64_t epoch = 1, uint64_t expires_unix_ms = 0) {
        // Only the test's own region: a child is made in a fork of this program, where the rest is taken.
        const DescribedProcess described = describe(twin.pid(), id, false, [](DescriptorBuilder& builder) {
            std::erase_if(builder.vmas,
                          [](const ff_vma& vma) { return vma.start < kBase || vma.start >= kBase + (1ULL << 34); });
        });
        auto descriptor = sealedMemfd("descriptor", described.bytes);
        const UniqueFd pidfd = twin.pidfd();
        const int fds[] = {descriptor.value().get(), pidfd.get()};
        return call<control::SeedReply>(MessageType::kImportSeed,
                                        control::ImportSeed{id, key, epoch, expires_unix_ms, {twin.pid()}}, fds);
    }
    Result<control::SeedReply> open(const std::string& id, const PagerProcess& from, const std::string& key,
                                    uint64_t epoch = 1, uint32_t deadline_ms = 5000) {
        return call<control::SeedReply>(MessageType::kOpenSeed,
                                        control::OpenSeed{id, key, epoch, from.host, from.port, deadline_ms});
    }
    Result<control::SeedStatsReply> stats(const std::string& id) {
        return call<control::SeedStatsReply>(MessageType::kSeedStats, control::SeedStats{id});
    }

    std::string state_dir, host;
    uint16_t port = 0;
    pid_t pid = -1;
    std::unique_ptr<FakeSpawner> spawner;
    UniqueFd socket;
    uint64_t next_request = 1;
    std::vector<control::Packet> events;
};

inline const std::string kKey(32, 'k');

/// A twin with `pages` pages of pattern at kBase, and room of as many pages behind them.
inline std::function<void()> patternPages(uint64_t pages) {
    return [pages] {
        mmap(pointer(kBase), 2 * pages * kPage, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_NORESERVE, -1, 0);
        fillPattern(static_cast<std::byte*>(pointer(kBase)), kBase, pages * kPage);
    };
}

inline bool isAlive(const UniqueFd& pidfd, int wait_ms = 0) {
    pollfd entry{pidfd.get(), POLLIN, 0};
    return poll(&entry, 1, wait_ms) == 0;
}

}  // namespace farfork::test
