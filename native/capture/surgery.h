// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <sys/types.h>
#include <sys/user.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "capture/blob.h"
#include "capture/proc.h"
#include "capture/seccomp.h"
#include "capture/waits.h"

namespace farfork::capturing {

/// One thread of the parent under ptrace.
struct Tracee {
    enum class Phase {
        kRunning,  ///< seized; its stop is awaited
        kStopped,  ///< stands still with its own registers
        kMapping,  ///< the leader, stepping over the mmap or munmap that it was made to call
        kInBlob,   ///< runs the blob
        kDone,     ///< stands still behind the blob
        kGone,     ///< exited
    };
    pid_t tid = 0;
    Phase phase = Phase::kRunning;
    user_regs_struct regs{};  ///< as it stopped; rip is moved to the abort handler when it was in an rseq section
    user_regs_struct back{};  ///< to put back
    int64_t call = -1;        ///< the system call that it was in
    std::optional<uint64_t> slept_ns;  ///< in a call with a relative timeout, where that is known
    uint64_t mask = 0;                 ///< signal mask to put back
    bool altered = false;              ///< registers and mask are not its own at the moment
    bool suspended = false;            ///< its seccomp filters are
    int deferred_signal = 0;           ///< arrived during the surgery; delivered on detach
    bool rseq_aborted = false;
    bool mended = false;  ///< `back` differs from what the kernel would go on with
    uint64_t rseq_address = 0;
    uint32_t rseq_size = 0, rseq_signature = 0;
    uint64_t robust_head = 0, robust_size = 0;
    SeccompChain filters;                       ///< in Surgery::filters
    size_t signal_first = 0, signal_count = 0;  ///< of its own, pending; in Surgery::signals
    uint64_t xstate_size = 0;                   ///< bytes in Surgery::xstate at index * xstate stride
};

/// The pause: stops every thread, makes the leader fork the twin, reads what a stopped thread alone can tell, and puts
/// everything back. `run` belongs in the guardian task; it allocates nothing unless threads appear while it stops them.
/// Whatever happens, every thread ends with its own registers and mask, detached.
class Surgery {
  public:
    struct Plan {
        pid_t pid = 0;
        std::vector<pid_t> tids;          ///< leader first
        pid_t caller = 0;                 ///< the capturing process
        bool same_pid_namespace = false;  ///< of parent and caller
        int task_fd = -1;                 ///< /proc/PID/task
        uint64_t syscall_address = 0;     ///< of a syscall instruction in the parent (vdso)
        uint64_t nonce = 0;
        uint32_t leader_seccomp = 0;               ///< SECCOMP_MODE_* of the main thread
        bool seccomp = false;                      ///< of any thread
        std::vector<BlobTimer> timers;             ///< to ask for; `id` is set
        bool trap_ignored = false;                 ///< SIGTRAP is: a single step would reset that
        const std::vector<Wait>* waits = nullptr;  ///< ascending by tid
        uint32_t stop_timeout_ms = 0, max_pause_ms = 0, twin_lifetime_s = 0;
        /// Called while every thread stands still. False: what was read before is stale.
        std::function<Result<bool>(const Surgery&)> inspect;
    };

    explicit Surgery(Plan plan);
    void run();
    [[nodiscard]] uint64_t nonce() const { return plan_.nonce; }

    [[nodiscard]] uint64_t timersAddress() const { return slotAddress(slot_capacity_); }

    /// What went wrong, if anything did.
    std::optional<Error> error;
    std::vector<Tracee> tracees;  ///< leader first; threads that exited meanwhile are kGone
    std::vector<std::byte> xstate;
    size_t xstate_stride = 0;
    SeccompArena filters;
    std::vector<ff_siginfo> signals;            ///< pending ones, by tracee
    size_t shared_first = 0, shared_count = 0;  ///< those of the process
    uint64_t scratch = 0, scratch_bytes = 0;
    int64_t twin = 0;        ///< tid in the parent's pid namespace; 0: none was made
    bool sandboxed = false;  ///< the twin sleeps under filters: a ptrace stop would make it call again
    bool stale = false;      ///< what was read before the pause is out of date; another try may succeed
    uint64_t began_ns = 0, stopped_ns = 0, forking_ns = 0, forked_ns = 0, ended_ns = 0;
    uint64_t captured_unix_ns = 0;

  private:
    bool seize(pid_t tid);
    bool freeze();
    bool seizeNewcomers();
    bool interrupt(Tracee& tracee);
    bool fork();
    void restore();
    void unmapScratch();

    bool pump(uint64_t deadline_ns);
    Tracee* await(uint64_t deadline_ns, int& status);
    void late();
    bool seizeSuspended(pid_t tid, bool& suspended);
    bool refuseFilters(const Tracee& tracee);
    bool readFilters(Tracee& tracee);
    void spareRestart(Tracee& tracee);
    void attend(pid_t tid, int status);
    void settleTwin();
    bool handle(Tracee& tracee, int status);
    bool stoppedByInterrupt(Tracee& tracee, int status);
    bool stoppedInInjection(Tracee& tracee, int status);
    bool readOnStop(Tracee& tracee);
    void fixRseq(Tracee& tracee);
    void readCall(Tracee& tracee);
    bool readRest(size_t index);
    bool peekSignals(const Tracee& tracee, uint32_t flags, size_t& first, size_t& count);
    bool startMmap();
    bool finishMmap(const user_regs_struct& regs);
    bool writeCode();
    bool writeBlob();
    bool startBlob(size_t index, const char* entry);
    bool step(Tracee& tracee, uint64_t number, const uint64_t (&arguments)[6]);
    bool resume(Tracee& tracee, int signal);
    void putBack(Tracee& tracee);
    void letGo(Tracee& tracee);
    bool judgeFork(const user_regs_struct& regs);

    bool fail(ErrorCode code, const char* stage, int tid, const char* what, int sys_errno);
    [[nodiscard]] bool injected(const Tracee& tracee) const {
        return tracee.phase == Tracee::Phase::kMapping || tracee.phase == Tracee::Phase::kInBlob;
    }
    [[nodiscard]] size_t indexOf(const Tracee& tracee) const { return static_cast<size_t>(&tracee - tracees.data()); }
    [[nodiscard]] uint64_t slotAddress(size_t index) const { return scratch + 2 * FF_BLOB_PAGE + index * FF_SLOT_SIZE; }

    Plan plan_;
    uint64_t deadline_ns_ = 0;
    size_t slot_capacity_ = 0;
    size_t signals_used_ = 0;
    bool mapped_ = false;
    bool split_ = false;      ///< code and data of the scratch mapping are mapped apart
    pid_t followed_[2] = {};  ///< intermediate and twin of a parent under seccomp
    bool closing_ = false;    ///< nothing new is begun; threads that stop now are let go
    size_t waiting_ = 0;      ///< tracees in kRunning, kMapping or kInBlob
};

}  // namespace farfork::capturing
