// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <chrono>
#include <thread>

#include "pagerd/daemon.h"

namespace farfork::pagerd {

using control::MessageType;

namespace {

constexpr uint32_t kPinsTimeoutMs = 15'000;  // above the fabric's send timeout, which bounds every pin

Error noSeed(const std::string& seed_id) {
    return Error{ErrorCode::kSeedNotFound, "pager.seed", "seed " + seed_id, "this node has no such seed"};
}

template <class Request>
Result<Request> decode(const control::Packet& packet) {
    return control::decodeMessage<Request>(packet.body);
}

}  // namespace

/// Decodes here, so that a broken request is answered in order, and runs `handler(request, fds)` as a job.
template <class Request, class Handler>
void Daemon::inJob(const std::shared_ptr<AgentConnection>& agent, control::Packet packet, Handler handler) {
    Result<Request> request = decode<Request>(packet);
    if (!request) return agent->fail(packet.request_id, request.error());
    auto fds = std::make_shared<std::vector<UniqueFd>>(std::move(packet.fds));
    jobs_->run([agent, id = packet.request_id, request = std::move(request).value(), fds, handler] {
        agent->reply(id, handler(request, std::move(*fds)));
    });
}

void Daemon::handle(const std::shared_ptr<AgentConnection>& agent, control::Packet packet) {
    const uint64_t id = packet.request_id;
    const auto answer = [&]<class Request>(const Result<Request>& request, auto handler) {
        if (!request.ok()) return agent->fail(id, request.error());
        agent->reply(id, handler(request.value()));
    };
    switch (packet.type) {
        case MessageType::kPagerHello:
            return agent->reply(id, Result<control::PagerHelloReply>(hello()));
        case MessageType::kImportSeed:
            return inJob<control::ImportSeed>(
                agent, std::move(packet),
                [this](auto& request, std::vector<UniqueFd> fds) { return maker_->import(request, std::move(fds)); });
        case MessageType::kOpenSeed:
            return inJob<control::OpenSeed>(agent, std::move(packet),
                                            [this](auto& request, auto) { return maker_->open(request); });
        case MessageType::kReclaimSeed:
            return inJob<control::ReclaimSeed>(agent, std::move(packet), [this](auto& request, auto) {
                return reclaim(request.seed_id, request.force);
            });
        case MessageType::kSetLease:
            return answer(decode<control::SetLease>(packet), [this](auto& request) { return setLease(request); });
        case MessageType::kSeedStats:
            return answer(decode<control::SeedStats>(packet),
                          [this](auto& request) { return seedStats(request.seed_id); });
        case MessageType::kChildStats:
            return answer(decode<control::ChildStats>(packet),
                          [this](auto& request) { return childStats(request.child_id); });
        case MessageType::kPagerShutdown:
            agent->reply(id, Result<control::Ack>(control::Ack{}));
            stopped_ = true;
            return;
        default:
            return agent->fail(id, Error{ErrorCode::kControlProtocol, "pager.request",
                                         "message type " + std::to_string(static_cast<int>(packet.type)),
                                         "the pager does not answer this message"});
    }
}

control::PagerHelloReply Daemon::hello() const {
    control::PagerHelloReply reply{
        static_cast<uint32_t>(getpid()), server_->endpoint().host, server_->endpoint().port, {}};
    for (const std::shared_ptr<Seed>& seed : seeds_.all()) reply.seed_ids.push_back(seed->id);
    return reply;
}

Result<control::Ack> Daemon::setLease(const control::SetLease& request) {
    const std::shared_ptr<Seed> seed = seeds_.find(request.seed_id);
    if (!seed) return noSeed(request.seed_id);
    if (request.lease_epoch < seed->lease_epoch) {
        return Error{ErrorCode::kLeaseExpired, "pager.lease", "seed " + seed->id, "a newer lease epoch is in force"};
    }
    seed->lease_epoch = request.lease_epoch;
    seed->lease_expires_unix_ms = request.lease_expires_unix_ms;
    return control::Ack{};
}

Result<control::SeedStatsReply> Daemon::seedStats(const std::string& seed_id) const {
    const std::shared_ptr<Seed> seed = seeds_.find(seed_id);
    if (!seed) return noSeed(seed_id);
    const PageCounters& counters = seed->served->counters;
    control::SeedStatsReply reply;
    reply.layout_pages = seed->image->layout().pages();
    reply.present_pages = seed->image->presentPages();
    reply.pages_fetched = seed->image->pagesFetched();
    reply.bytes_fetched = reply.pages_fetched * kPageBytes;
    reply.pages_served = seed->pages_served;
    reply.faults = counters.faults;
    reply.pages_shared = counters.pages_shared;
    reply.pages_copied = counters.pages_copied;
    reply.pages_zeroed = counters.pages_zeroed;
    reply.live_children = seed->served->live_children;
    reply.staged = seed->staged ? 1 : 0;
    reply.staging_us = seed->staging_us;
    reply.image_resident_bytes = seed->image->residentBytes();
    return reply;
}

Result<control::ChildStatsReply> Daemon::childStats(const std::string& child_id) const {
    const std::shared_ptr<PagerChild> child = pager_->child(child_id);
    if (!child) return Error{ErrorCode::kChildNotFound, "pager.stats", "child " + child_id, "no such child runs here"};
    const PageCounters& counters = child->counters;
    return control::ChildStatsReply{counters.faults, counters.pages_shared, counters.pages_copied,
                                    counters.pages_zeroed, counters.pages_fetched};
}

Result<control::Ack> Daemon::reclaim(const std::string& seed_id, bool force) {
    const std::shared_ptr<Seed> seed = seeds_.find(seed_id);
    if (!seed) return noSeed(seed_id);
    if (!force && seed->served->live_children > 0) {
        return Error{ErrorCode::kSeedInUse, "pager.reclaim", "seed " + seed_id,
                     std::to_string(seed->served->live_children) + " children run here"};
    }
    seeds_.remove(seed_id);
    spawner_->drop(seed_id);
    const Error removed{ErrorCode::kSeedNotFound, "pager.reclaim", "seed " + seed_id, "it was removed by force"};
    for (const std::shared_ptr<PagerChild>& child : pager_->childrenOf(seed_id)) stopChild(*child, removed);
    if (seed->twin) seed->twin->kill();
    seed->takeStager().reset();
    // The bytes that are being sent stay until they are sent; what waits for them is this reply.
    const uint64_t deadline_ns = monotonicNs() + kPinsTimeoutMs * 1'000'000ULL;
    while (seed->pins > 0 && monotonicNs() < deadline_ns) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    if (seed->pins == 0) return control::Ack{};
    return Error{ErrorCode::kDeadlineExceeded, "pager.reclaim", "seed " + seed_id, "a peer was still reading from it"};
}

void Daemon::reclaimExpired() {
    for (const std::shared_ptr<Seed>& seed : seeds_.all()) {
        if (!seed->expired() || seed->served->live_children > 0 || seed->pins > 0) continue;
        jobs_->run([this, id = seed->id] { (void)reclaim(id, false); });
    }
}

}  // namespace farfork::pagerd
