// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"
#include "descriptor/descriptor.h"

namespace farfork {

/// A validated look at a descriptor's bytes, which must stay alive, unchanged and 8-byte aligned.
///
/// After `parse` every offset, count, index, string and byte range that the descriptor holds is in bounds, so readers
/// need no checks of their own: groups of threads, VMAs and files tile their sections, VMAs ascend without overlap,
/// the first thread of a process is its leader, strings end.
class DescriptorView {
  public:
    /// Error: DESCRIPTOR_CORRUPT; the detail says what is wrong.
    static Result<DescriptorView> parse(std::span<const std::byte> bytes);

    [[nodiscard]] const ff_descriptor_header& header() const { return *header_; }
    [[nodiscard]] std::string_view seedId() const { return header_->seed_id; }
    [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }

    [[nodiscard]] std::span<const ff_process> processes() const { return processes_; }
    [[nodiscard]] std::span<const ff_thread> threads() const { return threads_; }
    [[nodiscard]] std::span<const ff_vma> vmas() const { return vmas_; }
    [[nodiscard]] std::span<const ff_file> files() const { return files_; }

    [[nodiscard]] std::span<const ff_thread> threads(const ff_process& process) const {
        return threads_.subspan(process.thread_first, process.thread_count);
    }
    [[nodiscard]] std::span<const ff_vma> vmas(const ff_process& process) const {
        return vmas_.subspan(process.vma_first, process.vma_count);
    }
    [[nodiscard]] std::span<const ff_file> files(const ff_process& process) const {
        return files_.subspan(process.file_first, process.file_count);
    }
    /// FF_SIGNAL_COUNT entries; index = signal number - 1.
    [[nodiscard]] std::span<const ff_sigaction> sigactions(const ff_process& process) const {
        return sigactions_.subspan(process.sigaction_first, FF_SIGNAL_COUNT);
    }
    [[nodiscard]] std::span<const uint32_t> groups(const ff_process& process) const {
        return groups_.subspan(process.group_first, process.group_count);
    }
    [[nodiscard]] std::span<const std::byte> auxv(const ff_process& process) const {
        return auxv_.subspan(process.auxv_offset, process.auxv_size);
    }
    /// The thread's XSAVE area, standard layout, 64-byte aligned within the descriptor.
    [[nodiscard]] std::span<const std::byte> xstate(const ff_thread& thread) const {
        return xstate_.subspan(thread.xstate_offset, thread.xstate_size);
    }
    /// The bytes queued in a pipe; empty for other kinds.
    [[nodiscard]] std::span<const std::byte> queuedBytes(const ff_file& file) const {
        return queued_.subspan(file.bytes_offset, file.bytes_size);
    }
    /// The thread's filters, oldest first (descriptor/seccomp.h); empty: none.
    [[nodiscard]] std::span<const std::byte> seccompFilters(const ff_thread& thread) const {
        return queued_.subspan(thread.seccomp_offset, thread.seccomp_size);
    }
    [[nodiscard]] std::span<const ff_shared> shared() const { return shared_; }
    /// Contents of a shared object, ascending by offset.
    [[nodiscard]] std::span<const ff_run> runs(const ff_shared& object) const {
        return runs_.subspan(object.run_first, object.run_count);
    }
    /// Copied pages of its private mappings, ascending by address.
    [[nodiscard]] std::span<const ff_run> privateRuns(const ff_shared& object) const {
        return runs_.subspan(object.run_first + object.run_count, object.private_count);
    }
    [[nodiscard]] std::span<const std::byte> bytesOf(const ff_run& run) const {
        return queued_.subspan(run.bytes_offset, run.bytes_size);
    }
    /// What a process or thread names in FF_SECTION_BYTES: pending signals, timers, CPU masks.
    [[nodiscard]] std::span<const ff_siginfo> pending(const ff_process& process) const {
        return array<ff_siginfo>(process.pending_offset, process.pending_count);
    }
    [[nodiscard]] std::span<const ff_siginfo> pending(const ff_thread& thread) const {
        return array<ff_siginfo>(thread.pending_offset, thread.pending_count);
    }
    [[nodiscard]] std::span<const ff_posix_timer> timers(const ff_process& process) const {
        return array<ff_posix_timer>(process.timers_offset, process.timer_count);
    }
    [[nodiscard]] std::span<const std::byte> affinity(const ff_thread& thread) const {
        return queued_.subspan(thread.affinity_offset, thread.affinity_bytes);
    }
    /// The string at a validated offset; empty when `offset` is not one that the descriptor holds.
    [[nodiscard]] std::string_view string(uint32_t offset) const {
        return offset < strings_.size() ? std::string_view(strings_.data() + offset) : std::string_view();
    }

  private:
    friend class DescriptorValidator;
    template <class T>
    [[nodiscard]] std::span<const T> array(uint64_t offset, uint64_t count) const {
        return {reinterpret_cast<const T*>(queued_.data() + offset), count};
    }
    std::span<const std::byte> bytes_;
    const ff_descriptor_header* header_ = nullptr;
    std::span<const ff_process> processes_;
    std::span<const ff_thread> threads_;
    std::span<const ff_vma> vmas_;
    std::span<const ff_sigaction> sigactions_;
    std::span<const ff_file> files_;
    std::span<const uint32_t> groups_;
    std::span<const ff_shared> shared_;
    std::span<const ff_run> runs_;
    std::span<const std::byte> xstate_, auxv_, queued_;
    std::span<const char> strings_;
};

}  // namespace farfork
