// SPDX-License-Identifier: Apache-2.0
#include <sys/mman.h>

#include <cstring>

#include "check.h"
#include "pager/pager_fixture.h"

using namespace farfork;
using namespace farfork::test;

namespace {

constexpr uint64_t kEnd = kBase + 64 * kPage;

TEST(readsAndWrites) {
    PagerFixture fixture({{kBase, kEnd}}, {imageMap(kBase, kEnd + 16 * kPage)});
    const int code = fixture.run("a", [] {
        if (!isPattern(kBase, kEnd)) return 1;
        if (!isZero(kEnd, kEnd + 16 * kPage)) return 2;
        setWord(kBase + 8, 7);
        if (wordAt(kBase + 8) != 7 || wordAt(kBase) != patternWord(kBase)) return 3;
        setWord(kEnd + 3 * kPage, 9);
        return wordAt(kEnd + 3 * kPage) == 9 ? 0 : 4;
    });
    CHECK_EQ(code, 0);
    CHECK_EQ(fixture.source->pages_read.load(), 64U);
    CHECK_EQ(fixture.seed->counters.pages_shared.load(), 64U);
    CHECK_EQ(fixture.seed->counters.pages_zeroed.load(), 16U);
    CHECK_EQ(fixture.seed->live_children.load(), 0U);
}

TEST(writeFirst) {
    PagerFixture fixture({{kBase, kEnd}}, {imageMap(kBase, kEnd + 16 * kPage)});
    const int code = fixture.run("a", [] {
        for (uint64_t at = kBase; at < kEnd + 16 * kPage; at += 5 * kPage) setWord(at + 16, at);
        for (uint64_t at = kBase; at < kEnd + 16 * kPage; at += 8) {
            const uint64_t page = at & ~(kPage - 1);
            uint64_t expected = at < kEnd ? patternWord(at) : 0;
            if ((page - kBase) / kPage % 5 == 0 && at % kPage == 16) expected = page;
            if (wordAt(at) != expected) return 1;
        }
        return 0;
    });
    CHECK_EQ(code, 0);
    CHECK_EQ(fixture.seed->counters.pages_copied.load(), 4U);  // one a window of 16: its neighbours were mapped then
}

TEST(siblingsAreIsolatedAndTheImageStaysClean) {
    PagerFixture fixture({{kBase, kEnd}}, {imageMap(kBase, kEnd)});
    const auto body = [](uint64_t value) {
        return [value] {
            for (uint64_t at = kBase; at < kEnd; at += kPage) setWord(at, value);
            for (uint64_t at = kBase; at < kEnd; at += kPage) {
                if (wordAt(at) != value || wordAt(at + 8) != patternWord(at + 8)) return 1;
            }
            return 0;
        };
    };
    const auto first = fixture.start("a", body(111));
    const auto second = fixture.start("b", body(222));
    CHECK_EQ(first->wait(), 0);
    CHECK_EQ(second->wait(), 0);
    CHECK_EQ(fixture.run("c", [] { return isPattern(kBase, kEnd) ? 0 : 1; }), 0);
    CHECK_EQ(fixture.source->pages_read.load(), 64U);
}

TEST(aChildCannotWriteTheImageThroughMapFiles) {
    PagerFixture fixture({{kBase, kEnd}}, {imageMap(kBase, kEnd)});
    const int code = fixture.run("a", [] {
        if (wordAt(kBase) != patternWord(kBase)) return 1;
        char name[96];
        std::snprintf(name, sizeof name, "/proc/self/map_files/%llx-%llx", (unsigned long long)kBase,
                      (unsigned long long)kEnd);
        const int fd = open(name, O_RDWR);
        if (fd < 0) return 2;
        if (pwrite(fd, "x", 1, static_cast<off_t>(kBase)) != -1 || errno != EPERM) return 3;
        if (mmap(nullptr, kPage, PROT_WRITE, MAP_SHARED, fd, static_cast<off_t>(kBase)) != MAP_FAILED) return 4;
        return errno == EPERM ? 0 : 5;
    });
    CHECK_EQ(code, 0);
}

TEST(removedMemoryReadsAsZeros) {
    PagerFixture fixture({{kBase, kEnd}}, {imageMap(kBase, kEnd)});
    const int code = fixture.run("a", [] {
        setWord(kBase + 4 * kPage, 1);
        if (wordAt(kBase + 5 * kPage) != patternWord(kBase + 5 * kPage)) return 1;
        // Touched for writing, touched for reading, and never touched.
        if (madvise(pointer(kBase + 4 * kPage), 3 * kPage, MADV_DONTNEED) != 0) return 2;
        if (madvise(pointer(kBase + 40 * kPage), 3 * kPage, MADV_DONTNEED) != 0) return 3;
        if (!isPattern(kBase, kBase + 4 * kPage) || !isZero(kBase + 4 * kPage, kBase + 7 * kPage)) return 4;
        if (!isPattern(kBase + 7 * kPage, kBase + 40 * kPage)) return 5;
        if (!isZero(kBase + 40 * kPage, kBase + 43 * kPage) || !isPattern(kBase + 43 * kPage, kEnd)) return 6;
        setWord(kBase + 41 * kPage, 5);
        if (madvise(pointer(kBase + 41 * kPage), kPage, MADV_DONTNEED) != 0) return 7;
        return wordAt(kBase + 41 * kPage) == 0 ? 0 : 8;
    });
    CHECK_EQ(code, 0);
}

TEST(remapGrowsAndMoves) {
    PagerFixture fixture({{kBase, kEnd}, {kEnd + 0x100000, kEnd + 0x110000}},
                         {imageMap(kBase, kEnd), imageMap(kEnd + 0x100000, kEnd + 0x110000)});
    const int code = fixture.run("a", [] {
        setWord(kBase + 8, 42);
        // Grown in place: behind it in the image lies nothing, further away a neighbour's bytes.
        if (mremap(pointer(kBase), kEnd - kBase, kEnd - kBase + 0x80000, 0) != pointer(kBase)) return 1;
        if (!isZero(kEnd, kEnd + 0x80000)) return 2;
        // Moved, and grown over the neighbour's image offsets.
        const uint64_t to = kBase + (1ULL << 35);
        if (mremap(pointer(kBase), kEnd - kBase, 0x200000, MREMAP_MAYMOVE | MREMAP_FIXED, pointer(to)) != pointer(to)) {
            return 3;
        }
        if (wordAt(to + 8) != 42 || wordAt(to) != patternWord(kBase)) return 4;
        if (!isPattern(to + kPage, to + (kEnd - kBase), kBase + kPage)) return 5;
        if (!isZero(to + (kEnd - kBase), to + 0x200000)) return 6;
        return isPattern(kEnd + 0x100000, kEnd + 0x110000) ? 0 : 7;
    });
    CHECK_EQ(code, 0);
}

TEST(remapThatKeepsTheOldRangeEmpty) {
    PagerFixture fixture({{kBase, kEnd}}, {imageMap(kBase, kEnd)});
    const int code = fixture.run("a", [] {
        constexpr int kDontUnmap = 4;  // MREMAP_DONTUNMAP
        void* to = mremap(pointer(kBase), kEnd - kBase, kEnd - kBase, MREMAP_MAYMOVE | kDontUnmap, nullptr);
        if (to == MAP_FAILED) return errno == EINVAL ? 0 : 1;
        const uint64_t at = reinterpret_cast<uint64_t>(to);
        if (!isPattern(at, at + (kEnd - kBase), kBase)) return 2;
        return isZero(kBase, kEnd) ? 0 : 3;
    });
    CHECK_EQ(code, 0);
}

TEST(unmappedRangesAreForgotten) {
    PagerFixture fixture({{kBase, kEnd}}, {imageMap(kBase, kEnd)});
    const int code = fixture.run("a", [] {
        if (munmap(pointer(kBase + 8 * kPage), 8 * kPage) != 0) return 1;
        void* at = mmap(pointer(kBase + 8 * kPage), 8 * kPage, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
        if (at == MAP_FAILED) return 2;
        if (!isZero(kBase + 8 * kPage, kBase + 16 * kPage)) return 3;
        // The image's tail moves into the hole.
        if (mremap(pointer(kBase + 32 * kPage), 8 * kPage, 8 * kPage, MREMAP_MAYMOVE | MREMAP_FIXED,
                   pointer(kBase + 8 * kPage)) == MAP_FAILED) {
            return 4;
        }
        if (!isPattern(kBase + 8 * kPage, kBase + 16 * kPage, kBase + 32 * kPage)) return 5;
        return isPattern(kBase, kBase + 8 * kPage) && isPattern(kBase + 40 * kPage, kEnd) ? 0 : 6;
    });
    CHECK_EQ(code, 0);
}

TEST(grandchildrenAreServed) {
    PagerFixture fixture({{kBase, kEnd}}, {imageMap(kBase, kEnd)});
    const int code = fixture.run("a", [] {
        setWord(kBase, 5);
        madvise(pointer(kBase + 8 * kPage), 4 * kPage, MADV_DONTNEED);
        const pid_t grandchild = fork();
        if (grandchild == 0) {
            if (wordAt(kBase) != 5 || !isZero(kBase + 8 * kPage, kBase + 12 * kPage)) _exit(1);
            if (!isPattern(kBase + 12 * kPage, kEnd)) _exit(2);
            madvise(pointer(kBase + 20 * kPage), kPage, MADV_DONTNEED);
            if (wordAt(kBase + 20 * kPage) != 0) _exit(3);
            const pid_t great_grandchild = fork();
            if (great_grandchild == 0)
                _exit(wordAt(kBase + 20 * kPage) == 0 && isPattern(kBase + 21 * kPage, kEnd) ? 0 : 4);
            int status = 0;
            waitpid(great_grandchild, &status, 0);
            _exit(status == 0 ? 0 : 5);
        }
        int status = 0;
        waitpid(grandchild, &status, 0);
        if (status != 0) return 10 + WEXITSTATUS(status);
        return isPattern(kBase + 12 * kPage, kEnd) ? 0 : 1;  // the grandchild's DONTNEED is its own
    });
    CHECK_EQ(code, 0);
    CHECK_EQ(fixture.pager->childCount(), 0U);
}

TEST(aGrandchildOutlivesADetachedChild) {
    PagerFixture fixture({{kBase, kEnd}}, {imageMap(kBase, kEnd)});
    int answer[2];
    REQUIRE(pipe(answer) == 0);
    const auto child = fixture.start("a", [&] {
        if (fork() == 0) {
            char byte = 0;
            const bool parent_gone = read(answer[0], &byte, 1) == 1;
            byte = parent_gone && isPattern(kBase, kEnd) ? 'y' : 'n';
            _exit(write(answer[1], &byte, 1) == 1 ? 0 : 1);
        }
        return 0;
    });
    CHECK_EQ(child->wait(), 0);
    fixture.pager->detach("a");
    REQUIRE(write(answer[1], "g", 1) == 1);
    fixture.waitGone("a");
    char byte = 0;
    REQUIRE(read(answer[0], &byte, 1) == 1);
    CHECK_EQ(byte, 'y');
    close(answer[0]);
    close(answer[1]);
}

TEST(stacksAreCopiedAndGrow) {
    const uint64_t top = kBase + 0x1000000;
    PagerFixture fixture({{top - 16 * kPage, top}},
                         {copyMap(top - 16 * kPage, top, MAP_GROWSDOWN | MAP_STACK, FF_VMA_GROWSDOWN)});
    const int code = fixture.run("a", [top] {
        if (!isPattern(top - 16 * kPage, top)) return 1;
        setWord(top - 8, 3);
        if (!isZero(top - 20 * kPage, top - 16 * kPage)) return 2;
        if (madvise(pointer(top - 8 * kPage), kPage, MADV_DONTNEED) != 0) return 3;
        if (wordAt(top - 8 * kPage) != 0 || wordAt(top - 8) != 3) return 4;
        return fork() == 0 ? 0 : 0;
    });
    CHECK_EQ(code, 0);
    CHECK(fixture.seed->counters.pages_copied.load() >= 16);
}

TEST(aMappedFilesEndRaisesSigbusAndDroppedCopiesAreRefused) {
    Layout layout;
    layout.files.push_back({});
    layout.extents.push_back({{kBase, kBase + 4 * kPage}, LayoutExtent::Origin::kTwin});
    layout.extents.push_back({{kBase + 4 * kPage, kBase + 8 * kPage}, LayoutExtent::Origin::kFile});
    PagerFixture fixture(layout, {imageMap(kBase, kBase + 16 * kPage, FF_VMA_FILE)});
    const auto pastEnd = [] {
        signal(SIGBUS, SIG_DFL);  // sanitizers handle it
        return wordAt(kBase + 8 * kPage) == 0 ? 1 : 2;
    };
    CHECK_EQ(fixture.run("end", pastEnd), 1000 + SIGBUS);
    CHECK_EQ(fixture.run("clean",
                         [] {
                             if (madvise(pointer(kBase + 4 * kPage), kPage, MADV_DONTNEED) != 0) return 1;
                             return isPattern(kBase + 4 * kPage, kBase + 8 * kPage) ? 0 : 2;
                         }),
             0);
    CHECK_EQ(fixture.run("dropped",
                         [] {
                             if (madvise(pointer(kBase), kPage, MADV_DONTNEED) != 0) return 1;
                             return wordAt(kBase) == 0 ? 2 : 3;
                         }),
             1000 + SIGKILL);
    CHECK(fixture.failureOf("dropped") && fixture.failureOf("dropped")->code == ErrorCode::kFaultFailed);
}

TEST(aLostSourceKillsTheChildAndNeverShowsZeros) {
    PagerFixture fixture({{kBase, kEnd}}, {imageMap(kBase, kEnd)});
    fixture.source->failWith(Error{ErrorCode::kSourceLost, "test", "peer 10.0.0.1", "connection reset"});
    int seen[2];
    REQUIRE(pipe(seen) == 0);
    CHECK_EQ(fixture.run("a",
                         [&] {
                             const uint64_t word = wordAt(kBase);
                             return write(seen[1], &word, 8) == 8 ? 0 : 1;
                         }),
             1000 + SIGKILL);
    CHECK(fixture.failureOf("a") && fixture.failureOf("a")->code == ErrorCode::kSourceLost);
    close(seen[1]);
    uint64_t word = 0;
    CHECK_EQ(read(seen[0], &word, 8), 0);
    close(seen[0]);
}

TEST(concurrentFaultsOnAbsentPagesShareOneRead) {
    PagerFixture fixture({{kBase, kEnd}}, {imageMap(kBase, kEnd)}, true);
    std::vector<std::unique_ptr<UffdChild>> children;
    for (int index = 0; index < 8; ++index) {
        children.push_back(fixture.start(std::to_string(index), [index] {
            return wordAt(kBase + index * kPage) == patternWord(kBase + index * kPage) ? 0 : 1;
        }));
    }
    const uint64_t deadline_ns = monotonicNs() + 10'000'000'000ULL;
    while (fixture.seed->counters.faults.load() < 8 && monotonicNs() < deadline_ns) std::this_thread::yield();
    CHECK_EQ(fixture.seed->counters.faults.load(), 8U);
    fixture.source->release();
    for (const auto& child : children) CHECK_EQ(child->wait(), 0);
    CHECK_EQ(fixture.source->read_calls.load(), 1U);
    CHECK_EQ(fixture.source->pages_read.load(), 16U);
}

TEST(sequentialReadersFetchAheadAndOthersDoNot) {
    constexpr uint64_t kFar = kBase + 4096 * kPage;
    PagerFixture fixture({{kBase, kFar}}, {imageMap(kBase, kFar)}, true);
    fixture.source->release();
    CHECK_EQ(fixture.run("random",
                         [] {
                             for (uint64_t page = 4000; page > 2048; page -= 64) {
                                 if (wordAt(kBase + page * kPage) != patternWord(kBase + page * kPage)) return 1;
                             }
                             return 0;
                         }),
             0);
    CHECK_EQ(fixture.source->pages_read.load(), 31U * 16);
    const uint64_t calls = fixture.source->read_calls.load();
    CHECK_EQ(fixture.run("sequential", [] { return isPattern(kBase, kBase + 2048 * kPage) ? 0 : 1; }), 0);
    CHECK(fixture.source->read_calls.load() - calls < 40);  // 128 chunks
    CHECK(fixture.source->pages_read.load() <= (31 + 128 + 16) * 16U);
}

TEST(aRangeRemovedWhileItsPageIsFetchedReadsAsZeros) {
    PagerFixture fixture({{kBase, kEnd}}, {imageMap(kBase, kEnd)}, true);
    const auto child = fixture.start("a", [] {
        static volatile uint64_t word = 1;
        static const auto touch = +[](void*) -> void* {
            word = wordAt(kBase);
            return nullptr;
        };
        pthread_t thread;
        if (pthread_create(&thread, nullptr, touch, nullptr) != 0) return 1;
        // Returns once the pager has read the event; the thread's fault was read before or is read after.
        if (madvise(pointer(kBase), kPage, MADV_DONTNEED) != 0) return 2;
        setWord(kBase + 40 * kPage, 1);  // absent as well: waits for the release
        pthread_join(thread, nullptr);
        return word == 0 ? 0 : 3;
    });
    const uint64_t deadline_ns = monotonicNs() + 10'000'000'000ULL;
    while (fixture.seed->counters.faults.load() < 2 && monotonicNs() < deadline_ns) std::this_thread::yield();
    fixture.source->release();
    CHECK_EQ(child->wait(), 0);
}

TEST(killAllLeavesNoChild) {
    PagerFixture fixture({{kBase, kEnd}}, {imageMap(kBase, kEnd)}, true);
    const auto blocked = fixture.start("blocked", [] { return static_cast<int>(wordAt(kBase)); });
    const auto idle = fixture.start("idle", [] { return pause(); });
    CHECK(fixture.pager->killAll(5000));
    CHECK_EQ(blocked->wait(), 1000 + SIGKILL);
    CHECK_EQ(idle->wait(), 1000 + SIGKILL);
}

}  // namespace

int main(int argc, char** argv) {
    if (!userfaultfdWorks()) skipTest("userfaultfd with EVENT_FORK and MINOR_SHMEM");
    return run(argc, argv);
}
