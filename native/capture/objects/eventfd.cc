// SPDX-License-Identifier: Apache-2.0
#include "capture/objects/object.h"

namespace farfork::capturing {
namespace {

/// The count is read in the pause, from fdinfo (linux fs/eventfd.c, eventfd_show_fdinfo): reading the descriptor itself
/// would take it.
class CapturedEventfd final : public CapturedObject {
  public:
    explicit CapturedEventfd(const Opened& opened) : info_(opened) {}

    [[nodiscard]] uint32_t kind() const override { return FF_FILE_EVENTFD; }
    bool confirm() override { return info_.read(); }
    Result<std::vector<std::byte>> describe(const FileTable&) override {
        const std::string text(info_.text());
        ff_eventfd eventfd{};
        eventfd.count = numberOf(field(text, "eventfd-count"), 16);
        eventfd.semaphore = static_cast<uint32_t>(numberOf(field(text, "eventfd-semaphore")));
        return bytesOf(eventfd);
    }

  private:
    InfoFile info_;
};

}  // namespace

Result<std::unique_ptr<CapturedObject>> findEventfd(const Opened& opened) {
    std::unique_ptr<CapturedObject> found;
    if (opened.link == "anon_inode:[eventfd]") found = std::make_unique<CapturedEventfd>(opened);
    return found;
}

}  // namespace farfork::capturing
