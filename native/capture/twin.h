// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <sys/types.h>
#include <sys/user.h>

#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "capture/blob.h"
#include "capture/memory_map.h"
#include "capture/proc.h"

namespace farfork::capturing {

/// The frozen twin; killed when this object goes unless `keep` was called, and also when the calling thread dies: until
/// then it is seized with PTRACE_O_EXITKILL. Belongs to one thread.
class Twin {
  public:
    /// Finds the twin by the tid that the parent's clone returned, proves its identity by the nonce in its scratch
    /// mapping and waits until it has reported and sleeps. `scratch` is the mapping's address in parent and twin.
    /// Errors: CAPTURE_FAILED, PROCESS_EXITED.
    /// `sandboxed`: it is never to be stopped (surgery_sandbox.cc), so it does not die with this thread either.
    static Result<Twin> find(const ProcDir& parent, int64_t own_tid, uint64_t scratch, uint64_t nonce, bool sandboxed);

    Twin(Twin&&) = default;
    Twin& operator=(Twin&&) = default;
    ~Twin();

    [[nodiscard]] pid_t pid() const { return proc_.pid(); }
    [[nodiscard]] const ProcDir& proc() const { return proc_; }
    [[nodiscard]] const BlobHeader& report() const { return report_; }
    /// What each thread reported, in the surgery's order.
    [[nodiscard]] Result<std::vector<BlobSlot>> slots(size_t count) const;
    /// What the leader reported of POSIX timers, at `address`.
    [[nodiscard]] Result<std::vector<BlobTimer>> timers(uint64_t address, size_t count) const;
    /// The twin outlives this object and this thread from now on, without its shared mappings: the parent could tell
    /// that somebody else has them (shm_nattch, F_SEAL_WRITE). Returns its pidfd. Error: CAPTURE_FAILED.
    Result<UniqueFd> keep(const std::vector<Mapping>& mappings);

  private:
    Twin() = default;
    bool letGo(const std::vector<Mapping>& mappings) const;
    bool unshareSandboxed(const std::vector<Mapping>& mappings) const;
    bool unshare(const std::vector<Mapping>& mappings, user_regs_struct& asleep) const;
    ProcDir proc_;
    UniqueFd pidfd_;
    uint64_t scratch_ = 0;
    bool sandboxed_ = false;
    BlobHeader report_{};
};

}  // namespace farfork::capturing
