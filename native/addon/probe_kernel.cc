// SPDX-License-Identifier: Apache-2.0
//
// Who we are, which kernel and processor this is, and userfaultfd.
#include <cpuid.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "addon/probe.h"
#include "base/unique_fd.h"

#ifndef USERFAULTFD_IOC_NEW
#define USERFAULTFD_IOC_NEW _IO(0xAA, 0x00)
#endif

namespace farfork::probe {
namespace {

uint64_t effectiveCapabilities() {
    std::ifstream status("/proc/thread-self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("CapEff:")) return std::strtoull(line.c_str() + 7, nullptr, 16);
    }
    return 0;
}

struct Capability {
    const char* name;
    int bit;
    bool required;
    const char* use;
};
constexpr Capability kCapabilities[] = {
    {"cap-sys-admin", 21, true, "namespaces, clone3 with set_tid"},
    {"cap-sys-ptrace", 19, true, "capture of processes, userfaultfd fork events"},
    {"cap-net-admin", 12, false, "network namespaces of cells and of the embedded cluster"},
    {"cap-sys-resource", 24, false, "limits above the hard ones are carried to children"},
};

struct Feature {
    const char* name;
    uint64_t bit;
};
constexpr Feature kFeatures[] = {
    {"EVENT_FORK", UFFD_FEATURE_EVENT_FORK},       {"EVENT_REMAP", UFFD_FEATURE_EVENT_REMAP},
    {"EVENT_REMOVE", UFFD_FEATURE_EVENT_REMOVE},   {"EVENT_UNMAP", UFFD_FEATURE_EVENT_UNMAP},
    {"MISSING_SHMEM", UFFD_FEATURE_MISSING_SHMEM}, {"MINOR_SHMEM", UFFD_FEATURE_MINOR_SHMEM},
};

constexpr const char* kUserfaultfdAdvice =
    "Run as root on a kernel with CONFIG_USERFAULTFD, 5.14 or later; containers need a seccomp profile that allows it.";

/// Asks for every feature at once on a fresh userfaultfd.
void handshake(int fd, Probe& probe) {
    uint64_t wanted = 0;
    for (const Feature& feature : kFeatures) wanted |= feature.bit;
    uffdio_api api{};
    api.api = UFFD_API;
    api.features = wanted;
    const int failed = ioctl(fd, UFFDIO_API, &api) == 0 ? 0 : errno;
    probe.ok = failed == 0;
    probe.detail = withErrno("UFFDIO_API", failed);
    for (const Feature& feature : kFeatures) probe.detail += std::string(", ") + feature.name;
    char mask[32];
    std::snprintf(mask, sizeof(mask), "; all: %#llx", static_cast<unsigned long long>(api.features));
    if (probe.ok) probe.detail += mask;
}

}  // namespace

void probePrivileges(std::vector<Probe>& out) {
    out.push_back({.name = "root",
                   .ok = geteuid() == 0,
                   .detail = "effective uid " + std::to_string(geteuid()),
                   .advice = "Run the agent as root."});
    const uint64_t capabilities = effectiveCapabilities();
    for (const Capability& capability : kCapabilities) {
        const bool held = (capabilities >> capability.bit & 1) != 0;
        out.push_back({.name = capability.name,
                       .ok = held,
                       .required = capability.required,
                       .detail = std::string(held ? "held" : "missing") + "; for " + capability.use,
                       .advice = "Give the agent this capability (docker: --cap-add, systemd: AmbientCapabilities)."});
    }
}

void probeKernel(std::vector<Probe>& out) {
    utsname name{};
    uname(&name);
    int major = 0, minor = 0;
    std::sscanf(name.release, "%d.%d", &major, &minor);
    out.push_back({.name = "kernel",
                   .ok = major > 6 || (major == 6 && minor >= 1),
                   .detail = std::string(name.sysname) + " " + name.release + " " + name.machine,
                   .advice = "Use Linux 6.1 or later."});

    unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
    const bool xsave = __get_cpuid(1, &eax, &ebx, &ecx, &edx) != 0 && (ecx & bit_OSXSAVE) != 0;
    out.push_back({.name = "cpu-xsave",
                   .ok = xsave,
                   .detail = xsave ? "enabled by the kernel" : "absent",
                   .advice = "Use an x86-64 processor of 2011 or later; a virtual machine must expose XSAVE."});
    constexpr unsigned long kHwcap2Fsgsbase = 1UL << 1;  // linux arch/x86/include/uapi/asm/hwcap2.h
    const bool fsgsbase = (getauxval(AT_HWCAP2) & kHwcap2Fsgsbase) != 0;
    out.push_back({.name = "cpu-fsgsbase",
                   .ok = fsgsbase,
                   .required = false,
                   .detail = fsgsbase ? "enabled by the kernel" : "absent: arch_prctl is used instead",
                   .advice = "Expose FSGSBASE to the virtual machine for faster resumes."});
}

void probeUserfaultfd(std::vector<Probe>& out) {
    Probe call{.name = "userfaultfd", .advice = kUserfaultfdAdvice};
    const UniqueFd fd(static_cast<int>(syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK)));
    if (fd.valid()) {
        handshake(fd.get(), call);
    } else {
        call.detail = withErrno("userfaultfd(2)", errno);
    }
    out.push_back(std::move(call));

    Probe device{
        .name = "dev-userfaultfd",
        .required = false,
        .advice = "mknod /dev/userfaultfd with the minor number of /proc/misc; cells in a user namespace need it."};
    const UniqueFd opened(open("/dev/userfaultfd", O_RDWR | O_CLOEXEC));
    const UniqueFd made(opened.valid() ? ioctl(opened.get(), USERFAULTFD_IOC_NEW, O_CLOEXEC | O_NONBLOCK) : -1);
    device.detail = made.valid() ? "usable" : withErrno(opened.valid() ? "USERFAULTFD_IOC_NEW" : "open", errno);
    if (made.valid()) handshake(made.get(), device);
    out.push_back(std::move(device));
}

}  // namespace farfork::probe
