// SPDX-License-Identifier: Apache-2.0
#include "subject_sockets.h"

#include <linux/filter.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

void makeSocketState(const std::string& mode) {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair)) abort();
    if (mode == "filtered-socket") {
        sock_filter accept_all{BPF_RET | BPF_K, 0, 0, UINT32_MAX};
        const sock_fprog program{1, &accept_all};
        if (setsockopt(pair[0], SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program)) abort();
    } else if (mode == "shared-socket") {
        // A process that is not its child: the one between has gone.
        if (const pid_t between = fork(); between == 0) {
            if (fork() != 0) _exit(0);
            alarm(20);
            for (int number = 0; number < 3; number++) close(number);
            for (;;) pause();
        } else {
            waitpid(between, nullptr, 0);
        }
    } else if (mode == "urgent-socket") {
        if (send(pair[0], "!", 1, MSG_OOB) != 1) abort();
    } else if (mode == "unaccepted-bytes") {
        sockaddr_un name{};
        socklen_t size = sizeof name;
        name.sun_family = AF_UNIX;
        const int listener = socket(AF_UNIX, SOCK_STREAM, 0), caller = socket(AF_UNIX, SOCK_STREAM, 0);
        if (bind(listener, reinterpret_cast<sockaddr*>(&name), sizeof name.sun_family) || listen(listener, 1) ||
            getsockname(listener, reinterpret_cast<sockaddr*>(&name), &size) ||
            connect(caller, reinterpret_cast<sockaddr*>(&name), size) || send(caller, "!", 1, 0) != 1)
            abort();
    } else {
        ip_mreqn group{};
        group.imr_multiaddr.s_addr = htonl(0xefffff01);
        group.imr_address.s_addr = htonl(INADDR_LOOPBACK);
        const int member = socket(AF_INET, SOCK_DGRAM, 0);
        if (setsockopt(member, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof group)) abort();
    }
}
