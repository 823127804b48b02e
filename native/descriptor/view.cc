// SPDX-License-Identifier: Apache-2.0
#include "descriptor/view.h"

#include <cstring>

#include "descriptor/checksum.h"
#include "descriptor/validator.h"

namespace farfork {
namespace {

constexpr uint32_t kMachineX86_64 = 62;  // EM_X86_64
constexpr uint32_t kMaxSections = 64;

template <class T>
bool bind(std::span<const T>& target, std::span<const std::byte> bytes, const ff_section& section) {
    if (section.entry_size != sizeof(T) || section.offset % 64 != 0 || section.offset > bytes.size()) return false;
    if (section.count > (bytes.size() - section.offset) / sizeof(T)) return false;
    target = {reinterpret_cast<const T*>(bytes.data() + section.offset), static_cast<size_t>(section.count)};
    return true;
}

}  // namespace

Result<DescriptorView> DescriptorView::parse(std::span<const std::byte> bytes) {
    DescriptorView view;
    DescriptorValidator validator(view);
    if (!validator.run(bytes))
        return Error{ErrorCode::kDescriptorCorrupt, "descriptor.parse", "descriptor", validator.reason()};
    return view;
}

bool DescriptorValidator::fail(std::string reason) {
    reason_ = std::move(reason);
    return false;
}

bool DescriptorValidator::run(std::span<const std::byte> bytes) {
    if (!header(bytes) || !sections(bytes)) return false;
    if (view_.processes_.empty()) return fail("it holds no process");
    for (size_t i = 0; i < view_.processes_.size(); i++)
        if (!process(view_.processes_[i], i)) return false;
    if (threads_end_ != view_.threads_.size()) return fail("threads belong to no process");
    if (vmas_end_ != view_.vmas_.size()) return fail("VMAs belong to no process");
    if (files_end_ != view_.files_.size()) return fail("files belong to no process");
    return true;
}

bool DescriptorValidator::header(std::span<const std::byte> bytes) {
    if (reinterpret_cast<uintptr_t>(bytes.data()) % alignof(ff_descriptor_header) != 0)
        return fail("misaligned buffer");
    if (bytes.size() < sizeof(ff_descriptor_header)) return fail("shorter than its header");
    const auto* head = reinterpret_cast<const ff_descriptor_header*>(bytes.data());
    if (head->magic != FF_DESCRIPTOR_MAGIC) return fail("wrong magic number");
    if (head->version != FF_DESCRIPTOR_VERSION) return fail("version " + std::to_string(head->version));
    if (head->header_size != sizeof *head) return fail("wrong header size");
    if (head->total_size != bytes.size())
        return fail("says " + std::to_string(head->total_size) + " bytes, has " + std::to_string(bytes.size()));
    if (head->checksum != flatChecksum(bytes, offsetof(ff_descriptor_header, checksum))) return fail("wrong checksum");
    if (head->machine != kMachineX86_64) return fail("machine " + std::to_string(head->machine));
    if (head->seed_id[0] == '\0' || !memchr(head->seed_id, '\0', sizeof head->seed_id)) return fail("bad seed id");
    view_.bytes_ = bytes;
    view_.header_ = head;
    return true;
}

bool DescriptorValidator::sections(std::span<const std::byte> bytes) {
    const uint32_t count = view_.header_->section_count;
    const auto table = bytes.subspan(sizeof(ff_descriptor_header));
    if (count > kMaxSections || count > table.size() / sizeof(ff_section)) return fail("section table out of bounds");
    const auto* section = reinterpret_cast<const ff_section*>(table.data());
    uint64_t end = sizeof(ff_descriptor_header) + count * sizeof(ff_section);
    uint64_t seen = 0;
    for (uint32_t i = 0; i < count; i++) {
        const std::string name = "section " + std::to_string(section[i].type);
        if (section[i].type == 0 || section[i].type > FF_SECTION_LAST) return fail(name + " is unknown");
        if (seen & (1ULL << section[i].type)) return fail(name + " comes twice");
        seen |= 1ULL << section[i].type;
        if (section[i].offset < end) return fail(name + " overlaps what is before it");
        if (!bindSection(section[i])) return fail(name + " is out of bounds");
        end = section[i].offset + section[i].entry_size * section[i].count;
    }
    if (seen != (2ULL << FF_SECTION_LAST) - 2) return fail("a section is missing");
    const auto strings = view_.strings_;
    if (strings.empty() || strings.front() != '\0' || strings.back() != '\0') return fail("strings do not end");
    return true;
}

bool DescriptorValidator::bindSection(const ff_section& section) {
    const auto bytes = view_.bytes_;
    switch (section.type) {
        case FF_SECTION_PROCESSES:
            return bind(view_.processes_, bytes, section);
        case FF_SECTION_THREADS:
            return bind(view_.threads_, bytes, section);
        case FF_SECTION_VMAS:
            return bind(view_.vmas_, bytes, section);
        case FF_SECTION_SIGACTIONS:
            return bind(view_.sigactions_, bytes, section);
        case FF_SECTION_FILES:
            return bind(view_.files_, bytes, section);
        case FF_SECTION_XSTATE:
            return bind(view_.xstate_, bytes, section);
        case FF_SECTION_AUXV:
            return bind(view_.auxv_, bytes, section);
        case FF_SECTION_STRINGS:
            return bind(view_.strings_, bytes, section);
        case FF_SECTION_GROUPS:
            return bind(view_.groups_, bytes, section);
        case FF_SECTION_BYTES:
            return bind(view_.queued_, bytes, section);
        case FF_SECTION_SHARED:
            return bind(view_.shared_, bytes, section);
        case FF_SECTION_RUNS:
            return bind(view_.runs_, bytes, section);
    }
    return false;
}

bool DescriptorValidator::stringAt(uint32_t offset, const char* what) {
    if (offset < view_.strings_.size()) return true;
    return fail(std::string(what) + ": string offset out of bounds");
}

}  // namespace farfork
