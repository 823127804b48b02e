// SPDX-License-Identifier: Apache-2.0
// refused: key in the process keyring, whose serial number the kernel chooses
// names: process keyring
#include "../conformance.h"

#include <linux/keyctl.h>
#include <sys/syscall.h>

static long key;

static void setup(void) {
    key = syscall(SYS_add_key, "user", "conformance", "secret", 6, KEY_SPEC_PROCESS_KEYRING);
    if (key < 0) LACKS("keyrings");
}

static void check(void) {
    char seen[16] = {0};
    EXPECT_EQUAL(syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_PROCESS_KEYRING, "user", "conformance", 0), key);
    EXPECT_EQUAL(syscall(SYS_keyctl, KEYCTL_READ, key, seen, sizeof seen), 6);
    EXPECT(strcmp(seen, "secret") == 0);
}
