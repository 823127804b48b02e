/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's socket structures (linux include/linux/socket.h): the uapi headers have none that work without libc. */
#ifndef FARFORK_BLOB_SOCKET_H
#define FARFORK_BLOB_SOCKET_H

#include "restorer/arguments.h"

#define FF_MSG_NOSIGNAL 0x4000
#define FF_SOL_SOCKET 1
#define FF_SCM_RIGHTS 1

struct ff_iovec {
    uint64_t base, size;
};
struct ff_msghdr {
    void* name;
    int32_t name_size;
    struct ff_iovec* iov;
    uint64_t iov_count;
    void* control;
    uint64_t control_size;
    uint32_t flags;
};
struct ff_fd_control {
    uint64_t size;
    int32_t level, type;
    int32_t fds[FF_REQUEST_FDS];
};
#define FF_CONTROL_SIZE(count) (16u + 4u * (count))
#define FF_CONTROL_SPACE(count) ((FF_CONTROL_SIZE(count) + 7u) & ~7u)

#endif
