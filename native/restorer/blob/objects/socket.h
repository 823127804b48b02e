/* SPDX-License-Identifier: Apache-2.0 */
/* What the socket families share. The uapi headers have no socket structures that work without libc. */
#ifndef FARFORK_BLOB_OBJECTS_SOCKET_H
#define FARFORK_BLOB_OBJECTS_SOCKET_H

#include "restorer/blob/objects/object.h"
#include "restorer/blob/socket.h"

#define FF_AF_UNSPEC 0
#define FF_AF_UNIX 1
#define FF_AF_INET 2
#define FF_AF_INET6 10
#define FF_SOCK_STREAM 1
#define FF_SOCK_DGRAM 2
#define FF_SOCK_NONBLOCK 04000
#define FF_SOCK_CLOEXEC 02000000
#define FF_MSG_DONTWAIT 0x40
#define FF_SCM_CREDENTIALS 2
#define FF_SO_SNDBUF 7
#define FF_SO_RCVBUF 8
#define FF_SO_BUF_LOCK 72
#define FF_SO_SNDBUFFORCE 32
#define FF_SO_RCVBUFFORCE 33

static inline const struct ff_socket* ff_socket_at(const struct ff_context* context, uint32_t index) {
    return (const struct ff_socket*)ff_file_at(context, index)->bytes;
}

static inline const void* ff_socket_part(const struct ff_socket* socket, uint32_t offset) {
    return (const char*)socket + offset;
}

/* socket(2) with the flags that the descriptor is to have. */
long ff_open_socket(const struct ff_context* context, uint32_t index);
void ff_set_socket_options(const struct ff_context* context, uint32_t index, long fd);
/* Sets one option, when it is not what it should be. */
void ff_set_socket_option(const struct ff_context* context, uint32_t index, long fd,
                          const struct ff_socket_option* option);

#endif
