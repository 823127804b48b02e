// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "descriptor/descriptor.h"

namespace farfork {

/// The string table of a flat format: NUL-terminated strings, offset 0 is the empty string, equal strings are one.
class StringTable {
  public:
    /// Offset of `text`; an embedded NUL ends it.
    uint32_t add(std::string_view text);
    [[nodiscard]] const std::vector<char>& bytes() const { return bytes_; }

  private:
    std::vector<char> bytes_ = {'\0'};
    std::map<std::string, uint32_t, std::less<>> offsets_;
};

/// Collects the parts of a descriptor and lays them out. The vectors are the sections; indices and `*_first` fields are
/// the caller's to set. `build` fills the header's layout fields and the checksum.
class DescriptorBuilder {
  public:
    ff_descriptor_header header{};  ///< seed_id, captured_at_*, xcr0, vdso_hash are the caller's
    std::vector<ff_process> processes;
    std::vector<ff_thread> threads;
    std::vector<ff_vma> vmas;
    std::vector<ff_sigaction> sigactions;
    std::vector<ff_file> files;
    std::vector<uint32_t> groups;
    std::vector<ff_shared> shared;
    std::vector<ff_run> runs;
    StringTable strings;

    /// Copies one XSAVE area (standard layout); returns its offset for ff_thread.xstate_offset.
    uint64_t addXstate(std::span<const std::byte> area);
    /// Copies an auxiliary vector; returns its offset for ff_process.auxv_offset.
    uint64_t addAuxv(std::span<const std::byte> auxv);
    /// Copies bytes (pipe contents, objects), 8-byte aligned; returns their offset for ff_file.bytes_offset.
    uint64_t addBytes(std::span<const std::byte> bytes);
    /// Sets the header's seed id. Error: INVALID_ARGUMENT when it is empty or longer than FF_SEED_ID_SIZE - 1.
    Result<void> setSeedId(std::string_view seed_id);

    /// The finished descriptor.
    [[nodiscard]] std::vector<std::byte> build() const;

  private:
    std::vector<std::byte> xstate_, auxv_, bytes_;
};

/// A memfd named `name` that holds `bytes`, sealed against every change (F_SEAL_WRITE|SHRINK|GROW|SEAL).
/// Error: RESOURCE_EXHAUSTED.
Result<UniqueFd> sealedMemfd(const char* name, std::span<const std::byte> bytes);

}  // namespace farfork
