// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "capture/objects/object.h"
#include "capture/objects/sock_diag.h"
#include "capture/objects/socket_options.h"
#include "capture/objects/socket_queue.h"

namespace farfork::capturing {

/// A unix socket, its queue, and how it refers to the other ones of its process.
class UnixSocket final : public CapturedObject {
  public:
    UnixSocket(const Opened& opened, int type, std::shared_ptr<UnixDiag> diag);

    [[nodiscard]] uint32_t kind() const override { return FF_FILE_UNIX_SOCKET; }
    [[nodiscard]] std::string title(const std::string& link) const override;
    [[nodiscard]] std::span<const int> passed() const override { return queue_.rights(); }
    void renumber(int fd) override { fd_ = fd; }
    bool confirm() override;
    Result<std::vector<std::byte>> describe(const FileTable& files) override;

  private:
    /// The unix sockets of a table.
    struct Sockets {
        std::vector<UnixSocket*> all;  ///< one a description, ascending by number
        std::unordered_map<uint32_t, const UnixSocket*> by_inode;
        std::vector<const UnixSocket*> listeners;
    };
    static void collect(const FileTable& files);
    [[nodiscard]] const UnixSocket* listenerOf(const Sockets& sockets) const;
    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] Error refuse(const std::string& note) const;
    [[nodiscard]] Result<void> check() const;
    [[nodiscard]] Result<void> checkHolders(const Sockets& sockets) const;
    [[nodiscard]] bool hidesMessages(const UnixSocket& sender) const;
    [[nodiscard]] const UnixSocket* judge(const Sockets& sockets, ff_socket& socket) const;
    [[nodiscard]] Result<std::vector<int32_t>> pendingIn(const Sockets& sockets) const;
    Result<void> addMessages(std::vector<std::byte>& bytes, ff_socket& socket, const UnixSocket* peer,
                             const Sockets& sockets, const FileTable& files) const;
    Result<ff_socket_message> describeMessage(const SocketQueue::Message& message, const UnixSocket* peer,
                                              const Sockets& sockets, const FileTable& files,
                                              std::vector<int32_t>& rights) const;

    pid_t pid_;
    int fd_, duplicate_, type_;
    uint32_t inode_;
    std::string link_;
    std::shared_ptr<UnixDiag> diag_;
    std::shared_ptr<const Sockets> sockets_;  ///< of its table, once one of them is described
    SocketOptions options_;
    SocketQueue queue_;
    // Read in the pause:
    UnixFacts facts_;
    sockaddr_un name_{};
    socklen_t name_size_ = 0;
    ucred peer_{};
    int waiting_bytes_ = 0, unread_bytes_ = 0, filter_ = 0;
    short events_ = 0;
    SocketQueue::Outcome outcome_ = SocketQueue::Outcome::kRead;
};

}  // namespace farfork::capturing
