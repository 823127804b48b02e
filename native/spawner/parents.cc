// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <linux/sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "base/clock.h"
#include "spawner/decode.h"
#include "spawner/spawner.h"

namespace farfork {
namespace {

/// What failed between the fork and the exec of a parent; sent through a pipe that exec closes.
struct StartFailure {
    uint32_t step = 0;
    int32_t error = 0;
};
constexpr const char* kSteps[] = {"open stdin", "open stdout", "open stderr", "root", "cwd", "control socket", "exec"};

struct ParentStart {
    std::vector<char*> argv, env;
    const control::RunParent& message;
    int control = -1, report = -1;
    pid_t spawner = 0;
    uint64_t open_files = 0;
};

std::vector<char*> pointers(const std::vector<std::string>& texts) {
    std::vector<char*> result;
    for (const std::string& text : texts) result.push_back(const_cast<char*>(text.c_str()));
    result.push_back(nullptr);
    return result;
}

bool openAs(const std::string& path, int flags, int target) {
    // Non-blocking while it is opened: the spawner waits for the exec, and must not wait for a FIFO's other end.
    const int fd = open(path.empty() ? "/dev/null" : path.c_str(), (path.empty() ? O_RDWR : flags) | O_NONBLOCK, 0600);
    if (fd < 0) return false;
    fcntl(fd, F_SETFL, flags & O_APPEND);
    if (fd != target) {
        dup2(fd, target);
        close(fd);
    }
    return true;
}

/// Descriptors that must survive the exec's set-up, out of the way of 0 to 2 and of the control number.
int outOfTheWay(int fd, int control_number) {
    return fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, control_number + 1);
}

[[noreturn]] void becomeParent(ParentStart& start) {
    const control::RunParent& message = start.message;
    const int number = static_cast<int>(message.control_fd);
    const int report = outOfTheWay(start.report, number > 2 ? number : 2);
    const int control = outOfTheWay(start.control, number > 2 ? number : 2);
    const auto fail = [&](uint32_t step) {
        const StartFailure failure{step, errno};
        if (write(report, &failure, sizeof(failure)) < 0) _exit(126);
        _exit(127);
    };
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != start.spawner) _exit(127);
    setsid();
    if (!openAs(message.stdin_path, O_RDONLY | O_NOCTTY, 0)) fail(0);
    if (!openAs(message.stdout_path, O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY, 1)) fail(1);
    if (!openAs(message.stderr_path, O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY, 2)) fail(2);
    if (!message.root.empty() && (chroot(message.root.c_str()) != 0 || chdir("/") != 0)) fail(3);
    if (!message.cwd.empty() && chdir(message.cwd.c_str()) != 0) fail(4);
    if (control >= 0 && dup2(control, number) < 0) fail(5);
    // Everything else closes at exec: the spawner's own are close-on-exec.
    close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
    if (control >= 0) fcntl(number, F_SETFD, 0);
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = std::min(start.open_files, static_cast<uint64_t>(limit.rlim_max));
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    signal(SIGPIPE, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    environ = start.env.data();  // its PATH is the one that is searched
    execvp(start.argv[0], start.argv.data());
    fail(6);
    _exit(127);
}

std::string checkMessage(const control::RunParent& message, size_t fds) {
    if (message.id.empty() || message.id.size() > 128) return "the id is empty or too long";
    if (message.argv.empty() || message.argv[0].empty()) return "there is no command";
    if (fds != (message.has_control ? 1U : 0U)) return "the number of control sockets is wrong";
    if (message.has_control && (message.control_fd < 3 || message.control_fd > 1000))
        return "control_fd must be 3 to 1000";
    return {};
}

}  // namespace

void Spawner::runParent(Connection& from, control::Packet& packet) {
    const auto message = decodeFrom<control::RunParent>(from, packet);
    if (!message) return;
    const std::string object = "parent " + message->id;
    const auto refuse = [&](Error error) { send(from, from.replyError(packet.request_id, error)); };
    if (std::string fault = checkMessage(*message, packet.fds.size()); !fault.empty()) {
        return refuse({ErrorCode::kInvalidArgument, "spawner.parent", object, fault, 0});
    }
    if (children_.count(message->id) != 0) {
        return refuse({ErrorCode::kParentExists, "spawner.parent", object, "a parent of this id exists", 0});
    }
    int report[2];
    if (pipe2(report, O_CLOEXEC) != 0) {
        return refuse(makeErrno(ErrorCode::kResourceExhausted, "spawner.parent", object, "pipe2", errno));
    }
    const UniqueFd reader(report[0]);
    UniqueFd writer(report[1]);
    ParentStart start{pointers(message->argv),
                      pointers(message->env),
                      *message,
                      packet.fds.empty() ? -1 : packet.fds[0].get(),
                      writer.get(),
                      getpid(),
                      options_.parents_open_files};
    // CLONE_VFORK: the spawner goes on once the parent has called exec, or failed to.
    clone_args arguments{};
    arguments.flags = CLONE_VFORK;
    arguments.exit_signal = SIGCHLD;
    const long pid = syscall(SYS_clone3, &arguments, sizeof(arguments));
    if (pid == 0) becomeParent(start);
    if (pid < 0) return refuse(makeErrno(ErrorCode::kResourceExhausted, "spawner.parent", object, "clone3", errno));
    writer.reset();
    StartFailure failure;
    if (read(reader.get(), &failure, sizeof(failure)) == sizeof(failure)) {
        const char* const step = failure.step < std::size(kSteps) ? kSteps[failure.step] : "start";
        return refuse(makeErrno(ErrorCode::kInvalidArgument, "spawner.parent", object, step, failure.error));
    }
    auto parent = std::make_shared<Child>();
    parent->id = message->id;
    parent->serial = next_serial_++;
    parent->state = ChildState::kRunning;
    parent->reported = parent->started = true;
    parent->pid = static_cast<pid_t>(pid);
    parent->started_unix_ms = unixMs();
    children_[parent->id] = parent;
    by_serial_[parent->serial] = parent;
    by_pid_[parent->pid] = parent;
    send(from, from.reply(packet.request_id, control::RunParentReply{static_cast<uint32_t>(pid)}));
}

}  // namespace farfork
