// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "descriptor/builder.h"
#include "descriptor/plan.h"

namespace farfork {

/// A validated look at a resume plan's bytes, which must stay alive, unchanged and 8-byte aligned.
/// After `parse` maps ascend without overlap and their kinds are known, registers and present runs ascend and each lies
/// inside mapped ranges of a fitting kind, file indices and strings are in bounds.
class PlanView {
  public:
    /// Error: DESCRIPTOR_CORRUPT; the detail says what is wrong.
    static Result<PlanView> parse(std::span<const std::byte> bytes);

    [[nodiscard]] const ff_plan_header& header() const { return *header_; }
    [[nodiscard]] std::string_view seedId() const { return header_->seed_id; }
    [[nodiscard]] std::span<const ff_map> maps() const { return maps_; }
    [[nodiscard]] std::span<const ff_register> registers() const { return registers_; }
    [[nodiscard]] std::span<const ff_present_run> presents() const { return presents_; }
    [[nodiscard]] std::span<const ff_plan_file> files() const { return files_; }
    [[nodiscard]] std::string_view string(uint32_t offset) const {
        return offset < strings_.size() ? std::string_view(strings_.data() + offset) : std::string_view();
    }

  private:
    std::string bind(std::span<const std::byte> bytes);
    [[nodiscard]] std::string check() const;
    const ff_plan_header* header_ = nullptr;
    std::span<const ff_map> maps_;
    std::span<const ff_register> registers_;
    std::span<const ff_present_run> presents_;
    std::span<const ff_plan_file> files_;
    std::span<const char> strings_;
};

/// Collects the parts of a plan and lays them out (arrays at 64-byte aligned offsets).
struct PlanBuilder {
    std::vector<ff_map> maps;              ///< ascending
    std::vector<ff_register> registers;    ///< ascending
    std::vector<ff_present_run> presents;  ///< ascending
    std::vector<ff_plan_file> files;
    StringTable strings;
    uint64_t image_size = 1ULL << 47;  ///< bytes

    /// The finished plan. Error: INVALID_ARGUMENT for a seed id that does not fit.
    [[nodiscard]] Result<std::vector<std::byte>> build(std::string_view seed_id) const;
};

}  // namespace farfork
