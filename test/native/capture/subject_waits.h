// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

/// Threads in waits that a stop ends with EINTR, unless whoever stops them sees to it.
void makeWaits();
/// "ok", or what a wait ended with.
std::string checkWaits();
