// SPDX-License-Identifier: Apache-2.0
// Linked statically: no dynamic loader, no vdso lookups through ld.so.
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

int main(void) {
    static uint32_t table[50000];
    for (uint32_t index = 0; index < 50000; index++) table[index] = index * 2654435761u;
    uint64_t state = 1;
    for (uint64_t step = 1;; step++) {
        state = state * 6364136223846793005u + table[step % 50000];
        printf("%" PRIu64 " %" PRIu64 "\n", step, state);
        fflush(stdout);
        const struct timespec pause = {0, 5000000};
        nanosleep(&pause, NULL);
    }
}
