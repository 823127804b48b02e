// SPDX-License-Identifier: Apache-2.0
//
// What cannot be captured is refused by name, and goes on unharmed.
#include <fcntl.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cstring>

#include "capture/proc.h"
#include "check.h"
#include "subject.h"

using namespace farfork;
using namespace farfork::test;

namespace {

void checkRefused(const char* mode, const std::string& expected) {
    Subject subject = Subject::inMode(mode);
    const std::string before = subject.appearance(), seen = refusal(subject.pid());
    if (seen.find(expected) == std::string::npos)
        fail(__FILE__, __LINE__, std::string(mode) + ": " + seen + ", not " + expected);
    if (subject.appearance() != before) fail(__FILE__, __LINE__, std::string(mode) + ": the parent changed");
    if (subject.ask("check") != "ok") fail(__FILE__, __LINE__, std::string(mode) + ": the parent does not answer");
}

}  // namespace

TEST(stateThatIsNotCarriedIsRefusedByName) {
    const std::string prefix = "STATE_NOT_CARRIED ";
    checkRefused("pidfd", "pidfd of another process, 1)");
    checkRefused("raw-socket", ", raw socket)");
    checkRefused("filtered-socket", ", socket filter)");
    checkRefused("shared-socket", ", also open in pid ");
    checkRefused("urgent-socket", ", urgent data)");
    checkRefused("unaccepted-bytes", ", data sent to a connection that is not accepted yet)");
    checkRefused("multicast", ", multicast group)");
    checkRefused("child", prefix + "child process ");
    checkRefused("zombie-child", prefix + "child process ");
    checkRefused("tty", prefix + "fd 3 (/dev/p");
    checkRefused("own-table", prefix + "thread ");
    checkRefused("dispatch", prefix + "syscall user dispatch of thread ");
    CHECK_EQ(countGuardians(), 0u);
}

TEST(theParentOfACarriedFileIsUndisturbed) {
    for (const char* mode : {"flock", "posix-lock", "deleted", "half-pipe", "procfs", "path"}) {
        Subject subject = Subject::inMode(mode);
        const std::string before = subject.appearance();
        CHECK_EQ(refusal(subject.pid()), "ok");
        CHECK_EQ(subject.appearance(), before);
        CHECK_EQ(subject.ask("check"), "ok");
    }
}

TEST(anExitedMainThreadIsRefused) {
    Subject subject = Subject::inMode("leader-gone");
    for (int i = 0; i < 100 && refusal(subject.pid()).find("main thread") == std::string::npos; i++) usleep(10'000);
    CHECK(refusal(subject.pid()).starts_with("STATE_NOT_CARRIED main thread"));
}

TEST(pidsThatCannotBeCaptured) {
    CHECK(refusal(0).starts_with("INVALID_ARGUMENT"));
    CHECK(refusal(-5).starts_with("INVALID_ARGUMENT"));
    CHECK(refusal(4'194'303).starts_with("PROCESS_NOT_FOUND"));
    CHECK(refusal(2).starts_with("KERNEL_THREAD"));
    CHECK(refusal(getpid()).starts_with("INVALID_ARGUMENT"));
    const pid_t zombie = fork();
    if (zombie == 0) _exit(0);
    siginfo_t info;
    waitid(P_PID, static_cast<id_t>(zombie), &info, WEXITED | WNOWAIT);
    CHECK(refusal(zombie).starts_with("PROCESS_EXITED"));
    waitpid(zombie, nullptr, 0);
    CHECK(refusal(zombie).starts_with("PROCESS_NOT_FOUND"));
    Subject threads = Subject::inMode("threads");
    const auto tids = capturing::ProcDir(threads.pid()).numbers("task");
    CHECK(refusal(tids->back()).starts_with("INVALID_ARGUMENT"));
}

TEST(aTracedProcessIsRefused) {
    Subject subject = Subject::inMode("plain");
    CHECK_EQ(ptrace(PTRACE_SEIZE, subject.pid(), 0, 0), 0);
    CHECK(refusal(subject.pid()).starts_with("PROCESS_TRACED"));
    ptrace(PTRACE_INTERRUPT, subject.pid(), 0, 0);
    waitpid(subject.pid(), nullptr, __WALL);
    ptrace(PTRACE_DETACH, subject.pid(), 0, 0);
    CHECK_EQ(refusal(subject.pid()), "ok");
}

TEST(aStoppedProcessIsRefusedAndStaysStopped) {
    Subject subject = Subject::inMode("plain");
    kill(subject.pid(), SIGSTOP);
    waitpid(subject.pid(), nullptr, WUNTRACED);
    CHECK(refusal(subject.pid()).starts_with("PROCESS_STOPPED"));
    kill(subject.pid(), SIGCONT);
    CHECK_EQ(subject.ask("check"), "ok");
    CHECK_EQ(refusal(subject.pid()), "ok");
}

TEST(anotherUserMayNot) {
    Subject subject = Subject::inMode("plain");
    const pid_t other = fork();
    if (other == 0) {
        if (setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534)) _exit(2);
        _exit(refusal(subject.pid()).starts_with("PERMISSION_DENIED") ? 0 : 1);
    }
    int status = 0;
    waitpid(other, &status, 0);
    CHECK_EQ(status, 0);
    CHECK_EQ(subject.ask("check"), "ok");
}

