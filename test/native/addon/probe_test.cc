// SPDX-License-Identifier: Apache-2.0
#include "addon/probe.h"

#include <dirent.h>
#include <sys/wait.h>

#include <set>

#include "check.h"

using namespace farfork;

namespace {

size_t openFdCount() {
    size_t count = 0;
    DIR* folder = opendir("/proc/self/fd");
    while (readdir(folder) != nullptr) ++count;
    closedir(folder);
    return count;
}

}  // namespace

TEST(probesAreNamedExplainedAndLeaveNothing) {
    const size_t before = openFdCount();
    const std::vector<probe::Probe> probes = probe::probeMachine();
    CHECK_EQ(openFdCount(), before);
    CHECK(waitpid(-1, nullptr, __WALL | WNOHANG) < 0);  // no child is left
    std::set<std::string> names;
    for (const probe::Probe& probe : probes) {
        CHECK(names.insert(probe.name).second);
        CHECK(!probe.detail.empty());
        CHECK_EQ(probe.advice.empty(), probe.ok);
        std::printf("%-4s %-24s %s\n", probe.ok ? "ok" : "no", probe.name.c_str(), probe.detail.c_str());
    }
    for (const char* name : {"root", "userfaultfd", "clone3-set-tid", "namespace-pid", "memfd-sealing", "ptrace",
                             "ptrace-rseq", "process-vm-readv", "kernel", "cpu-xsave"}) {
        CHECK(names.contains(name));
    }
}

TEST_MAIN
