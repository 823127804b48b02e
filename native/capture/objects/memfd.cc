// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include "capture/objects/object.h"
#include "capture/shared.h"

namespace farfork::capturing {
namespace {

/// A memfd, or another file without a name that is mapped as well; its contents are the shared object's.
class CapturedMemfd final : public CapturedObject {
  public:
    CapturedMemfd(int duplicate, uint32_t shared) : duplicate_(duplicate) { memfd_.shared = shared; }

    [[nodiscard]] uint32_t kind() const override { return FF_FILE_MEMFD; }
    bool confirm() override {
        const off_t position = lseek(duplicate_, 0, SEEK_CUR);
        memfd_.position = static_cast<uint64_t>(position);
        return position >= 0;
    }
    Result<std::vector<std::byte>> describe(const FileTable&) override { return bytesOf(memfd_); }

  private:
    int duplicate_;
    ff_memfd memfd_{};
};

}  // namespace

Result<std::unique_ptr<CapturedObject>> findMemfd(const Opened& opened) {
    std::unique_ptr<CapturedObject> found;
    auto index = opened.shared.claim(opened);
    if (!index) return index.error();
    if (*index) found = std::make_unique<CapturedMemfd>(opened.duplicate, **index);
    return found;
}

}  // namespace farfork::capturing
