// SPDX-License-Identifier: Apache-2.0
#include "capture/objects/socket_options.h"

#include <linux/in6.h>
#include <linux/netlink.h>
#include <linux/udp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>

namespace farfork::capturing {
namespace {

// Newer than the oldest headers that this is compiled with (linux include/uapi/asm-generic/socket.h, in.h, tcp.h).
constexpr int kSoTimestampNew = 63, kSoTimestampNsNew = 64, kSoPreferBusyPoll = 69, kSoBusyPollBudget = 70,
              kSoBufLock = 72, kSoReserveMem = 73, kSoTxRehash = 74, kSoRcvMark = 75, kSoPassPidfd = 76,
              kSoPassRights = 83, kIpLocalPortRange = 51, kIpProtocolMptcp = 262;

struct Level {
    int level;
    std::vector<std::pair<int, uint32_t>> names;  ///< with the bytes of the value
};

const Level& ofEverySocket() {
    static const Level level{SOL_SOCKET, {{SO_REUSEADDR, 4},      {SO_REUSEPORT, 4},        {SO_BINDTODEVICE, 16},
                                          {SO_DEBUG, 4},          {SO_DONTROUTE, 4},        {SO_BROADCAST, 4},
                                          {SO_SNDBUF, 4},         {SO_RCVBUF, 4},           {kSoBufLock, 4},
                                          {SO_KEEPALIVE, 4},      {SO_OOBINLINE, 4},        {SO_NO_CHECK, 4},
                                          {SO_PRIORITY, 4},       {SO_LINGER, 8},           {SO_PASSCRED, 4},
                                          {SO_PASSSEC, 4},        {SO_RCVLOWAT, 4},         {SO_RCVTIMEO, 16},
                                          {SO_SNDTIMEO, 16},      {SO_TIMESTAMP, 4},        {SO_TIMESTAMPNS, 4},
                                          {kSoTimestampNew, 4},   {kSoTimestampNsNew, 4},   {SO_TIMESTAMPING, 4},
                                          {SO_MARK, 4},           {SO_RXQ_OVFL, 4},         {SO_WIFI_STATUS, 4},
                                          {SO_NOFCS, 4},          {SO_SELECT_ERR_QUEUE, 4}, {SO_BUSY_POLL, 4},
                                          {kSoPreferBusyPoll, 4}, {kSoBusyPollBudget, 4},   {SO_MAX_PACING_RATE, 4},
                                          {SO_ZEROCOPY, 4},       {kSoReserveMem, 4},       {kSoTxRehash, 4},
                                          {kSoRcvMark, 4},        {kSoPassPidfd, 4},        {kSoPassRights, 4},
                                          {SO_PEEK_OFF, 4}}};
    return level;
}

const Level& ofIp() {
    static const Level level{IPPROTO_IP,
                             {{IP_TOS, 4},
                              {IP_TTL, 4},
                              {IP_RECVOPTS, 4},
                              {IP_RETOPTS, 4},
                              {IP_PKTINFO, 4},
                              {IP_MTU_DISCOVER, 4},
                              {IP_RECVERR, 4},
                              {IP_RECVTTL, 4},
                              {IP_RECVTOS, 4},
                              {IP_FREEBIND, 4},
                              {IP_PASSSEC, 4},
                              {IP_TRANSPARENT, 4},
                              {IP_RECVORIGDSTADDR, 4},
                              {IP_MINTTL, 4},
                              {IP_CHECKSUM, 4},
                              {IP_BIND_ADDRESS_NO_PORT, 4},
                              {IP_RECVFRAGSIZE, 4},
                              {IP_MULTICAST_IF, 4},
                              {IP_MULTICAST_TTL, 4},
                              {IP_MULTICAST_LOOP, 4},
                              {IP_MULTICAST_ALL, 4},
                              {IP_UNICAST_IF, 4},
                              {kIpLocalPortRange, 4}}};
    return level;
}

const Level& ofIpv6() {
    static const Level level{
        IPPROTO_IPV6,
        {{IPV6_V6ONLY, 4},         {IPV6_UNICAST_HOPS, 4},    {IPV6_MULTICAST_IF, 4}, {IPV6_MULTICAST_HOPS, 4},
         {IPV6_MULTICAST_LOOP, 4}, {IPV6_MTU_DISCOVER, 4},    {IPV6_RECVERR, 4},      {IPV6_MULTICAST_ALL, 4},
         {IPV6_RECVPKTINFO, 4},    {IPV6_RECVHOPLIMIT, 4},    {IPV6_RECVTCLASS, 4},   {IPV6_TCLASS, 4},
         {IPV6_DONTFRAG, 4},       {IPV6_AUTOFLOWLABEL, 4},   {IPV6_FREEBIND, 4},     {IPV6_TRANSPARENT, 4},
         {IPV6_MINHOPCOUNT, 4},    {IPV6_RECVORIGDSTADDR, 4}, {IPV6_UNICAST_IF, 4},   {IPV6_ADDR_PREFERENCES, 4},
         {IPV6_FLOWINFO, 4},       {IPV6_RECVFRAGSIZE, 4}}};
    return level;
}

const Level& ofTcp() {
    static const Level level{IPPROTO_TCP,
                             {{TCP_NODELAY, 4},
                              {TCP_MAXSEG, 4},
                              {TCP_CORK, 4},
                              {TCP_KEEPIDLE, 4},
                              {TCP_KEEPINTVL, 4},
                              {TCP_KEEPCNT, 4},
                              {TCP_SYNCNT, 4},
                              {TCP_LINGER2, 4},
                              {TCP_DEFER_ACCEPT, 4},
                              {TCP_WINDOW_CLAMP, 4},
                              {TCP_CONGESTION, 16},
                              {TCP_THIN_LINEAR_TIMEOUTS, 4},
                              {TCP_USER_TIMEOUT, 4},
                              {TCP_FASTOPEN, 4},
                              {TCP_FASTOPEN_CONNECT, 4},
                              {TCP_NOTSENT_LOWAT, 4},
                              {TCP_SAVE_SYN, 4},
                              {TCP_INQ, 4},
                              {TCP_TX_DELAY, 4}}};
    return level;
}

const Level& ofUdp() {
    static const Level level{
        IPPROTO_UDP, {{UDP_CORK, 4}, {UDP_ENCAP, 4}, {UDP_NO_CHECK6_TX, 4}, {UDP_NO_CHECK6_RX, 4}, {103, 4}, {104, 4}}};
    return level;
}

const Level& ofNetlink() {
    static const Level level{SOL_NETLINK,
                             {{NETLINK_PKTINFO, 4},
                              {NETLINK_BROADCAST_ERROR, 4},
                              {NETLINK_NO_ENOBUFS, 4},
                              {NETLINK_LISTEN_ALL_NSID, 4},
                              {NETLINK_CAP_ACK, 4},
                              {NETLINK_EXT_ACK, 4},
                              {NETLINK_GET_STRICT_CHK, 4}}};
    return level;
}

}  // namespace

SocketOptions::SocketOptions(int domain, int type, int protocol) {
    const auto add = [&](const Level& level) {
        for (const auto& [name, size] : level.names)
            options_.push_back({static_cast<uint32_t>(level.level), static_cast<uint32_t>(name), 0, size, {}});
    };
    add(ofEverySocket());
    if (domain == AF_INET || domain == AF_INET6) add(ofIp());
    if (domain == AF_INET6) add(ofIpv6());
    if (protocol == IPPROTO_TCP || protocol == kIpProtocolMptcp) add(ofTcp());
    if ((domain == AF_INET || domain == AF_INET6) && type == SOCK_DGRAM) add(ofUdp());
    if (domain == AF_NETLINK) add(ofNetlink());
}

void SocketOptions::read(int socket) {
    for (ff_socket_option& option : options_) {
        option.size = option.reserved;  // the bytes that its value takes
        std::memset(option.value, 0, sizeof option.value);
        if (syscall(SYS_getsockopt, socket, option.level, option.name, option.value, &option.size) != 0)
            option.size = 0;
    }
}

int SocketOptions::valueOf(int name) const {
    int value = 0;
    for (const ff_socket_option& option : options_)
        if (option.level == SOL_SOCKET && option.name == static_cast<uint32_t>(name) && option.size == sizeof value)
            std::memcpy(&value, option.value, sizeof value);
    return value;
}

std::vector<ff_socket_option> SocketOptions::described() const {
    const int locked = valueOf(kSoBufLock);  // others have the size that the kernel chose for them
    std::vector<ff_socket_option> described;
    for (const ff_socket_option& option : options_) {
        const bool buffers = option.level == SOL_SOCKET;
        if (option.size == 0 || (buffers && option.name == SO_SNDBUF && !(locked & 1)) ||
            (buffers && option.name == SO_RCVBUF && !(locked & 2)))
            continue;
        described.push_back(option);
        described.back().reserved = 0;
    }
    return described;
}

}  // namespace farfork::capturing
