// SPDX-License-Identifier: Apache-2.0
//
// What a child writes stays readable from its last bytes backwards, and no more of it than promised is held.
#include "spawner/outputs.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <vector>

#include "check.h"

using namespace farfork;

namespace {

constexpr size_t kPieceBytes = 1 << 20;

/// Each 8 bytes hold their own offset.
void writePieces(int fd, size_t count, uint64_t& offset) {
    std::vector<uint64_t> piece(kPieceBytes / sizeof(uint64_t));
    for (size_t number = 0; number < count; ++number) {
        for (uint64_t& word : piece) {
            word = offset;
            offset += sizeof word;
        }
        CHECK(write(fd, piece.data(), kPieceBytes) == static_cast<ssize_t>(kPieceBytes));
    }
}

uint64_t wordAt(int fd, uint64_t offset) {
    uint64_t word = ~uint64_t{0};
    CHECK(pread(fd, &word, sizeof word, static_cast<off_t>(offset)) == sizeof word);
    return word;
}

uint64_t heldBytes(int fd) {
    struct stat status {};
    CHECK(fstat(fd, &status) == 0);
    return static_cast<uint64_t>(status.st_blocks) * 512;
}

}  // namespace

TEST(keeps_the_last_bytes) {
    Result<UniqueFd> made = makeOutput();
    CHECK(made.ok());
    const int fd = made->get();
    CHECK((fcntl(fd, F_GETFL) & O_APPEND) != 0);
    uint64_t written = 0;
    writePieces(fd, 2 * kKeptOutputBytes / kPieceBytes, written);
    trimOutput(fd);
    CHECK(heldBytes(fd) == written);  // not before there is more than twice as much
    writePieces(fd, 1, written);
    trimOutput(fd);
    CHECK(heldBytes(fd) == kKeptOutputBytes);
    CHECK(wordAt(fd, written - kKeptOutputBytes) == written - kKeptOutputBytes);
    CHECK(wordAt(fd, written - sizeof(uint64_t)) == written - sizeof(uint64_t));
    CHECK(wordAt(fd, 8) == 0);
    writePieces(fd, 1, written);  // appended behind what is there, wherever the trimming was
    CHECK(wordAt(fd, written - sizeof(uint64_t)) == written - sizeof(uint64_t));
}

TEST_MAIN
