// SPDX-License-Identifier: Apache-2.0
#include "capture/memory_map.h"

#include <sys/mman.h>

#include <charconv>
#include <cstdio>

#include "capture/errors.h"

namespace farfork::capturing {
namespace {

uint64_t takeHex(std::string_view& text) {
    uint64_t value = 0;
    const auto [next, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    text.remove_prefix(static_cast<size_t>(next - text.data()));
    (void)error;
    return value;
}

void skip(std::string_view& text, size_t count) {
    text.remove_prefix(std::min(count, text.size()));
}

/// The kernel prints a newline in a path as \012 and nothing else escaped (fs/proc/task_mmu.c, seq_path with "\n").
std::string unescape(std::string_view path) {
    std::string plain;
    for (size_t at = 0; at < path.size(); at++) {
        if (path.substr(at, 4) == "\\012") {
            plain += '\n';
            at += 3;
        } else {
            plain += path[at];
        }
    }
    return plain;
}

Mapping parseHeader(std::string_view line) {
    Mapping mapping;
    mapping.start = takeHex(line);
    skip(line, 1);
    mapping.end = takeHex(line);
    skip(line, 1);
    if (line.size() >= 4) {
        mapping.prot =
            (line[0] == 'r' ? PROT_READ : 0u) | (line[1] == 'w' ? PROT_WRITE : 0u) | (line[2] == 'x' ? PROT_EXEC : 0u);
        mapping.shared = line[3] == 's';
    }
    skip(line, 5);
    mapping.offset = takeHex(line);
    skip(line, 1);
    mapping.dev_major = static_cast<uint32_t>(takeHex(line));
    skip(line, 1);
    mapping.dev_minor = static_cast<uint32_t>(takeHex(line));
    skip(line, 1);
    const auto [next, error] = std::from_chars(line.data(), line.data() + line.size(), mapping.inode);
    (void)error;
    skip(line, static_cast<size_t>(next - line.data()));
    const size_t path = line.find_first_not_of(' ');
    if (path != std::string_view::npos) mapping.path = unescape(line.substr(path));
    return mapping;
}

bool isHeader(std::string_view line) {
    const size_t dash = line.find('-'), blank = line.find(' '), colon = line.find(':');
    return dash != std::string_view::npos && dash < blank && (colon == std::string_view::npos || blank < colon);
}

}  // namespace

std::vector<Mapping> parseMappings(std::string_view text) {
    std::vector<Mapping> mappings;
    for (size_t at = 0; at < text.size();) {
        size_t end = text.find('\n', at);
        if (end == std::string_view::npos) end = text.size();
        const std::string_view line = text.substr(at, end - at);
        at = end + 1;
        if (isHeader(line)) {
            mappings.push_back(parseHeader(line));
        } else if (!mappings.empty()) {
            Mapping& mapping = mappings.back();
            if (line.starts_with("Rss:"))
                mapping.resident_kb = numberOf(line.substr(4));
            else if (line.starts_with("Anonymous:"))
                mapping.anonymous_kb = numberOf(line.substr(10));
            else if (line.starts_with("AnonHugePages:"))
                mapping.huge_kb = numberOf(line.substr(14));
            else if (line.starts_with("Swap:"))
                mapping.swap_kb = numberOf(line.substr(5));
            else if (line.starts_with("ProtectionKey:"))
                mapping.protection_key = numberOf(line.substr(14));
            else if (line.starts_with("VmFlags: "))
                mapping.vm_flags = std::string(line.substr(9)) + " ";
        }
    }
    return mappings;
}

std::string nameMapping(const Mapping& mapping, std::string_view what) {
    char range[64];
    std::snprintf(range, sizeof range, "VMA %lx-%lx", static_cast<unsigned long>(mapping.start),
                  static_cast<unsigned long>(mapping.end));
    std::string name = std::string(range) + " (" + std::string(what);
    if (!what.empty() && !mapping.path.empty()) name += " ";
    return name + mapping.path + ")";
}

std::string mapFile(const Mapping& mapping) {
    char name[64];
    std::snprintf(name, sizeof name, "map_files/%lx-%lx",
                  static_cast<unsigned long>(mapping.vma_end ? mapping.vma_start : mapping.start),
                  static_cast<unsigned long>(mapping.vma_end ? mapping.vma_end : mapping.end));
    return name;
}

Result<void> checkMappings(const std::vector<Mapping>& mappings) {
    for (const Mapping& mapping : mappings) {
        const bool special = mapping.path.starts_with("[v");  // [vdso], [vvar...], [vsyscall]
        if (mapping.has("ht ")) return notCarried(nameMapping(mapping, "hugetlb"));
        if (mapping.has("um ") || mapping.has("uw ") || mapping.has("ui "))
            return notCarried(nameMapping(mapping, "userfaultfd"));
        if (mapping.isNotForked() && (mapping.shared || mapping.inode != 0 || mapping.has("gd ")))
            return notCarried(nameMapping(mapping, "MADV_DONTFORK"));
        // A munmap that fails at a sealed mapping raises events for what lies before it (linux mm/vma.c,
        // vms_gather_munmap_vmas): the child's pager would forget memory that is still there.
        if (mapping.has("sl ") && !special) return notCarried(nameMapping(mapping, "sealed with mseal"));
        // An execute-only mapping has a key of the kernel's own choice (pkeys(7)).
        if (mapping.protection_key != 0 && mapping.prot != PROT_EXEC)
            return notCarried(nameMapping(mapping, "protection key " + std::to_string(mapping.protection_key)));
        if ((mapping.has("io ") || mapping.has("pf ")) && !special)
            return notCarried(nameMapping(mapping, "device memory"));
        if (mapping.has("ss ")) return notCarried(nameMapping(mapping, "shadow stack"));
    }
    return {};
}

}  // namespace farfork::capturing
