// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <unistd.h>

#include "capture/objects/object.h"

namespace farfork::capturing {

std::string nameFile(int number, const std::string& link, const std::string& note) {
    return "fd " + std::to_string(number) + " (" + link + (note.empty() ? "" : ", " + note) + ")";
}

Result<std::unique_ptr<CapturedObject>> findObject(const Opened& opened) {
    // An O_PATH descriptor is none of the object's, whose link it has.
    if (opened.file.status_flags & O_PATH) return findDeleted(opened);
    for (const auto find : {findMemfd, findEventfd, findEpoll, findTimerfd, findSignalfd, findInotify, findPidfd,
                            findSocket, findDeleted}) {
        auto found = find(opened);
        if (!found || *found) return found;
    }
    return std::unique_ptr<CapturedObject>();
}

bool readIntoBuffer(const ProcDir& proc, const char* path, std::vector<char>& buffer) {
    const int file = openat(proc.fd(), path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return false;
    size_t size = 0;
    ssize_t got = 0;
    while (size + 1 < buffer.size() && (got = read(file, buffer.data() + size, buffer.size() - size - 1)) > 0)
        size += static_cast<size_t>(got);
    close(file);
    if (got < 0 || size + 1 == buffer.size()) return false;
    buffer[size] = '\0';
    return true;
}

InfoFile::InfoFile(const Opened& opened, size_t bytes)
    : file_(openat(opened.proc.fd(), ("fdinfo/" + std::to_string(opened.file.fd)).c_str(), O_RDONLY | O_CLOEXEC)),
      text_(bytes) {}

bool InfoFile::read() {
    // From offset 0 on the kernel makes the text anew (linux fs/seq_file.c, seq_read_iter).
    size_t size = 0;
    ssize_t got = 0;
    while (size + 1 < text_.size() &&
           (got = pread(file_.get(), text_.data() + size, text_.size() - size - 1, static_cast<off_t>(size))) > 0)
        size += static_cast<size_t>(got);
    if (got < 0 || size == 0 || size + 1 == text_.size()) return false;
    text_[size] = '\0';
    return true;
}

}  // namespace farfork::capturing
