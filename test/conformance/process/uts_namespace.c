// SPDX-License-Identifier: Apache-2.0
// carried: host and domain name of a uts namespace of its own
#include "../conformance.h"

#include <sched.h>
#include <sys/utsname.h>

static void setup(void) {
    if (unshare(CLONE_NEWUTS) != 0) LACKS("uts namespaces");
    EXPECT(sethostname("conformance-host", 16) == 0);
    EXPECT(setdomainname("conformance.domain", 18) == 0);
}

static void check(void) {
    struct utsname names;
    char host[64];
    EXPECT(uname(&names) == 0);
    EXPECT(strcmp(names.nodename, "conformance-host") == 0);
    EXPECT(strcmp(names.domainname, "conformance.domain") == 0);
    EXPECT(sethostname(in_child() ? "child" : "parent", 6) == 0);
    /* A name that is shared is the other's now, or will be. */
    for (int i = 0; i < 100; i++, sleep_ms(1)) {
        EXPECT(gethostname(host, sizeof host) == 0);
        EXPECT(strcmp(host, in_child() ? "child" : "parent") == 0);
    }
}
