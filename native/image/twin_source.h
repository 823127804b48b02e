// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <sys/types.h>

#include <memory>

#include "base/unique_fd.h"
#include "image/page_source.h"

namespace farfork {

/// Reads the memory of a frozen twin. The pid is only believed while its pidfd is alive after the read, so a recycled
/// pid can never give bytes. Thread-safe, synchronous.
class TwinSource : public PageSource {
  public:
    /// Errors: PROCESS_EXITED, PERMISSION_DENIED.
    static Result<std::shared_ptr<TwinSource>> open(pid_t pid, UniqueFd pidfd);

    /// Errors: SOURCE_LOST (the twin died or a page cannot be read), RESOURCE_EXHAUSTED (no memory for the
    /// destination).
    void read(std::vector<PageRead> reads, Completion done) override;
    [[nodiscard]] bool synchronous() const override { return true; }
    [[nodiscard]] std::string describe() const override;

    [[nodiscard]] pid_t pid() const { return pid_; }
    [[nodiscard]] bool alive() const;
    void kill() const;  ///< SIGKILL through the pidfd

  private:
    TwinSource(pid_t pid, UniqueFd pidfd, UniqueFd memory)
        : pid_(pid), pidfd_(std::move(pidfd)), memory_(std::move(memory)) {}
    Result<void> readOne(const PageRead& read) const;
    Result<uint64_t> readForced(const PageRead& read, uint64_t offset) const;
    [[nodiscard]] Error lost(std::string detail, int sys_errno = 0) const;

    pid_t pid_;
    UniqueFd pidfd_;
    UniqueFd memory_;  ///< /proc/PID/mem: bound to the twin's mm when opened (proc(5))
};

}  // namespace farfork
