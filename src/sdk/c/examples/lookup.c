// SPDX-License-Identifier: Apache-2.0
//
// A warm parent in C: a sorted table of numbers and their hashes, built once, searched by every child.
//
//     cc -O2 -pthread -I.. -o lookup lookup.c ../farfork.c
//     farfork run --name lookup -- ./lookup
//     echo '{"rank": 12345}' | farfork invoke lookup --input -
//
// Input: {"rank": N} answers the N-th smallest entry and a checksum over the table; no input: the child's index is N.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "farfork.h"

struct table {
    size_t count;
    struct entry {
        uint64_t hash, number;
    } * entries;
};

static uint64_t mix(uint64_t value) {  // splitmix64's finaliser
    value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9;
    value = (value ^ value >> 27) * 0x94d049bb133111eb;
    return value ^ value >> 31;
}

static int by_hash(const void* left, const void* right) {
    uint64_t a = ((const struct entry*)left)->hash, b = ((const struct entry*)right)->hash;
    return a < b ? -1 : a > b;
}

static int answer_query(const ff_role* role, ff_reader input, ff_writer* answer, void* user) {
    const struct table* table = user;
    uint64_t rank = role->index;
    if (input.size > 0) {
        ff_reader at;
        ff_value value;
        if (ff_find(input, "rank", &at) || ff_read(&at, &value)) return FF_EHANDLER;  // ff_last_error() says why
        if (value.type != FF_INT || value.integer < 0) return ff_fail("rank must be a whole number from 0");
        rank = (uint64_t)value.integer;
    }
    if (rank >= table->count) return ff_fail("rank %" PRIu64 " is beyond the table's %zu entries", rank, table->count);
    uint64_t checksum = 0;
    for (size_t i = 0; i < table->count; i++) checksum = mix(checksum ^ table->entries[i].hash);
    ff_write_map(answer, 4);
    ff_write_str(answer, "index");
    ff_write_uint(answer, role->index);
    ff_write_str(answer, "hash");
    ff_write_uint(answer, table->entries[rank].hash);
    ff_write_str(answer, "number");
    ff_write_uint(answer, table->entries[rank].number);
    ff_write_str(answer, "checksum");
    ff_write_uint(answer, checksum);
    return FF_OK;
}

int main(void) {
    const char* size = getenv("LOOKUP_MB");
    struct table table = {.count = (size ? strtoul(size, NULL, 10) : 100) * 1000000 / sizeof(struct entry)};
    table.entries = malloc(table.count * sizeof(struct entry));
    if (!table.entries) return 1;
    for (size_t i = 0; i < table.count; i++) table.entries[i] = (struct entry){mix(i + 1), i};
    qsort(table.entries, table.count, sizeof(struct entry), by_hash);
    printf("warm: %zu entries\n", table.count);
    int error = ff_serve(getenv("FARFORK_PARENT"), 0, answer_query, &table);
    if (error) fprintf(stderr, "lookup: %s: %s\n", ff_strerror(error), ff_last_error());
    free(table.entries);
    return error ? 1 : 0;
}
