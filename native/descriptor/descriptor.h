/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * The seed descriptor: everything about a process but its memory contents.
 *
 * One contract between capture (writes), pager and spawner (validate, read), the restorer (reads, freestanding) and
 * kmod. Flat: a header, a table of sections, then sections at 64-byte aligned offsets. All integers are little-endian;
 * all offsets are from the start of the descriptor unless a field says "strings", which is an offset into the
 * FF_SECTION_STRINGS section (NUL-terminated; offset 0 is the empty string).
 *
 * Plain C with fixed-size fields and no implicit padding, so that it compiles in the freestanding blob and in the
 * kernel.
 */
#ifndef FARFORK_DESCRIPTOR_H
#define FARFORK_DESCRIPTOR_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdint.h>
#endif

#define FF_DESCRIPTOR_MAGIC 0x314b524f46524146ULL /* "FARFORK1" */
#define FF_DESCRIPTOR_VERSION 1u
#define FF_SEED_ID_SIZE 40u /* NUL-terminated text */
#define FF_PAGE_SIZE 4096ULL
#define FF_SIGNAL_COUNT 64u
#define FF_RLIMIT_COUNT 16u
#define FF_COMM_SIZE 16u

enum ff_section_type {
    FF_SECTION_PROCESSES = 1,  /* struct ff_process[] */
    FF_SECTION_THREADS = 2,    /* struct ff_thread[], grouped by process, group leader first */
    FF_SECTION_VMAS = 3,       /* struct ff_vma[], grouped by process, ascending by start */
    FF_SECTION_SIGACTIONS = 4, /* struct ff_sigaction[FF_SIGNAL_COUNT] per process; index = signal number - 1 */
    FF_SECTION_FILES = 5,      /* struct ff_file[], grouped by process, ascending by fd */
    FF_SECTION_XSTATE = 6,     /* bytes: XSAVE areas in the standard (non-compacted) layout, 64-byte aligned each */
    FF_SECTION_AUXV = 7,       /* bytes: /proc/PID/auxv of each process */
    FF_SECTION_STRINGS = 8,    /* bytes: NUL-terminated strings */
    FF_SECTION_GROUPS = 9,     /* uint32_t[]: supplementary group ids */
    FF_SECTION_BYTES = 10,     /* bytes: pipe contents, and what objects.h says of objects */
    FF_SECTION_SHARED = 11,    /* struct ff_shared[]: memory of which each child gets its own, shared as it was */
    FF_SECTION_RUNS = 12,      /* struct ff_run[]: its contents */
    FF_SECTION_LAST = 12,
};

struct ff_section {
    uint32_t type;       /* enum ff_section_type */
    uint32_t entry_size; /* bytes of one entry; 1 for byte sections */
    uint64_t offset;     /* 64-byte aligned */
    uint64_t count;      /* entries */
};

struct ff_descriptor_header {
    uint64_t magic;
    uint32_t version;
    uint32_t header_size; /* sizeof(struct ff_descriptor_header) */
    uint64_t total_size;  /* bytes, header included */
    uint64_t checksum;    /* XXH3-64 of all bytes with this field zero */
    char seed_id[FF_SEED_ID_SIZE];
    uint64_t captured_at_unix_ns;
    uint64_t captured_at_monotonic_ns;
    uint64_t xcr0;      /* XCR0 of the origin: the child's machine must offer every component in use */
    uint64_t vdso_hash; /* XXH3-64 of the origin's vdso text image */
    uint32_t section_count;
    uint32_t machine; /* ELF e_machine: 62 (EM_X86_64) */
};
/* struct ff_section[section_count] follows the header. */

/* -------- process -------- */

enum ff_mm_flag {
    FF_MM_THP_DISABLED = 1u << 0, /* PR_SET_THP_DISABLE */
    FF_MM_LOCK_FUTURE = 1u << 1,  /* mlockall(MCL_FUTURE) */
    FF_MM_LOCK_ONFAULT = 1u << 2, /* ... with MCL_ONFAULT */
};

