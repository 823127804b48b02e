// SPDX-License-Identifier: Apache-2.0
#include "addon/fork_batch.h"

#include <sys/socket.h>

#include <cerrno>

namespace farfork::addon {

Result<ControlPair> makeControlPair(const std::string& object) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        return makeErrno(ErrorCode::kResourceExhausted, "control.pair", object, "socketpair", errno);
    }
    return ControlPair{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

Result<ForkBatch> cutFork(const control::Fork& fork) {
    ForkBatch batch;
    batch.agent_ends.resize(fork.children.size());
    control::Fork head = fork;
    head.children.clear();
    const size_t head_bytes = control::encodeMessage(head).size();
    size_t next = 0;
    while (next < fork.children.size()) {
        ForkPacket packet{.first = next};
        control::Fork part = head;
        size_t bytes = head_bytes;
        for (; next < fork.children.size() && part.children.size() < control::kMaxChildrenPerFork; ++next) {
            const control::ForkChild& child = fork.children[next];
            bytes += control::encodeMessage(child).size();
            if (bytes > control::kMaxBodyBytes || packet.fds.size() == control::kMaxPacketFds) break;
            if (child.has_control) {
                Result<ControlPair> pair = makeControlPair("child " + child.child_id);
                if (!pair.ok()) return std::move(pair).error();
                batch.agent_ends[next] = std::move(pair->agent_end);
                packet.fds.push_back(std::move(pair->child_end));
            }
            part.children.push_back(child);
        }
        packet.count = part.children.size();
        if (packet.count == 0) {
            return Error{ErrorCode::kInvalidArgument, "control.fork", "child " + fork.children[next].child_id,
                         "its paths do not fit into a packet"};
        }
        packet.body = control::encodeMessage(part);
        batch.packets.push_back(std::move(packet));
    }
    return batch;
}

}  // namespace farfork::addon
