// SPDX-License-Identifier: Apache-2.0
#include "restorer/code.h"

namespace farfork {
namespace {
constexpr unsigned char kCode[] = {
#include "blob.inc"
};
}  // namespace

std::span<const std::byte> restorerCode() {
    return std::as_bytes(std::span(kCode));
}

}  // namespace farfork
