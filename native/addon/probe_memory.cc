// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <fstream>

#include "addon/probe.h"
#include "base/unique_fd.h"

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

namespace farfork::probe {
namespace {

constexpr off_t kImageBytes = off_t{1} << 47;
constexpr size_t kPageBytes = 4096;
constexpr uint64_t kMiB = 1 << 20;
constexpr uint64_t kEnoughMiB = 512;

/// Does with a memfd what the pager does with an image: sparse to 2^47, mapped writable, then sealed.
std::string trySealedImage(bool& ok) {
    rlimit limit{};
    getrlimit(RLIMIT_FSIZE, &limit);
    if (limit.rlim_cur < static_cast<rlim_t>(kImageBytes)) {
        return "the limit of file sizes is " + std::to_string(limit.rlim_cur) + " bytes";  // ftruncate: SIGXFSZ
    }
    const UniqueFd memory(memfd_create("farfork-probe", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!memory.valid()) return withErrno("memfd_create", errno);
    if (ftruncate(memory.get(), kImageBytes) != 0) return withErrno("ftruncate to 2^47", errno);
    void* writable = mmap(nullptr, kPageBytes, PROT_READ | PROT_WRITE, MAP_SHARED, memory.get(), 0);
    if (writable == MAP_FAILED) return withErrno("mmap", errno);
    const int sealed = fcntl(memory.get(), F_ADD_SEALS, F_SEAL_FUTURE_WRITE | F_SEAL_SHRINK | F_SEAL_GROW);
    const int sealing = sealed == 0 ? 0 : errno;
    void* later = mmap(nullptr, kPageBytes, PROT_READ | PROT_WRITE, MAP_SHARED, memory.get(), 0);
    if (later != MAP_FAILED) munmap(later, kPageBytes);
    void* child = mmap(nullptr, kPageBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE, memory.get(), 0);
    *static_cast<volatile char*>(writable) = 1;
    const bool seen = child != MAP_FAILED && *static_cast<volatile char*>(child) == 1;
    if (child != MAP_FAILED) munmap(child, kPageBytes);
    munmap(writable, kPageBytes);
    if (sealing != 0) return withErrno("F_SEAL_FUTURE_WRITE", sealing);
    if (later != MAP_FAILED) return "a sealed memfd could be mapped writable";
    if (!seen) return "a private mapping does not see the image";
    ok = true;
    return "sparse 2^47 bytes, F_SEAL_FUTURE_WRITE";
}

/// struct pm_scan_arg of linux/fs.h (6.7), which Debian 12's headers lack.
struct PagemapScan {
    uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
    uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};
constexpr unsigned long kPagemapScan = _IOWR('f', 16, PagemapScan);
constexpr uint64_t kPageIsPresent = 1 << 3;

int tryPagemapScan() {
    const UniqueFd pagemap(open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC));
    if (!pagemap.valid()) return errno;
    struct {
        uint64_t start, end, categories;
    } region{};
    const uint64_t page = reinterpret_cast<uint64_t>(&region) & ~(kPageBytes - 1);
    PagemapScan scan{.size = sizeof(scan),
                     .start = page,
                     .end = page + kPageBytes,
                     .vec = reinterpret_cast<uint64_t>(&region),
                     .vec_len = 1,
                     .category_mask = kPageIsPresent,
                     .return_mask = kPageIsPresent};
    return ioctl(pagemap.get(), kPagemapScan, &scan) == 1 ? 0 : (errno == 0 ? EIO : errno);
}

uint64_t availableMiB() {
    std::ifstream file("/proc/meminfo");
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("MemAvailable:")) return std::strtoull(line.c_str() + 13, nullptr, 10) / 1024;
    }
    return 0;
}

/// The memory limit of our own cgroup (v2, hybrid or v1 mounts); empty when there is none.
std::string cgroupLimit() {
    std::ifstream file("/proc/self/cgroup");
    for (std::string line; std::getline(file, line);) {
        const size_t path = line.find(':', line.find(':') + 1);
        if (path == std::string::npos) continue;
        const std::string controllers = line.substr(line.find(':') + 1, path - line.find(':') - 1);
        const std::string group = line.substr(path + 1);
        std::string limit;
        if (controllers.empty()) limit = firstLine("/sys/fs/cgroup" + group + "/memory.max");
        if (controllers == "memory") limit = firstLine("/sys/fs/cgroup/memory" + group + "/memory.limit_in_bytes");
        constexpr size_t kUnlimitedDigits = 19;  // v1 says "none" as about 2^63
        if (!limit.empty() && limit != "max" && limit.size() < kUnlimitedDigits) return limit;
    }
    return {};
}

}  // namespace

void probeMemory(std::vector<Probe>& out) {
    Probe image{.name = "memfd-sealing", .advice = "Use Linux 5.1 or later; raise ulimit -f to unlimited."};
    image.detail = trySealedImage(image.ok);
    out.push_back(std::move(image));

    errno = 0;
    const int scan = tryPagemapScan();
    out.push_back({.name = "pagemap-scan",
                   .ok = scan == 0,
                   .required = false,
                   .detail = withErrno("PAGEMAP_SCAN", scan),
                   .advice = "Linux 6.7 or later prepares parents with large empty reservations faster."});

    const std::string limit = cgroupLimit();
    const uint64_t available_mib = availableMiB();
    const uint64_t limit_mib = limit.empty() ? UINT64_MAX : std::strtoull(limit.c_str(), nullptr, 10) / kMiB;
    out.push_back({.name = "memory",
                   .ok = available_mib >= kEnoughMiB && limit_mib >= kEnoughMiB,
                   .required = false,
                   .detail = std::to_string(available_mib) + " MiB available, cgroup limit " +
                             (limit.empty() ? "none" : std::to_string(limit_mib) + " MiB"),
                   .advice = "Images live in memory: free at least " + std::to_string(kEnoughMiB) +
                             " MiB, or raise the memory limit of the agent's cgroup."});

    const std::string modes = firstLine("/sys/kernel/mm/transparent_hugepage/enabled");
    out.push_back({.name = "transparent-huge-pages",
                   .ok = true,
                   .required = false,
                   .detail = modes.empty() ? "not in this kernel" : modes});
}

}  // namespace farfork::probe
