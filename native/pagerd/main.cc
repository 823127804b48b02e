// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>

#include "pagerd/daemon.h"
#include "pagerd/keeper.h"

using namespace farfork;

namespace {

int complain(const Error& error) {
    std::fprintf(stderr, "farfork-pager: %s: %s: %s (%s)\n", errorCodeName(error.code), error.object.c_str(),
                 error.detail.c_str(), error.stage.c_str());
    return error.code == ErrorCode::kInvalidArgument ? 2 : 1;
}

/// Every child holds two descriptors here, every grandchild one.
void raiseDescriptorLimit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

void prepareSignals() {
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_IGN);  // the keeper needs no wait
    sigset_t set;
    sigemptyset(&set);
    for (const int signal_number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, signal_number);
    sigprocmask(SIG_BLOCK, &set, nullptr);  // the main loop reads them from a signalfd
}

/// Returns in the daemon with the write end of a pipe; the process that was started waits for a byte on it and exits:
/// 0 once the daemon serves, else with the daemon's own code.
int becomeDaemon() {
    int ready[2];
    if (pipe2(ready, O_CLOEXEC) != 0) return -1;
    const pid_t pid = fork();
    if (pid < 0) return -1;
    if (pid > 0) {
        close(ready[1]);
        unsigned char code = 1;
        if (read(ready[0], &code, 1) != 1) code = 1;
        _exit(code);
    }
    close(ready[0]);
    setsid();
    if (fork() != 0) _exit(0);
    return ready[1];
}

void tellStarter(int ready_fd, int exit_code) {
    if (ready_fd < 0) return;
    const auto code = static_cast<unsigned char>(exit_code);
    if (write(ready_fd, &code, 1) != 1) std::perror("farfork-pager: write to its starter");
    close(ready_fd);
}

void detachStdio() {
    const int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null_fd < 0) return;
    for (int fd = 0; fd < 2; ++fd) dup2(null_fd, fd);  // stderr stays: it is the log
    close(null_fd);
}

}  // namespace

int main(int argc, char** argv) {
    const Result<pagerd::Options> options = pagerd::parseOptions(argc, argv);
    if (!options) {
        std::fprintf(stderr, "%s\n", pagerd::kUsage);
        return complain(options.error());
    }
    int ready_fd = -1;
    if (!options.value().foreground) {
        ready_fd = becomeDaemon();
        if (ready_fd < 0)
            return complain(makeErrno(ErrorCode::kResourceExhausted, "pager.start", "daemon", "fork", errno));
        detachStdio();
    }
    prepareSignals();
    raiseDescriptorLimit();
    Result<void> keeper = pagerd::startKeeper();
    Result<std::unique_ptr<pagerd::Daemon>> daemon =
        keeper.ok() ? pagerd::Daemon::start(options.value()) : Result<std::unique_ptr<pagerd::Daemon>>(keeper.error());
    if (!daemon) {
        const int code = complain(daemon.error());
        tellStarter(ready_fd, code);
        return code;
    }
    tellStarter(ready_fd, 0);
    daemon.value()->run();
    return 0;
}
