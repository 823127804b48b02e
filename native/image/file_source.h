// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <sys/types.h>

#include <memory>

#include "base/unique_fd.h"
#include "image/layout.h"
#include "image/page_source.h"

namespace farfork {

/// Reads clean pages of one private file mapping from the file itself, opened when the seed was imported.
/// A file that changed since (size or mtime) is an error, never bytes. Thread-safe, synchronous.
class FileSource : public PageSource {
  public:
    /// Opens the file through /proc/PID/map_files, which names exactly the mapped inode (also when it was deleted),
    /// else by path below the process's root. Errors: FILE_MISSING (cannot be opened, or is not what capture saw).
    static Result<std::shared_ptr<FileSource>> open(pid_t pid, LayoutFile file);

    /// Errors: SOURCE_LOST (file changed, read error), RESOURCE_EXHAUSTED.
    void read(std::vector<PageRead> reads, Completion done) override;
    [[nodiscard]] bool synchronous() const override { return true; }
    [[nodiscard]] std::string describe() const override { return "file " + file_.path; }

  private:
    FileSource(LayoutFile file, UniqueFd fd) : file_(std::move(file)), fd_(std::move(fd)) {}
    Result<void> readOne(const PageRead& read) const;
    [[nodiscard]] Result<void> checkUnchanged() const;

    LayoutFile file_;
    UniqueFd fd_;
};

}  // namespace farfork
