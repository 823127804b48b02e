// SPDX-License-Identifier: Apache-2.0
//
// A node for the spawner's tests: the real spawner, a seed made by seed_tool, and the agent's side of the protocol.
#pragma once
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <deque>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "check.h"
#include "control/channel.h"

namespace farfork::test {

using control::MessageType;

/// A program started with its standard output in a pipe; killed and reaped at the end.
class Program {
  public:
    explicit Program(const std::vector<std::string>& arguments) {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) != 0) std::abort();
        pid_ = ::fork();
        if (pid_ == 0) {
            dup2(ends[1], 1);
            std::vector<char*> argv;
            for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
            argv.push_back(nullptr);
            execv(argv[0], argv.data());
            _exit(127);
        }
        close(ends[1]);
        output_.reset(ends[0]);
    }
    ~Program() { stop(SIGKILL); }
    [[nodiscard]] pid_t pid() const { return pid_; }
    /// Sends `signal` and waits for the end.
    int stop(int signal) {
        if (pid_ <= 0) return status_;
        kill(pid_, signal);
        waitpid(pid_, &status_, 0);
        pid_ = 0;
        return status_;
    }
    int waitExit() {
        if (pid_ > 0) waitpid(pid_, &status_, 0);
        pid_ = 0;
        return status_;
    }
    /// The next line of its output, or what came within `timeout_ms`.
    std::string line(int timeout_ms) {
        std::string text;
        for (;;) {
            pollfd wanted{output_.get(), POLLIN, 0};
            if (poll(&wanted, 1, timeout_ms) <= 0) return text + " (timeout)";
            char byte = 0;
            if (read(output_.get(), &byte, 1) != 1 || byte == '\n') return text;
            text += byte;
        }
    }

  private:
    pid_t pid_ = 0;
    int status_ = 0;
    UniqueFd output_;
};

/// What the agent heard.
struct Events {
    std::deque<control::ChildStarted> started;
    std::deque<control::ChildFailed> failed;
    std::deque<control::ChildExited> exited;
    std::deque<control::PagerLost> pager_lost;
};

class Agent {
  public:
    explicit Agent(const std::string& path) {
        Result<UniqueFd> socket = control::connectTo(path, 5000);
        if (!socket.ok()) {
            fail(__FILE__, __LINE__, showResult(socket));
            std::exit(1);
        }
        socket_ = std::move(*socket);
        CHECK(call<control::SpawnerHelloReply>(MessageType::kSpawnerHello, control::SpawnerHello{}).ok());
    }
    template <class Reply, class Request>
    Result<Reply> call(MessageType type, const Request& request, std::span<const int> fds = {}) {
        return control::call<Reply>(socket_.get(), type, next_++, request, fds, 20'000,
                                    [this](control::Packet packet) { take(std::move(packet)); });
    }
    /// Reads events until `done` says so. False after `timeout_ms`.
    template <class Condition>
    bool wait(Condition done, uint32_t timeout_ms = 15'000) {
        const uint64_t deadline_ns = monotonicNs() + timeout_ms * 1'000'000ULL;
        while (!done()) {
            const uint64_t now_ns = monotonicNs();
            if (now_ns >= deadline_ns) return false;
            Result<control::Packet> packet =
                control::receivePacket(socket_.get(), static_cast<uint32_t>((deadline_ns - now_ns) / 1'000'000 + 1));
            if (!packet.ok()) return done();
            take(std::move(*packet));
        }
        return true;
    }
    Events events;

  private:
    void take(control::Packet packet) {
        switch (packet.type) {
            case MessageType::kChildStarted:
                return push(events.started, packet);
            case MessageType::kChildFailed:
                return push(events.failed, packet);
            case MessageType::kChildExited:
                return push(events.exited, packet);
            case MessageType::kPagerLost:
                return push(events.pager_lost, packet);
            default:
                fail(__FILE__, __LINE__, "an unexpected packet " + std::to_string(static_cast<int>(packet.type)));
        }
    }
    template <class T>
    void push(std::deque<T>& queue, const control::Packet& packet) {
        Result<T> message = control::decodeMessage<T>(packet.body);
        CHECK(message.ok());
        if (message.ok()) queue.push_back(std::move(*message));
    }
    UniqueFd socket_;
    uint64_t next_ = 1;
};

