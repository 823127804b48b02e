// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <unistd.h>

#include "capture/objects/object.h"

namespace farfork::capturing {

std::string nameFile(int number, const std::string& link, const std::string& note) {
    return "fd " + std::to_string(number) + " (" + link + (note.empty() ? "" : ", " + note) + ")";
}

Result<std::unique_ptr<CapturedObject>> findObject(const Opened& opened) {
    for (const auto find : {findEventfd, findSocket}) {
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

}  // namespace farfork::capturing
