// SPDX-License-Identifier: Apache-2.0
#include "descriptor/builder.h"

#include <cstring>

#include "descriptor/checksum.h"

namespace farfork {
namespace {

constexpr uint64_t kSectionAlignment = 64;
constexpr uint32_t kMachineX86_64 = 62;  // EM_X86_64

uint64_t alignUp(uint64_t value) {
    return (value + kSectionAlignment - 1) & ~(kSectionAlignment - 1);
}

uint64_t append(std::vector<std::byte>& target, std::span<const std::byte> bytes, uint64_t alignment) {
    const uint64_t offset = (target.size() + alignment - 1) & ~(alignment - 1);
    target.resize(offset);
    target.insert(target.end(), bytes.begin(), bytes.end());
    return offset;
}

struct Part {
    uint32_t type, entry_size;
    uint64_t count;
    const void* data;
};

template <class T>
Part part(uint32_t type, const std::vector<T>& entries) {
    return {type, sizeof(T), entries.size(), entries.data()};
}

}  // namespace

uint32_t StringTable::add(std::string_view text) {
    text = text.substr(0, text.find('\0'));
    if (text.empty()) return 0;
    if (const auto found = offsets_.find(text); found != offsets_.end()) return found->second;
    const auto offset = static_cast<uint32_t>(bytes_.size());
    bytes_.insert(bytes_.end(), text.begin(), text.end());
    bytes_.push_back('\0');
    offsets_.emplace(std::string(text), offset);
    return offset;
}

uint64_t DescriptorBuilder::addXstate(std::span<const std::byte> area) {
    return append(xstate_, area, 64);
}
uint64_t DescriptorBuilder::addAuxv(std::span<const std::byte> auxv) {
    return append(auxv_, auxv, 16);
}
uint64_t DescriptorBuilder::addBytes(std::span<const std::byte> bytes) {
    return append(bytes_, bytes, 8);
}

Result<void> DescriptorBuilder::setSeedId(std::string_view seed_id) {
    if (seed_id.empty() || seed_id.size() >= FF_SEED_ID_SIZE || seed_id.find('\0') != std::string_view::npos)
        return Error{ErrorCode::kInvalidArgument, "descriptor.build", "seed id '" + std::string(seed_id) + "'",
                     "must have 1 to 39 characters"};
    std::memset(header.seed_id, 0, sizeof header.seed_id);
    std::memcpy(header.seed_id, seed_id.data(), seed_id.size());
    return {};
}

std::vector<std::byte> DescriptorBuilder::build() const {
    const std::vector<Part> parts = {
        part(FF_SECTION_PROCESSES, processes), part(FF_SECTION_THREADS, threads),
        part(FF_SECTION_VMAS, vmas),           part(FF_SECTION_SIGACTIONS, sigactions),
        part(FF_SECTION_FILES, files),         part(FF_SECTION_XSTATE, xstate_),
        part(FF_SECTION_AUXV, auxv_),          part(FF_SECTION_STRINGS, strings.bytes()),
        part(FF_SECTION_GROUPS, groups),       part(FF_SECTION_BYTES, bytes_),
        part(FF_SECTION_SHARED, shared),       part(FF_SECTION_RUNS, runs),
    };
    std::vector<ff_section> sections;
    uint64_t end = alignUp(sizeof(ff_descriptor_header) + parts.size() * sizeof(ff_section));
    for (const Part& each : parts) {
        sections.push_back({each.type, each.entry_size, end, each.count});
        end = alignUp(end + each.entry_size * each.count);
    }
    ff_descriptor_header head = header;
    head.magic = FF_DESCRIPTOR_MAGIC;
    head.version = FF_DESCRIPTOR_VERSION;
    head.header_size = sizeof head;
    head.total_size = end;
    head.checksum = 0;
    head.section_count = static_cast<uint32_t>(sections.size());
    head.machine = kMachineX86_64;

    std::vector<std::byte> bytes(end);
    std::memcpy(bytes.data(), &head, sizeof head);
    std::memcpy(bytes.data() + sizeof head, sections.data(), sections.size() * sizeof(ff_section));
    for (size_t i = 0; i < parts.size(); i++)
        if (parts[i].count)
            std::memcpy(bytes.data() + sections[i].offset, parts[i].data, parts[i].entry_size * parts[i].count);
    head.checksum = flatChecksum(bytes, offsetof(ff_descriptor_header, checksum));
    std::memcpy(bytes.data() + offsetof(ff_descriptor_header, checksum), &head.checksum, sizeof head.checksum);
    return bytes;
}

}  // namespace farfork
