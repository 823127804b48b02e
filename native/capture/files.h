// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "capture/objects/object.h"
#include "capture/proc.h"
#include "capture/shared.h"
#include "descriptor/builder.h"

namespace farfork::capturing {

/// The parent's open descriptors. Read before the pause, confirmed in it, described after it.
///
/// Each is held by a duplicate of ours meanwhile (pidfd_getfd), so that in the pause one kcmp tells whether a number
/// still means the same open file description, and one lseek tells its position.
class FileTable {
  public:
    /// Refuses by name what is not carried.
    /// `passed`: what an earlier try found in queues only.
    static Result<FileTable> read(const ProcDir& proc, int pidfd, uint64_t control_inode, SharedTable& shared,
                                  const std::vector<UniqueFd>& passed = {});

    /// For the pause: reads positions and queued pipe bytes; false when the table is not the one that was read.
    /// Allocates nothing.
    bool confirm();

    /// Adds the table to the descriptor's only process, and gives back the duplicates.
    Result<void> describe(DescriptorBuilder& builder, ff_process& process);

    /// After a pause that was stale because of them: adds the descriptions that only queues hold.
    void keepPassed(std::vector<UniqueFd>& passed) const;

    struct Entry {
        ff_file file{};
        std::string link;               ///< readlink of /proc/PID/fd/N
        uint64_t device = 0, node = 0;  ///< st_dev and st_ino of what is behind it
        UniqueFd duplicate;
        UniqueFd held;                   ///< passed ones: the number in our own table by which `object` reads it
        UniqueFd copy_read, copy_write;  ///< pipes with queued bytes: tee target
        uint64_t copied = 0;
        std::unique_ptr<CapturedObject> object;  ///< kinds that are made anew
    };
    /// Ascending by number.
    [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
    /// The entry of a number, if it is open.
    [[nodiscard]] const Entry* entryOf(uint32_t number) const;

  private:
    Result<void> readEntry(const ProcDir& proc, int pidfd, int number, uint64_t control_inode, SharedTable& shared);
    Result<void> classify(const ProcDir& proc, Entry& entry, const struct stat& about, const std::string& info,
                          uint64_t control_inode);
    Result<void> classifyPath(const ProcDir& proc, Entry& entry, const struct stat& about);
    Result<void> classifyStandard(const ProcDir& proc, Entry& entry, const struct stat& about);
    void classifyPipe(Entry& entry) const;
    Result<void> classifyByFileSystem(const ProcDir& proc, Entry& entry);
    Result<void> groupDescriptions();
    Result<void> checkPipes();
    bool hasBothEnds(const Entry& entry) const;
    Result<void> checkMappedFiles(const DescriptorBuilder& builder) const;
    Result<void> readPassed(const ProcDir& parent, const std::vector<UniqueFd>& passed, SharedTable& shared);
    bool knowsPassed();
    [[nodiscard]] bool holds(int descriptor) const;
    bool copyPipe(Entry& entry);
    static bool isPipe(const ff_file& file) { return file.kind == FF_FILE_PIPE || file.kind == FF_FILE_FIFO; }
    Result<std::vector<std::byte>> describePipe(Entry& entry);
    Result<void> describeBytes(DescriptorBuilder& builder, Entry& entry);
    [[nodiscard]] bool isFirstOfDescription(const Entry& entry) const;

    pid_t pid_ = 0;
    size_t passed_count_ = 0;  ///< at the end of the entries
    bool missed_passed_ = false;
    std::unique_ptr<ProcDir> own_proc_;  ///< where the passed ones are read
    UniqueFd folder_;                    ///< /proc/PID/fd
    std::vector<Entry> entries_;
    std::vector<char> listing_;
};

}  // namespace farfork::capturing
