/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the host hands to the freestanding blob, and what the blob reports. Plain C with fixed-size fields; pointers are
 * absolute addresses inside the restorer region, known when it is built.
 *
 * The region, at hole address H (one memfd, named FF_RESTORER_NAME):
 *   [ code, r-x | arguments, sigframes and bytes to copy, r-- | working memory and mini stacks, rw- ]
 *
 * A template is one process per seed that has run the map phase: it holds the parent's whole address space,
 * unpopulated. Every child is cloned from it with CLONE_PARENT, so that the spawner is its direct parent, and runs the
 * child phase.
 */
#ifndef FARFORK_RESTORER_ARGUMENTS_H
#define FARFORK_RESTORER_ARGUMENTS_H

#include "descriptor/plan.h"

#define FF_RESTORER_NAME "farfork-restorer"
#define FF_REQUEST_FDS 6u
#define FF_ATTACH_BYTES 512u
#define FF_NO_FD (-1)
#define FF_MINI_STACK_BYTES 1024u
#define FF_MAIN_STACK_BYTES 8192u

/* The step that a failure names; restorerStepName() in steps.cc has the words. */
enum ff_step {
    FF_STEP_NONE = 0,
    /* map phase, once per seed */
    FF_STEP_UNMAP,
    FF_STEP_VDSO,
    FF_STEP_MAP,    /* index: map */
    FF_STEP_ADVISE, /* index: map */
    FF_STEP_MM_MAP,
    FF_STEP_SIGACTION, /* index: signal number */
    FF_STEP_XCOMP,
    FF_STEP_PERSONALITY,
    FF_STEP_RECEIVE,
    /* child phase */
    FF_STEP_JOIN_PID,
    FF_STEP_CLONE,
    FF_STEP_FDS,
    FF_STEP_OWN_PID,
    FF_STEP_JOIN,
    FF_STEP_PROC,
    FF_STEP_UFFD,
    FF_STEP_UFFD_API,
    FF_STEP_ATTACH,
    FF_STEP_KEEP,
    FF_STEP_SESSION,
    FF_STEP_OOM_SCORE,
    FF_STEP_SHARED,     /* index: shared object */
    FF_STEP_SHARED_MAP, /* index: map */
    FF_STEP_OPEN,       /* index: file */
    FF_STEP_SEEK,       /* index: file */
    FF_STEP_PIPE,       /* index: file */
    FF_STEP_OBJECT,     /* index: file */
    FF_STEP_DUP,        /* index: file */
    FF_STEP_CWD,
    FF_STEP_ROOT,
    FF_STEP_REGISTER, /* index: register */
    FF_STEP_PRESENT,  /* index: present run */
    FF_STEP_DONTFORK, /* index: map */
    FF_STEP_LOCK,     /* index: map */
    FF_STEP_LOCK_FUTURE,
    FF_STEP_SEAL,         /* index: map */
    FF_STEP_THREAD_CLONE, /* index: thread */
    FF_STEP_ROBUST_LIST,  /* index: thread */
    FF_STEP_RSEQ,         /* index: thread */
    FF_STEP_SCHEDULER,    /* index: thread */
    FF_STEP_GS_BASE,      /* index: thread */
    FF_STEP_THREADS_READY,
    FF_STEP_RLIMIT,      /* index: resource */
    FF_STEP_CREDENTIALS, /* index: thread */
    FF_STEP_DUMPABLE,
    FF_STEP_CLOSE,
};

enum ff_vdso_mode { FF_VDSO_NONE = 0, FF_VDSO_MAP = 1, FF_VDSO_REMAP = 2 };

struct ff_vdso_piece {
    uint64_t from, to, size;
}; /* FF_VDSO_REMAP: one of our own vvar/vdso mappings */
#define FF_VDSO_PIECES 8u

struct ff_restorer_thread {
    int32_t tid;
    uint32_t stack_size;
    uint64_t stack; /* lowest address of its mini stack */
    uint64_t frame; /* rsp for rt_sigreturn */
    uint64_t fs_base, gs_base;
    uint64_t robust_list_head, robust_list_size, clear_child_tid;
    uint64_t rseq_address;
    uint32_t rseq_size, rseq_signature;
    char comm[FF_COMM_SIZE];
    uint32_t set_comm; /* differs from the leader's, which is inherited */
    uint32_t sched_policy;
    int32_t sched_priority, nice;
    uint32_t parent_death_signal;
    uint32_t expand_amx; /* its xstate holds tile data: the kernel's buffer must be grown before rt_sigreturn */
    uint64_t timer_slack_ns;
};

