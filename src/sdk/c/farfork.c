// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "farfork.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#define PROTOCOL "1"
#define MAX_FRAME_BYTES (64u << 20)
#define MAX_HOOKS 16

// ---------------- errors ----------------

static _Thread_local char last_error[512];

static void set_error(const char* format, ...) __attribute__((format(printf, 1, 2)));
static void set_error(const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(last_error, sizeof last_error, format, arguments);
    va_end(arguments);
}
// A macro, so that the compiler and the analyser see which code comes back.
#define fail(error, ...) (set_error(__VA_ARGS__), (error))

int ff_fail(const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(last_error, sizeof last_error, format, arguments);
    va_end(arguments);
    return FF_EHANDLER;
}

const char* ff_last_error(void) {
    return last_error;
}

const char* ff_strerror(int error) {
    switch (error) {
        case FF_OK:
            return "done";
        case FF_ENOTUNDER:
            return "this process was not started by farfork run";
        case FF_EAGENTLOST:
            return "the farfork agent is gone";
        case FF_EPROTOCOL:
            return "the agent speaks another control protocol";
        case FF_EREFUSED:
            return "the seed was refused";
        case FF_EINVAL:
            return "an argument cannot be used";
        case FF_ENOMEM:
            return "memory ran out";
        case FF_ETOOBIG:
            return "more than 64 MiB in one frame";
        case FF_ENOTCHILD:
            return "only a child may do this";
        case FF_EMSGPACK:
            return "not a complete MessagePack value";
        case FF_ENOTFOUND:
            return "the map has no such key";
        case FF_EHANDLER:
            return "the handler has no answer";
        default:
            return "unknown error";
    }
}

// ---------------- MessagePack: reading ----------------

static int take(ff_reader* reader, size_t bytes, const uint8_t** data) {
    if (bytes > reader->size - reader->at) return fail(FF_EMSGPACK, "the data ends inside a value");
    *data = reader->data + reader->at;
    reader->at += bytes;
    return FF_OK;
}

static int take_number(ff_reader* reader, size_t bytes, uint64_t* number) {
    const uint8_t* data = NULL;
    int error = take(reader, bytes, &data);
    if (error) return error;
    *number = 0;
    for (size_t i = 0; i < bytes; i++) *number = *number << 8 | data[i];
    return FF_OK;
}

static int take_data(ff_reader* reader, ff_value* value, ff_type type, uint64_t size) {
    value->type = type;
    value->size = (uint32_t)size;
    if (type == FF_EXT) {
        const uint8_t* kind = NULL;
        int error = take(reader, 1, &kind);
        if (error) return error;
        value->ext_type = (int8_t)*kind;
    }
    return take(reader, size, &value->data);
}

static int read_scalar(ff_reader* reader, ff_value* value, uint8_t tag) {
    uint64_t bits = 0;
    size_t bytes = tag == 0xca ? 4 : tag == 0xcb ? 8 : (size_t)1 << (tag & 3);
    int error = take_number(reader, bytes, &bits);
    if (error) return error;
    if (tag == 0xca) {
        uint32_t narrow = (uint32_t)bits;
        float number;
        memcpy(&number, &narrow, sizeof number);
        value->type = FF_DOUBLE;
        value->number = number;
    } else if (tag == 0xcb) {
        value->type = FF_DOUBLE;
        memcpy(&value->number, &bits, sizeof bits);
    } else if (tag <= 0xcf && bits > INT64_MAX) {
        value->type = FF_UINT;
        value->unsigned_integer = bits;
    } else {
        unsigned shift = tag >= 0xd0 ? 64 - 8 * (unsigned)bytes : 0;
        value->type = FF_INT;
        value->integer = (int64_t)(bits << shift) >> shift;
    }
    return FF_OK;
}

