// SPDX-License-Identifier: Apache-2.0
//
// The C SDK as a program, steered by its first argument; run by test/src/sdk/c.test.ts.
//   transcode          each line of stdin is a MessagePack value in hex; prints it packed again, or "error"
//   seed NAME          ff_seed(NAME), prints the role or the error
//   hooks              ff_seed with hooks
//   reply              answers [index, input]
//   serve              ff_serve with a handler that divides 100 by its input
#define _GNU_SOURCE
#include <farfork.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int copy_value(ff_reader* reader, ff_writer* writer, int depth) {
    ff_value value;
    int error = ff_read(reader, &value);
    if (error) return error;
    if (depth > 200) return FF_EMSGPACK;
    char* text;
    uint64_t items = value.type == FF_MAP ? 2ull * value.size : value.type == FF_ARRAY ? value.size : 0;
    switch (value.type) {
        case FF_NIL:
            ff_write_nil(writer);
            break;
        case FF_BOOL:
            ff_write_bool(writer, value.boolean);
            break;
        case FF_INT:
            ff_write_int(writer, value.integer);
            break;
        case FF_UINT:
            ff_write_uint(writer, value.unsigned_integer);
            break;
        case FF_DOUBLE:
            ff_write_double(writer, value.number);
            break;
        case FF_BIN:
            ff_write_bin(writer, value.data, value.size);
            break;
        case FF_STR:
            text = strndup((const char*)value.data, value.size);
            ff_write_str(writer, text);
            free(text);
            break;
        case FF_ARRAY:
            ff_write_array(writer, value.size);
            break;
        case FF_MAP:
            ff_write_map(writer, value.size);
            break;
        case FF_EXT:
            ff_write_str(writer, "ext");
            break;
    }
    for (uint64_t i = 0; i < items && !error; i++) error = copy_value(reader, writer, depth + 1);
    return error;
}

static int hex_digit(char digit) {
    return digit <= '9' ? digit - '0' : digit - 'a' + 10;
}

static int transcode(void) {
    char* line = NULL;
    size_t capacity = 0;
    ssize_t length;
    while ((length = getline(&line, &capacity, stdin)) > 0) {
        size_t bytes = (size_t)(length - 1) / 2;
        uint8_t* data = malloc(bytes + 1);
        for (size_t i = 0; i < bytes; i++)
            data[i] = (uint8_t)(hex_digit(line[2 * i]) << 4 | hex_digit(line[2 * i + 1]));
        ff_reader reader = {data, bytes, 0}, skipper = reader;
        ff_writer writer = {0};
        int error = copy_value(&reader, &writer, 0);
        if (!error && reader.at != bytes) error = FF_EMSGPACK;
        if (!error && (ff_skip(&skipper) || skipper.at != bytes)) return 3;  // skip and read must agree
        if (error) printf("error");
        for (size_t i = 0; i < writer.size && !error; i++) printf("%02x", writer.data[i]);
        printf("\n");
        ff_writer_free(&writer);
        free(data);
    }
    free(line);
    return 0;
}

static int show_failure(int error) {
    printf("%d %s | %s\n", error, ff_strerror(error), ff_last_error());
    return 0;
}

static int seed(const char* name) {
    ff_role role;
    int error = ff_seed(name, 5000, &role);
    if (error) return show_failure(error);
    printf("%s %u %s %s %zu\n", role.kind == FF_CHILD ? "child" : "parent", role.index, role.seed_id, role.child_id,
           role.input_bytes);
    if (role.kind == FF_PARENT) show_failure(ff_reply("\x01", 1));
    ff_role_free(&role);
    return 0;
}

static void say(void* text) {
    printf("%s\n", (const char*)text);
}

static int hooks(void) {
    srandom(1);
    long first = random();
    srandom(1);
    ff_before_prepare(say, "before 1");
    ff_before_prepare(say, "before 2");
    ff_after_prepare(say, "after");
    ff_after_resume(say, "resumed");
    for (int i = 1; i < 16; i++) ff_after_resume(say, "");
    if (ff_after_resume(say, "one too many") != FF_EINVAL) return 1;
    ff_role role;
    if (ff_seed(NULL, 0, &role)) return 1;
    printf("%s random\n", random() == first ? "same" : "other");
    ff_role_free(&role);
    return 0;
}

static int reply(void) {
    ff_role role;
    if (ff_seed(NULL, 0, &role)) return 1;
    ff_writer answer = {0};
    ff_reader input = {role.input, role.input_bytes, 0};
    ff_write_array(&answer, 2);
    ff_write_uint(&answer, role.index);
    if (copy_value(&input, &answer, 0)) return 1;
    if (ff_reply("\xc1", 1) != FF_EMSGPACK || ff_reply("\x01\x02", 2) != FF_EMSGPACK) return 2;
    if (ff_reply_writer(&answer)) return 3;
    ff_writer_free(&answer);
    ff_role_free(&role);
    return 0;
}

static int divide(const ff_role* role, ff_reader input, ff_writer* answer, void* user) {
    ff_value value;
    (void)role;
    (void)user;
    if (ff_read(&input, &value)) return FF_EHANDLER;
    if (value.type != FF_INT || value.integer == 0) return ff_fail("cannot divide by %lld", (long long)value.integer);
    ff_write_int(answer, 100 / value.integer);
    return 0;
}

int main(int argc, char** argv) {
    const char* what = argc > 1 ? argv[1] : "";
    if (strcmp(what, "transcode") == 0) return transcode();
    if (strcmp(what, "seed") == 0) return seed(argc > 2 ? argv[2] : NULL);
    if (strcmp(what, "hooks") == 0) return hooks();
    if (strcmp(what, "reply") == 0) return reply();
    if (strcmp(what, "serve") == 0) {
        int error = ff_serve(NULL, 0, divide, NULL);
        if (error) return show_failure(error);
        printf("stopped\n");
        return 0;
    }
    return 2;
}
