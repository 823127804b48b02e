// SPDX-License-Identifier: Apache-2.0
#include "capture/objects/object.h"

namespace farfork::capturing {
namespace {

/// A signalfd holds a mask and no signals: reading one takes what is pending for the reader (linux fs/signalfd.c).
class CapturedSignalfd final : public CapturedObject {
  public:
    explicit CapturedSignalfd(const Opened& opened)
        : proc_(opened.proc), path_("fdinfo/" + std::to_string(opened.file.fd)), info_(kInfoBytes) {}

    [[nodiscard]] uint32_t kind() const override { return FF_FILE_SIGNALFD; }
    bool confirm() override { return readIntoBuffer(proc_, path_.c_str(), info_); }
    Result<std::vector<std::byte>> describe(const FileTable&) override {
        return bytesOf(ff_signalfd{numberOf(field(info_.data(), "sigmask"), 16)});
    }

  private:
    static constexpr size_t kInfoBytes = 512;
    const ProcDir& proc_;
    std::string path_;
    std::vector<char> info_;
};

}  // namespace

Result<std::unique_ptr<CapturedObject>> findSignalfd(const Opened& opened) {
    std::unique_ptr<CapturedObject> found;
    if (opened.link == "anon_inode:[signalfd]") found = std::make_unique<CapturedSignalfd>(opened);
    return found;
}

}  // namespace farfork::capturing
