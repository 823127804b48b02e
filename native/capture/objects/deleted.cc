// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "capture/errors.h"
#include "capture/files.h"
#include "capture/objects/object.h"

namespace farfork::capturing {
namespace {

/// Of all deleted files of a process together: it is copied in the pause.
constexpr uint64_t kMaxBytes = 64ULL << 20;
/// What a file may grow between the first reading and the pause before another try is needed.
constexpr uint64_t kSlackBytes = 256 << 10;
constexpr size_t kSlackExtents = 64;

/// A regular file or a folder that has no name any more. Others may write the file at any time, so its contents are
/// copied in the pause, through a description of our own: the parent's position stays.
class CapturedDeleted final : public CapturedObject {
  public:
    CapturedDeleted(const Opened& opened, UniqueFd reader)
        : fd_(opened.file.fd),
          node_(opened.about.st_ino),
          device_(opened.about.st_dev),
          name_(opened.link),
          about_(opened.about),
          reader_(std::move(reader)) {}

    [[nodiscard]] uint32_t kind() const override { return FF_FILE_DELETED; }
    [[nodiscard]] bool is(const struct stat& about) const { return node_ == about.st_ino && device_ == about.st_dev; }
    [[nodiscard]] bool holdsContents() const { return reader_.valid(); }
    [[nodiscard]] uint64_t bytes() const { return used_; }
    [[nodiscard]] bool linkable() const { return linkable_; }
    void setLinkable() { linkable_ = true; }

    /// Reads the contents once, which also makes room for what the pause reads.
    Result<void> read(uint64_t room) {
        for (extents_.resize(kSlackExtents);; extents_.resize(extents_.size() * 2)) {
            if (fstat(reader_.get(), &about_) != 0) return refused("fstat", errno);
            if (!findExtents()) {
                if (errno != E2BIG) return refused("SEEK_DATA", errno);
                continue;
            }
            if (used_ > room)
                return notCarried(nameFile(fd_, name_, "deleted"),
                                  "more than " + std::to_string(kMaxBytes >> 20) + " MiB in deleted files");
            contents_.resize(used_ + kSlackBytes);
            extents_.resize(count_ + kSlackExtents);
            return {};
        }
    }

    bool confirm() override {
        if (!reader_.valid()) return true;
        if (fstat(reader_.get(), &about_) != 0 || about_.st_nlink != 0) return false;
        return findExtents() && used_ <= contents_.size() && copyExtents();
    }

    Result<std::vector<std::byte>> describe(const FileTable& files) override {
        ff_deleted deleted{};
        deleted.same_file = -1;
        deleted.linkable = linkable_;
        const CapturedDeleted* contents = this;
        for (const FileTable::Entry& entry : files.entries()) {
            if (entry.file.fd == fd_) break;
            if (entry.file.kind != FF_FILE_DELETED) continue;
            const auto* earlier = static_cast<const CapturedDeleted*>(entry.object.get());
            if (!earlier->is(about_)) continue;
            deleted.same_file = entry.file.fd;
            contents = earlier;
            break;
        }
        if (S_ISREG(about_.st_mode) && !contents->holdsContents())
            return notCarried(nameFile(fd_, name_, "deleted, and a standard stream too"));
        const struct stat& about = contents->about_;
        deleted.size = S_ISREG(about.st_mode) ? static_cast<uint64_t>(about.st_size) : 0;
        deleted.mode = about.st_mode;
        deleted.uid = about.st_uid;
        deleted.gid = about.st_gid;
        deleted.accessed_s = about.st_atim.tv_sec;
        deleted.accessed_ns = about.st_atim.tv_nsec;
        deleted.modified_s = about.st_mtim.tv_sec;
        deleted.modified_ns = about.st_mtim.tv_nsec;
        deleted.extent_count = deleted.same_file < 0 ? static_cast<uint32_t>(count_) : 0;
        std::vector<std::byte> result = bytesOf(deleted);
        if (deleted.extent_count == 0) return result;
        const auto extents = std::as_bytes(std::span(extents_.data(), count_));
        result.insert(result.end(), extents.begin(), extents.end());
        result.insert(result.end(), contents_.begin(), contents_.begin() + static_cast<ptrdiff_t>(used_));
        return result;
    }

  private:
    Error refused(const char* what, int sys_errno) {
        return makeErrno(ErrorCode::kStateNotCarried, "capture.validate", nameFile(fd_, name_, "deleted"), what,
                         sys_errno);
    }