TEST(aVforkingParentIsRefusedInTime) {
    const pid_t parent = fork();
    if (parent == 0) {
        if (vfork() == 0)
            for (;;) pause();
        _exit(0);
    }
    for (int i = 0; i < 200 && refusal(parent).find("child process") == std::string::npos; i++) usleep(5000);
    CHECK(refusal(parent).find("child process") != std::string::npos);
    char command[64];
    std::snprintf(command, sizeof command, "/proc/%d/task/%d/children", parent, parent);
    if (FILE* children = std::fopen(command, "r")) {
        int child = 0;
        if (std::fscanf(children, "%d", &child) == 1) kill(child, SIGKILL);
        std::fclose(children);
    }
    kill(parent, SIGKILL);
    waitpid(parent, nullptr, 0);
}

TEST(aThirtyTwoBitProgramIsRefused) {
    // ELF32 header, one program header, and code: mov eax,29 (pause); int 0x80; jmp back.
    const unsigned char program[] = {
        0x7f, 'E', 'L',  'F', 1,    1,    1,    0,    0,    0,    0,    0,    0, 0,    0,    0,    2,   0, 3,
        0,    1,   0,    0,   0,    0x54, 0x80, 0x04, 0x08, 0x34, 0,    0,    0, 0,    0,    0,    0,   0, 0,
        0,    0,   0x34, 0,   0x20, 0,    1,    0,    0,    0,    0,    0,    0, 0,    1,    0,    0,   0, 0,
        0,    0,   0,    0,   0x80, 0x04, 0x08, 0,    0x80, 0x04, 0x08, 0x5d, 0, 0,    0,    0x5d, 0,   0, 0,
        5,    0,   0,    0,   0,    0x10, 0,    0,    0xb8, 29,   0,    0,    0, 0xcd, 0x80, 0xeb, 0xf7};
    char name[] = "/tmp/capture_elf32_XXXXXX";
    const int file = mkstemp(name);
    CHECK_EQ(write(file, program, sizeof program), static_cast<ssize_t>(sizeof program));
    fchmod(file, 0700);
    close(file);
    const pid_t pid = fork();
    if (pid == 0) {
        execl(name, name, nullptr);
        _exit(127);
    }
    std::string seen;
    for (int i = 0; i < 200 && !seen.starts_with("ARCHITECTURE"); i++) {
        usleep(5000);
        seen = refusal(pid);
    }
    unlink(name);
    if (seen.starts_with("PROCESS_EXITED"))
        std::printf("note: this kernel runs no 32-bit programs\n");
    else
        CHECK(seen.starts_with("ARCHITECTURE_UNSUPPORTED"));
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
}

TEST_MAIN
