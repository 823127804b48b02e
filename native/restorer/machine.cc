// SPDX-License-Identifier: Apache-2.0
#include "restorer/machine.h"

#include <cpuid.h>
#include <sys/fsuid.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <span>
#include <sstream>

#include "descriptor/checksum.h"

namespace farfork {
namespace {

void readVdso(Machine& machine) {
    for (const OwnMapping& mapping : readOwnMappings()) {
        const bool is_vdso = mapping.name == "[vdso]";
        if (!is_vdso && mapping.name.rfind("[vvar", 0) != 0) continue;
        machine.vdso_pieces.push_back(mapping);
        if (is_vdso) {
            machine.vdso_start = mapping.start;
            machine.vdso_size = mapping.end - mapping.start;
        } else {
            if (machine.vvar_size == 0) machine.vvar_start = mapping.start;
            machine.vvar_size = mapping.end - machine.vvar_start;
        }
    }
    if (machine.vdso_size == 0) return;
    machine.vdso_hash =
        hash64(std::span(reinterpret_cast<const std::byte*>(machine.vdso_start), machine.vdso_size));  // NOLINT
}

void readXstate(Machine& machine) {
    uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0;
    if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) == 0 || (ecx & bit_OSXSAVE) == 0) return;
    uint32_t low = 0, high = 0;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    machine.xcr0 = static_cast<uint64_t>(high) << 32 | low;
    machine.component_size[0] = 160;
    machine.component_offset[1] = 160;
    machine.component_size[1] = 256;
    for (uint32_t component = 2; component < 63; ++component) {
        if ((machine.xcr0 >> component & 1) == 0) continue;
        __get_cpuid_count(0xd, component, &eax, &ebx, &ecx, &edx);
        machine.component_size[component] = eax;
        machine.component_offset[component] = ebx;
    }
}

void readCapabilities(Machine& machine) {
    std::ifstream status("/proc/self/status");
    const std::pair<const char*, uint64_t*> wanted[] = {{"CapInh:", &machine.cap_inheritable},
                                                        {"CapPrm:", &machine.cap_permitted},
                                                        {"CapEff:", &machine.cap_effective},
                                                        {"CapBnd:", &machine.cap_bounding},
                                                        {"CapAmb:", &machine.cap_ambient}};
    for (std::string line; std::getline(status, line);) {
        for (const auto& [key, value] : wanted) {
            if (line.rfind(key, 0) == 0) *value = std::strtoull(line.c_str() + 7, nullptr, 16);
        }
    }
    std::ifstream("/proc/sys/kernel/cap_last_cap") >> machine.last_capability;
    machine.securebits = static_cast<uint32_t>(prctl(PR_GET_SECUREBITS, 0, 0, 0, 0));
    machine.no_new_privs = static_cast<uint32_t>(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
}

void readCredentials(Machine& machine) {
    getresuid(&machine.ruid, &machine.euid, &machine.suid);
    getresgid(&machine.rgid, &machine.egid, &machine.sgid);
    machine.fsuid = static_cast<uint32_t>(setfsuid(static_cast<uid_t>(-1)));
    machine.fsgid = static_cast<uint32_t>(setfsgid(static_cast<gid_t>(-1)));
    const int count = getgroups(0, nullptr);
    machine.groups.resize(count > 0 ? static_cast<size_t>(count) : 0);
    if (count > 0) getgroups(count, machine.groups.data());
    readCapabilities(machine);
}

}  // namespace

std::vector<OwnMapping> readOwnMappings() {
    std::vector<OwnMapping> mappings;
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        unsigned long long start = 0, end = 0;
        int name_at = 0;
        if (std::sscanf(line.c_str(), "%llx-%llx %*s %*s %*s %*s %n", &start, &end, &name_at) < 2) continue;
        mappings.push_back({start, end, line.substr(std::min<size_t>(static_cast<size_t>(name_at), line.size()))});
    }
    return mappings;
}

Result<Machine> Machine::read() {
    Machine machine;
    readVdso(machine);
    readXstate(machine);
    readCredentials(machine);
    machine.personality = static_cast<uint32_t>(::personality(0xffffffff));
    machine.timer_slack_ns = static_cast<uint64_t>(prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0));
    sched_getaffinity(0, sizeof(machine.affinity), &machine.affinity);
    machine.nice = getpriority(PRIO_PROCESS, 0);
    std::ifstream("/proc/self/oom_score_adj") >> machine.oom_score_adj;
    std::ifstream("/proc/self/coredump_filter") >> std::hex >> machine.coredump_filter;
    for (uint32_t resource = 0; resource < FF_RLIMIT_COUNT; ++resource) {
        rlimit limit{};
        if (getrlimit(static_cast<__rlimit_resource>(resource), &limit) != 0) {
            return makeErrno(ErrorCode::kInternal, "restorer.machine", "limit " + std::to_string(resource), "getrlimit",
                             errno);
        }
        machine.rlimits[resource].soft = limit.rlim_cur;
        machine.rlimits[resource].hard = limit.rlim_max;
    }
    return machine;
}

}  // namespace farfork