static int read_sized(ff_reader* reader, ff_value* value, uint8_t tag) {
    static const struct {
        uint8_t first, count, log2_bytes;
        ff_type type;
    } families[] = {
        {0xc4, 3, 0, FF_BIN}, {0xc7, 3, 0, FF_EXT}, {0xd9, 3, 0, FF_STR}, {0xdc, 2, 1, FF_ARRAY}, {0xde, 2, 1, FF_MAP},
    };
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        unsigned form = (unsigned)tag - families[i].first;
        if (form >= families[i].count) continue;
        uint64_t size = 0;
        int error = take_number(reader, (size_t)1 << (form + families[i].log2_bytes), &size);
        if (error) return error;
        if (families[i].type != FF_ARRAY && families[i].type != FF_MAP)
            return take_data(reader, value, families[i].type, size);
        value->type = families[i].type;
        value->size = (uint32_t)size;
        return FF_OK;
    }
    return fail(FF_EMSGPACK, "the byte 0x%02x starts no value", tag);
}

int ff_read(ff_reader* reader, ff_value* value) {
    const uint8_t* head = NULL;
    int error = take(reader, 1, &head);
    if (error) return error;
    uint8_t tag = *head;
    memset(value, 0, sizeof *value);
    if (tag < 0x80 || tag >= 0xe0) {
        value->type = FF_INT;
        value->integer = tag < 0x80 ? tag : tag - 0x100;
    } else if (tag < 0xa0) {
        value->type = tag < 0x90 ? FF_MAP : FF_ARRAY;
        value->size = tag & 0x0f;
    } else if (tag < 0xc0) {
        return take_data(reader, value, FF_STR, tag & 0x1f);
    } else if (tag == 0xc0 || tag == 0xc2 || tag == 0xc3) {
        value->type = tag == 0xc0 ? FF_NIL : FF_BOOL;
        value->boolean = tag == 0xc3;
    } else if (tag >= 0xca && tag <= 0xd3) {
        return read_scalar(reader, value, tag);
    } else if (tag >= 0xd4 && tag <= 0xd8) {
        return take_data(reader, value, FF_EXT, 1u << (tag - 0xd4));
    } else {
        return read_sized(reader, value, tag);
    }
    return FF_OK;
}

int ff_skip(ff_reader* reader) {
    for (uint64_t left = 1; left > 0; left--) {
        ff_value value;
        int error = ff_read(reader, &value);
        if (error) return error;
        if (value.type == FF_ARRAY || value.type == FF_MAP)
            left += (uint64_t)value.size * (value.type == FF_MAP ? 2 : 1);
        // Each item takes at least a byte: a count beyond that would only loop until the data ends.
        if (left - 1 > reader->size - reader->at) return fail(FF_EMSGPACK, "the data ends inside a value");
    }
    return FF_OK;
}

int ff_find(ff_reader map, const char* key, ff_reader* found) {
    ff_value head;
    int error = ff_read(&map, &head);
    if (error) return error;
    if (head.type != FF_MAP) return fail(FF_ENOTFOUND, "no map, so no key \"%s\"", key);
    for (uint32_t i = 0; i < head.size; i++) {
        ff_reader key_at = map;
        ff_value value;
        if ((error = ff_skip(&map)) || (error = ff_read(&key_at, &value))) return error;
        if (value.type == FF_STR && value.size == strlen(key) && memcmp(value.data, key, value.size) == 0) {
            *found = map;
            return FF_OK;
        }
        if ((error = ff_skip(&map))) return error;
    }
    return fail(FF_ENOTFOUND, "the map has no key \"%s\"", key);
}

// ---------------- MessagePack: writing ----------------

static void append(ff_writer* writer, const void* data, size_t bytes) {
    if (writer->failed || bytes == 0) return;
    if (bytes > writer->capacity - writer->size) {
        size_t capacity = writer->capacity ? writer->capacity * 2 : 256;
        if (capacity < writer->size + bytes) capacity = writer->size + bytes;
        uint8_t* grown = realloc(writer->data, capacity);
        if (!grown) {
            writer->failed = true;
            return;
        }
        writer->data = grown;
        writer->capacity = capacity;
    }
    memcpy(writer->data + writer->size, data, bytes);
    writer->size += bytes;
}

