/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See blob.h. Touches no stack (rsp stays the thread's own) and no memory outside the scratch mapping; ends by sending
 * itself a SIGTRAP, which only the tracer sees. (A signal that an instruction raises would reset the action of an ignored
 * SIGTRAP: linux kernel/signal.c, force_sig_info_to_task.) Every signal but SIGTRAP is blocked while it runs.
 */
#include "capture/blob.h"
#include "capture/blob_numbers.h"


    .section .rodata.ff_blob, "a"
    .global ff_blob_begin, ff_blob_thread, ff_blob_thread_end, ff_blob_leader, ff_blob_leader_end, ff_blob_end
    .hidden ff_blob_begin, ff_blob_thread, ff_blob_thread_end, ff_blob_leader, ff_blob_leader_end, ff_blob_end
    .balign 64

.macro prctl option
    mov $NR_prctl, %eax
    mov $\option, %edi
    syscall
.endm

/* All but the first. */
.macro no_arguments
    xor %esi, %esi
    xor %edx, %edx
    xor %r10d, %r10d
    xor %r8d, %r8d
.endm

/* Its serial number, or -ENOKEY: nothing is created. */
.macro keyring which
    mov $NR_keyctl, %eax
    mov $KEYCTL_GET_KEYRING_ID, %edi
    mov $\which, %esi
    xor %edx, %edx
    syscall
.endm

/* What only the thread itself can ask the kernel for. Leaves a negative errno in the slot and in rax on failure. */
.macro thread_state failed
    mov $NR_sigaltstack, %eax
    xor %edi, %edi
    lea FF_SLOT_ALTSTACK(%rbx), %rsi
    syscall
    test %rax, %rax
    js \failed
    lea FF_SLOT_CLEAR_CHILD_TID(%rbx), %rsi
    prctl PR_GET_TID_ADDRESS
    test %rax, %rax
    js \failed
    mov $NR_rt_sigpending, %eax
    lea FF_SLOT_PENDING(%rbx), %rdi
    mov $8, %esi
    syscall
    test %rax, %rax
    js \failed
    lea FF_SLOT_DEATH_SIGNAL(%rbx), %rsi
    prctl PR_GET_PDEATHSIG
    mov $NR_get_mempolicy, %eax
    lea FF_SLOT_MEMORY_POLICY(%rbx), %rdi
    xor %esi, %esi
    xor %edx, %edx
    xor %r10d, %r10d
    xor %r8d, %r8d
    syscall
    prctl PR_GET_TIMERSLACK
    mov %rax, FF_SLOT_TIMER_SLACK(%rbx)
    prctl PR_GET_SECCOMP
    mov %rax, FF_SLOT_SECCOMP(%rbx)
    prctl PR_GET_SECUREBITS
    mov %rax, FF_SLOT_SECUREBITS(%rbx)
    keyring KEY_SPEC_THREAD_KEYRING
    mov %rax, FF_SLOT_THREAD_KEYRING(%rbx)
    keyring KEY_SPEC_PROCESS_KEYRING
    mov %rax, FF_SLOT_PROCESS_KEYRING(%rbx)
    mov $1, %eax
.endm

.macro stop
    mov $NR_gettid, %eax
    syscall
    mov %eax, %edi
    mov $SIGTRAP, %esi
    mov $NR_tkill, %eax
    syscall
.endm

ff_blob_begin:
ff_blob_thread:
    thread_state .Lthread_stop
.Lthread_stop:
    mov %rax, FF_SLOT_DONE(%rbx)
    stop
ff_blob_thread_end:
    ud2

ff_blob_leader:
    thread_state .Lleader_thread_failed
    movq $1, FF_SLOT_DONE(%rbx)

    /* Only a fork that the tracer attends to makes a twin that filters cannot kill: surgery_sandbox.cc. */
    mov FF_SLOT_SECCOMP(%rbx), %rax
    mov $FF_BLOB_HAS_SECCOMP, %r13d
    cmp %rax, FF_HEAD_SECCOMP(%r12)
    jne .Lleader_stop

    no_arguments
    prctl PR_GET_MDWE
    mov %rax, FF_HEAD_MDWE(%r12)
    lea FF_HEAD_SUBREAPER(%r12), %rsi
    prctl PR_GET_CHILD_SUBREAPER

    /* Any child, living or zombie, of any thread: only then is the answer not ECHILD. */
    mov $NR_waitid, %eax
    xor %edi, %edi
    no_arguments
    mov $WAIT_ANYTHING, %r10d
    syscall
    mov $FF_BLOB_HAS_CHILDREN, %r13d
    cmp $-ECHILD, %rax
    jne .Lleader_stop

    /* Refused for locked memory (linux mm/madvise.c, can_madv_lru_vma), which this page is under MCL_FUTURE only. */
    mov $NR_madvise, %eax
    mov %r12, %rdi
    mov $4096, %esi
    mov $MADV_COLD, %edx
    syscall
    mov %rax, FF_HEAD_COLD(%r12)

    xor %ebp, %ebp
    lea FF_HEAD_ITIMERS(%r12), %r14
.Litimer:
    mov $NR_getitimer, %eax
    mov %ebp, %edi
    mov %r14, %rsi
    syscall
    add $32, %r14
    inc %ebp
    cmp $3, %ebp
    jne .Litimer

    mov FF_HEAD_TIMERS(%r12), %r14
    mov FF_HEAD_TIMER_COUNT(%r12), %rbp
.Ltimer:
    test %rbp, %rbp
    jz .Ltimers_done
    mov $NR_timer_gettime, %eax
    mov (%r14), %rdi
    lea FF_BLOB_TIMER_SETTING(%r14), %rsi
    syscall
    mov %rax, FF_BLOB_TIMER_RESULT(%r14)
    add $FF_BLOB_TIMER_SIZE, %r14
    dec %rbp
    jmp .Ltimer
.Ltimers_done:

    /* A subreaper would inherit the twin. It has no descendants now, whose orphans it could miss. */
    cmpl $0, FF_HEAD_SUBREAPER(%r12)
    je .Lclone
    xor %esi, %esi
    prctl PR_SET_CHILD_SUBREAPER

    /* The intermediate shares memory and is waited for; exit signal 0: no SIGCHLD. */
.Lclone:
    mov $NR_clone, %eax
    mov $(CLONE_VM | CLONE_VFORK | CLONE_FILES), %edi
    no_arguments
    syscall
    test %rax, %rax
    jz .Lintermediate
    mov %rax, %r15
    mov $FF_BLOB_CLONE_FAILED, %r13d
    js .Lcloned
.Lreap:
    mov $NR_wait4, %eax
    mov %r15d, %edi
    xor %esi, %esi
    mov $WALL, %edx
    xor %r10d, %r10d
    syscall
    mov $FF_BLOB_REAP_FAILED, %r13d
    cmp %r15, %rax
    jne .Lcloned
    mov FF_HEAD_TWIN(%r12), %r15
    mov $FF_BLOB_TWIN_FAILED, %r13d
    test %r15, %r15
    js .Lcloned
    mov $FF_BLOB_FORKED, %r13d
.Lcloned:
    cmpl $0, FF_HEAD_SUBREAPER(%r12)
    je .Lleader_stop
    mov $1, %esi
    prctl PR_SET_CHILD_SUBREAPER
.Lleader_stop:
    stop
ff_blob_leader_end:
    ud2
.Lleader_thread_failed:
    mov %rax, FF_SLOT_DONE(%rbx)
    xor %r13d, %r13d
    jmp .Lleader_stop

    /* Gives up the files first, so that the twin never holds one. */
.Lintermediate:
    mov $NR_close_range, %eax
    xor %edi, %edi
    mov $0xffffffff, %esi
    mov $CLOSE_RANGE_UNSHARE, %edx
    syscall
    test %rax, %rax
    js .Lintermediate_exit
    mov $NR_clone, %eax
    mov $CLONE_FILES, %edi
    no_arguments
    syscall
    test %rax, %rax
    jz .Ltwin
.Lintermediate_exit:
    mov %rax, FF_HEAD_TWIN(%r12)
    mov $NR_exit, %eax
    xor %edi, %edi
    syscall
    ud2

    /* The twin tells what a fork inherits, then sleeps until it is killed or its lifetime ends. */
.Ltwin:
    lea FF_HEAD_NAME(%r12), %rsi
    prctl PR_SET_NAME
    mov $1, %ebp
    lea FF_HEAD_SIGACTIONS(%r12), %r14
.Lsigaction:
    mov $NR_rt_sigaction, %eax
    mov %ebp, %edi
    xor %esi, %esi
    mov %r14, %rdx
    mov $8, %r10d
    syscall
    add $32, %r14
    inc %ebp
    cmp $65, %ebp
    jne .Lsigaction
    prctl PR_GET_SECUREBITS
    mov %rax, FF_HEAD_SECUREBITS(%r12)
    prctl PR_GET_DUMPABLE
    mov %rax, FF_HEAD_DUMPABLE(%r12)
    mov $NR_membarrier, %eax
    mov $MEMBARRIER_CMD_GET_REGISTRATIONS, %edi
    no_arguments
    syscall
    mov %rax, FF_HEAD_MEMBARRIER(%r12)
    test %rax, %rax
    jns .Lmembarrier_known
    /* Before Linux 6.3: a private barrier gives EPERM unless it was registered for, which is the next bit (linux
     * kernel/sched/membarrier.c). In a process of one thread it does nothing else. */
    movq $0, FF_HEAD_MEMBARRIER(%r12)
    mov $MEMBARRIER_CMD_PRIVATE_EXPEDITED, %ebp
.Lmembarrier:
    mov $NR_membarrier, %eax
    mov %ebp, %edi
    no_arguments
    syscall
    test %rax, %rax
    jnz .Lmembarrier_next
    lea (%rbp, %rbp), %ecx
    or %rcx, FF_HEAD_MEMBARRIER(%r12)
.Lmembarrier_next:
    shl $2, %ebp
    cmp $MEMBARRIER_CMD_GET_REGISTRATIONS, %ebp
    jne .Lmembarrier
.Lmembarrier_known:
    no_arguments
    prctl PR_GET_THP_DISABLE
    mov %rax, FF_HEAD_THP(%r12)
    mov $NR_arch_prctl, %eax
    mov $ARCH_GET_XCOMP_PERM, %edi
    lea FF_HEAD_XCOMP(%r12), %rsi
    syscall
    mov $NR_uname, %eax
    lea FF_HEAD_UTS(%r12), %rdi
    syscall
    mov $NR_brk, %eax
    xor %edi, %edi
    syscall
    mov %rax, FF_HEAD_BRK(%r12)
    movq $1, FF_HEAD_TWIN_DONE(%r12)
    mov $NR_ppoll, %eax
    xor %edi, %edi
    xor %esi, %esi
    lea FF_HEAD_LIFETIME(%r12), %rdx
    xor %r10d, %r10d
    mov $8, %r8d
    syscall
    mov $NR_exit_group, %eax
    xor %edi, %edi
    syscall
    ud2
ff_blob_end:
    .section .note.GNU-stack, "", @progbits
