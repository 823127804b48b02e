// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace farfork::probe {

/// One capability of this machine.
struct Probe {
    std::string name;
    bool ok = false;
    bool required = true;
    std::string detail;  ///< what was seen
    std::string advice;  ///< what to do; empty when ok
};

/// Tries everything that farfork needs of this machine. Takes some ten milliseconds, waits for nothing but its own
/// short-lived processes, and leaves nothing behind.
std::vector<Probe> probeMachine();

// The parts, each appending to `out`.
void probePrivileges(std::vector<Probe>& out);
void probeKernel(std::vector<Probe>& out);
void probeUserfaultfd(std::vector<Probe>& out);
void probeProcesses(std::vector<Probe>& out);
void probeMemory(std::vector<Probe>& out);
void probeLimits(std::vector<Probe>& out);

/// The first line of a file, or an empty string.
std::string firstLine(const std::string& path);
/// "what: text of errno", with "ok" for 0.
std::string withErrno(std::string_view what, int number);

}  // namespace farfork::probe
