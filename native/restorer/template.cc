// SPDX-License-Identifier: Apache-2.0
#include "restorer/template.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/rseq.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <vector>

namespace farfork {
namespace {

Error startError(const char* what) {
    return makeErrno(ErrorCode::kResourceExhausted, "restorer.template", "template", what, errno);
}

/// The plan's local files, compared again with what the pager checked.
Result<std::vector<UniqueFd>> openPlanFiles(const PlanView& plan) {
    std::vector<UniqueFd> files;
    for (const ff_plan_file& file : plan.files()) {
        const std::string path(plan.string(file.path));
        UniqueFd fd(open(path.c_str(), static_cast<int>(file.open_flags) | O_CLOEXEC | O_NOCTTY));
        if (!fd.valid()) return makeErrno(ErrorCode::kFileMissing, "restorer.local-file", path, "open", errno);
        struct stat now {};
        if (fstat(fd.get(), &now) != 0 || now.st_dev != file.device || now.st_ino != file.inode ||
            (file.open_flags == O_RDONLY && static_cast<uint64_t>(now.st_size) != file.size)) {
            return Error{ErrorCode::kFileMissing, "restorer.local-file", path, "it changed since it was compared"};
        }
        files.push_back(std::move(fd));
    }
    return files;
}

uint64_t slotsAddress(const RestorerRegion& region) {
    return region.address + region.code_bytes + region.argument_bytes + region.working_bytes;
}

/// Everything that the new process needs, ready before it exists: it makes system calls only.
struct Start {
    const RestorerRegion& region;
    std::vector<int> sources;  ///< in the order of struct ff_template_fds, then the plan's files
    std::vector<int> moved;    ///< scratch of the same size
    ff_template_fds fds{};
    uint32_t serial = 0;
    pid_t parent = 0;
    int slots_fd = -1;
};

[[noreturn]] void failStart(const Start& start, int status_fd, uint32_t step, uint32_t index) {
    ff_status status{};
    status.kind = FF_STATUS_FAILED;
    status.step = step;
    status.index = index;
    status.error = errno;
    status.template_serial = start.serial;
    send(status_fd, &status, sizeof(status), MSG_NOSIGNAL);
    _exit(111);
}

/// Puts every descriptor at fd_base and above, in order, and closes all others. By way of numbers that are used by
/// neither the sources nor the targets.
void moveFds(Start& start, int status_fd) {
    const int base = start.fds.fd_base;
    const int count = static_cast<int>(start.sources.size());
    for (int index = 0; index < count; ++index) {
        start.moved[index] = start.sources[index] < 0 ? -1 : fcntl(start.sources[index], F_DUPFD, base + count);
        if (start.sources[index] >= 0 && start.moved[index] < 0) failStart(start, status_fd, FF_STEP_FDS, index);
    }
    const int moved_status = start.moved[1];
    for (int index = 0; index < count; ++index) {
        if (start.moved[index] >= 0 && dup3(start.moved[index], base + index, O_CLOEXEC) < 0) {
            failStart(start, moved_status, FF_STEP_FDS, index);
        }
        if (start.moved[index] < 0) close(base + index);
    }
    close_range(0, static_cast<unsigned>(base - 1), 0);
    close_range(static_cast<unsigned>(base + count), ~0U, 0);
}

/// The slots follow the region, out of every child's sight.
bool mapSlots(const RestorerRegion& region, int slots_fd) {
    void* const at = reinterpret_cast<void*>(slotsAddress(region));  // NOLINT: a chosen address
    return mmap(at, FF_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED_NOREPLACE, slots_fd, 0) == at &&
           madvise(at, FF_PAGE_SIZE, MADV_DONTFORK) == 0;
}

bool mapRegion(const RestorerRegion& region, int memfd) {
    const struct {
        uint64_t bytes;
        int protection;
    } parts[] = {{region.code_bytes, PROT_READ | PROT_EXEC},
                 {region.argument_bytes, PROT_READ},
                 {region.working_bytes, PROT_READ | PROT_WRITE}};
    uint64_t offset = 0;
    for (const auto& part : parts) {
        void* const at = reinterpret_cast<void*>(region.address + offset);  // NOLINT: a chosen address
        if (mmap(at, part.bytes, part.protection, MAP_PRIVATE | MAP_FIXED_NOREPLACE, memfd,
                 static_cast<off_t>(offset)) != at) {
            return false;
        }
        offset += part.bytes;
    }
    return true;
}

/// The new process, from clone3 to the blob. Not a libc process any more: system calls only.
[[noreturn]] void becomeTemplate(Start& start) {
    const int status_fd = start.sources[1];
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != start.parent) _exit(111);
    sigset_t all;
    std::memset(&all, 0xff, sizeof(all));
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, nullptr, 8);
    // Mapped before the descriptors move: the memfd is not among those that stay.
    if (!mapRegion(start.region, start.region.memfd.get()) || !mapSlots(start.region, start.slots_fd)) {
        failStart(start, status_fd, FF_STEP_MAP, 0);
    }
    auto* const working = reinterpret_cast<ff_working*>(start.region.working);  // NOLINT: mapped just above
    moveFds(start, status_fd);
    start.fds.file_fds = start.region.file_fds;
    auto* const file_fds = reinterpret_cast<int32_t*>(start.region.file_fds);  // NOLINT
    const int fixed = 8;
    for (size_t index = fixed; index < start.sources.size(); ++index) {
        file_fds[index - fixed] = start.fds.fd_base + static_cast<int>(index);
    }
    working->fds = start.fds;
    working->template_serial = start.serial;
    working->slots = slotsAddress(start.region);
    // The kernel writes to a registered rseq area at every return; ours is about to be unmapped.
    if (__rseq_size != 0) {
        char* const area = static_cast<char*>(__builtin_thread_pointer()) + __rseq_offset;
        syscall(SYS_rseq, area, 32, RSEQ_FLAG_UNREGISTER, RSEQ_SIG);
    }
    __asm__ volatile("jmp *%0"
                     :
                     : "r"(start.region.address), "D"(start.region.arguments), "S"(start.region.stack_top)
                     : "memory");
    __builtin_unreachable();
}

