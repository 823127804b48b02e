// SPDX-License-Identifier: Apache-2.0
//
// What the descriptor says of a process.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>
#include <map>

#include "capture/proc.h"
#include "check.h"
#include "subject.h"

using namespace farfork;
using namespace farfork::test;

namespace {

const ff_file* fileOf(const DescriptorView& view, int number) {
    for (const ff_file& file : view.files())
        if (file.fd == number) return &file;
    return nullptr;
}

}  // namespace

TEST(filesArePlacedWithTheirPositionsAndContents) {
    Subject subject = Subject::inMode("files");
    auto taken = take(subject.pid());
    CHECK_OK(taken);
    if (!taken) return;
    const auto view = taken->view();
    CHECK_EQ(view.files().size(), 10u);
    const ff_file *first = fileOf(view, 3), *twenty = fileOf(view, 20), *again = fileOf(view, 4);
    REQUIRE(first && twenty && again);
    CHECK_EQ(first->kind, static_cast<uint32_t>(FF_FILE_REGULAR));
    CHECK_EQ(first->position, 7u);
    CHECK_EQ(first->close_on_exec, 1u);
    CHECK_EQ(twenty->close_on_exec, 0u);
    CHECK_EQ(twenty->position, 7u);
    CHECK_EQ(first->description, twenty->description);
    CHECK(first->description != again->description);
    CHECK_EQ(again->position, 0u);
    CHECK_EQ(view.string(first->path), "/etc/passwd");
    CHECK_EQ(fileOf(view, 5)->kind, static_cast<uint32_t>(FF_FILE_DEVICE));
    CHECK_EQ(view.string(fileOf(view, 5)->path), "/dev/null");
    CHECK_EQ(view.string(fileOf(view, 6)->path), "/etc");
    const ff_file *read_end = fileOf(view, 7), *write_end = fileOf(view, 8);
    REQUIRE(read_end && write_end);
    CHECK_EQ(read_end->inode, write_end->inode);
    CHECK_EQ(read_end->pipe_capacity, 65536u);
    CHECK(read_end->status_flags & O_NONBLOCK);
    const auto queued = view.queuedBytes(*read_end);
    CHECK_EQ(std::string(reinterpret_cast<const char*>(queued.data()), queued.size()), "queued bytes");
    CHECK(view.queuedBytes(*write_end).empty());
    for (int number : {0, 1, 2}) {
        CHECK_EQ(fileOf(view, number)->kind, static_cast<uint32_t>(FF_FILE_STDIO));
        CHECK_EQ(fileOf(view, number)->stdio_fd, static_cast<uint32_t>(number));
    }
    auto second = take(subject.pid());  // the queue was not consumed
    CHECK_OK(second);
    if (second) CHECK_EQ(second->view().queuedBytes(*fileOf(second->view(), 7)).size(), 12u);
}

TEST(aDuplicateOfStdioIsStdio) {
    Subject subject = Subject::inMode("stdio-dup");
    auto taken = take(subject.pid());
    CHECK_OK(taken);
    if (!taken) return;
    const auto view = taken->view();
    REQUIRE(fileOf(view, 3));
    CHECK_EQ(fileOf(view, 3)->kind, static_cast<uint32_t>(FF_FILE_STDIO));
    CHECK_EQ(fileOf(view, 3)->stdio_fd, 1u);
}

