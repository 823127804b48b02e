// SPDX-License-Identifier: Apache-2.0
//
// What farfork does with processes: namespaces, chosen pids, ptrace. Each is tried on a short-lived child. Children are
// made by raw clone3 with exit signal 0, so that no SIGCHLD handler and no other wait of this process sees them.
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "addon/probe.h"

#ifndef PTRACE_GET_RSEQ_CONFIGURATION
#define PTRACE_GET_RSEQ_CONFIGURATION static_cast<__ptrace_request>(0x420f)
#endif
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

namespace farfork::probe {
namespace {

/// In the child: only what is safe after a raw clone of a threaded process.
[[noreturn]] void endChild(bool wait_for_kill) {
    while (wait_for_kill) syscall(SYS_pause);
    for (;;) syscall(SYS_exit_group, 0);
}

/// Makes a child; its pid, or -errno.
pid_t makeChild(uint64_t flags, pid_t chosen_pid, bool wait_for_kill) {
    clone_args args{};
    args.flags = flags;
    if (chosen_pid != 0) {
        args.set_tid = reinterpret_cast<uint64_t>(&chosen_pid);
        args.set_tid_size = 1;
    }
    const long pid = syscall(SYS_clone3, &args, sizeof(args));
    if (pid == 0) endChild(wait_for_kill);
    return static_cast<pid_t>(pid < 0 ? -errno : pid);
}

void reap(pid_t pid) {
    while (waitpid(pid, nullptr, __WALL) < 0 && errno == EINTR) {
    }
}

void probeClone(std::vector<Probe>& out, const char* name, uint64_t flags, pid_t chosen_pid, bool required) {
    const pid_t pid = makeChild(flags, chosen_pid, false);
    if (pid > 0) reap(pid);
    out.push_back({.name = name,
                   .ok = pid > 0,
                   .required = required,
                   .detail = withErrno("clone3", pid > 0 ? 0 : -pid),
                   .advice = "Run as root outside of a container, or in one with CAP_SYS_ADMIN and a seccomp profile "
                             "that allows clone3; the kernel needs this namespace type."});
}

void probeRseq(std::vector<Probe>& out, pid_t traced) {
    struct {
        uint64_t pointer;
        uint32_t size, signature, flags, pad;
    } configuration{};
    const long size = ptrace(PTRACE_GET_RSEQ_CONFIGURATION, traced, sizeof(configuration), &configuration);
    out.push_back({.name = "ptrace-rseq",
                   .ok = size > 0,
                   .detail = withErrno("PTRACE_GET_RSEQ_CONFIGURATION", size > 0 ? 0 : errno),
                   .advice = "Use a kernel of 5.13 or later with CONFIG_RSEQ."});
}

void probeReadMemory(std::vector<Probe>& out, pid_t pid) {
    uint64_t source = 0x6661726b, copy = 0;
    const iovec local{&copy, sizeof(copy)}, remote{&source, sizeof(source)};
    // The child is a copy of this process: `source` is at the same address there.
    const bool read = process_vm_readv(pid, &local, 1, &remote, 1, 0) == sizeof(copy);
    out.push_back({.name = "process-vm-readv",
                   .ok = read,
                   .detail = withErrno("process_vm_readv", read ? 0 : errno),
                   .advice = "The kernel needs CONFIG_CROSS_MEMORY_ATTACH; a seccomp profile must allow it."});
}

void probePtrace(std::vector<Probe>& out) {
    const std::string scope = firstLine("/proc/sys/kernel/yama/ptrace_scope");
    out.push_back(
        {.name = "ptrace-scope",
         .ok = scope != "3",
         .detail = scope.empty() ? "yama is not in use" : "yama ptrace_scope " + scope,
         .advice = "ptrace_scope 3 forbids ptrace until the next boot: set kernel.yama.ptrace_scope below 3."});
    const pid_t child = makeChild(0, 0, true);
    Probe seize{.name = "ptrace", .advice = "Run as root; a seccomp profile must allow ptrace."};
    Probe seccomp{.name = "ptrace-suspend-seccomp",
                  .required = false,
                  .advice = "Parents under a seccomp filter are refused; the kernel needs CONFIG_CHECKPOINT_RESTORE."};
    if (child <= 0) {
        seize.detail = seccomp.detail = withErrno("clone3", -child);
        out.push_back(std::move(seize));
        out.push_back(std::move(seccomp));
        return;
    }
    seize.ok = ptrace(PTRACE_SEIZE, child, nullptr, nullptr) == 0;
    seize.detail = withErrno("PTRACE_SEIZE", seize.ok ? 0 : errno);
    if (seize.ok && ptrace(PTRACE_INTERRUPT, child, nullptr, nullptr) == 0) {
        int status = 0;
        while (waitpid(child, &status, __WALL) < 0 && errno == EINTR) {
        }
        seccomp.ok = ptrace(PTRACE_SETOPTIONS, child, nullptr, PTRACE_O_SUSPEND_SECCOMP) == 0;
        seccomp.detail = withErrno("PTRACE_O_SUSPEND_SECCOMP", seccomp.ok ? 0 : errno);
        out.push_back(std::move(seccomp));
        probeRseq(out, child);
    }
    out.push_back(std::move(seize));
    probeReadMemory(out, child);
    kill(child, SIGKILL);
    reap(child);
}

}  // namespace

void probeProcesses(std::vector<Probe>& out) {
    constexpr pid_t kChosenPid = 1;  // the first process of a new pid namespace; others follow once it lives
    probeClone(out, "clone3-set-tid", CLONE_NEWPID, kChosenPid, true);
    probeClone(out, "namespace-pid", CLONE_NEWPID, 0, true);
    probeClone(out, "namespace-mount", CLONE_NEWNS, 0, true);
    probeClone(out, "namespace-uts", CLONE_NEWUTS, 0, true);
    probeClone(out, "namespace-ipc", CLONE_NEWIPC, 0, true);
    probeClone(out, "namespace-net", CLONE_NEWNET, 0, false);
    probeClone(out, "namespace-time", CLONE_NEWTIME, 0, false);
    probePtrace(out);
}

}  // namespace farfork::probe
