// SPDX-License-Identifier: Apache-2.0
//
// What happens when a reply has arrived.
#include <utility>

#include "fabric/tcp_peer.h"

namespace farfork::fabric {

ReadRequest* Peer::findRead(uint64_t requestId) {
    Lock lock(mutex_);
    const auto found = reads_.find(requestId);
    return found == reads_.end() ? nullptr : found->second.get();
}

OpenRequest* Peer::findOpen(uint64_t requestId) {
    Lock lock(mutex_);
    const auto found = opens_.find(requestId);
    return found == opens_.end() || found->second->sentNs == 0 ? nullptr : found->second.get();
}

void Peer::readDone(uint64_t requestId, std::optional<Error> error) {
    Completions completions;
    {
        Lock lock(mutex_);
        const auto request = std::move(reads_.extract(requestId).mapped());
        inFlightBytes_ -= request->bytes;
        if (!(urgent_.empty() && bulk_.empty())) pump();
        finish(*request, error, completions);
    }
    runAll(completions);
}

namespace {

/// Takes descriptor and layout out of a first open, or sees that a later one found the same seed.
std::optional<Error> acceptOpen(OpenRequest& open, const std::string& peer) {
    SeedState& seed = *open.seed;
    const auto corrupt = [&](std::string detail) {
        return Error{ErrorCode::kDescriptorCorrupt, "fabric.open", "seed " + seed.credentials.seed_id + " at " + peer,
                     std::move(detail)};
    };
    const std::span<const std::byte> bytes(open.bulk);
    if (open.withBytes) {
        const auto descriptor = bytes.first(open.reply.descriptor_bytes);
        const auto layoutBytes = bytes.subspan(open.reply.descriptor_bytes);
        if (checksumOf(descriptor) != open.reply.descriptor_checksum ||
            checksumOf(layoutBytes) != open.reply.layout_checksum)
            return corrupt("descriptor or layout does not match its checksum");
        auto layout = decodeLayout(layoutBytes);
        if (!layout) return corrupt(layout.error().detail);
        seed.opened = {Bytes(descriptor.begin(), descriptor.end()), std::move(*layout), open.reply.staged != 0};
        seed.descriptorChecksum = open.reply.descriptor_checksum;
        seed.layoutChecksum = open.reply.layout_checksum;
    } else if (seed.descriptorChecksum != open.reply.descriptor_checksum ||
               seed.layoutChecksum != open.reply.layout_checksum) {
        return corrupt("the peer now holds another seed under this id");
    }
    return std::nullopt;
}

}  // namespace

void Peer::openDone(uint64_t requestId, std::optional<Error> error) {
    OpenRequest* const found = findOpen(requestId);
    const bool opened = !error;
    if (opened && !found->abandoned) error = acceptOpen(*found, name_);
    Completions completions;
    {
        Lock lock(mutex_);
        const auto open = std::move(opens_.extract(requestId).mapped());
        if (opened && (open->abandoned || error)) {
            sendClose(open->reply.handle);
        } else if (opened) {
            open->seed->generation = generation_;
            open->seed->handle = open->reply.handle;
        }
        finishOpen(*open, error, completions);
        pump();
    }
    runAll(completions);
}

void Peer::finishOpen(OpenRequest& open, const std::optional<Error>& error, Completions& completions) {
    if (open.withBytes) {
        if (!open.abandoned)
            completions.push_back([done = open.done, error] { done(error ? Result<void>(*error) : Result<void>()); });
        open.abandoned = true;
        return;
    }
    open.seed->opening = false;
    for (auto& request : open.seed->parked) {
        if (error)
            finish(*request, error, completions);
        else
            (request->operation->urgent ? urgent_ : bulk_).push_back(std::move(request));
    }
    open.seed->parked.clear();
}

}  // namespace farfork::fabric
