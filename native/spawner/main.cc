// SPDX-License-Identifier: Apache-2.0
//
// farfork-spawner --state-dir DIR [--owner-pid PID] [--foreground]
// Exit codes: 0 it runs (or, in the foreground, ended when told to); 1 it could not start; 2 usage.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "spawner/spawner.h"

namespace {

struct Arguments {
    farfork::SpawnerOptions options;
    bool foreground = false;
};

bool parseArguments(int argc, char** argv, Arguments& arguments) {
    for (int index = 1; index < argc; ++index) {
        const std::string_view name = argv[index];
        if (name == "--foreground") {
            arguments.foreground = true;
            continue;
        }
        if (index + 1 >= argc) return false;
        const char* const value = argv[++index];
        if (name == "--state-dir") {
            arguments.options.state_dir = value;
        } else if (name == "--owner-pid") {
            arguments.options.owner_pid = static_cast<pid_t>(std::strtol(value, nullptr, 10));
            if (arguments.options.owner_pid <= 0) return false;
        } else {
            return false;
        }
    }
    return !arguments.options.state_dir.empty();
}

void raiseFileLimit(farfork::SpawnerOptions& options) {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    options.parents_open_files = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

/// In the daemon: the write end of a pipe on which it says how its start went. The caller's process waits for that,
/// then exits with the same code.
int daemonize() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return -1;
    const pid_t child = fork();
    if (child < 0) return -1;
    if (child > 0) {
        close(ends[1]);
        char code = 1;
        if (read(ends[0], &code, 1) != 1) code = 1;
        int status = 0;
        waitpid(child, &status, 0);
        _exit(code);
    }
    close(ends[0]);
    setsid();
    if (const pid_t daemon = fork(); daemon != 0) _exit(daemon < 0 ? 1 : 0);
    return ends[1];
}

}  // namespace

int main(int argc, char** argv) {
    Arguments arguments;
    if (!parseArguments(argc, argv, arguments)) {
        std::fprintf(stderr, "usage: farfork-spawner --state-dir DIR [--owner-pid PID] [--foreground]\n");
        return 2;
    }
    int report = -1;
    if (!arguments.foreground) {
        report = daemonize();
        if (report < 0) {
            std::fprintf(stderr, "farfork-spawner: cannot become a daemon: %s\n", std::strerror(errno));
            return 1;
        }
        const int null_device = open("/dev/null", O_RDWR | O_CLOEXEC);
        dup2(null_device, 0);
        if (chdir("/") != 0) return 1;
    }
    raiseFileLimit(arguments.options);
    auto spawner = farfork::Spawner::make(arguments.options);
    const char code = spawner.ok() ? 0 : 1;
    if (!spawner.ok()) {
        const farfork::Error& error = spawner.error();
        std::fprintf(stderr, "farfork-spawner: %s at %s for %s: %s\n", farfork::errorCodeName(error.code),
                     error.stage.c_str(), error.object.c_str(), error.detail.c_str());
    }
    if (report >= 0) {
        if (write(report, &code, 1) != 1) return 1;
        close(report);
    }
    if (!spawner.ok()) return 1;
    (*spawner)->run();
    return 0;
}
