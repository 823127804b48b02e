// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "descriptor/view.h"

namespace farfork {

/// Highest user address plus one on x86-64 with four-level page tables; also the size of the image.
constexpr uint64_t kUserAddressEnd = 1ULL << 47;

/// Checks a descriptor step by step; each step returns false and leaves a reason at the first thing that is wrong.
class DescriptorValidator {
  public:
    explicit DescriptorValidator(DescriptorView& view) : view_(view) {}
    bool run(std::span<const std::byte> bytes);
    [[nodiscard]] const std::string& reason() const { return reason_; }

  private:
    bool fail(std::string reason);
    bool header(std::span<const std::byte> bytes);
    bool sections(std::span<const std::byte> bytes);
    bool bindSection(const ff_section& section);
    bool process(const ff_process& process, size_t index);
    bool processGroups(const ff_process& process);
    bool thread(const ff_thread& thread);
    bool seccomp(const ff_thread& thread);
    bool threadsOf(const ff_process& process);
    bool vmasOf(const ff_process& process);
    bool signalsAndTimers(const ff_process& process);
    bool inBytes(uint64_t offset, uint64_t count, uint64_t entry_size, const std::string& what);
    bool filesOf(const ff_process& process);
    bool file(const ff_file& file);
    bool sharedOf(const ff_process& process);
    bool shared(const ff_shared& object, size_t index, const ff_process& process);
    std::string objectFault(const ff_file& file, std::span<const std::byte> object) const;
    static std::string socketFault(std::span<const std::byte> object);
    bool stringAt(uint32_t offset, const char* what);

    DescriptorView& view_;
    std::string reason_;
    /// Where the groups of the processes seen so far end.
    uint64_t threads_end_ = 0, vmas_end_ = 0, files_end_ = 0;
};

}  // namespace farfork
