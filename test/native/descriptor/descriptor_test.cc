// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <functional>
#include <random>

#include "check.h"
#include "descriptor/builder.h"
#include "descriptor/checksum.h"
#include "descriptor/objects.h"
#include "descriptor/view.h"

using namespace farfork;

namespace {

/// A small but whole descriptor: two processes, three threads, files with a pipe.
DescriptorBuilder example() {
    DescriptorBuilder builder;
    CHECK_OK(builder.setSeedId("sd_example"));
    builder.strings.add("/usr/bin/example");
    const std::vector<std::byte> area(832);
    for (int index = 0; index < 2; index++) {
        ff_process process{};
        process.pid = 10 + index * 10;
        process.parent_index = index - 1;
        process.thread_first = static_cast<uint32_t>(builder.threads.size());
        process.thread_count = index == 0 ? 2 : 1;
        for (uint32_t i = 0; i < process.thread_count; i++) {
            ff_thread thread{};
            thread.tid = process.pid + static_cast<int32_t>(i);
            thread.xstate_offset = builder.addXstate(area);
            thread.xstate_size = static_cast<uint32_t>(area.size());
            builder.threads.push_back(thread);
        }
        process.vma_first = static_cast<uint32_t>(builder.vmas.size());
        process.vma_count = 2;
        builder.vmas.push_back({.start = 0x400000,
                                .end = 0x402000,
                                .prot = 5,
                                .flags = FF_VMA_FILE,
                                .path = builder.strings.add("/usr/bin/example")});
        builder.vmas.push_back({.start = 0x500000, .end = 0x501000, .prot = 3, .flags = FF_VMA_DIRTIED});
        process.sigaction_first = static_cast<uint32_t>(builder.sigactions.size());
        builder.sigactions.resize(builder.sigactions.size() + FF_SIGNAL_COUNT);
        process.file_first = static_cast<uint32_t>(builder.files.size());
        process.file_count = 2;
        const std::vector<std::byte> queued(5);
        builder.files.push_back({.fd = 0, .kind = FF_FILE_STDIO});
        builder.files.push_back(
            {.fd = 3, .kind = FF_FILE_PIPE, .bytes_offset = builder.addBytes(queued), .bytes_size = 5});
        process.control_fd = UINT32_MAX;
        process.exe_path = builder.strings.add("/usr/bin/example");
        process.auxv_offset = builder.addAuxv(area);
        process.auxv_size = 32;
        builder.groups = {0, 4, 27};
        process.group_count = 3;
        builder.processes.push_back(process);
    }
    return builder;
}

/// Changes the descriptor and seals it with a right checksum, so that only the structural checks can object.
std::vector<std::byte> resealed(std::vector<std::byte> bytes) {
    const uint64_t checksum = flatChecksum(bytes, offsetof(ff_descriptor_header, checksum));
    std::memcpy(bytes.data() + offsetof(ff_descriptor_header, checksum), &checksum, sizeof checksum);
    return bytes;
}

void touch(const DescriptorView& view) {
    uint64_t sum = view.header().vdso_hash;
    const auto addAll = [&](std::span<const std::byte> bytes) {
        for (const std::byte byte : bytes) sum += static_cast<uint64_t>(byte);
    };
    for (const ff_process& process : view.processes()) {
        for (const ff_thread& thread : view.threads(process)) addAll(view.xstate(thread));
        for (const ff_vma& vma : view.vmas(process)) sum += view.string(vma.path).size();
        for (const ff_file& file : view.files(process))
            sum += view.string(file.path).size(), addAll(view.queuedBytes(file));
        for (const ff_sigaction& action : view.sigactions(process)) sum += action.handler;
        for (const uint32_t group : view.groups(process)) sum += group;
        addAll(view.auxv(process));
        sum += view.string(process.exe_path).size() + view.string(process.cwd_path).size();
    }
    volatile uint64_t sink = sum;
    (void)sink;
}

void checkRefused(const char* what, const std::function<void(DescriptorBuilder&)>& spoil) {
    DescriptorBuilder builder = example();
    spoil(builder);
    const auto bytes = builder.build();
    auto view = DescriptorView::parse(bytes);
    if (view || view.error().code != ErrorCode::kDescriptorCorrupt) farfork::test::fail(__FILE__, __LINE__, what);
}

}  // namespace

