// SPDX-License-Identifier: Apache-2.0
#include "restorer/parts.h"

#include <fcntl.h>

#include <algorithm>
#include <map>
#include <set>

#include "descriptor/objects.h"
#include "restorer/sigframe.h"

namespace farfork {

Result<void> addVdso(RestorerParts& parts, uint64_t scratch, bool force_remap) {
    const ff_process& process = parts.process;
    const Machine& machine = parts.machine;
    ff_restorer_arguments& arguments = parts.arguments;
    if (process.vdso_size == 0) return {};
    const auto incompatible = [&](std::string detail) {
        return Error{ErrorCode::kIncompatibleVdso, "restorer.vdso", "seed " + std::string(parts.descriptor.seedId()),
                     std::move(detail)};
    };
    if (machine.vdso_size == 0) return incompatible("this machine has none");
    if (parts.descriptor.header().vdso_hash != machine.vdso_hash) return incompatible("its text differs");
    if (process.vdso_size != machine.vdso_size || process.vvar_size != machine.vvar_size) {
        return incompatible("its mappings have other sizes here");
    }
    if (process.vvar_start + process.vvar_size != process.vdso_start ||
        machine.vvar_start + machine.vvar_size != machine.vdso_start) {
        return incompatible("vvar does not lie directly below the vdso");
    }
    arguments.vvar_start = process.vvar_start;
    arguments.vdso_start = process.vdso_start;
    arguments.vdso_mode = force_remap ? FF_VDSO_REMAP : FF_VDSO_MAP;
    if (machine.vdso_pieces.size() > FF_VDSO_PIECES) return incompatible("it has too many pieces here");
    arguments.scratch = scratch;
    for (const OwnMapping& piece : machine.vdso_pieces) {
        arguments.vdso_pieces[arguments.vdso_piece_count++] = {
            piece.start, process.vvar_start + (piece.start - machine.vvar_start), piece.end - piece.start};
        arguments.scratch_size += piece.end - piece.start;
    }
    return {};
}

namespace {

/// What the child cannot have before its threads are there, and its credentials its own: those sign the signals.
void addOwner(ff_restorer_file& result, const ff_file& file) {
    result.owner_type = file.owner_type;
    result.owner = file.owner;
    result.owner_signal = file.owner_signal;
    result.async = file.status_flags & O_ASYNC;
    const bool replaced = file.kind == FF_FILE_STDIO || file.kind == FF_FILE_CONTROL;
    result.owned = !replaced && (file.owner != 0 || file.owner_signal != 0 || result.async != 0) ? 1 : 0;
}

/// Kinds that ff_file and its path alone describe.
bool isPathKind(uint32_t kind) {
    return kind < FF_FILE_EVENTFD || kind == FF_FILE_OPATH || kind == FF_FILE_PROC;
}

bool isPipe(uint32_t kind) {
    return kind == FF_FILE_PIPE || kind == FF_FILE_FIFO;
}

Result<ff_restorer_file> fileOf(RestorerParts& parts, const ff_file& file) {
    ff_restorer_file result{};
    result.fd = file.fd;
    result.kind = file.kind;
    result.close_on_exec = file.close_on_exec;
    result.same_as = FF_NO_FD;
    result.stdio_fd = file.stdio_fd;
    result.passed = file.passed;
    result.position = file.position;
    result.inode = file.inode;
    // O_ASYNC has no effect in open(2), and once it is among the flags fcntl(2) does not switch it on any more.
    constexpr uint32_t kMaking = O_CREAT | O_EXCL | O_TRUNC | O_NOCTTY | O_ASYNC;
    result.open_flags = (file.status_flags & ~kMaking) | O_NOCTTY | (file.close_on_exec != 0 ? O_CLOEXEC : 0);
    const std::string_view path = parts.descriptor.string(file.path);
    result.path = parts.bytes.appendString(file.kind == FF_FILE_DELETED ? path.substr(0, path.rfind('/') + 1) : path);
    result.stdio_kind = file.stdio_kind;
    addOwner(result, file);
    result.pipe_run_count = file.pipe_run_count;
    result.pipe_capacity = file.pipe_capacity;
    result.pipe_write_end = (file.status_flags & O_ACCMODE) == O_WRONLY ? 1 : 0;
    const std::span<const std::byte> queued = parts.descriptor.queuedBytes(file);
    result.bytes_size = static_cast<uint32_t>(queued.size());
    if (!queued.empty()) {
        parts.bytes.align(8);
        result.bytes = parts.bytes.append(queued);
    }
    const std::string object = "fd " + std::to_string(file.fd);
    if (file.fd < 0 || file.kind < FF_FILE_REGULAR || file.kind >= FF_FILE_KIND_COUNT ||
        (file.kind == FF_FILE_STDIO && file.stdio_fd > 2)) {
        return Error{ErrorCode::kDescriptorCorrupt, "restorer.files", object,
                     "kind " + std::to_string(file.kind) + ", stdio " + std::to_string(file.stdio_fd)};
    }
    return result;
}

/// An entry may have a number that is above all descriptors; the child uses it for a moment.
Result<void> addEpollNumbers(const RestorerParts& parts, const ff_file& file, int32_t& fd_base) {
    const std::span<const std::byte> object = parts.descriptor.queuedBytes(file);
    if (object.empty()) return {};  // a duplicate
    const auto* epoll = reinterpret_cast<const ff_epoll*>(object.data());
    const std::span entries(reinterpret_cast<const ff_epoll_entry*>(epoll + 1), epoll->entry_count);
    for (const ff_epoll_entry& entry : entries) {
        if (entry.file >= parts.process.file_count || entry.number == INT32_MAX) {
            return Error{ErrorCode::kDescriptorCorrupt, "restorer.files", "fd " + std::to_string(file.fd),
                         "an epoll entry for file " + std::to_string(entry.file)};
        }
        fd_base = std::max(fd_base, entry.number + 1);
    }
    return {};
}

}  // namespace

Result<void> addFiles(RestorerParts& parts, int32_t& fd_base) {
    std::vector<ff_restorer_file> files;
    std::map<uint32_t, int32_t> first_of_description;
    std::map<uint64_t, uint32_t> pipes;
    std::set<std::pair<uint64_t, uint32_t>> pipe_ends;
    constexpr int32_t kLowestBase = 16;  // a request's descriptors arrive below it
    fd_base = kLowestBase;
    for (const ff_file& file : parts.descriptor.files(parts.process)) {
        Result<ff_restorer_file> made = fileOf(parts, file);
        if (!made.ok()) return std::move(made).error();
        if (file.kind != FF_FILE_CONTROL) {
            const auto first = first_of_description.try_emplace(file.description, file.fd);
            if (!first.second) made->same_as = first.first->second;
            if (!isPathKind(file.kind) && !isPipe(file.kind) && first.second && made->bytes_size == 0) {
                return Error{ErrorCode::kDescriptorCorrupt, "restorer.files", "fd " + std::to_string(file.fd),
                             "an object that says nothing of itself"};
            }
        }
        if (isPipe(file.kind)) {
            made->pipe_index = pipes.try_emplace(file.inode, static_cast<uint32_t>(pipes.size())).first->second;
            const bool both = (file.status_flags & O_ACCMODE) == O_RDWR;
            made->pipe_reopened =
                made->same_as == FF_NO_FD &&
                (both || file.kind == FF_FILE_FIFO || !pipe_ends.insert({file.inode, made->pipe_write_end}).second);
        }
        if (made->owned && made->same_as == FF_NO_FD) parts.arguments.has_owners = 1;
        fd_base = std::max(fd_base, file.fd + 1);
        if (file.kind == FF_FILE_EPOLL) {
            if (Result<void> added = addEpollNumbers(parts, file, fd_base); !added.ok())
                return std::move(added).error();
        }
        files.push_back(*made);
    }
    parts.arguments.files = parts.bytes.appendArray(std::span<const ff_restorer_file>(files));
    parts.arguments.file_count = static_cast<uint32_t>(files.size());
    parts.arguments.pipe_count = static_cast<uint32_t>(pipes.size());
    return {};
}

namespace {

/// What of a thread's CPU mask this node allows; 0: all that the spawner may use.
uint64_t affinityOf(RestorerParts& parts, const ff_thread& thread) {
    const std::span<const std::byte> wanted = parts.descriptor.affinity(thread);
    if (wanted.empty()) return 0;
    cpu_set_t mask{};
    std::memcpy(&mask, wanted.data(), std::min(wanted.size(), sizeof(mask)));
    CPU_AND(&mask, &mask, &parts.machine.affinity);
    if (CPU_COUNT(&mask) == 0) {
        parts.notes.push_back("thread " + std::to_string(thread.tid) +
                              ": none of its processors is allowed on this node; it may use all that are");
        return 0;
    }
    return parts.bytes.append(std::as_bytes(std::span(&mask, 1)));
}

}  // namespace

Result<void> addThreads(RestorerParts& parts, std::vector<ff_restorer_thread>& threads) {
    const ff_thread& leader = parts.descriptor.threads(parts.process)[0];
    for (const ff_thread& thread : parts.descriptor.threads(parts.process)) {
        ff_restorer_thread result{};
        const ff_thread ready = withWaitCode(parts, thread);
        const uint64_t frame_at = parts.bytes.align(64);
        Result<Sigframe> frame = makeSigframe(ready, parts.descriptor.xstate(thread), parts.descriptor.header().xcr0,
                                              parts.machine, frame_at);
        if (!frame.ok()) return std::move(frame).error();
        parts.bytes.append(frame->bytes, 64);
        result.tid = thread.tid;
        result.frame = frame_at + frame->stack_pointer;
        result.fs_base = thread.regs.fs_base;
        result.gs_base = thread.regs.gs_base;
        result.robust_list_head = thread.robust_list_head;
        result.robust_list_size = thread.robust_list_size;
        result.clear_child_tid = thread.clear_child_tid;
        result.rseq_address = thread.rseq_address;
        result.rseq_size = thread.rseq_size;
        result.rseq_signature = thread.rseq_signature;
        std::memcpy(result.comm, thread.comm, FF_COMM_SIZE);
        result.comm[FF_COMM_SIZE - 1] = '\0';
        result.set_comm = std::strncmp(thread.comm, leader.comm, FF_COMM_SIZE) != 0;
        result.sched_policy = thread.sched_policy;
        result.sched_priority = thread.sched_priority;
        result.nice = thread.nice;
        result.parent_death_signal = thread.parent_death_signal;
        result.expand_amx = frame->has_tile_data;
        result.timer_slack_ns = thread.timer_slack_ns;
        result.io_priority = thread.io_priority;
        result.pending = parts.bytes.appendArray(parts.descriptor.pending(thread));
        result.pending_count = thread.pending_count;
        result.affinity = affinityOf(parts, thread);
        if (frame->has_tile_data) parts.arguments.request_xcomp = 1;
        threads.push_back(result);
    }
    return {};
}

Result<void> addCredentials(RestorerParts& parts) {
    const ff_process& process = parts.process;
    const Machine& machine = parts.machine;
    ff_restorer_credentials& wanted = parts.arguments.credentials;
    const std::span<const uint32_t> groups = parts.descriptor.groups(process);
    wanted = {.group_count = process.group_count,
              .ruid = process.ruid,
              .euid = process.euid,
              .suid = process.suid,
              .fsuid = process.fsuid,
              .rgid = process.rgid,
              .egid = process.egid,
              .sgid = process.sgid,
              .fsgid = process.fsgid,
              .cap_effective = process.cap_effective,
              .cap_permitted = process.cap_permitted,
              .cap_inheritable = process.cap_inheritable,
              .cap_bounding = process.cap_bounding,
              .cap_ambient = process.cap_ambient,
              .securebits = process.securebits,
              .last_capability = machine.last_capability};
    const bool equal =
        std::ranges::equal(groups, machine.groups) && process.ruid == machine.ruid && process.euid == machine.euid &&
        process.suid == machine.suid && process.fsuid == machine.fsuid && process.rgid == machine.rgid &&
        process.egid == machine.egid && process.sgid == machine.sgid && process.fsgid == machine.fsgid &&
        process.cap_effective == machine.cap_effective && process.cap_permitted == machine.cap_permitted &&
        process.cap_inheritable == machine.cap_inheritable && process.cap_bounding == machine.cap_bounding &&
        process.cap_ambient == machine.cap_ambient && process.securebits == machine.securebits;
    if (equal) return {};
    const uint64_t lacking = (process.cap_permitted | process.cap_effective) & ~machine.cap_permitted;
    if (lacking != 0) {
        char text[32];
        std::snprintf(text, sizeof(text), "%#llx", static_cast<unsigned long long>(lacking));
        return Error{ErrorCode::kCapabilityMissing, "restorer.credentials",
                     "seed " + std::string(parts.descriptor.seedId()),
                     std::string("the parent had capabilities that the spawner lacks: mask ") + text};
    }
    wanted.change = 1;
    wanted.groups = parts.bytes.appendArray(groups);
    return {};
}

void addLimits(RestorerParts& parts) {
    constexpr uint64_t kSysResource = 1ULL << 24;
    for (uint32_t resource = 0; resource < FF_RLIMIT_COUNT; ++resource) {
        uint64_t soft = parts.process.rlimits[resource].soft, hard = parts.process.rlimits[resource].hard;
        const auto& own = parts.machine.rlimits[resource];
        if (hard > own.hard && (parts.machine.cap_effective & kSysResource) == 0) {
            parts.notes.push_back("resource limit " + std::to_string(resource) + ": the hard limit " +
                                  std::to_string(hard) + " is lowered to this node's " + std::to_string(own.hard) +
                                  " (no CAP_SYS_RESOURCE)");
            hard = own.hard;
            soft = std::min(soft, hard);
        }
        if (soft == own.soft && hard == own.hard) continue;
        parts.arguments.rlimits[resource].soft = soft;
        parts.arguments.rlimits[resource].hard = hard;
        parts.arguments.rlimit_mask |= 1U << resource;
    }
}

}  // namespace farfork
