// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <future>
#include <map>
#include <thread>

#include "base/clock.h"
#include "fabric/tcp_peer.h"
#include "fabric/tcp_remote_seed.h"
#include "fabric/tcp_socket.h"

namespace farfork::fabric {

namespace {

class TcpClient : public Client {
  public:
    TcpClient(const ClientOptions& options, std::shared_ptr<EventLoop> loop)
        : options_(options), loop_(std::move(loop)) {
        thread_ = std::thread([this] {
            pthread_setname_np(pthread_self(), "ff-fabric-cli");
            loop_->run([this](uint64_t nowNs) {
                uint64_t next = EventLoop::kNever;
                for (const auto& peer : peers()) next = std::min(next, peer->checkDeadlines(nowNs));
                return next;
            });
        });
    }
    ~TcpClient() override {
        loop_->stop();
        thread_.join();
        for (const auto& peer : peers()) peer->stop();
    }
    TcpClient(const TcpClient&) = delete;
    TcpClient& operator=(const TcpClient&) = delete;

    Result<std::shared_ptr<RemoteSeed>> open(const Endpoint& endpoint, const SeedCredentials& credentials,
                                             uint32_t deadline_ms) override;

  private:
    std::shared_ptr<Peer> peerAt(const Endpoint& endpoint) {
        std::lock_guard lock(mutex_);
        auto& peer = peers_[endpointText(endpoint)];
        if (!peer) peer = std::make_shared<Peer>(endpoint, options_, loop_);
        return peer;
    }
    std::vector<std::shared_ptr<Peer>> peers() {
        std::lock_guard lock(mutex_);
        std::vector<std::shared_ptr<Peer>> list;
        for (const auto& [name, peer] : peers_) list.push_back(peer);
        return list;
    }

    const ClientOptions options_;
    const std::shared_ptr<EventLoop> loop_;
    std::mutex mutex_;
    std::map<std::string, std::shared_ptr<Peer>> peers_;
    std::thread thread_;
};

Result<std::shared_ptr<RemoteSeed>> TcpClient::open(const Endpoint& endpoint, const SeedCredentials& credentials,
                                                    uint32_t deadline_ms) {
    const std::string object = "seed " + credentials.seed_id;
    if (credentials.seed_id.empty() || credentials.seed_id.size() >= FF_SEED_ID_SIZE ||
        credentials.seed_id.find('\0') != std::string::npos)
        return Error{ErrorCode::kInvalidArgument, "fabric.open", object, "the seed id is empty or too long"};
    if (credentials.key.size() != kSeedKeyBytes)
        return Error{ErrorCode::kSeedKeyWrong, "fabric.open", object, "the key is not 32 bytes long"};
    const uint64_t deadlineNs = monotonicNs() + uint64_t{deadline_ms} * 1'000'000;
    const auto peer = peerAt(endpoint);
    for (;;) {
        // The peer may have closed an idle connection just now: then one more try, on a new one.
        const bool mayBeStale = peer->isUp();
        const auto seed = peer->makeSeed(credentials);
        auto answer = std::make_shared<std::promise<Result<void>>>();
        auto future = answer->get_future();
        peer->open(seed, deadlineNs, [answer](Result<void> result) { answer->set_value(std::move(result)); });
        const auto result = future.get();  // the peer answers at its deadline at the latest
        if (result) return std::shared_ptr<RemoteSeed>(std::make_shared<TcpRemoteSeed>(peer, seed));
        if (!mayBeStale || result.error().code != ErrorCode::kSourceLost) return result.error();
    }
}

}  // namespace

std::unique_ptr<Client> makeTcpClient(const ClientOptions& options) {
    auto loop = EventLoop::create(options.spin_us);
    if (!loop) return nullptr;
    return std::make_unique<TcpClient>(options, std::move(*loop));
}

}  // namespace farfork::fabric
