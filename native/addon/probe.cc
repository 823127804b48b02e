// SPDX-License-Identifier: Apache-2.0
#include "addon/probe.h"

#include <cstring>
#include <fstream>

namespace farfork::probe {

std::vector<Probe> probeMachine() {
    std::vector<Probe> probes;
    probePrivileges(probes);
    probeKernel(probes);
    probeUserfaultfd(probes);
    probeProcesses(probes);
    probeMemory(probes);
    probeLimits(probes);
    for (Probe& probe : probes) {
        if (probe.ok) probe.advice.clear();
    }
    return probes;
}

std::string firstLine(const std::string& path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
}

std::string withErrno(std::string_view what, int number) {
    return std::string(what) + ": " + (number == 0 ? "ok" : std::strerror(number));
}

}  // namespace farfork::probe
