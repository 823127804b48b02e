// SPDX-License-Identifier: Apache-2.0
#include "pagerd/options.h"

#include <charconv>
#include <cstring>

namespace farfork::pagerd {

namespace {

Error invalid(std::string object, std::string detail) {
    return Error{ErrorCode::kInvalidArgument, "pager.options", std::move(object), std::move(detail)};
}

bool parseNumber(const char* text, long low, long high, long& out) {
    const char* end = text + std::strlen(text);
    const auto [stop, problem] = std::from_chars(text, end, out);
    return problem == std::errc{} && stop == end && out >= low && out <= high;
}

}  // namespace

Result<Options> parseOptions(int argc, char** argv) {
    Options options;
    for (int index = 1; index < argc; ++index) {
        const std::string name = argv[index];
        if (name == "--foreground") {
            options.foreground = true;
            continue;
        }
        if (index + 1 == argc) return invalid(name, "is unknown or lacks its value");
        const char* value = argv[++index];
        long number = 0;
        if (name == "--state-dir") {
            options.state_dir = value;
        } else if (name == "--fabric-host") {
            options.fabric_host = value;
        } else if (name == "--fabric-port" && parseNumber(value, 0, 65535, number)) {
            options.fabric_port = static_cast<uint16_t>(number);
        } else if (name == "--owner-pid" && parseNumber(value, 1, INT32_MAX, number)) {
            options.owner_pid = static_cast<pid_t>(number);
        } else {
            return invalid(name, std::string("cannot be '") + value + "'");
        }
    }
    if (options.state_dir.empty()) return invalid("--state-dir", "is required");
    if (options.fabric_host.empty()) return invalid("--fabric-host", "is required");
    return options;
}

}  // namespace farfork::pagerd