TEST(whatWasBuiltIsRead) {
    const auto bytes = example().build();
    auto view = DescriptorView::parse(bytes);
    CHECK_OK(view);
    if (!view) return;
    touch(*view);
    CHECK_EQ(view->seedId(), "sd_example");
    CHECK_EQ(view->processes().size(), 2u);
    CHECK_EQ(view->threads(view->processes()[1])[0].tid, 20);
    CHECK_EQ(view->string(view->vmas()[0].path), "/usr/bin/example");
    CHECK_EQ(view->groups(view->processes()[0])[2], 27u);
    CHECK_EQ(view->queuedBytes(view->files()[1]).size(), 5u);
    for (const ff_thread& thread : view->threads())
        CHECK_EQ((view->xstate(thread).data() - view->bytes().data()) % 64, 0);
}

TEST(objectsThatSayNothingOfTheirKindAreRefused) {
    const auto hold = [](uint32_t kind, const auto& object) {
        return [kind, bytes = std::vector<std::byte>(reinterpret_cast<const std::byte*>(&object),
                                                     reinterpret_cast<const std::byte*>(&object) + sizeof object)](
                   DescriptorBuilder& builder) {
            builder.files[1].kind = kind;
            builder.files[1].bytes_offset = builder.addBytes(bytes);
            builder.files[1].bytes_size = bytes.size();
        };
    };
    struct {
        ff_epoll epoll{.entry_count = 1};
        ff_epoll_entry entry{.number = 3};
    } epoll;
    struct {
        ff_inotify inotify{.watch_count = 1};
        ff_inotify_watch watch{.number = 1, .path = sizeof(ff_inotify) + sizeof(ff_inotify_watch)};
        char path[8] = "/tmp";
    } inotify;
    DescriptorBuilder good = example();
    hold(FF_FILE_EPOLL, epoll)(good);
    CHECK_OK(DescriptorView::parse(good.build()));
    good = example();
    hold(FF_FILE_INOTIFY, inotify)(good);
    CHECK_OK(DescriptorView::parse(good.build()));
    epoll.entry.state = FF_EPOLL_DISARMED + 1;
    checkRefused("epoll state", hold(FF_FILE_EPOLL, epoll));
    epoll.entry = {.number = -1};
    checkRefused("epoll number", hold(FF_FILE_EPOLL, epoll));
    epoll = {.epoll = {.entry_count = 2}};
    checkRefused("epoll count", hold(FF_FILE_EPOLL, epoll));
    inotify.path[7] = 'x';
    checkRefused("inotify path without an end", hold(FF_FILE_INOTIFY, inotify));
    inotify.path[7] = '\0';
    inotify.watch.path = sizeof inotify;
    checkRefused("inotify path elsewhere", hold(FF_FILE_INOTIFY, inotify));
    inotify.inotify.watch_count = 9;
    checkRefused("inotify count", hold(FF_FILE_INOTIFY, inotify));
    for (const uint32_t kind : {FF_FILE_TIMERFD, FF_FILE_SIGNALFD, FF_FILE_PIDFD, FF_FILE_EPOLL, FF_FILE_INOTIFY})
        checkRefused("size", hold(kind, uint32_t{0}));
}

TEST(everyFlippedByteIsNoticed) {
    const auto bytes = example().build();
    for (size_t i = 0; i < bytes.size(); i++) {
        auto spoiled = bytes;
        spoiled[i] ^= std::byte{0x40};
        auto view = DescriptorView::parse(spoiled);
        CHECK(!view && view.error().code == ErrorCode::kDescriptorCorrupt);
    }
}

