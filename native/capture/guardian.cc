// SPDX-License-Identifier: Apache-2.0
#include "capture/guardian.h"

#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

namespace farfork::capturing {
namespace {

constexpr size_t kStackBytes = 512 * 1024;

int enter(void* argument) {
    prctl(PR_SET_NAME, "farfork-prepare");
    // Its own table of handlers (no CLONE_SIGHAND): stops of tracees must raise SIGCHLD, whatever the caller chose.
    signal(SIGCHLD, SIG_DFL);
    (*static_cast<const std::function<void()>*>(argument))();
    return 0;
}

}  // namespace

Result<void> runGuarded(const std::function<void()>& work) {
    const auto failed = [](const char* what) {
        return makeErrno(ErrorCode::kResourceExhausted, "capture.guard", "guardian task", what, errno);
    };
    void* stack = mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (stack == MAP_FAILED) return failed("mmap");
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    // No CLONE_SETTLS: with CLONE_VFORK the caller is suspended, so the task may use the caller's thread-local storage.
    const int flags = CLONE_VM | CLONE_VFORK | CLONE_FILES | CLONE_FS;
    const int pid =
        clone(enter, static_cast<char*>(stack) + kStackBytes, flags, const_cast<std::function<void()>*>(&work));
    const int clone_errno = errno;
    if (pid > 0)
        while (waitpid(pid, nullptr, __WALL) < 0 && errno == EINTR) {
        }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    munmap(stack, kStackBytes);
    errno = clone_errno;
    if (pid < 0) return failed("clone");
    return {};
}

}  // namespace farfork::capturing
