// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include "descriptor/checksum.h"
#include "descriptor/plan_view.h"

namespace farfork {
namespace {

template <class T>
uint64_t place(std::vector<std::byte>& bytes, const std::vector<T>& entries) {
    const uint64_t offset = (bytes.size() + 63) & ~63ULL;
    bytes.resize(offset + entries.size() * sizeof(T));
    if (!entries.empty()) std::memcpy(bytes.data() + offset, entries.data(), entries.size() * sizeof(T));
    return offset;
}

}  // namespace

Result<std::vector<std::byte>> PlanBuilder::build(std::string_view seed_id) const {
    if (seed_id.empty() || seed_id.size() >= FF_SEED_ID_SIZE)
        return Error{ErrorCode::kInvalidArgument, "plan.build", "seed id '" + std::string(seed_id) + "'",
                     "must have 1 to 39 characters"};
    std::vector<std::byte> bytes(sizeof(ff_plan_header));
    ff_plan_header head{};
    head.magic = FF_PLAN_MAGIC;
    head.version = FF_PLAN_VERSION;
    head.header_size = sizeof head;
    std::memcpy(head.seed_id, seed_id.data(), seed_id.size());
    head.map_count = static_cast<uint32_t>(maps.size());
    head.register_count = static_cast<uint32_t>(registers.size());
    head.present_count = static_cast<uint32_t>(presents.size());
    head.file_count = static_cast<uint32_t>(files.size());
    head.maps_offset = place(bytes, maps);
    head.registers_offset = place(bytes, registers);
    head.presents_offset = place(bytes, presents);
    head.files_offset = place(bytes, files);
    head.strings_offset = place(bytes, strings.bytes());
    head.strings_size = strings.bytes().size();
    head.image_size = image_size;
    bytes.resize((bytes.size() + 63) & ~63ULL);
    head.total_size = bytes.size();
    std::memcpy(bytes.data(), &head, sizeof head);
    head.checksum = flatChecksum(bytes, offsetof(ff_plan_header, checksum));
    std::memcpy(bytes.data(), &head, sizeof head);
    return bytes;
}

}  // namespace farfork
