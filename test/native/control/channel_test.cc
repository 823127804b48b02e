// SPDX-License-Identifier: Apache-2.0
#include "control/channel.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "check.h"

using namespace farfork;
using namespace farfork::control;

namespace {

struct Folder {
    std::string path;
    Folder() {
        char name[] = "/tmp/farfork-control-XXXXXX";
        path = mkdtemp(name);
    }
    ~Folder() { (void)!std::system(("rm -rf " + path).c_str()); }
};

size_t openFdCount() {
    size_t count = 0;
    for (int fd = 0; fd < 1024; ++fd) count += fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
    return count;
}

ErrorCode codeOf(const auto& result) {
    return result.ok() ? ErrorCode::kNone : result.error().code;
}

}  // namespace

TEST(packetsCarryDescriptorsThatAreCloseOnExec) {
    auto pair = socketPair();
    REQUIRE(pair.ok());
    std::vector<UniqueFd> pipes;
    std::vector<int> sent;
    for (size_t index = 0; index < kMaxPacketFds / 2; ++index) {
        int ends[2];
        REQUIRE(pipe(ends) == 0);
        pipes.emplace_back(ends[0]);
        pipes.emplace_back(ends[1]);
        sent.push_back(ends[0]);
        sent.push_back(ends[1]);
    }
    CHECK_OK(sendMessage(pair->first.get(), MessageType::kAdoptSeed, 7, AdoptSeed{"seed"}, sent));
    Result<Packet> packet = receivePacket(pair->second.get(), 1000);
    REQUIRE(packet.ok());
    CHECK_EQ(packet->request_id, 7U);
    CHECK(packet->type == MessageType::kAdoptSeed);
    REQUIRE(packet->fds.size() == sent.size());
    for (size_t index = 0; index < sent.size(); ++index) {
        struct stat ours, theirs;
        REQUIRE(fstat(sent[index], &ours) == 0 && fstat(packet->fds[index].get(), &theirs) == 0);
        CHECK_EQ(ours.st_ino, theirs.st_ino);
        CHECK((fcntl(packet->fds[index].get(), F_GETFD) & FD_CLOEXEC) != 0);
    }
    Result<AdoptSeed> message = decodeMessage<AdoptSeed>(packet->body);
    REQUIRE(message.ok());
    CHECK_EQ(message->seed_id, "seed");
}

TEST(limitsAreChecked) {
    auto pair = socketPair();
    REQUIRE(pair.ok());
    const std::vector<int> many(kMaxPacketFds + 1, 0);
    CHECK_EQ(codeOf(trySendPacket(pair->first.get(), MessageType::kFork, 1, "", many)), ErrorCode::kInvalidArgument);
    CHECK_EQ(codeOf(trySendPacket(pair->first.get(), MessageType::kFork, 1, std::string(kMaxBodyBytes + 1, 'x'))),
             ErrorCode::kInvalidArgument);
    const std::string largest(kMaxBodyBytes, 'x');
    CHECK_OK(sendPacket(pair->first.get(), MessageType::kFork, 1, largest, {}, 1000));
    Result<Packet> packet = receivePacket(pair->second.get(), 1000);
    REQUIRE(packet.ok());
    CHECK(packet->body == largest);
}

TEST(foreignPacketsAreProtocolErrors) {
    auto pair = socketPair();
    REQUIRE(pair.ok());
    const auto refused = [&](const std::string& bytes) {
        (void)!send(pair->first.get(), bytes.data(), bytes.size(), 0);
        return codeOf(tryReceivePacket(pair->second.get())) == ErrorCode::kControlProtocol;
    };
    const auto withHeader = [](PacketHeader header, const std::string& body) {
        return std::string(reinterpret_cast<const char*>(&header), sizeof(header)) + body;
    };
    CHECK(refused("hello"));
    CHECK(refused(withHeader({.magic = 1}, "")));
    CHECK(refused(withHeader({.version = kVersion + 1}, "")));
    CHECK(refused(withHeader({.body_bytes = 3}, "xx")));
    CHECK(refused(withHeader({.body_bytes = 3}, "xxxx")));
    CHECK(refused(withHeader({.fd_count = 1}, "")));
    CHECK(refused(std::string(kMaxPacketBytes + 1, 'x')));
    CHECK_EQ(codeOf(tryReceivePacket(pair->second.get())), ErrorCode::kNone);
}

