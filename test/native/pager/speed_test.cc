// SPDX-License-Identifier: Apache-2.0
//
// What a fault through the pager costs beside a bare userfaultfd loop, and a thousand children at once.
// Prints figures; the bounds that it checks are loose, for the machine may be busy.
#include <sys/mman.h>
#include <sys/resource.h>

#include <algorithm>

#include "check.h"
#include "pager/pager_fixture.h"

using namespace farfork;
using namespace farfork::test;

namespace {

constexpr uint64_t kPages = 4096;
constexpr uint64_t kEnd = kBase + kPages * kPage;

uint64_t* sharedWord() {
    void* at = mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return static_cast<uint64_t*>(at);
}

/// Touches every page in an order that no window serves; leaves nanoseconds a fault.
std::function<int()> touchAll(uint64_t* ns_per_fault, bool write = false) {
    return [=] {
        const uint64_t start_ns = monotonicNs();
        for (uint64_t index = 0; index < kPages; ++index) {
            const uint64_t page = index * 1597 % kPages;
            if (write) {
                setWord(kBase + page * kPage, 1);
            } else if (wordAt(kBase + page * kPage) != patternWord(kBase + page * kPage)) {
                return 1;
            }
        }
        *ns_per_fault = (monotonicNs() - start_ns) / kPages;
        return 0;
    };
}

/// The simplest handler: one thread, one descriptor, poll, read, UFFDIO_CONTINUE of one page.
uint64_t bareLoopNs(int image_fd, const std::vector<ff_map>& maps) {
    uint64_t* ns = sharedWord();
    UffdChild child(image_fd, maps, touchAll(ns));
    const UniqueFd uffd = child.uffd();
    std::atomic<bool> stopped{false};
    std::thread server([&] {
        while (!stopped) {
            pollfd entry{uffd.get(), POLLIN, 0};
            if (poll(&entry, 1, 10) != 1) continue;
            uffd_msg message;
            if (read(uffd.get(), &message, sizeof message) != sizeof message) continue;
            uffdio_continue answer{{message.arg.pagefault.address & ~(kPage - 1), kPage}, 0, 0};
            ioctl(uffd.get(), UFFDIO_CONTINUE, &answer);
        }
    });
    child.go();
    CHECK_EQ(child.wait(), 0);
    stopped = true;
    server.join();
    const uint64_t result = *ns;
    munmap(ns, kPage);
    return result;
}

uint64_t pagerNs(PagerFixture& fixture, bool write = false) {
    uint64_t* ns = sharedWord();
    CHECK_EQ(fixture.run("timed", touchAll(ns, write)), 0);
    const uint64_t result = *ns;
    munmap(ns, kPage);
    return result;
}

uint64_t median(std::vector<uint64_t> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

TEST(aFaultCostsAboutABareLoop) {
    PagerFixture single({{kBase, kEnd}}, {imageMap(kBase, kEnd)}, false, {.fault_around_pages = 1});
    PagerFixture windows({{kBase, kEnd}}, {imageMap(kBase, kEnd)});
    const PageRange all{kBase, kEnd};
    CHECK_OK(single.seed->image->ensurePresentWithin({&all, 1}, 10'000));
    CHECK_OK(windows.seed->image->ensurePresentWithin({&all, 1}, 10'000));
    std::vector<uint64_t> bare, ours, around, writes;
    for (int round = 0; round < 9; ++round) {
        bare.push_back(bareLoopNs(single.seed->image->fd(), single.maps));
        ours.push_back(pagerNs(single));
        around.push_back(pagerNs(windows));
        writes.push_back(pagerNs(windows, true));
    }
    std::printf("     a fault: bare loop %lu ns, pager %lu ns; a page with fault-around: read %lu ns, write %lu ns\n",
                median(bare), median(ours), median(around), median(writes));
    CHECK(median(ours) < 3 * median(bare));
    CHECK(median(around) < median(ours));
}

TEST(aThousandChildrenAtOnce) {
    constexpr int kChildren = 1000;
    constexpr uint64_t kTouched = kBase + 64 * kPage;
    PagerFixture fixture({{kBase, kTouched}}, {imageMap(kBase, kTouched)});
    int gate[2];
    REQUIRE(pipe(gate) == 0);
    std::vector<std::unique_ptr<UffdChild>> children;
    for (int index = 0; index < kChildren; ++index) {
        children.push_back(fixture.start(std::to_string(index), [&, index] {
            setWord(kBase + 8, static_cast<uint64_t>(index));
            char byte = 0;
            close(gate[1]);
            if (read(gate[0], &byte, 1) != 0) return 1;  // all are alive until the gate closes
            if (wordAt(kBase + 8) != static_cast<uint64_t>(index)) return 2;
            setWord(kBase + 8, patternWord(kBase + 8));
            return isPattern(kBase, kTouched) ? 0 : 3;
        }));
    }
    const uint64_t deadline_ns = monotonicNs() + 20'000'000'000ULL;
    while (fixture.seed->counters.pages_copied.load() < kChildren && monotonicNs() < deadline_ns)
        std::this_thread::yield();
    CHECK_EQ(fixture.pager->childCount(), static_cast<size_t>(kChildren));
    close(gate[0]);
    close(gate[1]);
    for (int index = 0; index < kChildren; ++index) {
        CHECK_EQ(children[static_cast<size_t>(index)]->wait(), 0);
        fixture.pager->detach(std::to_string(index));
    }
    while (fixture.pager->childCount() > 0 && monotonicNs() < deadline_ns) std::this_thread::yield();
    CHECK_EQ(fixture.pager->childCount(), 0U);
    CHECK_EQ(fixture.source->pages_read.load(), 64U);
}

}  // namespace

int main(int argc, char** argv) {
    if (!userfaultfdWorks()) skipTest("userfaultfd with EVENT_FORK and MINOR_SHMEM");
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < 8192) skipTest("8192 file descriptors");
    return run(argc, argv);
}
