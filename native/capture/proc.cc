// SPDX-License-Identifier: Apache-2.0
#include "capture/proc.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>

namespace farfork::capturing {

ProcDir::ProcDir(pid_t pid)
    : pid_(pid), directory_(open(("/proc/" + std::to_string(pid)).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {}

ProcDir::ProcDir(int root, const std::string& path)
    : directory_(openat(root, path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {}

std::optional<std::string> ProcDir::read(const std::string& name) const {
    UniqueFd file(openat(directory_.get(), name.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.valid()) return std::nullopt;
    std::string text;
    size_t used = 0;
    for (;;) {
        text.resize(std::max<size_t>(used * 2, 16384));
        const ssize_t got = ::read(file.get(), text.data() + used, text.size() - used);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return std::nullopt;
        if (got == 0) break;
        used += static_cast<size_t>(got);
    }
    text.resize(used);
    return text;
}

std::optional<std::string> ProcDir::link(const std::string& name) const {
    char target[PATH_MAX];
    const ssize_t size = readlinkat(directory_.get(), name.c_str(), target, sizeof target);
    if (size < 0) return std::nullopt;
    return std::string(target, static_cast<size_t>(size));
}

std::optional<std::vector<int>> ProcDir::numbers(const std::string& name) const {
    UniqueFd folder(openat(directory_.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder.valid()) return std::nullopt;
    DIR* stream = fdopendir(folder.get());
    if (!stream) return std::nullopt;
    (void)folder.release();
    std::vector<int> result;
    while (const dirent* entry = readdir(stream))
        if (entry->d_name[0] >= '0' && entry->d_name[0] <= '9') result.push_back(std::atoi(entry->d_name));
    closedir(stream);
    std::sort(result.begin(), result.end());
    return result;
}

bool namesFile(const ProcDir& proc, const std::string& path, const struct stat& about) {
    UniqueFd root(openat(proc.fd(), "root", O_PATH | O_DIRECTORY | O_CLOEXEC));
    struct stat named {};
    return root.valid() && !path.empty() && path[0] == '/' &&
           fstatat(root.get(), ("." + path).c_str(), &named, 0) == 0 && named.st_dev == about.st_dev &&
           named.st_ino == about.st_ino;
}

std::optional<ProcStat> parseStat(std::string_view text) {
    const size_t open = text.find('('), close = text.rfind(')');
    if (open == std::string_view::npos || close == std::string_view::npos || close + 2 >= text.size())
        return std::nullopt;
    ProcStat stat;
    stat.comm = text.substr(open + 1, close - open - 1);
    stat.state = text[close + 2];
    // Signed fields wrap when read as unsigned and wrap back on assignment.
    std::vector<uint64_t> values;
    const char* at = text.data() + close + 3;
    const char* end = text.data() + text.size();
    while (at < end) {
        while (at < end && (*at == ' ' || *at == '\n')) at++;
        if (at == end) break;
        const bool negative = *at == '-';
        uint64_t value = 0;
        const auto [next, error] = std::from_chars(at + negative, end, value);
        if (error != std::errc()) return std::nullopt;
        values.push_back(negative ? 0 - value : value);
        at = next;
    }
    if (values.size() < 48) return std::nullopt;
    const auto number = [&](int one_based) { return values[static_cast<size_t>(one_based - 4)]; };
    stat.ppid = static_cast<int64_t>(number(4));
    stat.pgrp = static_cast<int64_t>(number(5));
    stat.session = static_cast<int64_t>(number(6));
    stat.flags = number(9);
    stat.nice = static_cast<int64_t>(number(19));
    stat.threads = static_cast<int64_t>(number(20));
    stat.start_time = number(22);
    stat.start_code = number(26);
    stat.end_code = number(27);
    stat.start_stack = number(28);
    stat.processor = number(39);
    stat.start_data = number(45);
    stat.end_data = number(46);
    stat.start_brk = number(47);
    stat.arg_start = number(48);
    stat.arg_end = number(49);
    stat.env_start = number(50);
    stat.env_end = number(51);
    return stat;
}

std::string_view field(std::string_view text, std::string_view key) {
    for (size_t at = 0; at < text.size();) {
        size_t end = text.find('\n', at);
        if (end == std::string_view::npos) end = text.size();
        const std::string_view line = text.substr(at, end - at);
        if (line.size() > key.size() && line[key.size()] == ':' && line.substr(0, key.size()) == key) {
            const size_t value = line.find_first_not_of(" \t", key.size() + 1);
            return value == std::string_view::npos ? std::string_view() : line.substr(value);
        }
        at = end + 1;
    }
    return {};
}

std::vector<uint64_t> numbersOf(std::string_view value, int base) {
    std::vector<uint64_t> result;
    const char* at = value.data();
    const char* end = at + value.size();
    while (at < end) {
        uint64_t number = 0;
        const auto [next, error] = std::from_chars(at, end, number, base);
        if (error == std::errc()) result.push_back(number);
        at = error == std::errc() ? next : at + 1;
    }
    return result;
}

uint64_t numberOf(std::string_view value, int base, uint64_t otherwise) {
    const auto all = numbersOf(value, base);
    return all.empty() ? otherwise : all.front();
}

}  // namespace farfork::capturing
