// SPDX-License-Identifier: Apache-2.0
#include "capture/validate.h"

#include <elf.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/kcmp.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/sched/types.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>

#include "capture/errors.h"

namespace farfork::capturing {
namespace {

// linux include/linux/sched.h: PF_KTHREAD, PF_EXITING
constexpr uint64_t kKernelThreadFlag = 0x00200000, kExitingFlag = 0x4;

Error refuse(ErrorCode code, pid_t pid, std::string detail) {
    return Error{code, "capture.validate", pidName(pid), std::move(detail)};
}

Result<void> checkExecutable(const ProcDir& proc) {
    UniqueFd exe(openat(proc.fd(), "exe", O_RDONLY | O_CLOEXEC));
    if (!exe.valid()) return unreadable(proc.pid(), "open exe", errno);
    unsigned char head[EI_NIDENT + 4] = {};
    if (pread(exe.get(), head, sizeof head, 0) != sizeof head || memcmp(head, ELFMAG, SELFMAG) != 0)
        return refuse(ErrorCode::kArchitectureUnsupported, proc.pid(), "its executable is not an ELF file");
    uint16_t machine;
    memcpy(&machine, head + EI_NIDENT + 2, sizeof machine);
    if (head[EI_CLASS] != ELFCLASS64)
        return refuse(ErrorCode::kArchitectureUnsupported, proc.pid(), "a 32-bit program");
    if (machine != EM_X86_64)
        return refuse(ErrorCode::kArchitectureUnsupported, proc.pid(), "ELF machine " + std::to_string(machine));
    return {};
}

/// An exiting thread has given up its tables already.
bool isExiting(const ProcDir& proc, const std::string& folder) {
    const auto text = proc.read(folder + "stat");
    const auto stat = text ? parseStat(*text) : std::nullopt;
    return !stat || stat->flags & kExitingFlag || stat->state == 'Z' || stat->state == 'X';
}

bool sameTable(pid_t one, pid_t other, int type) {
    return syscall(SYS_kcmp, one, other, type, 0, 0) == 0;
}

/// What prctl(PR_SET_SPECULATION_CTRL) was asked for, as the kernel words it (linux fs/proc/array.c, task_seccomp).
uint32_t speculation(std::string_view text) {
    if (text == "thread force mitigated" || text == "conditional force disabled") return PR_SPEC_FORCE_DISABLE;
    return text == "thread mitigated" || text == "conditional disabled" ? PR_SPEC_DISABLE : 0;
}

/// Whether `name`, below /proc/PID, is the same object for the process and for us. A kernel without it: yes.
bool isOurs(const ProcDir& proc, const char* name) {
    struct stat own {
    }, its{};
    if (stat((std::string("/proc/self/") + name).c_str(), &own) != 0) return true;
    return fstatat(proc.fd(), name, &its, 0) == 0 && own.st_ino == its.st_ino && own.st_dev == its.st_dev;
}

/// A child gets this node's users and files; the parent must have meant the same ones. Where only some mounts differ,
/// each path that is carried is compared by itself.
Result<void> checkNamespaces(const ProcDir& proc) {
    if (!isOurs(proc, "ns/user")) return notCarried("user namespace of its own", "it is not the agent's");
    if (!isOurs(proc, "ns/mnt") && !isOurs(proc, "root"))
        return notCarried("mount namespace of its own", "its root is not the agent's");
    return {};
}

}  // namespace

Result<void> checkKind(const ProcDir& proc) {
    const pid_t pid = proc.pid();
    const auto status = proc.read("status");
    const auto stat_text = proc.read("stat");
    if (!status || !stat_text) return unreadable(pid, "read status", errno);
    const auto stat = parseStat(*stat_text);
    if (!stat) return refuse(ErrorCode::kCaptureFailed, pid, "/proc/PID/stat cannot be read");
    const auto group = static_cast<pid_t>(numberOf(field(*status, "Tgid")));
    if (group != pid)
        return refuse(ErrorCode::kInvalidArgument, pid, "is a thread of process " + std::to_string(group));
    if (pid == getpid()) return refuse(ErrorCode::kInvalidArgument, pid, "is the capturing process itself");
    if (stat->flags & kKernelThreadFlag) return refuse(ErrorCode::kKernelThread, pid, stat->comm);
    if (stat->state == 'Z' || stat->state == 'X') {
        if (stat->threads > 1) return notCarried("main thread " + std::to_string(pid), "it exited before the others");
        return refuse(ErrorCode::kProcessExited, pid, "is a zombie");
    }
    if (const auto tracer = numberOf(field(*status, "TracerPid")); tracer != 0)
        return refuse(ErrorCode::kProcessTraced, pid, "traced by pid " + std::to_string(tracer));
    if (stat->state == 'T') return refuse(ErrorCode::kProcessStopped, pid, "in state T (stopped)");
    return checkExecutable(proc);
}

Result<ThreadFacts> readThread(const ProcDir& proc, pid_t tid, std::string_view leader_status, bool ours) {
    const std::string folder = "task/" + std::to_string(tid) + "/", name = "thread " + std::to_string(tid);
    const auto status = proc.read(folder + "status");
    const auto comm = proc.read(folder + "comm");
    if (!status || !comm) return unreadable(proc.pid(), "read " + folder + "status", errno);
    if (const auto tracer = numberOf(field(*status, "TracerPid")); tracer != 0 && !ours)
        return refuse(ErrorCode::kProcessTraced, proc.pid(), name + " is traced by pid " + std::to_string(tracer));
    for (const char* key : {"Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"})
        if (field(*status, key) != field(leader_status, key))
            return notCarried(name, std::string("its credentials (") + key + ") differ from the main thread's");
    if (!field(*status, "x86_Thread_features").empty()) return notCarried("shadow stack of " + name);
    if (tid != proc.pid()) {
        const char* differing = !sameTable(proc.pid(), tid, KCMP_FILES) ? "it has a descriptor table of its own"
                                : !sameTable(proc.pid(), tid, KCMP_FS)  ? "it has a working directory of its own"
                                                                        : nullptr;
        if (differing && isExiting(proc, folder)) return unreadable(proc.pid(), name, ESRCH);
        if (differing) return notCarried(name, differing);
    }
    ThreadFacts facts;
    facts.tid = tid;
    const auto ids = numbersOf(field(*status, "NSpid"));
    facts.own_tid = ids.empty() ? tid : static_cast<pid_t>(ids.back());
    facts.comm = comm->substr(0, comm->size() - (comm->ends_with('\n') ? 1 : 0));  // a name may end in a newline
    facts.seccomp_mode = static_cast<uint32_t>(numberOf(field(*status, "Seccomp")));
    facts.no_new_privs = static_cast<uint32_t>(numberOf(field(*status, "NoNewPrivs")));
    facts.system_admin = numberOf(field(*status, "CapEff"), 16) >> CAP_SYS_ADMIN & 1;
    facts.speculation_store = speculation(field(*status, "Speculation_Store_Bypass"));
    facts.speculation_branch = speculation(field(*status, "SpeculationIndirectBranch"));
    sched_attr schedule{};
    if (syscall(SYS_sched_getattr, tid, &schedule, sizeof schedule, 0) != 0)
        return unreadable(proc.pid(), "sched_getattr", errno);
    if (schedule.sched_policy == SCHED_DEADLINE) return notCarried("SCHED_DEADLINE of " + name);
    if (schedule.sched_policy > SCHED_DEADLINE)
        return notCarried("scheduling policy " + std::to_string(schedule.sched_policy) + " of " + name);
    // Utilization clamps; the kernel's own are 0 and 1024, and 1024 and 1024 for real-time threads.
    const bool real_time = schedule.sched_policy == SCHED_FIFO || schedule.sched_policy == SCHED_RR;
    if ((schedule.sched_util_min != 0 && !(real_time && schedule.sched_util_min == 1024)) ||
        (schedule.sched_util_max != 0 && schedule.sched_util_max != 1024))
        return notCarried("utilization clamp of " + name);
    facts.sched_policy = schedule.sched_policy;
    if (schedule.sched_flags & SCHED_FLAG_RESET_ON_FORK) facts.sched_policy |= SCHED_RESET_ON_FORK;
    if (const long io = syscall(SYS_ioprio_get, 1 /* IOPRIO_WHO_PROCESS */, tid); io > 0 && io >> 13 != 0)
        facts.io_priority = static_cast<uint32_t>(io);
    facts.pending = numberOf(field(*status, "SigPnd"), 16) | numberOf(field(*status, "ShdPnd"), 16);
    facts.affinity.resize(1024);  // of 65536 processors
    const long mask = syscall(SYS_sched_getaffinity, tid, facts.affinity.size() * 8, facts.affinity.data());
    if (mask < 0) return unreadable(proc.pid(), "sched_getaffinity", errno);
    facts.affinity.resize(static_cast<size_t>(mask) / 8);
    facts.sched_priority = static_cast<int32_t>(schedule.sched_priority);
    facts.nice = schedule.sched_nice;
    return facts;
}

std::string nameChild(const ProcDir& proc) {
    const auto tids = proc.numbers("task");
    if (!tids) return {};
    for (const int tid : *tids) {
        const auto children = proc.read("task/" + std::to_string(tid) + "/children");
        if (!children || children->empty()) continue;
        const auto pid = static_cast<pid_t>(numberOf(*children));
        const auto stat = ProcDir(pid).read("stat");
        const auto parsed = stat ? parseStat(*stat) : std::nullopt;
        return "child process " + std::to_string(pid) + (parsed ? " (" + parsed->comm + ")" : "");
    }
    return {};
}

bool samePidNamespace(const ProcDir& proc) {
    struct stat own {
    }, its{};
    return stat("/proc/self/ns/pid", &own) == 0 && fstatat(proc.fd(), "ns/pid", &its, 0) == 0 &&
           own.st_ino == its.st_ino && own.st_dev == its.st_dev;
}

Result<void> checkState(const ProcDir& proc) {
    const auto status = proc.read("status");
    if (!status) return unreadable(proc.pid(), "read status", errno);
    const auto ids = numbersOf(field(*status, "NSpid"));
    if (!ids.empty() && ids.back() == 1)
        return notCarried("pid 1 of its pid namespace", "the twin would become its child");
    if (auto same = checkNamespaces(proc); !same) return same;
    if (auto unused = checkSystemV(proc); !unused) return unused;
    if (const std::string child = nameChild(proc); !child.empty()) return notCarried(child);
    for (const auto& [own, inherited] :
         {std::pair{"ns/pid", "ns/pid_for_children"}, {"ns/time", "ns/time_for_children"}}) {
        const auto now = proc.link(own), later = proc.link(inherited);
        if (now && (!later || *now != *later))
            return notCarried(std::string(inherited), "its children are made in another namespace");
    }
    return {};
}

}  // namespace farfork::capturing
