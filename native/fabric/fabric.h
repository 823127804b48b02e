// SPDX-License-Identifier: Apache-2.0
//
// The fabric: authenticated seed RPC plus one-sided-style reads between pagers. `tcp` is here; `verbs` is the next
// implementation of the same two classes. Nothing above this header knows which one is in use.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "image/layout.h"
#include "image/page_source.h"

namespace farfork::fabric {

constexpr uint16_t kProtocolVersion = 1;
constexpr size_t kSeedKeyBytes = 32;
constexpr uint64_t kMaxReadBytes = 4ULL << 20;  ///< of one READ request; larger reads are several, many in flight

struct Endpoint {
    std::string host;  ///< numeric address
    uint16_t port = 0;
};

struct SeedCredentials {
    std::string seed_id;
    std::string key;  ///< kSeedKeyBytes bytes; compared in constant time
    uint64_t lease_epoch = 0;
};

/// What OPEN returns.
struct OpenedSeed {
    std::vector<std::byte> descriptor;  ///< checksum verified by the client
    Layout layout;
    bool staged = false;  ///< the origin needs its twin no more
};

// ---------------- server ----------------

/// What a server exports; implemented by the pager's seed table, called on fabric threads.
class SeedExport {
  public:
    virtual ~SeedExport() = default;
    /// Errors: SEED_NOT_FOUND, SEED_KEY_WRONG, LEASE_EXPIRED (also: epoch is not the current one).
    virtual Result<OpenedSeed> open(const SeedCredentials& credentials) = 0;

    /// Bytes to send: valid until the lock object is destroyed; reclaim waits for it (bounded by the send deadline).
    struct Pinned {
        std::vector<std::span<const std::byte>> spans;  ///< one per range, in order
        std::shared_ptr<void> hold;
    };
    using PinCompletion = std::function<void(Result<Pinned>)>;
    /// Makes the ranges present in this node's image (from the twin, a file or another peer) and lends their bytes.
    /// Checked anew on each call: id, and lease epoch (a reclaimed or expired seed fails with LEASE_EXPIRED, never with
    /// recycled memory). The completion may run on another thread.
    virtual void pin(const std::string& seed_id, uint64_t lease_epoch, std::vector<PageRange> ranges,
                     PinCompletion done) = 0;
};

struct ServerOptions {
    Endpoint listen;  ///< port 0: any
    uint32_t max_connections = 1024;
    uint32_t idle_timeout_ms = 0;  ///< 0: connections stay
    /// Of one reply, from ready to handed to the kernel; then the connection is closed.
    uint32_t send_timeout_ms = 10'000;
    uint32_t hello_timeout_ms = 5000;  ///< for a peer to open its first seed, and for the rest of a frame that began
    uint64_t max_queued_bytes = 64ULL << 20;  ///< back-pressure: of replies a connection; above it no request is read
    uint32_t threads = 0;                     ///< 0: one for every four cores, at least one, at most four
    uint32_t spin_us = 20;                    ///< after activity, before sleep; 0: none
    /// Gets what made the server close a connection (FABRIC_PROTOCOL and the like), on fabric threads, at most 20 a
    /// second. Empty: a line on stderr.
    std::function<void(const Error&)> log;
};

class Server {
  public:
    virtual ~Server() = default;  ///< closes every connection, joins its threads
    [[nodiscard]] virtual Endpoint endpoint() const = 0;
};
/// `seeds` outlives the server; a pin completion may come later than that, and is dropped then.
/// Errors: INVALID_ARGUMENT, UNAVAILABLE (the address cannot be bound), RESOURCE_EXHAUSTED.
Result<std::unique_ptr<Server>> listenTcp(const ServerOptions& options, SeedExport& seeds);

// ---------------- client ----------------

struct ClientOptions {
    uint32_t connect_timeout_ms = 2000;
    /// Of one READ, from when it is sent; then SOURCE_TIMEOUT, and the connection is dropped. Before that a read waits
    /// at most three times as long for its turn.
    uint32_t read_timeout_ms = 5000;
    uint64_t max_bytes_in_flight = 64ULL << 20;  ///< back-pressure: later reads queue
    uint32_t spin_us = 20;                       ///< after activity, before sleep; 0: none
};

/// A seed that a peer exports, open for reads. Reads of one peer share one connection (DESIGN.md: per node pair), are
/// pipelined, and are verified by the checksum that travels with each response.
/// After the peer is lost every read fails with SOURCE_LOST at once; a reconnect is tried on the next read.
class RemoteSeed : public PageSource {
  public:
    [[nodiscard]] virtual const OpenedSeed& opened() const = 0;
};

class Client {
  public:
    /// Ends every read with CANCELLED. Not on a fabric thread, i.e. not in a completion.
    virtual ~Client() = default;
    /// Connects to the peer if need be, authenticates, fetches descriptor and layout. Blocks for at most `deadline_ms`.
    /// Errors: those of SeedExport::open, SOURCE_LOST, SOURCE_TIMEOUT, DESCRIPTOR_CORRUPT, FABRIC_PROTOCOL.
    virtual Result<std::shared_ptr<RemoteSeed>> open(const Endpoint& peer, const SeedCredentials& credentials,
                                                     uint32_t deadline_ms) = 0;
};
/// nullptr when the process has no descriptors left for it.
std::unique_ptr<Client> makeTcpClient(const ClientOptions& options);

}  // namespace farfork::fabric
