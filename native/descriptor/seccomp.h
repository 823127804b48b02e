/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * A thread's seccomp filters: ff_thread.seccomp_offset and seccomp_size name them in FF_SECTION_BYTES, one after
 * another in the order in which they were installed. Plain C as descriptor.h.
 */
#ifndef FARFORK_SECCOMP_H
#define FARFORK_SECCOMP_H

#include "descriptor.h"

#define FF_SECCOMP_LOG 1u           /* SECCOMP_FILTER_FLAG_LOG */
#define FF_SECCOMP_MAX_LENGTH 4096u /* BPF_MAXINSNS */

struct ff_seccomp_filter {
    uint32_t flags;  /* FF_SECCOMP_* */
    uint32_t length; /* instructions: uint64_t[length], each a struct sock_filter of linux/filter.h, follow */
};

#endif
