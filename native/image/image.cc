// SPDX-License-Identifier: Apache-2.0
#include "image/image.h"

#include <fcntl.h>
#include <linux/memfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace farfork {

namespace {

constexpr char kImageName[] = "farfork-image";
constexpr unsigned kMemfdNoExecSeal = 0x0008U;  // MFD_NOEXEC_SEAL, linux/memfd.h since 6.3
constexpr size_t kMaxMappedSpans = 256;
constexpr uint64_t kSmallestMergedGapBytes = 16ULL << 20;

Error exhausted(const char* what) {
    return makeErrno(ErrorCode::kResourceExhausted, "image.create", "image", what, errno);
}

UniqueFd makeMemfd() {
    const unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
    UniqueFd fd(static_cast<int>(syscall(SYS_memfd_create, kImageName, flags | kMemfdNoExecSeal)));
    if (!fd.valid() && errno == EINVAL) fd.reset(static_cast<int>(syscall(SYS_memfd_create, kImageName, flags)));
    return fd;
}

/// Maps a range of the memfd where address and offset are equal modulo the huge page size: the kernel allocates huge
/// pages for shmem only then (linux include/linux/huge_mm.h, thp_vma_suitable_order).
void* mapAligned(int fd, const PageRange& range) {
    const uint64_t reserved = range.bytes() + kHugePageBytes;
    void* hole = mmap(nullptr, reserved, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (hole == MAP_FAILED) return MAP_FAILED;
    const auto start = reinterpret_cast<uint64_t>(hole);
    const uint64_t before = (range.start - start) % kHugePageBytes;
    void* at = mmap(reinterpret_cast<void*>(start + before), range.bytes(), PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_NORESERVE | MAP_FIXED, fd, static_cast<off_t>(range.start));
    if (before > 0) munmap(hole, before);
    munmap(reinterpret_cast<void*>(start + before + range.bytes()), kHugePageBytes - before);
    return at;
}

uint64_t pageDown(uint64_t address) {
    return address & ~(kPageBytes - 1);
}

}  // namespace

void FailedSource::read(std::vector<PageRead>, Completion done) {
    done(error_);
}

Image::Image(Layout layout, std::vector<ImageLayer> layers)
    : layout_(std::move(layout)), bitmap_(layout_.pages()), layers_(std::move(layers)) {
    uint64_t bit = 0;
    first_bit_.reserve(layout_.extents.size());
    for (const LayoutExtent& extent : layout_.extents) {
        first_bit_.push_back(bit);
        bit += extent.range.pages();
    }
    for (const ImageLayer& layer : layers_) remote_ = remote_ || !layer.source->synchronous();
}

Image::~Image() {
    for (const MappedSpan& span : spans_) munmap(span.at, span.range.bytes());
}

Result<std::shared_ptr<Image>> Image::create(Layout layout, std::vector<ImageLayer> layers, Options options) {
    if (Result<void> valid = validateLayout(layout); !valid) return valid.error();
    assert(!layers.empty());
    std::shared_ptr<Image> image(new Image(std::move(layout), std::move(layers)));
    if (Result<void> mapped = image->mapAndSeal(std::move(options)); !mapped) return mapped.error();
    return image;
}

Result<void> Image::mapAndSeal(Options options) {
    const bool seal = !options.backing.valid();
    fd_ = seal ? makeMemfd() : std::move(options.backing);
    if (!fd_.valid()) return exhausted("memfd_create");
    if (ftruncate(fd_.get(), static_cast<off_t>(kImageBytes)) != 0) return exhausted("ftruncate of the image");
    if (Result<void> mapped = mapSpans(); !mapped) return mapped;
    if (options.huge_pages) adviseHugePages();
    // FUTURE_WRITE leaves the mappings above writable and refuses every later write, shared-writable mapping and hole
    // punch (fcntl(2)), so a child that reopens the memfd cannot write into its siblings.
    const int seals = F_SEAL_FUTURE_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
    if (seal && fcntl(fd_.get(), F_ADD_SEALS, seals) != 0) return exhausted("F_ADD_SEALS");
    return {};
}

Result<void> Image::mapSpans() {
    std::vector<PageRange> spans;
    for (uint64_t gap = kSmallestMergedGapBytes;; gap *= 2) {
        spans.clear();
        for (const LayoutExtent& extent : layout_.extents) {
            if (spans.empty() || extent.range.start - spans.back().end > gap) spans.push_back(extent.range);
            spans.back().end = extent.range.end;
        }
        if (spans.size() <= kMaxMappedSpans) break;
    }
    for (const PageRange& range : spans) {
        void* at = mapAligned(fd_.get(), range);
        if (at == MAP_FAILED) return exhausted("mmap of the image");
        madvise(at, range.bytes(), MADV_DONTFORK);
        madvise(at, range.bytes(), MADV_DONTDUMP);
        spans_.push_back({range, static_cast<std::byte*>(at)});
    }
    return {};
}

void Image::adviseHugePages() {
    for (const LayoutExtent& extent : layout_.extents) {
        const uint64_t start = (extent.range.start + kHugePageBytes - 1) / kHugePageBytes * kHugePageBytes;
        const uint64_t end = extent.range.end / kHugePageBytes * kHugePageBytes;
        if (start < end) madvise(bytes(start), end - start, MADV_HUGEPAGE);
    }
}

uint64_t Image::bitOf(size_t extent, uint64_t address) const {
    return first_bit_[extent] + (address - layout_.extents[extent].range.start) / kPageBytes;
}

bool Image::isPresent(uint64_t address) const {
    const size_t index = layout_.firstAbove(address);
    if (index == layout_.extents.size() || layout_.extents[index].range.start > address) return false;
    return bitmap_.test(bitOf(index, address));
}

PageRange Image::presentRun(uint64_t address, const PageRange& window) const {
    address = pageDown(address);
    if (!isPresent(address)) return {address, address};
    const size_t index = layout_.firstAbove(address);
    const PageRange& extent = layout_.extents[index].range;
    const uint64_t low = std::max(extent.start, window.start);
    const uint64_t high = std::min(extent.end, window.end);
    PageRange run{address, address + kPageBytes};
    while (run.start > low && bitmap_.test(bitOf(index, run.start - kPageBytes))) run.start -= kPageBytes;
    if (run.end < high) {
        const uint64_t stop = bitmap_.findNext(bitOf(index, run.end), bitOf(index, high - kPageBytes) + 1, false);
        run.end = extent.start + (stop - first_bit_[index]) * kPageBytes;
    }
    return run;
}

bool Image::allPresent(const PageRange& range) const {
    for (size_t index = layout_.firstAbove(range.start); index < layout_.extents.size(); ++index) {
        const PageRange& extent = layout_.extents[index].range;
        if (extent.start >= range.end) break;
        const uint64_t first = bitOf(index, std::max(extent.start, pageDown(range.start)));
        const uint64_t last = bitOf(index, std::min(extent.end, range.end) - 1) + 1;
        if (bitmap_.findNext(first, last, false) != last) return false;
    }
    return true;
}

std::byte* Image::bytes(uint64_t address) const {
    const auto at = std::upper_bound(spans_.begin(), spans_.end(), address,
                                     [](uint64_t value, const MappedSpan& span) { return value < span.range.end; });
    assert(at != spans_.end() && at->range.start <= address);
    return at->at + (address - at->range.start);
}

uint64_t Image::residentBytes() const {
    struct stat status {};
    if (fstat(fd_.get(), &status) != 0) return 0;
    return static_cast<uint64_t>(status.st_blocks) * 512;
}

}  // namespace farfork
