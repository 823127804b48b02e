// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cinttypes>
#include <csignal>
#include <cstdio>
#include <fstream>

#include "image/file_source.h"
#include "image/layout_builder.h"
#include "image/origin_source.h"
#include "pagerd/seed_maker.h"

namespace farfork::pagerd {

namespace {

constexpr uint32_t kImportTimeoutMs = 10'000;
constexpr uint64_t kMaxDescriptorBytes = 1280ULL << 20;
constexpr uint64_t kMemoryReserveBytes = 64ULL << 20;

Result<std::vector<std::byte>> readAll(int fd, const std::string& seed_id) {
    struct stat status {};
    const bool fits =
        fstat(fd, &status) == 0 && status.st_size > 0 && static_cast<uint64_t>(status.st_size) <= kMaxDescriptorBytes;
    std::vector<std::byte> bytes(fits ? static_cast<size_t>(status.st_size) : 0);
    size_t at = 0;
    while (at < bytes.size()) {
        const ssize_t got = pread(fd, bytes.data() + at, bytes.size() - at, static_cast<off_t>(at));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        at += static_cast<size_t>(got);
    }
    if (!bytes.empty() && at == bytes.size()) return bytes;
    return Error{ErrorCode::kDescriptorCorrupt, "pager.import", "seed " + seed_id, "the descriptor cannot be read"};
}

}  // namespace

uint64_t availableMemoryBytes() {
    std::ifstream meminfo("/proc/meminfo");
    for (std::string line; std::getline(meminfo, line);) {
        uint64_t kilobytes = 0;
        if (std::sscanf(line.c_str(), "MemAvailable: %" SCNu64, &kilobytes) == 1) return kilobytes * 1024;
    }
    return UINT64_MAX;
}

Result<control::SeedReply> SeedMaker::import(const control::ImportSeed& request, std::vector<UniqueFd> fds) {
    Result<control::SeedReply> reply = importClaimed(request, fds);
    if (reply.ok()) return reply;
    for (size_t index = 1; index < fds.size(); ++index) {
        syscall(SYS_pidfd_send_signal, fds[index].get(), SIGKILL, nullptr, 0);
    }
    return reply;
}

Result<control::SeedReply> SeedMaker::importClaimed(const control::ImportSeed& request,
                                                    const std::vector<UniqueFd>& fds) {
    const uint64_t start_ns = monotonicNs();
    Result<SeedTable::Found> found = table_.findOrClaim(request.seed_id, kImportTimeoutMs);
    if (!found) return found.error();
    if (found->seed != nullptr) {
        return Error{ErrorCode::kSeedExists, "pager.import", "seed " + request.seed_id, "it was imported before"};
    }
    Result<std::shared_ptr<Seed>> made = importTwin(request, fds);
    if (!made) return made.error();
    const std::shared_ptr<Seed> seed = made.value();
    const uint64_t deadline_ns = start_ns + kImportTimeoutMs * 1'000'000ULL;
    Result<void> published = publish(*seed, FileIdentity::Trust::kSameMachine, deadline_ns);
    if (!published) return published.error();
    found->claim->fulfil(seed);
    startStaging(seed);
    return control::SeedReply{seed->image->layout().pages(), seed->descriptor.size(), (monotonicNs() - start_ns) / 1000,
                              false};
}

Result<std::shared_ptr<Seed>> SeedMaker::importTwin(const control::ImportSeed& request,
                                                    const std::vector<UniqueFd>& fds) {
    if (request.twin_pids.size() != 1 || fds.size() != 2 || request.key.size() != fabric::kSeedKeyBytes) {
        return Error{ErrorCode::kInvalidArgument, "pager.import", "seed " + request.seed_id,
                     "expected a descriptor, one twin with its pidfd, and a key of 32 bytes"};
    }
    auto seed = std::make_shared<Seed>();
    seed->id = request.seed_id;
    seed->key = request.key;
    seed->origin = true;
    seed->lease_epoch = request.lease_epoch;
    seed->lease_expires_unix_ms = request.lease_expires_unix_ms;
    // dup leaves out close-on-exec: that is how the keeper tells a twin's pidfd from others (keeper.cc).
    Result<std::shared_ptr<TwinSource>> twin = TwinSource::open(request.twin_pids[0], UniqueFd(dup(fds[1].get())));
    if (!twin) return twin.error();
    seed->twin = twin.value();
    Result<std::vector<std::byte>> bytes = readAll(fds[0].get(), seed->id);
    if (!bytes) return bytes.error();
    seed->descriptor = std::move(bytes).value();
    if (Result<void> bound = bindDescriptor(*seed); !bound) return bound.error();
    if (Result<void> filled = fillFromTwin(seed); !filled) return filled.error();
    return seed;
}

Result<void> SeedMaker::fillFromTwin(const std::shared_ptr<Seed>& seed) {
    const pid_t pid = seed->twin->pid();
    Result<PageScan> scan = PageScan::open(pid);
    if (!scan) return scan.error();
    Result<Layout> layout = buildLayout(seed->process, scan.value());
    if (!layout) return layout.error();
    std::vector<std::shared_ptr<PageSource>> files;
    for (const LayoutFile& file : layout->files) {
        Result<std::shared_ptr<FileSource>> source = FileSource::open(pid, file);
        if (!source) return source.error();
        files.push_back(source.value());
    }
    // The files above were reached by pid: they are the twin's only if it still lives.
    if (!seed->twin->alive()) {
        return Error{ErrorCode::kStagingFailed, "pager.import", seed->twin->describe(), "the twin died"};
    }
    const uint64_t wanted = layout->pages() * kPageBytes;
    const uint64_t available = availableMemoryBytes();
    if (available < wanted || available - wanted < kMemoryReserveBytes) {
        return Error{ErrorCode::kStagingFailed, "pager.import", "seed " + seed->id,
                     "the image takes " + std::to_string(wanted >> 20) + " MiB, but only " +
                         std::to_string(available >> 20) + " MiB of memory are available"};
    }
    auto source = std::make_shared<OriginSource>(layout.value(), seed->twin, std::move(files));
    Result<std::shared_ptr<Image>> image =
        Image::create(std::move(layout).value(), {{seed->id, {}, source}}, {.huge_pages = true});
    if (!image) return image.error();
    seed->image = image.value();
    return {};
}

void SeedMaker::startStaging(const std::shared_ptr<Seed>& seed) {
    // The stager's thread holds the seed weakly: the seed owns the stager and joins it.
    std::weak_ptr<Seed> weak = seed;
    auto stager = std::make_unique<Stager>(seed->id, seed->image, [this, weak](Result<StagingReport> report) {
        const std::shared_ptr<Seed> staged = weak.lock();
        if (staged == nullptr) return;
        if (report.ok()) {
            staged->staging_us = report->staging_us;
            staged->staged = true;
            staged->image->setSource(
                0, std::make_shared<FailedSource>(Error{ErrorCode::kInternal, "image.fetch", "seed " + staged->id,
                                                        "a page is absent though staging ended"}));
        } else {
            const std::lock_guard lock(staged->mutex);
            staged->failure = report.error();
            staged->image->setSource(0, std::make_shared<FailedSource>(report.error()));
        }
        staged->twin->kill();
        staged_(staged, std::move(report));
    });
    const std::lock_guard lock(seed->mutex);
    seed->stager = std::move(stager);
}

}  // namespace farfork::pagerd