struct ff_process {
    int32_t pid;          /* in the parent's own pid namespace (last field of NSpid) */
    int32_t parent_index; /* index of the process that is its parent in the tree, or -1 for the root */
    uint32_t thread_first, thread_count;
    uint32_t vma_first, vma_count;
    uint32_t file_first, file_count;
    uint32_t sigaction_first;               /* index of its FF_SIGNAL_COUNT entries */
    uint32_t auxv_size;                     /* bytes */
    uint64_t auxv_offset;                   /* into FF_SECTION_AUXV */
    uint32_t exe_path, cwd_path, root_path; /* strings */
    uint32_t umask;
    uint32_t ruid, euid, suid, fsuid;
    uint32_t rgid, egid, sgid, fsgid;
    uint32_t group_first, group_count;
    uint64_t cap_effective, cap_permitted, cap_inheritable, cap_bounding, cap_ambient;
    uint32_t securebits, no_new_privs;
    uint32_t dumpable, personality;
    int32_t pgid, sid;
    int32_t oom_score_adj;
    uint32_t mm_flags; /* FF_MM_* */
    uint32_t reserved;
    uint32_t control_fd; /* the SDK's control socket, or UINT32_MAX */
    struct {
        uint64_t soft, hard;
    } rlimits[FF_RLIMIT_COUNT];
    /* struct prctl_mm_map of linux/prctl.h, without the auxv pointer and exe_fd */
    uint64_t start_code, end_code, start_data, end_data, start_brk, brk, start_stack;
    uint64_t arg_start, arg_end, env_start, env_end;
    uint64_t vdso_start, vdso_size, vvar_start,
        vvar_size; /* vvar: all vvar mappings together, directly below vdso; 0 if unmapped */
};

/* -------- threads -------- */

struct ff_regs { /* struct user_regs_struct of x86-64, same order (linux arch/x86/include/asm/user_64.h) */
    uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi, orig_rax, rip, cs, eflags, rsp,
        ss, fs_base, gs_base, ds, es, fs, gs;
};

enum ff_thread_flag {
    FF_THREAD_RSEQ_ABORTED = 1u << 0 /* stopped in an rseq critical section; rip is already its abort_ip */
};

struct ff_thread {
    int32_t tid;    /* in the parent's own pid namespace */
    uint32_t flags; /* FF_THREAD_* */
    /* Ready to run: syscall restart already applied (rip -= 2, rax = orig_rax), orig_rax = -1. */
    struct ff_regs regs;
    uint64_t signal_mask;
    uint64_t altstack_sp, altstack_size;
    uint32_t altstack_flags;
    uint32_t rseq_size; /* 0: not registered */
    uint64_t rseq_address;
    uint32_t rseq_signature;
    uint32_t xstate_size; /* bytes */
    uint64_t robust_list_head, robust_list_size;
    uint64_t clear_child_tid;
    uint64_t xstate_offset; /* into FF_SECTION_XSTATE; 64-byte aligned within the descriptor */
    char comm[FF_COMM_SIZE];
    uint32_t sched_policy;  /* SCHED_* */
    int32_t sched_priority; /* real-time priority */
    int32_t nice;
    uint32_t parent_death_signal;
    uint64_t timer_slack_ns;
};

struct ff_sigaction { /* the kernel's own layout: struct kernel_sigaction of x86-64 */
    uint64_t handler, flags, restorer, mask;
};

/* -------- memory -------- */

enum ff_vma_flag {
    FF_VMA_SHARED = 1u << 0, /* MAP_SHARED */
    FF_VMA_GROWSDOWN = 1u << 1,
    FF_VMA_STACK = 1u << 2, /* the main thread's [stack] */
    FF_VMA_HEAP = 1u << 3,  /* [heap] */
    FF_VMA_FILE = 1u << 4,  /* path is the mapped file */
    FF_VMA_VDSO = 1u << 5,
    FF_VMA_VVAR = 1u << 6,
    FF_VMA_VSYSCALL = 1u << 7,
    FF_VMA_WIPEONFORK = 1u << 8,
    FF_VMA_DONTFORK = 1u << 9,
    FF_VMA_NORESERVE = 1u << 10,
    FF_VMA_LOCKED = 1u << 11,
    FF_VMA_DONTDUMP = 1u << 12,
    FF_VMA_HUGEPAGE = 1u << 13,
    FF_VMA_NOHUGEPAGE = 1u << 14,
    FF_VMA_MERGEABLE = 1u << 15,
    FF_VMA_FILE_DELETED = 1u << 16, /* path no longer names the file */
    FF_VMA_DIRTIED =
        1u << 17, /* private file mapping with at least one anonymous (copied) page, or anonymous with pages */
    FF_VMA_RANDOM = 1u << 18,
    FF_VMA_SEQUENTIAL = 1u << 19,
    FF_VMA_LOCKONFAULT = 1u << 20,
    FF_VMA_SEALED = 1u << 21,         /* mseal(2) */
    FF_VMA_SAME_FILE = 1u << 22,      /* the parent writes to the file: an equal one will not do */
    FF_VMA_NEVER_WRITABLE = 1u << 23, /* shared, and mprotect cannot make it writable (VM_MAYWRITE) */
    FF_VMA_GUARD = 1u << 24,          /* MADV_GUARD_INSTALL: every access faults */
    FF_VMA_DROPPABLE = 1u << 25,      /* MAP_DROPPABLE */
};

