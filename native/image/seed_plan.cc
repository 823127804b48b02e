// SPDX-License-Identifier: Apache-2.0
#include "image/seed_plan.h"

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sys/mman.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>

#include "descriptor/plan_view.h"

namespace farfork {

namespace {

std::string rangeText(const ff_vma& vma) {
    char text[64];
    std::snprintf(text, sizeof text, "mapping %" PRIx64 "-%" PRIx64, vma.start, vma.end);
    return text;
}

constexpr uint32_t kMapDroppable = 0x08;  // linux/mman.h, since 6.11

class Planner {
  public:
    explicit Planner(const SeedPlanInput& input) : input_(input) {}

    Result<std::vector<std::byte>> build() {
        for (const ff_vma& vma : input_.process.vmas()) {
            if (isOutsideSeed(vma)) continue;
            for (const ff_vma& piece : piecesOf(vma))
                if (Result<void> added = addMap(piece); !added) return added.error();
        }
        addRegisters();
        addPresents();
        plan_.image_size = kImageBytes;
        return plan_.build(input_.process.seedId());
    }

  private:
    /// /proc/PID/cmdline and environ are read from anonymous memory only (linux fs/proc/base.c, FOLL_ANON): the pages
    /// that hold them must not become a mapping of the image.
    std::vector<ff_vma> piecesOf(const ff_vma& vma) const {
        const ff_process& process = *input_.process.process;
        std::vector<ff_vma> pieces{vma};
        if (vma.shared != 0) return pieces;
        if ((vma.flags & (FF_VMA_SHARED | FF_VMA_GROWSDOWN)) != 0 || isFileMapping(input_.process, vma)) return pieces;
        for (const auto& [first, last] :
             {std::pair{process.arg_start, process.arg_end}, {process.env_start, process.env_end}}) {
            if (first >= last || last - first > kMaxArgumentBytes) continue;
            for (const uint64_t edge : {first & ~(kPageBytes - 1), (last + kPageBytes - 1) & ~(kPageBytes - 1)})
                cut(pieces, edge);
        }
        return pieces;
    }

    static void cut(std::vector<ff_vma>& pieces, uint64_t edge) {
        const auto found = std::ranges::find_if(
            pieces, [edge](const ff_vma& piece) { return piece.start < edge && edge < piece.end; });
        if (found == pieces.end()) return;
        ff_vma rest = *found;
        found->end = rest.start = edge;
        pieces.insert(found + 1, rest);
    }

    [[nodiscard]] bool holdsArguments(const ff_vma& vma) const {
        const ff_process& process = *input_.process.process;
        const auto overlaps = [&vma](uint64_t first, uint64_t last) {
            return first < last && last - first <= kMaxArgumentBytes && first < vma.end && vma.start < last;
        };
        return overlaps(process.arg_start, process.arg_end) || overlaps(process.env_start, process.env_end);
    }

    Result<void> addMap(const ff_vma& vma) {
        ff_map map{};
        map.start = vma.start;
        map.end = vma.end;
        map.prot = vma.prot;
        map.vma_flags = vma.flags;
        if (vma.shared != 0) {
            map.kind = FF_MAP_SHARED;
            map.mmap_flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
            plan_.maps.push_back(map);
            return {};
        }
        const bool file = isFileMapping(input_.process, vma);
        if (!file) map.vma_flags &= ~static_cast<uint32_t>(FF_VMA_FILE);
        const uint32_t no_reserve = (vma.flags & FF_VMA_NORESERVE) != 0 ? MAP_NORESERVE : 0;
        if ((vma.flags & FF_VMA_SHARED) != 0) {
            if (!file || ((vma.prot & PROT_WRITE) != 0 && (vma.flags & FF_VMA_SAME_FILE) == 0)) {
                return Error{ErrorCode::kStateNotCarried, "image.plan", rangeText(vma),
                             "shared memory of an unknown kind"};
            }
            return addFileMap(map, vma, MAP_SHARED | no_reserve);
        }
        const bool has_pages = !input_.image->layout().clip({vma.start, vma.end}).empty();
        if (file && !has_pages) return addFileMap(map, vma, MAP_PRIVATE | no_reserve);
        if (!has_pages) {
            map.kind = FF_MAP_ANONYMOUS;
            map.mmap_flags = MAP_PRIVATE | MAP_ANONYMOUS | no_reserve;
            if ((vma.flags & FF_VMA_GROWSDOWN) != 0) map.mmap_flags |= MAP_GROWSDOWN;
            if ((vma.flags & FF_VMA_DROPPABLE) != 0) map.mmap_flags = kMapDroppable | MAP_ANONYMOUS;
        } else if (!file && ((vma.flags & (FF_VMA_GROWSDOWN | FF_VMA_WIPEONFORK)) != 0 || holdsArguments(vma))) {
            map.kind = FF_MAP_COPY;
            map.mmap_flags = MAP_PRIVATE | MAP_ANONYMOUS | no_reserve;
            if ((vma.flags & FF_VMA_GROWSDOWN) != 0) map.mmap_flags |= MAP_GROWSDOWN;
        } else {
            map.kind = FF_MAP_IMAGE;
            map.file_offset = vma.start;
            map.mmap_flags = MAP_PRIVATE | MAP_NORESERVE;
        }
        // A page that is absent when all are locked would be waited for before the pager is there.
        if (has_pages && (vma.flags & FF_VMA_LOCKED) != 0 &&
            input_.image->presentRun(vma.start, {vma.start, vma.end}).bytes() != vma.end - vma.start) {
            map.vma_flags |= FF_VMA_LOCKONFAULT;
        }
        plan_.maps.push_back(map);
        return {};
    }