/// One line to, and one line from, a parent or child at its control socket.
struct ControlSocket {
    ControlSocket() {
        int ends[2];
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) std::abort();
        ours.reset(ends[0]);
        theirs.reset(ends[1]);
    }
    std::string ask(const std::string& command, int timeout_ms = 15'000) {
        if (::send(ours.get(), (command + "\n").data(), command.size() + 1, MSG_NOSIGNAL) < 0) return "(closed)";
        return answer(timeout_ms);
    }
    std::string answer(int timeout_ms = 15'000) {
        std::string text;
        for (;;) {
            pollfd wanted{ours.get(), POLLIN, 0};
            if (poll(&wanted, 1, timeout_ms) <= 0) return text + "(timeout)";
            char byte = 0;
            const ssize_t got = recv(ours.get(), &byte, 1, 0);
            if (got <= 0) return text + "(closed)";
            if (byte == '\n') return text;
            text += byte;
        }
    }
    UniqueFd ours, theirs;
};

/// Spawner, parent and seed.
class Node {
  public:
    Node() {
        char pattern[] = "/tmp/farfork-spawner-test-XXXXXX";
        dir = mkdtemp(pattern);
        spawner = std::make_unique<Program>(std::vector<std::string>{SPAWNER_BINARY, "--state-dir", dir, "--foreground",
                                                                     "--owner-pid", std::to_string(getpid())});
        agent = std::make_unique<Agent>(socketPath());
    }
    ~Node() {
        agent.reset();
        spawner->stop(SIGTERM);
        seed_tool.reset();
        std::filesystem::remove_all(dir);
    }
    [[nodiscard]] std::string socketPath() const { return dir + "/spawner.sock"; }

    /// Runs the parent program and waits until it says that it is ready. Its host pid.
    pid_t runParent(std::vector<std::string> argv) {
        control::RunParent message;
        message.id = "parent";
        message.argv = std::move(argv);
        message.env = {"PATH=/usr/bin:/bin", "HOME=/root"};
        message.cwd = "/";
        message.stdout_path = message.stderr_path = dir + "/parent.log";
        message.has_control = true;
        message.control_fd = 100;
        const int fds[] = {parent_control.theirs.get()};
        Result<control::RunParentReply> reply =
            agent->call<control::RunParentReply>(MessageType::kRunParent, message, fds);
        CHECK_OK(reply);
        if (!reply.ok()) std::exit(1);
        parent_control.theirs.reset();
        CHECK_EQ(parent_control.answer(), "ready");
        return static_cast<pid_t>(reply->host_pid);
    }
    /// False when capture may not read the limits of the process's user here.
    bool makeSeed(pid_t pid, const std::string& seed_id, const std::vector<std::string>& options = {}) {
        std::vector<std::string> argv{SEED_TOOL, socketPath(), std::to_string(pid), seed_id, "--control-fd", "100"};
        argv.insert(argv.end(), options.begin(), options.end());
        seed_tool = std::make_unique<Program>(argv);
        const std::string line = seed_tool->line(30'000);
        if (line.find("prlimit of the twin") != std::string::npos) return false;
        CHECK(line.find("\"ready\":true") != std::string::npos);
        if (line.find("\"ready\":true") == std::string::npos) {
            std::fprintf(stderr, "seed_tool: %s\n", line.c_str());
            std::exit(1);
        }
        seed_line = line;
        return true;
    }
    /// Asks for children "c<first>".. with control sockets.
    std::vector<std::unique_ptr<ControlSocket>> fork(const std::string& seed_id, size_t count, size_t first = 0,
                                                     uint32_t deadline_ms = 10'000) {
        std::vector<std::unique_ptr<ControlSocket>> sockets;
        for (size_t done = 0; done < count;) {
            control::Fork message;
            message.seed_id = seed_id;
            message.deadline_ms = deadline_ms;
            message.requested_at_monotonic_ns = monotonicNs();
            std::vector<int> fds;
            for (; done < count && message.children.size() < control::kMaxChildrenPerFork; ++done) {
                control::ForkChild child;
                child.child_id = "c" + std::to_string(first + done);
                child.index = static_cast<uint32_t>(first + done);
                child.has_control = true;
                message.children.push_back(child);
                sockets.push_back(std::make_unique<ControlSocket>());
                fds.push_back(sockets.back()->theirs.get());
            }
            CHECK_OK(agent->call<control::Ack>(MessageType::kFork, message, fds));
            for (auto& socket : sockets) socket->theirs.reset();
        }
        return sockets;
    }

    /// Reports the failures heard since `first` as failures of the test.
    void explainFailures(size_t first = 0) const {
        for (size_t index = first; index < agent->events.failed.size(); ++index) {
            const control::ChildFailed& failed = agent->events.failed[index];
            fail(__FILE__, __LINE__,
                 failed.child_id + ": " + failed.error.stage + " for " + failed.error.object + ": " +
                     failed.error.detail);
        }
    }

    std::string dir, seed_line;
    std::unique_ptr<Program> spawner, seed_tool;
    std::unique_ptr<Agent> agent;
    ControlSocket parent_control;
};

}  // namespace farfork::test
