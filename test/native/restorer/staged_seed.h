// SPDX-License-Identifier: Apache-2.0
//
// A seed made in this process for tests: captured, staged whole, with its resume plan. Any failure ends the process.
#pragma once
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "capture/capture.h"
#include "descriptor/builder.h"
#include "descriptor/checksum.h"
#include "descriptor/plan_view.h"
#include "image/file_source.h"
#include "image/image.h"
#include "image/layout_builder.h"
#include "image/origin_source.h"
#include "image/seed_plan.h"
#include "image/twin_source.h"

namespace farfork::test {

[[noreturn]] inline void die(const Error& error) {
    std::printf("{\"error\":\"%s\",\"stage\":\"%s\",\"object\":\"%s\",\"detail\":\"%s\"}\n", errorCodeName(error.code),
                error.stage.c_str(), error.object.c_str(), error.detail.c_str());
    std::fflush(stdout);
    std::_Exit(1);
}
template <class T>
T must(Result<T> result) {
    if (!result.ok()) die(result.error());
    return std::move(*result);
}
inline void must(Result<void> result) {
    if (!result.ok()) die(result.error());
}

struct StagedSeed {
    std::vector<std::byte> descriptor_bytes;
    ProcessView process;
    std::shared_ptr<Image> image;
    std::vector<std::byte> plan_bytes;
    UniqueFd descriptor;
};

inline uint64_t inodeOf(pid_t pid, int fd) {
    struct stat info {};
    const std::string path = "/proc/" + std::to_string(pid) + "/fd/" + std::to_string(fd);
    return stat(path.c_str(), &info) == 0 ? info.st_ino : 0;
}

/// Puts `value` in the place of a field of the descriptor.
template <class T>
void rewrite(StagedSeed& staged, const T& field, T value) {
    const auto offset =
        static_cast<size_t>(reinterpret_cast<const std::byte*>(&field) - staged.descriptor_bytes.data());
    std::memcpy(staged.descriptor_bytes.data() + offset, &value, sizeof(value));
}

/// After the last rewrite: the checksum, and a new memfd.
inline void reseal(StagedSeed& staged) {
    const uint64_t checksum = flatChecksum(staged.descriptor_bytes, offsetof(ff_descriptor_header, checksum));
    std::memcpy(staged.descriptor_bytes.data() + offsetof(ff_descriptor_header, checksum), &checksum, sizeof(checksum));
    staged.descriptor = must(sealedMemfd("descriptor", staged.descriptor_bytes));
}

inline void makeInit(StagedSeed& staged) {
    rewrite(staged, staged.process.process->pid, 1);
    rewrite(staged, staged.process.threads()[0].tid, 1);
    reseal(staged);
}

/// Another user without capabilities.
inline void makeUser(StagedSeed& staged, uint32_t id) {
    const ff_process& process = *staged.process.process;
    for (const uint32_t* field : {&process.ruid, &process.euid, &process.suid, &process.fsuid, &process.rgid,
                                  &process.egid, &process.sgid, &process.fsgid}) {
        rewrite(staged, *field, id);
    }
    for (const uint64_t* field : {&process.cap_effective, &process.cap_permitted, &process.cap_inheritable}) {
        rewrite(staged, *field, uint64_t{0});
    }
    reseal(staged);
}

inline StagedSeed stageSeed(pid_t pid, const std::string& seed_id, int control_fd) {
    CaptureOptions options;
    options.pid = pid;
    options.seed_id = seed_id;
    if (control_fd >= 0) options.control_inode = inodeOf(pid, control_fd);
    Capture captured = must(capture(options));
    StagedSeed staged;
    staged.descriptor = std::move(captured.descriptor);
    staged.descriptor_bytes.resize(captured.descriptor_bytes);
    if (pread(staged.descriptor.get(), staged.descriptor_bytes.data(), staged.descriptor_bytes.size(), 0) < 0)
        std::abort();
    staged.process.descriptor = must(DescriptorView::parse(staged.descriptor_bytes));
    staged.process.process = &staged.process.descriptor.processes()[0];
    PageScan scan = must(PageScan::open(captured.twin_pid));
    Layout layout = must(buildLayout(staged.process, scan));
    std::vector<std::shared_ptr<PageSource>> files;
    for (const LayoutFile& file : layout.files) files.push_back(must(FileSource::open(captured.twin_pid, file)));
    std::shared_ptr<TwinSource> twin = must(TwinSource::open(captured.twin_pid, std::move(captured.twin_pidfd)));
    auto origin = std::make_shared<OriginSource>(layout, twin, files);
    std::vector<PageRange> all;
    for (const LayoutExtent& extent : layout.extents) all.push_back(extent.range);
    staged.image = must(Image::create(layout, {{seed_id, {}, origin}}, {}));
    must(staged.image->ensurePresentWithin(all, 60'000));
    twin->kill();
    FileIdentity identity;
    SeedPlanInput input;
    input.process = staged.process;
    input.image = staged.image.get();
    input.files = &identity;
    input.trust = FileIdentity::Trust::kSameMachine;
    input.wanted = must(fetchStartPages(staged.process, *staged.image, 5000));
    staged.plan_bytes = must(buildSeedPlan(input));
    return staged;
}

}  // namespace farfork::test
