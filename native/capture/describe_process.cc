// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include "capture/describe.h"
#include "capture/errors.h"

namespace farfork::capturing {
namespace {

uint64_t hexField(std::string_view status, std::string_view key) {
    return numberOf(field(status, key), 16);
}

/// The number in the innermost pid namespace.
int32_t innermost(const std::string& status, const char* key, int64_t otherwise) {
    const auto numbers = numbersOf(field(status, key));
    return static_cast<int32_t>(numbers.empty() ? otherwise : static_cast<int64_t>(numbers.back()));
}

Result<void> describeCredentials(DescriptorBuilder& builder, ff_process& process, const Twin& twin,
                                 const std::string& status) {
    process.umask = static_cast<uint32_t>(numberOf(field(status, "Umask"), 8));
    const auto users = numbersOf(field(status, "Uid")), groups = numbersOf(field(status, "Gid"));
    if (users.size() < 4 || groups.size() < 4) return unreadable(twin.pid(), "read credentials", EIO);
    process.ruid = static_cast<uint32_t>(users[0]);
    process.euid = static_cast<uint32_t>(users[1]);
    process.suid = static_cast<uint32_t>(users[2]);
    process.fsuid = static_cast<uint32_t>(users[3]);
    process.rgid = static_cast<uint32_t>(groups[0]);
    process.egid = static_cast<uint32_t>(groups[1]);
    process.sgid = static_cast<uint32_t>(groups[2]);
    process.fsgid = static_cast<uint32_t>(groups[3]);
    process.group_first = static_cast<uint32_t>(builder.groups.size());
    for (const uint64_t group : numbersOf(field(status, "Groups")))
        builder.groups.push_back(static_cast<uint32_t>(group));
    process.group_count = static_cast<uint32_t>(builder.groups.size()) - process.group_first;
    process.cap_inheritable = hexField(status, "CapInh");
    process.cap_permitted = hexField(status, "CapPrm");
    process.cap_effective = hexField(status, "CapEff");
    process.cap_bounding = hexField(status, "CapBnd");
    process.cap_ambient = hexField(status, "CapAmb");
    process.no_new_privs = static_cast<uint32_t>(numberOf(field(status, "NoNewPrivs")));
    return {};
}

/// prlimit(2) of another user's process takes CAP_SYS_RESOURCE; the file does not. Lines come in the order of the
/// resources' numbers, below a heading, with the two values at fixed columns (linux fs/proc/base.c, proc_pid_limits).
Result<void> describeLimits(ff_process& process, const Twin& twin) {
    constexpr size_t kNameColumns = 26;
    const auto limitOf = [](const std::string& word) {
        return word == "unlimited" ? UINT64_MAX : std::strtoull(word.c_str(), nullptr, 10);
    };
    const auto text = twin.proc().read("limits");
    if (!text) return unreadable(twin.pid(), "read limits of the twin", errno);
    std::istringstream lines(*text);
    std::string line;
    std::getline(lines, line);
    for (auto& limit : process.rlimits) {
        std::string soft, hard;
        if (!std::getline(lines, line) || line.size() <= kNameColumns ||
            !(std::istringstream(line.substr(kNameColumns)) >> soft >> hard)) {
            return unreadable(twin.pid(), "read limits of the twin", EBADMSG);
        }
        limit = {limitOf(soft), limitOf(hard)};
    }
    return {};
}

Result<void> describeLayout(ff_process& process, const Twin& twin) {
    const auto text = twin.proc().read("stat");
    const auto stat = text ? parseStat(*text) : std::nullopt;
    if (!stat) return unreadable(twin.pid(), "read stat of the twin", errno);
    process.start_code = stat->start_code;
    process.end_code = stat->end_code;
    process.start_data = stat->start_data;
    process.end_data = stat->end_data;
    process.start_brk = stat->start_brk;
    process.start_stack = stat->start_stack;
    process.arg_start = stat->arg_start;
    process.arg_end = stat->arg_end;
    process.env_start = stat->env_start;
    process.env_end = stat->env_end;
    process.brk = twin.report().brk;
    process.securebits = static_cast<uint32_t>(twin.report().securebits);
    process.dumpable = static_cast<uint32_t>(twin.report().dumpable);
    process.xcomp_permitted = twin.report().xcomp_permitted;
    // 0 also where the kernel does not know it: then nobody can have set it.
    process.thp_disable = static_cast<uint32_t>(std::max<int64_t>(twin.report().thp_disable, 0));
    const auto filter = twin.proc().read("coredump_filter");
    if (!filter) return unreadable(twin.pid(), "read coredump_filter of the twin", errno);
    process.coredump_filter = static_cast<uint32_t>(numberOf(*filter, 16));
    return {};
}

/// What only the parent's own threads, or the twin that inherited it, can ask the kernel for.
void describeReport(DescriptorBuilder& builder, ff_process& process, const ProcDir& parent, const BlobHeader& report) {
    process.membarrier = static_cast<uint32_t>(report.membarrier);
    process.mdwe = report.mdwe > 0 ? static_cast<uint32_t>(report.mdwe) : 0;
    process.child_subreaper = report.subreaper != 0;
    const ProcDir own(getpid());
    process.own_uts = own.link("ns/uts") != parent.link("ns/uts");
    if (!process.own_uts) return;
    process.hostname = builder.strings.add(report.uts[1]);
    process.domainname = builder.strings.add(report.uts[5]);
}

/// The working folder, which must be what its path names here, or be deleted.
Result<void> describeFolder(DescriptorBuilder& builder, ff_process& process, const ProcDir& proc, std::string path) {
    constexpr std::string_view kDeleted = " (deleted)";
    struct stat held {
    }, named{};
    if (fstatat(proc.fd(), "cwd", &held, 0) != 0) return unreadable(proc.pid(), "stat cwd of the twin", errno);
    if (held.st_nlink == 0 && path.ends_with(kDeleted)) {
        path.resize(path.size() - kDeleted.size());
        process.cwd_deleted = 1;
        process.cwd_mode = held.st_mode & 07777;
        process.cwd_user = held.st_uid;
        process.cwd_group = held.st_gid;
    } else if (stat(path.c_str(), &named) != 0 || named.st_ino != held.st_ino || named.st_dev != held.st_dev) {
        return notCarried("working folder " + path, "its path leads elsewhere, or nowhere");
    }
    process.cwd_path = builder.strings.add(path);
    return {};
}

}  // namespace

Result<void> describeProcess(DescriptorBuilder& builder, ff_process& process, const ProcDir& parent, const Twin& twin) {
    const ProcDir& proc = twin.proc();
    const auto own = parent.read("status"), status = proc.read("status"), auxv = proc.read("auxv");
    const auto personality = proc.read("personality"), adjustment = proc.read("oom_score_adj");
    const auto exe = proc.link("exe"), cwd = proc.link("cwd"), root = proc.link("root");
    if (!own) return unreadable(parent.pid(), "read status", errno);
    if (!status || !auxv || !personality || !exe || !cwd || !root)
        return unreadable(twin.pid(), "read status, auxv, exe, cwd or root of the twin", errno);
    describeReport(builder, process, parent, twin.report());
    process.pid = innermost(*own, "NSpid", parent.pid());
    process.parent_index = -1;
    process.pgid = innermost(*status, "NSpgid", 0);
    process.sid = innermost(*status, "NSsid", 0);
    if (auto done = describeCredentials(builder, process, twin, *status); !done) return done;
    if (auto done = describeLimits(process, twin); !done) return done;
    if (auto done = describeLayout(process, twin); !done) return done;
    process.auxv_offset = builder.addAuxv(std::as_bytes(std::span(*auxv)));
    process.auxv_size = static_cast<uint32_t>(auxv->size());
    process.exe_path = builder.strings.add(*exe);
    if (auto done = describeFolder(builder, process, proc, *cwd); !done) return done;
    process.root_path = builder.strings.add(*root);
    process.personality = static_cast<uint32_t>(numberOf(*personality, 16));
    if (twin.report().cold == -EINVAL) process.mm_flags |= FF_MM_LOCK_FUTURE;
    process.oom_score_adj = adjustment ? std::atoi(adjustment->c_str()) : 0;
    process.sigaction_first = static_cast<uint32_t>(builder.sigactions.size());
    const auto& actions = twin.report().sigactions;
    builder.sigactions.insert(builder.sigactions.end(), std::begin(actions), std::end(actions));
    return {};
}

}  // namespace farfork::capturing
