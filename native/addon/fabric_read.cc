// SPDX-License-Identifier: Apache-2.0
#include <sys/mman.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>

#include "addon/addon_data.h"
#include "addon/background.h"
#include "addon/values.h"
#include "base/clock.h"
#include "fabric/checksum.h"
#include "fabric/fabric.h"

namespace farfork::addon {
namespace {

/// Read, then hashed, at a time.
constexpr uint64_t kWindowBytes = 64ULL << 20;

struct ReadWork {
    fabric::Endpoint peer;
    fabric::SeedCredentials credentials;
    uint32_t deadline_ms = 0;
    uint64_t bytes = 0, read_bytes = 0;
    uint64_t done_bytes = 0, elapsed_us = 0, hash = 0;
    std::optional<Error> error;
};

/// Private anonymous memory, given back at the end.
class Buffer {
  public:
    explicit Buffer(size_t bytes) : bytes_(bytes) {
        void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
        if (memory != MAP_FAILED) data_ = static_cast<std::byte*>(memory);
    }
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;
    ~Buffer() {
        if (data_ != nullptr) munmap(data_, bytes_);
    }
    [[nodiscard]] std::byte* data() const { return data_; }

  private:
    size_t bytes_;
    std::byte* data_ = nullptr;
};

/// Counts reads in flight; keeps the first error.
struct Window {
    std::mutex mutex;
    std::condition_variable changed;
    size_t in_flight = 0;
    std::optional<Error> error;
};

/// Walks a layout's extents from the start.
class LayoutCursor {
  public:
    explicit LayoutCursor(const Layout& layout) : layout_(layout) {}
    /// The next pieces, together at most `bytes`, to be read to `destination`; empty at the end of the layout.
    std::vector<PageRead> next(uint64_t bytes, std::byte* destination) {
        std::vector<PageRead> reads;
        while (bytes > 0 && extent_ < layout_.extents.size()) {
            const PageRange& range = layout_.extents[extent_].range;
            const uint64_t start = range.start + offset_;
            const uint64_t taken = std::min(bytes, range.end - start);
            reads.push_back({{start, start + taken}, destination});
            destination += taken;
            bytes -= taken;
            offset_ += taken;
            if (start + taken == range.end) {
                ++extent_;
                offset_ = 0;
            }
        }
        return reads;
    }

  private:
    const Layout& layout_;
    size_t extent_ = 0;
    uint64_t offset_ = 0;
};

/// Reads up to `wanted` bytes, all reads in flight together; the bytes that the layout had.
Result<uint64_t> readWindow(PageSource& source, LayoutCursor& cursor, uint64_t wanted, uint64_t read_bytes,
                            std::byte* destination) {
    Window window;
    uint64_t issued = 0;
    while (issued < wanted) {
        std::vector<PageRead> reads = cursor.next(std::min(read_bytes, wanted - issued), destination + issued);
        if (reads.empty()) break;
        for (const PageRead& read : reads) issued += read.range.bytes();
        {
            const std::lock_guard lock(window.mutex);
            ++window.in_flight;
        }
        source.read(std::move(reads), [&window](Result<void> result) {
            const std::lock_guard lock(window.mutex);
            if (!result.ok() && !window.error) window.error = std::move(result).error();
            --window.in_flight;
            window.changed.notify_one();
        });
    }
    // Every read ends within the source's own deadline (image/page_source.h).
    std::unique_lock lock(window.mutex);
    window.changed.wait(lock, [&] { return window.in_flight == 0; });
    if (window.error) return std::move(*window.error);
    return issued;
}

void readSeed(ReadWork& work) {
    const std::unique_ptr<fabric::Client> client = fabric::makeTcpClient({.read_timeout_ms = work.deadline_ms});
    Result<std::shared_ptr<fabric::RemoteSeed>> seed = client->open(work.peer, work.credentials, work.deadline_ms);
    if (!seed.ok()) {
        work.error = std::move(seed).error();
        return;
    }
    const uint64_t buffer_bytes = std::min<uint64_t>(kWindowBytes, work.bytes);
    const Buffer buffer(buffer_bytes);
    if (buffer.data() == nullptr) {
        work.error = Error{ErrorCode::kResourceExhausted, "fabric.read", "seed " + work.credentials.seed_id,
                           "no memory for " + std::to_string(buffer_bytes) + " bytes"};
        return;
    }
    LayoutCursor cursor((*seed)->opened().layout);
    fabric::Checksum checksum;
    while (work.done_bytes < work.bytes) {
        const uint64_t begin_ns = monotonicNs();
        Result<uint64_t> read = readWindow(**seed, cursor, std::min(buffer_bytes, work.bytes - work.done_bytes),
                                           work.read_bytes, buffer.data());
        work.elapsed_us += (monotonicNs() - begin_ns) / 1000;
        if (!read.ok()) {
            work.error = std::move(read).error();
            return;
        }
        checksum.update(buffer.data(), *read);
        work.done_bytes += *read;
        if (*read == 0) break;
    }
    work.hash = checksum.digest();
}

}  // namespace

Napi::Value fabricRead(const Napi::CallbackInfo& info) {
    const Fields fields(info[0], "options");
    auto work = std::make_shared<ReadWork>();
    work->credentials.seed_id = fields.text("seedId");
    work->credentials.key = fields.bytes("key", fabric::kSeedKeyBytes);
    work->credentials.lease_epoch = fields.unsigned64("leaseEpoch");
    work->peer.host = fields.text("sourceHost");
    work->peer.port = static_cast<uint16_t>(fields.integer("sourcePort", 0, UINT16_MAX));
    work->deadline_ms = fields.unsigned32("deadlineMs");
    work->bytes = toUnsigned64(info[1], "bytes") & ~4095ULL;
    work->read_bytes = toUnsigned64(info[2], "readBytes") & ~4095ULL;
    const auto deferred = Napi::Promise::Deferred::New(info.Env());
    if (work->bytes == 0 || work->read_bytes == 0) {
        deferred.Reject(toRejection(info.Env(), {ErrorCode::kInvalidArgument, "fabric.read", "bytes and readBytes",
                                                 "both must be at least one page of 4096 bytes"}));
        return deferred.Promise();
    }
    runInBackground(
        info.Env(), [work] { readSeed(*work); },
        [work, deferred](Napi::Env env) {
            if (work->error) return deferred.Reject(toRejection(env, *work->error));
            Napi::Object result = Napi::Object::New(env);
            result.Set("bytes", fromUnsigned(env, work->done_bytes));
            result.Set("elapsedUs", fromUnsigned(env, work->elapsed_us));
            result.Set("hash", Napi::BigInt::New(env, work->hash));
            deferred.Resolve(result);
        });
    return deferred.Promise();
}

}  // namespace farfork::addon
