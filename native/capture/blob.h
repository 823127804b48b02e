/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The code that the parent's threads execute during the pause, and the memory that it reports through. One shared
 * anonymous mapping of the parent ("scratch") holds a page of code, a page for struct BlobHeader, then one struct
 * BlobSlot per thread. It is MAP_SHARED so that the twin inherits it by reference: the fork does not write-protect it,
 * results are readable in the twin after the parent has unmapped it, and the twin can live in it.
 */
#ifndef FARFORK_CAPTURE_BLOB_H
#define FARFORK_CAPTURE_BLOB_H

#define FF_BLOB_PAGE 4096

/* Offsets in struct BlobSlot. */
#define FF_SLOT_ALTSTACK 0
#define FF_SLOT_CLEAR_CHILD_TID 24
#define FF_SLOT_PENDING 32
#define FF_SLOT_DEATH_SIGNAL 40
#define FF_SLOT_MEMORY_POLICY 44
#define FF_SLOT_TIMER_SLACK 48
#define FF_SLOT_DONE 56
#define FF_SLOT_SECCOMP 64
#define FF_SLOT_THREAD_KEYRING 72
#define FF_SLOT_PROCESS_KEYRING 80
#define FF_SLOT_SECUREBITS 88
#define FF_SLOT_SIZE 96

/* Offsets in struct BlobHeader. */
#define FF_HEAD_TWIN 0
#define FF_HEAD_SUBREAPER 8
#define FF_HEAD_ITIMERS 16
#define FF_HEAD_LIFETIME 112
#define FF_HEAD_TWIN_DONE 128
#define FF_HEAD_SECUREBITS 136
#define FF_HEAD_DUMPABLE 144
#define FF_HEAD_BRK 152
#define FF_HEAD_NAME 160
#define FF_HEAD_NONCE 176
#define FF_HEAD_MEMBARRIER 184
#define FF_HEAD_MDWE 192
#define FF_HEAD_TIMERS 200
#define FF_HEAD_TIMER_COUNT 208
#define FF_HEAD_XCOMP 216
#define FF_HEAD_THP 224
#define FF_HEAD_COLD 232
#define FF_HEAD_SECCOMP 240
#define FF_HEAD_SIGACTIONS 256
#define FF_HEAD_UTS 3072

/* Offsets in struct BlobTimer. */
#define FF_BLOB_TIMER_SETTING 8
#define FF_BLOB_TIMER_RESULT 40
#define FF_BLOB_TIMER_SIZE 48

/* What the leader's run ended with (r13 at its end). */
#define FF_BLOB_FORKED 1
#define FF_BLOB_HAS_CHILDREN 2
#define FF_BLOB_HAS_SECCOMP 5
#define FF_BLOB_CLONE_FAILED 6
#define FF_BLOB_TWIN_FAILED 7
#define FF_BLOB_REAP_FAILED 8

#ifndef __ASSEMBLER__
#include <stddef.h>
#include <stdint.h>

#include "descriptor/descriptor.h"

struct BlobSlot {
    uint64_t altstack_sp; /* stack_t */
    uint32_t altstack_flags, altstack_pad;
    uint64_t altstack_size;
    uint64_t clear_child_tid;
    uint64_t pending; /* rt_sigpending: the thread's and the process's, of the signals blocked at the time */
    uint32_t death_signal;
    int32_t memory_policy; /* get_mempolicy: MPOL_* */
    uint64_t timer_slack_ns;
    int64_t done;                            /* 1, or a negative errno */
    int64_t seccomp;                         /* SECCOMP_MODE_* */
    int64_t thread_keyring, process_keyring; /* serial numbers, or a negative errno: it has none */
    int64_t securebits;
};

struct BlobHeader {
    int64_t twin; /* tid in the parent's pid namespace, or a negative errno */
    uint64_t subreaper;
    uint64_t itimers[3][4]; /* struct itimerval: interval, value */
    uint64_t lifetime[2];   /* struct timespec: the twin exits after this time */
    uint64_t twin_done;
    int64_t securebits, dumpable;
    uint64_t brk;
    char name[16];                /* the twin's comm */
    uint64_t nonce;               /* tells this twin from any other process */
    int64_t membarrier;           /* mask of MEMBARRIER_CMD_REGISTER_* */
    int64_t mdwe;                 /* PR_GET_MDWE, or a negative errno */
    uint64_t timers, timer_count; /* address and number of struct BlobTimer */
    uint64_t xcomp_permitted;     /* ARCH_GET_XCOMP_PERM */
    int64_t thp_disable;          /* PR_GET_THP_DISABLE */
    int64_t cold;    /* MADV_COLD on the scratch mapping: -EINVAL when new mappings are locked, MCL_FUTURE */
    int64_t seccomp; /* the leader's SECCOMP_MODE_*, as the tracer expects it */
    uint64_t pad;
    struct ff_sigaction sigactions[FF_SIGNAL_COUNT];
    uint64_t uts_pad[96];
    char uts[6]
            [65]; /* struct new_utsname of linux/utsname.h: sysname, nodename, release, version, machine, domainname */
};

struct BlobTimer {
    int64_t id;
    uint64_t setting[4]; /* struct itimerspec: interval, value */
    int64_t result;      /* of timer_gettime */
};

#ifdef __cplusplus
static_assert(sizeof(BlobTimer) == FF_BLOB_TIMER_SIZE && offsetof(BlobTimer, result) == FF_BLOB_TIMER_RESULT);
static_assert(offsetof(BlobSlot, memory_policy) == FF_SLOT_MEMORY_POLICY);
static_assert(offsetof(BlobHeader, timers) == FF_HEAD_TIMERS && offsetof(BlobHeader, thp_disable) == FF_HEAD_THP);
static_assert(sizeof(BlobSlot) == FF_SLOT_SIZE && offsetof(BlobSlot, done) == FF_SLOT_DONE);
static_assert(offsetof(BlobSlot, seccomp) == FF_SLOT_SECCOMP && offsetof(BlobSlot, securebits) == FF_SLOT_SECUREBITS);
static_assert(offsetof(BlobSlot, process_keyring) == FF_SLOT_PROCESS_KEYRING &&
              offsetof(BlobHeader, uts) == FF_HEAD_UTS);
static_assert(offsetof(BlobSlot, clear_child_tid) == FF_SLOT_CLEAR_CHILD_TID);
static_assert(offsetof(BlobHeader, lifetime) == FF_HEAD_LIFETIME && offsetof(BlobHeader, brk) == FF_HEAD_BRK);
static_assert(offsetof(BlobHeader, membarrier) == FF_HEAD_MEMBARRIER && offsetof(BlobHeader, mdwe) == FF_HEAD_MDWE);
static_assert(offsetof(BlobHeader, cold) == FF_HEAD_COLD && offsetof(BlobHeader, seccomp) == FF_HEAD_SECCOMP);
static_assert(offsetof(BlobHeader, nonce) == FF_HEAD_NONCE && offsetof(BlobHeader, name) == FF_HEAD_NAME);
static_assert(offsetof(BlobHeader, sigactions) == FF_HEAD_SIGACTIONS && sizeof(BlobHeader) <= FF_BLOB_PAGE);
extern "C" {
#endif
/* Position-independent code, [begin, end). Entries: rbx = the thread's slot, r12 = the header (leader only). */
extern const char ff_blob_begin[], ff_blob_thread[], ff_blob_thread_end[], ff_blob_leader[], ff_blob_leader_end[],
    ff_blob_end[];
#ifdef __cplusplus
}
#endif
#endif
#endif