Result<std::vector<int>> sourcesOf(const TemplateFds& fds, int requests, int null_device, int exe,
                                   const std::vector<UniqueFd>& files) {
    std::vector<int> sources{fds.image,   fds.status,     requests, fds.pager, fds.userfault_device,
                             null_device, fds.descriptor, exe};
    for (const UniqueFd& file : files) sources.push_back(file.get());
    return sources;
}

}  // namespace

Result<Template> startTemplate(const RestorerRegion& region, const DescriptorView& descriptor, const PlanView& plan,
                               const TemplateFds& fds, uint32_t template_serial) {
    Result<std::vector<UniqueFd>> files = openPlanFiles(plan);
    if (!files.ok()) return std::move(files).error();
    const std::string exe_path(descriptor.string(descriptor.processes()[0].exe_path));
    const UniqueFd exe(open(exe_path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!exe.valid()) return makeErrno(ErrorCode::kFileMissing, "restorer.executable", exe_path, "open", errno);
    const UniqueFd null_device(open("/dev/null", O_RDWR | O_CLOEXEC));
    int ends[2];
    if (!null_device.valid()) return startError("open /dev/null");
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return startError("socketpair");
    Template result;
    result.requests.reset(ends[0]);
    const UniqueFd theirs(ends[1]);
    Result<std::vector<int>> sources = sourcesOf(fds, theirs.get(), null_device.get(), exe.get(), *files);
    const UniqueFd slots_fd(memfd_create("farfork-slots", MFD_CLOEXEC));
    if (!slots_fd.valid() || ftruncate(slots_fd.get(), FF_PAGE_SIZE) != 0) return startError("memfd_create");
    void* const slots = mmap(nullptr, FF_PAGE_SIZE, PROT_READ, MAP_SHARED, slots_fd.get(), 0);
    if (slots == MAP_FAILED) return startError("mmap");
    result.slots.reset(static_cast<ff_slot*>(slots));
    Start start{region, *sources, std::vector<int>(sources->size()), {}, template_serial, getpid(), slots_fd.get()};
    const int base = region.fd_base;
    start.fds = {.fd_base = base,
                 .image = base,
                 .status = base + 1,
                 .requests = base + 2,
                 .pager = base + 3,
                 .userfault_device = fds.userfault_device < 0 ? FF_NO_FD : base + 4,
                 .null_device = base + 5,
                 .descriptor = base + 6,
                 .exe = base + 7,
                 .file_fds = 0};
    clone_args arguments{};
    arguments.exit_signal = SIGCHLD;
    const long pid = syscall(SYS_clone3, &arguments, sizeof(arguments));
    if (pid == 0) becomeTemplate(start);
    if (pid < 0) return startError("clone3");
    result.pid = static_cast<pid_t>(pid);
    return result;
}

void UnmapSlots::operator()(ff_slot* slots) const {
    munmap(slots, FF_PAGE_SIZE);
}

pid_t Template::pidOf(uint64_t serial, uint32_t slot) const {
    const ff_slot& entry = slots[slot % FF_SLOTS];
    if (__atomic_load_n(&entry.serial, __ATOMIC_ACQUIRE) != serial) return 0;
    return __atomic_load_n(&entry.pid, __ATOMIC_ACQUIRE);
}

void bindTemplate(Template& process, bool bound, const cpu_set_t& everywhere) {
    const int cpu = bound ? sched_getcpu() : -1;
    if (cpu == process.bound_cpu) return;
    cpu_set_t one;
    CPU_ZERO(&one);
    if (bound) CPU_SET(static_cast<size_t>(cpu), &one);
    if (sched_setaffinity(process.pid, sizeof(one), bound ? &one : &everywhere) == 0) process.bound_cpu = cpu;
}

Result<bool> sendRequest(const Template& process, const ff_request& request, std::span<const int> fds) {
    iovec piece{const_cast<ff_request*>(&request), sizeof(request)};
    alignas(cmsghdr) char control[CMSG_SPACE(FF_REQUEST_FDS * sizeof(int))] = {};
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    if (!fds.empty()) {
        message.msg_control = control;
        message.msg_controllen = CMSG_SPACE(fds.size_bytes());
        cmsghdr* const entry = CMSG_FIRSTHDR(&message);
        entry->cmsg_level = SOL_SOCKET;
        entry->cmsg_type = SCM_RIGHTS;
        entry->cmsg_len = CMSG_LEN(fds.size_bytes());
        std::memcpy(CMSG_DATA(entry), fds.data(), fds.size_bytes());
    }
    for (;;) {
        if (sendmsg(process.requests.get(), &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) return true;
        if (errno == EINTR) continue;
        if (errno == EAGAIN) return false;
        return makeErrno(ErrorCode::kResumeFailed, "restorer.request", "template " + std::to_string(process.pid),
                         "sendmsg", errno);
    }
}

}  // namespace farfork
