// SPDX-License-Identifier: Apache-2.0
//
// What goes wrong is told by name, and leaves nothing behind.
#include <sys/stat.h>

#include <algorithm>

#include "self_check.h"

using namespace farfork;
using namespace farfork::test;

namespace {

bool allGone(const std::vector<pid_t>& pids) {
    return std::none_of(pids.begin(), pids.end(), [](pid_t pid) { return alive(pid); });
}

pid_t templateOf(const Node& node) {
    for (const pid_t pid : childrenOf(node.spawner->pid())) {
        if (commOf(pid) == "farfork-seed") return pid;
    }
    return 0;
}

}  // namespace

TEST(exits_and_signals_are_told) {
    requireRoot();
    SelfCheckNode node;
    auto sockets = node.start(3);
    auto& events = node.agent->events;
    ::send(sockets[0]->ours.get(), "exit 7\n", 7, 0);
    ::send(sockets[1]->ours.get(), "signal 11\n", 10, 0);
    CHECK_OK(node.agent->call<control::Ack>(MessageType::kKill, control::Kill{"c2", SIGKILL}));
    CHECK(node.agent->wait([&] { return events.exited.size() == 3; }));
    for (const auto& exited : events.exited) {
        CHECK_EQ(exited.exit_code, exited.child_id == "c0" ? 7 : -1);
        CHECK_EQ(exited.signal, exited.child_id == "c0" ? 0 : exited.child_id == "c1" ? SIGSEGV : SIGKILL);
        CHECK_EQ(exited.error.code, 0U);
    }
    const auto unknown = node.agent->call<control::Ack>(MessageType::kKill, control::Kill{"nobody", SIGKILL});
    CHECK(!unknown.ok() && unknown.error().code == ErrorCode::kChildNotFound);
}

TEST(records_stay_until_they_are_forgotten) {
    requireRoot();
    SelfCheckNode node;
    auto sockets = node.start(2);
    sockets[0]->ours.reset();
    CHECK(node.agent->wait([&] { return node.agent->events.exited.size() == 1; }));
    const auto list = [&] {
        auto reply = node.agent->call<control::ListChildrenReply>(MessageType::kListChildren, control::ListChildren{});
        CHECK_OK(reply);
        return reply->children;
    };
    CHECK(eventually([&] { return list()[0].exited; }));
    CHECK_EQ(list().size(), size_t{3});  // c0, c1, parent
    CHECK_EQ(list()[0].exit_code, 97);
    CHECK(!list()[1].exited);
    const auto running = node.agent->call<control::Ack>(MessageType::kForgetChild, control::ForgetChild{"c1"});
    CHECK(!running.ok());
    CHECK_OK(node.agent->call<control::Ack>(MessageType::kForgetChild, control::ForgetChild{"c0"}));
    CHECK_EQ(list().size(), size_t{2});
    auto again = node.start(1);  // the id is free again
    CHECK_EQ(again[0]->ask("check"), "ok");
}

TEST(a_child_that_cannot_be_built_says_why) {
    requireRoot();
    SelfCheckNode node;
    std::filesystem::rename(node.dir + "/data", node.dir + "/moved");
    auto sockets = node.fork("sd_check", 2);
    CHECK(node.agent->wait([&] { return node.agent->events.failed.size() == 2; }));
    for (const auto& failed : node.agent->events.failed) {
        CHECK_EQ(failed.error.code, static_cast<uint32_t>(ErrorCode::kFileMissing));
        CHECK_EQ(failed.error.stage, "restorer.open");
        CHECK(failed.error.object.find("/data") != std::string::npos);
    }
    std::filesystem::rename(node.dir + "/moved", node.dir + "/data");
    auto good = node.start(1, 10);
    CHECK_EQ(node.agent->events.failed.size(), size_t{2});
    CHECK_EQ(good[0]->ask("check"), "ok");
    const auto closed = node.agent->call<control::Ack>(MessageType::kFork, control::Fork{"sd_nobody", 0, 1000, {}});
    CHECK(!closed.ok() && closed.error().code == ErrorCode::kSeedNotOpen);
}

TEST(a_late_child_fails_by_its_deadline_and_leaves_nothing) {
    requireRoot();
    SelfCheckNode node;
    const pid_t process = templateOf(node);
    REQUIRE(process > 0);
    kill(process, SIGSTOP);
    auto sockets = node.fork("sd_check", 2, 0, 300);
    CHECK(node.agent->wait([&] { return node.agent->events.failed.size() == 2; }));
    for (const auto& failed : node.agent->events.failed) {
        CHECK_EQ(failed.error.code, static_cast<uint32_t>(ErrorCode::kDeadlineExceeded));
    }
    kill(process, SIGCONT);
    auto good = node.start(1, 10);
    CHECK_EQ(good[0]->ask("check"), "ok");
    CHECK(eventually([&] {
        const std::vector<pid_t> children = childrenOf(node.spawner->pid());
        return std::count_if(children.begin(), children.end(),
                             [](pid_t pid) { return commOf(pid) == "main-thread"; }) == 2;
    }));  // the parent and one child
}

