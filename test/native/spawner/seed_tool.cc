// SPDX-License-Identifier: Apache-2.0
//
// seed_tool SPAWNER_SOCKET PID SEED_ID [--control-fd N] [--as-init] [--as-user ID]
// A node's pager in one small process, for the spawner's tests: captures PID, stages it whole, hands the seed to the
// spawner, says "ready" (one line of JSON on standard output), and serves the children's faults until it is killed.
// --as-init pretends that the process was pid 1 of its namespace, --as-user that it was another user's: capture may
// refuse both.
#include <unistd.h>

#include <cstring>

#include "base/clock.h"
#include "control/channel.h"
#include "pager/pager.h"
#include "restorer/staged_seed.h"

using namespace farfork;
using namespace farfork::test;

int main(int argc, char** argv) {
    if (argc < 4) return 2;
    const std::string seed_id = argv[3];
    int control_fd = -1;
    bool as_init = false;
    uint32_t user = 0;
    for (int index = 4; index < argc; ++index) {
        if (std::strcmp(argv[index], "--as-init") == 0) as_init = true;
        if (std::strcmp(argv[index], "--as-user") == 0 && index + 1 < argc) {
            user = static_cast<uint32_t>(std::atoi(argv[index + 1]));
        }
        if (std::strcmp(argv[index], "--control-fd") == 0 && index + 1 < argc) control_fd = std::atoi(argv[index + 1]);
    }
    StagedSeed staged = stageSeed(std::atoi(argv[2]), seed_id, control_fd);
    if (as_init) makeInit(staged);
    if (user != 0) makeUser(staged, user);
    const PlanView plan = must(PlanView::parse(staged.plan_bytes));
    auto seed = std::make_shared<PagerSeed>();
    seed->id = seed_id;
    seed->image = staged.image;
    seed->segments = segmentsOf(plan.maps());
    const UniqueFd socket = must(control::connectTo(argv[1], 5000));
    Pager pager({}, [&](const PagerChild& child, const Error& error) {
        must(control::sendMessage(socket.get(), control::MessageType::kKillChild, 0,
                                  control::KillChild{child.id, control::toWire(error)}));
    });
    const auto serve = [&](control::Packet packet) {
        if (packet.type == control::MessageType::kAttachChild) {
            const auto message = must(control::decodeMessage<control::AttachChild>(packet.body));
            must(pager.attach(message.child_id, static_cast<pid_t>(message.host_pid), seed,
                              std::move(packet.fds.at(0))));
        } else if (packet.type == control::MessageType::kDetachChild) {
            pager.detach(must(control::decodeMessage<control::DetachChild>(packet.body)).child_id);
        }
    };
    must(control::call<control::Ack>(socket.get(), control::MessageType::kPagerRegister, 1,
                                     control::PagerRegister{static_cast<uint32_t>(getpid())}, {}, 5000, serve));
    const UniqueFd plan_fd = must(sealedMemfd("plan", staged.plan_bytes));
    const int fds[] = {staged.descriptor.get(), plan_fd.get(), staged.image->fd()};
    const uint64_t before_ns = monotonicNs();
    must(control::call<control::Ack>(socket.get(), control::MessageType::kAdoptSeed, 2, control::AdoptSeed{seed_id},
                                     fds, 10'000, serve));
    std::printf("{\"ready\":true,\"adoptUs\":%lu,\"maps\":%zu,\"registers\":%zu,\"presents\":%zu,\"threads\":%zu}\n",
                (monotonicNs() - before_ns) / 1000, plan.maps().size(), plan.registers().size(), plan.presents().size(),
                staged.process.threads().size());
    std::fflush(stdout);
    for (;;) {
        Result<control::Packet> packet = control::receivePacket(socket.get(), 3'600'000);
        if (!packet.ok()) break;
        serve(std::move(*packet));
    }
    std::_Exit(0);
}
