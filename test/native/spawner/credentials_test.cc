// SPDX-License-Identifier: Apache-2.0
//
// Ids and capabilities, of every thread.
#include "self_check.h"

using namespace farfork;
using namespace farfork::test;

namespace {

/// False when capture may not read this user's limits here.
bool checkCredentials(const std::vector<std::string>& setpriv) {
    requireRoot();
    Node node;
    std::filesystem::permissions(node.dir, std::filesystem::perms::all);
    std::vector<std::string> argv{"/usr/bin/setpriv"};
    argv.insert(argv.end(), setpriv.begin(), setpriv.end());
    argv.insert(argv.end(), {SELF_CHECK_PARENT, node.dir});
    const pid_t parent = node.runParent(argv);
    if (!node.makeSeed(parent, "sd_user")) return false;
    const std::string expected = node.parent_control.ask("status");
    CHECK(expected.find("NoNewPrivs:\t1") != std::string::npos);
    auto sockets = node.fork("sd_user", 2);
    CHECK(node.agent->wait([&] { return node.agent->events.started.size() + node.agent->events.failed.size() == 2; }));
    node.explainFailures();
    for (auto& socket : sockets) {
        // A thread may not have been scheduled yet since it was released: until then all its signals are blocked.
        std::string status;
        CHECK(eventually([&] { return (status = socket->ask("status")) == expected; }));
        CHECK_EQ(status, expected);
        CHECK_EQ(socket->ask("check"), "ok");
    }
    return true;
}

}  // namespace

TEST(capabilities_of_every_thread_are_the_parents) {
    CHECK(checkCredentials({"--groups", "7,8", "--bounding-set", "-sys_time", "--inh-caps", "-all,+net_raw",
                            "--ambient-caps", "-all,+net_raw", "--no-new-privs"}));
}

TEST(a_child_of_another_user_has_no_capability_left) {
    requireRoot();
    Node node;
    const pid_t parent = node.runParent({SELF_CHECK_PARENT, node.dir});
    REQUIRE(node.makeSeed(parent, "sd_user", {"--as-user", "1234"}));
    auto sockets = node.fork("sd_user", 1);
    CHECK(node.agent->wait([&] { return node.agent->events.started.size() + node.agent->events.failed.size() == 1; }));
    node.explainFailures();
    const std::string status = sockets[0]->ask("status");
    size_t users = 0, powerless = 0;
    for (size_t at = 0; (at = status.find("Uid:\t1234\t1234\t1234\t1234", at)) != std::string::npos; ++at) ++users;
    for (size_t at = 0; (at = status.find("CapEff:\t0000000000000000", at)) != std::string::npos; ++at) ++powerless;
    CHECK(users > 0);  // of the threads whose tids lie close: see sayStatus
    CHECK_EQ(powerless, users);
    CHECK_EQ(sockets[0]->ask("check"), "ok");
}

TEST(users_and_groups_of_every_thread_are_the_parents) {
    CHECK(checkCredentials({"--reuid", "1234", "--regid", "2345", "--groups", "7,8", "--bounding-set", "-sys_time",
                            "--inh-caps", "-all,+net_raw", "--ambient-caps", "-all,+net_raw", "--no-new-privs"}));
}

TEST_MAIN
