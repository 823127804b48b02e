/* SPDX-License-Identifier: Apache-2.0 */
#include <asm/unistd_64.h>

    .section .text.entry, "ax", @progbits
    .globl ff_entry
    .hidden ff_entry
/* rdi: arguments, rsi: the template's stack top */
ff_entry:
    mov %rsi, %rsp
    xor %ebp, %ebp
    call ff_main
    ud2

    .text
    .globl ff_sigreturn
    .hidden ff_sigreturn
ff_sigreturn:
    mov %rdi, %rsp
    mov $__NR_rt_sigreturn, %eax
    syscall
    ud2

    .globl ff_clone_thread
    .hidden ff_clone_thread
/* (clone_arguments, size, function, context, index): the new thread comes out of the syscall on its own stack. */
ff_clone_thread:
    mov %r8d, %r9d
    mov %rdx, %r8
    mov %rcx, %r10
    mov $__NR_clone3, %eax
    syscall
    test %rax, %rax
    jz 1f
    ret
1:  xor %ebp, %ebp
    mov %r10, %rdi
    mov %r9d, %esi
    call *%r8
    ud2

    .globl ff_touch_amx_tiles
    .hidden ff_touch_amx_tiles
/* A palette of one 1 x 4 byte tile; bytes, for assemblers that do not know AMX: ldtilecfg (%rsp); tilezero tmm0; tilerelease */
ff_touch_amx_tiles:
    sub $72, %rsp
    xor %eax, %eax
    mov %rsp, %rdi
    mov $64, %ecx
    rep stosb
    movb $1, (%rsp)
    movw $4, 16(%rsp)
    movb $1, 48(%rsp)
    .byte 0xc4, 0xe2, 0x78, 0x49, 0x04, 0x24
    .byte 0xc4, 0xe2, 0x7b, 0x49, 0xc0
    .byte 0xc4, 0xe2, 0x78, 0x49, 0xc0
    add $72, %rsp
    ret

    .section .note.GNU-stack, "", @progbits
