// SPDX-License-Identifier: Apache-2.0
#include "restorer/steps.h"

#include <cerrno>
#include <cstdio>

namespace farfork {
namespace {

enum class Object { kChild, kMap, kPresent, kSignal, kFile, kRegister, kThread, kLimit, kShared };
struct Step {
    const char* name = nullptr;
    Object object = Object::kChild;
};

Step stepOf(uint32_t step) {
    switch (static_cast<ff_step>(step)) {
        case FF_STEP_UNMAP:
            return {"restorer.unmap"};
        case FF_STEP_VDSO:
            return {"restorer.vdso"};
        case FF_STEP_MAP:
            return {"restorer.map", Object::kMap};
        case FF_STEP_ADVISE:
            return {"restorer.advise", Object::kMap};
        case FF_STEP_MM_MAP:
            return {"restorer.mm-map"};
        case FF_STEP_SIGACTION:
            return {"restorer.sigaction", Object::kSignal};
        case FF_STEP_XCOMP:
            return {"restorer.amx-permission"};
        case FF_STEP_PERSONALITY:
            return {"restorer.personality"};
        case FF_STEP_MEMBARRIER:
            return {"restorer.membarrier"};
        case FF_STEP_RECEIVE:
            return {"restorer.receive"};
        case FF_STEP_JOIN_PID:
            return {"restorer.join-pid-namespace"};
        case FF_STEP_CLONE:
            return {"restorer.clone"};
        case FF_STEP_FDS:
            return {"restorer.move-fds"};
        case FF_STEP_OWN_PID:
            return {"restorer.own-pid"};
        case FF_STEP_JOIN:
            return {"restorer.join-cell"};
        case FF_STEP_PROC:
            return {"restorer.proc"};
        case FF_STEP_UTS:
            return {"restorer.hostname"};
        case FF_STEP_UFFD:
            return {"restorer.userfaultfd"};
        case FF_STEP_UFFD_API:
            return {"restorer.userfaultfd-api"};
        case FF_STEP_ATTACH:
            return {"restorer.attach"};
        case FF_STEP_KEEP:
            return {"restorer.keep"};
        case FF_STEP_SESSION:
            return {"restorer.session"};
        case FF_STEP_OOM_SCORE:
            return {"restorer.oom-score"};
        case FF_STEP_SHARED:
            return {"restorer.shared", Object::kShared};
        case FF_STEP_SHARED_MAP:
            return {"restorer.map-shared", Object::kMap};
        case FF_STEP_OPEN:
            return {"restorer.open", Object::kFile};
        case FF_STEP_SEEK:
            return {"restorer.seek", Object::kFile};
        case FF_STEP_PIPE:
            return {"restorer.pipe", Object::kFile};
        case FF_STEP_OBJECT:
            return {"restorer.object", Object::kFile};
        case FF_STEP_SOCKET_OPTION:
            return {"restorer.socket-option", Object::kFile};
        case FF_STEP_SOCKET_BIND:
            return {"restorer.bind", Object::kFile};
        case FF_STEP_SOCKET_LISTEN:
            return {"restorer.listen", Object::kFile};
        case FF_STEP_SOCKET_CONNECT:
            return {"restorer.connect", Object::kFile};
        case FF_STEP_SOCKET_QUEUE:
            return {"restorer.socket-queue", Object::kFile};
        case FF_STEP_DUP:
            return {"restorer.dup", Object::kFile};
        case FF_STEP_CWD:
            return {"restorer.chdir"};
        case FF_STEP_ROOT:
            return {"restorer.chroot"};
        case FF_STEP_REGISTER:
            return {"restorer.register", Object::kRegister};
        case FF_STEP_PRESENT:
            return {"restorer.present", Object::kPresent};
        case FF_STEP_DONTFORK:
            return {"restorer.dontfork", Object::kMap};
        case FF_STEP_LOCK:
            return {"restorer.mlock", Object::kMap};
        case FF_STEP_LOCK_FUTURE:
            return {"restorer.mlockall"};
        case FF_STEP_SEAL:
            return {"restorer.mseal", Object::kMap};
        case FF_STEP_THREAD_CLONE:
            return {"restorer.thread", Object::kThread};
        case FF_STEP_ROBUST_LIST:
            return {"restorer.robust-list", Object::kThread};
        case FF_STEP_RSEQ:
            return {"restorer.rseq", Object::kThread};
        case FF_STEP_SCHEDULER:
            return {"restorer.scheduler", Object::kThread};
        case FF_STEP_GS_BASE:
            return {"restorer.gs-base", Object::kThread};
        case FF_STEP_THREADS_READY:
            return {"restorer.threads-ready"};
        case FF_STEP_RLIMIT:
            return {"restorer.rlimit", Object::kLimit};
        case FF_STEP_CREDENTIALS:
            return {"restorer.credentials", Object::kThread};
        case FF_STEP_SUBREAPER:
            return {"restorer.subreaper"};
        case FF_STEP_MDWE:
            return {"restorer.mdwe"};
        case FF_STEP_SPECULATION:
            return {"restorer.speculation", Object::kThread};
        case FF_STEP_NO_NEW_PRIVS:
            return {"restorer.no-new-privs", Object::kThread};
        case FF_STEP_SECCOMP:
            return {"restorer.seccomp", Object::kThread};
        case FF_STEP_DUMPABLE:
            return {"restorer.dumpable"};
        case FF_STEP_CLOSE:
            return {"restorer.close"};
        case FF_STEP_OWNER:
            return {"restorer.owner", Object::kFile};
        case FF_STEP_SIGNAL:
            return {"restorer.signal", Object::kThread};
        case FF_STEP_TIMER:
            return {"restorer.timer"};
        case FF_STEP_AFFINITY:
            return {"restorer.affinity", Object::kThread};
        case FF_STEP_COREDUMP_FILTER:
            return {"restorer.coredump-filter"};
        case FF_STEP_THP_DISABLE:
            return {"restorer.thp-disable"};
        case FF_STEP_NONE:
            break;
    }
    return {"restorer.unknown"};
}

std::string rangeText(uint64_t start, uint64_t end) {
    char text[64];
    std::snprintf(text, sizeof(text), "%llx-%llx", static_cast<unsigned long long>(start),
                  static_cast<unsigned long long>(end));
    return text;
}

std::string objectOf(const ff_status& status, const DescriptorView& descriptor, const PlanView& plan) {
    const ff_process& process = descriptor.processes()[0];
    const uint32_t index = status.index;
    switch (stepOf(status.step).object) {
        case Object::kMap:
            if (index >= plan.maps().size()) break;
            return "mapping " + rangeText(plan.maps()[index].start, plan.maps()[index].end);
        case Object::kPresent:
            if (index >= plan.presents().size()) break;
            return "pages " + rangeText(plan.presents()[index].start, plan.presents()[index].end);
        case Object::kRegister:
            if (index >= plan.registers().size()) break;
            return "range " + rangeText(plan.registers()[index].start, plan.registers()[index].end);
        case Object::kShared:
            if (index >= descriptor.shared().size()) break;
            return "shared memory '" + std::string(descriptor.string(descriptor.shared()[index].name)) + "'";
        case Object::kSignal:
            return "signal " + std::to_string(index);
        case Object::kLimit:
            return "resource limit " + std::to_string(index);
        case Object::kThread:
            if (index >= process.thread_count) break;
            return "thread " + std::to_string(descriptor.threads(process)[index].tid);
        case Object::kFile: {
            if (index >= process.file_count) break;
            const ff_file& file = descriptor.files(process)[index];
            return "fd " + std::to_string(file.fd) + " (" + std::string(descriptor.string(file.path)) + ")";
        }
        case Object::kChild:
            break;
    }
    if (status.step == FF_STEP_CWD) return "folder " + std::string(descriptor.string(process.cwd_path));
    if (status.step == FF_STEP_ROOT) return "folder " + std::string(descriptor.string(process.root_path));
    if (status.step == FF_STEP_CLONE) return "pid " + std::to_string(process.pid);
    return "seed " + std::string(descriptor.seedId()) + ", item " + std::to_string(index);
}

}  // namespace

const char* restorerStepName(uint32_t step) {
    return stepOf(step).name;
}

Error restorerError(const ff_status& status, const DescriptorView& descriptor, const PlanView& plan) {
    const bool path_step = status.step == FF_STEP_OPEN || status.step == FF_STEP_CWD || status.step == FF_STEP_ROOT;
    const bool missing = path_step && (status.error == ENOENT || status.error == ENOTDIR);
    return makeErrno(missing ? ErrorCode::kFileMissing : ErrorCode::kResumeFailed, restorerStepName(status.step),
                     objectOf(status, descriptor, plan), "the kernel refused it", status.error);
}

}  // namespace farfork
