// SPDX-License-Identifier: Apache-2.0
#include "fabric/tcp_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <cerrno>
#include <cstring>

namespace farfork::fabric {

namespace {

struct Address {
    sockaddr_storage storage{};
    socklen_t length = 0;
};

Result<Address> parseAddress(const Endpoint& endpoint) {
    Address address;
    auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
    if (inet_pton(AF_INET, endpoint.host.c_str(), &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(endpoint.port);
        address.length = sizeof *v4;
    } else if (inet_pton(AF_INET6, endpoint.host.c_str(), &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(endpoint.port);
        address.length = sizeof *v6;
    } else {
        return Error{ErrorCode::kInvalidArgument, "fabric.address", endpointText(endpoint), "not a numeric address"};
    }
    return address;
}

void setInt(int fd, int level, int option, int value) {
    setsockopt(fd, level, option, &value, sizeof value);
}

}  // namespace

std::string endpointText(const Endpoint& endpoint) {
    const bool v6 = endpoint.host.find(':') != std::string::npos;
    return (v6 ? "[" + endpoint.host + "]" : endpoint.host) + ":" + std::to_string(endpoint.port);
}

Endpoint endpointOf(const sockaddr_storage& address) {
    char text[INET6_ADDRSTRLEN] = "?";
    if (address.ss_family == AF_INET) {
        const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
        inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
        return {text, ntohs(v4.sin_port)};
    }
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
    return {text, ntohs(v6.sin6_port)};
}

Result<UniqueFd> listenSocket(const Endpoint& endpoint) {
    auto address = parseAddress(endpoint);
    if (!address) return address.error();
    const auto* name = reinterpret_cast<const sockaddr*>(&address->storage);
    UniqueFd fd(socket(address->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (fd.valid()) setInt(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
    if (!fd.valid() || bind(fd.get(), name, address->length) != 0 || listen(fd.get(), SOMAXCONN) != 0)
        return makeErrno(ErrorCode::kUnavailable, "fabric.listen", endpointText(endpoint), "bind or listen", errno);
    return fd;
}

Result<UniqueFd> connectSocket(const Endpoint& endpoint, bool& connected) {
    auto address = parseAddress(endpoint);
    if (!address) return address.error();
    const auto* name = reinterpret_cast<const sockaddr*>(&address->storage);
    UniqueFd fd(socket(address->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd.valid())
        return makeErrno(ErrorCode::kResourceExhausted, "fabric.connect", endpointText(endpoint), "socket", errno);
    tuneSocket(fd.get());
    connected = connect(fd.get(), name, address->length) == 0;
    if (!connected && errno != EINPROGRESS)
        return makeErrno(ErrorCode::kSourceLost, "fabric.connect", endpointText(endpoint), "connect", errno);
    return fd;
}

void tuneSocket(int fd) {
    setInt(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    setInt(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    setInt(fd, IPPROTO_TCP, TCP_KEEPIDLE, 5);
    setInt(fd, IPPROTO_TCP, TCP_KEEPINTVL, 2);
    setInt(fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
    setInt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 15'000);  // ms
    setInt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, 1 << 20);
}

}  // namespace farfork::fabric