/// A tag and a big-endian number of `bytes` bytes.
static void append_number(ff_writer* writer, uint8_t tag, uint64_t number, unsigned bytes) {
    uint8_t data[9] = {tag};
    for (unsigned i = 0; i < bytes; i++) data[1 + i] = (uint8_t)(number >> (8 * (bytes - 1 - i)));
    append(writer, data, 1 + bytes);
}

/// The shortest form of a length; tag8 0: the family has no 8-bit form.
static void append_length(ff_writer* writer, uint32_t length, uint8_t tag8, uint8_t tag16) {
    if (tag8 && length < 1u << 8)
        append_number(writer, tag8, length, 1);
    else if (length < 1u << 16)
        append_number(writer, tag16, length, 2);
    else
        append_number(writer, (uint8_t)(tag16 + 1), length, 4);
}

void ff_write_nil(ff_writer* writer) {
    append_number(writer, 0xc0, 0, 0);
}
void ff_write_bool(ff_writer* writer, bool value) {
    append_number(writer, value ? 0xc3 : 0xc2, 0, 0);
}

void ff_write_uint(ff_writer* writer, uint64_t value) {
    if (value < 128)
        append_number(writer, (uint8_t)value, 0, 0);
    else if (value <= UINT8_MAX)
        append_number(writer, 0xcc, value, 1);
    else if (value <= UINT16_MAX)
        append_number(writer, 0xcd, value, 2);
    else if (value <= UINT32_MAX)
        append_number(writer, 0xce, value, 4);
    else
        append_number(writer, 0xcf, value, 8);
}

void ff_write_int(ff_writer* writer, int64_t value) {
    if (value >= 0)
        ff_write_uint(writer, (uint64_t)value);
    else if (value >= -32)
        append_number(writer, (uint8_t)value, 0, 0);
    else if (value >= INT8_MIN)
        append_number(writer, 0xd0, (uint64_t)value, 1);
    else if (value >= INT16_MIN)
        append_number(writer, 0xd1, (uint64_t)value, 2);
    else if (value >= INT32_MIN)
        append_number(writer, 0xd2, (uint64_t)value, 4);
    else
        append_number(writer, 0xd3, (uint64_t)value, 8);
}

void ff_write_double(ff_writer* writer, double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    append_number(writer, 0xcb, bits, 8);
}

void ff_write_str(ff_writer* writer, const char* text) {
    size_t length = strlen(text);
    if (length > UINT32_MAX) {
        writer->failed = true;
        return;
    }
    if (length < 32)
        append_number(writer, (uint8_t)(0xa0 | length), 0, 0);
    else
        append_length(writer, (uint32_t)length, 0xd9, 0xda);
    append(writer, text, length);
}

void ff_write_bin(ff_writer* writer, const void* data, uint32_t bytes) {
    append_length(writer, bytes, 0xc4, 0xc5);
    append(writer, data, bytes);
}

void ff_write_array(ff_writer* writer, uint32_t items) {
    if (items < 16)
        append_number(writer, (uint8_t)(0x90 | items), 0, 0);
    else
        append_length(writer, items, 0, 0xdc);
}

void ff_write_map(ff_writer* writer, uint32_t pairs) {
    if (pairs < 16)
        append_number(writer, (uint8_t)(0x80 | pairs), 0, 0);
    else
        append_length(writer, pairs, 0, 0xde);
}

void ff_writer_free(ff_writer* writer) {
    free(writer->data);
    memset(writer, 0, sizeof *writer);
}

// ---------------- the control socket ----------------
// Frames are read with exact lengths and nothing is buffered: the capture happens while the parent is blocked in
// recv(), and the child resumes inside that very call on a fresh socket.

