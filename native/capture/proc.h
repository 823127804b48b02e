// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <sys/stat.h>
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.h"

namespace farfork::capturing {

/// /proc/PID, held open: reads fail with ESRCH once the process is gone, even if its pid is used again.
class ProcDir {
  public:
    ProcDir() = default;
    explicit ProcDir(pid_t pid);
    /// The folder of a process in another view of /proc; pid() is 0.
    ProcDir(int root, const std::string& path);
    [[nodiscard]] bool valid() const { return directory_.valid(); }
    [[nodiscard]] pid_t pid() const { return pid_; }
    [[nodiscard]] int fd() const { return directory_.get(); }
    /// Contents of a file below /proc/PID; nothing when it cannot be read (errno says why).
    [[nodiscard]] std::optional<std::string> read(const std::string& name) const;
    [[nodiscard]] std::optional<std::string> link(const std::string& name) const;
    /// Numeric entries of a directory below /proc/PID, ascending.
    [[nodiscard]] std::optional<std::vector<int>> numbers(const std::string& name) const;

  private:
    pid_t pid_ = 0;
    UniqueFd directory_;
};

/// Whether `path` leads the process to the file that `about` is of.
bool namesFile(const ProcDir& proc, const std::string& path, const struct stat& about);

/// The fields of /proc/PID/stat that matter here; see proc_pid_stat(5).
struct ProcStat {
    std::string comm;
    char state = '?';
    int64_t ppid = 0, pgrp = 0, session = 0, nice = 0, threads = 0;
    uint64_t flags = 0, start_time = 0, processor = 0;
    uint64_t start_code = 0, end_code = 0, start_stack = 0, start_data = 0, end_data = 0, start_brk = 0;
    uint64_t arg_start = 0, arg_end = 0, env_start = 0, env_end = 0;
};
std::optional<ProcStat> parseStat(std::string_view text);

/// The value of a line "key:\tvalue" in text such as /proc/PID/status; empty when absent.
std::string_view field(std::string_view text, std::string_view key);

/// The numbers of a value, separated by blanks; `base` 8, 10 or 16.
std::vector<uint64_t> numbersOf(std::string_view value, int base = 10);

/// The first number of a value, or `otherwise`.
uint64_t numberOf(std::string_view value, int base = 10, uint64_t otherwise = 0);

}  // namespace farfork::capturing
