// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <cerrno>
#include <set>

#include "restorer/parts.h"

namespace farfork {
namespace {

constexpr uint64_t kPageMask = ~(FF_PAGE_SIZE - 1);

/// Pages that every child writes as it starts: the kernel writes each rseq area, and a thread its stack.
std::set<uint64_t> pagesWrittenAtOnce(const RestorerParts& parts) {
    constexpr uint64_t kRedZone = 128;  // System V ABI for x86-64
    std::set<uint64_t> pages;
    for (const ff_thread& thread : parts.descriptor.threads(parts.process)) {
        if (thread.rseq_size != 0) pages.insert(thread.rseq_address & kPageMask);
        pages.insert((thread.regs.rsp - kRedZone) & kPageMask);
        pages.insert(thread.regs.rsp & kPageMask);
    }
    return pages;
}

Result<uint64_t> appendImageBytes(RestorerParts& parts, int image_fd, uint64_t start, uint64_t end) {
    std::vector<std::byte> bytes(end - start);
    for (size_t done = 0; done < bytes.size();) {
        const ssize_t got = pread(image_fd, bytes.data() + done, bytes.size() - done, static_cast<off_t>(start + done));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) {
            return makeErrno(ErrorCode::kResumeFailed, "restorer.image",
                             "seed " + std::string(parts.descriptor.seedId()), "pread of the image",
                             got < 0 ? errno : EIO);
        }
        done += static_cast<size_t>(got);
    }
    return parts.bytes.append(bytes, FF_PAGE_SIZE);
}

}  // namespace

Result<void> addRuns(RestorerParts& parts, int image_fd) {
    const std::set<uint64_t> written = pagesWrittenAtOnce(parts);
    std::vector<ff_restorer_run> runs;
    for (uint32_t index = 0; index < parts.plan.presents().size(); ++index) {
        const ff_present_run& present = parts.plan.presents()[index];
        for (uint64_t start = present.start; start < present.end;) {
            const auto copied = [&](uint64_t page) { return present.kind == FF_MAP_COPY || written.count(page) != 0; };
            const bool copy = copied(start);
            uint64_t end = start + FF_PAGE_SIZE;
            while (end < present.end && copied(end) == copy) end += FF_PAGE_SIZE;
            ff_restorer_run run{start, end, 0, index, 0};
            if (copy) {
                Result<uint64_t> source = appendImageBytes(parts, image_fd, start, end);
                if (!source.ok()) return std::move(source).error();
                run.source = *source;
            }
            runs.push_back(run);
            start = end;
        }
    }
    parts.arguments.runs = parts.bytes.appendArray(std::span<const ff_restorer_run>(runs));
    parts.arguments.run_count = static_cast<uint32_t>(runs.size());
    return {};
}

}  // namespace farfork
