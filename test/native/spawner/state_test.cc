// SPDX-License-Identifier: Apache-2.0
//
// End to end at this level: a parent that knows its own state is captured, restored through the spawner, and its
// children check themselves.
#include <sys/syscall.h>

#include "self_check.h"

using namespace farfork;
using namespace farfork::test;

TEST(children_have_all_of_their_parents_state) {
    requireRoot();
    SelfCheckNode node;
    auto sockets = node.fork("sd_check", 3);
    CHECK(node.agent->wait([&] { return node.agent->events.started.size() + node.agent->events.failed.size() == 3; }));
    for (const auto& failed : node.agent->events.failed) {
        fail(__FILE__, __LINE__, failed.error.stage + " " + failed.error.object + " " + failed.error.detail);
    }
    for (auto& socket : sockets) CHECK_EQ(socket->ask("check"), "ok");
    for (const auto& started : node.agent->events.started) {
        CHECK_EQ(std::to_string(started.pid), node.parent_control.ask("pid"));
        CHECK(started.first_instruction_monotonic_ns > started.received_at_monotonic_ns);
        CHECK(alive(static_cast<pid_t>(started.host_pid)));
    }
    int code = 40;
    for (auto& socket : sockets) ::send(socket->ours.get(), ("exit " + std::to_string(code++) + "\n").c_str(), 8, 0);
    CHECK(node.agent->wait([&] { return node.agent->events.exited.size() == 3; }));
    for (const auto& exited : node.agent->events.exited) {
        CHECK_EQ(exited.exit_code, 40 + std::stoi(exited.child_id.substr(1)));
        CHECK_EQ(exited.error.code, 0U);
    }
    CHECK_EQ(node.parent_control.ask("check"), "ok");
}

TEST(a_parent_that_was_pid_1_gives_children_that_are) {
    requireRoot();
    Node node;
    const pid_t parent = node.runParent({SELF_CHECK_PARENT, node.dir});
    node.makeSeed(parent, "sd_init", {"--as-init"});
    auto sockets = node.fork("sd_init", 2);
    CHECK(node.agent->wait([&] { return node.agent->events.started.size() + node.agent->events.failed.size() == 2; }));
    node.explainFailures();
    for (auto& socket : sockets) {
        CHECK_EQ(socket->ask("pid"), "1");
        CHECK_EQ(socket->ask("fork"), "forked 0");
        CHECK_EQ(socket->ask("linger"), "lingering");
    }
    const auto& started = node.agent->events.started;
    for (const auto& child : started) CHECK_EQ(child.pid, 1);
    const auto& first = started[started[0].child_id == "c0" ? 0 : 1];
    const std::vector<pid_t> tree = treeOf(static_cast<pid_t>(first.host_pid));
    CHECK(tree.size() > 1);
    sockets[0]->ours.reset();
    CHECK(node.agent->wait([&] { return !node.agent->events.exited.empty(); }));
    for (const pid_t pid : tree) CHECK(eventually([&] { return !alive(pid); }));
    const std::vector<pid_t> rest = treeOf(node.spawner->pid());
    node.spawner->stop(SIGKILL);
    for (const pid_t pid : rest) {
        const bool gone = eventually([&] { return !alive(pid); });
        CHECK(gone);
        if (!gone) std::fprintf(stderr, "%d (%s) lives\n", pid, commOf(pid).c_str());
    }
}

TEST(children_fork_and_use_a_network_of_their_own) {
    requireRoot();
    SelfCheckNode node;
    CHECK_OK(node.agent->call<control::Ack>(MessageType::kConfigurePool, control::ConfigurePool{3, true}));
    auto sockets = node.fork("sd_check", 4);
    CHECK(node.agent->wait([&] { return node.agent->events.started.size() + node.agent->events.failed.size() == 4; }));
    node.explainFailures();
    std::error_code ignored;
    const auto own_net = std::filesystem::read_symlink("/proc/self/ns/net", ignored);
    for (const auto& started : node.agent->events.started) {
        const auto net =
            std::filesystem::read_symlink("/proc/" + std::to_string(started.host_pid) + "/ns/net", ignored);
        CHECK(net != own_net);
    }
    for (auto& socket : sockets) CHECK_EQ(socket->ask("fork"), "forked 0");
    for (auto& socket : sockets) CHECK_EQ(socket->ask("check"), "ok");
}

TEST(tile_registers_are_carried) {
    requireRoot();
    if (syscall(SYS_arch_prctl, 0x1023 /* ARCH_REQ_XCOMP_PERM */, 18) != 0) {
        std::printf("no AMX here: nothing to carry\n");
        return;
    }
    Node node;
    const pid_t parent = node.runParent({SELF_CHECK_PARENT, node.dir, "tiles"});
    node.makeSeed(parent, "sd_tiles");
    auto sockets = node.fork("sd_tiles", 3);
    CHECK(node.agent->wait([&] { return node.agent->events.started.size() + node.agent->events.failed.size() == 3; }));
    node.explainFailures();
    for (auto& socket : sockets) CHECK_EQ(socket->ask("check"), "ok");
    CHECK_EQ(node.parent_control.ask("check"), "ok");
}

TEST_MAIN
