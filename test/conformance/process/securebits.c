// SPDX-License-Identifier: Apache-2.0
// carried: securebits, one of them locked
#include "../conformance.h"

#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

static const int bits =
    SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_NOROOT | SECBIT_NO_CAP_AMBIENT_RAISE;

static uint32_t effective(void) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct caps[2];
    EXPECT(syscall(SYS_capget, &header, caps) == 0);
    return caps[0].effective;
}

static void setup(void) {
    if (prctl(PR_SET_SECUREBITS, bits) != 0) LACKS("CAP_SETPCAP");
}

static void check(void) {
    EXPECT_EQUAL(prctl(PR_GET_SECUREBITS), bits);
    EXPECT(prctl(PR_SET_SECUREBITS, bits & ~SECBIT_NO_SETUID_FIXUP) < 0 && errno == EPERM);
    EXPECT(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0) < 0 && errno == EPERM);
    /* Without root's privilege by uid, what root executes has no capabilities. */
    FILE* shell = popen("grep ^CapPrm: /proc/self/status", "r");
    EXPECT(shell != NULL);
    unsigned long long permitted = 1;
    EXPECT_EQUAL(fscanf(shell, "CapPrm: %llx", &permitted), 1);
    EXPECT_EQUAL(permitted, 0);
    EXPECT_EQUAL(pclose(shell), 0);
    const uint32_t before = effective();
    EXPECT(before != 0);
    EXPECT(seteuid(4001) == 0);
    EXPECT_EQUAL(effective(), before);
    EXPECT(seteuid(0) == 0);
    EXPECT(prctl(PR_SET_SECUREBITS, bits & ~SECBIT_NOROOT) == 0);
}
