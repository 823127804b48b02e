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

#endif