TEST(a_child_that_ends_before_it_started_is_noticed) {
    requireRoot();
    SelfCheckNode node;
    // A FIFO without a writer in the place of a file that the parent reads: the child waits in open(2).
    const std::string path = node.dir + "/readonly";
    std::filesystem::remove(path);
    REQUIRE(mkfifo(path.c_str(), 0600) == 0);
    auto sockets = node.fork("sd_check", 2, 0, 10'000);
    const auto waiting = [&] {
        std::vector<pid_t> pids;
        for (const pid_t pid : childrenOf(node.spawner->pid())) {
            if (commOf(pid) == "main-thread" && pid != node.parent) pids.push_back(pid);
        }
        return pids;
    };
    REQUIRE(eventually([&] { return waiting().size() == 2; }));
    kill(waiting()[0], SIGKILL);
    auto& failed = node.agent->events.failed;
    CHECK(node.agent->wait([&] { return failed.size() == 1; }));
    CHECK_EQ(failed[0].error.code, static_cast<uint32_t>(ErrorCode::kResumeFailed));
    CHECK_EQ(failed[0].error.stage, "restorer.run");
    for (const char* id : {"c0", "c1"})
        CHECK_OK(node.agent->call<control::Ack>(MessageType::kKill, control::Kill{id, SIGKILL}));
    CHECK(node.agent->wait([&] { return failed.size() == 2; }));
    CHECK_EQ(failed[1].error.code, static_cast<uint32_t>(ErrorCode::kCancelled));
    CHECK(eventually([&] { return waiting().empty(); }));
}

TEST(a_template_that_is_killed_is_started_again) {
    requireRoot();
    SelfCheckNode node;
    const pid_t first = templateOf(node);
    kill(first, SIGKILL);
    CHECK(eventually([&] { return templateOf(node) != 0 && templateOf(node) != first; }));
    auto sockets = node.start(2);
    for (auto& socket : sockets) CHECK_EQ(socket->ask("check"), "ok");
}

TEST(a_lost_pager_ends_its_children_by_name) {
    requireRoot();
    SelfCheckNode node;
    auto sockets = node.start(3);
    std::vector<pid_t> pids;
    for (const auto& started : node.agent->events.started) pids.push_back(static_cast<pid_t>(started.host_pid));
    CHECK_EQ(sockets[0]->ask("linger"), "lingering");
    node.seed_tool->stop(SIGKILL);
    CHECK(node.agent->wait(
        [&] { return node.agent->events.exited.size() == 3 && !node.agent->events.pager_lost.empty(); }));
    for (const auto& exited : node.agent->events.exited) {
        CHECK_EQ(exited.error.code, static_cast<uint32_t>(ErrorCode::kPagerLost));
    }
    CHECK(allGone(pids));
    const auto closed = node.agent->call<control::Ack>(MessageType::kFork, control::Fork{"sd_check", 0, 1000, {}});
    CHECK(!closed.ok() && closed.error().code == ErrorCode::kSeedNotOpen);
    CHECK_EQ(node.parent_control.ask("check"), "ok");  // parents do not depend on it
}

TEST(a_killed_spawner_takes_everything_along) {
    requireRoot();
    SelfCheckNode node;
    auto sockets = node.start(3);
    CHECK_EQ(sockets[0]->ask("linger"), "lingering");
    const std::vector<pid_t> tree = treeOf(node.spawner->pid());
    CHECK(tree.size() > 3 + 8 + 3);
    node.spawner->stop(SIGKILL);
    CHECK(eventually([&] { return allGone(tree); }));
}

TEST(shutdown_leaves_nothing) {
    requireRoot();
    SelfCheckNode node;
    auto sockets = node.start(2);
    CHECK_EQ(sockets[0]->ask("linger"), "lingering");
    const std::vector<pid_t> tree = treeOf(node.spawner->pid());
    CHECK_OK(node.agent->call<control::Ack>(MessageType::kSpawnerShutdown, control::SpawnerShutdown{}));
    CHECK_EQ(node.spawner->waitExit(), 0);
    CHECK(eventually([&] { return allGone(tree); }));
    CHECK(!std::filesystem::exists(node.socketPath()));
}

TEST(one_spawner_a_folder_and_it_ends_with_its_owner) {
    requireRoot();
    Node node;
    Program second({SPAWNER_BINARY, "--state-dir", node.dir, "--foreground"});
    CHECK_EQ(WEXITSTATUS(second.waitExit()), 1);
    char pattern[] = "/tmp/farfork-spawner-test-XXXXXX";
    const std::string dir = mkdtemp(pattern);
    Program owner({"/bin/sleep", "600"});
    Program daemon({SPAWNER_BINARY, "--state-dir", dir, "--owner-pid", std::to_string(owner.pid())});
    CHECK_EQ(daemon.waitExit(), 0);
    pid_t pid = 0;
    std::ifstream(dir + "/spawner.pid") >> pid;
    CHECK(alive(pid));
    Agent agent(dir + "/spawner.sock");
    owner.stop(SIGKILL);
    CHECK(eventually([&] { return !alive(pid); }));
    std::filesystem::remove_all(dir);
}

TEST(parents_start_and_end) {
    requireRoot();
    Node node;
    control::RunParent message;
    message.id = "p";
    message.argv = {"/nowhere/at/all"};
    auto missing = node.agent->call<control::RunParentReply>(MessageType::kRunParent, message);
    CHECK(!missing.ok() && missing.error().code == ErrorCode::kInvalidArgument &&
          missing.error().detail.find("exec") == 0);
    message.argv = {"sh", "-c", "echo $GREETING; exit 5"};
    message.env = {"GREETING=hello", "PATH=/usr/bin:/bin"};
    message.stdout_path = node.dir + "/out";
    CHECK_OK(node.agent->call<control::RunParentReply>(MessageType::kRunParent, message));
    CHECK(node.agent->wait([&] { return node.agent->events.exited.size() == 1; }));
    CHECK_EQ(node.agent->events.exited[0].exit_code, 5);
    std::string line;
    std::getline(std::ifstream(node.dir + "/out"), line);
    CHECK_EQ(line, "hello");
    auto again = node.agent->call<control::RunParentReply>(MessageType::kRunParent, message);
    CHECK(!again.ok() && again.error().code == ErrorCode::kParentExists);
}

TEST_MAIN
