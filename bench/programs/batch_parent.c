// SPDX-License-Identifier: Apache-2.0
//
// A small parent for the batch benchmark. Each child answers with a number that needs its input and inherited data, and
// then stays until it is killed, so that a whole batch is alive at once.
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "farfork.h"

enum { kEntries = 4096 };

static uint64_t table[kEntries];

/// splitmix64; bench/batch.ts computes the same.
static uint64_t mix(uint64_t value) {
    value += 0x9e3779b97f4a7c15ULL;
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
    return value ^ (value >> 31);
}

static int answer(const ff_role* role) {
    ff_reader reader = {role->input, role->input_bytes, 0};
    ff_value value;
    if (ff_read(&reader, &value) != FF_OK || value.type != FF_INT || value.integer < 0) {
        return ff_reply_error("the input must be a number");
    }
    ff_writer writer = {0};
    // 52 bits: exact in a double, which is all that a reader in JavaScript has.
    ff_write_uint(&writer, mix(table[value.integer % kEntries] ^ (uint64_t)value.integer) >> 12);
    int error = ff_reply_writer(&writer);
    ff_writer_free(&writer);
    return error;
}

int main(void) {
    for (uint64_t index = 0; index < kEntries; ++index) table[index] = mix(index);
    ff_role role = {0};
    int error = ff_seed(getenv("FARFORK_PARENT"), 3600000, &role);
    if (error == FF_OK && role.kind == FF_CHILD) error = answer(&role);
    if (error != FF_OK) {
        fprintf(stderr, "batch_parent: %s\n", ff_last_error());
        return 1;
    }
    for (;;) pause();
}
