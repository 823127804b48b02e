// SPDX-License-Identifier: Apache-2.0
//
// Peers without manners: a socket that says what the test wants, a server that says nothing, and a proxy that flips one
// byte on its way to the client.
#pragma once
#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/unique_fd.h"
#include "fabric/fabric.h"
#include "fabric/tcp_codec.h"

namespace farfork::fabric::test {

inline sockaddr_in addressOf(const Endpoint& endpoint) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(endpoint.port);
    inet_pton(AF_INET, endpoint.host.c_str(), &address.sin_addr);
    return address;
}

inline UniqueFd connectTo(const Endpoint& endpoint) {
    UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_in address = addressOf(endpoint);
    if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fd.reset();
    return fd;
}

struct Listener {
    explicit Listener(int backlog) : fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address = addressOf({"127.0.0.1", 0});
        socklen_t length = sizeof address;
        bind(fd.get(), reinterpret_cast<sockaddr*>(&address), length);
        listen(fd.get(), backlog);
        getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &length);
        endpoint = {"127.0.0.1", ntohs(address.sin_port)};
    }
    UniqueFd fd;
    Endpoint endpoint;
};

class RawClient {
  public:
    explicit RawClient(const Endpoint& endpoint) : fd_(connectTo(endpoint)) {}

    RawClient& bytes(const Bytes& data) {
        [[maybe_unused]] const ssize_t sent = send(fd_.get(), data.data(), data.size(), MSG_NOSIGNAL);
        return *this;
    }
    RawClient& frame(wire::FrameType type, uint64_t id, std::span<const std::byte> payload,
                     std::span<const std::byte> more = {}) {
        Bytes out;
        appendFrame(out, type, id, payload, more);
        return bytes(out);
    }
    RawClient& hello(uint16_t version = kProtocolVersion) {
        wire::Hello hello{};
        hello.version = version;
        hello.page_bytes = FF_PAGE_SIZE;
        return frame(wire::FrameType::kHello, 0, bytesOf(hello));
    }
    RawClient& open(const SeedCredentials& credentials, uint64_t id = 1) {
        return frame(wire::FrameType::kOpen, id, bytesOf(encodeOpen(credentials, 0)));
    }
    RawClient& read(uint64_t handle, uint64_t epoch, const std::vector<wire::Range>& ranges, uint64_t id = 2) {
        const wire::Read read{handle, epoch, static_cast<uint32_t>(ranges.size()), 0};
        return frame(wire::FrameType::kRead, id, bytesOf(read), std::as_bytes(std::span(ranges)));
    }

    /// True when the server closes the connection within `ms`; what it sent before that is thrown away.
    bool closedWithin(int ms) {
        Bytes buffer(1 << 20);
        pollfd entry{fd_.get(), POLLIN, 0};
        const uint64_t endNs = monotonicNs() + static_cast<uint64_t>(ms) * 1'000'000;
        while (monotonicNs() < endNs) {
            if (poll(&entry, 1, 10) <= 0) continue;
            if (recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT) <= 0) return true;
        }
        return false;
    }
    [[nodiscard]] int fd() const { return fd_.get(); }

  private:
    UniqueFd fd_;
};

/// Forwards one connection at a time; the byte at `flipAt` (counted over a connection, towards the client) is inverted.
class Proxy {
  public:
    Proxy(const Endpoint& server, uint64_t flipAt) : listener_(4), server_(server), flipAt_(flipAt) {
        thread_ = std::thread([this] { run(); });
    }
    ~Proxy() {
        stop_ = true;
        thread_.join();
    }
    [[nodiscard]] const Endpoint& endpoint() const { return listener_.endpoint; }
    std::atomic<bool> flip{true};

  private:
    void run() {
        pollfd entry{listener_.fd.get(), POLLIN, 0};
        while (!stop_)
            if (poll(&entry, 1, 10) > 0)
                forward(UniqueFd(accept(listener_.fd.get(), nullptr, nullptr)), connectTo(server_));
    }
    void forward(UniqueFd client, UniqueFd server) {
        Bytes buffer(64 << 10);
        uint64_t towardsClient = 0;
        pollfd entries[] = {{client.get(), POLLIN, 0}, {server.get(), POLLIN, 0}};
        while (!stop_) {
            if (poll(entries, 2, 10) <= 0) continue;
            for (int side = 0; side < 2; ++side) {
                if (entries[side].revents == 0) continue;
                const ssize_t got = recv(entries[side].fd, buffer.data(), buffer.size(), 0);
                if (got <= 0) return;
                if (side == 1) {
                    const uint64_t at = flipAt_ - towardsClient;
                    if (flip && flipAt_ >= towardsClient && at < static_cast<uint64_t>(got))
                        buffer[at] ^= std::byte{0x10};
                    towardsClient += static_cast<uint64_t>(got);
                }
                send(entries[1 - side].fd, buffer.data(), static_cast<size_t>(got), MSG_NOSIGNAL);
            }
        }
    }

    Listener listener_;
    const Endpoint server_;
    const uint64_t flipAt_;
    std::atomic<bool> stop_{false};
    std::thread thread_;
};

}  // namespace farfork::fabric::test
