// SPDX-License-Identifier: Apache-2.0
#include <dirent.h>
#include <sys/resource.h>

#include <cstdint>
#include <cstdlib>

#include "addon/probe.h"

namespace farfork::probe {
namespace {

constexpr uint64_t kManyFiles = 65'536;
constexpr uint64_t kManyPids = 32'768;

std::string rdmaDevices() {
    std::string names;
    DIR* folder = opendir("/sys/class/infiniband");
    if (folder == nullptr) return names;
    while (const dirent* entry = readdir(folder)) {
        if (entry->d_name[0] == '.') continue;
        names += (names.empty() ? "" : ", ") + std::string(entry->d_name);
    }
    closedir(folder);
    return names;
}

}  // namespace

void probeLimits(std::vector<Probe>& out) {
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    out.push_back(
        {.name = "open-files",
         .ok = files.rlim_max >= kManyFiles,
         .required = false,
         .detail = "limit " + std::to_string(files.rlim_cur) + ", hard " + std::to_string(files.rlim_max),
         .advice = "Each child takes a few descriptors of pager and spawner: raise the hard limit (ulimit -Hn, "
                   "LimitNOFILE=) to " +
                   std::to_string(kManyFiles) + "."});

    const std::string pids = firstLine("/proc/sys/kernel/pid_max");
    out.push_back({.name = "pid-max",
                   .ok = std::strtoull(pids.c_str(), nullptr, 10) >= kManyPids,
                   .required = false,
                   .detail = pids,
                   .advice = "Raise kernel.pid_max for more children."});

    const std::string devices = rdmaDevices();
    out.push_back({.name = "rdma",
                   .ok = !devices.empty(),
                   .required = false,
                   .detail = devices.empty() ? "no device: the fabric uses TCP" : devices,
                   .advice = "Nothing to do; farfork works without RDMA."});
}

}  // namespace farfork::probe
