// SPDX-License-Identifier: Apache-2.0
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>

#include "base/clock.h"
#include "cell/pool.h"
#include "check.h"

using namespace farfork;

namespace {

void requireRoot() {
    if (geteuid() != 0) test::skipTest("root");
}

/// Starts `count` cells and waits for them.
bool fill(CellPool& pool, size_t count) {
    for (size_t index = 0; index < count; ++index) CHECK_OK(pool.startOne());
    const uint64_t deadline_ns = monotonicNs() + 10'000'000'000ULL;
    while (pool.ready() < count && monotonicNs() < deadline_ns) {
        pollfd wanted{pool.newsFd(), POLLIN, 0};
        poll(&wanted, 1, 1000);
        CHECK_OK(pool.drain());
    }
    return pool.ready() == count;
}

std::string namespaceOf(pid_t pid, const char* kind) {
    std::error_code ignored;
    return std::filesystem::read_symlink("/proc/" + std::to_string(pid) + "/ns/" + kind, ignored);
}

void reapAll() {
    const uint64_t deadline_ns = monotonicNs() + 10'000'000'000ULL;
    pid_t pid = 0;
    while ((pid = waitpid(-1, nullptr, WNOHANG)) >= 0 && monotonicNs() < deadline_ns) {
        if (pid == 0) poll(nullptr, 0, 2);
    }
    CHECK(pid < 0);  // no child is left
}

}  // namespace

TEST(cells_have_namespaces_of_their_own) {
    requireRoot();
    for (const bool private_network : {false, true}) {
        CellOptions options;
        options.private_network = private_network;
        Result<CellPool> pool = CellPool::make(options, 3);
        REQUIRE(pool.ok());
        CHECK_EQ(pool->wanted(), size_t{3});
        REQUIRE(fill(*pool, 3));
        std::set<std::string> seen;
        std::vector<Cell> cells;
        while (auto cell = pool->take()) cells.push_back(std::move(*cell));
        for (const Cell& cell : cells) {
            for (const char* kind : {"pid", "mnt", "uts", "ipc"}) {
                CHECK(namespaceOf(cell.init_pid, kind) != namespaceOf(getpid(), kind));
                seen.insert(namespaceOf(cell.init_pid, kind));
            }
            CHECK_EQ(namespaceOf(cell.init_pid, "net") != namespaceOf(getpid(), "net"), private_network);
            kill(cell.init_pid, SIGTERM);
        }
        CHECK_EQ(seen.size(), size_t{12});
        pool = Error{};
        reapAll();
    }
}

TEST(an_init_reaps_orphans_and_ends_its_cell) {
    requireRoot();
    Result<CellPool> pool = CellPool::make({}, 1);
    REQUIRE(pool.ok() && fill(*pool, 1));
    Cell cell = std::move(*pool->take());
    const pid_t child = fork();
    if (child == 0) {
        if (setns(cell.pidfd.get(), CLONE_NEWPID | CLONE_NEWNS) != 0) _exit(1);
        const pid_t inside = fork();
        if (inside == 0) {
            // The orphan's parent: leaves one that exits (a zombie for init) and one that stays.
            if (fork() == 0) _exit(0);
            if (fork() == 0) {
                for (;;) pause();
            }
            _exit(0);
        }
        waitpid(inside, nullptr, 0);
        _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    CHECK_EQ(status, 0);
    const auto members = [&] {
        size_t count = 0;
        for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
            const std::string name = entry.path().filename();
            if (std::isdigit(static_cast<unsigned char>(name[0])) == 0) continue;
            count += namespaceOf(std::stoi(name), "pid") == namespaceOf(cell.init_pid, "pid") ? 1 : 0;
        }
        return count;
    };
    const uint64_t deadline_ns = monotonicNs() + 5'000'000'000ULL;
    while (members() != 2 && monotonicNs() < deadline_ns) poll(nullptr, 0, 2);
    CHECK_EQ(members(), size_t{2});  // init and the one that stays
    kill(cell.init_pid, SIGTERM);
    CHECK_EQ(waitpid(cell.init_pid, &status, 0), cell.init_pid);
    CHECK(WIFEXITED(status));
    pool = Error{};
    reapAll();
}

TEST(a_cell_that_cannot_be_set_up_says_where) {
    requireRoot();
    CellOptions options;
    options.root = "/nowhere/at/all";
    Result<CellPool> pool = CellPool::make(options, 1);
    REQUIRE(pool.ok());
    CHECK_OK(pool->startOne());
    Result<void> drained;
    for (int tries = 0; tries < 20 && drained.ok(); ++tries) {
        pollfd wanted{pool->newsFd(), POLLIN, 0};
        poll(&wanted, 1, 500);
        drained = pool->drain();
    }
    CHECK(!drained.ok() && drained.error().code == ErrorCode::kCellFailed && drained.error().stage == "cell.root");
    pool = Error{};
    reapAll();
}

TEST(a_root_of_its_own_is_entered) {
    requireRoot();
    char pattern[] = "/tmp/farfork-cell-test-XXXXXX";
    CellOptions options;
    options.root = mkdtemp(pattern);
    std::filesystem::create_directory(options.root + "/proc");
    std::ofstream(options.root + "/marker") << "here";
    Result<CellPool> pool = CellPool::make(options, 1);
    REQUIRE(pool.ok() && fill(*pool, 1));
    Cell cell = std::move(*pool->take());
    const pid_t child = fork();
    if (child == 0) {
        if (setns(cell.pidfd.get(), CLONE_NEWNS) != 0) _exit(1);
        _exit(access("/marker", R_OK) == 0 && access("/proc/1/stat", R_OK) == 0 && access("/usr", R_OK) != 0 ? 0 : 2);
    }
    int status = 0;
    waitpid(child, &status, 0);
    CHECK_EQ(status, 0);
    kill(cell.init_pid, SIGTERM);
    pool = Error{};
    reapAll();
    std::filesystem::remove_all(options.root);
}

TEST(a_cell_takes_a_fraction_of_a_millisecond) {
    requireRoot();
    Result<CellPool> pool = CellPool::make({}, 64);
    REQUIRE(pool.ok() && fill(*pool, 8));  // warm
    const uint64_t before_ns = monotonicNs();
    for (int index = 0; index < 64; ++index) CHECK_OK(pool->startOne());
    while (pool->ready() < 72) {
        pollfd wanted{pool->newsFd(), POLLIN, 0};
        poll(&wanted, 1, 1000);
        CHECK_OK(pool->drain());
    }
    const double each_us = static_cast<double>(monotonicNs() - before_ns) / 64e3;
    std::printf("a cell: %.0f us\n", each_us);
    CHECK(each_us < 20'000);  // a sanity bound; the figure is for a reader
    pool = Error{};
    reapAll();
}

TEST_MAIN