static int control_fd(int* fd) {
    const char* text = getenv("FARFORK_CONTROL_FD");
    if (!text)
        return fail(FF_ENOTUNDER,
                    "FARFORK_CONTROL_FD is not set: start this program with farfork run --name NAME -- PROGRAM");
    const char* version = getenv("FARFORK_PROTOCOL");
    if (!version || strcmp(version, PROTOCOL) != 0)
        return fail(FF_EPROTOCOL, "the agent speaks control protocol %s, this SDK speaks %s",
                    version ? version : "(none)", PROTOCOL);
    char* end;
    long number = strtol(text, &end, 10);
    if (*text == '\0' || *end != '\0' || number < 0 || number > INT32_MAX)
        return fail(FF_EPROTOCOL, "FARFORK_CONTROL_FD is \"%s\", not a descriptor number", text);
    // A program that this one starts must not hold the socket: its end would hide ours from the agent.
    if (fcntl((int)number, F_SETFD, FD_CLOEXEC) < 0)
        return fail(FF_ENOTUNDER, "descriptor %ld (FARFORK_CONTROL_FD) is not open", number);
    *fd = (int)number;
    return FF_OK;
}

static int send_all(int fd, const void* data, size_t bytes) {
    for (const uint8_t* at = data; bytes > 0;) {
        ssize_t sent = send(fd, at, bytes, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0) return fail(FF_EAGENTLOST, "the farfork agent is gone: %s", strerror(errno));
        at += sent;
        bytes -= (size_t)sent;
    }
    return FF_OK;
}

static int send_frame(int fd, const ff_writer* body) {
    if (body->failed) return fail(FF_ENOMEM, "memory ran out while writing a frame");
    if (body->size > MAX_FRAME_BYTES)
        return fail(FF_ETOOBIG, "a frame of %zu bytes; the limit is %u", body->size, MAX_FRAME_BYTES);
    uint32_t length = (uint32_t)body->size;  // little-endian as the machine, x86-64
    int error = send_all(fd, &length, sizeof length);
    return error ? error : send_all(fd, body->data, body->size);
}

static int receive_all(int fd, void* data, size_t bytes) {
    for (uint8_t* at = data; bytes > 0;) {
        ssize_t received = recv(fd, at, bytes, 0);
        if (received < 0 && errno == EINTR) continue;
        if (received < 0) return fail(FF_EAGENTLOST, "the farfork agent is gone: %s", strerror(errno));
        if (received == 0) return fail(FF_EAGENTLOST, "the farfork agent closed the control socket");
        at += received;
        bytes -= (size_t)received;
    }
    return FF_OK;
}

/// frame->data is to be freed by the caller, also after an error.
static int receive_frame(int fd, ff_reader* frame) {
    uint32_t length;
    memset(frame, 0, sizeof *frame);
    int error = receive_all(fd, &length, sizeof length);
    if (error) return error;
    if (length > MAX_FRAME_BYTES) return fail(FF_EPROTOCOL, "the agent announced a frame of %u bytes", length);
    uint8_t* data = malloc(length ? length : 1);
    if (!data) return fail(FF_ENOMEM, "memory ran out while reading a frame of %u bytes", length);
    frame->data = data;
    frame->size = length;
    return receive_all(fd, data, length);
}

// ---------------- seed ----------------

struct hooks {
    struct {
        ff_hook run;
        void* user;
    } list[MAX_HOOKS];
    int count;
};
static struct hooks before_prepare, after_prepare, after_resume;
static pthread_mutex_t hooks_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t socket_lock = PTHREAD_MUTEX_INITIALIZER;
static bool is_child;

static int add_hook(struct hooks* hooks, ff_hook run, void* user) {
    int error = FF_OK;
    pthread_mutex_lock(&hooks_lock);
    if (hooks->count == MAX_HOOKS) {
        error = fail(FF_EINVAL, "more than %d hooks of a kind", MAX_HOOKS);
    } else {
        hooks->list[hooks->count].run = run;
        hooks->list[hooks->count++].user = user;
    }
    pthread_mutex_unlock(&hooks_lock);
    return error;
}
int ff_before_prepare(ff_hook hook, void* user) {
    return add_hook(&before_prepare, hook, user);
}
int ff_after_prepare(ff_hook hook, void* user) {
    return add_hook(&after_prepare, hook, user);
}
int ff_after_resume(ff_hook hook, void* user) {
    return add_hook(&after_resume, hook, user);
}

