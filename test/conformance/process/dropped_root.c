// SPDX-License-Identifier: Apache-2.0
// carried: user, group and supplementary groups of a process that gave up root
#define CONFORMANCE_OWN_WAIT
#include "../conformance.h"

#include <dirent.h>
#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

static const gid_t wanted[] = {4003, 4005, 4010};
static DIR* go_folder;
static int folder, dumpable;

static void make(const char* name, mode_t mode, gid_t group) {
    const int file = openat(folder, name, O_CREAT | O_EXCL | O_WRONLY, 0);
    EXPECT(file >= 0);
    EXPECT(fchown(file, 0, group) == 0);
    EXPECT(fchmod(file, mode) == 0);
    EXPECT(close(file) == 0);
}

static void setup(void) {
    char* path = strdup(conformance_go);
    *strrchr(path, '/') = 0;
    go_folder = opendir(path);
    folder = open(conformance_folder, O_RDONLY | O_DIRECTORY);
    EXPECT(go_folder != NULL && folder >= 0);
    EXPECT(fchmod(folder, 0777) == 0);
    make("for_group", 0040, 4005);
    make("for_root", 0600, 0);
    if (setgroups(3, wanted) != 0) LACKS("CAP_SETGID");
    EXPECT(setresgid(4002, 4002, 4002) == 0);
    EXPECT(setresuid(4001, 4001, 4001) == 0);
    dumpable = prctl(PR_GET_DUMPABLE);
}

/* Folders above the go file may be closed to this user; what lies in an open one can be read all the same. */
static void wait_for_go(void) {
    const char* name = strrchr(conformance_go, '/') + 1;
    for (;; sleep_ms(5)) {
        rewinddir(go_folder);
        for (struct dirent* entry; (entry = readdir(go_folder)) != NULL;)
            if (strcmp(entry->d_name, name) == 0) return;
    }
}

static void check(void) {
    uid_t user[3];
    gid_t group[3], groups[8];
    EXPECT(getresuid(&user[0], &user[1], &user[2]) == 0);
    EXPECT(getresgid(&group[0], &group[1], &group[2]) == 0);
    for (int i = 0; i < 3; i++) EXPECT_EQUAL(user[i], 4001);
    for (int i = 0; i < 3; i++) EXPECT_EQUAL(group[i], 4002);
    EXPECT_EQUAL(getgroups(8, groups), 3);
    for (int i = 0; i < 3; i++) EXPECT_EQUAL(groups[i], wanted[i]);
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct caps[2];
    EXPECT(syscall(SYS_capget, &header, caps) == 0);
    EXPECT((caps[0].effective | caps[0].permitted | caps[1].effective | caps[1].permitted) == 0);
    EXPECT_EQUAL(prctl(PR_GET_DUMPABLE), dumpable);
    EXPECT(openat(folder, "for_group", O_RDONLY) >= 0);
    EXPECT(openat(folder, "for_root", O_RDONLY) < 0 && errno == EACCES);
    struct stat made;
    const int file = openat(folder, in_child() ? "child" : "parent", O_CREAT | O_EXCL | O_WRONLY, 0600);
    EXPECT(file >= 0);
    EXPECT(fstat(file, &made) == 0);
    EXPECT_EQUAL(made.st_uid, 4001);
    EXPECT_EQUAL(made.st_gid, 4002);
    EXPECT(setuid(0) < 0 && errno == EPERM);
    EXPECT(setgroups(0, NULL) < 0 && errno == EPERM);
}
