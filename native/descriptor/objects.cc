// SPDX-License-Identifier: Apache-2.0
#include "descriptor/objects.h"

#include "descriptor/validator.h"

namespace farfork {

/// Whether `object` is one that a reader may use as the struct of its kind. Empty: it is; else what is wrong.
std::string DescriptorValidator::objectFault(const ff_file& file, std::span<const std::byte> object) {
    switch (file.kind) {
        case FF_FILE_EVENTFD:
            return object.size() == sizeof(ff_eventfd) ? "" : "an eventfd of another size";
        case FF_FILE_UNIX_SOCKET:
        case FF_FILE_INET_SOCKET:
        case FF_FILE_NETLINK:
            return socketFault(object);
        default:
            return object.empty() ? "" : "bytes that its kind does not have";
    }
}

}  // namespace farfork
