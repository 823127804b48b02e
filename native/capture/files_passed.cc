// SPDX-License-Identifier: Apache-2.0
//
// Open file descriptions that only a message in a socket's queue holds (SCM_RIGHTS). They are known once the queue was
// read in a pause; the next try has them in its table, behind the parent's own numbers.
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#include "capture/descriptions.h"
#include "capture/errors.h"
#include "capture/files.h"

namespace farfork::capturing {

bool FileTable::holds(int descriptor) const {
    const auto own = static_cast<pid_t>(syscall(SYS_getpid));
    return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& entry) {
        return compareDescriptions(own, entry.duplicate.get(), own, descriptor) == 0;
    });
}

Result<void> FileTable::readPassed(const ProcDir& parent, const std::vector<UniqueFd>& passed, SharedTable& shared) {
    if (passed.empty()) return {};
    own_proc_ = std::make_unique<ProcDir>(getpid());
    const UniqueFd own_pidfd(static_cast<int>(syscall(SYS_pidfd_open, getpid(), 0)));
    // Their paths are told as we see them.
    const auto ours = own_proc_->link("ns/mnt"), theirs = parent.link("ns/mnt"), root = parent.link("root");
    if (!own_pidfd.valid()) return unreadable(getpid(), "pidfd_open", errno);
    if (!ours || ours != theirs || root != "/")
        return notCarried("a descriptor that only a message holds (SCM_RIGHTS)", "its path is one of another root");
    int number = entries_.empty() ? 0 : entries_.back().file.fd;
    for (const UniqueFd& each : passed) {
        if (holds(each.get())) continue;
        UniqueFd held(fcntl(each.get(), F_DUPFD_CLOEXEC, 3));
        if (!held.valid()) return unreadable(pid_, "dup of a passed descriptor", errno);
        const size_t before = entries_.size();
        if (auto read = readEntry(*own_proc_, own_pidfd.get(), held.get(), 0, shared); !read) return read.error();
        if (entries_.size() == before) continue;
        Entry& entry = entries_.back();
        entry.file.fd = ++number;
        entry.file.passed = 1;
        entry.held = std::move(held);
        if (entry.object) entry.object->renumber(number);
        passed_count_++;
    }
    return {};
}

bool FileTable::knowsPassed() {
    for (const Entry& entry : entries_) {
        if (!entry.object) continue;
        for (const int passed : entry.object->passed())
            if (!holds(passed)) missed_passed_ = true;
    }
    return !missed_passed_;
}

void FileTable::keepPassed(std::vector<UniqueFd>& passed) const {
    if (!missed_passed_) return;
    for (const Entry& entry : entries_) {
        if (!entry.object) continue;
        for (const int each : entry.object->passed())
            if (!holds(each)) passed.emplace_back(fcntl(each, F_DUPFD_CLOEXEC, 3));
        if (entry.file.passed) passed.emplace_back(fcntl(entry.duplicate.get(), F_DUPFD_CLOEXEC, 3));
    }
}

}  // namespace farfork::capturing
