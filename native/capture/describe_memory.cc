// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "capture/describe.h"
#include "capture/errors.h"
#include "capture/hash_cache.h"
#include "capture/ptrace_calls.h"
#include "descriptor/identity.h"

namespace farfork::capturing {
namespace {

constexpr std::string_view kDeleted = " (deleted)";

uint32_t flagsOf(const Mapping& mapping) {
    struct {
        const char* code;
        uint32_t flag;
    } constexpr kCodes[] = {
        {"gd ", FF_VMA_GROWSDOWN}, {"wf ", FF_VMA_WIPEONFORK}, {"dc ", FF_VMA_DONTFORK},   {"nr ", FF_VMA_NORESERVE},
        {"lo ", FF_VMA_LOCKED},    {"dd ", FF_VMA_DONTDUMP},   {"hg ", FF_VMA_HUGEPAGE},   {"nh ", FF_VMA_NOHUGEPAGE},
        {"mg ", FF_VMA_MERGEABLE}, {"rr ", FF_VMA_RANDOM},     {"sr ", FF_VMA_SEQUENTIAL}, {"lf ", FF_VMA_LOCKONFAULT},
        {"sl ", FF_VMA_SEALED},    {"dp ", FF_VMA_DROPPABLE},
    };
    uint32_t flags = mapping.shared ? static_cast<uint32_t>(FF_VMA_SHARED) : 0;
    for (const auto& [code, flag] : kCodes)
        if (mapping.has(code)) flags |= flag;
    if (mapping.path == "[stack]")
        flags |= FF_VMA_STACK;
    else if (mapping.path == "[heap]")
        flags |= FF_VMA_HEAP;
    else if (mapping.path == "[vdso]")
        flags |= FF_VMA_VDSO;
    else if (mapping.path.starts_with("[vvar"))
        flags |= FF_VMA_VVAR;
    else if (mapping.path == "[vsyscall]")
        flags |= FF_VMA_VSYSCALL;
    const bool anonymous = mapping.inode == 0;
    if (anonymous ? mapping.resident_kb + mapping.swap_kb : mapping.anonymous_kb + mapping.swap_kb)
        flags |= FF_VMA_DIRTIED;
    if (flags & (FF_VMA_VDSO | FF_VMA_VVAR | FF_VMA_VSYSCALL)) flags &= ~static_cast<uint32_t>(FF_VMA_DIRTIED);
    return flags;
}

Result<void> describeFile(DescriptorBuilder& builder, ff_vma& vma, const ProcDir& parent, const Twin& twin,
                          const Mapping& mapping) {
    const std::string name = mapFile(mapping);
    struct stat about {};
    if (fstatat(twin.proc().fd(), name.c_str(), &about, 0) != 0)
        return unreadable(parent.pid(), "stat " + nameMapping(mapping), errno);
    if (!S_ISREG(about.st_mode)) return notCarried(nameMapping(mapping, "not a regular file"));
    std::string path = mapping.path;
    vma.flags |= FF_VMA_FILE;
    const bool exact = namesFile(parent, path, about);
    if (!exact && path.ends_with(kDeleted)) path.resize(path.size() - kDeleted.size());
    if (!exact) vma.flags |= FF_VMA_FILE_DELETED;
    if (!exact && mapping.shared) return notCarried(nameMapping(mapping, "MAP_SHARED"));
    vma.path = builder.strings.add(path);
    vma.dev_major = mapping.dev_major;
    vma.dev_minor = mapping.dev_minor;
    vma.inode = mapping.inode;
    vma.file_size = static_cast<uint64_t>(about.st_size);
    vma.file_mtime_ns = about.st_mtim.tv_sec * 1'000'000'000LL + about.st_mtim.tv_nsec;
    if (!exact) return {};
    if (mapping.shared && !mapping.has("mw ")) vma.flags |= FF_VMA_NEVER_WRITABLE;
    UniqueFd file(openat(twin.proc().fd(), name.c_str(), O_RDONLY | O_CLOEXEC));
    // "sh" is VM_SHARED: a shared mapping of a file that is open for writing, whatever its protection is now.
    if (mapping.shared && mapping.has("sh ")) vma.flags |= FF_VMA_SAME_FILE;
    const auto hash = !file.valid()                  ? std::nullopt
                      : vma.flags & FF_VMA_SAME_FILE ? fileIdentity(file.get())
                                                     : hashFile(file.get(), about);
    vma.file_hash_high = hash ? hash->high : 0;
    vma.file_hash_low = hash ? hash->low : 0;
    return {};
}

Result<void> noteVdso(DescriptorBuilder& builder, ff_process& process, const Twin& twin, const ff_vma& vma) {
    if (vma.flags & FF_VMA_VVAR) {
        if (process.vvar_size == 0) process.vvar_start = vma.start;
        process.vvar_size = vma.end - process.vvar_start;
    }
    if (!(vma.flags & FF_VMA_VDSO)) return {};
    process.vdso_start = vma.start;
    process.vdso_size = vma.end - vma.start;
    std::vector<std::byte> text(process.vdso_size);
    if (!readMemory(twin.pid(), vma.start, text.data(), text.size()))
        return unreadable(twin.pid(), "read the vdso", errno);
    builder.header.vdso_hash = hash64(text);
    return {};
}

/// A process's own memory policies are not carried: numa_maps(5) names those that are not the default.
Result<void> checkPolicies(const Twin& twin, const std::vector<Mapping>& mappings) {
    const auto text = twin.proc().read("numa_maps");
    if (!text) return errno == ENOENT ? Result<void>() : unreadable(twin.pid(), "read numa_maps", errno);
    for (size_t at = 0; at < text->size();) {
        const size_t end = std::min(text->find('\n', at), text->size());
        const std::string_view line = std::string_view(*text).substr(at, end - at);
        at = end + 1;
        const std::string_view rest = line.substr(std::min(line.find(' ') + 1, line.size()));
        const std::string_view policy = rest.substr(0, rest.find(' '));
        if (policy == "default") continue;
        const uint64_t start = numberOf(line, 16);
        for (const Mapping& mapping : mappings)
            if (mapping.start <= start && start < mapping.end)
                return notCarried(nameMapping(mapping, "NUMA policy " + std::string(policy)));
    }
    return {};
}

}  // namespace

Result<void> describeMemory(DescriptorBuilder& builder, ff_process& process, const ProcDir& parent, const Twin& twin,
                            const std::vector<Mapping>& mappings, uint64_t scratch, SharedTable& shared) {
    if (auto policies = checkPolicies(twin, mappings); !policies) return policies;
    process.vma_first = static_cast<uint32_t>(builder.vmas.size());
    for (const Mapping& mapping : mappings) {
        if (mapping.start == scratch) continue;
        ff_vma vma{};
        vma.start = mapping.start;
        vma.end = mapping.end;
        vma.prot = mapping.prot;
        vma.flags = flagsOf(mapping) | (mapping.guard ? uint32_t{FF_VMA_GUARD} : 0);
        auto of_object = shared.describeMapping(vma, mapping, parent, twin.proc());
        if (!of_object) return of_object.error();
        if (mapping.inode != 0 && !*of_object) {
            vma.file_offset = mapping.offset;
            if (auto file = describeFile(builder, vma, parent, twin, mapping); !file) return file;
        }
        if (auto noted = noteVdso(builder, process, twin, vma); !noted) return noted;
        builder.vmas.push_back(vma);
    }
    process.vma_count = static_cast<uint32_t>(builder.vmas.size()) - process.vma_first;
    return shared.describe(builder, twin.proc());
}

}  // namespace farfork::capturing