struct ff_vma {
    uint64_t start, end;  /* page-aligned, [start, end) */
    uint64_t file_offset; /* bytes */
    uint32_t prot;        /* PROT_* */
    uint32_t flags;       /* FF_VMA_* */
    uint32_t path;        /* strings; 0 = anonymous */
    uint32_t dev_major, dev_minor;
    uint32_t shared; /* 1 + index into FF_SECTION_SHARED, then file_offset is in that object; 0: none */
    uint64_t inode;
    uint64_t file_size;    /* bytes at capture, files only */
    int64_t file_mtime_ns; /* files only */
    /* XXH3-128 of the file's contents, or with FF_VMA_SAME_FILE of its identity (identity.h); both 0 = not hashed */
    uint64_t file_hash_high, file_hash_low;
};

/* -------- shared memory -------- */

enum ff_shared_kind {
    FF_SHARED_ANONYMOUS = 1, /* MAP_SHARED|MAP_ANONYMOUS */
    FF_SHARED_MEMFD = 2,     /* memfd_create; also the stand-in for a file without a name */
    FF_SHARED_NAMED = 3,     /* a file of /dev/shm, of which the child then has its own */
    FF_SHARED_SYSV = 4,      /* System V segment */
    FF_SHARED_PRIVATE = 5,   /* not shared, but as little in the twin: an anonymous MADV_DONTFORK range */
};

struct ff_shared {
    uint32_t kind;                 /* enum ff_shared_kind */
    uint32_t name;                 /* strings: of the memfd; FF_SHARED_NAMED: path */
    uint64_t size;                 /* bytes */
    uint32_t seals;                /* F_SEAL_* */
    uint32_t mode, uid, gid;       /* permission bits and owner */
    int32_t sysv_id, sysv_key;     /* shmid, key */
    uint32_t sysv_cuid, sysv_cgid; /* creator */
    uint32_t sysv_removed;         /* 1: IPC_RMID was called, it lives as long as it is attached */
    uint32_t run_count;            /* its contents; ff_run.start is an offset; all else is zeros */
    uint32_t private_count;        /* then: copied pages of its private mappings; ff_run.start is an address */
    uint32_t run_first;            /* in FF_SECTION_RUNS; objects tile it */
};

struct ff_run {
    uint64_t start;
    uint64_t bytes_offset, bytes_size; /* in FF_SECTION_BYTES */
};

/* -------- descriptors -------- */

enum ff_file_kind {
    FF_FILE_REGULAR = 1, /* also directories opened for reading */
    FF_FILE_DEVICE = 2,  /* /dev/null, zero, full, random, urandom: by path */
    FF_FILE_PIPE = 3,    /* both ends inside the tree; contents in FF_SECTION_BYTES */
    FF_FILE_STDIO = 4,   /* fd 0, 1, 2 or a duplicate of theirs: replaced by the child's own; stdio_fd says which */
    FF_FILE_CONTROL = 5, /* the SDK's control socket: replaced by a fresh one */
    /* Kernel objects that are made anew; what they hold is the struct of their kind in objects.h. */
    FF_FILE_EVENTFD = 6,
    FF_FILE_MEMFD = 19,     /* of an object in FF_SECTION_SHARED */
    FF_FILE_KIND_COUNT = 32 /* numbers between are free */
};

struct ff_file {
    int32_t fd;
    uint32_t kind;          /* enum ff_file_kind */
    uint32_t status_flags;  /* open(2) flags from /proc/PID/fdinfo, without O_CLOEXEC */
    uint32_t close_on_exec; /* 0 or 1 */
    uint32_t description;   /* entries with an equal number share one open file description */
    uint32_t path;          /* strings */
    uint64_t position;      /* bytes */
    uint64_t inode;         /* pipes: entries with equal inode are ends of one pipe */
    uint64_t file_size;     /* regular files: size at capture */
    uint32_t stdio_fd;      /* FF_FILE_STDIO: 0, 1 or 2 */
    uint32_t pipe_capacity; /* bytes */
    /* In FF_SECTION_BYTES. FF_FILE_PIPE: queued bytes, on the read end's first entry only. Objects: the struct of their
     * kind, on the first entry of a description only. */
    uint64_t bytes_offset, bytes_size;
};

#endif