    Result<void> addFileMap(ff_map map, const ff_vma& vma, uint32_t mmap_flags) {
        const std::string path(input_.process.path(vma));
        Result<LocalFile> local = input_.files->find(path, vma, input_.trust);
        if (!local) return local.error();
        const bool writes = (vma.flags & FF_VMA_SAME_FILE) != 0;
        const uint32_t open_flags = writes ? O_RDWR : O_RDONLY;
        const ff_plan_file file{plan_.strings.add(path), open_flags, local->device, local->inode, local->size};
        map.kind = FF_MAP_FILE;
        map.file_offset = vma.file_offset;
        map.mmap_flags = mmap_flags;
        map.file_index = static_cast<uint32_t>(plan_.files.size());
        for (size_t index = 0; index < plan_.files.size(); ++index) {
            if (plan_.files[index].path == file.path && plan_.files[index].open_flags == open_flags)
                map.file_index = static_cast<uint32_t>(index);
        }
        if (map.file_index == plan_.files.size()) plan_.files.push_back(file);
        plan_.maps.push_back(map);
        return {};
    }

    void addRegisters() {
        for (const ff_map& map : plan_.maps) {
            uint32_t mode = UFFDIO_REGISTER_MODE_MISSING;
            if (map.kind == FF_MAP_IMAGE) {
                mode |= UFFDIO_REGISTER_MODE_MINOR;
            } else if (map.kind != FF_MAP_COPY) {
                continue;
            }
            if (!plan_.registers.empty() && plan_.registers.back().end == map.start &&
                plan_.registers.back().mode == mode) {
                plan_.registers.back().end = map.end;
            } else {
                plan_.registers.push_back({map.start, map.end, mode, 0});
            }
        }
    }

    void addPresents() {
        std::vector<PageRange> wanted = input_.wanted;
        std::sort(wanted.begin(), wanted.end(), [](auto& a, auto& b) { return a.start < b.start; });
        uint64_t listed_end = 0;
        for (PageRange range : wanted) {
            range.start = std::max(range.start, listed_end);
            for (const ff_map& map : plan_.maps) {
                if (map.kind != FF_MAP_IMAGE && map.kind != FF_MAP_COPY) continue;
                addRuns(map, {std::max(range.start, map.start), std::min(range.end, map.end)});
            }
            listed_end = std::max(listed_end, range.end);
        }
    }

    void addRuns(const ff_map& map, const PageRange& range) {
        for (uint64_t at = range.start; at < range.end;) {
            const PageRange run = input_.image->presentRun(at, {at, range.end});
            if (run.bytes() == 0) {
                at += kPageBytes;
                continue;
            }
            std::vector<ff_present_run>& presents = plan_.presents;
            const bool joins = !presents.empty() && presents.back().end == run.start &&
                               presents.back().kind == map.kind && run.start != map.start;
            if (joins) {
                presents.back().end = run.end;
            } else {
                presents.push_back({run.start, run.end, map.kind, 0});
            }
            at = run.end;
        }
    }

    const SeedPlanInput& input_;
    PlanBuilder plan_;
};

}  // namespace

Result<std::vector<std::byte>> buildSeedPlan(const SeedPlanInput& input) {
    return Planner(input).build();
}

}  // namespace farfork
