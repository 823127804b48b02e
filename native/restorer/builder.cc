// SPDX-License-Identifier: Apache-2.0
#include "restorer/builder.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

#include "restorer/code.h"
#include "restorer/hole.h"
#include "restorer/parts.h"

namespace farfork {
namespace {

constexpr uint64_t kAddressSpaceEnd = 0x7ffffffff000;  // TASK_SIZE_MAX with four page-table levels

uint64_t pageUp(uint64_t bytes) {
    return (bytes + FF_PAGE_SIZE - 1) & ~(FF_PAGE_SIZE - 1);
}

/// Everything that the region must keep away from.
Result<std::vector<AddressRange>> occupiedRanges(const DescriptorView& descriptor, const PlanView& plan) {
    Result<std::vector<AddressRange>> ranges = ownMappings();
    if (!ranges.ok()) return ranges;
    for (const ff_vma& vma : descriptor.vmas()) ranges->push_back({vma.start, vma.end});
    for (const ff_map& map : plan.maps()) ranges->push_back({map.start, map.end});
    return ranges;
}

Result<void> checkSupported(const DescriptorView& descriptor) {
    const std::string object = "seed " + std::string(descriptor.seedId());
    if (descriptor.header().machine != 62) {
        return Error{ErrorCode::kArchitectureUnsupported, "restorer.build", object,
                     "ELF machine " + std::to_string(descriptor.header().machine)};
    }
    if (descriptor.processes().size() != 1) {
        return Error{ErrorCode::kStateNotCarried, "restorer.build", object,
                     "a tree of " + std::to_string(descriptor.processes().size()) + " processes"};
    }
    return {};
}

void addProcess(RestorerParts& parts) {
    const ff_process& process = parts.process;
    ff_restorer_arguments& arguments = parts.arguments;
    const uint64_t layout[11] = {process.start_code, process.end_code,  process.start_data,  process.end_data,
                                 process.start_brk,  process.brk,       process.start_stack, process.arg_start,
                                 process.arg_end,    process.env_start, process.env_end};
    std::memcpy(arguments.mm, layout, sizeof(layout));
    arguments.auxv = parts.bytes.append(parts.descriptor.auxv(process));
    arguments.auxv_size = process.auxv_size;
    arguments.cwd = parts.bytes.appendString(parts.descriptor.string(process.cwd_path));
    const std::string_view root = parts.descriptor.string(process.root_path);
    if (!root.empty() && root != "/") arguments.root = parts.bytes.appendString(root);
    addAttributes(parts);
    arguments.default_timer_slack_ns = parts.machine.timer_slack_ns;
    arguments.inherited_nice = parts.machine.nice;
    arguments.umask = process.umask;
    arguments.personality = process.personality;
    arguments.set_personality = process.personality != parts.machine.personality;
    arguments.dumpable =
        process.dumpable == 1 ? 1 : 0;  // 2 (suid_dumpable) cannot be asked for, and 0 protects as well
    arguments.oom_score_adj = process.oom_score_adj;
    arguments.set_oom_score = process.oom_score_adj != parts.machine.oom_score_adj;
    arguments.pid = process.pid;
    arguments.is_init = process.pid == 1;
    arguments.sigactions = parts.bytes.appendArray(parts.descriptor.sigactions(process));
    arguments.sigaction_count = FF_SIGNAL_COUNT;
    arguments.maps = parts.bytes.appendArray(parts.plan.maps());
    arguments.map_count = static_cast<uint32_t>(parts.plan.maps().size());
    arguments.registers = parts.bytes.appendArray(parts.plan.registers());
    arguments.register_count = static_cast<uint32_t>(parts.plan.registers().size());
    arguments.affinity = parts.bytes.append(std::as_bytes(std::span(&parts.machine.affinity, 1)));
    arguments.affinity_size = sizeof(parts.machine.affinity);
    arguments.mm_flags = process.mm_flags;
    if (process.mm_flags & FF_MM_LOCK_FUTURE) arguments.advise_child = 1;
    arguments.pending = parts.bytes.appendArray(parts.descriptor.pending(process));
    arguments.pending_count = process.pending_count;
    arguments.timers = parts.bytes.appendArray(parts.descriptor.timers(process));
    arguments.timer_count = process.timer_count;
    std::memcpy(arguments.itimers, process.itimers, sizeof(arguments.itimers));
    arguments.coredump_filter = process.coredump_filter;
    arguments.set_coredump_filter = process.coredump_filter != parts.machine.coredump_filter;
    arguments.thp_disable = process.thp_disable;
    constexpr uint64_t kTileData = 1ULL << 18;  // AMX; asked for by the parent, whether used or not
    if ((process.xcomp_permitted & kTileData) != 0) arguments.request_xcomp = 1;
    for (const ff_map& map : parts.plan.maps()) {
        if ((map.vma_flags & (FF_VMA_DONTFORK | FF_VMA_LOCKED | FF_VMA_SEALED)) != 0) arguments.advise_child = 1;
    }
}

Result<UniqueFd> storeRegion(const RestorerRegion& region, const AddressedBytes& bytes,
                             const AddressedBytes& wait_code) {
    UniqueFd memfd(memfd_create(FF_RESTORER_NAME, MFD_CLOEXEC | MFD_ALLOW_SEALING));
    const auto failed = [](const char* what) {
        return makeErrno(ErrorCode::kResourceExhausted, "restorer.build", "memfd " FF_RESTORER_NAME, what, errno);
    };
    if (!memfd.valid()) return failed("memfd_create");
    const uint64_t total = region.code_bytes + region.argument_bytes + region.working_bytes;
    if (ftruncate(memfd.get(), static_cast<off_t>(total)) != 0) return failed("ftruncate");
    const std::span<const std::byte> code = restorerCode();
    if (pwrite(memfd.get(), code.data(), code.size(), 0) != static_cast<ssize_t>(code.size())) return failed("pwrite");
    const std::vector<std::byte>& waits = wait_code.bytes();
    if (pwrite(memfd.get(), waits.data(), waits.size(),
               static_cast<off_t>(wait_code.end() - waits.size() - region.address)) !=
        static_cast<ssize_t>(waits.size())) {
        return failed("pwrite");
    }
    if (pwrite(memfd.get(), bytes.bytes().data(), bytes.bytes().size(), static_cast<off_t>(region.code_bytes)) !=
        static_cast<ssize_t>(bytes.bytes().size())) {
        return failed("pwrite");
    }
    // A root child can open it through /proc/self/map_files, and must not write into its siblings.
    if (fcntl(memfd.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
        return failed("F_ADD_SEALS");
    }
    return memfd;
}

/// Working memory: struct ff_working, pipes, file descriptors of the plan, mini stacks, the main stack on top.
void layOutWorking(RestorerRegion& region, RestorerParts& parts, std::vector<ff_restorer_thread>& threads) {
    AddressedBytes working(region.address + region.code_bytes + region.argument_bytes);
    region.working = working.reserve(sizeof(ff_working), 64);
    parts.arguments.working = region.working;
    parts.arguments.pipes = working.reserve(sizeof(int32_t) * 2 * parts.arguments.pipe_count, 8);
    parts.arguments.shared_fds = working.reserve(sizeof(int32_t) * parts.arguments.shared_count, 8);
    parts.arguments.spare_ends = working.reserve(sizeof(int32_t) * (parts.arguments.file_count + 2), 8);
    region.file_fds = working.reserve(sizeof(int32_t) * parts.plan.files().size(), 8);
    for (size_t index = 1; index < threads.size(); ++index) {
        threads[index].stack = working.reserve(FF_MINI_STACK_BYTES, 64);
        threads[index].stack_size = FF_MINI_STACK_BYTES;
    }
    working.reserve(FF_MAIN_STACK_BYTES, 64);
    region.stack_top = working.align(FF_PAGE_SIZE);
    parts.arguments.stack_top = region.stack_top;
    region.working_bytes = working.bytes().size();
}

/// One pass at address `address`; sizes do not depend on it.
Result<RestorerRegion> buildAt(uint64_t address, const DescriptorView& descriptor, const PlanView& plan, int image_fd,
                               const Machine& machine, const RestorerOptions& options) {
    RestorerRegion region;
    region.address = address;
    const uint64_t wait_code_at = (restorerCode().size() + 15) & ~15ULL;
    region.code_bytes = pageUp(wait_code_at + waitCodeBytes(descriptor));
    AddressedBytes wait_code(address + wait_code_at);
    AddressedBytes bytes(address + region.code_bytes);
    ff_restorer_arguments arguments{};
    region.arguments = bytes.reserve(sizeof(arguments), 64);
    RestorerParts parts{descriptor, plan,  machine,      descriptor.processes()[0],
                        arguments,  bytes, region.notes, wait_code};
    std::vector<ff_restorer_thread> threads;
    addProcess(parts);
    addLimits(parts);
    if (Result<void> added = addFiles(parts, region.fd_base); !added.ok()) return std::move(added).error();
    addShared(parts);
    if (Result<void> added = addCredentials(parts); !added.ok()) return std::move(added).error();
    if (Result<void> added = addThreads(parts, threads); !added.ok()) return std::move(added).error();
    if (Result<void> added = addSandbox(parts, threads); !added.ok()) return std::move(added).error();
    if (Result<void> added = addRuns(parts, image_fd); !added.ok()) return std::move(added).error();
    // Thread records name their stacks, which lie behind this part; their place in it is fixed now.
    arguments.threads = bytes.reserve(threads.size() * sizeof(ff_restorer_thread), 8);
    arguments.thread_count = static_cast<uint32_t>(threads.size());
    region.argument_bytes = pageUp(bytes.bytes().size());
    layOutWorking(region, parts, threads);
    arguments.region_start = address;
    arguments.region_end = address + region.code_bytes + region.argument_bytes + region.working_bytes;
    arguments.address_space_end = kAddressSpaceEnd;
    if (Result<void> added = addVdso(parts, arguments.region_end + FF_PAGE_SIZE, options.force_vdso_remap);
        !added.ok()) {
        return std::move(added).error();
    }
    std::vector<std::byte> patched = bytes.bytes();
    const uint64_t start = address + region.code_bytes;
    std::memcpy(patched.data() + (region.arguments - start), &arguments, sizeof(arguments));
    std::memcpy(patched.data() + (arguments.threads - start), threads.data(), threads.size() * sizeof(threads[0]));
    AddressedBytes complete(start);
    complete.append(patched);
    Result<UniqueFd> memfd = storeRegion(region, complete, wait_code);
    if (!memfd.ok()) return std::move(memfd).error();
    region.memfd = std::move(*memfd);
    return region;
}

}  // namespace

Result<RestorerRegion> buildRestorer(const DescriptorView& descriptor, const PlanView& plan, int image_fd,
                                     const Machine& machine, const RestorerOptions& options) {
    if (Result<void> supported = checkSupported(descriptor); !supported.ok()) return std::move(supported).error();
    Result<std::vector<AddressRange>> occupied = occupiedRanges(descriptor, plan);
    if (!occupied.ok()) return std::move(occupied).error();
    Result<RestorerRegion> sized = buildAt(1ULL << 32, descriptor, plan, image_fd, machine, options);
    if (!sized.ok()) return sized;
    const uint64_t bytes = sized->code_bytes + sized->argument_bytes + sized->working_bytes + FF_PAGE_SIZE +
                           machine.vvar_size + machine.vdso_size;
    Result<uint64_t> address = findHole(std::move(*occupied), bytes);
    if (!address.ok()) return std::move(address).error();
    return buildAt(*address, descriptor, plan, image_fd, machine, options);
}

}  // namespace farfork
