// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <sys/types.h>

#include <optional>
#include <vector>

#include "base/unique_fd.h"
#include "image/page_source.h"

namespace farfork {

/// Finds the anonymous pages (present or swapped out, without the shared zero page) of a process.
class PageScan {
  public:
    enum class Method { kBest, kPagemapRead };  ///< kPagemapRead: what kernels before 6.7 get; for tests

    /// Opens /proc/PID/pagemap, which stays bound to this process's memory. Errors: CAPTURE_FAILED.
    static Result<PageScan> open(pid_t pid, Method method = Method::kBest);

    /// Runs of anonymous pages in `range`, ascending, not merged over gaps. The cost follows the page tables that exist
    /// (PAGEMAP_SCAN ioctl, linux Documentation/admin-guide/mm/pagemap.rst), not the size of the range; the fallback
    /// skips mappings in which smaps counts nothing. Errors: CAPTURE_FAILED.
    Result<std::vector<PageRange>> anonymousRuns(const PageRange& range) const;

  private:
    PageScan(pid_t pid, UniqueFd fd, bool use_ioctl) : pid_(pid), fd_(std::move(fd)), use_ioctl_(use_ioctl) {}
    [[nodiscard]] Result<std::vector<PageRange>> byIoctl(const PageRange& range) const;
    [[nodiscard]] Result<std::vector<PageRange>> byRead(const PageRange& range) const;
    Result<void> loadOccupied();

    pid_t pid_;
    UniqueFd fd_;  ///< /proc/PID/pagemap
    bool use_ioctl_;
    std::vector<PageRange> occupied_;  ///< fallback only: mappings with resident or swapped pages
};

}  // namespace farfork
