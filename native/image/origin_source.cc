// SPDX-License-Identifier: Apache-2.0
#include "image/origin_source.h"

#include <algorithm>

namespace farfork {

OriginSource::OriginSource(Layout layout, std::shared_ptr<PageSource> twin,
                           std::vector<std::shared_ptr<PageSource>> files)
    : layout_(std::move(layout)), twin_(std::move(twin)), files_(std::move(files)) {
    assert(files_.size() == layout_.files.size() && twin_->synchronous());
}

void OriginSource::read(std::vector<PageRead> reads, Completion done) {
    std::vector<std::vector<PageRead>> by_source(files_.size() + 1);  // the twin's are last
    for (const PageRead& read : reads) {
        uint64_t at = read.range.start;
        while (at < read.range.end) {
            const LayoutExtent* extent = layout_.find(at);
            if (extent == nullptr) {
                return done(Error{ErrorCode::kInternal, "image.origin", describe(), "read outside the layout"});
            }
            const uint64_t end = std::min(read.range.end, extent->range.end);
            const bool from_file = extent->origin == LayoutExtent::Origin::kFile;
            by_source[from_file ? extent->file_index : files_.size()].push_back(
                {{at, end}, read.destination + (at - read.range.start)});
            at = end;
        }
    }
    Result<void> outcome;
    for (size_t index = 0; index < by_source.size() && outcome.ok(); ++index) {
        if (by_source[index].empty()) continue;
        const std::shared_ptr<PageSource>& source = index < files_.size() ? files_[index] : twin_;
        source->read(std::move(by_source[index]), [&outcome](Result<void> result) { outcome = std::move(result); });
    }
    done(std::move(outcome));
}

}  // namespace farfork
