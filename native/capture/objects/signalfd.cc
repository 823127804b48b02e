// SPDX-License-Identifier: Apache-2.0
#include "capture/objects/object.h"

namespace farfork::capturing {
namespace {

/// A signalfd holds a mask and no signals: reading one takes what is pending for the reader (linux fs/signalfd.c).
class CapturedSignalfd final : public CapturedObject {
  public:
    explicit CapturedSignalfd(const Opened& opened) : info_(opened) {}

    [[nodiscard]] uint32_t kind() const override { return FF_FILE_SIGNALFD; }
    bool confirm() override { return info_.read(); }
    Result<std::vector<std::byte>> describe(const FileTable&) override {
        return bytesOf(ff_signalfd{numberOf(field(info_.text(), "sigmask"), 16)});
    }

  private:
    InfoFile info_;
};

}  // namespace

Result<std::unique_ptr<CapturedObject>> findSignalfd(const Opened& opened) {
    std::unique_ptr<CapturedObject> found;
    if (opened.link == "anon_inode:[signalfd]") found = std::make_unique<CapturedSignalfd>(opened);
    return found;
}

}  // namespace farfork::capturing
