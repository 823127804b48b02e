// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "descriptor/objects.h"

namespace farfork::capturing {

/// The options that a socket can be asked for and told again.
class SocketOptions {
  public:
    /// `domain` and `protocol` as in socket(2) choose the ones that are asked for.
    SocketOptions(int domain, int type, int protocol);
    /// For the pause: allocates nothing.
    void read(int socket);
    [[nodiscard]] std::vector<ff_socket_option> described() const;
    /// The value of an option of SOL_SOCKET that was read; 0 when there is none.
    [[nodiscard]] int valueOf(int name) const;

  private:
    std::vector<ff_socket_option> options_;  ///< size 0: this kind of socket, or this kernel, does not have it
};

}  // namespace farfork::capturing
