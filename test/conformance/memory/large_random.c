// SPDX-License-Identifier: Apache-2.0
// carried: 64 MiB of random memory, written to by several threads after the fork
#include "memory.h"

#include <pthread.h>

#define SIZE ((size_t)64 << 20)
#define PAGES (SIZE / PAGE)
#define THREADS 4
static uint64_t* memory;
static volatile bool well[THREADS];

static void setup(void) {
    memory = (uint64_t*)map_anonymous(SIZE);
    fill(memory, SIZE, 1);
}

static uint64_t written(size_t page) {
    return word_of(100 + in_child(), page);
}

/* Every fourth page, in an order that jumps: one word is changed, the others must be those of setup. */
static void* run(void* argument) {
    const size_t thread = (size_t)argument;
    for (size_t turn = 0; turn < PAGES / THREADS; turn++) {
        const size_t page = turn * 2731 % (PAGES / THREADS) * THREADS + thread, first = page * 512;
        for (size_t i = 0; i < 512; i++)
            if (memory[first + i] != word_of(1, first + i)) return NULL;
        memory[first + page % 512] = written(page);
    }
    well[thread] = true;
    return NULL;
}

static void check(void) {
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) EXPECT(pthread_create(&threads[i], NULL, run, (void*)i) == 0);
    for (size_t i = 0; i < THREADS; i++) {
        AWAIT(pthread_tryjoin_np(threads[i], NULL) == 0);
        EXPECT(well[i]);
    }
    for (size_t word = 0; word < SIZE / 8; word++) {
        const size_t page = word / 512;
        EXPECT(memory[word] == (word % 512 == page % 512 ? written(page) : word_of(1, word)));
    }
}
