// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

/// Sockets in states that are not carried.
void makeSocketState(const std::string& mode);
