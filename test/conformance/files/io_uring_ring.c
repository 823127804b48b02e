// SPDX-License-Identifier: Apache-2.0
// refused: io_uring ring, whose counters, requests and registered resources cannot be set in a new one
// names: io_uring
#include "../conformance.h"

#include <linux/io_uring.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>

static int ring;
static struct io_uring_params params;
static char* queues;
static struct io_uring_sqe* entries;

static _Atomic uint32_t* word(uint32_t offset) {
    return (_Atomic uint32_t*)(void*)(queues + offset);
}

/* One request that does nothing, there and back. */
static void submit(uint64_t data) {
    const uint32_t tail = *word(params.sq_off.tail), slot = tail & *word(params.sq_off.ring_mask);
    entries[slot] = (struct io_uring_sqe){.opcode = IORING_OP_NOP, .user_data = data};
    *word(params.sq_off.array + slot * 4) = slot;
    *word(params.sq_off.tail) = tail + 1;
    EXPECT_EQUAL(syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0), 1);
    const uint32_t head = *word(params.cq_off.head);
    EXPECT_EQUAL(*word(params.cq_off.tail), head + 1);
    const struct io_uring_cqe* done = (const void*)(queues + params.cq_off.cqes);
    EXPECT_EQUAL(done[head & *word(params.cq_off.ring_mask)].user_data, data);
    *word(params.cq_off.head) = head + 1;
}

static void setup(void) {
    ring = (int)syscall(SYS_io_uring_setup, 4, &params);
    if (ring < 0) LACKS("io_uring");
    if (!(params.features & IORING_FEAT_SINGLE_MMAP)) LACKS("IORING_FEAT_SINGLE_MMAP");
    const size_t size = params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe);
    const size_t submissions = params.sq_off.array + params.sq_entries * sizeof(uint32_t);
    queues = mmap(NULL, size > submissions ? size : submissions, PROT_READ | PROT_WRITE, MAP_SHARED, ring,
                  IORING_OFF_SQ_RING);
    entries =
        mmap(NULL, params.sq_entries * sizeof *entries, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQES);
    EXPECT(queues != MAP_FAILED && entries != MAP_FAILED);
    for (uint64_t i = 0; i < 7; i++) submit(i);
}

static void check(void) {
    EXPECT_EQUAL(*word(params.sq_off.tail), 7);
    for (uint64_t i = 100; i < 110; i++) submit(i);
}
