// SPDX-License-Identifier: Apache-2.0
//
// The few ptrace requests and raw system calls that the surgery makes, by name. All return false with errno set.
#pragma once
#include <linux/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

namespace farfork::capturing {

constexpr uint32_t kNoteX86Xstate = 0x202;  // NT_X86_XSTATE, elf.h

inline bool ptraceCall(long request, pid_t tid, uint64_t address, const void* data) {
    return syscall(SYS_ptrace, request, tid, address, data) == 0;
}
inline bool getRegs(pid_t tid, user_regs_struct& regs) {
    return ptraceCall(PTRACE_GETREGS, tid, 0, &regs);
}
inline bool setRegs(pid_t tid, const user_regs_struct& regs) {
    return ptraceCall(PTRACE_SETREGS, tid, 0, &regs);
}
inline bool getMask(pid_t tid, uint64_t& mask) {
    return ptraceCall(PTRACE_GETSIGMASK, tid, sizeof mask, &mask);
}
inline bool setMask(pid_t tid, const uint64_t& mask) {
    return ptraceCall(PTRACE_SETSIGMASK, tid, sizeof mask, &mask);
}

/// Reads `size` bytes at `address` of a process; false when not all could be read.
inline bool readMemory(pid_t pid, uint64_t address, void* into, size_t size) {
    const iovec local{into, size}, remote{reinterpret_cast<void*>(address), size};
    return syscall(SYS_process_vm_readv, pid, &local, 1, &remote, 1, 0) == static_cast<long>(size);
}

}  // namespace farfork::capturing
