// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>

#include "base/clock.h"
#include "restorer/steps.h"
#include "spawner/decode.h"
#include "spawner/spawner.h"

namespace farfork {
namespace {

constexpr uint64_t kAdoptNs = 5'000'000'000ULL;
constexpr off_t kMaxFlatBytes = 1536LL << 20;

Result<std::vector<std::byte>> readWhole(int fd, const char* what) {
    const auto failed = [&](std::string detail) {
        return Error{ErrorCode::kDescriptorCorrupt, "spawner.adopt", what, std::move(detail), 0};
    };
    struct stat info {};
    if (fstat(fd, &info) != 0 || info.st_size <= 0 || info.st_size > kMaxFlatBytes) return failed("its size is wrong");
    std::vector<std::byte> bytes(static_cast<size_t>(info.st_size));
    for (size_t done = 0; done < bytes.size();) {
        const ssize_t got = pread(fd, bytes.data() + done, bytes.size() - done, static_cast<off_t>(done));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return failed("it cannot be read");
        done += static_cast<size_t>(got);
    }
    return bytes;
}

}  // namespace

Result<std::shared_ptr<Seed>> Spawner::makeSeed(const std::string& id, control::Packet& packet) {
    const auto refused = [&](ErrorCode code, std::string detail) {
        return Error{code, "spawner.adopt", "seed " + id, std::move(detail), 0};
    };
    if (packet.fds.size() != 3) return refused(ErrorCode::kControlProtocol, "three descriptors must come with it");
    auto seed = std::make_shared<Seed>();
    seed->id = id;
    Result<std::vector<std::byte>> descriptor_bytes = readWhole(packet.fds[0].get(), "descriptor");
    if (!descriptor_bytes.ok()) return std::move(descriptor_bytes).error();
    Result<std::vector<std::byte>> plan_bytes = readWhole(packet.fds[1].get(), "plan");
    if (!plan_bytes.ok()) return std::move(plan_bytes).error();
    seed->descriptor_bytes = std::move(*descriptor_bytes);
    seed->plan_bytes = std::move(*plan_bytes);
    seed->descriptor_fd = std::move(packet.fds[0]);
    seed->image = std::move(packet.fds[2]);
    Result<DescriptorView> descriptor = DescriptorView::parse(seed->descriptor_bytes);
    if (!descriptor.ok()) return std::move(descriptor).error();
    Result<PlanView> plan = PlanView::parse(seed->plan_bytes);
    if (!plan.ok()) return std::move(plan).error();
    if (descriptor->seedId() != id || plan->seedId() != id) {
        return refused(ErrorCode::kDescriptorCorrupt, "descriptor and plan belong to another seed");
    }
    seed->descriptor = *descriptor;
    seed->plan = *plan;
    Result<RestorerRegion> region = buildRestorer(*seed->descriptor, *seed->plan, seed->image.get(), machine_);
    if (!region.ok()) return std::move(region).error();
    seed->region = std::move(*region);
    for (const std::string& note : seed->region.notes) {
        std::fprintf(stderr, "spawner: seed %s: %s\n", id.c_str(), note.c_str());
    }
    return seed;
}

Result<void> Spawner::launchTemplate(Seed& seed) {
    seed.serial = next_template_++;
    seed.ready = false;
    const TemplateFds fds{seed.image.get(), status_sender_.get(), pager_fd_, userfault_device_.get(),
                          seed.descriptor_fd.get()};
    Result<Template> started = startTemplate(seed.region, *seed.descriptor, *seed.plan, fds, seed.serial);
    if (!started.ok()) return std::move(started).error();
    seed.process = std::move(*started);
    return {};
}

void Spawner::adoptSeed(Connection& from, control::Packet& packet) {
    const auto message = decodeFrom<control::AdoptSeed>(from, packet);
    if (!message) return;
    Result<std::shared_ptr<Seed>> seed = makeSeed(message->seed_id, packet);
    if (!seed.ok()) return send(from, from.replyError(packet.request_id, seed.error()));
    if (Result<void> launched = launchTemplate(**seed); !launched.ok()) {
        return send(from, from.replyError(packet.request_id, launched.error()));
    }
    (*seed)->adopter_fd = from.fd();
    (*seed)->adopt_request = packet.request_id;
    (*seed)->adopt_deadline_ns = monotonicNs() + kAdoptNs;
    next_deadline_ns_ = std::min(next_deadline_ns_, (*seed)->adopt_deadline_ns);
    templates_[(*seed)->serial] = *seed;
}

void Spawner::answerAdoption(Seed& seed, const Error* error) {
    const auto found = connections_.find(seed.adopter_fd);
    seed.adopter_fd = -1;
    if (found == connections_.end() || found->first != pager_fd_) return;
    Connection& pager = *found->second;
    send(pager, error == nullptr ? pager.reply(seed.adopt_request, control::Ack{})
                                 : pager.replyError(seed.adopt_request, *error));
}

void Spawner::templateReady(uint32_t serial) {
    const auto found = templates_.find(serial);
    if (found == templates_.end() || found->second->dropped) return;
    const std::shared_ptr<Seed> seed = found->second;
    seed->ready = true;
    if (seed->adopter_fd < 0) return pump();
    // The same seed again, with a newer plan: requests go to the new template from now on.
    if (const auto old = seeds_.find(seed->id); old != seeds_.end()) {
        for (const std::shared_ptr<Child>& child : queue_) {
            if (child->seed == old->second) child->seed = seed;
        }
        dropSeed(seed->id);
    }
    seeds_[seed->id] = seed;
    answerAdoption(*seed, nullptr);
}

void Spawner::templateFailed(uint32_t serial, const Error& error) {
    const auto found = templates_.find(serial);
    if (found == templates_.end()) return;
    const std::shared_ptr<Seed> seed = found->second;
    kill(seed->process.pid, SIGKILL);
    seed->dropped = true;
    if (seed->adopter_fd >= 0) return answerAdoption(*seed, &error);
    const auto current = seeds_.find(seed->id);
    if (current != seeds_.end() && current->second == seed) seeds_.erase(current);
    std::fprintf(stderr, "spawner: %s for %s: %s\n", error.stage.c_str(), error.object.c_str(), error.detail.c_str());
}

/// A template that ended by itself is started anew a few times; children that waited in its queue fail by name.
void Spawner::templateExited(const std::shared_ptr<Seed>& seed, int wait_status) {
    templates_.erase(seed->serial);
    const Error error{ErrorCode::kResumeFailed, "spawner.template", "seed " + seed->id,
                      "its template ended, wait status " + std::to_string(wait_status), 0};
    std::vector<std::shared_ptr<Child>> orphans;
    for (const auto& [serial, child] : by_serial_) {
        if (child->seed != seed || child->state != ChildState::kStarting) continue;
        learnPid(child, seed->process.pidOf(serial, child->slot));
        if (child->pid == 0) orphans.push_back(child);
    }
    for (const std::shared_ptr<Child>& child : orphans) failChild(child, error);
    if (seed->dropped) return;
    if (seed->adopter_fd >= 0) return answerAdoption(*seed, &error);
    constexpr uint32_t kMaxRestarts = 3;
    if (++seed->restarts <= kMaxRestarts && launchTemplate(*seed).ok()) {
        templates_[seed->serial] = seed;
        return;
    }
    dropSeed(seed->id);
}

/// No child of it starts any more; those that run are not touched. The template works off its queue, then ends.
void Spawner::dropSeed(const std::string& id) {
    const auto found = seeds_.find(id);
    if (found == seeds_.end()) return;
    found->second->dropped = true;
    found->second->process.requests.reset();
    const std::shared_ptr<Seed> seed = found->second;
    seeds_.erase(found);
    std::vector<std::shared_ptr<Child>> waiting;
    for (const std::shared_ptr<Child>& child : queue_) {
        if (child->seed == seed) waiting.push_back(child);
    }
    for (const std::shared_ptr<Child>& child : waiting) {
        failChild(child, {ErrorCode::kSeedNotOpen, "spawner.start", "seed " + id,
                          "it was dropped before the child started", 0});
    }
}

}  // namespace farfork
