// SPDX-License-Identifier: Apache-2.0
//
// Kernel objects behind descriptors that a child gets anew. One kind a file: EVENTFD.cc holds how it is told, read and
// described, and objects.cc lists it. What the descriptor says of it: descriptor/objects.h; how a child gets it:
// restorer/blob/objects/.
#pragma once
#include <sys/stat.h>
#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "capture/proc.h"
#include "descriptor/builder.h"
#include "descriptor/objects.h"

namespace farfork::capturing {

class FileTable;
class SharedTable;

/// A descriptor of the parent as it was first seen.
struct Opened {
    const ProcDir& proc;      ///< of the parent
    const ff_file& file;      ///< number, status flags, inode
    const std::string& link;  ///< readlink of /proc/PID/fd/N
    const struct stat& about;
    const std::string& info;  ///< /proc/PID/fdinfo/N
    int duplicate;            ///< the same open file description, ours; valid until the object is gone
    const FileTable& files;   ///< the descriptors of lower numbers
    SharedTable& shared;      ///< memory that is mapped shared
};

/// One open file description of a kind that is made anew. Every descriptor number has one; `describe` is called for
/// the first number of each description only.
class CapturedObject {
  public:
    virtual ~CapturedObject() = default;
    /// FF_FILE_*.
    [[nodiscard]] virtual uint32_t kind() const = 0;
    /// Before the pause, once the table is complete: looks up what it refers to. Refuses by name what is not carried.
    virtual Result<void> relate(const FileTable&) { return {}; }
    /// How errors of the child name it: `link`, and an address that tells more.
    [[nodiscard]] virtual std::string title(const std::string& link) const { return link; }
    /// Descriptors of ours for what the messages in its queue pass on; as of the last confirm().
    [[nodiscard]] virtual std::span<const int> passed() const { return {}; }
    /// It was seen under a number of ours; this is the one that it has in the table.
    virtual void renumber(int /*fd*/) {}
    /// In the pause, when its state can change otherwise: reads the state. Allocates nothing and takes no lock of
    /// libc's; system calls by syscall(2). False: what was read before is stale, and another try may succeed.
    virtual bool confirm() { return true; }
    /// After the pause: the struct of its kind. Refuses by name what cannot be carried. `files` is the whole table.
    virtual Result<std::vector<std::byte>> describe(const FileTable& files) = 0;
};

/// The object behind a descriptor; null when no kind claims it. Refuses by name what a kind knows not to be carried.
Result<std::unique_ptr<CapturedObject>> findObject(const Opened& opened);

/// As "fd 7 (anon_inode:[eventfd])".
std::string nameFile(int number, const std::string& link, const std::string& note = {});

/// Reads a file below /proc/PID into `buffer`, which it ends with NUL; for the pause. False when it does not fit.
bool readIntoBuffer(const ProcDir& proc, const char* path, std::vector<char>& buffer);

/// /proc/PID/fdinfo/N, opened before the pause, in which only the reading is left to do: opening costs several times as
/// much.
class InfoFile {
  public:
    /// For a text of less than `bytes`.
    explicit InfoFile(const Opened& opened, size_t bytes = 512);
    /// Reads it anew. Allocates nothing; false when it does not fit.
    bool read();
    /// What was read, ended with NUL.
    [[nodiscard]] const char* text() const { return text_.data(); }
    void reserve(size_t bytes) { text_.resize(bytes); }

  private:
    UniqueFd file_;
    std::vector<char> text_;
};

template <class T>
std::vector<std::byte> bytesOf(const T& value) {
    const auto* first = reinterpret_cast<const std::byte*>(&value);
    return {first, first + sizeof(value)};
}

// One for each kind: null when the descriptor is not of it.
Result<std::unique_ptr<CapturedObject>> findEventfd(const Opened& opened);
Result<std::unique_ptr<CapturedObject>> findEpoll(const Opened& opened);
Result<std::unique_ptr<CapturedObject>> findTimerfd(const Opened& opened);
Result<std::unique_ptr<CapturedObject>> findSignalfd(const Opened& opened);
Result<std::unique_ptr<CapturedObject>> findInotify(const Opened& opened);
Result<std::unique_ptr<CapturedObject>> findPidfd(const Opened& opened);
Result<std::unique_ptr<CapturedObject>> findDeleted(const Opened& opened);
Result<std::unique_ptr<CapturedObject>> findMemfd(const Opened& opened);
Result<std::unique_ptr<CapturedObject>> findSocket(const Opened& opened);

}  // namespace farfork::capturing
