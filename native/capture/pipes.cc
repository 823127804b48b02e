// SPDX-License-Identifier: Apache-2.0
#include "capture/pipes.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string>

#include "capture/proc.h"

namespace farfork::capturing {

bool makePipeCopy(uint32_t capacity, UniqueFd& read_end, UniqueFd& write_end) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return false;
    read_end.reset(ends[0]);
    write_end.reset(ends[1]);
    const int size = fcntl(ends[1], F_GETPIPE_SZ);
    return size >= static_cast<int>(capacity) || fcntl(ends[1], F_SETPIPE_SZ, static_cast<int>(capacity)) >= 0;
}

int64_t copyQueuedBytes(int read_end, int copy) {
    int queued = 0;
    if (ioctl(read_end, FIONREAD, &queued) != 0) return -1;
    if (queued == 0) return 0;
    // tee starts at the front every time, so one call must take it all.
    const ssize_t copied = tee(read_end, copy, static_cast<size_t>(queued), SPLICE_F_NONBLOCK);
    return copied == queued ? copied : -1;
}

bool isFarEndClosed(int end) {
    pollfd event{end, 0, 0};
    return poll(&event, 1, 0) == 1 && (event.revents & (POLLHUP | POLLERR)) != 0;
}

namespace {

/// tee(2) keeps what marks a buffer as a packet (linux fs/splice.c, link_pipe: only GIFT and CAN_MERGE are cleared),
/// but only read(2) tells: it ends at a packet's end. So a buffer is tried out in a pipe of two buffers.
class PipeProbe {
  public:
    PipeProbe() {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return;
        read_.reset(ends[0]);
        write_.reset(ends[1]);
        valid_ = fcntl(ends[1], F_SETPIPE_SZ, 2 * static_cast<int>(FF_PAGE_SIZE)) > 0;
    }
    [[nodiscard]] bool valid() const { return valid_; }

    /// Whether the first buffer of `pipe` is a packet: then a byte behind it takes another read.
    std::optional<bool> isPacket(int pipe) {
        char bytes[2];
        if (tee(pipe, write_.get(), 1, SPLICE_F_NONBLOCK) != 1 || write(write_.get(), "", 1) != 1) return std::nullopt;
        const ssize_t got = read(read_.get(), bytes, 2);
        if (got == 2) return false;
        if (got != 1 || read(read_.get(), bytes, 1) != 1) return std::nullopt;
        return true;
    }

    /// Bytes of the first buffer: one fits beside the byte that takes the other place.
    std::optional<size_t> firstBuffer(int pipe) {
        if (write(write_.get(), "", 1) != 1) return std::nullopt;
        const ssize_t copied = tee(pipe, write_.get(), kAll, SPLICE_F_NONBLOCK);
        char bytes[512];
        while (read(read_.get(), bytes, sizeof bytes) > 0) {
        }
        if (copied <= 0) return std::nullopt;
        return static_cast<size_t>(copied);
    }

  private:
    static constexpr size_t kAll = 1 << 30;
    UniqueFd read_, write_;
    bool valid_ = false;
};

}  // namespace

std::optional<QueuedBytes> takeQueuedBytes(int copy, uint64_t count) {
    QueuedBytes queued;
    queued.bytes.resize(count);
    PipeProbe probe;
    if (count > 0 && !probe.valid()) return std::nullopt;
    bool packets = false;
    for (size_t done = 0; done < count;) {
        const auto packet = probe.isPacket(copy);
        const auto size = packet ? probe.firstBuffer(copy) : std::nullopt;
        if (!size || *size > count - done) return std::nullopt;
        if (read(copy, queued.bytes.data() + done, *size) != static_cast<ssize_t>(*size)) return std::nullopt;
        if (!*packet && !queued.runs.empty() && !queued.runs.back().packet)
            queued.runs.back().size += static_cast<uint32_t>(*size);
        else
            queued.runs.push_back({static_cast<uint32_t>(*size), *packet ? 1u : 0u});
        packets = packets || *packet;
        done += *size;
    }
    if (!packets) queued.runs.clear();
    return queued;
}

namespace {

/// Which of the pipes a descriptor of a process is. FIFOs have to be asked for, so only when one is sought.
std::optional<PipeIdentity> identify(const ProcDir& proc, int number, bool fifos) {
    const std::string name = "fd/" + std::to_string(number);
    const auto link = proc.link(name);
    if (link && link->starts_with("pipe:[")) return PipeIdentity{0, numberOf(*link)};
    struct stat about {};
    if (!fifos || !link || !link->starts_with("/") || fstatat(proc.fd(), name.c_str(), &about, 0) != 0 ||
        !S_ISFIFO(about.st_mode))
        return std::nullopt;
    return PipeIdentity{about.st_dev, about.st_ino};
}

}  // namespace

std::optional<PipeHolder> findPipeHolder(const std::vector<PipeIdentity>& pipes, pid_t owner) {
    DIR* processes = opendir("/proc");
    if (!processes) return std::nullopt;
    const bool fifos = std::any_of(pipes.begin(), pipes.end(), [](const PipeIdentity& pipe) { return pipe.device; });
    std::optional<PipeHolder> holder;
    while (const dirent* entry = holder ? nullptr : readdir(processes)) {
        const auto pid = static_cast<pid_t>(std::atoi(entry->d_name));
        if (pid <= 0 || pid == owner || pid == getpid()) continue;
        const ProcDir proc(pid);
        const auto numbers = proc.valid() ? proc.numbers("fd") : std::nullopt;
        if (!numbers) continue;
        for (const int number : *numbers) {
            const auto held = identify(proc, number, fifos);
            if (held && std::any_of(pipes.begin(), pipes.end(), [&](const PipeIdentity& pipe) {
                    return pipe.device == held->device && pipe.node == held->node;
                }))
                holder = PipeHolder{*held, pid};
        }
    }
    closedir(processes);
    return holder;
}

}  // namespace farfork::capturing