TEST(everyTruncationIsNoticed) {
    const auto bytes = example().build();
    for (size_t size = 0; size < bytes.size(); size++) {
        const std::vector<std::byte> cut(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(size));
        CHECK(!DescriptorView::parse(cut));
    }
    auto longer = bytes;
    longer.resize(bytes.size() + 64);
    CHECK(!DescriptorView::parse(longer));
    CHECK(!DescriptorView::parse({}));
}

TEST(changesUnderARightChecksumNeverLeadOutOfBounds) {
    // AddressSanitizer builds make this test sharp; the parser must refuse or every accessor must stay inside.
    const auto bytes = example().build();
    std::mt19937_64 random(7);
    const uint64_t values[] = {0, 1, 0x7f, 0xff, 0x80000000, 0xffffffff, ~0ULL, 1ULL << 47, 64, bytes.size()};
    size_t refused = 0;
    for (int round = 0; round < 60'000; round++) {
        auto spoiled = bytes;
        for (int change = 0; change < 1 + round % 3; change++) {
            const uint64_t value = random() % 3 ? values[random() % std::size(values)] : random();
            const size_t width = size_t{1} << (random() % 4);
            const size_t at = random() % (round % 2 ? 512 : spoiled.size() - 8) / width * width;
            std::memcpy(spoiled.data() + at, &value, width);
        }
        spoiled = resealed(std::move(spoiled));
        auto view = DescriptorView::parse(spoiled);
        if (view)
            touch(*view);
        else
            refused++;
    }
    CHECK(refused > 10'000);
}

TEST(whatIsNotSoundIsRefused) {
    checkRefused("no process", [](auto& b) { b.processes.clear(); });
    checkRefused("thread range", [](auto& b) { b.processes[1].thread_count = 2; });
    checkRefused("threads of nobody", [](auto& b) { b.threads.push_back(b.threads[0]); });
    checkRefused("VMA range", [](auto& b) { b.processes[0].vma_first = 1; });
    checkRefused("descending VMAs", [](auto& b) { std::swap(b.vmas[0], b.vmas[1]); });
    checkRefused("overlapping VMAs", [](auto& b) { b.vmas[0].end = 0x600000; });
    checkRefused("unaligned VMA", [](auto& b) { b.vmas[1].end += 1; });
    checkRefused("empty VMA", [](auto& b) { b.vmas[1].end = b.vmas[1].start; });
    checkRefused("kernel VMA", [](auto& b) { b.vmas[1].end = 1ULL << 48; });
    checkRefused("string", [](auto& b) { b.vmas[0].path = 4000; });
    checkRefused("file VMA without path", [](auto& b) { b.vmas[0].path = 0; });
    checkRefused("leader", [](auto& b) { b.threads[0].tid = 99; });
    checkRefused("equal tids", [](auto& b) { b.threads[1].tid = b.threads[0].tid; });
    checkRefused("xstate offset", [](auto& b) { b.threads[0].xstate_offset = 1 << 20; });
    checkRefused("xstate alignment", [](auto& b) { b.threads[0].xstate_offset = 8; });
    checkRefused("xstate size", [](auto& b) { b.threads[0].xstate_size = 100; });
    checkRefused("name", [](auto& b) { std::memset(b.threads[0].comm, 'x', FF_COMM_SIZE); });
    checkRefused("rip", [](auto& b) { b.threads[0].regs.rip = 1ULL << 50; });
    checkRefused("fs base", [](auto& b) { b.threads[0].regs.fs_base = 1ULL << 60; });
    checkRefused("signal actions", [](auto& b) { b.processes[1].sigaction_first = 65; });
    checkRefused("groups", [](auto& b) { b.processes[0].group_count = 4; });
    checkRefused("auxv", [](auto& b) { b.processes[0].auxv_offset = ~0ULL; });
    checkRefused("descending files", [](auto& b) { b.files[1].fd = 0; });
    checkRefused("file kind", [](auto& b) { b.files[1].kind = 9; });
    checkRefused("stdio number", [](auto& b) { b.files[0].stdio_fd = 3; });
    checkRefused("queued bytes", [](auto& b) { b.files[1].bytes_size = ~0ULL; });
    checkRefused("control", [](auto& b) { b.processes[0].control_fd = 3; });
    checkRefused("parent", [](auto& b) { b.processes[1].parent_index = 1; });
    checkRefused("two roots", [](auto& b) { b.processes[1].parent_index = -1; });
    checkRefused("seed id", [](auto& b) { b.header.seed_id[0] = '\0'; });
    checkRefused("endless seed id", [](auto& b) { std::memset(b.header.seed_id, 'x', FF_SEED_ID_SIZE); });
}

struct ExampleSocket {
    ff_socket socket{.domain = 1, .type = 1, .state = FF_SOCKET_ENDED};
    ff_socket_option option{.level = 1, .name = 2, .size = 4};
    ff_socket_message message{.size = 3, .rights_count = 1};
    std::byte payload[16]{};
};

/// Whether a descriptor with this socket in place of the example's pipe is taken.
bool isTaken(const std::function<void(ExampleSocket&)>& change) {
    ExampleSocket example_socket;
    ff_socket& socket = example_socket.socket;
    socket.option_count = socket.message_count = 1;
    socket.options = offsetof(ExampleSocket, option);
    socket.messages = offsetof(ExampleSocket, message);
    change(example_socket);
    DescriptorBuilder builder = example();
    builder.files[1].kind = FF_FILE_UNIX_SOCKET;
    builder.files[1].bytes_offset = builder.addBytes(std::as_bytes(std::span(&example_socket, 1)));
    builder.files[1].bytes_size = sizeof example_socket;
    return DescriptorView::parse(builder.build()).ok();
}

TEST(socketsAreCheckedThroughout) {
    CHECK(isTaken([](auto&) {}));
    CHECK(!isTaken([](auto& b) { b.socket.state = FF_SOCKET_STATE_COUNT; }));
    CHECK(!isTaken([](auto& b) { b.socket.name_size = 129; }));
    CHECK(!isTaken([](auto& b) {
        b.socket.name_size = 16;
        b.socket.name = sizeof(ExampleSocket) - 8;
    }));
    CHECK(!isTaken([](auto& b) { b.socket.options += 4; }));
    CHECK(!isTaken([](auto& b) { b.socket.option_count = UINT32_MAX; }));
    CHECK(!isTaken([](auto& b) { b.option.size = 17; }));
    CHECK(!isTaken([](auto& b) { b.socket.message_count = 2; }));
    CHECK(!isTaken([](auto& b) { b.socket.messages = UINT32_MAX & ~7u; }));
    CHECK(!isTaken([](auto& b) { b.message.size = UINT32_MAX; }));
    CHECK(!isTaken([](auto& b) { b.message.rights_count = 3; }));
    CHECK(!isTaken([](auto& b) { b.message.name_size = 129; }));
    CHECK(!isTaken([](auto& b) { b.socket.pending_count = 1u << 30; }));
}

TEST(seedIdsHaveBounds) {
    DescriptorBuilder builder;
    CHECK(!builder.setSeedId(""));
    CHECK(!builder.setSeedId(std::string(40, 'x')));
    CHECK(builder.setSeedId(std::string(39, 'x')).ok());
}

TEST(aSealedMemfdCannotChange) {
    const auto bytes = example().build();
    auto memfd = sealedMemfd("example", bytes);
    CHECK_OK(memfd);
    if (!memfd) return;
    CHECK_EQ(write(memfd->get(), "x", 1), -1);
    CHECK_EQ(ftruncate(memfd->get(), 1), -1);
    void* mapped = mmap(nullptr, bytes.size(), PROT_READ, MAP_PRIVATE, memfd->get(), 0);
    CHECK(mapped != MAP_FAILED);
    CHECK(DescriptorView::parse({static_cast<const std::byte*>(mapped), bytes.size()}).ok());
    munmap(mapped, bytes.size());
}

TEST_MAIN
