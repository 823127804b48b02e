// SPDX-License-Identifier: Apache-2.0
//
// Seeded random sequences of memory operations, run by a child of the pager and by a reference process whose memory is
// plain and filled beforehand. What both see must be equal, step by step, grandchildren included.
#include <sys/mman.h>

#include <cstring>

#include "check.h"
#include "pager/pager_fixture.h"

using namespace farfork;
using namespace farfork::test;

namespace {

constexpr uint64_t kSlots = 6;
constexpr uint64_t kSlotStride = 0x10000000;  // room to grow and to move
constexpr uint64_t kSlotPages = 96;
constexpr uint64_t kMaxPages = 512;
constexpr size_t kMaxRecords = 4096;

uint64_t slotAddress(uint64_t slot) {
    return kBase + slot * kSlotStride;
}

/// Even pages of every 32-page block but the last 5 hold bytes; the rest are holes.
std::vector<PageRange> extents() {
    std::vector<PageRange> ranges;
    for (uint64_t slot = 0; slot < kSlots; ++slot) {
        for (uint64_t block = 0; block < kSlotPages; block += 32) {
            const uint64_t start = slotAddress(slot) + block * kPage;
            ranges.push_back({start, start + 27 * kPage});
        }
    }
    return ranges;
}

struct Records {  // shared with the test process
    uint64_t count;
    uint64_t values[kMaxRecords];
};

class Walker {
  public:
    Walker(uint64_t seed, Records* records) : state_(seed * 0x9e3779b97f4a7c15ULL + 1), records_(records) {
        for (uint64_t slot = 0; slot < kSlots; ++slot) slots_[slot] = {slotAddress(slot), kSlotPages, false};
    }
    int run(int steps, int depth) {
        for (int step = 0; step < steps; ++step) {
            if (!act(depth)) return 1;
        }
        for (const Slot& slot : slots_) record(hash(slot.address, slot.pages));
        return 0;
    }

  private:
    struct Slot {
        uint64_t address, pages;
        bool split;  ///< several mappings: mremap would not take it as one
    };

    uint64_t next(uint64_t bound) {
        state_ ^= state_ << 13;
        state_ ^= state_ >> 7;
        state_ ^= state_ << 17;
        return (state_ >> 11) % bound;
    }
    void record(uint64_t value) {
        const uint64_t index = __atomic_fetch_add(&records_->count, 1, __ATOMIC_SEQ_CST);
        if (index < kMaxRecords) records_->values[index] = value;
    }
    static uint64_t hash(uint64_t address, uint64_t pages) {
        uint64_t sum = 0;
        for (uint64_t at = address; at < address + pages * kPage; at += 8) sum = sum * 31 + wordAt(at);
        return sum;
    }
    bool act(int depth) {
        Slot& slot = slots_[next(kSlots)];
        const uint64_t first = next(slot.pages);
        const uint64_t pages = 1 + next(std::min<uint64_t>(12, slot.pages - first));
        const uint64_t at = slot.address + first * kPage;
        switch (next(12)) {
            case 0:
            case 1:
            case 2:
                record(hash(at, pages));
                return true;
            case 3:
            case 4:
                setWord(at + next(512) * 8, next(1000));
                return true;
            case 5:
            case 6:
                return madvise(pointer(at), pages * kPage, MADV_DONTNEED) == 0;
            case 7:
                return move(slot);
            case 8:
                return grow(slot);
            case 9:
                return hole(slot, at, pages);
            case 10:
                return protect(slot, at, pages);
            default:
                return depth == 0 || forkOne(depth);
        }
    }
    bool move(Slot& slot) {
        if (slot.split) return true;
        const uint64_t index = static_cast<uint64_t>(&slot - slots_);
        const uint64_t home = slotAddress(index);
        const uint64_t to = slot.address == home ? home + kSlotStride / 2 : home;
        if (mremap(pointer(slot.address), slot.pages * kPage, slot.pages * kPage, MREMAP_MAYMOVE | MREMAP_FIXED,
                   pointer(to)) == MAP_FAILED) {
            return false;
        }
        slot.address = to;
        return true;
    }
    bool grow(Slot& slot) {
        if (slot.split) return true;
        const bool shrink = next(3) == 0 && slot.pages > 8;
        const uint64_t pages = shrink ? slot.pages - 1 - next(6) : std::min(kMaxPages, slot.pages + 1 + next(40));
        if (mremap(pointer(slot.address), slot.pages * kPage, pages * kPage, 0) == MAP_FAILED) return false;
        slot.pages = pages;
        return true;
    }
    static bool hole(Slot& slot, uint64_t at, uint64_t pages) {
        slot.split = true;
        if (munmap(pointer(at), pages * kPage) != 0) return false;
        return mmap(pointer(at), pages * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
                    0) != MAP_FAILED;
    }
    bool protect(Slot& slot, uint64_t at, uint64_t pages) {
        slot.split = true;
        if (mprotect(pointer(at), pages * kPage, PROT_READ) != 0) return false;
        record(hash(slot.address, slot.pages));
        return mprotect(pointer(at), pages * kPage, PROT_READ | PROT_WRITE) == 0;
    }
    bool forkOne(int depth) {
        const pid_t grandchild = fork();
        if (grandchild == 0) _exit(Walker(*this).run(10, depth - 1));
        int status = 0;
        waitpid(grandchild, &status, 0);
        return status == 0;
    }

