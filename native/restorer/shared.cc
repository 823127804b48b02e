// SPDX-License-Identifier: Apache-2.0
#include "restorer/parts.h"

namespace farfork {
namespace {

class SharedParts {
  public:
    explicit SharedParts(RestorerParts& parts) : parts_(parts) {}

    void add(uint32_t index) {
        const ff_shared& object = parts_.descriptor.shared()[index];
        ff_restorer_shared result{};
        result.kind = object.kind;
        result.seals = object.seals;
        result.mode = object.mode;
        result.uid = object.uid;
        result.gid = object.gid;
        result.sysv_id = object.sysv_id;
        result.sysv_key = object.sysv_key;
        result.sysv_cuid = object.sysv_cuid;
        result.sysv_cgid = object.sysv_cgid;
        result.sysv_removed = object.sysv_removed;
        result.name = parts_.bytes.appendString(parts_.descriptor.string(object.name));
        result.size = object.size;
        result.run_first = static_cast<uint32_t>(runs_.size());
        result.run_count = object.run_count;
        result.private_count = object.private_count;
        addRuns(parts_.descriptor.runs(object));
        addRuns(parts_.descriptor.privateRuns(object));
        result.map_first = static_cast<uint32_t>(maps_.size());
        addMaps(index, object);
        result.map_count = static_cast<uint32_t>(maps_.size()) - result.map_first;
        if (object.kind == FF_SHARED_NAMED) parts_.arguments.own_names = 1;
        objects_.push_back(result);
    }

    void finish() {
        ff_restorer_arguments& arguments = parts_.arguments;
        parts_.bytes.align(8);
        arguments.shared = parts_.bytes.appendArray(std::span<const ff_restorer_shared>(objects_));
        arguments.shared_maps = parts_.bytes.appendArray(std::span<const ff_restorer_shared_map>(maps_));
        arguments.shared_runs = parts_.bytes.appendArray(std::span<const ff_restorer_shared_run>(runs_));
        arguments.shared_count = static_cast<uint32_t>(objects_.size());
        if (!runs_.empty()) arguments.descriptor_bytes = parts_.descriptor.bytes().size();
    }

  private:
    void addRuns(std::span<const ff_run> runs) {
        for (const ff_run& run : runs) {
            const std::byte* at = parts_.descriptor.bytesOf(run).data();
            const auto source = static_cast<uint64_t>(at - parts_.descriptor.bytes().data());
            runs_.push_back({run.start, source, run.bytes_size});
        }
    }

    void addMaps(uint32_t index, const ff_shared& object) {
        const std::span<const ff_vma> vmas = parts_.descriptor.vmas(parts_.process);
        const std::span<const ff_map> maps = parts_.plan.maps();
        uint64_t attached_end = 0;
        for (size_t vma = 0, map = 0; vma < vmas.size(); ++vma) {
            if (vmas[vma].shared != index + 1) continue;
            while (map < maps.size() && maps[map].start < vmas[vma].start) ++map;
            if (map == maps.size() || maps[map].start != vmas[vma].start || maps[map].kind != FF_MAP_SHARED) continue;
            ff_restorer_shared_map result{};
            result.map = static_cast<uint32_t>(map);
            result.offset = vmas[vma].file_offset;
            result.is_private = (vmas[vma].flags & FF_VMA_SHARED) == 0;
            result.never_writable = (vmas[vma].flags & FF_VMA_NEVER_WRITABLE) != 0;
            if (object.kind == FF_SHARED_SYSV && vmas[vma].start >= attached_end) {
                result.attach = 1;
                attached_end = vmas[vma].start + object.size;
            }
            maps_.push_back(result);
        }
    }

    RestorerParts& parts_;
    std::vector<ff_restorer_shared> objects_;
    std::vector<ff_restorer_shared_map> maps_;
    std::vector<ff_restorer_shared_run> runs_;
};

}  // namespace

void addShared(RestorerParts& parts) {
    SharedParts shared(parts);
    for (uint32_t index = 0; index < parts.descriptor.shared().size(); ++index) shared.add(index);
    shared.finish();
}

}  // namespace farfork