TEST(threadsAreReadyToRun) {
    Subject subject = Subject::inMode("threads");
    auto taken = take(subject.pid());
    CHECK_OK(taken);
    if (!taken) return;
    const auto view = taken->view();
    const ff_process& process = view.processes()[0];
    CHECK_EQ(process.pid, subject.pid());
    CHECK_EQ(process.control_fd, UINT32_MAX);
    CHECK(process.brk >= process.start_brk && process.brk != 0);
    CHECK(process.vdso_size > 0 && process.vvar_size > 0 && view.header().vdso_hash != 0);
    CHECK_EQ(process.vvar_start + process.vvar_size, process.vdso_start);
    CHECK(view.sigactions(process)[SIGCHLD - 1].handler != 0);
    CHECK(view.sigactions(process)[SIGTERM - 1].handler == 0);
    size_t restarting = 0;
    std::map<uint64_t, int> tids;
    for (const ff_thread& thread : view.threads()) {
        CHECK_EQ(static_cast<int64_t>(thread.regs.orig_rax), -1);
        CHECK(static_cast<int64_t>(thread.regs.rax) > -512 || static_cast<int64_t>(thread.regs.rax) < -600);
        CHECK_EQ(thread.clear_child_tid,
                 thread.regs.fs_base + (view.threads()[0].clear_child_tid - view.threads()[0].regs.fs_base));
        CHECK(thread.rseq_size >= 32 && thread.robust_list_size == 24 && thread.xstate_size >= 832);
        CHECK_EQ(thread.timer_slack_ns, 50'000u);
        restarting += thread.regs.rax == SYS_read || thread.regs.rax == SYS_rt_sigsuspend;
        CHECK(static_cast<int64_t>(thread.regs.rax) != -EINTR);
        tids[static_cast<uint64_t>(thread.tid)]++;
    }
    CHECK_EQ(tids.size(), 11u);
    CHECK(restarting >= 2);
    CHECK_EQ(view.threads()[0].altstack_size, 65536u);
    CHECK_EQ(view.threads()[1].altstack_flags, 2u);  // SS_DISABLE
    CHECK_EQ(view.header().xcr0 & 7, 7u);
}

TEST(aSleepIsDescribedWithWhatIsLeft) {
    Subject subject = Subject::inMode("waits");
    constexpr uint64_t kSecond = 1'000'000'000;
    // From the second time on it is in restart_syscall(2). A thread that is preempted on its way into the stop is said
    // to wait in full: seldom.
    size_t told = 0;
    for (int i = 0; i < 8; i++) {
        const timespec nap{0, 300'000'000};
        nanosleep(&nap, nullptr);
        auto taken = take(subject.pid());
        CHECK_OK(taken);
        if (!taken) return;
        const auto view = taken->view();
        const ff_thread& sleeper = view.threads()[4];
        CHECK(sleeper.regs.rax == SYS_clock_nanosleep || sleeper.regs.rax == SYS_nanosleep);
        if (sleeper.wait_register == 0) continue;
        told++;
        CHECK_EQ(sleeper.wait_unit, static_cast<uint32_t>(FF_WAIT_TIMESPEC));
        CHECK(sleeper.wait_left_ns < 3600 * kSecond - kSecond / 4 && sleeper.wait_left_ns > 3500 * kSecond);
    }
    CHECK(told >= 2);
}

TEST(pendingSignalsAreDescribedWithTheirQueue) {
    for (const char* mode : {"pending", "pending-process"}) {
        Subject subject = Subject::inMode(mode);
        const std::string before = subject.appearance();
        auto taken = take(subject.pid());
        CHECK_OK(taken);
        if (!taken) return;
        CHECK_EQ(subject.appearance(), before);
        const auto view = taken->view();
        const bool shared = std::string(mode) == "pending-process";
        const auto queue = shared ? view.pending(view.processes()[0]) : view.pending(view.threads()[0]);
        REQUIRE(queue.size() == 1);
        CHECK_EQ(view.threads()[0].pending_count + view.processes()[0].pending_count, 1u);
        siginfo_t info;
        std::memcpy(&info, &queue[0], sizeof info);
        CHECK_EQ(info.si_signo, SIGUSR1);
        CHECK_EQ(info.si_code, shared ? SI_USER : SI_TKILL);
        CHECK_EQ(info.si_pid, subject.pid());
    }
}

TEST(timersAreDescribed) {
    Subject interval = Subject::inMode("itimer");
    auto taken = take(interval.pid());
    CHECK_OK(taken);
    if (!taken) return;
    const uint64_t left_ns = taken->view().processes()[0].itimers[0].left_ns;
    CHECK(left_ns > 3590'000'000'000 && left_ns < 3600'000'000'000);
    Subject posix = Subject::inMode("timer");
    auto second = take(posix.pid());
    CHECK_OK(second);
    if (!second) return;
    const auto view = second->view();
    const auto timers = view.timers(view.processes()[0]);
    REQUIRE(timers.size() == 1);
    CHECK_EQ(timers[0].id, 0);
    CHECK_EQ(timers[0].clock, CLOCK_MONOTONIC);
    CHECK_EQ(timers[0].notify, SIGEV_NONE);
    CHECK_EQ(timers[0].setting.left_ns, 0u);
}

TEST(everyMappingIsDescribedAndFilesAreHashed) {
    Subject subject = Subject::inMode("plain");
    auto taken = take(subject.pid());
    CHECK_OK(taken);
    if (!taken) return;
    const auto view = taken->view();
    const std::string maps = capturing::ProcDir(subject.pid()).read("maps").value_or("");
    size_t lines = 0, files = 0, executable = 0;
    for (const char letter : maps) lines += letter == '\n';
    CHECK_EQ(view.vmas().size(), lines);
    for (const ff_vma& vma : view.vmas()) {
        if (!(vma.flags & FF_VMA_FILE)) continue;
        files++;
        CHECK(vma.file_hash_high != 0 || vma.file_hash_low != 0);
        CHECK(!(vma.flags & FF_VMA_FILE_DELETED));
        executable += view.string(vma.path).ends_with("capture_subject");
    }
    CHECK(files > 5 && executable >= 3);
}

TEST(aThreadInARestartableSequenceIsAborted) {
    Subject subject = Subject::inMode("rseq");
    size_t aborted = 0;
    for (int i = 0; i < 20; i++) {
        auto taken = take(subject.pid());
        CHECK_OK(taken);
        if (!taken) return;
        for (const ff_thread& thread : taken->view().threads())
            aborted += thread.flags & FF_THREAD_RSEQ_ABORTED ? 1 : 0;
    }
    CHECK(aborted >= 15);
    CHECK_EQ(subject.ask("check"), "ok");
}

TEST(threadsThatComeAndGoAreCapturedOrRefusedInTime) {
    Subject subject = Subject::inMode("churn");
    size_t captured = 0;
    for (int i = 0; i < 60; i++) {
        auto taken = take(subject.pid());
        captured += taken.ok();
        if (taken)
            CHECK(taken->capture.threads >= 2 && taken->capture.threads <= 4);
        else if (taken.error().code != ErrorCode::kCaptureFailed && taken.error().code != ErrorCode::kProcessExited)
            CHECK_OK(taken);
    }
    CHECK(captured >= 30);
    CHECK_EQ(subject.ask("check"), "ok");
}

TEST(theControlSocketIsKnownByItsInode) {
    Subject subject = Subject::inMode("socket");
    struct stat about {};
    CHECK_EQ(stat(("/proc/" + std::to_string(subject.pid()) + "/fd/3").c_str(), &about), 0);
    CaptureOptions options;
    options.pid = subject.pid();
    options.seed_id = "sd_test";
    options.control_inode = about.st_ino;
    auto captured = capture(options);
    CHECK_OK(captured);
    if (!captured) return;
    const Taken taken(*std::move(captured));
    const auto view = taken.view();
    CHECK_EQ(view.processes()[0].control_fd, 3u);
    CHECK_EQ(fileOf(view, 3)->kind, static_cast<uint32_t>(FF_FILE_CONTROL));
}

TEST(aParentInAnotherPidNamespace) {
    // The subject is pid 2 there, below a pid 1 that waits for it.
    Subject subject({"unshare", "--pid", "--fork", "--mount-proc", "sh", "-c", CAPTURE_SUBJECT " plain; true"});
    REQUIRE(subject.readLine() == "ready");
    pid_t inner = 0;
    for (pid_t pid = subject.pid(), depth = 0; depth < 3; depth++) {
        const std::string name = "task/" + std::to_string(pid) + "/children";
        pid = static_cast<pid_t>(capturing::numberOf(capturing::ProcDir(pid).read(name).value_or("")));
        if (pid > 0) inner = pid;
    }
    auto taken = take(inner);
    CHECK_OK(taken);
    if (!taken) return;
    const auto view = taken->view();
    CHECK(view.processes()[0].pid != inner && view.processes()[0].pid > 1);
    CHECK_EQ(view.threads()[0].tid, view.processes()[0].pid);
    const auto status = capturing::ProcDir(taken->capture.twin_pid).read("status").value_or("");
    CHECK_EQ(capturing::numbersOf(capturing::field(status, "NSpid")).size(), 2u);
    CHECK_EQ(subject.ask("check"), "ok");
}

TEST(python) {
    Subject subject({"python3", "-c",
                     "import threading,os\n"
                     "event=threading.Event()\n"
                     "for _ in range(10): threading.Thread(target=event.wait,daemon=True).start()\n"
                     "print('ready',flush=True)\n"
                     "input()\n"});
    REQUIRE(subject.readLine() == "ready");
    auto taken = take(subject.pid());
    CHECK_OK(taken);
    if (taken) CHECK_EQ(taken->capture.threads, 11u);
}

TEST_MAIN
