// SPDX-License-Identifier: Apache-2.0
#include "pager/address_space.h"

#include <algorithm>
#include <iterator>

namespace farfork {

namespace {

/// Index of the first segment whose end is above `address`.
size_t firstAbove(const SegmentList& list, uint64_t address) {
    const auto at = std::upper_bound(list.begin(), list.end(), address,
                                     [](uint64_t value, const Segment& segment) { return value < segment.end; });
    return static_cast<size_t>(at - list.begin());
}

Segment tailOf(const Segment& segment, uint64_t at) {
    Segment tail = segment;
    tail.image_address += at - segment.start;
    tail.start = at;
    return tail;
}

Segment afterRemove(Segment segment) {
    if (segment.kind == Segment::Kind::kImage && segment.file_backed) {
        segment.removed = true;
        return segment;
    }
    return {segment.start, segment.end, 0, Segment::Kind::kZero, false, false, segment.grows_down};
}

bool isPlainZero(const Segment& segment) {
    return segment.kind == Segment::Kind::kZero && !segment.grows_down;
}

}  // namespace

std::shared_ptr<const SegmentList> segmentsOf(std::span<const ff_map> maps) {
    auto list = std::make_shared<SegmentList>();
    for (const ff_map& map : maps) {
        if (map.kind != FF_MAP_IMAGE && map.kind != FF_MAP_COPY) continue;
        Segment segment{map.start, map.end, map.start};
        segment.kind = map.kind == FF_MAP_IMAGE ? Segment::Kind::kImage : Segment::Kind::kCopy;
        segment.file_backed = (map.vma_flags & FF_VMA_FILE) != 0;
        segment.grows_down = (map.vma_flags & FF_VMA_GROWSDOWN) != 0;
        list->push_back(segment);
    }
    return list;
}

Place AddressSpace::lookup(uint64_t address) const {
    const SegmentList& list = segments();
    const size_t index = firstAbove(list, address);
    if (index < list.size() && list[index].start <= address) {
        const Segment& segment = list[index];
        Place place{Place::Meaning::kZero, segment.start,
                    segment.end,           segment.image_address + (address - segment.start),
                    segment.file_backed,   segment.removed};
        if (segment.kind == Segment::Kind::kImage) place.meaning = Place::Meaning::kImage;
        if (segment.kind == Segment::Kind::kCopy) place.meaning = Place::Meaning::kCopy;
        return place;
    }
    Place place;
    place.start = index == 0 ? 0 : list[index - 1].end;
    place.end = index == list.size() ? UINT64_MAX & ~4095ULL : list[index].start;
    const bool below_a_stack = index < list.size() && list[index].grows_down;
    const bool above_a_file = index > 0 && list[index - 1].file_backed;
    if (above_a_file && !below_a_stack) place.meaning = Place::Meaning::kPastEnd;
    return place;
}

SegmentList& AddressSpace::own() {
    if (!own_) own_ = std::make_unique<SegmentList>(*base_);
    return *own_;
}

std::pair<size_t, size_t> AddressSpace::cut(uint64_t start, uint64_t end) {
    SegmentList& list = own();
    const auto splitAt = [&list](uint64_t at) {
        const size_t index = firstAbove(list, at);
        if (index == list.size() || list[index].start >= at) return index;
        const Segment tail = tailOf(list[index], at);
        list[index].end = at;
        list.insert(list.begin() + static_cast<ptrdiff_t>(index) + 1, tail);
        return index + 1;
    };
    const size_t first = splitAt(start);
    return {first, splitAt(end)};
}

void AddressSpace::mergeZeros(size_t first, size_t last) {
    SegmentList& list = own();
    if (first > 0) --first;
    last = std::min(last + 1, list.size());
    size_t out = first;
    for (size_t index = first + 1; index < last; ++index) {
        if (isPlainZero(list[out]) && isPlainZero(list[index]) && list[out].end == list[index].start) {
            list[out].end = list[index].end;
        } else {
            list[++out] = list[index];
        }
    }
    if (out + 1 < last)
        list.erase(list.begin() + static_cast<ptrdiff_t>(out) + 1, list.begin() + static_cast<ptrdiff_t>(last));
}

void AddressSpace::remove(uint64_t start, uint64_t end) {
    const auto [first, last] = cut(start, end);
    SegmentList& list = own();
    for (size_t index = first; index < last; ++index) list[index] = afterRemove(list[index]);
    mergeZeros(first, last);
}

void AddressSpace::unmap(uint64_t start, uint64_t end) {
    const auto [first, last] = cut(start, end);
    SegmentList& list = own();
    list.erase(list.begin() + static_cast<ptrdiff_t>(first), list.begin() + static_cast<ptrdiff_t>(last));
}

void AddressSpace::remap(uint64_t from, uint64_t to, uint64_t length) {
    const auto [first, last] = cut(from, from + length);
    SegmentList moved(own().begin() + static_cast<ptrdiff_t>(first), own().begin() + static_cast<ptrdiff_t>(last));
    remove(from, from + length);
    unmap(to, to + length);
    for (Segment& segment : moved) {
        segment.start += to - from;
        segment.end += to - from;
    }
    insert(std::move(moved));
}

void AddressSpace::insert(SegmentList pieces) {
    if (pieces.empty()) return;
    SegmentList& list = own();
    const size_t index = firstAbove(list, pieces.front().start);
    list.insert(list.begin() + static_cast<ptrdiff_t>(index), pieces.begin(), pieces.end());
}

}  // namespace farfork
