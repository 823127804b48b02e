// SPDX-License-Identifier: Apache-2.0
#include "capture/timers.h"

#include <signal.h>

#include <algorithm>
#include <cstdio>
#include <sstream>
#include <string>

namespace farfork::capturing {

std::optional<std::vector<PosixTimer>> parseTimers(std::string_view text) {
    std::vector<PosixTimer> timers;
    std::istringstream lines{std::string(text)};
    for (std::string line; std::getline(lines, line);) {
        PosixTimer timer;
        char kind[8] = {}, scope[4] = {};
        unsigned long long value = 0;
        if (line.empty()) continue;
        if (std::sscanf(line.c_str(), "ID: %d", &timer.id) == 1) {
            timers.push_back(timer);
            continue;
        }
        if (timers.empty()) return std::nullopt;
        PosixTimer& last = timers.back();
        if (std::sscanf(line.c_str(), "signal: %d/%llx", &last.signal, &value) == 2) {
            last.value = value;
        } else if (std::sscanf(line.c_str(), "notify: %7[a-z]/%3[a-z].%d", kind, scope, &last.target) == 3) {
            const std::string_view name = kind;
            if (name != "signal" && name != "none" && name != "thread") return std::nullopt;
            last.notify = name == "signal" ? SIGEV_SIGNAL : name == "none" ? SIGEV_NONE : SIGEV_THREAD;
            if (std::string_view(scope) == "tid") last.notify |= SIGEV_THREAD_ID;
        } else if (std::sscanf(line.c_str(), "ClockID: %d", &last.clock) != 1) {
            return std::nullopt;
        }
    }
    std::sort(timers.begin(), timers.end(),
              [](const PosixTimer& one, const PosixTimer& other) { return one.id < other.id; });
    return timers;
}

std::vector<BlobTimer> timersToAsk(const std::vector<PosixTimer>& timers) {
    std::vector<BlobTimer> asked;
    for (const PosixTimer& timer : timers) asked.push_back({timer.id, {}, 0});
    return asked;
}

}  // namespace farfork::capturing
