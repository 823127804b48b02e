// SPDX-License-Identifier: Apache-2.0
#include "capture/owners.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <sstream>

#include "capture/errors.h"
#include "capture/objects/object.h"

namespace farfork::capturing {
namespace {

/// A thread's id in the process's own pid namespace; 0: it is none of its threads.
int32_t ownThreadId(const ProcDir& proc, pid_t tid) {
    const auto status = proc.read("task/" + std::to_string(tid) + "/status");
    const auto ids = status ? numbersOf(field(*status, "NSpid")) : std::vector<uint64_t>();
    return ids.empty() ? 0 : static_cast<int32_t>(ids.back());
}

}  // namespace

Result<void> readOwner(const ProcDir& proc, int duplicate, const std::string& link, ff_file& file) {
    if (file.status_flags & O_PATH) return {};
    f_owner_ex owner{};
    const int signal = fcntl(duplicate, F_GETSIG);
    if (signal < 0 || fcntl(duplicate, F_GETOWN_EX, &owner) != 0)
        return unreadable(proc.pid(), "F_GETOWN_EX of fd " + std::to_string(file.fd), errno);
    file.owner_signal = static_cast<uint32_t>(signal);
    if (owner.pid == 0) return {};
    file.owner_type = static_cast<uint32_t>(owner.type);
    if (owner.type != F_OWNER_PGRP)
        file.owner = ownThreadId(proc, owner.pid);
    else if (owner.pid == getpgid(proc.pid()))
        file.owner = ownThreadId(proc, proc.pid());  // a child leads a group of its own
    if (file.owner != 0) return {};
    return notCarried(nameFile(file.fd, link, "its input is told to pid " + std::to_string(owner.pid)));
}

Result<void> checkLocks(const std::string& info, const std::string& name) {
    std::istringstream lines(info);
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with("lock:")) continue;
        // linux fs/locks.c, lock_get_status: "1: LEASE  ACTIVE    READ ..."
        std::istringstream words(line);
        std::string key, id, kind, state, mode;
        words >> key >> id >> kind >> state >> mode;
        const bool lease = kind == "LEASE" || kind == "DELEG";
        if (lease && (state != "ACTIVE" || mode != "READ")) return notCarried(name);
    }
    return {};
}

}  // namespace farfork::capturing
