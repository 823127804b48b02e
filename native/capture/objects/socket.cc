// SPDX-License-Identifier: Apache-2.0
//
// Sockets: which of them are carried.
#include "capture/objects/socket.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include "capture/errors.h"

namespace farfork::capturing {
namespace {

constexpr int kProtocolMptcp = 262, kProtocolUdplite = 136;  // linux include/uapi/linux/in.h

int optionOf(int socket, int name) {
    int value = -1;
    socklen_t size = sizeof value;
    return getsockopt(socket, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

std::string familyName(int domain) {
    switch (domain) {
        case AF_PACKET:
            return "packet socket";
        case AF_VSOCK:
            return "vsock socket";
        case AF_ALG:
            return "crypto socket";
        case AF_BLUETOOTH:
            return "bluetooth socket";
        case AF_CAN:
            return "CAN socket";
        case AF_XDP:
            return "XDP socket";
        default:
            return "socket of family " + std::to_string(domain);
    }
}

}  // namespace

Result<std::unique_ptr<CapturedObject>> findSocket(const Opened& opened) {
    if (!S_ISSOCK(opened.about.st_mode)) return std::unique_ptr<CapturedObject>();
    const int domain = optionOf(opened.duplicate, SO_DOMAIN), type = optionOf(opened.duplicate, SO_TYPE);
    const int protocol = optionOf(opened.duplicate, SO_PROTOCOL);
    const auto refuse = [&](const std::string& what) {
        return notCarried(nameFile(opened.file.fd, opened.link, what));
    };
    switch (domain) {
        case AF_UNIX:
            return makeUnixSocket(opened, type);
        case AF_NETLINK:
            return makeNetlinkSocket(opened, type, protocol);
        case AF_INET:
        case AF_INET6:
            if (type == SOCK_RAW) return refuse("raw socket");
            if (type == SOCK_STREAM && (protocol == IPPROTO_TCP || protocol == kProtocolMptcp))
                return makeInetSocket(opened, domain, type, protocol);
            if (type == SOCK_DGRAM && (protocol == IPPROTO_UDP || protocol == kProtocolUdplite))
                return makeInetSocket(opened, domain, type, protocol);
            return refuse("socket of protocol " + std::to_string(protocol));
        default:
            return refuse(familyName(domain));
    }
}

}  // namespace farfork::capturing
