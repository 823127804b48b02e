// SPDX-License-Identifier: Apache-2.0
// carried: real, effective, saved and file system ids that all differ
#include "../conformance.h"

#include <linux/capability.h>
#include <sys/fsuid.h>
#include <sys/syscall.h>

static int folder;

static void read_caps(uint64_t* permitted, uint64_t* effective) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct caps[2];
    EXPECT(syscall(SYS_capget, &header, caps) == 0);
    *permitted = (uint64_t)caps[1].permitted << 32 | caps[0].permitted;
    *effective = (uint64_t)caps[1].effective << 32 | caps[0].effective;
}

static uint64_t had;

/* The real user stays root: access(2), which looks for the go file, goes by that one. */
static void setup(void) {
    uint64_t effective;
    folder = open(conformance_folder, O_RDONLY | O_DIRECTORY);
    EXPECT(folder >= 0);
    EXPECT(fchmod(folder, 0777) == 0);
    if (setresgid(4010, 4011, 4012) != 0) LACKS("CAP_SETGID");
    setfsgid(4012);
    EXPECT(setresuid(0, 4001, 4002) == 0);
    setfsuid(4002);
    read_caps(&had, &effective);
    EXPECT(had != 0 && effective == 0);
}

static void check(void) {
    uid_t user[3];
    gid_t group[3];
    EXPECT(getresuid(&user[0], &user[1], &user[2]) == 0);
    EXPECT(getresgid(&group[0], &group[1], &group[2]) == 0);
    EXPECT(user[0] == 0 && user[1] == 4001 && user[2] == 4002);
    EXPECT(group[0] == 4010 && group[1] == 4011 && group[2] == 4012);
    EXPECT_EQUAL(setfsuid((uid_t)-1), 4002);
    EXPECT_EQUAL(setfsgid((gid_t)-1), 4012);
    struct stat made;
    const int file = openat(folder, in_child() ? "child" : "parent", O_CREAT | O_EXCL | O_WRONLY, 0600);
    EXPECT(file >= 0);
    EXPECT(fstat(file, &made) == 0);
    EXPECT_EQUAL(made.st_uid, 4002);
    EXPECT_EQUAL(made.st_gid, 4012);
    uint64_t permitted, effective;
    read_caps(&permitted, &effective);
    EXPECT(permitted == had && effective == 0);
    EXPECT(seteuid(4002) == 0);
    EXPECT(seteuid(0) == 0);
    read_caps(&permitted, &effective);
    EXPECT(permitted == had && effective == had);
}
