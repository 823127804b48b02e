// SPDX-License-Identifier: Apache-2.0
//
// What a descriptor says of pipes, deleted files and owners is checked before anybody uses it.
#include <cstring>
#include <functional>

#include "check.h"
#include "descriptor/builder.h"
#include "descriptor/objects.h"
#include "descriptor/view.h"

using namespace farfork;

namespace {

std::span<const std::byte> bytesOf(const std::vector<uint64_t>& words) {
    return std::as_bytes(std::span(words));
}

/// One process with one descriptor that holds `object`.
std::string faultOf(uint32_t kind, std::span<const std::byte> object,
                    const std::function<void(ff_file&)>& change = nullptr) {
    DescriptorBuilder builder;
    if (!builder.setSeedId("sd_objects")) return "seed id";
    builder.header.machine = 62;
    const std::vector<std::byte> area(832);
    ff_thread thread{};
    thread.tid = 7;
    thread.xstate_offset = builder.addXstate(area);
    thread.xstate_size = static_cast<uint32_t>(area.size());
    builder.threads.push_back(thread);
    builder.sigactions.resize(FF_SIGNAL_COUNT);
    ff_file file{.fd = 5, .kind = kind};
    file.bytes_offset = builder.addBytes(object);
    file.bytes_size = object.size();
    if (change) change(file);
    builder.files.push_back(file);
    ff_process process{};
    process.pid = 7;
    process.parent_index = -1;
    process.thread_count = 1;
    process.file_count = 1;
    process.control_fd = UINT32_MAX;
    builder.processes.push_back(process);
    const auto bytes = builder.build();
    const auto view = DescriptorView::parse(bytes);
    return view ? "" : view.error().detail;
}

std::vector<std::byte> deletedFile(const std::function<void(ff_deleted&, ff_extent&)>& change = nullptr) {
    ff_deleted deleted{};
    deleted.size = 100;
    deleted.mode = 0100600;
    deleted.same_file = -1;
    deleted.extent_count = 1;
    ff_extent extent{40, 16};
    if (change) change(deleted, extent);
    std::vector<std::byte> object(sizeof deleted + sizeof extent + 16);
    std::memcpy(object.data(), &deleted, sizeof deleted);
    std::memcpy(object.data() + sizeof deleted, &extent, sizeof extent);
    return object;
}

std::string deletedFault(const std::function<void(ff_deleted&, ff_extent&)>& change) {
    return faultOf(FF_FILE_DELETED, deletedFile(change));
}

}  // namespace

TEST(aDeletedFileIsConsistent) {
    CHECK_EQ(faultOf(FF_FILE_DELETED, deletedFile()), "");
    CHECK(!deletedFault([](auto& d, auto&) { d.mode = 0010600; }).empty());
    CHECK(!deletedFault([](auto& d, auto&) { d.same_file = 5; }).empty());
    CHECK(!deletedFault([](auto& d, auto&) { d.same_file = -2; }).empty());
    CHECK(!deletedFault([](auto& d, auto&) { d.size = ~0ULL; }).empty());
    CHECK(!deletedFault([](auto& d, auto&) { d.extent_count = 2; }).empty());
    CHECK(!deletedFault([](auto& d, auto&) { d.extent_count = ~0U; }).empty());
    CHECK(!deletedFault([](auto&, auto& e) { e.offset = 90; }).empty());
    CHECK(!deletedFault([](auto&, auto& e) { e.size = 17; }).empty());
    CHECK(!deletedFault([](auto&, auto& e) { e.offset = ~0ULL; }).empty());
    const std::vector<std::byte> whole = deletedFile();
    CHECK(!faultOf(FF_FILE_DELETED, std::span(whole).first(20)).empty());
}

TEST(pipeRunsAddUp) {
    const std::vector<uint64_t> stream{1}, runs{5 | 1ULL << 32, 3, 0}, empty{0 | 1ULL << 32, 8, 0},
        huge{8 | 2ULL << 32, 0};
    const auto count = [](uint32_t number) { return [=](ff_file& file) { file.pipe_run_count = number; }; };
    for (const uint32_t kind : {FF_FILE_PIPE, FF_FILE_FIFO}) {
        CHECK_EQ(faultOf(kind, bytesOf(stream)), "");
        CHECK_EQ(faultOf(kind, bytesOf(runs), count(2)), "");
        CHECK(!faultOf(kind, bytesOf(runs), count(1)).empty());
        CHECK(!faultOf(kind, bytesOf(runs), count(4)).empty());
        CHECK(!faultOf(kind, bytesOf(empty), count(2)).empty());
        CHECK(!faultOf(kind, bytesOf(huge), count(1)).empty());
        CHECK(!faultOf(kind, {}, count(1)).empty());
    }
}

TEST(ownersAndStandardStreamsAreChecked) {
    const auto with = [](const std::function<void(ff_file&)>& change) { return faultOf(FF_FILE_REGULAR, {}, change); };
    CHECK_EQ(with([](ff_file& file) { file.owner = 7, file.owner_signal = 64; }), "");
    CHECK(!with([](ff_file& file) { file.owner = -1; }).empty());
    CHECK(!with([](ff_file& file) { file.owner_type = 3; }).empty());
    CHECK(!with([](ff_file& file) { file.owner_signal = 65; }).empty());
    CHECK(!with([](ff_file& file) { file.stdio_kind = FF_FILE_REGULAR; }).empty());
    CHECK_EQ(faultOf(FF_FILE_STDIO, {}, [](ff_file& file) { file.stdio_kind = FF_FILE_REGULAR; }), "");
    CHECK(!faultOf(FF_FILE_OPATH, bytesOf({1})).empty());
}

TEST_MAIN