    uint64_t state_;
    Records* records_;
    Slot slots_[kSlots];
};

Records* sharedRecords() {
    void* at = mmap(nullptr, sizeof(Records), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return at == MAP_FAILED ? nullptr : static_cast<Records*>(at);
}

int runReference(uint64_t seed, Records* records, int steps) {
    std::fflush(nullptr);
    const pid_t pid = fork();
    if (pid == 0) {
        for (uint64_t slot = 0; slot < kSlots; ++slot) {
            if (mmap(pointer(slotAddress(slot)), kSlotPages * kPage, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED) {
                _exit(kChildMapFailed);
            }
        }
        for (const PageRange& range : extents()) {
            fillPattern(static_cast<std::byte*>(pointer(range.start)), range.start, range.bytes());
        }
        _exit(Walker(seed, records).run(steps, 2));
    }
    int status = 0;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

void compare(uint64_t first_seed, uint64_t last_seed, const PagerOptions& options) {
    std::vector<ff_map> maps;
    for (uint64_t slot = 0; slot < kSlots; ++slot) {
        maps.push_back(imageMap(slotAddress(slot), slotAddress(slot) + kSlotPages * kPage));
    }
    constexpr int kSteps = 120;
    for (uint64_t seed = first_seed; seed < last_seed; ++seed) {
        Records* expected = sharedRecords();
        Records* seen = sharedRecords();
        REQUIRE(expected != nullptr && seen != nullptr);
        PagerFixture fixture(extents(), maps, false, options);
        CHECK_EQ(runReference(seed, expected, kSteps), 0);
        const int code = fixture.run("walker", [&] { return Walker(seed, seen).run(kSteps, 2); });
        if (code != 0) fail(__FILE__, __LINE__, "seed " + std::to_string(seed) + ": exit " + std::to_string(code));
        CHECK_EQ(seen->count, expected->count);
        for (uint64_t index = 0; index < std::min<uint64_t>(expected->count, kMaxRecords); ++index) {
            if (seen->values[index] == expected->values[index]) continue;
            fail(__FILE__, __LINE__, "seed " + std::to_string(seed) + ": record " + std::to_string(index) + " differs");
            break;
        }
        munmap(expected, sizeof(Records));
        munmap(seen, sizeof(Records));
    }
}

uint64_t rounds() {
    const char* wanted = std::getenv("FARFORK_RANDOM_ROUNDS");
    return wanted == nullptr ? 40 : std::strtoull(wanted, nullptr, 10);
}

TEST(randomOperationsMatchAReferenceProcess) {
    compare(1, 1 + rounds(), {});
}
TEST(randomOperationsWithoutFaultAround) {
    compare(10'000, 10'000 + rounds() / 2,
            {.workers = 1, .spin_us = 0, .fault_around_pages = 1, .copy_around_pages = 1});
}

}  // namespace

int main(int argc, char** argv) {
    if (!userfaultfdWorks()) skipTest("userfaultfd with EVENT_FORK and MINOR_SHMEM");
    return run(argc, argv);
}
