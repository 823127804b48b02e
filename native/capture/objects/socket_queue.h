// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/unique_fd.h"

namespace farfork::capturing {

/// A copy of what waits in a unix socket's receive queue, which stays as it is.
///
/// It is peeked at with SO_PEEK_OFF, which the parent's socket has in common with our duplicate: so only while the
/// parent stands still, and put back at once.
class SocketQueue {
  public:
    struct Message {
        size_t offset = 0, size = 0;
        sockaddr_un name;
        uint32_t name_size = 0;
        bool has_credentials = false;
        ucred credentials{};
        size_t first_right = 0, rights = 0;  ///< in rights()
    };
    enum class Outcome { kRead, kTooMuch, kFailed };

    /// Makes room: much when something waits now, else little.
    explicit SocketQueue(int socket);
    ~SocketQueue() { closeRights(0); }
    SocketQueue(const SocketQueue&) = delete;
    SocketQueue& operator=(const SocketQueue&) = delete;
    /// For the pause: allocates nothing. `waiting_bytes`: as SIOCINQ tells. kTooMuch: another try may have the room.
    Outcome read(int socket, bool is_stream, int waiting_bytes, int peek_offset);

    [[nodiscard]] const std::vector<Message>& messages() const { return messages_; }
    [[nodiscard]] const std::byte* bytesOf(const Message& message) const { return bytes_.get() + message.offset; }
    /// Duplicates of passed descriptors, ours until this object is gone.
    [[nodiscard]] const std::vector<int>& rights() const { return rights_; }
    void clear();

  private:
    bool readControl(const msghdr& header, Message& message);
    Outcome readOne(int socket, long& got);
    void closeRights(size_t from);

    size_t capacity_ = 0, used_ = 0;
    std::unique_ptr<std::byte[]> bytes_;
    std::vector<Message> messages_;
    std::vector<int> rights_;
};

}  // namespace farfork::capturing
