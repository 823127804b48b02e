// SPDX-License-Identifier: Apache-2.0
//
// What is queued in a pipe is copied with its packets, and stays queued.
#include "capture/pipes.h"

#include <fcntl.h>
#include <unistd.h>

#include <string>

#include "check.h"

using namespace farfork;
using namespace farfork::capturing;

namespace {

struct Pipe {
    UniqueFd read_end, write_end;
    explicit Pipe(int flags) {
        int ends[2];
        if (pipe2(ends, flags | O_NONBLOCK) != 0) std::abort();
        read_end.reset(ends[0]);
        write_end.reset(ends[1]);
    }
    void put(const std::string& text) const {
        CHECK_EQ(write(write_end.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
    }
};

/// As "3 packet 2 stream: bytes".
std::string copyOf(const Pipe& pipe) {
    UniqueFd copy_read, copy_write;
    if (!makePipeCopy(65536, copy_read, copy_write)) return "no pipe";
    const int64_t copied = copyQueuedBytes(pipe.read_end.get(), copy_write.get());
    const auto queued = copied < 0 ? std::nullopt : takeQueuedBytes(copy_read.get(), static_cast<uint64_t>(copied));
    if (!queued) return "unreadable";
    std::string text;
    for (const ff_pipe_run& run : queued->runs)
        text += std::to_string(run.size) + (run.packet ? " packet " : " stream ");
    return text + ": " + std::string(reinterpret_cast<const char*>(queued->bytes.data()), queued->bytes.size());
}

}  // namespace

TEST(aStreamHasNoRuns) {
    const Pipe pipe(0);
    CHECK_EQ(copyOf(pipe), ": ");
    pipe.put("abc");
    pipe.put("de");
    CHECK_EQ(copyOf(pipe), ": abcde");
    CHECK_EQ(copyOf(pipe), ": abcde");
}

TEST(packetsKeepTheirBoundaries) {
    const Pipe pipe(O_DIRECT);
    pipe.put("a");
    pipe.put("bcd");
    CHECK_EQ(fcntl(pipe.write_end.get(), F_SETFL, O_NONBLOCK), 0);
    pipe.put("e");
    pipe.put("fg");
    CHECK_EQ(copyOf(pipe), "1 packet 3 packet 3 stream : abcdefg");
    char seen[16];
    CHECK_EQ(read(pipe.read_end.get(), seen, sizeof seen), 1);
    CHECK_EQ(read(pipe.read_end.get(), seen, sizeof seen), 3);
}

TEST(aFullPipeOfPacketsIsCopied) {
    const Pipe pipe(O_DIRECT);
    std::string expected, bytes;
    for (char letter = 'a'; write(pipe.write_end.get(), &letter, 1) == 1; letter++) {
        expected += "1 packet ";
        bytes += letter;
    }
    CHECK_EQ(copyOf(pipe), expected + ": " + bytes);
}

TEST(aClosedFarEndIsSeen) {
    Pipe pipe(0);
    CHECK(!isFarEndClosed(pipe.read_end.get()) && !isFarEndClosed(pipe.write_end.get()));
    pipe.put("rest");
    pipe.write_end.reset();
    CHECK(isFarEndClosed(pipe.read_end.get()));
    Pipe other(0);
    other.read_end.reset();
    CHECK(isFarEndClosed(other.write_end.get()));
}

TEST_MAIN
