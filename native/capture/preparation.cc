// SPDX-License-Identifier: Apache-2.0
#include "capture/preparation.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "capture/errors.h"
#include "capture/headroom.h"
#include "capture/ptrace_calls.h"

namespace farfork::capturing {
namespace {

/// Address of a syscall instruction in the vdso, or else in any other code.
Result<uint64_t> findSyscall(const ProcDir& proc, const std::vector<Mapping>& mappings) {
    constexpr size_t kMaxBytes = 4 << 20;
    for (const bool vdso : {true, false})
        for (const Mapping& mapping : mappings) {
            if (!(mapping.prot & 4) || (mapping.path == "[vdso]") != vdso || mapping.path == "[vsyscall]") continue;
            std::vector<unsigned char> code(std::min<size_t>(mapping.end - mapping.start, kMaxBytes));
            if (!readMemory(proc.pid(), mapping.start, code.data(), code.size())) continue;
            const void* at = memmem(code.data(), code.size(), "\x0f\x05", 2);
            if (at) return mapping.start + static_cast<uint64_t>(static_cast<const unsigned char*>(at) - code.data());
        }
    return Error{ErrorCode::kCaptureFailed, "capture.read", pidName(proc.pid()), "no syscall instruction in its code"};
}

}  // namespace

Result<std::vector<Mapping>> readMappings(const ProcDir& proc) {
    const auto text = proc.read("smaps");
    if (!text) return unreadable(proc.pid(), "read smaps", errno);
    return parseMappings(*text);
}

uint64_t startOfStack(const ProcDir& proc) {
    const auto text = proc.read("stat");
    const auto stat = text ? parseStat(*text) : std::nullopt;
    return stat ? stat->start_stack : 0;
}

Result<Preparation> prepare(const CaptureOptions& options) {
    const pid_t pid = options.pid;
    if (pid <= 0) return Error{ErrorCode::kInvalidArgument, "capture.validate", pidName(pid), "a pid is positive"};
    Preparation before;
    before.proc = ProcDir(pid);
    if (!before.proc.valid()) {
        if (errno != ENOENT) return unreadable(pid, "open /proc/PID", errno);
        return Error{ErrorCode::kProcessNotFound, "capture.validate", pidName(pid), "no such process"};
    }
    if (auto kind = checkKind(before.proc); !kind) return kind.error();
    before.pidfd = UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
    before.task = UniqueFd(openat(before.proc.fd(), "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!before.pidfd.valid() || !before.task.valid()) return unreadable(pid, "pidfd_open", errno);
    if (auto state = checkState(before.proc); !state) return state.error();
    auto mappings = readMappings(before.proc);
    if (!mappings) return mappings.error();
    before.mappings = *std::move(mappings);
    if (auto checked = checkMappings(before.mappings); !checked) return checked.error();
    if (auto room = checkHeadroom(before.proc, before.mappings); !room) return room.error();
    if (auto short_enough = checkExpectedPause(before.proc, before.mappings, options.max_pause_ms); !short_enough)
        return short_enough.error();
    const auto syscall_address = findSyscall(before.proc, before.mappings);
    if (!syscall_address) return syscall_address.error();
    before.syscall_address = syscall_address.value();
    before.start_stack = startOfStack(before.proc);

    const auto status = before.proc.read("status");
    const auto tids = before.proc.numbers("task");
    if (!status || !tids) return unreadable(pid, "read /proc/PID/task", errno);
    before.status = *status;
    auto leader = readThread(before.proc, pid, *status, false);
    if (!leader) return leader.error();
    before.threads.push_back(*std::move(leader));
    for (const int tid : *tids) {
        if (tid == pid) continue;
        auto facts = readThread(before.proc, tid, *status, false);
        if (facts)
            before.threads.push_back(*std::move(facts));
        else if (facts.error().code != ErrorCode::kProcessExited)
            return facts.error();
    }
    const auto timers = before.proc.read("timers");
    if (!timers) return unreadable(pid, "read timers", errno);  // CONFIG_CHECKPOINT_RESTORE
    auto parsed = parseTimers(*timers);
    if (!parsed) return unreadable(pid, "read timers", EBADMSG);
    before.timers_text = *timers;
    before.timers = *std::move(parsed);
    before.timers_now.resize(timers->size() + 4096);
    before.waits = readWaits(before.proc, before.threads);
    return before;
}

}  // namespace farfork::capturing
