// SPDX-License-Identifier: Apache-2.0
// policy: routing netlink socket: opened again in the node's network namespace
#include "../conformance.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <sys/socket.h>

static int route;
static struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};

/* Asks for all links; true when one of them is lo. */
static bool lists_loopback(void) {
    static unsigned sequence = 100;
    struct {
        struct nlmsghdr header;
        struct ifinfomsg about;
    } request = {.header = {sizeof request, RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, ++sequence, 0}};
    const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    EXPECT_EQUAL(sendto(route, &request, sizeof request, 0, (const struct sockaddr*)&kernel, sizeof kernel),
                 (ssize_t)sizeof request);
    bool found = false;
    for (;;) {
        static _Alignas(struct nlmsghdr) char bytes[65536];
        struct pollfd event = {route, POLLIN, 0};
        EXPECT_EQUAL(poll(&event, 1, 10000), 1);
        ssize_t left = recv(route, bytes, sizeof bytes, MSG_DONTWAIT);
        EXPECT(left > 0);
        for (struct nlmsghdr* part = (struct nlmsghdr*)bytes; NLMSG_OK(part, left); part = NLMSG_NEXT(part, left)) {
            if (part->nlmsg_seq != sequence) continue;  // news of the group
            EXPECT_EQUAL(part->nlmsg_pid, address.nl_pid);
            if (part->nlmsg_type == NLMSG_DONE) return found;
            const struct ifinfomsg* about = NLMSG_DATA(part);
            found = found || (part->nlmsg_type == RTM_NEWLINK && (about->ifi_flags & IFF_LOOPBACK));
        }
    }
}

static void setup(void) {
    socklen_t size = sizeof address;
    route = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (route < 0) LACKS("netlink");
    EXPECT(bind(route, (struct sockaddr*)&address, sizeof address) == 0);
    EXPECT(getsockname(route, (struct sockaddr*)&address, &size) == 0);
    EXPECT(lists_loopback());
}

static void check(void) {
    struct sockaddr_nl now = {0};
    socklen_t size = sizeof now;
    int protocol = -1;
    EXPECT(getsockname(route, (struct sockaddr*)&now, &size) == 0);
    EXPECT_EQUAL(now.nl_pid, address.nl_pid);
    EXPECT_EQUAL(now.nl_groups, RTMGRP_LINK);
    size = sizeof protocol;
    EXPECT(getsockopt(route, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) == 0);
    EXPECT_EQUAL(protocol, NETLINK_ROUTE);
    EXPECT_EQUAL(fcntl(route, F_GETFD), FD_CLOEXEC);
    EXPECT_EQUAL(fcntl(route, F_GETFL), O_RDWR);
    EXPECT(lists_loopback());
}
