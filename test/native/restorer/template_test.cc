// SPDX-License-Identifier: Apache-2.0
//
// The restorer without the spawner: this process builds the region, keeps the template and is the children's parent.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <optional>

#include "base/clock.h"
#include "cell/pool.h"
#include "check.h"
#include "pager/pager.h"
#include "restorer/staged_seed.h"
#include "restorer/steps.h"
#include "restorer/template.h"

using namespace farfork;
using namespace farfork::test;

namespace {

struct Pair {
    Pair() {
        int ends[2];
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) std::abort();
        const timeval limit{20, 0};
        setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
        ours.reset(ends[0]);
        theirs.reset(ends[1]);
    }
    UniqueFd ours, theirs;
};

/// A parent with a pipe, a directory and threads' state of its own to look at: it answers on descriptor 100.
struct Parent {
    Parent() {
        pid = fork();
        if (pid == 0) {
            dup2(control.theirs.get(), 100);
            const UniqueFd null_device(open("/dev/null", O_RDWR));
            for (int fd = 0; fd < 3; ++fd) dup2(null_device.get(), fd);
            close_range(3, 99, 0);
            close_range(101, ~0U, 0);
            run();
        }
        control.theirs.reset();
        char byte = 0;
        CHECK_EQ(recv(control.ours.get(), &byte, 1, 0), ssize_t{1});
    }
    ~Parent() {
        kill(pid, SIGKILL);
        waitpid(pid, nullptr, 0);
    }
    [[noreturn]] static void run() {
        char byte = 'r';
        send(100, &byte, 1, 0);
        // The clock goes through the vdso: a child whose vdso is not in place dies here.
        while (recv(100, &byte, 1, 0) == 1) {
            timespec now{};
            clock_gettime(CLOCK_MONOTONIC, &now);
            send(100, &now, sizeof(now), 0);
        }
        _exit(9);
    }
    Pair control;
    pid_t pid = 0;
};

ff_status receiveStatus(int socket) {
    ff_status status{};
    CHECK_EQ(recv(socket, &status, sizeof(status), 0), static_cast<ssize_t>(sizeof(status)));
    return status;
}

Cell readyCell(CellPool& pool) {
    CHECK_OK(pool.startOne());
    for (;;) {
        CHECK_OK(pool.drain());
        if (std::optional<Cell> cell = pool.take()) return std::move(*cell);
        usleep(200);
    }
}

void restoreOne(bool force_vdso_remap) {
    if (geteuid() != 0) skipTest("root");
    Parent parent;
    StagedSeed staged = stageSeed(parent.pid, "sd_restorer", 100);
    const PlanView plan = must(PlanView::parse(staged.plan_bytes));
    const DescriptorView& descriptor = staged.process.descriptor;
    const Machine machine = must(Machine::read());
    RestorerRegion region =
        must(buildRestorer(descriptor, plan, staged.image->fd(), machine, {.force_vdso_remap = force_vdso_remap}));
    CHECK(region.code_bytes + region.argument_bytes + region.working_bytes < 128 * 1024);
    Pair status, attach, control;
    Template process = must(
        startTemplate(region, descriptor, plan, {staged.image->fd(), status.theirs.get(), attach.theirs.get(), -1}, 5));
    const ff_status ready = receiveStatus(status.ours.get());
    if (ready.kind != FF_STATUS_READY) die(restorerError(ready, descriptor, plan));
    CHECK_EQ(ready.template_serial, 5U);

    CellPool pool = must(CellPool::make({}, 1));
    const Cell cell = readyCell(pool);
    ff_request request{};
    request.serial = 77;
    request.deadline_ns = monotonicNs() + 5'000'000'000ULL;
    request.fds = FF_FD_CELL | FF_FD_KEEP | FF_FD_CONTROL;
    request.namespaces = static_cast<uint32_t>(cellNamespaces({}));
    request.inherit_files = 1;
    request.attach_size = 8;
    request.attach_pid_offset = 4;
    const int fds[] = {cell.pidfd.get(), cell.keep.get(), control.theirs.get()};
    CHECK(must(sendRequest(process, request, fds)));
    control.theirs.reset();
    char packet[64];
    iovec piece{packet, sizeof(packet)};
    alignas(cmsghdr) char ancillary[CMSG_SPACE(sizeof(int))];
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = ancillary;
    message.msg_controllen = sizeof(ancillary);
    CHECK_EQ(recvmsg(attach.ours.get(), &message, 0), ssize_t{8});
    const pid_t child = process.pidOf(77, 0);
    CHECK(child > 0);
    uint32_t named_pid = 0;
    std::memcpy(&named_pid, packet + 4, sizeof(named_pid));
    CHECK_EQ(static_cast<int32_t>(named_pid), child);
    int uffd = -1;
    std::memcpy(&uffd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(uffd));

    auto seed = std::make_shared<PagerSeed>();
    seed->id = "sd_restorer";
    seed->image = staged.image;
    seed->segments = segmentsOf(plan.maps());
    Pager pager({}, [](const PagerChild&, const Error& error) { die(error); });
    must(pager.attach("c", child, seed, UniqueFd(uffd)));
    const ff_status started = receiveStatus(status.ours.get());
    if (started.kind != FF_STATUS_STARTED) die(restorerError(started, descriptor, plan));
    CHECK_EQ(started.serial, 77U);
    CHECK_EQ(started.host_pid, child);

    timespec theirs{};
    CHECK_EQ(send(control.ours.get(), "?", 1, 0), ssize_t{1});
    CHECK_EQ(recv(control.ours.get(), &theirs, sizeof(theirs), 0), static_cast<ssize_t>(sizeof(theirs)));
    CHECK(static_cast<uint64_t>(theirs.tv_sec) * 1'000'000'000ULL >= started.time_ns - 2'000'000'000ULL);
    control.ours.reset();
    int wait_status = 0;
    CHECK_EQ(waitpid(child, &wait_status, 0), child);
    CHECK(WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 9);
    kill(cell.init_pid, SIGTERM);
    waitpid(cell.init_pid, nullptr, 0);
    process.requests.reset();
    CHECK_EQ(waitpid(process.pid, &wait_status, 0), process.pid);
    CHECK_EQ(wait_status, 0);
}

}  // namespace

TEST(a_child_is_restored_with_its_vdso_mapped_anew) {
    restoreOne(false);
}
TEST(a_child_is_restored_with_its_vdso_moved) {
    restoreOne(true);
}

TEST_MAIN
