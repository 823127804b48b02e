// SPDX-License-Identifier: Apache-2.0
//
// Netlink sockets of protocols that mean the same on every kernel. The child's talks to its own network namespace.
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "capture/errors.h"
#include "capture/objects/socket.h"
#include "capture/objects/socket_layout.h"
#include "capture/objects/socket_options.h"

namespace farfork::capturing {
namespace {

class NetlinkSocket final : public CapturedObject {
  public:
    NetlinkSocket(const Opened& opened, int type, int protocol)
        : fd_(opened.file.fd),
          duplicate_(opened.duplicate),
          type_(type),
          protocol_(protocol),
          link_(opened.link),
          options_(AF_NETLINK, type, protocol) {}

    [[nodiscard]] uint32_t kind() const override { return FF_FILE_NETLINK; }
    void renumber(int fd) override { fd_ = fd; }
    bool confirm() override {
        socklen_t size = sizeof name_, other_size = sizeof other_;
        if (syscall(SYS_getsockname, duplicate_, &name_, &size) != 0) return false;
        if (syscall(SYS_getpeername, duplicate_, &other_, &other_size) != 0) return false;
        groups_size_ = sizeof groups_;
        for (uint32_t& word : groups_) word = 0;
        if (syscall(SYS_getsockopt, duplicate_, SOL_NETLINK, NETLINK_LIST_MEMBERSHIPS, groups_, &groups_size_) != 0)
            return false;
        size = 0;
        filter_ = syscall(SYS_getsockopt, duplicate_, SOL_SOCKET, SO_GET_FILTER, nullptr, &size) != 0
                      ? errno == EACCES
                      : static_cast<int>(size);
        options_.read(duplicate_);
        return true;
    }
    Result<std::vector<std::byte>> describe(const FileTable&) override {
        const auto refuse = [&](const char* note) { return notCarried(nameFile(fd_, link_, note)); };
        if (filter_) return refuse("socket filter");
        if (other_.nl_pid != 0 || other_.nl_groups != 0) return refuse("netlink socket that is connected");
        if (groups_size_ > sizeof groups_) return refuse("netlink socket in a group of a high number");
        ff_socket socket{};
        socket.domain = AF_NETLINK;
        socket.type = static_cast<uint32_t>(type_);
        socket.protocol = static_cast<uint32_t>(protocol_);
        socket.peer = -1;
        socket.peer_uid = socket.peer_gid = UINT32_MAX;
        std::vector<std::byte> bytes =
            startSocket(socket, &name_, name_.nl_pid != 0 ? sizeof name_ : 0, options_.described());
        socket.other_size = groups_size_;
        socket.other = appendPadded(bytes, groups_, groups_size_);
        return finishSocket(std::move(bytes), socket);
    }

  private:
    int fd_, duplicate_, type_, protocol_;
    std::string link_;
    SocketOptions options_;
    // Read in the pause:
    sockaddr_nl name_{}, other_{};
    uint32_t groups_[16]{};
    socklen_t groups_size_ = 0;  ///< bytes that the kernel has for them
    int filter_ = 0;
};

}  // namespace

Result<std::unique_ptr<CapturedObject>> makeNetlinkSocket(const Opened& opened, int type, int protocol) {
    if (protocol != NETLINK_ROUTE && protocol != NETLINK_KOBJECT_UEVENT && protocol != NETLINK_SOCK_DIAG)
        return notCarried(
            nameFile(opened.file.fd, opened.link, "netlink socket of protocol " + std::to_string(protocol)));
    return std::unique_ptr<CapturedObject>(std::make_unique<NetlinkSocket>(opened, type, protocol));
}

}  // namespace farfork::capturing