    /// Where the file has data, as of about_. False: errno; E2BIG when there is no room for so many extents.
    bool findExtents() {
        count_ = used_ = 0;
        if (!S_ISREG(about_.st_mode)) return true;
        for (off_t at = 0; at < about_.st_size;) {
            const off_t from = lseek(reader_.get(), at, SEEK_DATA);
            if (from < 0 && errno == ENXIO) return true;  // nothing but a hole is left
            if (from < 0) return false;
            if (from >= about_.st_size) return true;
            const off_t end = std::min<off_t>(lseek(reader_.get(), from, SEEK_HOLE), about_.st_size);
            if (end <= from) return false;
            if (count_ == extents_.size()) {
                errno = E2BIG;
                return false;
            }
            extents_[count_++] = {static_cast<uint64_t>(from), static_cast<uint64_t>(end - from)};
            used_ += static_cast<uint64_t>(end - from);
            if (used_ > kMaxBytes) return true;
            at = end;
        }
        return true;
    }

    bool copyExtents() {
        std::byte* to = contents_.data();
        for (size_t i = 0; i < count_; i++)
            for (uint64_t done = 0; done < extents_[i].size;) {
                const ssize_t got =
                    pread(reader_.get(), to, extents_[i].size - done, static_cast<off_t>(extents_[i].offset + done));
                if (got <= 0) return false;
                to += got;
                done += static_cast<uint64_t>(got);
            }
        return true;
    }

    int fd_;
    uint64_t node_, device_;
    std::string name_;
    struct stat about_;
    UniqueFd reader_;  ///< none: a folder, or a file that an earlier descriptor has
    bool linkable_ = false;
    std::vector<ff_extent> extents_;
    size_t count_ = 0;
    uint64_t used_ = 0;
    std::vector<std::byte> contents_;
};

/// Attributes beside those of the security modules, which a new file gets anew.
bool hasAttributes(int file) {
    char list[4096];
    const ssize_t size = flistxattr(file, list, sizeof list);
    if (size < 0) return errno != ENOTSUP;
    for (const char* at = list; at < list + size; at += strlen(at) + 1)
        if (strncmp(at, "security.", 9) != 0) return true;
    return false;
}

/// Made by O_TMPFILE: its flags say so, or its name, which is its inode number (linux fs/dcache.c, d_tmpfile).
bool isTmpfile(const Opened& opened) {
    if ((opened.file.status_flags & O_TMPFILE) == O_TMPFILE) return true;
    return opened.link.ends_with("/#" + std::to_string(opened.about.st_ino) + " (deleted)");
}

Result<UniqueFd> openReader(const Opened& opened) {
    const std::string path = "fd/" + std::to_string(opened.file.fd);
    const int flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC;
    // The parent's access time stays as it was; not every file system lets us.
    UniqueFd reader(openat(opened.proc.fd(), path.c_str(), flags | O_NOATIME));
    if (!reader.valid()) reader.reset(openat(opened.proc.fd(), path.c_str(), flags));
    if (!reader.valid())
        return makeErrno(ErrorCode::kStateNotCarried, "capture.validate",
                         nameFile(opened.file.fd, opened.link, "deleted"), "it cannot be read", errno);
    if (hasAttributes(reader.get()))
        return notCarried(nameFile(opened.file.fd, opened.link, "deleted, with extended attributes"));
    return reader;
}

}  // namespace

Result<std::unique_ptr<CapturedObject>> findDeleted(const Opened& opened) {
    std::unique_ptr<CapturedObject> none;
    const bool file = S_ISREG(opened.about.st_mode);
    if ((!file && !S_ISDIR(opened.about.st_mode)) || opened.about.st_nlink != 0) return none;
    if (!opened.link.ends_with(" (deleted)") || opened.link.starts_with("/memfd:")) return none;
    const CapturedDeleted* same = nullptr;
    uint64_t room = kMaxBytes;
    for (const FileTable::Entry& entry : opened.files.entries()) {
        if (entry.file.kind != FF_FILE_DELETED) continue;
        const auto* earlier = static_cast<const CapturedDeleted*>(entry.object.get());
        room -= earlier->bytes();
        if (earlier->is(opened.about) && !same) same = earlier;
    }
    UniqueFd reader;
    if (file && !same) {
        auto opening = openReader(opened);
        if (!opening) return opening.error();
        reader = *std::move(opening);
    }
    auto found = std::make_unique<CapturedDeleted>(opened, std::move(reader));
    if (isTmpfile(opened) || (same && same->linkable())) found->setLinkable();
    if (file && !same)
        if (auto read = found->read(room); !read) return read.error();
    return std::unique_ptr<CapturedObject>(std::move(found));
}

}  // namespace farfork::capturing
