// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <vector>

#include "image/layout.h"
#include "image/page_source.h"

namespace farfork {

/// The source of an image at its origin: kTwin extents from the twin, kFile extents from their files.
/// Thread-safe, synchronous.
class OriginSource : public PageSource {
  public:
    /// `files[i]` serves Layout::files[i]. `twin` may be any source of the kTwin extents.
    OriginSource(Layout layout, std::shared_ptr<PageSource> twin, std::vector<std::shared_ptr<PageSource>> files);
    void read(std::vector<PageRead> reads, Completion done) override;
    [[nodiscard]] bool synchronous() const override { return true; }
    [[nodiscard]] std::string describe() const override { return "origin of " + twin_->describe(); }

  private:
    Layout layout_;
    std::shared_ptr<PageSource> twin_;
    std::vector<std::shared_ptr<PageSource>> files_;
};

}  // namespace farfork
