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

enum ff_epoll_state {
    FF_EPOLL_ARMED = 0,    /* fires once its file is ready */
    FF_EPOLL_CONSUMED = 1, /* EPOLLET: its file is ready, and that was told; fires at the next edge */
    FF_EPOLL_DISARMED = 2, /* EPOLLONESHOT: fired; `events` has flags only */
};

struct ff_epoll_entry {
    int32_t number; /* under which it was added; the child may have another file there, or none */
    uint32_t file;  /* index among the process's files of a descriptor of the open file that it watches */
    uint32_t events;
    uint32_t state; /* enum ff_epoll_state */
    uint64_t data;
};

struct ff_epoll { /* FF_FILE_EPOLL */
    uint32_t entry_count;
    uint32_t level;     /* 0: watches no epoll; else one more than the highest that it watches */
    uint64_t busy_poll; /* struct epoll_params of linux/eventpoll.h; 0: the default */
};
/* struct ff_epoll_entry[entry_count] follows. */

struct ff_timerfd {         /* FF_FILE_TIMERFD */
    int32_t clock;          /* CLOCK_* */
    uint32_t settime_flags; /* TFD_TIMER_* */
    uint64_t ticks;         /* expirations that were not read */
    uint64_t left_ns;       /* until the next expiration; 0: disarmed, or expired once */
    uint64_t interval_ns;
    uint64_t captured_at_ns; /* by its clock; 0: the parent's clock is unknown */
};

struct ff_signalfd { /* FF_FILE_SIGNALFD */
    uint64_t mask;   /* bit n - 1: signal n */
};

struct ff_inotify_watch {
    int32_t number;
    uint32_t mask;
    uint32_t path; /* offset from the start of struct ff_inotify; NUL-terminated */
    uint32_t reserved;
};

struct ff_inotify { /* FF_FILE_INOTIFY */
    uint32_t watch_count;
    uint32_t overflowed; /* events were queued, which nobody can see without taking them: the child has missed some */
};
/* struct ff_inotify_watch[watch_count], ascending by number, and the paths follow. */

struct ff_pidfd { /* FF_FILE_PIDFD, of the process itself */
    int32_t tid;
    uint32_t thread; /* 1: PIDFD_THREAD */
};

/* How the bytes queued in a pipe are cut: at packets (pipe2(2), O_DIRECT). */
struct ff_pipe_run {
    uint32_t size;   /* bytes */
    uint32_t packet; /* 1: one packet, at most FF_PAGE_SIZE bytes; 0: a stream */
};

struct ff_extent {
    uint64_t offset, size; /* bytes; in the file */
};

struct ff_deleted { /* FF_FILE_DELETED */
    uint64_t size;  /* bytes; of a regular file */
    int64_t accessed_s, accessed_ns, modified_s, modified_ns;
    uint32_t mode; /* st_mode: S_IFREG or S_IFDIR, permissions */
    uint32_t uid, gid;
    uint32_t linkable; /* 1: made by O_TMPFILE, so it can still be given a name */
    int32_t same_file; /* an earlier descriptor of the same file, which holds the contents; or -1 */
    uint32_t extent_count;
    /* struct ff_extent[extent_count], ascending, and then their bytes: what lies between them reads as zeros. */
};

struct ff_memfd {      /* FF_FILE_MEMFD */
    uint64_t position; /* bytes */
    uint32_t shared;   /* index into FF_SECTION_SHARED */
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
