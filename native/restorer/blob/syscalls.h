/* SPDX-License-Identifier: Apache-2.0 */
/* Raw x86-64 system calls: the blob has no libc. Each returns what the kernel does: a value, or -errno. */
#ifndef FARFORK_BLOB_SYSCALLS_H
#define FARFORK_BLOB_SYSCALLS_H

#include <asm/unistd_64.h>
#include <stdint.h>

static inline long ff_syscall6(long number, long a, long b, long c, long d, long e, long f) {
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

static inline long ff_syscall3(long number, long a, long b, long c) {
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
    return result;
}

#define FF_CALL0(name) ff_syscall3(__NR_##name, 0, 0, 0)
#define FF_CALL1(name, a) ff_syscall3(__NR_##name, (long)(a), 0, 0)
#define FF_CALL2(name, a, b) ff_syscall3(__NR_##name, (long)(a), (long)(b), 0)
#define FF_CALL3(name, a, b, c) ff_syscall3(__NR_##name, (long)(a), (long)(b), (long)(c))
#define FF_CALL4(name, a, b, c, d) ff_syscall6(__NR_##name, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)
#define FF_CALL5(name, a, b, c, d, e) ff_syscall6(__NR_##name, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), 0)
#define FF_CALL6(name, a, b, c, d, e, f) \
    ff_syscall6(__NR_##name, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

#endif
