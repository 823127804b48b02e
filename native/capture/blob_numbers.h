/* SPDX-License-Identifier: Apache-2.0 */
/* What the blob calls and asks for, by the kernel's numbers: its headers are not for assembly. */
#ifndef FARFORK_CAPTURE_BLOB_NUMBERS_H
#define FARFORK_CAPTURE_BLOB_NUMBERS_H

#define NR_rt_sigaction 13
#define NR_rt_sigpending 127
#define NR_brk 12
#define NR_madvise 28
#define NR_getitimer 36
#define NR_clone 56
#define NR_exit 60
#define NR_uname 63
#define NR_wait4 61
#define NR_sigaltstack 131
#define NR_prctl 157
#define NR_exit_group 231
#define NR_keyctl 250
#define NR_waitid 247
#define NR_tkill 200
#define NR_gettid 186
#define NR_timer_gettime 224
#define NR_get_mempolicy 239
#define NR_arch_prctl 158
#define NR_ppoll 271
#define NR_membarrier 324
#define NR_close_range 436

#define PR_GET_PDEATHSIG 2
#define PR_GET_DUMPABLE 3
#define PR_SET_NAME 15
#define PR_GET_SECCOMP 21
#define PR_GET_SECUREBITS 27
#define PR_GET_TIMERSLACK 30
#define PR_SET_CHILD_SUBREAPER 36
#define PR_GET_CHILD_SUBREAPER 37
#define PR_GET_TID_ADDRESS 40
#define PR_GET_MDWE 66
#define PR_GET_THP_DISABLE 42
#define ARCH_GET_XCOMP_PERM 0x1022
#define SIGTRAP 5

#define MEMBARRIER_CMD_PRIVATE_EXPEDITED 8
#define MEMBARRIER_CMD_GET_REGISTRATIONS 512

#define KEYCTL_GET_KEYRING_ID 0
#define KEY_SPEC_THREAD_KEYRING -1
#define KEY_SPEC_PROCESS_KEYRING -2

#define MADV_COLD 20

#define CLONE_VM 0x100
#define CLONE_FILES 0x400
#define CLONE_VFORK 0x4000
#define CLOSE_RANGE_UNSHARE 2
/* WNOHANG | WSTOPPED | WEXITED | WCONTINUED | WNOWAIT | __WALL */
#define WAIT_ANYTHING 0x4100000f
#define WALL 0x40000000
#define ECHILD 10

#endif
