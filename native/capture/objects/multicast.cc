// SPDX-License-Identifier: Apache-2.0
#include "capture/objects/multicast.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>
#include <sstream>
#include <string>

namespace farfork::capturing {
namespace {

/// The kernel does not list a socket's groups, but answers for each (linux net/ipv4/igmp.c, ip_mc_gsfget).
bool isMember(int socket, int level, uint32_t interface, const void* address, size_t size) {
    group_filter filter{};
    filter.gf_interface = interface;
    std::memcpy(&filter.gf_group, address, size);
    socklen_t filter_size = GROUP_FILTER_SIZE(0);
    return getsockopt(socket, level, MCAST_MSFILTER, &filter, &filter_size) == 0;
}

/// /proc/net/igmp: a line "INDEX NAME : ..." for an interface, then indented ones "GROUP USERS ...", the group as the
/// number in memory.
bool isInIpGroup(const std::string& text, int socket) {
    std::istringstream lines(text);
    uint32_t interface = 0;
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with('\t')) {
            interface = static_cast<uint32_t>(numberOf(line));
            continue;
        }
        sockaddr_in group{};
        group.sin_family = AF_INET;
        std::string number;
        std::istringstream(line) >> number;
        group.sin_addr.s_addr = static_cast<uint32_t>(numberOf(number, 16));
        if (isMember(socket, IPPROTO_IP, interface, &group, sizeof group)) return true;
    }
    return false;
}

/// /proc/net/igmp6: lines "INDEX NAME GROUP USERS ...".
bool isInIpv6Group(const std::string& text, int socket) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        uint32_t interface = 0;
        std::string name, digits;
        words >> interface >> name >> digits;
        sockaddr_in6 group{};
        group.sin6_family = AF_INET6;
        if (digits.size() != 2 * sizeof group.sin6_addr) continue;
        for (size_t i = 0; i < sizeof group.sin6_addr; i++)
            group.sin6_addr.s6_addr[i] = static_cast<uint8_t>(numberOf(digits.substr(2 * i, 2), 16));
        if (isMember(socket, IPPROTO_IPV6, interface, &group, sizeof group)) return true;
    }
    return false;
}

}  // namespace

bool isInMulticastGroup(const ProcDir& proc, int socket) {
    const auto groups = proc.read("net/igmp"), groups6 = proc.read("net/igmp6");
    return (groups && isInIpGroup(*groups, socket)) || (groups6 && isInIpv6Group(*groups6, socket));
}

}  // namespace farfork::capturing
