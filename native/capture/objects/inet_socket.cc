// SPDX-License-Identifier: Apache-2.0
//
// TCP and UDP sockets. What cannot be carried over a fork, a connection whose other end is one, becomes a reset one.
#include <arpa/inet.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "capture/errors.h"
#include "capture/objects/multicast.h"
#include "capture/objects/socket.h"
#include "capture/objects/socket_layout.h"
#include "capture/objects/socket_options.h"

namespace farfork::capturing {
namespace {

class InetSocket final : public CapturedObject {
  public:
    InetSocket(const Opened& opened, int domain, int type, int protocol)
        : proc_(opened.proc),
          fd_(opened.file.fd),
          duplicate_(opened.duplicate),
          domain_(domain),
          type_(type),
          protocol_(protocol),
          link_(opened.link),
          options_(domain, type, protocol) {}

    [[nodiscard]] uint32_t kind() const override { return FF_FILE_INET_SOCKET; }
    [[nodiscard]] std::string title(const std::string& link) const override;
    void renumber(int fd) override { fd_ = fd; }
    bool confirm() override;
    Result<std::vector<std::byte>> describe(const FileTable&) override;

  private:
    [[nodiscard]] uint32_t judge() const;
    [[nodiscard]] bool isBound() const;

    const ProcDir& proc_;
    int fd_, duplicate_, domain_, type_, protocol_;
    std::string link_;
    SocketOptions options_;
    // Read in the pause:
    sockaddr_storage name_{}, other_{};
    socklen_t name_size_ = 0, other_size_ = 0;  ///< other_size_ 0: not connected
    tcp_info info_{};
    int filter_ = 0;
    short events_ = 0;
};

bool InetSocket::confirm() {
    name_size_ = sizeof name_;
    other_size_ = sizeof other_;
    if (syscall(SYS_getsockname, duplicate_, &name_, &name_size_) != 0) return false;
    if (syscall(SYS_getpeername, duplicate_, &other_, &other_size_) != 0) other_size_ = 0;
    info_ = {};
    socklen_t size = sizeof info_;
    if (type_ == SOCK_STREAM) syscall(SYS_getsockopt, duplicate_, IPPROTO_TCP, TCP_INFO, &info_, &size);
    if (type_ == SOCK_STREAM && other_size_ != 0) return true;  // the rest stays here
    pollfd event{duplicate_, POLLIN | POLLRDHUP, 0};
    syscall(SYS_poll, &event, 1, 0);
    events_ = event.revents;
    size = 0;
    filter_ = syscall(SYS_getsockopt, duplicate_, SOL_SOCKET, SO_GET_FILTER, nullptr, &size) != 0
                  ? errno == EACCES
                  : static_cast<int>(size);
    options_.read(duplicate_);
    return true;
}

uint32_t InetSocket::judge() const {
    if (type_ == SOCK_DGRAM) return other_size_ ? FF_SOCKET_CONNECTED : FF_SOCKET_IDLE;
    switch (info_.tcpi_state) {
        case TCP_LISTEN:
            return FF_SOCKET_LISTENING;
        case TCP_SYN_SENT:
            return FF_SOCKET_CONNECTING;
        case TCP_CLOSE:  // an error or a shutdown is left of a connection that there was
            return events_ & (POLLERR | POLLRDHUP) ? FF_SOCKET_RESET : FF_SOCKET_IDLE;
        default:
            return FF_SOCKET_RESET;
    }
}

bool InetSocket::isBound() const {
    if (domain_ == AF_INET) {
        const auto& name = reinterpret_cast<const sockaddr_in&>(name_);
        return name.sin_port != 0 || name.sin_addr.s_addr != INADDR_ANY;
    }
    const auto& name = reinterpret_cast<const sockaddr_in6&>(name_);
    return name.sin6_port != 0 || !IN6_IS_ADDR_UNSPECIFIED(&name.sin6_addr);
}

std::string InetSocket::title(const std::string& link) const {
    char address[INET6_ADDRSTRLEN] = "";
    const std::string protocol = type_ == SOCK_STREAM ? " tcp" : " udp";
    if (!isBound()) return link + protocol;
    if (domain_ == AF_INET) {
        const auto& name = reinterpret_cast<const sockaddr_in&>(name_);
        inet_ntop(AF_INET, &name.sin_addr, address, sizeof address);
        return link + protocol + " " + address + ":" + std::to_string(ntohs(name.sin_port));
    }
    const auto& name = reinterpret_cast<const sockaddr_in6&>(name_);
    inet_ntop(AF_INET6, &name.sin6_addr, address, sizeof address);
    return link + protocol + " [" + address + "]:" + std::to_string(ntohs(name.sin6_port));
}

Result<std::vector<std::byte>> InetSocket::describe(const FileTable&) {
    ff_socket socket{};
    socket.domain = static_cast<uint32_t>(domain_);
    socket.type = static_cast<uint32_t>(type_);
    socket.protocol = static_cast<uint32_t>(protocol_);
    socket.state = judge();
    socket.peer = -1;
    socket.peer_uid = socket.peer_gid = UINT32_MAX;
    socket.backlog = static_cast<int32_t>(info_.tcpi_sacked);  // linux net/ipv4/tcp.c, tcp_get_info
    const bool ended = socket.state == FF_SOCKET_RESET || socket.state == FF_SOCKET_CONNECTING;
    if (ended) return finishSocket(startSocket(socket, nullptr, 0, {}), socket);
    if (filter_) return notCarried(nameFile(fd_, title(link_), "socket filter"));
    if (type_ == SOCK_DGRAM && isInMulticastGroup(proc_, duplicate_))
        return notCarried(nameFile(fd_, title(link_), "multicast group"));
    const auto options = options_.described();
    std::vector<std::byte> bytes = startSocket(socket, &name_, isBound() ? name_size_ : 0, options);
    socket.other_size = socket.state == FF_SOCKET_CONNECTED ? other_size_ : 0;
    socket.other = appendPadded(bytes, &other_, socket.other_size);
    return finishSocket(std::move(bytes), socket);
}

}  // namespace

Result<std::unique_ptr<CapturedObject>> makeInetSocket(const Opened& opened, int domain, int type, int protocol) {
    return std::unique_ptr<CapturedObject>(std::make_unique<InetSocket>(opened, domain, type, protocol));
}

}  // namespace farfork::capturing
