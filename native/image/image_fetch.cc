// SPDX-License-Identifier: Apache-2.0
//
// How absent pages become present: chunks, coalescing, batches.
#include <algorithm>
#include <chrono>

#include "image/image.h"

namespace farfork {

namespace {

PageRange chunkRange(uint64_t chunk) {
    return {chunk * kFetchChunkBytes, (chunk + 1) * kFetchChunkBytes};
}

}  // namespace

std::vector<PageRange> Image::absentRuns(const PageRange& range) const {
    std::vector<PageRange> runs;
    for (size_t index = layout_.firstAbove(range.start); index < layout_.extents.size(); ++index) {
        const PageRange& extent = layout_.extents[index].range;
        if (extent.start >= range.end) break;
        const uint64_t last = bitOf(index, std::min(extent.end, range.end) - 1) + 1;
        for (uint64_t bit = bitOf(index, std::max(extent.start, range.start)); bit < last;) {
            const uint64_t start = bitmap_.findNext(bit, last, false);
            if (start == last) break;
            const uint64_t end = bitmap_.findNext(start, last, true);
            const uint64_t base = extent.start - first_bit_[index] * kPageBytes;  // may wrap; the sums do not
            runs.push_back({base + start * kPageBytes, base + end * kPageBytes});
            bit = end;
        }
    }
    return runs;
}

uint64_t Image::absentPages(const PageRange& range) const {
    uint64_t pages = 0;
    for (const PageRange& run : absentRuns(range)) pages += run.pages();
    return pages;
}

std::vector<uint64_t> Image::absentChunks(std::span<const PageRange> ranges) const {
    std::vector<uint64_t> chunks;
    for (const PageRange& range : ranges) {
        for (const PageRange& run : absentRuns(range)) {
            const uint64_t last = (run.end - 1) / kFetchChunkBytes;
            for (uint64_t chunk = run.start / kFetchChunkBytes; chunk <= last; ++chunk) {
                if (chunks.empty() || chunks.back() != chunk) chunks.push_back(chunk);
            }
        }
    }
    std::sort(chunks.begin(), chunks.end());
    chunks.erase(std::unique(chunks.begin(), chunks.end()), chunks.end());
    return chunks;
}

/// The layer that provides `address`, and the end, at most `limit`, up to which it does.
std::pair<size_t, uint64_t> Image::layerAt(uint64_t address, uint64_t limit) const {
    for (size_t layer = 0; layer < layers_.size(); ++layer) {
        const std::vector<PageRange>& ranges = layers_[layer].ranges;
        if (ranges.empty()) return {layer, limit};
        const auto at = std::upper_bound(ranges.begin(), ranges.end(), address,
                                         [](uint64_t value, const PageRange& range) { return value < range.end; });
        if (at == ranges.end()) continue;
        if (at->start <= address) return {layer, std::min(limit, at->end)};
        limit = std::min(limit, at->start);
    }
    return {layers_.size() - 1, limit};
}

/// Adds a run to the last batch, or to a new one. True when the chunk is new to that batch.
bool Image::addRun(std::vector<Batch>& batches, uint64_t chunk, size_t layer, const PageRange& run) const {
    if (batches.empty() || batches.back().layer != layer || batches.back().bytes + run.bytes() > kFetchBatchBytes) {
        batches.push_back({layers_[layer].source, layer, {}, {}, 0});
    }
    Batch& batch = batches.back();
    batch.bytes += run.bytes();
    std::byte* at = bytes(run.start);
    PageRead* last = batch.reads.empty() ? nullptr : &batch.reads.back();
    if (last != nullptr && last->range.end == run.start && last->destination + last->range.bytes() == at) {
        last->range.end = run.end;
    } else {
        batch.reads.push_back({run, at});
    }
    if (!batch.chunks.empty() && batch.chunks.back() == chunk) return false;
    batch.chunks.push_back(chunk);
    return true;
}

/// Returns the number of batches that the chunk's runs went into.
size_t Image::addChunk(std::vector<Batch>& batches, uint64_t chunk, const std::vector<PageRange>& runs) const {
    size_t parts = 0;
    for (PageRange rest : runs) {
        while (rest.start < rest.end) {
            const auto [layer, end] = layerAt(rest.start, rest.end);
            parts += addRun(batches, chunk, layer, {rest.start, end}) ? 1 : 0;
            rest.start = end;
        }
    }
    return parts;
}

void Image::ensurePresent(std::span<const PageRange> ranges, Completion done, Urgency urgency) {
    const std::vector<uint64_t> chunks = absentChunks(ranges);
    if (chunks.empty()) return done({});
    if (urgency == Urgency::kDemand) demand_requests_.fetch_add(1, std::memory_order_relaxed);
    auto waiter = std::make_shared<Waiter>();
    std::vector<Batch> batches;
    bool waits = false;
    {
        const std::lock_guard lock(mutex_);
        for (const uint64_t chunk : chunks) {
            if (const auto found = in_flight_.find(chunk); found != in_flight_.end()) {
                found->second.waiters.push_back(waiter);
                ++waiter->pending;
                continue;
            }
            const std::vector<PageRange> runs = absentRuns(chunkRange(chunk));
            if (runs.empty()) continue;  // arrived since
            InFlight& entry = in_flight_[chunk];
            entry.waiters.push_back(waiter);
            ++waiter->pending;
            entry.parts = addChunk(batches, chunk, runs);
        }
        waits = waiter->pending > 0;
        if (waits) waiter->done = std::move(done);
    }
    if (!waits) return done({});
    for (Batch& batch : batches) {
        std::vector<PageRead> reads = batch.reads;
        const std::shared_ptr<PageSource> source = batch.source;
        source->read(std::move(reads), [self = shared_from_this(), batch = std::move(batch)](
                                           const Result<void>& result) { self->finishBatch(batch, result); });
    }
}

void Image::markPresent(const PageRange& range, bool fetched) {
    for (size_t index = layout_.firstAbove(range.start); index < layout_.extents.size(); ++index) {
        const PageRange& extent = layout_.extents[index].range;
        if (extent.start >= range.end) break;
        const uint64_t first = bitOf(index, std::max(extent.start, range.start));
        const uint64_t newly = bitmap_.set(first, bitOf(index, std::min(extent.end, range.end) - 1) + 1);
        present_pages_.fetch_add(newly, std::memory_order_relaxed);
        if (fetched) pages_fetched_.fetch_add(newly, std::memory_order_relaxed);
    }
}

void Image::finishBatch(const Batch& batch, const Result<void>& result) {
    if (result.ok()) {
        for (const PageRead& read : batch.reads) markPresent(read.range, !batch.source->synchronous());
    }
    std::vector<std::shared_ptr<Waiter>> finished;
    {
        const std::lock_guard lock(mutex_);
        for (const uint64_t chunk : batch.chunks) {
            const auto found = in_flight_.find(chunk);
            InFlight& entry = found->second;
            if (!result.ok() && !entry.error) entry.error = result.error();
            if (--entry.parts > 0) continue;
            for (const std::shared_ptr<Waiter>& waiter : entry.waiters) {
                if (entry.error && !waiter->error) waiter->error = entry.error;
                if (--waiter->pending == 0) finished.push_back(waiter);
            }
            in_flight_.erase(found);
        }
    }
    for (const std::shared_ptr<Waiter>& waiter : finished) {
        if (waiter->error) {
            waiter->done(*waiter->error);
        } else {
            waiter->done({});
        }
    }
}

Result<void> Image::ensurePresentWithin(std::span<const PageRange> ranges, uint32_t timeout_ms, Urgency urgency) {
    struct Outcome {
        std::mutex mutex;
        std::condition_variable changed;
        std::optional<Result<void>> result;
    };
    auto outcome = std::make_shared<Outcome>();
    ensurePresent(
        ranges,
        [outcome](Result<void> result) {
            const std::lock_guard lock(outcome->mutex);
            outcome->result = std::move(result);
            outcome->changed.notify_all();
        },
        urgency);
    std::unique_lock lock(outcome->mutex);
    outcome->changed.wait_for(lock, std::chrono::milliseconds(timeout_ms), [&] { return outcome->result.has_value(); });
    if (!outcome->result) {
        return Error{ErrorCode::kDeadlineExceeded, "image.fetch", "image",
                     "pages did not arrive within " + std::to_string(timeout_ms) + " ms"};
    }
    return *outcome->result;
}

void Image::setSource(size_t layer, std::shared_ptr<PageSource> source) {
    assert(source != nullptr);
    const std::lock_guard lock(mutex_);
    layers_.at(layer).source = std::move(source);
}

}  // namespace farfork