TEST(deadlinesAndFullBuffersHaveNames) {
    auto pair = socketPair();
    REQUIRE(pair.ok());
    CHECK_EQ(codeOf(receivePacket(pair->second.get(), 20)), ErrorCode::kDeadlineExceeded);
    const std::string body(64 * 1024, 'x');
    size_t packets = 0;
    for (;; ++packets) {
        Result<bool> sent = trySendPacket(pair->first.get(), MessageType::kFork, packets, body);
        REQUIRE(sent.ok());
        if (!*sent) break;
        REQUIRE(packets < 10'000);
    }
    CHECK_EQ(codeOf(sendPacket(pair->first.get(), MessageType::kFork, 0, body, {}, 20)), ErrorCode::kDeadlineExceeded);
    // A waiting sender goes on as soon as the peer reads; order is kept.
    std::thread sender([&] { CHECK_OK(sendPacket(pair->first.get(), MessageType::kFork, packets, body, {}, 5000)); });
    for (size_t index = 0; index <= packets; ++index) {
        Result<Packet> packet = receivePacket(pair->second.get(), 5000);
        CHECK_OK(packet);
        if (packet.ok()) CHECK_EQ(packet->request_id, index);
    }
    sender.join();
}

TEST(whatAPeerSentBeforeItDiedIsRead) {
    auto pair = socketPair();
    REQUIRE(pair.ok());
    CHECK_OK(sendMessage(pair->first.get(), MessageType::kPagerLost, 0, PagerLost{12}));
    CHECK_OK(sendMessage(pair->second.get(), MessageType::kKill, 1, Kill{"x"}));  // unread at the close
    pair->first.reset();
    Result<Packet> packet = receivePacket(pair->second.get(), 1000);
    CHECK_OK(packet);
    CHECK_EQ(codeOf(receivePacket(pair->second.get(), 1000)), ErrorCode::kUnavailable);
    CHECK_EQ(codeOf(trySendPacket(pair->second.get(), MessageType::kKill, 1, "")), ErrorCode::kUnavailable);
}

TEST(runningOutOfDescriptorsLosesThePacketByName) {
    auto pair = socketPair();
    REQUIRE(pair.ok());
    const std::vector<int> sent(20, 0);
    CHECK_OK(sendPacket(pair->first.get(), MessageType::kFork, 1, "", sent, 1000));
    const size_t before = openFdCount();
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    const rlimit few{before + 5, limit.rlim_max};
    setrlimit(RLIMIT_NOFILE, &few);
    CHECK_EQ(codeOf(tryReceivePacket(pair->second.get())), ErrorCode::kResourceExhausted);
    setrlimit(RLIMIT_NOFILE, &limit);
    CHECK_EQ(openFdCount(), before);
}

TEST(listenConnectAccept) {
    Folder folder;
    const std::string path = folder.path + "/socket";
    CHECK_EQ(codeOf(connectTo(path, 0)), ErrorCode::kUnavailable);
    Result<UniqueFd> listener = listenAt(path);
    REQUIRE(listener.ok());
    struct stat status;
    REQUIRE(stat(path.c_str(), &status) == 0);
    CHECK_EQ(status.st_mode & 0777, 0600U);
    CHECK_EQ(codeOf(listenAt(path)), ErrorCode::kUnavailable);
    while (tryAccept(listener->get()).value().has_value()) {  // listenAt's question to the one that listens
    }
    Result<UniqueFd> client = connectTo(path, 1000);
    REQUIRE(client.ok());
    Result<std::optional<UniqueFd>> server = tryAccept(listener->get());
    REQUIRE(server.ok() && server->has_value());
    CHECK_EQ(peerPid((*server)->get()), getpid());
    CHECK(!tryAccept(listener->get()).value().has_value());

    std::thread answering([&] {
        Result<Packet> request = receivePacket((*server)->get(), 5000);
        if (!request.ok()) return;
        (void)sendMessage((*server)->get(), MessageType::kPagerLost, 0, PagerLost{9});
        (void)sendReply((*server)->get(), request->request_id, SpawnerHelloReply{1, 2, 3});
    });
    uint32_t lost = 0;
    auto reply =
        call<SpawnerHelloReply>(client->get(), MessageType::kSpawnerHello, 5, SpawnerHello{}, {}, 5000,
                                [&](Packet packet) { lost = decodeMessage<PagerLost>(packet.body)->pager_pid; });
    answering.join();
    CHECK_OK(reply);
    CHECK_EQ(lost, 9U);
    if (reply.ok()) CHECK_EQ(reply->ready_cells, 3U);

    // The file of a listener that is gone is replaced.
    listener->reset();
    CHECK_EQ(codeOf(connectTo(path, 0)), ErrorCode::kUnavailable);
    CHECK_OK(listenAt(path));
}

TEST(longPathsAndLateListeners) {
    Folder folder;
    std::string path = folder.path + "/" + std::string(100, 'd');
    REQUIRE(mkdir(path.c_str(), 0700) == 0);
    path += "/socket";
    Result<UniqueFd> client = Error{};
    std::thread connecting([&] { client = connectTo(path, 5000); });
    Result<UniqueFd> listener = listenAt(path);
    connecting.join();
    CHECK_OK(listener);
    CHECK_OK(client);
    CHECK_EQ(codeOf(listenAt(folder.path + "/absent/socket")), ErrorCode::kInvalidArgument);
}

TEST_MAIN