struct ff_restorer_file {
    int32_t fd;
    uint32_t kind;       /* enum ff_file_kind */
    uint32_t open_flags; /* open(2), O_CLOEXEC included where wanted */
    uint32_t close_on_exec;
    int32_t same_as; /* an earlier target fd with the same open file description, or FF_NO_FD */
    uint32_t stdio_fd;
    uint32_t pipe_index, pipe_write_end;
    uint32_t pipe_capacity;
    uint32_t bytes_size;
    uint64_t bytes; /* pipe contents; objects: the struct of their kind in descriptor/objects.h */
    uint64_t path;  /* NUL-terminated */
    uint64_t position;
};

/*
 * A run of pages that is mapped before the jump. Pages that are certain to be written at once (rseq areas, tops of
 * stacks) are copied while there is one thread: a copy-on-write fault of a running thread costs a TLB shootdown.
 */
struct ff_restorer_run {
    uint64_t start, end;
    uint64_t source;     /* bytes for UFFDIO_COPY; 0: UFFDIO_CONTINUE */
    uint32_t plan_index; /* of the plan's present run */
    uint32_t reserved;
};

/*
 * Shared memory that each child gets for itself: made, filled from the seed's descriptor, mapped over what the template
 * holds free, sealed. struct ff_shared in descriptor/descriptor.h says what the fields mean.
 */
struct ff_restorer_shared {
    uint32_t kind; /* enum ff_shared_kind */
    uint32_t seals, mode, uid, gid;
    int32_t sysv_id, sysv_key;
    uint32_t sysv_cuid, sysv_cgid, sysv_removed;
    uint32_t map_first, map_count, run_first, run_count, private_count;
    uint32_t reserved;
    uint64_t name; /* NUL-terminated */
    uint64_t size;
};
struct ff_restorer_shared_map {
    uint32_t map;    /* of the plan */
    uint32_t attach; /* System V: the first map of a whole segment */
    uint64_t offset; /* bytes, in the object */
    uint32_t is_private, never_writable;
};
struct ff_restorer_shared_run {
    uint64_t start;  /* offset in the object; private: address */
    uint64_t source; /* bytes, in the descriptor */
    uint64_t size;
};

struct ff_restorer_credentials {
    uint32_t change; /* 0: equal to the spawner's */
    uint32_t group_count;
    uint64_t groups; /* uint32_t[] */
    uint32_t ruid, euid, suid, fsuid, rgid, egid, sgid, fsgid;
    uint64_t cap_effective, cap_permitted, cap_inheritable, cap_bounding, cap_ambient;
    uint32_t securebits, no_new_privs;
    uint32_t last_capability;
    uint32_t reserved;
};

struct ff_restorer_arguments {
    uint64_t region_start, region_end; /* stays mapped in the child */
    uint64_t address_space_end;        /* one past the last address that munmap takes */

    uint32_t vdso_mode; /* enum ff_vdso_mode */
    uint32_t vdso_piece_count;
    uint64_t vvar_start, vdso_start;
    uint64_t scratch; /* FF_VDSO_REMAP: where the pieces wait for the great unmapping */
    uint64_t scratch_size;
    struct ff_vdso_piece vdso_pieces[FF_VDSO_PIECES];

    uint64_t maps, registers, runs, files, threads, sigactions; /* arrays of the structs named */
    uint32_t map_count, register_count, run_count, file_count, thread_count, sigaction_count;
    uint32_t pipe_count;
    uint32_t advise_child; /* some map is locked, sealed, or not for its forks */
    uint32_t mm_flags;     /* FF_MM_* */
    uint32_t reserved;
    uint64_t shared, shared_maps, shared_runs; /* arrays of struct ff_restorer_shared* */
    uint32_t shared_count;
    uint32_t own_names;        /* 1: some are names in /dev/shm */
    uint64_t shared_fds;       /* int32_t[shared_count], working memory */
    uint64_t descriptor_bytes; /* how much of the descriptor to map for the contents */
    uint64_t pipes;            /* int32_t[2 * pipe_count], working memory */
    uint64_t working;          /* struct ff_working */

