// SPDX-License-Identifier: Apache-2.0
//
// Takes a client connection's byte stream apart. Page bytes go from the socket straight into the destinations of the
// read that they answer, and are hashed piece by piece while they are in the cache.
#pragma once
#include <array>
#include <optional>

#include "fabric/checksum.h"
#include "fabric/tcp_client_types.h"

struct iovec;

namespace farfork::fabric {

class Receiver {
  public:
    /// Who waits for replies. What a find returns stays valid until its done call, or until reset().
    struct Sink {
        virtual ~Sink() = default;
        virtual ReadRequest* findRead(uint64_t requestId) = 0;
        virtual OpenRequest* findOpen(uint64_t requestId) = 0;
        virtual void readDone(uint64_t requestId, std::optional<Error> error) = 0;
        virtual void openDone(uint64_t requestId, std::optional<Error> error) = 0;
    };
    enum class Outcome { kDrained, kMore, kBroken };

    Receiver(Sink& sink, std::string peer);

    /// Forgets the stream, for a new connection.
    void reset();
    /// Receives about `budgetBytes`. kBroken: the connection is of no use any more; `error` says why.
    Outcome receive(int fd, uint64_t budgetBytes, Error& error);

  private:
    enum class Phase { kHeader, kPayload, kBulk };

    size_t collect(iovec* vectors, size_t& bytes);
    size_t collectBulk(iovec* vectors, size_t& bytes);
    bool consume(size_t bytes);
    size_t consumeBulk(size_t bytes);
    bool headerArrived();
    bool payloadArrived();
    void bulkArrived(uint64_t trailer);
    bool broken(std::string what);
    [[nodiscard]] std::byte* scratch();

    Sink& sink_;
    const std::string peer_;
    Phase phase_ = Phase::kHeader;
    Error error_;

    // The previous bulk's trailer, then the next header: received together.
    std::array<std::byte, wire::kTrailerBytes + sizeof(wire::FrameHeader)> head_{};
    size_t headBytes_ = 0;
    bool awaitTrailer_ = false;
    wire::FrameHeader header_{};
    std::array<std::byte, wire::kMaxReplyPayload> payload_{};
    size_t payloadBytes_ = 0;

    ReadRequest* read_ = nullptr;
    OpenRequest* open_ = nullptr;
    std::optional<Error> failure_;  ///< of the current read: the rest of its bytes is thrown away
    Checksum checksum_;
    uint64_t bulkBytes_ = 0;  ///< received of header_.bulk_bytes
    size_t piece_ = 0;
    uint64_t pieceAt_ = 0;
    Bytes scratch_;
};

}  // namespace farfork::fabric
