// SPDX-License-Identifier: Apache-2.0
//
// A stand-in for capture, for tests: the descriptor of a live process as far as memory goes, from /proc/PID/maps.
#pragma once
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cinttypes>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "check.h"
#include "descriptor/builder.h"
#include "descriptor/checksum.h"
#include "image/process_view.h"

namespace farfork::test {

inline void describeFile(ff_vma& vma, const std::string& path, bool hashed) {
    struct stat status {};
    if (stat(path.c_str(), &status) != 0) return;
    vma.file_size = static_cast<uint64_t>(status.st_size);
    vma.file_mtime_ns = status.st_mtim.tv_sec * 1'000'000'000LL + status.st_mtim.tv_nsec;
    if (!hashed || !S_ISREG(status.st_mode)) return;
    std::ifstream file(path, std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)), {});
    const Hash128 hash = hash128(std::as_bytes(std::span(bytes)));
    vma.file_hash_high = hash.high;
    vma.file_hash_low = hash.low;
}

inline ff_vma parseMapsLine(const std::string& line, StringTable& strings, bool hashed) {
    ff_vma vma{};
    char prot[8] = {}, path[512] = {};
    std::sscanf(line.c_str(), "%" SCNx64 "-%" SCNx64 " %7s %" SCNx64 " %x:%x %" SCNu64 " %511[^\n]", &vma.start,
                &vma.end, prot, &vma.file_offset, &vma.dev_major, &vma.dev_minor, &vma.inode, path);
    vma.prot = (prot[0] == 'r' ? PROT_READ : 0) | (prot[1] == 'w' ? PROT_WRITE : 0) | (prot[2] == 'x' ? PROT_EXEC : 0);
    if (prot[3] == 's') vma.flags |= FF_VMA_SHARED;
    std::string name = path;
    if (name == "[stack]") vma.flags |= FF_VMA_STACK | FF_VMA_GROWSDOWN;
    if (name == "[heap]") vma.flags |= FF_VMA_HEAP;
    if (name == "[vdso]") vma.flags |= FF_VMA_VDSO;
    if (name.starts_with("[vvar")) vma.flags |= FF_VMA_VVAR;
    if (name == "[vsyscall]") vma.flags |= FF_VMA_VSYSCALL;
    if (name.empty() || name[0] != '/') return vma;
    vma.flags |= FF_VMA_FILE;
    if (const size_t at = name.find(" (deleted)"); at != std::string::npos) {
        name.resize(at);
        vma.flags |= FF_VMA_FILE_DELETED;
    } else {
        describeFile(vma, name, hashed);
    }
    vma.path = strings.add(name);
    return vma;
}

struct DescribedProcess {
    std::vector<std::byte> bytes;
    ProcessView view;
};

/// `adjust` may change VMAs and threads before the descriptor is laid out.
inline DescribedProcess describe(pid_t pid, const std::string& seed_id, bool hashed = true,
                                 const std::function<void(DescriptorBuilder&)>& adjust = nullptr) {
    DescriptorBuilder builder;
    CHECK_OK(builder.setSeedId(seed_id));
    std::ifstream maps("/proc/" + std::to_string(pid) + "/maps");
    for (std::string line; std::getline(maps, line);) {
        const ff_vma vma = parseMapsLine(line, builder.strings, hashed);
        if ((vma.flags & FF_VMA_VSYSCALL) == 0) builder.vmas.push_back(vma);
    }
    ff_thread thread{};
    thread.tid = pid;
    builder.threads.push_back(thread);
    builder.sigactions.resize(FF_SIGNAL_COUNT);
    if (adjust) adjust(builder);
    const std::vector<std::byte> xstate(832);
    for (ff_thread& each : builder.threads) {
        each.xstate_size = static_cast<uint32_t>(xstate.size());
        each.xstate_offset = builder.addXstate(xstate);
    }
    ff_process process{};
    process.pid = pid;
    process.parent_index = -1;
    process.thread_count = static_cast<uint32_t>(builder.threads.size());
    process.vma_count = static_cast<uint32_t>(builder.vmas.size());
    process.control_fd = UINT32_MAX;
    builder.processes.push_back(process);
    DescribedProcess described{builder.build(), {}};
    Result<DescriptorView> view = DescriptorView::parse(described.bytes);
    CHECK_OK(view);
    if (view.ok()) described.view = {view.value(), view->processes().data()};
    return described;
}

/// A process that prepares itself and then waits to be killed: a twin.
class FrozenProcess {
  public:
    explicit FrozenProcess(const std::function<void()>& prepare) {
        int ready[2];
        if (pipe(ready) != 0) std::abort();
        std::fflush(nullptr);
        pid_ = fork();
        if (pid_ == 0) {
            prepare();
            if (write(ready[1], "r", 1) != 1) _exit(1);
            for (;;) pause();
        }
        close(ready[1]);
        char byte = 0;
        CHECK_EQ(read(ready[0], &byte, 1), 1);
        close(ready[0]);
    }
    ~FrozenProcess() {
        kill(pid_, SIGKILL);
        waitpid(pid_, nullptr, 0);
    }
    FrozenProcess(const FrozenProcess&) = delete;
    [[nodiscard]] pid_t pid() const { return pid_; }
    [[nodiscard]] UniqueFd pidfd() const { return UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0))); }

  private:
    pid_t pid_ = -1;
};

}  // namespace farfork::test
