// SPDX-License-Identifier: Apache-2.0
// carried: oom_score_adj
#include "../conformance.h"

static int read_adjustment(void) {
    char text[16] = {0};
    const int file = open("/proc/self/oom_score_adj", O_RDONLY);
    EXPECT(file >= 0);
    EXPECT(read(file, text, sizeof text - 1) > 0);
    EXPECT(close(file) == 0);
    return atoi(text);
}

static void write_adjustment(const char* text) {
    const int file = open("/proc/self/oom_score_adj", O_WRONLY);
    EXPECT(file >= 0);
    EXPECT_EQUAL(write(file, text, strlen(text)), strlen(text));
    EXPECT(close(file) == 0);
}

static void setup(void) {
    write_adjustment("345");
}

static void check(void) {
    EXPECT_EQUAL(read_adjustment(), 345);
    write_adjustment("567");
    EXPECT_EQUAL(read_adjustment(), 567);
}
