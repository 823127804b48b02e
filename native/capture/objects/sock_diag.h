// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/result.h"
#include "base/unique_fd.h"

namespace farfork::capturing {

/// What sock_diag(7) alone tells of a unix socket.
struct UnixFacts {
    static constexpr size_t kMaxPending = 128;
    uint32_t state = 0;     ///< TCP_ESTABLISHED, TCP_LISTEN, TCP_CLOSE
    bool has_peer = false;  ///< connected, even if the peer has been closed since
    uint32_t peer = 0;      ///< inode; 0: closed, or not accepted yet
    uint32_t shutdown = 0;  ///< bit 0: RCV_SHUTDOWN, bit 1: SEND_SHUTDOWN
    uint32_t backlog = 0;
    uint32_t pending_count = 0;     ///< in the accept queue; may be above kMaxPending
    uint32_t pending[kMaxPending];  ///< inodes of those who called, oldest first
};

/// A sock_diag socket in the network namespace of the socket that it is to tell of.
class UnixDiag {
  public:
    /// The one for the namespace of `socket`, kept while anybody on this thread holds it. Error: errno.
    static std::shared_ptr<UnixDiag> forSocket(int socket);
    /// For the pause: allocates nothing. False when there is no such socket, or the kernel has no unix_diag.
    bool query(uint32_t inode, UnixFacts& facts);

  private:
    UniqueFd netlink_;
    uint64_t namespace_inode_ = 0;
    uint32_t sequence_ = 0;
};

}  // namespace farfork::capturing
