// SPDX-License-Identifier: Apache-2.0
// carried: descriptors of high numbers, one of them above the limit
#include "../conformance.h"

#include <sys/resource.h>

static void setup(void) {
    struct rlimit limit;
    EXPECT(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    const rlim_t soft = limit.rlim_cur;
    if (limit.rlim_max < 8192) LACKS("8192 descriptors");
    limit.rlim_cur = 8192;
    EXPECT(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    const int file = open(in_folder("numbers"), O_CREAT | O_RDWR, 0600);
    EXPECT(file >= 0 && write(file, "0123456789", 10) == 10 && lseek(file, 7, SEEK_SET) == 7);
    EXPECT(dup2(file, 900) == 900 && dup2(file, 8000) == 8000 && close(file) == 0);
    limit.rlim_cur = soft > 1024 ? 1024 : soft;
    EXPECT(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

static void check(void) {
    char digit;
    EXPECT(read(900, &digit, 1) == 1 && digit == '7');
    EXPECT(read(8000, &digit, 1) == 1 && digit == '8');
    EXPECT(dup2(900, 7000) == -1 && errno == EBADF);
    struct rlimit limit;
    EXPECT(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    EXPECT(limit.rlim_cur <= 1024 && limit.rlim_max >= 8192);
    EXPECT(close(8000) == 0);
}
