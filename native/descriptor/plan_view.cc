// SPDX-License-Identifier: Apache-2.0
#include "descriptor/plan_view.h"

#include <cstring>

#include "descriptor/checksum.h"
#include "descriptor/validator.h"

namespace farfork {
namespace {

template <class T>
bool bindArray(std::span<const T>& target, std::span<const std::byte> bytes, uint64_t offset, uint64_t count) {
    if (offset < sizeof(ff_plan_header) || offset % alignof(T) || offset > bytes.size()) return false;
    if (count > (bytes.size() - offset) / sizeof(T)) return false;
    target = {reinterpret_cast<const T*>(bytes.data() + offset), static_cast<size_t>(count)};
    return true;
}

bool rangeIsSound(uint64_t start, uint64_t end, uint64_t previous_end) {
    return start % FF_PAGE_SIZE == 0 && end % FF_PAGE_SIZE == 0 && start < end && start >= previous_end &&
           end <= kUserAddressEnd;
}

/// True when maps for which `fits` holds cover [start, end) without a gap.
template <class Fits>
bool covered(std::span<const ff_map> maps, uint64_t start, uint64_t end, Fits fits) {
    size_t low = 0, high = maps.size();  // first map that ends above start
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (maps[middle].end > start)
            high = middle;
        else
            low = middle + 1;
    }
    for (; start < end; low++) {
        if (low == maps.size() || maps[low].start > start || !fits(maps[low])) return false;
        start = maps[low].end;
    }
    return true;
}

}  // namespace

Result<PlanView> PlanView::parse(std::span<const std::byte> bytes) {
    PlanView view;
    std::string reason = view.bind(bytes);
    if (reason.empty()) reason = view.check();
    if (!reason.empty()) return Error{ErrorCode::kDescriptorCorrupt, "plan.parse", "plan", reason};
    return view;
}

std::string PlanView::bind(std::span<const std::byte> bytes) {
    if (reinterpret_cast<uintptr_t>(bytes.data()) % alignof(ff_plan_header) != 0) return "misaligned buffer";
    if (bytes.size() < sizeof(ff_plan_header)) return "shorter than its header";
    const auto* head = reinterpret_cast<const ff_plan_header*>(bytes.data());
    if (head->magic != FF_PLAN_MAGIC) return "wrong magic number";
    if (head->version != FF_PLAN_VERSION) return "version " + std::to_string(head->version);
    if (head->header_size != sizeof *head) return "wrong header size";
    if (head->total_size != bytes.size()) return "wrong total size";
    if (head->checksum != flatChecksum(bytes, offsetof(ff_plan_header, checksum))) return "wrong checksum";
    if (head->seed_id[0] == '\0' || !memchr(head->seed_id, '\0', sizeof head->seed_id)) return "bad seed id";
    if (head->image_size > kUserAddressEnd || head->image_size % FF_PAGE_SIZE) return "bad image size";
    header_ = head;
    if (!bindArray(maps_, bytes, head->maps_offset, head->map_count)) return "maps out of bounds";
    if (!bindArray(registers_, bytes, head->registers_offset, head->register_count)) return "registers out of bounds";
    if (!bindArray(presents_, bytes, head->presents_offset, head->present_count)) return "present runs out of bounds";
    if (!bindArray(files_, bytes, head->files_offset, head->file_count)) return "files out of bounds";
    if (!bindArray(strings_, bytes, head->strings_offset, head->strings_size)) return "strings out of bounds";
    if (strings_.empty() || strings_.front() != '\0' || strings_.back() != '\0') return "strings do not end";
    return {};
}

std::string PlanView::check() const {
    uint64_t end = 0;
    for (const ff_map& map : maps_) {
        if (!rangeIsSound(map.start, map.end, end)) return "maps do not ascend, or are out of bounds";
        if (map.kind < FF_MAP_IMAGE || map.kind > FF_MAP_SHARED || map.prot > 7 || map.reserved)
            return "map kind is unknown";
        if (map.kind == FF_MAP_FILE && (map.file_index >= files_.size() || map.file_offset % FF_PAGE_SIZE))
            return "map names no file";
        if (map.kind == FF_MAP_IMAGE && (map.file_offset != map.start || map.end > header_->image_size))
            return "image map is not at its own address";
        end = map.end;
    }
    end = 0;
    for (const ff_register& each : registers_) {
        if (!rangeIsSound(each.start, each.end, end) || each.reserved) return "registers do not ascend";
        if (!covered(maps_, each.start, each.end,
                     [](const ff_map& map) { return map.kind != FF_MAP_FILE && map.kind != FF_MAP_SHARED; }))
            return "a register covers no map";
        end = each.end;
    }
    end = 0;
    for (const ff_present_run& run : presents_) {
        if (run.kind != FF_MAP_IMAGE && run.kind != FF_MAP_COPY) return "present run of unknown kind";
        if (!rangeIsSound(run.start, run.end, end) || run.reserved) return "present runs do not ascend";
        if (!covered(maps_, run.start, run.end, [&](const ff_map& map) { return map.kind == run.kind; }))
            return "a present run covers no map of its kind";
        end = run.end;
    }
    for (const ff_plan_file& file : files_)
        if (file.path == 0 || file.path >= strings_.size()) return "file path out of bounds";
    return {};
}

}  // namespace farfork
