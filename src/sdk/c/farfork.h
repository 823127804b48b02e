// SPDX-License-Identifier: Apache-2.0
//
// farfork's C SDK: one header, one source, C11 and POSIX threads.
//
//     cc -pthread program.c farfork.c
//
// ff_seed() makes a seed of the calling process and returns in it with role FF_PARENT, and once in every child that is
// ever forked from the seed with role FF_CHILD. All threads are carried; the other ones simply go on in each child.
// Functions return FF_OK (0) or a negative ff_error; ff_last_error() has the details. Safe to call from any thread.
#ifndef FARFORK_H
#define FARFORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum ff_error {
    FF_OK = 0,
    FF_ENOTUNDER = -1,   ///< no control socket: the process was not started by `farfork run`
    FF_EAGENTLOST = -2,  ///< the agent closed the control socket or died; a child may go on, but cannot reply
    FF_EPROTOCOL = -3,   ///< the agent sent what the protocol does not allow, or speaks another version
    FF_EREFUSED = -4,    ///< the seed was refused; ff_last_error() begins with the catalogue code
    FF_EINVAL = -5,      ///< an argument cannot be used
    FF_ENOMEM = -6,      ///< memory ran out
    FF_ETOOBIG = -7,     ///< more than 64 MiB in one frame
    FF_ENOTCHILD = -8,   ///< only a child may do this
    FF_EMSGPACK = -9,    ///< the bytes are no MessagePack value, or end inside one
    FF_ENOTFOUND = -10,  ///< the map has no such key
    FF_EHANDLER = -11,   ///< for handlers: no answer; say why with ff_fail()
} ff_error;

/// A fixed text for the code.
const char* ff_strerror(int error);
/// What the last failed call of this thread met, e.g. "STATE_NOT_CARRIED: fd 5 (eventpoll)"; "" before any.
const char* ff_last_error(void);
/// Sets ff_last_error() of this thread (printf style) and returns FF_EHANDLER.
int ff_fail(const char* format, ...) __attribute__((format(printf, 1, 2)));

// ---------------- roles ----------------

typedef enum ff_kind { FF_PARENT = 1, FF_CHILD = 2 } ff_kind;

typedef struct ff_role {
    ff_kind kind;
    uint32_t index;  ///< child: its place in the batch, from 0
    char seed_id[128];
    char child_id[128];  ///< child only
    uint8_t* input;      ///< child: MessagePack; NULL when there is none. Freed by ff_role_free()
    size_t input_bytes;
} ff_role;

/// name: of the seed; NULL: the service chooses. ttl_ms: its lease; 0: 600000.
/// On failure there is no seed and the process goes on unharmed. `role` is to be freed with ff_role_free().
int ff_seed(const char* name, uint64_t ttl_ms, ff_role* role);
void ff_role_free(ff_role* role);

/// Sends this child's answer: one MessagePack value.
int ff_reply(const void* value, size_t bytes);
/// Reports that this child has no answer; the caller gets CHILD_REPLIED_ERROR with `message`.
int ff_reply_error(const char* message);

/// Hooks, at most 16 of each kind. before_prepare: in ff_seed() before the capture, latest first. after_prepare: in the
/// parent after the capture, successful or not. after_resume: in each child before ff_seed() returns there, after
/// random(), rand() and drand48() got a fresh seed of their own.
typedef void (*ff_hook)(void* user);
int ff_before_prepare(ff_hook hook, void* user);
int ff_after_prepare(ff_hook hook, void* user);
int ff_after_resume(ff_hook hook, void* user);

// ---------------- MessagePack ----------------

typedef enum ff_type { FF_NIL, FF_BOOL, FF_INT, FF_UINT, FF_DOUBLE, FF_STR, FF_BIN, FF_ARRAY, FF_MAP, FF_EXT } ff_type;

typedef struct ff_value {
    ff_type type;
    bool boolean;
    int64_t integer;            ///< FF_INT
    uint64_t unsigned_integer;  ///< FF_UINT: above INT64_MAX only
    double number;              ///< FF_DOUBLE
    const uint8_t* data;        ///< FF_STR (not terminated), FF_BIN, FF_EXT: points into the reader's bytes
    uint32_t size;              ///< bytes of data; items of FF_ARRAY; pairs of FF_MAP
    int8_t ext_type;            ///< FF_EXT; -1 is a timestamp
} ff_value;

typedef struct ff_reader {
    const uint8_t* data;
    size_t size;
    size_t at;
} ff_reader;

/// The next value. Of an array or a map only the head: its items follow as values of their own.
int ff_read(ff_reader* reader, ff_value* value);
/// Passes over one whole value, items included.
int ff_skip(ff_reader* reader);
/// `map` stands before a map; sets `found` before the value of the string `key`. FF_ENOTFOUND when there is none, also
/// when no map is there.
int ff_find(ff_reader map, const char* key, ff_reader* found);

/// Zero-initialise; grows as needed. Running out of memory is remembered: check `failed` once, or let
/// ff_reply_writer().
typedef struct ff_writer {
    uint8_t* data;
    size_t size;
    size_t capacity;
    bool failed;
} ff_writer;

void ff_write_nil(ff_writer* writer);
void ff_write_bool(ff_writer* writer, bool value);
void ff_write_int(ff_writer* writer, int64_t value);
void ff_write_uint(ff_writer* writer, uint64_t value);
void ff_write_double(ff_writer* writer, double value);
void ff_write_str(ff_writer* writer, const char* text);  ///< UTF-8, terminated
void ff_write_bin(ff_writer* writer, const void* data, uint32_t bytes);
void ff_write_array(ff_writer* writer, uint32_t items);  ///< then write the items
void ff_write_map(ff_writer* writer, uint32_t pairs);    ///< then write key, value, key, value
void ff_writer_free(ff_writer* writer);
/// ff_reply() with the bytes written; FF_ENOMEM when a write failed.
int ff_reply_writer(const ff_writer* writer);

// ---------------- serve ----------------

/// Writes one value to `answer` and returns 0; or returns ff_fail("why").
typedef int (*ff_handler)(const ff_role* role, ff_reader input, ff_writer* answer, void* user);

/// ff_seed(), then: each child answers and exits (1 when the handler failed); the parent waits for SIGTERM or SIGINT
/// and returns FF_OK. Errors as ff_seed().
int ff_serve(const char* name, uint64_t ttl_ms, ff_handler handler, void* user);

#ifdef __cplusplus
}
#endif
#endif
