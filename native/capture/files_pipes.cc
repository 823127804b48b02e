// SPDX-License-Identifier: Apache-2.0
//
// Which pipes a child can have: those that nobody else has to do with.
#include <fcntl.h>

#include "capture/errors.h"
#include "capture/files.h"
#include "capture/pipes.h"

namespace farfork::capturing {

bool FileTable::hasBothEnds(const Entry& entry) const {
    bool read_end = false, write_end = false;
    for (const Entry& other : entries_) {
        if (!isPipe(other.file) || other.file.inode != entry.file.inode) continue;
        const uint32_t mode = other.file.status_flags & O_ACCMODE;
        read_end |= mode != O_WRONLY;
        write_end |= mode != O_RDONLY;
    }
    return read_end && write_end;
}

/// A pipe is carried when its ends are here and nowhere else, or closed. A FIFO has a name by which others may still
/// open the end that is closed.
Result<void> FileTable::checkPipes() {
    std::vector<PipeIdentity> pipes;
    const auto identity = [](const Entry& entry) {
        return PipeIdentity{entry.file.kind == FF_FILE_FIFO ? entry.device : 0, entry.node};
    };
    for (const Entry& entry : entries_) {
        if (!isPipe(entry.file)) continue;
        const bool closed = entry.file.kind == FF_FILE_PIPE && isFarEndClosed(entry.duplicate.get());
        if (!hasBothEnds(entry) && !closed)
            return notCarried(nameFile(entry.file.fd, entry.link, "its other end is outside the process"));
        pipes.push_back(identity(entry));
    }
    if (pipes.empty()) return {};
    const auto outsider = findPipeHolder(pipes, pid_);
    if (!outsider) return {};
    for (const Entry& entry : entries_) {
        if (!isPipe(entry.file)) continue;
        const PipeIdentity pipe = identity(entry);
        if (pipe.device == outsider->pipe.device && pipe.node == outsider->pipe.node)
            return notCarried(nameFile(entry.file.fd, entry.link, "also open in pid " + std::to_string(outsider->pid)));
    }
    return {};
}

/// Queued bytes go to the copy by reference: tee(2) consumes nothing.
bool FileTable::copyPipe(Entry& entry) {
    for (const Entry& earlier : entries_) {  // one read end's copy is enough
        if (&earlier == &entry) break;
        if (earlier.copy_write.valid() && earlier.file.inode == entry.file.inode) return true;
    }
    const int64_t copied = copyQueuedBytes(entry.duplicate.get(), entry.copy_write.get());
    entry.copied = copied > 0 ? static_cast<uint64_t>(copied) : 0;
    return copied >= 0;
}

/// The runs, when there are packets, and the bytes that were queued.
Result<std::vector<std::byte>> FileTable::describePipe(Entry& entry) {
    auto queued = takeQueuedBytes(entry.copy_read.get(), entry.copied);
    if (!queued) return unreadable(pid_, "read the copy of fd " + std::to_string(entry.file.fd), errno);
    // A child writes them again: only a full page keeps a packet from being merged into a stream before it (linux
    // fs/pipe.c, pipe_write). Of the first run the front may have been read; others can only come by splice(2).
    for (size_t i = 1; i + 1 < queued->runs.size(); i++)
        if (!queued->runs[i].packet && queued->runs[i].size % FF_PAGE_SIZE)
            return notCarried(nameFile(entry.file.fd, entry.link, "packets behind bytes that were spliced"));
    entry.file.pipe_run_count = static_cast<uint32_t>(queued->runs.size());
    const auto runs = std::as_bytes(std::span(queued->runs));
    std::vector<std::byte> bytes(runs.begin(), runs.end());
    bytes.insert(bytes.end(), queued->bytes.begin(), queued->bytes.end());
    return bytes;
}

}  // namespace farfork::capturing
