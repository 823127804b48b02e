// SPDX-License-Identifier: Apache-2.0
#include "restorer/sigframe.h"

#include <cstring>
#include <string>

namespace farfork {
namespace {

// linux arch/x86/include/uapi/asm/{ucontext,sigcontext}.h
constexpr uint64_t kUcFpXstate = 1, kUcSigcontextSs = 2, kUcStrictRestoreSs = 4;
constexpr uint32_t kFpXstateMagic1 = 0x46505853, kFpXstateMagic2 = 0x46505845;
constexpr size_t kLegacyBytes = 512, kSoftwareReservedAt = 464, kXstateHeaderBytes = 64;
constexpr uint64_t kLegacyComponents = 3;   // x87, SSE
constexpr uint64_t kTileData = 1ULL << 18;  // not in a thread's buffer until it asks (linux fpu/xstate.c)
constexpr uint64_t kFixedPlace = 7;         // x87, SSE, AVX: at the same offsets on every processor

struct Sigcontext {
    uint64_t r8, r9, r10, r11, r12, r13, r14, r15, di, si, bp, bx, dx, ax, cx, sp, ip, flags;
    uint16_t cs, gs, fs, ss;
    uint64_t err, trapno, oldmask, cr2, fpstate, reserved[8];
};
static_assert(sizeof(Sigcontext) == 256);

struct KernelUcontext {
    uint64_t flags, link;
    uint64_t stack_sp;
    int32_t stack_flags;
    uint32_t padding;
    uint64_t stack_size;
    Sigcontext context;
    uint64_t signal_mask;
};
static_assert(sizeof(KernelUcontext) == 304);

struct SoftwareReserved {  // struct _fpx_sw_bytes
    uint32_t magic1, extended_size;
    uint64_t xfeatures;
    uint32_t xstate_size, padding[7];
};
static_assert(sizeof(SoftwareReserved) == 48);

constexpr size_t kUcontextAt = 64;  // 8 bytes before it is pretcode, which only the signal handler's `ret` reads
constexpr size_t kXstateAt = 384;   // 64-byte aligned, past the ucontext; siginfo is not read back

Sigcontext contextOf(const ff_regs& regs, uint64_t fpstate) {
    Sigcontext context{};
    context.r8 = regs.r8, context.r9 = regs.r9, context.r10 = regs.r10, context.r11 = regs.r11;
    context.r12 = regs.r12, context.r13 = regs.r13, context.r14 = regs.r14, context.r15 = regs.r15;
    context.di = regs.rdi, context.si = regs.rsi, context.bp = regs.rbp, context.bx = regs.rbx;
    context.dx = regs.rdx, context.ax = regs.rax, context.cx = regs.rcx, context.sp = regs.rsp;
    context.ip = regs.rip, context.flags = regs.eflags;
    context.cs = static_cast<uint16_t>(regs.cs);
    context.ss = static_cast<uint16_t>(regs.ss);
    context.fpstate = fpstate;
    return context;
}

uint64_t componentsInUse(std::span<const std::byte> xstate) {
    uint64_t in_use = 0;
    std::memcpy(&in_use, xstate.data() + kLegacyBytes, sizeof(in_use));
    return in_use;
}

std::string checkComponents(uint64_t in_use, uint64_t origin_xcr0, const Machine& machine, size_t xstate_bytes) {
    for (uint32_t component = 0; component < 63; ++component) {
        if ((in_use >> component & 1) == 0) continue;
        const std::string name = "xstate component " + std::to_string(component);
        if ((machine.xcr0 >> component & 1) == 0) return name + " is in use and this machine lacks it";
        if (machine.component_offset[component] + machine.component_size[component] > xstate_bytes) {
            return name + " lies beyond the captured area";
        }
        // Offsets of the standard layout differ between processor families (PKRU: Intel 2688, AMD 2432), and only XCR0
        // tells families apart here.
        if ((1ULL << component & kFixedPlace) == 0 && origin_xcr0 != machine.xcr0) {
            return name + " is in use and the two machines' XCR0 differ";
        }
    }
    return {};
}

/// Bytes of an XSAVE area that holds `components`.
size_t areaBytes(uint64_t components, const Machine& machine) {
    size_t bytes = kLegacyBytes + kXstateHeaderBytes;
    for (uint32_t component = 2; component < 63; ++component) {
        if ((components >> component & 1) == 0) continue;
        bytes = std::max<size_t>(bytes, machine.component_offset[component] + machine.component_size[component]);
    }
    return bytes;
}

}  // namespace

Result<Sigframe> makeSigframe(const ff_thread& thread, std::span<const std::byte> xstate, uint64_t origin_xcr0,
                              const Machine& machine, uint64_t address) {
    const std::string object = "thread " + std::to_string(thread.tid);
    if (xstate.size() < kLegacyBytes + kXstateHeaderBytes) {
        return Error{ErrorCode::kDescriptorCorrupt, "restorer.sigframe", object,
                     "its xstate has only " + std::to_string(xstate.size()) + " bytes"};
    }
    const uint64_t in_use = componentsInUse(xstate);
    if (std::string fault = checkComponents(in_use, origin_xcr0, machine, xstate.size()); !fault.empty()) {
        return Error{ErrorCode::kIncompatibleCpu, "restorer.sigframe", object, std::move(fault)};
    }
    Sigframe frame;
    frame.has_tile_data = (in_use & kTileData) != 0;
    // Components outside this mask are reset by the kernel; those inside it and not in use, too (XSTATE_BV).
    const uint64_t offered = frame.has_tile_data ? machine.xcr0 : machine.xcr0 & ~kTileData;
    const size_t area = areaBytes(offered, machine);
    frame.bytes.resize((kXstateAt + area + sizeof(kFpXstateMagic2) + 63) & ~size_t{63});
    frame.stack_pointer = kUcontextAt;

    KernelUcontext ucontext{};
    ucontext.flags = kUcFpXstate | kUcSigcontextSs | kUcStrictRestoreSs;
    ucontext.stack_sp = thread.altstack_sp;
    ucontext.stack_flags = static_cast<int32_t>(thread.altstack_flags & ~1U);  // SS_ONSTACK follows from rsp
    ucontext.stack_size = thread.altstack_size;
    ucontext.context = contextOf(thread.regs, address + kXstateAt);
    ucontext.signal_mask = thread.signal_mask;
    std::memcpy(frame.bytes.data() + kUcontextAt, &ucontext, sizeof(ucontext));

    std::byte* const state = frame.bytes.data() + kXstateAt;
    std::memcpy(state, xstate.data(), std::min(area, xstate.size()));
    const uint64_t kept = in_use & (offered | kLegacyComponents);
    std::memcpy(state + kLegacyBytes, &kept, sizeof(kept));
    std::memset(state + kLegacyBytes + sizeof(kept), 0, kXstateHeaderBytes - sizeof(kept));
    SoftwareReserved reserved{kFpXstateMagic1,
                              static_cast<uint32_t>(area + sizeof(kFpXstateMagic2)),
                              offered,
                              static_cast<uint32_t>(area),
                              {}};
    std::memcpy(state + kSoftwareReservedAt, &reserved, sizeof(reserved));
    std::memcpy(state + area, &kFpXstateMagic2, sizeof(kFpXstateMagic2));
    return frame;
}

}  // namespace farfork
