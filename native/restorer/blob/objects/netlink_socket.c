/* SPDX-License-Identifier: Apache-2.0 */
#include <linux/errno.h>
#include <linux/netlink.h>

#include "restorer/blob/objects/socket.h"

#define FF_SOL_NETLINK 270

long ff_make_netlink_socket(const struct ff_context* context, uint32_t index) {
    const struct ff_socket* socket = ff_socket_at(context, index);
    const long fd = ff_open_socket(context, index);
    ff_set_socket_options(context, index, fd);
    if (socket->name_size != 0) {
        struct sockaddr_nl address = *(const struct sockaddr_nl*)ff_socket_part(socket, socket->name);
        address.nl_groups = 0;
        long bound = FF_CALL3(bind, fd, &address, sizeof(address));
        if (bound == -EADDRINUSE) { /* another process of this namespace has that number: let the kernel choose */
            address.nl_pid = 0;
            bound = FF_CALL3(bind, fd, &address, sizeof(address));
        }
        ff_check(context, FF_STEP_SOCKET_BIND, index, bound);
    }
    const uint32_t* groups = ff_socket_part(socket, socket->other);
    for (uint32_t i = 0; i < socket->other_size * 8; ++i) {
        if ((groups[i / 32] >> i % 32 & 1) == 0) continue;
        const uint32_t group = i + 1;
        ff_check(context, FF_STEP_SOCKET_BIND, index,
                 FF_CALL5(setsockopt, fd, FF_SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)));
    }
    return fd;
}
