// SPDX-License-Identifier: Apache-2.0
#include "image/stager.h"

#include <sched.h>

#include <algorithm>
#include <chrono>

#include "base/clock.h"

namespace farfork {

namespace {
constexpr uint64_t kPieceBytes = 2ULL << 20;
constexpr uint32_t kPieceTimeoutMs = 30'000;
constexpr auto kGiveWay = std::chrono::microseconds(200);
}  // namespace

Stager::Stager(std::string seed_id, std::shared_ptr<Image> image, Completion done)
    : seed_id_(std::move(seed_id)), image_(std::move(image)), done_(std::move(done)), thread_([this] { run(); }) {}

Stager::~Stager() {
    cancelled_ = true;
    if (thread_.get_id() == std::this_thread::get_id()) {
        thread_.detach();  // destroyed from within its completion, after which it touches nothing
    } else {
        thread_.join();
    }
}

void Stager::giveWay() {
    const uint64_t demand = image_->demandRequests();
    if (demand == demand_seen_) return;
    demand_seen_ = demand;
    std::this_thread::sleep_for(kGiveWay);
}

Result<void> Stager::copyAll() {
    std::vector<PageRange> piece;
    uint64_t bytes = 0;
    const auto flush = [&]() -> Result<void> {
        if (cancelled_)
            return Error{ErrorCode::kCancelled, "image.staging", "seed " + seed_id_, "staging was cancelled"};
        Result<void> result = image_->ensurePresentWithin(piece, kPieceTimeoutMs, Image::Urgency::kBackground);
        piece.clear();
        bytes = 0;
        giveWay();
        return result;
    };
    for (const LayoutExtent& extent : image_->layout().extents) {
        for (uint64_t at = extent.range.start; at < extent.range.end;) {
            const uint64_t end = std::min(extent.range.end, (at / kPieceBytes + 1) * kPieceBytes);
            piece.push_back({at, end});
            bytes += end - at;
            at = end;
            if (bytes < kPieceBytes) continue;
            if (Result<void> result = flush(); !result) return result;
        }
    }
    return piece.empty() ? Result<void>{} : flush();
}

void Stager::run() {
    const uint64_t start_ns = monotonicNs();
    Result<void> result = copyAll();
    const Completion done = std::move(done_);
    if (result.ok()) {
        const uint64_t pages = image_->layout().pages();
        return done(StagingReport{pages, pages * kPageBytes, (monotonicNs() - start_ns) / 1000});
    }
    Error error = result.error();
    if (error.code != ErrorCode::kCancelled) {
        error = Error{ErrorCode::kStagingFailed, "image.staging", "seed " + seed_id_,
                      error.object + ": " + error.detail + " (" + errorCodeName(error.code) + ")", error.sys_errno};
    }
    done(std::move(error));
}

}  // namespace farfork
