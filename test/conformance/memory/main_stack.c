// SPDX-License-Identifier: Apache-2.0
// carried: the main thread's stack, which goes on growing
#include "memory.h"

static char** environment;
static char first[256];

static bool deep(int depth) {
    volatile char room[8192];
    for (size_t i = 0; i < sizeof room; i++) room[i] = (char)(depth + (int)i);
    const bool below = depth == 0 || deep(depth - 1);
    for (size_t i = 0; i < sizeof room; i++)
        if (room[i] != (char)(depth + (int)i)) return false;
    return below;
}

static void setup(void) {
    environment = environ;
    EXPECT(environ[0] != NULL);
    snprintf(first, sizeof first, "%s", environ[0]);
}

static void check(void) {
    // Its upper end, where the kernel put the environment.
    EXPECT(environ == environment && strncmp(environ[0], first, sizeof first - 1) == 0);
    const struct mapping stack = mapping_at(__builtin_frame_address(0));
    EXPECT(strcmp(stack.path, "[stack]") == 0);
    EXPECT(has_flag(__builtin_frame_address(0), "gd"));
    // 2 MiB, more than there was.
    EXPECT(deep(256));
}
