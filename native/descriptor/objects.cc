// SPDX-License-Identifier: Apache-2.0
#include "descriptor/objects.h"

#include <cstring>

#include "descriptor/validator.h"

namespace farfork {

/// Whether `object` is one that a reader may use as the struct of its kind. Empty: it is; else what is wrong.
std::string DescriptorValidator::objectFault(const ff_file& file, std::span<const std::byte> object) const {
    switch (file.kind) {
        case FF_FILE_EVENTFD:
            return object.size() == sizeof(ff_eventfd) ? "" : "an eventfd of another size";
        case FF_FILE_MEMFD: {
            ff_memfd memfd{};
            if (object.size() != sizeof memfd) return "a memfd of another size";
            std::memcpy(&memfd, object.data(), sizeof memfd);
            if (memfd.shared >= view_.shared_.size()) return "a memfd without an object";
            const uint32_t kind = view_.shared_[memfd.shared].kind;
            return kind == FF_SHARED_MEMFD || kind == FF_SHARED_NAMED ? "" : "a descriptor of memory that has none";
        }
        default:
            return object.empty() ? "" : "bytes that its kind does not have";
    }
}

}  // namespace farfork
