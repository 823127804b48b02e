// SPDX-License-Identifier: Apache-2.0
//
// The descriptor table in the pause and after it.
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "capture/descriptions.h"
#include "capture/errors.h"
#include "capture/files.h"
#include "capture/pipes.h"

namespace farfork::capturing {
namespace {

bool hasPosition(const ff_file& file) {
    return file.kind == FF_FILE_REGULAR || file.stdio_kind == FF_FILE_REGULAR ||
           ((file.kind == FF_FILE_PROC || file.kind == FF_FILE_DELETED) && !(file.status_flags & O_PATH));
}

/// Takes over what fcntl(2) may have switched meanwhile. False: signal-driven input was, which has an owner to be read.
bool confirmFlags(ff_file& file, int now) {
    constexpr uint32_t kSwitched = O_APPEND | O_NONBLOCK | O_NOATIME | O_DIRECT;
    const uint32_t flags = static_cast<uint32_t>(now) & ~static_cast<uint32_t>(O_CLOEXEC);
    if (now < 0 || ((flags ^ file.status_flags) & ~kSwitched) != 0) return false;
    file.status_flags = flags;
    return true;
}

}  // namespace

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
        if (!confirmFlags(entry.file, fcntl(duplicate, F_GETFL))) return false;
        if (hasPosition(entry.file)) {
            const off_t position = lseek(duplicate, 0, SEEK_CUR);
            if (position < 0 && errno == ESPIPE) continue;  // some files of /proc
            if (position < 0) return false;
            entry.file.position = static_cast<uint64_t>(position);
        }
        if (entry.copy_write.valid() && !copyPipe(entry)) return false;
        if (entry.object && !entry.object->confirm()) return false;
    }
    return knowsPassed();
}

Result<void> FileTable::describe(DescriptorBuilder& builder, ff_process& process) {
    process.file_first = static_cast<uint32_t>(builder.files.size());
    process.file_count = static_cast<uint32_t>(entries_.size());
    process.control_fd = UINT32_MAX;
    if (auto checked = checkMappedFiles(builder); !checked) return checked;
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

const FileTable::Entry* FileTable::entryOf(uint32_t number) const {
    for (const Entry& entry : entries_)
        if (static_cast<uint32_t>(entry.file.fd) == number) return &entry;
    return nullptr;
}

/// A deleted file is copied at one instant: memory that shows it would be another file in the child.
Result<void> FileTable::checkMappedFiles(const DescriptorBuilder& builder) const {
    for (const Entry& entry : entries_) {
        if (entry.file.kind != FF_FILE_DELETED) continue;
        for (const ff_vma& vma : builder.vmas)
            if (vma.flags & FF_VMA_SHARED && vma.flags & FF_VMA_FILE && vma.inode == entry.node)
                return notCarried(nameFile(entry.file.fd, entry.link, "deleted, and shared memory too"));
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
    std::vector<std::byte> bytes;
    if (entry.copied) {
        auto described = describePipe(entry);
        if (!described) return described.error();
        bytes = *std::move(described);
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
