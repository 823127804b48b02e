/* SPDX-License-Identifier: Apache-2.0 */
/* TCP and UDP, in the network namespace of the child's cell. */
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/in.h>
#include <linux/in6.h>

#include "restorer/blob/objects/socket.h"

#define FF_SOL_TCP 6
#define FF_TCP_REPAIR 19
#define FF_TCP_REPAIR_ON 1
#define FF_TCP_REPAIR_OFF_NO_WP (-1)
#define FF_SHUT_RDWR 2

struct ff_loopback {
    union {
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    };
    uint32_t size;
};

/* 127.0.0.1, mapped where the socket is an IPv6 one: IPv6 may be off. */
static struct ff_loopback loopback(uint32_t domain) {
    struct ff_loopback address = {.size = 0};
    const uint32_t ip = 0x0100007f; /* in network order */
    if (domain == FF_AF_INET) {
        address.v4.sin_family = FF_AF_INET;
        address.v4.sin_addr.s_addr = ip;
        address.size = sizeof(address.v4);
    } else {
        address.v6.sin6_family = FF_AF_INET6;
        address.v6.sin6_addr.in6_u.u6_addr16[5] = 0xffff;
        address.v6.sin6_addr.in6_u.u6_addr32[3] = ip;
        address.size = sizeof(address.v6);
    }
    return address;
}

static long setRepair(long fd, int32_t mode) {
    return FF_CALL5(setsockopt, fd, FF_SOL_TCP, FF_TCP_REPAIR, &mode, sizeof(mode));
}

/* A connection that a reset has ended. It is declared established, so that no packet is needed (linux
 * net/ipv4/tcp_output.c, tcp_connect), and disconnected, which sets the error of a reset (net/ipv4/tcp.c,
 * tcp_disconnect). The shutdown makes reads end after that error; on an unconnected socket it is done and refused
 * (net/ipv4/af_inet.c, inet_shutdown). */
static void resetConnection(const struct ff_context* context, uint32_t index, long fd) {
    const struct ff_loopback nobody = loopback(ff_socket_at(context, index)->domain);
    const struct sockaddr_in none = {.sin_family = FF_AF_UNSPEC};
    ff_check(context, FF_STEP_SOCKET_CONNECT, index, setRepair(fd, FF_TCP_REPAIR_ON));
    ff_check(context, FF_STEP_SOCKET_CONNECT, index, FF_CALL3(connect, fd, &nobody, nobody.size));
    ff_check(context, FF_STEP_SOCKET_CONNECT, index, setRepair(fd, FF_TCP_REPAIR_OFF_NO_WP));
    ff_check(context, FF_STEP_SOCKET_CONNECT, index, FF_CALL3(connect, fd, &none, sizeof(none)));
    FF_CALL2(shutdown, fd, FF_SHUT_RDWR);
}

/* Nobody listens on port 0, so the answer to the connect is a reset. */
static void refuseConnection(const struct ff_context* context, uint32_t index, long fd) {
    const struct ff_loopback nobody = loopback(ff_socket_at(context, index)->domain);
    const long flags = FF_CALL3(fcntl, fd, F_GETFL, 0);
    FF_CALL3(fcntl, fd, F_SETFL, flags | O_NONBLOCK);
    const long result = FF_CALL3(connect, fd, &nobody, nobody.size);
    if (result < 0 && result != -EINPROGRESS) ff_fail(context, FF_STEP_SOCKET_CONNECT, index, result);
    FF_CALL3(fcntl, fd, F_SETFL, flags);
}

/* A connected UDP socket can do with another port and address: its peer does not know the child. */
static int isFreeToMove(const struct ff_socket* socket, long error) {
    return socket->state == FF_SOCKET_CONNECTED && (error == -EADDRINUSE || error == -EADDRNOTAVAIL);
}

long ff_make_inet_socket(const struct ff_context* context, uint32_t index) {
    const struct ff_socket* socket = ff_socket_at(context, index);
    const long fd = ff_open_socket(context, index);
    if (socket->state == FF_SOCKET_RESET && socket->type == FF_SOCK_STREAM) {
        resetConnection(context, index, fd);
        return fd;
    }
    if (socket->state == FF_SOCKET_CONNECTING) {
        refuseConnection(context, index, fd);
        return fd;
    }
    ff_set_socket_options(context, index, fd);
    if (socket->name_size != 0) {
        const long bound = FF_CALL3(bind, fd, ff_socket_part(socket, socket->name), socket->name_size);
        if (bound < 0 && !isFreeToMove(socket, bound)) ff_fail(context, FF_STEP_SOCKET_BIND, index, bound);
    }
    if (socket->state == FF_SOCKET_LISTENING) {
        ff_check(context, FF_STEP_SOCKET_LISTEN, index, FF_CALL2(listen, fd, socket->backlog));
    }
    if (socket->state == FF_SOCKET_CONNECTED) {
        ff_check(context, FF_STEP_SOCKET_CONNECT, index,
                 FF_CALL3(connect, fd, ff_socket_part(socket, socket->other), socket->other_size));
    }
    return fd;
}
