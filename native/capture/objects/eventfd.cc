// SPDX-License-Identifier: Apache-2.0
#include "capture/objects/object.h"

namespace farfork::capturing {
namespace {

/// The count is read in the pause, from fdinfo (linux fs/eventfd.c, eventfd_show_fdinfo): reading the descriptor itself
/// would take it.
class CapturedEventfd final : public CapturedObject {
  public:
    explicit CapturedEventfd(const Opened& opened)
        : proc_(opened.proc), path_("fdinfo/" + std::to_string(opened.file.fd)), info_(kInfoBytes) {}

    [[nodiscard]] uint32_t kind() const override { return FF_FILE_EVENTFD; }
    bool confirm() override { return readIntoBuffer(proc_, path_.c_str(), info_); }
    Result<std::vector<std::byte>> describe(const FileTable&) override {
        const std::string text(info_.data());
        ff_eventfd eventfd{};
        eventfd.count = numberOf(field(text, "eventfd-count"), 16);
        eventfd.semaphore = static_cast<uint32_t>(numberOf(field(text, "eventfd-semaphore")));
        return bytesOf(eventfd);
    }

  private:
    static constexpr size_t kInfoBytes = 512;
    const ProcDir& proc_;
    std::string path_;
    std::vector<char> info_;
};

}  // namespace

Result<std::unique_ptr<CapturedObject>> findEventfd(const Opened& opened) {
    std::unique_ptr<CapturedObject> found;
    if (opened.link == "anon_inode:[eventfd]") found = std::make_unique<CapturedEventfd>(opened);
    return found;
}

}  // namespace farfork::capturing
