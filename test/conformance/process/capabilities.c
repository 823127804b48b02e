// SPDX-License-Identifier: Apache-2.0
// carried: capabilities: effective, permitted, inheritable, bounding and ambient sets
#include "../conformance.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#define BIT(capability) (1u << (capability))

struct sets {
    struct __user_cap_data_struct caps[2];
    int bounding[64], ambient[64];
};
static struct sets wanted;

static long set(struct __user_cap_data_struct* caps) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    return syscall(SYS_capset, &header, caps);
}

static void look(struct sets* sets) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    EXPECT(syscall(SYS_capget, &header, sets->caps) == 0);
    for (int i = 0; i < 64; i++) {
        sets->bounding[i] = prctl(PR_CAPBSET_READ, i);
        sets->ambient[i] = prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, i, 0, 0);
    }
}

static void setup(void) {
    look(&wanted);
    if (prctl(PR_CAPBSET_DROP, CAP_MKNOD) != 0) LACKS("CAP_SETPCAP");
    EXPECT(prctl(PR_CAPBSET_DROP, CAP_SYS_BOOT) == 0);
    wanted.caps[0].inheritable = BIT(CAP_NET_RAW) | BIT(CAP_KILL);
    wanted.caps[0].permitted &= ~(BIT(CAP_MKNOD) | BIT(CAP_SYS_TIME));
    wanted.caps[0].effective = wanted.caps[0].permitted & ~BIT(CAP_CHOWN);
    EXPECT(set(wanted.caps) == 0);
    EXPECT(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_RAW, 0, 0) == 0);
    look(&wanted);
}

static void check(void) {
    struct sets now;
    look(&now);
    EXPECT(memcmp(now.caps, wanted.caps, sizeof now.caps) == 0);
    for (int i = 0; i < 64; i++) EXPECT_EQUAL(now.bounding[i], wanted.bounding[i]);
    for (int i = 0; i < 64; i++) EXPECT_EQUAL(now.ambient[i], wanted.ambient[i]);
    EXPECT_EQUAL(now.ambient[CAP_NET_RAW], 1);
    const char* own = in_folder(in_child() ? "child" : "parent");
    EXPECT(close(open(own, O_CREAT | O_EXCL | O_WRONLY, 0600)) == 0);
    EXPECT(chown(own, 1, 1) < 0 && errno == EPERM);
    EXPECT(mknod(in_folder("device"), S_IFCHR | 0600, makedev(1, 3)) < 0 && errno == EPERM);
    now.caps[0].effective |= BIT(CAP_CHOWN);
    EXPECT(set(now.caps) == 0);
    EXPECT(chown(own, 1, 1) == 0);
    now.caps[0].permitted |= BIT(CAP_MKNOD);
    EXPECT(set(now.caps) < 0 && errno == EPERM);
}