static void run_hooks(const struct hooks* hooks) {
    for (int i = 0; i < hooks->count; i++) hooks->list[i].run(hooks->list[i].user);
}

static bool find_value(const ff_reader* frame, const char* key, ff_type type, ff_value* value) {
    ff_reader found;
    return ff_find(*frame, key, &found) == FF_OK && ff_read(&found, value) == FF_OK && value->type == type;
}

static bool find_text(const ff_reader* frame, const char* key, char* text, size_t size) {
    ff_value value;
    text[0] = '\0';
    if (!find_value(frame, key, FF_STR, &value) || value.size >= size) return false;
    memcpy(text, value.data, value.size);
    text[value.size] = '\0';
    return true;
}

static int role_of(const ff_reader* frame, ff_role* role) {
    char type[16], kind[16];
    find_text(frame, "type", type, sizeof type);
    if (strcmp(type, "error") == 0) {
        char code[64], message[384];
        find_text(frame, "code", code, sizeof code);
        find_text(frame, "message", message, sizeof message);
        // The agent's messages begin with their code.
        size_t known = strlen(code);
        bool repeated = known > 0 && strncmp(message, code, known) == 0 && message[known] == ':';
        if (repeated) return fail(FF_EREFUSED, "%s", message);
        return fail(FF_EREFUSED, "%s: %s", known > 0 ? code : "INTERNAL", message);
    }
    if (strcmp(type, "role") != 0 || !find_text(frame, "seed", role->seed_id, sizeof role->seed_id))
        return fail(FF_EPROTOCOL, "expected a role, got a frame of type \"%s\"", type);
    find_text(frame, "role", kind, sizeof kind);
    if (strcmp(kind, "parent") == 0) {
        role->kind = FF_PARENT;
        return FF_OK;
    }
    ff_value index, input;
    if (strcmp(kind, "child") != 0 || !find_text(frame, "child", role->child_id, sizeof role->child_id) ||
        !find_value(frame, "index", FF_INT, &index) || index.integer < 0 || index.integer > UINT32_MAX)
        return fail(FF_EPROTOCOL, "role \"%s\" lacks its child id or index", kind);
    role->kind = FF_CHILD;
    role->index = (uint32_t)index.integer;
    if (!find_value(frame, "input", FF_BIN, &input)) return FF_OK;
    role->input = malloc(input.size ? input.size : 1);
    if (!role->input) return fail(FF_ENOMEM, "memory ran out for an input of %u bytes", input.size);
    memcpy(role->input, input.data, input.size);
    role->input_bytes = input.size;
    return FF_OK;
}

/// Every child starts with the parent's generators.
static void reseed(void) {
    uint32_t fresh[3];
    if (getrandom(fresh, sizeof fresh, 0) != (ssize_t)sizeof fresh) return;
    srandom(fresh[0]);  // rand() and random() share their state in glibc
    srand48((long)fresh[1]);
}

static int exchange(const char* name, uint64_t ttl_ms, ff_role* role) {
    int fd = -1;
    int error = control_fd(&fd);
    if (error) return error;
    ff_writer request = {0};
    ff_reader answer = {0};
    ff_write_map(&request, 3);
    ff_write_str(&request, "type");
    ff_write_str(&request, "seed");
    ff_write_str(&request, "name");
    if (name)
        ff_write_str(&request, name);
    else
        ff_write_nil(&request);
    ff_write_str(&request, "ttl_ms");
    ff_write_uint(&request, ttl_ms ? ttl_ms : 600000);
    if (!(error = send_frame(fd, &request)) && !(error = receive_frame(fd, &answer))) error = role_of(&answer, role);
    ff_writer_free(&request);
    free((void*)answer.data);
    return error;
}

