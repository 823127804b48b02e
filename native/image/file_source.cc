// SPDX-License-Identifier: Apache-2.0
#include "image/file_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cinttypes>
#include <cstdio>

#include "image/destination.h"

namespace farfork {

namespace {

int64_t mtimeNs(const struct stat& status) {
    return status.st_mtim.tv_sec * 1'000'000'000LL + status.st_mtim.tv_nsec;
}

}  // namespace

Result<std::shared_ptr<FileSource>> FileSource::open(pid_t pid, LayoutFile file) {
    char name[96];
    std::snprintf(name, sizeof name, "/proc/%d/map_files/%" PRIx64 "-%" PRIx64, pid, file.map_start, file.map_end);
    UniqueFd fd(::open(name, O_RDONLY | O_CLOEXEC));
    if (!fd.valid())
        fd.reset(::open(("/proc/" + std::to_string(pid) + "/root" + file.path).c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd.valid()) {
        return makeErrno(ErrorCode::kFileMissing, "image.import", file.path, "open of a mapped file", errno);
    }
    std::shared_ptr<FileSource> source(new FileSource(std::move(file), std::move(fd)));
    if (Result<void> same = source->checkUnchanged(); !same) {
        Error error = same.error();
        error.code = ErrorCode::kFileMissing;
        return error;
    }
    return source;
}

Result<void> FileSource::checkUnchanged() const {
    struct stat status {};
    if (fstat(fd_.get(), &status) != 0) {
        return makeErrno(ErrorCode::kSourceLost, "image.file", file_.path, "fstat", errno);
    }
    if (static_cast<uint64_t>(status.st_size) == file_.size && mtimeNs(status) == file_.mtime_ns) return {};
    return Error{ErrorCode::kSourceLost, "image.file", file_.path, "the file changed since the seed was prepared"};
}

Result<void> FileSource::readOne(const PageRead& read) const {
    const uint64_t base = file_.map_offset + (read.range.start - file_.map_start);
    uint64_t offset = 0;
    while (offset < read.range.bytes()) {
        const ssize_t got =
            pread(fd_.get(), read.destination + offset, read.range.bytes() - offset, static_cast<off_t>(base + offset));
        if (got > 0) {
            offset += static_cast<uint64_t>(got);
            continue;
        }
        if (got == 0) break;
        if (errno == EINTR) continue;
        const int read_errno = errno;
        if (Result<void> room = checkDestination(read.destination, read.range.bytes()); !room) return room;
        return makeErrno(ErrorCode::kSourceLost, "image.file", file_.path, "pread", read_errno);
    }
    // The rest of the file's last page reads as zeros in a mapping (mmap(2)); a page wholly behind it would raise
    // SIGBUS.
    const uint64_t tail = read.range.bytes() - offset;
    if (tail >= kPageBytes) {
        return Error{ErrorCode::kSourceLost, "image.file", file_.path, "the file is shorter than its mapping"};
    }
    std::memset(read.destination + offset, 0, tail);
    return {};
}

void FileSource::read(std::vector<PageRead> reads, Completion done) {
    for (const PageRead& read : reads) {
        if (read.range.start < file_.map_start || read.range.end > file_.map_end) {
            return done(Error{ErrorCode::kInternal, "image.file", file_.path, "read outside its mapping"});
        }
        if (Result<void> result = readOne(read); !result) return done(result);
    }
    done(checkUnchanged());
}

}  // namespace farfork
