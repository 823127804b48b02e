// SPDX-License-Identifier: Apache-2.0
//
// Plays pager and spawner for test/src/native/binding.test.ts: `farfork-fake-daemon SOCKET`. It prints "ready" and
// answers by fixed rules, so that a test reads as a table of what goes in and what comes out. It ends when its standard
// input does. Seed and child ids steer it:
//   seed "refuse-N": error reply with code N;   seed "silent": no reply;   seed "die": the connection is closed.
//   child "silent-…": no event; other children start (pid = index) and exit at once with code index % 256.
//   seed "half": packets after the first one are refused with SEED_NOT_OPEN.
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <map>

#include "control/channel.h"

using namespace farfork;
using namespace farfork::control;

namespace {

struct Peer {
    UniqueFd socket;
    size_t fork_packets = 0;
};

void greet(const UniqueFd& control, const std::string& text) {
    (void)!send(control.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void forkChildren(Peer& peer, const Packet& packet, const Fork& fork) {
    const int socket = peer.socket.get();
    if (fork.seed_id == "half" && peer.fork_packets++ > 0) {
        (void)sendErrorReply(socket, packet.request_id,
                             {ErrorCode::kSeedNotOpen, "fake", "seed half", "second packet"});
        return;
    }
    (void)sendReply(socket, packet.request_id, Ack{});
    size_t fd = 0;
    for (const ForkChild& child : fork.children) {
        if (child.has_control) greet(packet.fds.at(fd++), "hello " + child.child_id);
        if (child.child_id.starts_with("silent-")) continue;
        if (child.child_id.starts_with("fail-")) {
            (void)sendMessage(
                socket, MessageType::kChildFailed, 0,
                ChildFailed{child.child_id, fork.seed_id, {83, "fake.resume", child.child_id, "as asked"}});
            continue;
        }
        (void)sendMessage(socket, MessageType::kChildStarted, 0,
                          ChildStarted{child.child_id, fork.seed_id, static_cast<int32_t>(child.index),
                                       1000 + child.index, fork.requested_at_monotonic_ns,
                                       fork.requested_at_monotonic_ns + 1, fork.requested_at_monotonic_ns + 2, 20, 21});
        (void)sendMessage(socket, MessageType::kChildExited, 0,
                          ChildExited{child.child_id, static_cast<int32_t>(child.index % 256), 0, {}});
    }
}

void importSeed(Peer& peer, const Packet& packet, const ImportSeed& message) {
    struct stat status {};
    const bool file =
        packet.fds.size() == 2 && fstat(packet.fds[0].get(), &status) == 0 && message.twin_pids.size() == 1;
    (void)sendReply(peer.socket.get(), packet.request_id,
                    SeedReply{file ? 1U : 0U, static_cast<uint64_t>(status.st_size), 3, false});
    (void)sendMessage(peer.socket.get(), MessageType::kSeedStaged, 0, SeedStaged{message.seed_id, 1, 4096, 9});
}

/// Rules that every request with a seed id shares; true when one of them applied.
bool steered(Peer& peer, const Packet& packet, const std::string& seed_id) {
    if (seed_id.starts_with("refuse-")) {
        (void)sendErrorReply(
            peer.socket.get(), packet.request_id,
            {static_cast<ErrorCode>(std::stoi(seed_id.substr(7))), "fake.stage", "seed " + seed_id, "as asked", 5});
        return true;
    }
    if (seed_id == "die") peer.socket.reset();
    return seed_id == "silent" || seed_id == "die";
}

template <class T>
T read(const Packet& packet) {
    Result<T> message = decodeMessage<T>(packet.body);
    if (!message.ok()) std::abort();
    return std::move(*message);
}

void answerPager(Peer& peer, const Packet& packet) {
    const int socket = peer.socket.get();
    const uint64_t id = packet.request_id;
    if (packet.type == MessageType::kPagerHello) {
        (void)sendReply(socket, id, PagerHelloReply{42, "10.0.0.1", 7071, {"a", "b"}});
    } else if (packet.type == MessageType::kImportSeed) {
        const ImportSeed message = read<ImportSeed>(packet);
        if (!steered(peer, packet, message.seed_id)) importSeed(peer, packet, message);
    } else if (packet.type == MessageType::kOpenSeed) {
        const OpenSeed message = read<OpenSeed>(packet);
        if (steered(peer, packet, message.seed_id)) return;
        (void)sendReply(socket, id, SeedReply{message.lease_epoch, message.key.size(), message.source_port, true});
    } else if (packet.type == MessageType::kSetLease) {
        if (!steered(peer, packet, read<SetLease>(packet).seed_id)) (void)sendReply(socket, id, Ack{});
    } else if (packet.type == MessageType::kReclaimSeed) {
        const ReclaimSeed message = read<ReclaimSeed>(packet);
        (void)sendMessage(
            socket, MessageType::kSeedFailed, 0,
            SeedFailed{message.seed_id, {46, "fake", message.seed_id, message.force ? "forced" : "asked"}});
        (void)sendReply(socket, id, Ack{});
    } else if (packet.type == MessageType::kSeedStats) {
        if (steered(peer, packet, read<SeedStats>(packet).seed_id)) return;
        (void)sendReply(socket, id, SeedStatsReply{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1, 12, 13, 1ULL << 40});
    } else if (packet.type == MessageType::kChildStats) {
        (void)sendReply(socket, id, ChildStatsReply{1, 2, 3, 4, 5});
    } else {
        (void)sendReply(socket, id, Ack{});
    }
}

void runParent(Peer& peer, const Packet& packet, const RunParent& message) {
    struct stat status {};
    if (message.has_control) {
        fstat(packet.fds.at(0).get(), &status);
        greet(packet.fds[0], std::to_string(status.st_ino));
    }
    (void)sendReply(peer.socket.get(), packet.request_id, RunParentReply{static_cast<uint32_t>(message.argv.size())});
}

void answer(Peer& peer, const Packet& packet) {
    const int socket = peer.socket.get();
    if (packet.type < MessageType::kSpawnerHello) return answerPager(peer, packet);
    if (packet.type == MessageType::kSpawnerHello) {
        (void)sendReply(socket, packet.request_id, SpawnerHelloReply{43, 42, 8});
    } else if (packet.type == MessageType::kFork) {
        const Fork fork = read<Fork>(packet);
        if (!steered(peer, packet, fork.seed_id)) forkChildren(peer, packet, fork);
    } else if (packet.type == MessageType::kRunParent) {
        runParent(peer, packet, read<RunParent>(packet));
    } else if (packet.type == MessageType::kListChildren) {
        (void)sendReply(socket, packet.request_id, ListChildrenReply{{{"c", "s", 1, 2, true, -1, 9, 1ULL << 41}}});
    } else if (packet.type == MessageType::kKill) {
        const Kill message = read<Kill>(packet);
        (void)sendMessage(socket, MessageType::kChildExited, 0,
                          ChildExited{message.id, -1, message.signal, {64, "fake", message.id, "killed"}});
        (void)sendMessage(socket, MessageType::kPagerLost, 0, PagerLost{42});
        (void)sendReply(socket, packet.request_id, Ack{});
    } else {
        (void)sendReply(socket, packet.request_id, Ack{});
    }
}

}  // namespace

int main(int argc, char** argv) {
    Result<UniqueFd> listener = listenAt(argc > 1 ? argv[1] : "");
    if (!listener.ok()) return 1;
    std::puts("ready");
    std::fflush(stdout);
    std::map<int, Peer> peers;
    for (;;) {
        std::vector<pollfd> wanted{{STDIN_FILENO, POLLIN, 0}, {listener->get(), POLLIN, 0}};
        for (const auto& [fd, peer] : peers) wanted.push_back({fd, POLLIN, 0});
        poll(wanted.data(), wanted.size(), -1);
        if (wanted[0].revents != 0) return 0;
        while (true) {
            Result<std::optional<UniqueFd>> accepted = tryAccept(listener->get());
            if (!accepted.ok() || !accepted->has_value()) break;
            const int fd = (*accepted)->get();
            peers[fd].socket = std::move(**accepted);
        }
        for (size_t index = 2; index < wanted.size(); ++index) {
            if (wanted[index].revents == 0) continue;
            Peer& peer = peers.at(wanted[index].fd);
            Result<std::optional<Packet>> packet = tryReceivePacket(peer.socket.get());
            if (packet.ok() && packet->has_value()) answer(peer, **packet);
            if (!packet.ok() || !peer.socket.valid()) peers.erase(wanted[index].fd);
        }
    }
}