int ff_seed(const char* name, uint64_t ttl_ms, ff_role* role) {
    if (!role) return fail(FF_EINVAL, "role is NULL");
    int fd = -1;
    int error = control_fd(&fd);
    if (error) return error;
    memset(role, 0, sizeof *role);
    pthread_mutex_lock(&socket_lock);
    for (int i = before_prepare.count; i-- > 0;) before_prepare.list[i].run(before_prepare.list[i].user);
    fflush(stdout);  // what is still buffered would be written once more by every child
    error = exchange(name, ttl_ms, role);
    if (role->kind == FF_CHILD)
        is_child = true;
    else
        run_hooks(&after_prepare);
    pthread_mutex_unlock(&socket_lock);
    if (error)
        ff_role_free(role);
    else if (role->kind == FF_CHILD) {
        control_fd(&fd);  // sets the flags of the fresh socket
        reseed();
        run_hooks(&after_resume);
    }
    return error;
}

void ff_role_free(ff_role* role) {
    free(role->input);
    memset(role, 0, sizeof *role);
}

// ---------------- reply, serve ----------------

static int send_as_child(const ff_writer* frame) {
    int fd = -1;
    if (!is_child) return fail(FF_ENOTCHILD, "ff_seed() has not returned FF_CHILD in this process");
    int error = control_fd(&fd);
    if (error) return error;
    pthread_mutex_lock(&socket_lock);
    error = send_frame(fd, frame);
    pthread_mutex_unlock(&socket_lock);
    return error;
}

int ff_reply(const void* value, size_t bytes) {
    ff_reader check = {value, bytes, 0};
    int error = ff_skip(&check);
    if (error) return error;
    if (check.at != bytes) return fail(FF_EMSGPACK, "%zu bytes follow the value", bytes - check.at);
    if (bytes > MAX_FRAME_BYTES)
        return fail(FF_ETOOBIG, "an answer of %zu bytes; the limit is %u", bytes, MAX_FRAME_BYTES);
    ff_writer frame = {0};
    ff_write_map(&frame, 2);
    ff_write_str(&frame, "type");
    ff_write_str(&frame, "reply");
    ff_write_str(&frame, "value");
    ff_write_bin(&frame, value, (uint32_t)bytes);
    error = send_as_child(&frame);
    ff_writer_free(&frame);
    return error;
}

int ff_reply_writer(const ff_writer* writer) {
    if (writer->failed) return fail(FF_ENOMEM, "memory ran out while writing the answer");
    return ff_reply(writer->data, writer->size);
}

int ff_reply_error(const char* message) {
    ff_writer frame = {0};
    ff_write_map(&frame, 2);
    ff_write_str(&frame, "type");
    ff_write_str(&frame, "error");
    ff_write_str(&frame, "message");
    ff_write_str(&frame, message);
    int error = send_as_child(&frame);
    ff_writer_free(&frame);
    return error;
}

static sem_t told_to_stop;
static void on_stop_signal(int number) {
    (void)number;
    sem_post(&told_to_stop);
}

static int wait_until_told(void) {
    struct sigaction action = {0}, previous_term, previous_int;
    action.sa_handler = on_stop_signal;
    sem_init(&told_to_stop, 0, 0);
    sigaction(SIGTERM, &action, &previous_term);
    sigaction(SIGINT, &action, &previous_int);
    while (sem_wait(&told_to_stop) < 0 && errno == EINTR) continue;
    sigaction(SIGTERM, &previous_term, NULL);
    sigaction(SIGINT, &previous_int, NULL);
    return FF_OK;
}

int ff_serve(const char* name, uint64_t ttl_ms, ff_handler handler, void* user) {
    ff_role role;
    int error = ff_seed(name, ttl_ms, &role);
    if (error && !is_child) return error;
    if (!error && role.kind == FF_PARENT) return wait_until_told();
    ff_writer answer = {0};
    if (!error) last_error[0] = '\0';
    if (!error) error = handler(&role, (ff_reader){role.input, role.input_bytes, 0}, &answer, user);
    if (!error) error = ff_reply_writer(&answer);
    if (error) {
        const char* text = last_error[0] ? last_error : ff_strerror(error);
        fprintf(stderr, "farfork: %s\n", text);
        ff_reply_error(text);
    }
    fflush(stdout);
    // _exit: the parent's atexit handlers are the parent's business.
    _exit(error ? 1 : 0);
}
