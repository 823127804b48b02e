// SPDX-License-Identifier: Apache-2.0
//
// A thread in a call with a relative timeout makes that call with what was left of it, in code of its own: afterwards
// the register that held the timeout must be what it was, since the kernel changes none but rax, rcx and r11
// (syscall(2)). A handler that interrupts the call sees an rip in the restorer region.
#include <array>
#include <cstring>

#include "restorer/parts.h"

namespace farfork {
namespace {

constexpr size_t kWaitCodeBytes = 32;
constexpr uint64_t kSyscallBytes = 2;

/// movabs to rdi, rdx, r10, r8 (Intel SDM, "MOV r64, imm64": REX.W + B8+ rd io).
constexpr std::array<std::array<uint8_t, 2>, FF_WAIT_REGISTER_END> kLoad = {
    {{0, 0}, {0x48, 0xbf}, {0x48, 0xba}, {0x49, 0xba}, {0x49, 0xb8}}};
constexpr std::array<uint8_t, 2> kSyscall = {0x0f, 0x05}, kLoadRcx = {0x48, 0xb9}, kJumpRcx = {0xff, 0xe1};

uint64_t& registerOf(ff_regs& regs, uint32_t place) {
    return place == FF_WAIT_RDI   ? regs.rdi
           : place == FF_WAIT_RDX ? regs.rdx
           : place == FF_WAIT_R10 ? regs.r10
                                  : regs.r8;
}

void put(std::array<std::byte, kWaitCodeBytes>& code, size_t& at, const void* bytes, size_t size) {
    std::memcpy(code.data() + at, bytes, size);
    at += size;
}

}  // namespace

uint64_t waitCodeBytes(const DescriptorView& descriptor) {
    uint64_t bytes = 0;
    for (const ff_thread& thread : descriptor.threads()) bytes += thread.wait_register != 0 ? kWaitCodeBytes : 0;
    return bytes;
}

ff_thread withWaitCode(RestorerParts& parts, const ff_thread& thread) {
    ff_thread result = thread;
    if (thread.wait_register == 0) return result;
    uint64_t& holder = registerOf(result.regs, thread.wait_register);
    const uint64_t timeout = holder, after = thread.regs.rip + kSyscallBytes;
    std::array<std::byte, kWaitCodeBytes> code{};
    size_t at = 0;
    put(code, at, kSyscall.data(), kSyscall.size());
    put(code, at, kLoad[thread.wait_register].data(), 2);
    put(code, at, &timeout, sizeof(timeout));
    put(code, at, kLoadRcx.data(), kLoadRcx.size());  // rcx: as after any system call
    put(code, at, &after, sizeof(after));
    put(code, at, kJumpRcx.data(), kJumpRcx.size());
    result.regs.rip = parts.wait_code.append(code, 1);
    if (thread.wait_unit == FF_WAIT_MS) {
        holder = thread.wait_left_ns / 1'000'000;
    } else {
        const int64_t left[2] = {static_cast<int64_t>(thread.wait_left_ns / 1'000'000'000),
                                 static_cast<int64_t>(thread.wait_left_ns % 1'000'000'000)};
        holder = parts.bytes.append(std::as_bytes(std::span(left)));
    }
    return result;
}

}  // namespace farfork
