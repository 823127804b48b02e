// SPDX-License-Identifier: Apache-2.0
#include "capture/headroom.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "check.h"
#include "subject.h"

using namespace farfork;
using namespace farfork::test;

namespace {

struct Folder {
    std::string path;
    Folder() {
        char name[] = "/tmp/capture_cgroup_XXXXXX";
        path = mkdtemp(name);
    }
    ~Folder() { std::filesystem::remove_all(path); }
    void put(const std::string& file, const std::string& text) const {
        std::filesystem::create_directories(std::filesystem::path(path + file).parent_path());
        std::ofstream(path + file) << text;
    }
};

}  // namespace

TEST(theTightestAncestorCounts) {
    Folder folder;
    folder.put("/outer/memory.max", "1000\n");
    folder.put("/outer/memory.current", "900\n");
    folder.put("/outer/inner/memory.max", "max\n");
    folder.put("/outer/inner/memory.current", "50\n");
    CHECK_EQ(capturing::headroomBytes("0::/outer/inner\n", folder.path), 100u);
    CHECK_EQ(capturing::headroomBytes("0::/\n", folder.path), UINT64_MAX);
    folder.put("/memory/job/memory.limit_in_bytes", "5000\n");
    folder.put("/memory/job/memory.usage_in_bytes", "6000\n");
    CHECK_EQ(capturing::headroomBytes("3:cpu,memory:/job\n1:name=x:/\n", folder.path), 0u);
    CHECK_EQ(capturing::headroomBytes("garbage", folder.path), UINT64_MAX);
}

TEST(aParentWithoutRoomIsRefused) {
    Folder folder;
    Subject subject = Subject::inMode("threads");
    const capturing::ProcDir proc(subject.pid());
    const auto mappings = capturing::parseMappings(proc.read("smaps").value_or(""));
    CHECK(capturing::checkHeadroom(proc, mappings, folder.path).ok());
    for (const char* root : {"", "/memory", "/unified"}) {
        folder.put(std::string(root) + "/memory.max", "4096\n");
        folder.put(std::string(root) + "/memory.current", "0\n");
        folder.put(std::string(root) + "/memory.limit_in_bytes", "4096\n");
        folder.put(std::string(root) + "/memory.usage_in_bytes", "0\n");
    }
    const auto refused = capturing::checkHeadroom(proc, mappings, folder.path);
    CHECK(!refused && refused.error().code == ErrorCode::kResourceExhausted);
}

TEST(aPauseThatIsTooLongIsRefusedBeforehand) {
    capturing::Mapping large;
    large.anonymous_kb = 4 << 20;
    const capturing::ProcDir proc(getpid());
    CHECK(capturing::checkExpectedPause(proc, {large}, 0).ok());
    CHECK(capturing::checkExpectedPause(proc, {large}, 1000).ok());
    const auto refused = capturing::checkExpectedPause(proc, {large}, 5);
    CHECK(!refused && refused.error().code == ErrorCode::kPauseTooLong);
}

TEST_MAIN
