// SPDX-License-Identifier: Apache-2.0
#include "capture/headroom.h"

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <optional>

#include "capture/errors.h"

namespace farfork::capturing {
namespace {

/// fork(2) of a warm process costs about 30 ns a 4 KiB page (FACTS.md: 18 to 34 ms for 1 GB, at best 0.65 for 100 MB).
constexpr uint64_t kForkNsPerPage = 30;

std::optional<uint64_t> readNumber(const std::string& path) {
    uint64_t value = 0;
    if (std::ifstream(path) >> value) return value;
    return std::nullopt;
}

/// Least room of a cgroup and its ancestors up to the mount.
uint64_t roomBelow(const std::string& mount, std::string path, const char* limit_file, const char* usage_file) {
    uint64_t room = UINT64_MAX;
    for (;;) {
        const auto limit = readNumber(mount + path + "/" + limit_file),
                   usage = readNumber(mount + path + "/" + usage_file);
        if (limit && usage) room = std::min(room, *limit > *usage ? *limit - *usage : 0);
        if (path.empty() || path == "/") return room;
        path.resize(path.find_last_of('/'));
    }
}

}  // namespace

uint64_t headroomBytes(std::string_view cgroups, const std::string& mount) {
    uint64_t room = UINT64_MAX;
    for (size_t at = 0; at < cgroups.size();) {
        const size_t end = std::min(cgroups.find('\n', at), cgroups.size());
        const std::string_view line = cgroups.substr(at, end - at);
        at = end + 1;
        const size_t first = line.find(':'), second = line.find(':', first + 1);
        if (second == std::string_view::npos) continue;
        const std::string path(line.substr(second + 1));
        const std::string_view controllers = line.substr(first + 1, second - first - 1);
        if (controllers.empty()) {
            room = std::min(room, roomBelow(mount, path, "memory.max", "memory.current"));
            room = std::min(room, roomBelow(mount + "/unified", path, "memory.max", "memory.current"));
        } else if (controllers == "memory" || controllers.starts_with("memory,") || controllers.ends_with(",memory") ||
                   controllers.find(",memory,") != std::string_view::npos) {
            room = std::min(room, roomBelow(mount + "/memory", path, "memory.limit_in_bytes", "memory.usage_in_bytes"));
        }
    }
    return room;
}

Result<void> checkHeadroom(const ProcDir& proc, const std::vector<Mapping>& mappings, const std::string& mount) {
    uint64_t private_bytes = 0;
    for (const Mapping& mapping : mappings)
        if (!mapping.shared) private_bytes += mapping.anonymous_kb * 1024;
    const auto cgroups = proc.read("cgroup");
    const uint64_t room = cgroups ? headroomBytes(*cgroups, mount) : UINT64_MAX;
    if (room >= private_bytes) return {};
    return Error{ErrorCode::kResourceExhausted, "capture.validate", pidName(proc.pid()),
                 "its cgroup has room for " + std::to_string(room >> 20) + " MiB, its copies could take " +
                     std::to_string(private_bytes >> 20)};
}

Result<void> checkExpectedPause(const ProcDir& proc, const std::vector<Mapping>& mappings, uint32_t max_pause_ms) {
    if (max_pause_ms == 0) return {};
    uint64_t pages = 0;
    for (const Mapping& mapping : mappings)
        if (mapping.anonymous_kb > mapping.huge_kb) pages += (mapping.anonymous_kb - mapping.huge_kb) / 4;
    const uint64_t expected_ms = pages * kForkNsPerPage / 1'000'000;
    if (expected_ms <= max_pause_ms) return {};
    return Error{ErrorCode::kPauseTooLong, "capture.validate", pidName(proc.pid()),
                 "about " + std::to_string(expected_ms) + " ms expected, " + std::to_string(max_pause_ms) + " allowed"};
}

}  // namespace farfork::capturing
