// SPDX-License-Identifier: Apache-2.0
//
// Which filters let a child's start end under them.
#include "capture/seccomp.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>

#include <cstring>
#include <vector>

#include "check.h"
#include "descriptor/seccomp.h"

using namespace farfork;
using namespace farfork::capturing;

namespace {

using Code = std::vector<sock_filter>;

constexpr uint32_t kNumber = offsetof(seccomp_data, nr), kAddress = offsetof(seccomp_data, instruction_pointer);

std::vector<std::byte> chainOf(const std::vector<Code>& filters) {
    std::vector<std::byte> chain;
    for (const Code& code : filters) {
        const ff_seccomp_filter head{0, static_cast<uint32_t>(code.size())};
        const size_t at = chain.size(), bytes = code.size() * sizeof(sock_filter);
        chain.resize(at + sizeof head + bytes);
        std::memcpy(chain.data() + at, &head, sizeof head);
        std::memcpy(chain.data() + at + sizeof head, code.data(), bytes);
    }
    return chain;
}

/// `action` for one call, `otherwise` for the rest.
Code forCall(uint32_t number, uint32_t action, uint32_t otherwise = SECCOMP_RET_ALLOW) {
    return {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kNumber), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
            BPF_STMT(BPF_RET | BPF_K, action), BPF_STMT(BPF_RET | BPF_K, otherwise)};
}

}  // namespace

TEST(aFilterThatForbidsTheLastCallIsAnObstacle) {
    CHECK_EQ(seccompObstacle({}, true), "");
    CHECK_EQ(seccompObstacle(chainOf({forCall(SYS_mkdir, SECCOMP_RET_KILL_PROCESS)}), true), "");
    CHECK_EQ(seccompObstacle(chainOf({forCall(SYS_rt_sigreturn, SECCOMP_RET_TRAP)}), false), "rt_sigreturn");
    CHECK_EQ(seccompObstacle(chainOf({forCall(SYS_rt_sigreturn, SECCOMP_RET_LOG)}), false), "");
    CHECK_EQ(seccompObstacle(chainOf({forCall(SYS_rt_sigreturn, SECCOMP_RET_ALLOW, SECCOMP_RET_KILL)}), false), "");
}

TEST(theCapabilityIsDroppedUnderTheFilters) {
    const auto chain = chainOf({forCall(SYS_capset, SECCOMP_RET_ERRNO | 1)});
    CHECK_EQ(seccompObstacle(chain, false), "");
    CHECK_EQ(seccompObstacle(chain, true), "capset");
}

TEST(aFilterMustLetTheNextOneBeInstalled) {
    const Code denies = forCall(SYS_seccomp, SECCOMP_RET_ERRNO | 1), harmless = forCall(SYS_mkdir, SECCOMP_RET_TRAP);
    CHECK_EQ(seccompObstacle(chainOf({denies, harmless}), false), "seccomp");
    CHECK_EQ(seccompObstacle(chainOf({harmless, denies}), false), "");
}

TEST(whatDependsOnTheUnknownIsAnObstacle) {
    const Code by_address = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kAddress),
                             BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 4096, 0, 1),
                             BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL)};
    CHECK_EQ(seccompObstacle(chainOf({by_address}), false), "rt_sigreturn");
}

TEST(arithmeticAndMemoryAreFollowed) {
    // ((number << 1) ^ x) with x = number from memory, compared with what that gives for rt_sigreturn.
    constexpr uint32_t kWanted = (SYS_rt_sigreturn << 1) ^ SYS_rt_sigreturn;
    const Code code = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kNumber), BPF_STMT(BPF_ST, 3),
                       BPF_STMT(BPF_LDX | BPF_W | BPF_MEM, 3),      BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 1),
                       BPF_STMT(BPF_ALU | BPF_XOR | BPF_X, 0),      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kWanted, 0, 1),
                       BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    CHECK_EQ(seccompObstacle(chainOf({code}), false), "rt_sigreturn");
    CHECK(!seccompPasses(chainOf({code}), SYS_rt_sigreturn));
    CHECK(seccompPasses(chainOf({code}), SYS_mkdir));
}

TEST(aListenerIsSeen) {
    CHECK(hasSeccompListener(chainOf({forCall(SYS_mkdir, SECCOMP_RET_USER_NOTIF)})));
    CHECK(!hasSeccompListener(chainOf({forCall(SYS_mkdir, SECCOMP_RET_TRAP)})));
}

TEST_MAIN
