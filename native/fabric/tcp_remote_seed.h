// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>

#include "fabric/tcp_peer.h"

namespace farfork::fabric {

class TcpRemoteSeed : public RemoteSeed {
  public:
    TcpRemoteSeed(std::shared_ptr<Peer> peer, std::shared_ptr<SeedState> seed)
        : peer_(std::move(peer)), seed_(std::move(seed)) {}

    /// Errors besides those of RemoteSeed: INVALID_ARGUMENT (a range is unaligned, out of bounds or twice in one read),
    /// RESOURCE_EXHAUSTED (a destination cannot be written: no memory), PAGE_CORRUPT, CANCELLED.
    void read(std::vector<PageRead> reads, Completion done) override;
    [[nodiscard]] bool synchronous() const override { return false; }
    [[nodiscard]] std::string describe() const override { return "peer " + peer_->name(); }
    [[nodiscard]] const OpenedSeed& opened() const override { return seed_->opened; }

  private:
    const std::shared_ptr<Peer> peer_;
    const std::shared_ptr<SeedState> seed_;
};

}  // namespace farfork::fabric
