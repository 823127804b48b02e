/* SPDX-License-Identifier: Apache-2.0 */
#include "restorer/blob/objects/socket.h"

#include <linux/errno.h>
#include <linux/fcntl.h>

long ff_open_socket(const struct ff_context* context, uint32_t index) {
    const struct ff_socket* socket = ff_socket_at(context, index);
    const uint32_t flags = ff_file_at(context, index)->open_flags & (O_CLOEXEC | O_NONBLOCK);
    return ff_check(context, FF_STEP_OBJECT, index,
                    FF_CALL3(socket, socket->domain, socket->type | flags, socket->protocol));
}

static int isZero(const struct ff_socket_option* option) {
    for (uint32_t i = 0; i < option->size; ++i) {
        if (option->value[i] != 0) return 0;
    }
    return 1;
}

static int isEqual(const struct ff_socket_option* option, const uint8_t* value, uint32_t size) {
    if (size != option->size) return 0;
    for (uint32_t i = 0; i < size; ++i) {
        if (option->value[i] != value[i]) return 0;
    }
    return 1;
}

void ff_set_socket_option(const struct ff_context* context, uint32_t index, long fd,
                          const struct ff_socket_option* option) {
    uint8_t value[sizeof(option->value)];
    uint32_t size = sizeof(value);
    const long asked = FF_CALL5(getsockopt, fd, option->level, option->name, value, &size);
    if (asked == 0 && isEqual(option, value, size)) return;
    if (asked < 0 && isZero(option)) return; /* this kernel does not have what the parent did not use */
    if (option->level == FF_SOL_SOCKET && (option->name == FF_SO_SNDBUF || option->name == FF_SO_RCVBUF)) {
        /* The kernel doubles what it is told (socket(7)). The other name ignores the sysctl's limit. */
        const int32_t half = *(const int32_t*)option->value / 2;
        const uint32_t name = option->name == FF_SO_SNDBUF ? FF_SO_SNDBUFFORCE : FF_SO_RCVBUFFORCE;
        if (FF_CALL5(setsockopt, fd, FF_SOL_SOCKET, name, &half, sizeof(half)) == 0) return;
        ff_check(context, FF_STEP_SOCKET_OPTION, index,
                 FF_CALL5(setsockopt, fd, FF_SOL_SOCKET, option->name, &half, sizeof(half)));
        return;
    }
    ff_check(context, FF_STEP_SOCKET_OPTION, index,
             FF_CALL5(setsockopt, fd, option->level, option->name, option->value, option->size));
}

void ff_set_socket_options(const struct ff_context* context, uint32_t index, long fd) {
    const struct ff_socket* socket = ff_socket_at(context, index);
    const struct ff_socket_option* options = ff_socket_part(socket, socket->options);
    for (uint32_t i = 0; i < socket->option_count; ++i) ff_set_socket_option(context, index, fd, &options[i]);
}
