// SPDX-License-Identifier: Apache-2.0
//
// The descriptor table in the pause and after it.
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>

#include "capture/descriptions.h"
#include "capture/errors.h"
#include "capture/files.h"
#include "capture/pipes.h"

namespace farfork::capturing {

bool FileTable::confirm() {
    const auto own = static_cast<pid_t>(syscall(SYS_getpid));  // the guardian's, which shares this table
    struct Record {
        uint64_t inode;
        int64_t next;
        uint16_t size;
        uint8_t type;
        char name[];
    };
    size_t index = 0;
    const size_t numbers = entries_.size() - passed_count_;
    if (lseek(folder_.get(), 0, SEEK_SET) != 0) return false;
    for (;;) {
        const long bytes = syscall(SYS_getdents64, folder_.get(), listing_.data(), listing_.size());
        if (bytes < 0) return false;
        if (bytes == 0) break;
        for (long at = 0; at < bytes;) {
            const auto* record = reinterpret_cast<const Record*>(listing_.data() + at);
            at += record->size;
            if (record->name[0] < '0' || record->name[0] > '9') continue;
            if (index == numbers || atoi(record->name) != entries_[index].file.fd) return false;
            index++;
        }
    }
    if (index != numbers) return false;
    for (Entry& entry : entries_) {
        const int duplicate = entry.duplicate.get();
        if (!entry.file.passed && compareDescriptions(pid_, entry.file.fd, own, duplicate) != 0) return false;
        if (entry.file.kind == FF_FILE_REGULAR) {
            const off_t position = lseek(duplicate, 0, SEEK_CUR);
            if (position < 0) return false;
            entry.file.position = static_cast<uint64_t>(position);
        }
        if (entry.copy_write.valid() && !copyPipe(entry)) return false;
        if (entry.object && !entry.object->confirm()) return false;
    }
    return knowsPassed();
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

Result<void> FileTable::describe(DescriptorBuilder& builder, ff_process& process) {
    process.file_first = static_cast<uint32_t>(builder.files.size());
    process.file_count = static_cast<uint32_t>(entries_.size());
    process.control_fd = UINT32_MAX;
    for (Entry& entry : entries_) {
        entry.file.path = builder.strings.add(entry.object ? entry.object->title(entry.link) : entry.link);
        if (entry.file.kind == FF_FILE_CONTROL) process.control_fd = static_cast<uint32_t>(entry.file.fd);
        if (auto done = describeBytes(builder, entry); !done) return done;
        builder.files.push_back(entry.file);
    }
    for (Entry& entry : entries_) {
        entry.object.reset();
        entry.duplicate.reset();
    }
    return {};
}

bool FileTable::isFirstOfDescription(const Entry& entry) const {
    for (const Entry& earlier : entries_) {
        if (&earlier == &entry) break;
        if (earlier.file.description == entry.file.description) return false;
    }
    return true;
}

/// What a pipe holds, or what a kernel object is.
Result<void> FileTable::describeBytes(DescriptorBuilder& builder, Entry& entry) {
    std::vector<std::byte> bytes(entry.copied);
    for (size_t done = 0; done < bytes.size();) {
        const ssize_t got = ::read(entry.copy_read.get(), bytes.data() + done, bytes.size() - done);
        if (got <= 0) return unreadable(pid_, "read the copy of fd " + std::to_string(entry.file.fd), errno);
        done += static_cast<size_t>(got);
    }
    if (entry.object && isFirstOfDescription(entry)) {
        auto described = entry.object->describe(*this);
        if (!described) return described.error();
        bytes = *std::move(described);
    }
    if (bytes.empty()) return {};
    entry.file.bytes_offset = builder.addBytes(bytes);
    entry.file.bytes_size = bytes.size();
    return {};
}

}  // namespace farfork::capturing
