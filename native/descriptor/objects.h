/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * What the descriptor says of a kernel object behind a file descriptor: ff_file.bytes_offset and bytes_size name it in
 * FF_SECTION_BYTES, 8-byte aligned. One struct a kind; plain C as descriptor.h.
 */
#ifndef FARFORK_OBJECTS_H
#define FARFORK_OBJECTS_H

#include "descriptor.h"

struct ff_eventfd { /* FF_FILE_EVENTFD */
    uint64_t count;
    uint32_t semaphore; /* 1: EFD_SEMAPHORE */
    uint32_t reserved;
};

/*
 * FF_FILE_UNIX_SOCKET, FF_FILE_INET_SOCKET and FF_FILE_NETLINK. Offsets are bytes from the start of the struct, what
 * they name is 8-byte aligned. What a state makes of the child's socket: docs/concepts.md.
 */
enum ff_socket_state {
    FF_SOCKET_IDLE = 0, /* neither connected nor listening; bound when it has a name */
    FF_SOCKET_LISTENING = 1,
    FF_SOCKET_CONNECTED = 2,  /* unix: to `peer`, in the table too; UDP: to the peer name */
    FF_SOCKET_PENDING = 3,    /* unix: in the accept queue of `peer`, nothing sent yet */
    FF_SOCKET_ENDED = 4,      /* unix: its other end was closed */
    FF_SOCKET_RESET = 5,      /* its other end is outside of the process: the child's is a reset connection */
    FF_SOCKET_CONNECTING = 6, /* TCP: the child's connect is refused */
    FF_SOCKET_STATE_COUNT = 7
};

struct ff_socket {
    uint32_t domain, type, protocol; /* as in socket(2) */
    uint32_t state;                  /* enum ff_socket_state */
    uint32_t shutdown;               /* bit 0: nothing more is received, bit 1: nothing more can be sent */
    uint32_t error;                  /* 1: a reset connection that has not been told of it yet */
    int32_t backlog;
    int32_t peer;                     /* unix: lowest descriptor of the other end, or of the listener; else -1 */
    uint32_t mutual;                  /* unix: the peer's peer is this one */
    uint32_t peer_uid, peer_gid;      /* SO_PEERCRED; UINT32_MAX: none */
    uint32_t name_size, name;         /* struct sockaddr; size 0: no name of its own */
    uint32_t other_size, other;       /* UDP: the peer's address. Netlink: uint32_t[], one bit a group */
    uint32_t option_count, options;   /* struct ff_socket_option[] */
    uint32_t message_count, messages; /* struct ff_socket_message, one after the other; unix only */
    uint32_t pending_count, pending;  /* int32_t[]: descriptors in the accept queue, oldest first; unix only */
    uint32_t reserved;
};

struct ff_socket_option {
    uint32_t level, name; /* as in getsockopt(2) */
    uint32_t size;        /* bytes of value */
    uint32_t reserved;
    uint8_t value[16];
};

/* A message in the queue, or with SOCK_STREAM a run of bytes that came with the same ancillary data. Followed by the
 * sender's address, the bytes and the descriptors, each padded to 8 bytes. */
struct ff_socket_message {
    uint32_t size;
    uint32_t name_size;
    int32_t sender;           /* a descriptor; -1: a socket that is not in the table */
    uint32_t has_credentials; /* SCM_CREDENTIALS of the process itself, as user and group: */
    uint32_t uid, gid;
    uint32_t rights_count; /* SCM_RIGHTS: int32_t[], descriptors in the table */
    uint32_t reserved;
};

#endif
