// SPDX-License-Identifier: Apache-2.0
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "capture/errors.h"
#include "capture/objects/object.h"
#include "capture/objects/watched_path.h"

namespace farfork::capturing {
namespace {

struct Watch {
    int32_t number;
    uint32_t mask;
    std::string path;  ///< below the parent's root
};

/// Watches are told by fdinfo, by the file's handle instead of the path that was given (linux fs/notify/fdinfo.c). What
/// is queued cannot be read without taking it; that there is something can.
class CapturedInotify final : public CapturedObject {
  public:
    CapturedInotify(const Opened& opened, std::vector<Watch> watches)
        : before_(opened.info),
          info_(opened, opened.info.size() + 64),
          duplicate_(opened.duplicate),
          watches_(std::move(watches)) {}

    [[nodiscard]] uint32_t kind() const override { return FF_FILE_INOTIFY; }
    bool confirm() override {
        return info_.read() && strcmp(info_.text(), before_.c_str()) == 0 &&
               syscall(SYS_ioctl, duplicate_, FIONREAD, &queued_bytes_) == 0;
    }
    Result<std::vector<std::byte>> describe(const FileTable&) override {
        const ff_inotify inotify{static_cast<uint32_t>(watches_.size()), queued_bytes_ > 0};
        std::vector<std::byte> bytes = bytesOf(inotify), paths;
        const size_t paths_at = bytes.size() + watches_.size() * sizeof(ff_inotify_watch);
        for (const Watch& watch : watches_) {
            const auto record =
                bytesOf(ff_inotify_watch{watch.number, watch.mask, static_cast<uint32_t>(paths_at + paths.size()), 0});
            bytes.insert(bytes.end(), record.begin(), record.end());
            const auto* text = reinterpret_cast<const std::byte*>(watch.path.c_str());
            paths.insert(paths.end(), text, text + watch.path.size() + 1);
        }
        bytes.insert(bytes.end(), paths.begin(), paths.end());
        return bytes;
    }

  private:
    std::string before_;
    InfoFile info_;
    int duplicate_;
    std::vector<Watch> watches_;
    int queued_bytes_ = 0;
};

/// The value behind `label`, as in " wd:", in a line of fdinfo.
std::string_view valueOf(std::string_view line, std::string_view label) {
    const size_t at = line.find(label);
    if (at == std::string_view::npos) return {};
    line.remove_prefix(at + label.size());
    return line.substr(0, line.find(' '));
}

WatchedInode inodeOf(std::string_view line) {
    WatchedInode inode;
    inode.device = numberOf(valueOf(line, " sdev:"), 16);
    inode.handle_type = static_cast<int>(numberOf(valueOf(line, " fhandle-type:"), 16));
    const std::string_view digits = valueOf(line, " f_handle:");
    for (size_t i = 0; i + 1 < digits.size(); i += 2) {
        unsigned char byte = 0;
        std::from_chars(digits.data() + i, digits.data() + i + 2, byte, 16);
        inode.handle.push_back(byte);
    }
    return inode;
}

}  // namespace

Result<std::unique_ptr<CapturedObject>> findInotify(const Opened& opened) {
    if (opened.link != "anon_inode:inotify") return std::unique_ptr<CapturedObject>();
    std::vector<Watch> watches;
    const std::string_view info = opened.info;
    for (size_t at = 0; at < info.size();) {
        const size_t end = std::min(info.find('\n', at), info.size());
        const std::string_view line = info.substr(at, end - at);
        at = end + 1;
        if (!line.starts_with("inotify wd:")) continue;
        const auto number = static_cast<int32_t>(numberOf(valueOf(line, " wd:"), 16));
        auto path = findWatchedPath(opened.proc, inodeOf(line));
        if (!path)
            return notCarried(nameFile(opened.file.fd, opened.link, "watch " + std::to_string(number)),
                              "the path of what it watches cannot be found: " + path.error().detail);
        watches.push_back({number, static_cast<uint32_t>(numberOf(valueOf(line, " mask:"), 16)), *std::move(path)});
    }
    std::sort(watches.begin(), watches.end(), [](const Watch& a, const Watch& b) { return a.number < b.number; });
    return std::unique_ptr<CapturedObject>(std::make_unique<CapturedInotify>(opened, std::move(watches)));
}

}  // namespace farfork::capturing
