// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <span>

namespace farfork {

/// The freestanding blob: position-independent machine code, its entry at offset 0.
std::span<const std::byte> restorerCode();

}  // namespace farfork