    /* struct prctl_mm_map without auxv; start_code 0: leave as it is */
    uint64_t mm[11];
    uint64_t auxv;
    uint32_t auxv_size;
    uint32_t request_xcomp; /* ARCH_REQ_XCOMP_PERM for AMX tile data */

    uint64_t cwd, root; /* paths; 0: none */
    uint64_t default_timer_slack_ns;
    uint32_t umask, personality, set_personality, dumpable;
    int32_t oom_score_adj;
    uint32_t set_oom_score;
    int32_t pid;
    uint32_t is_init; /* the parent was pid 1 of its namespace */
    struct {
        uint64_t soft, hard;
    } rlimits[FF_RLIMIT_COUNT];
    uint32_t rlimit_mask;   /* which of them to set */
    int32_t inherited_nice; /* the spawner's */
    struct ff_restorer_credentials credentials;
    uint64_t stack_top;     /* the template's, and every child's main thread's */
    uint64_t affinity;      /* the spawner's cpu_set_t */
    uint64_t affinity_size; /* bytes */
};

/* Descriptors of a template, at numbers >= fd_base; below is free for a child's own. */
struct ff_template_fds {
    int32_t fd_base;
    int32_t image, status, requests, pager;
    int32_t userfault_device; /* /dev/userfaultfd, or FF_NO_FD */
    int32_t null_device;
    int32_t descriptor; /* of the seed; the last that stays after the map phase */
    int32_t exe;        /* or FF_NO_FD; closed after the map phase */
    uint64_t file_fds;  /* int32_t[], by ff_map.file_index; closed after the map phase */
};

enum ff_request_fd {
    FF_FD_CELL = 1,
    FF_FD_KEEP = 2,
    FF_FD_STDIN = 4,
    FF_FD_STDOUT = 8,
    FF_FD_STDERR = 16,
    FF_FD_CONTROL = 32
};

/* One packet on the template's request socket per child; fds by SCM_RIGHTS in the order of enum ff_request_fd. */
struct ff_request {
    uint64_t serial;
    uint64_t deadline_ns; /* CLOCK_MONOTONIC */
    uint32_t fds;         /* mask of enum ff_request_fd: which follow */
    uint32_t namespaces;  /* CLONE_NEW*, for setns with the cell's pidfd */
    uint32_t inherit_files;
    uint32_t attach_size;
    uint32_t attach_pid_offset; /* where the host pid goes in the AttachChild packet; little-endian uint32 */
    uint32_t flags;             /* FF_REQUEST_* */
    uint32_t slot;              /* below FF_SLOTS */
    uint32_t reserved;
    uint8_t attach[FF_ATTACH_BYTES];
};
/* The template is bound to the spawner's processor, so that a child that comes alone is built without a wake-up of
 * another one (50 us in a VM); its threads are set free before they run. */
#define FF_REQUEST_BOUND 1u

/*
 * Where the pid of a child that was just cloned goes, before the child runs (CLONE_PARENT_SETTID): a page shared by the
 * spawner and the template, which children do not get (MADV_DONTFORK). No message, so no wake-up on the way.
 */
struct ff_slot {
    uint64_t serial; /* of the child; written before the clone */
    int32_t pid;     /* on the node; 0: not cloned yet */
    uint32_t reserved;
};
#define FF_SLOTS 64u /* children on their way per template, at most */

enum ff_status_kind { FF_STATUS_READY = 1, FF_STATUS_STARTED = 2, FF_STATUS_FAILED = 3 };

struct ff_status {
    uint32_t kind; /* enum ff_status_kind */
    uint32_t step; /* enum ff_step, FAILED */
    uint32_t index;
    int32_t error;   /* errno */
    uint64_t serial; /* of the child; 0: the template itself */
    uint64_t time_ns;
    int32_t host_pid; /* STARTED, FAILED: of the child, if known */
    uint32_t template_serial;
};

struct ff_working {
    struct ff_template_fds fds;
    struct ff_request request;
    uint32_t template_serial;
    uint32_t slot_padding;
    uint64_t slots; /* struct ff_slot[FF_SLOTS] */
    uint32_t ready; /* futex: threads that are set up */
    uint32_t go;    /* futex: 1 once all may run */
    uint32_t reserved;
    int32_t cell, keep, userfault, standard[3], control;
    uint32_t host_pid;
};

#endif
