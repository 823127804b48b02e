// SPDX-License-Identifier: Apache-2.0
#include "pagerd/seed_maker.h"

namespace farfork::pagerd {

Result<control::SeedReply> SeedMaker::open(const control::OpenSeed& request) {
    const uint64_t start_ns = monotonicNs();
    const uint64_t deadline_ns = start_ns + request.deadline_ms * 1'000'000ULL;
    Result<SeedTable::Found> found = table_.findOrClaim(request.seed_id, request.deadline_ms);
    if (!found) return found.error();
    std::shared_ptr<Seed> seed = found->seed;
    const bool was_open = seed != nullptr;
    if (was_open) {
        if (Result<void> again = reopen(request, *seed); !again) return again.error();
    } else {
        Result<std::shared_ptr<Seed>> opened = openRemote(request, deadline_ns);
        if (!opened) return opened.error();
        seed = opened.value();
        found->claim->fulfil(seed);
    }
    return control::SeedReply{seed->image->layout().pages(), seed->descriptor.size(), (monotonicNs() - start_ns) / 1000,
                              was_open};
}

Result<void> SeedMaker::reopen(const control::OpenSeed& request, Seed& seed) {
    // A newer epoch of a seed from a peer: the peer decides whether it is the current one.
    if (!seed.origin && request.lease_epoch > seed.lease_epoch && sameKey(request.key, seed.key)) {
        Result<std::shared_ptr<fabric::RemoteSeed>> remote =
            client_.open({request.source_host, request.source_port},
                         {request.seed_id, request.key, request.lease_epoch}, request.deadline_ms);
        if (!remote) return remote.error();
        seed.image->setSource(0, remote.value());
        seed.lease_epoch = request.lease_epoch;
        seed.lease_expires_unix_ms = 0;
    }
    return checkAccess(seed, request.key, request.lease_epoch, "pager.open");
}

Result<std::shared_ptr<Seed>> SeedMaker::openRemote(const control::OpenSeed& request, uint64_t deadline_ns) {
    Result<std::shared_ptr<fabric::RemoteSeed>> remote =
        client_.open({request.source_host, request.source_port}, {request.seed_id, request.key, request.lease_epoch},
                     leftMs(deadline_ns));
    if (!remote) return remote.error();
    const fabric::OpenedSeed& opened = remote.value()->opened();
    auto seed = std::make_shared<Seed>();
    seed->id = request.seed_id;
    seed->key = request.key;
    seed->lease_epoch = request.lease_epoch;
    seed->staged = opened.staged;
    seed->descriptor = opened.descriptor;
    if (Result<void> bound = bindDescriptor(*seed); !bound) return bound.error();
    Result<std::shared_ptr<Image>> image = Image::create(opened.layout, {{seed->id, {}, remote.value()}}, {});
    if (!image) return image.error();
    seed->image = image.value();
    if (Result<void> published = publish(*seed, FileIdentity::Trust::kHash, deadline_ns); !published) {
        return published.error();
    }
    return seed;
}

}  // namespace farfork::pagerd
