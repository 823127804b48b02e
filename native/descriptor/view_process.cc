// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <vector>

#include "descriptor/validator.h"

namespace farfork {
namespace {

constexpr uint32_t kAllVmaFlags = (FF_VMA_DROPPABLE << 1) - 1;
constexpr uint32_t kAllProt = 7;                // PROT_READ|WRITE|EXEC
constexpr uint32_t kMinXstateBytes = 512 + 64;  // legacy area and XSAVE header (Intel SDM volume 1, 13.4)
constexpr uint32_t kMaxXstateBytes = 1u << 20;
constexpr uint32_t kMaxProcesses = 1u << 16;

bool within(uint64_t first, uint64_t count, uint64_t size) {
    return first <= size && count <= size - first;
}

}  // namespace

bool DescriptorValidator::process(const ff_process& process, size_t index) {
    if (index >= kMaxProcesses) return fail("too many processes");
    if (process.pid <= 0) return fail("bad pid");
    if (process.mm_flags & ~7u || process.reserved) return fail("memory flags are unknown");
    const bool root = process.parent_index == -1;
    if (root != (index == 0)) return fail("the first process, and only it, has no parent");
    if (!root && (process.parent_index < 0 || static_cast<size_t>(process.parent_index) >= index))
        return fail("a process comes before its parent");
    return processGroups(process) && threadsOf(process) && vmasOf(process) && sharedOf(process) && filesOf(process) &&
           signalsAndTimers(process);
}

bool DescriptorValidator::processGroups(const ff_process& process) {
    if (process.thread_first != threads_end_ ||
        !within(process.thread_first, process.thread_count, view_.threads_.size()))
        return fail("thread range out of bounds");
    if (process.vma_first != vmas_end_ || !within(process.vma_first, process.vma_count, view_.vmas_.size()))
        return fail("VMA range out of bounds");
    if (process.file_first != files_end_ || !within(process.file_first, process.file_count, view_.files_.size()))
        return fail("file range out of bounds");
    if (!within(process.sigaction_first, FF_SIGNAL_COUNT, view_.sigactions_.size()))
        return fail("signal action range out of bounds");
    if (!within(process.group_first, process.group_count, view_.groups_.size()))
        return fail("group range out of bounds");
    if (!within(process.auxv_offset, process.auxv_size, view_.auxv_.size())) return fail("auxv range out of bounds");
    threads_end_ += process.thread_count;
    vmas_end_ += process.vma_count;
    files_end_ += process.file_count;
    for (const uint64_t address : {process.vdso_start, process.vvar_start, process.start_brk, process.brk})
        if (address >= kUserAddressEnd) return fail("address out of bounds");
    if (process.vdso_size > kUserAddressEnd - process.vdso_start ||
        process.vvar_size > kUserAddressEnd - process.vvar_start)
        return fail("vdso out of bounds");
    return stringAt(process.hostname, "hostname") && stringAt(process.domainname, "domainname") &&
           stringAt(process.exe_path, "exe") && stringAt(process.cwd_path, "cwd") &&
           stringAt(process.root_path, "root");
}

bool DescriptorValidator::threadsOf(const ff_process& process) {
    const auto threads = view_.threads(process);
    if (threads.empty()) return fail("a process without threads");
    if (threads.front().tid != process.pid) return fail("the first thread is not the group leader");
    std::vector<int32_t> tids;
    for (const ff_thread& each : threads) {
        if (!thread(each)) return false;
        tids.push_back(each.tid);
    }
    std::sort(tids.begin(), tids.end());
    if (std::adjacent_find(tids.begin(), tids.end()) != tids.end()) return fail("two threads have one tid");
    return true;
}

bool DescriptorValidator::thread(const ff_thread& thread) {
    const std::string name = "thread " + std::to_string(thread.tid);
    if (thread.tid <= 0) return fail("bad tid");
    if (thread.xstate_size < kMinXstateBytes || thread.xstate_size > kMaxXstateBytes ||
        thread.xstate_offset % 64 != 0 || !within(thread.xstate_offset, thread.xstate_size, view_.xstate_.size()))
        return fail(name + ": xstate out of bounds");
    if (!memchr(thread.comm, '\0', sizeof thread.comm)) return fail(name + ": name does not end");
    if (thread.regs.rip >= kUserAddressEnd && thread.regs.rip < 0xffffffffff600000ULL)  // the vsyscall page
        return fail(name + ": instruction pointer out of bounds");
    if (thread.regs.fs_base >= kUserAddressEnd || thread.regs.gs_base >= kUserAddressEnd)
        return fail(name + ": segment base out of bounds");
    if (!within(thread.rseq_address, thread.rseq_size, kUserAddressEnd)) return fail(name + ": rseq out of bounds");
    if (!within(thread.robust_list_head, thread.robust_list_size, kUserAddressEnd))
        return fail(name + ": robust list out of bounds");
    if (!within(thread.clear_child_tid, sizeof(int32_t), kUserAddressEnd))
        return fail(name + ": clear_child_tid out of bounds");
    if (thread.wait_register >= FF_WAIT_REGISTER_END ||
        (thread.wait_register && thread.wait_unit != FF_WAIT_MS && thread.wait_unit != FF_WAIT_TIMESPEC))
        return fail(name + ": unknown wait");
    if (thread.affinity_bytes % sizeof(uint64_t)) return fail(name + ": CPU mask of an odd size");
    return inBytes(thread.pending_offset, thread.pending_count, sizeof(ff_siginfo), name + ": pending signals") &&
           inBytes(thread.affinity_offset, thread.affinity_bytes, 1, name + ": CPU mask") && seccomp(thread);
}

bool DescriptorValidator::inBytes(uint64_t offset, uint64_t count, uint64_t entry_size, const std::string& what) {
    if (count == 0 && offset == 0) return true;
    return (offset % 8 == 0 && within(offset, count * entry_size, view_.queued_.size())) ||
           fail(what + " out of bounds");
}

bool DescriptorValidator::signalsAndTimers(const ff_process& process) {
    if (!inBytes(process.pending_offset, process.pending_count, sizeof(ff_siginfo), "pending signals") ||
        !inBytes(process.timers_offset, process.timer_count, sizeof(ff_posix_timer), "timers"))
        return false;
    int64_t last = -1;
    for (const ff_posix_timer& timer : view_.timers(process)) {
        if (timer.id <= last) return fail("timers do not ascend");
        last = timer.id;
    }
    return true;
}

bool DescriptorValidator::vmasOf(const ff_process& process) {
    uint64_t end = 0;
    for (const ff_vma& vma : view_.vmas(process)) {
        if (vma.start % FF_PAGE_SIZE || vma.end % FF_PAGE_SIZE || vma.start >= vma.end)
            return fail("VMA bounds are wrong");
        if (vma.start < end) return fail("VMAs do not ascend");
        if (vma.end > kUserAddressEnd && !(vma.flags & FF_VMA_VSYSCALL)) return fail("VMA above the user addresses");
        if (vma.prot & ~kAllProt || vma.flags & ~kAllVmaFlags) return fail("VMA flags are unknown");
        if (vma.shared > view_.shared_.size() || (vma.shared && vma.flags & FF_VMA_FILE))
            return fail("VMA of no shared object");
        if (vma.file_offset % FF_PAGE_SIZE && (vma.flags & FF_VMA_FILE || vma.shared))
            return fail("VMA file offset is not page-aligned");
        if (vma.flags & FF_VMA_FILE && vma.path == 0) return fail("file VMA without a path");
        if (!stringAt(vma.path, "VMA path")) return false;
        end = vma.end;
    }
    return true;
}

bool DescriptorValidator::filesOf(const ff_process& process) {
    int64_t last = -1;
    bool control_found = process.control_fd == UINT32_MAX;
    for (const ff_file& each : view_.files(process)) {
        if (each.fd <= last) return fail("descriptors do not ascend");
        last = each.fd;
        if (!file(each)) return false;
        control_found |= each.kind == FF_FILE_CONTROL && static_cast<uint32_t>(each.fd) == process.control_fd;
    }
    return control_found || fail("the control descriptor is not among the files");
}

bool DescriptorValidator::file(const ff_file& file) {
    const std::string name = "fd " + std::to_string(file.fd);
    if (file.kind < FF_FILE_REGULAR || file.kind >= FF_FILE_KIND_COUNT) return fail(name + ": unknown kind");
    if (file.passed > 1) return fail(name + ": passed is not 0 or 1");
    if (file.close_on_exec > 1) return fail(name + ": close_on_exec is not 0 or 1");
    if (file.kind == FF_FILE_STDIO && file.stdio_fd > 2) return fail(name + ": stdio_fd is not 0, 1 or 2");
    if (!within(file.bytes_offset, file.bytes_size, view_.queued_.size())) return fail(name + ": bytes out of bounds");
    if (file.stdio_kind && (file.kind != FF_FILE_STDIO || file.stdio_kind != FF_FILE_REGULAR))
        return fail(name + ": wrong stdio_kind");
    if (file.owner < 0 || file.owner_type > 2 || file.owner_signal > FF_SIGNAL_COUNT || file.passed > 1)
        return fail(name + ": wrong owner");
    if (file.pipe_run_count && !file.bytes_size) return fail(name + ": runs without bytes");
    if (file.bytes_size) {
        if (file.bytes_offset % 8) return fail(name + ": bytes are not aligned");
        const std::string fault = objectFault(file, view_.queuedBytes(file));
        if (!fault.empty()) return fail(name + ": " + fault);
    }
    return stringAt(file.path, name.c_str());
}

}  // namespace farfork
