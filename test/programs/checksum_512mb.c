// SPDX-License-Identifier: Apache-2.0
//
// Fills 512 MB with random data, checksums it once, and then checks it again and again, saying what it found.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

enum { kBytes = 512 << 20, kPauseUs = 100000 };

static uint64_t checksum(const uint64_t* data) {
    uint64_t lanes[4] = {1, 2, 3, 4};
    for (size_t i = 0; i < kBytes / sizeof *data; i += 4) {
        for (int lane = 0; lane < 4; ++lane) {
            lanes[lane] = (lanes[lane] ^ data[i + lane]) * 0x9e3779b97f4a7c15ULL;
            lanes[lane] ^= lanes[lane] >> 29;
        }
    }
    return lanes[0] ^ lanes[1] * 3 ^ lanes[2] * 5 ^ lanes[3] * 7;
}

int main(void) {
    uint64_t* data = malloc(kBytes);
    uint64_t state[2];
    if (data == NULL || getrandom(state, sizeof state, 0) != sizeof state) return 1;
    for (size_t i = 0; i < kBytes / sizeof *data; ++i) {  // xorshift128+
        uint64_t x = state[0], y = state[1];
        state[0] = y;
        x ^= x << 23;
        state[1] = x ^ y ^ (x >> 17) ^ (y >> 26);
        data[i] = state[1] + y;
    }
    uint64_t before = checksum(data);
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("ready %016llx\n", (unsigned long long)before);
    for (;;) {
        usleep(kPauseUs);
        uint64_t now = checksum(data);
        printf("%s %016llx\n", now == before ? "same" : "DIFFERENT", (unsigned long long)now);
    }
}
