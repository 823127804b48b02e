// SPDX-License-Identifier: Apache-2.0
// carried: NUMA policies of the thread and of a range
#include "memory.h"

#include <linux/mempolicy.h>
#include <sys/syscall.h>

#define SIZE (8 * PAGE)
static char* memory;

static void setup(void) {
    unsigned long nodes = 1;
    if (syscall(SYS_set_mempolicy, MPOL_PREFERRED, &nodes, 64) != 0) LACKS("NUMA policies");
    memory = map_anonymous(3 * SIZE);
    fill(memory, 3 * SIZE, 1);
    EXPECT(syscall(SYS_mbind, memory + SIZE, SIZE, MPOL_BIND | MPOL_F_STATIC_NODES, &nodes, 64, 0) == 0);
}

static void expect_policy(char* at, int wanted) {
    int mode = -1;
    unsigned long nodes[16] = {0};
    EXPECT(syscall(SYS_get_mempolicy, &mode, nodes, 8 * sizeof nodes, at, at ? MPOL_F_ADDR : 0) == 0);
    EXPECT_EQUAL(mode, wanted);
    EXPECT_EQUAL(nodes[0], wanted == MPOL_DEFAULT ? 0 : 1);
}

static void check(void) {
    await_turn();
    expect_policy(NULL, MPOL_PREFERRED);
    expect_policy(memory, MPOL_DEFAULT);
    expect_policy(memory + SIZE, MPOL_BIND | MPOL_F_STATIC_NODES);
    expect_policy(memory + 2 * SIZE, MPOL_DEFAULT);
    expect_own(memory, 3 * SIZE, 1);
    expect_policy(memory + SIZE, MPOL_BIND | MPOL_F_STATIC_NODES);
    EXPECT(syscall(SYS_set_mempolicy, MPOL_DEFAULT, NULL, 0) == 0);
    EXPECT(syscall(SYS_mbind, memory + SIZE, SIZE, MPOL_DEFAULT, NULL, 0, 0) == 0);
    end_turn();
}
