// SPDX-License-Identifier: Apache-2.0
#include "image/seed_plan.h"

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sys/mman.h>

#include <cstring>
#include <map>

#include "check.h"
#include "descriptor/plan_view.h"
#include "image/pattern_source.h"
#include "image/process_descriptor.h"

using namespace farfork;
using namespace farfork::test;

namespace {

/// A made-up process: the given VMAs and threads.
DescribedProcess madeUp(std::vector<ff_vma> vmas, std::vector<ff_thread> threads,
                        const std::vector<std::string>& paths = {}) {
    return describe(getpid(), "seed", false, [&](DescriptorBuilder& builder) {
        builder.strings = {};
        for (size_t index = 0; index < paths.size(); ++index) vmas[index].path = builder.strings.add(paths[index]);
        builder.vmas = vmas;
        builder.threads = threads;
        for (ff_thread& thread : builder.threads) thread.tid = getpid();
    });
}

ff_vma vmaOf(uint64_t start, uint64_t pages, uint32_t flags = 0, uint32_t prot = PROT_READ | PROT_WRITE) {
    ff_vma vma{};
    vma.start = start;
    vma.end = start + pages * kPage;
    vma.flags = flags;
    vma.prot = prot;
    return vma;
}

/// Memory that holds given words, zeros elsewhere.
class WordSource : public PageSource {
  public:
    std::map<uint64_t, uint64_t> words;
    void read(std::vector<PageRead> reads, Completion done) override {
        for (const PageRead& read : reads) {
            std::memset(read.destination, 0, read.range.bytes());
            for (const auto& [address, word] : words) {
                if (address < read.range.start || address >= read.range.end) continue;
                std::memcpy(read.destination + (address - read.range.start), &word, 8);
            }
        }
        done({});
    }
    [[nodiscard]] bool synchronous() const override { return true; }
    [[nodiscard]] std::string describe() const override { return "words"; }
};

std::shared_ptr<Image> imageOf(std::vector<PageRange> ranges, std::shared_ptr<PageSource> source) {
    auto image = Image::create(layoutOf(std::move(ranges)), {{"seed", {}, std::move(source)}}, {});
    CHECK_OK(image);
    return image.value();
}

TEST(kindsRegistersAndPresentRuns) {
    const uint64_t heap = kBase, next = heap + 64 * kPage, plain = kBase + 0x1000000, stack = kBase + (1ULL << 40);
    ff_thread thread{};
    thread.regs.rsp = stack + 30 * kPage + 64;
    thread.regs.fs_base = heap + 20 * kPage + 128;
    thread.rseq_address = heap + 20 * kPage + 2304;
    thread.rseq_size = 32;
    thread.clear_child_tid = heap + 20 * kPage + 0x2d0;
    const auto described = madeUp({vmaOf(heap, 64), vmaOf(next, 8), vmaOf(plain, 1 << 20, FF_VMA_NORESERVE, PROT_NONE),
                                   vmaOf(stack, 33, FF_VMA_GROWSDOWN | FF_VMA_STACK)},
                                  {thread});
    const auto image =
        imageOf({{heap, next}, {next + kPage, next + 2 * kPage}, {stack + 20 * kPage, stack + 33 * kPage}},
                std::make_shared<PatternSource>());
    FileIdentity files;
    auto wanted = fetchStartPages(described.view, *image, 5000);
    REQUIRE(wanted.ok());
    wanted->push_back({heap, heap + kPage});  // a page of a working set; present since its chunk is not: left out
    auto bytes = buildSeedPlan({described.view, image.get(), &files, FileIdentity::Trust::kHash, wanted.value()});
    CHECK_OK(bytes);
    auto plan = PlanView::parse(bytes.value());
    CHECK_OK(plan);
    REQUIRE(plan->maps().size() == 4);
    CHECK_EQ(plan->maps()[0].kind, FF_MAP_IMAGE);
    CHECK_EQ(plan->maps()[0].file_offset, heap);
    CHECK_EQ(plan->maps()[0].mmap_flags, static_cast<uint32_t>(MAP_PRIVATE | MAP_NORESERVE));
    CHECK_EQ(plan->maps()[1].kind, FF_MAP_IMAGE);
    CHECK_EQ(plan->maps()[2].kind, FF_MAP_ANONYMOUS);
    CHECK(plan->maps()[2].mmap_flags == (MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE));
    CHECK_EQ(plan->maps()[3].kind, FF_MAP_COPY);
    CHECK((plan->maps()[3].mmap_flags & MAP_GROWSDOWN) != 0);
    REQUIRE(plan->registers().size() == 2);
    CHECK_EQ(plan->registers()[0].start, heap);
    CHECK_EQ(plan->registers()[0].end, next + 8 * kPage);
    CHECK_EQ(plan->registers()[0].mode,
             static_cast<uint32_t>(UFFDIO_REGISTER_MODE_MISSING | UFFDIO_REGISTER_MODE_MINOR));
    CHECK_EQ(plan->registers()[1].mode, static_cast<uint32_t>(UFFDIO_REGISTER_MODE_MISSING));
    const auto presents = plan->presents();
    REQUIRE(presents.size() == 2);
    CHECK(presents[0].start == heap + 20 * kPage && presents[0].end == heap + 23 * kPage);
    CHECK_EQ(presents[0].kind, static_cast<uint32_t>(FF_MAP_IMAGE));
    CHECK(presents[1].start == stack + 29 * kPage && presents[1].end == stack + 33 * kPage);
    CHECK_EQ(presents[1].kind, static_cast<uint32_t>(FF_MAP_COPY));
}

TEST(robustListNodesAreStartPages) {
    const uint64_t memory = kBase;
    auto words = std::make_shared<WordSource>();
    const uint64_t head = memory + 0x100, node = memory + 40 * kPage + 0x20, second = memory + 80 * kPage;
    words->words = {
        {head, node | 1}, {head + 8, 0x40000}, {head + 16, memory + 120 * kPage}, {node, second}, {second, head}};
    const auto image = imageOf({{memory, memory + 200 * kPage}}, words);
    ff_thread thread{};
    thread.robust_list_head = head;
    thread.robust_list_size = 24;
    const auto described = madeUp({vmaOf(memory, 200)}, {thread});
    const auto wanted = fetchStartPages(described.view, *image, 5000);
    CHECK_OK(wanted);
    for (const uint64_t page : {0, 40, 80, 104, 120, 144, 184}) {
        bool listed = false;
        for (const PageRange& range : wanted.value()) {
            listed = listed || (range.start <= memory + page * kPage && memory + page * kPage < range.end);
        }
        if (!listed) fail(__FILE__, __LINE__, "page " + std::to_string(page) + " is not listed");
        CHECK(image->isPresent(memory + page * kPage));
    }
}

TEST(filesAreComparedByContents) {
    char path[] = "/tmp/farfork-plan-test-XXXXXX";
    const UniqueFd fd(mkstemp(path));
    const std::string content(3 * kPage, 'c');
    CHECK_EQ(write(fd.get(), content.data(), content.size()), static_cast<ssize_t>(content.size()));
    ff_vma vma = vmaOf(kBase, 3, FF_VMA_FILE, PROT_READ);
    describeFile(vma, path, true);
    const auto image = imageOf({{kBase + 0x1000000, kBase + 0x1001000}}, std::make_shared<PatternSource>());
    FileIdentity files;
    const auto plan = [&](const ff_vma& mapped, FileIdentity::Trust trust = FileIdentity::Trust::kHash) {
        const auto described = madeUp({mapped}, {ff_thread{}}, {path});
        return buildSeedPlan({described.view, image.get(), &files, trust, {}});
    };
    auto bytes = plan(vma);
    CHECK_OK(bytes);
    auto view = PlanView::parse(bytes.value());
    REQUIRE(view.ok() && view->maps().size() == 1 && view->files().size() == 1);
    CHECK_EQ(view->maps()[0].kind, FF_MAP_FILE);
    CHECK_EQ(view->string(view->files()[0].path), std::string_view(path));
    CHECK(view->registers().empty());
    CHECK_OK(plan(vma));
    CHECK_EQ(files.filesHashed(), 1U);
    const auto missing = [&](const Result<std::vector<std::byte>>& result) {
        return !result.ok() && result.error().code == ErrorCode::kFileMissing && result.error().object == path;
    };
    ff_vma other = vma;
    other.file_hash_low ^= 1;
    CHECK(missing(plan(other)));
    other.file_mtime_ns += 1;
    CHECK(missing(plan(other, FileIdentity::Trust::kSameMachine)));
    other = vma;
    other.file_hash_low = other.file_hash_high = 0;
    CHECK(missing(plan(other)));
    CHECK(missing(plan(vmaOf(kBase, 3, FF_VMA_FILE, PROT_READ))));
    CHECK_EQ(pwrite(fd.get(), "d", 1, 100), 1);  // the same size, other contents
    CHECK(missing(plan(vma)));
    unlink(path);
    CHECK(missing(plan(vma)));
}

TEST(writableSharedMemoryIsRefused) {
    const auto described = madeUp({vmaOf(kBase, 1, FF_VMA_SHARED)}, {ff_thread{}});
    const auto image = imageOf({{kBase + 0x1000000, kBase + 0x1001000}}, std::make_shared<PatternSource>());
    FileIdentity files;
    const auto refused = buildSeedPlan({described.view, image.get(), &files, FileIdentity::Trust::kHash, {}});
    CHECK(!refused.ok() && refused.error().code == ErrorCode::kStateNotCarried);
}

}  // namespace

TEST_MAIN
