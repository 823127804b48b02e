/* SPDX-License-Identifier: Apache-2.0 */
#include <linux/errno.h>

#include "restorer/blob/objects/unix_socket.h"

#define FF_MAX_RIGHTS 253u /* SCM_MAX_FD, linux include/net/scm.h */

struct ff_control {
    struct {
        uint64_t size;
        int32_t level, type;
        uint32_t pid, uid, gid, padding;
    } credentials;
    struct {
        uint64_t size;
        int32_t level, type;
        int32_t fds[FF_MAX_RIGHTS + 1];
    } rights;
};

struct ff_sending {
    const struct ff_socket_message* message;
    struct ff_unix_address to; /* size 0: the sender is connected to it */
    long sender;
};

static uint64_t padded(uint64_t size) {
    return (size + 7) & ~7ULL;
}

static long sendPart(const struct ff_context* context, const struct ff_sending* sending, uint64_t done) {
    const struct ff_socket_message* message = sending->message;
    const char* name = (const char*)(message + 1);
    const char* bytes = name + padded(message->name_size);
    const int32_t* rights = (const int32_t*)(bytes + padded(message->size));
    struct ff_control control;
    uint64_t control_size = 0;
    char* at = (char*)&control;
    if (message->has_credentials && done == 0) {
        control.credentials.size = 16 + 12;
        control.credentials.level = FF_SOL_SOCKET;
        control.credentials.type = FF_SCM_CREDENTIALS;
        control.credentials.pid = (uint32_t)context->arguments->pid;
        control.credentials.uid = message->uid;
        control.credentials.gid = message->gid;
        control_size += sizeof(control.credentials);
    }
    if (message->rights_count != 0 && message->rights_count <= FF_MAX_RIGHTS && done == 0) {
        uint64_t* part = (uint64_t*)(at + control_size);
        part[0] = FF_CONTROL_SIZE(message->rights_count);
        ((int32_t*)part)[2] = FF_SOL_SOCKET;
        ((int32_t*)part)[3] = FF_SCM_RIGHTS;
        for (uint32_t i = 0; i < message->rights_count; ++i) ((int32_t*)part)[4 + i] = rights[i];
        control_size += FF_CONTROL_SPACE(message->rights_count);
    }
    struct ff_iovec piece = {(uint64_t)bytes + done, message->size - done};
    struct ff_msghdr header = {.name = sending->to.size != 0 ? (void*)&sending->to : 0,
                               .name_size = (int32_t)sending->to.size,
                               .iov = &piece,
                               .iov_count = 1,
                               .control = control_size != 0 ? &control : 0,
                               .control_size = control_size};
    return FF_CALL3(sendmsg, sending->sender, &header, FF_MSG_NOSIGNAL | FF_MSG_DONTWAIT);
}

static int32_t optionOf(long fd, uint32_t name) {
    int32_t value = 0;
    uint32_t size = sizeof(value);
    FF_CALL5(getsockopt, fd, FF_SOL_SOCKET, name, &value, &size);
    return value;
}

static void setOption(long fd, uint32_t name, int32_t value) {
    FF_CALL5(setsockopt, fd, FF_SOL_SOCKET, name, &value, sizeof(value));
}

/* The sender's buffer may have been larger when the parent sent this. */
static long sendWithRoom(const struct ff_context* context, const struct ff_sending* sending, uint64_t done) {
    const int32_t room = optionOf(sending->sender, FF_SO_SNDBUF), lock = optionOf(sending->sender, FF_SO_BUF_LOCK);
    setOption(sending->sender, FF_SO_SNDBUFFORCE, 1 << 29);
    const long sent = sendPart(context, sending, done);
    setOption(sending->sender, FF_SO_SNDBUFFORCE, room / 2);
    setOption(sending->sender, FF_SO_BUF_LOCK, lock);
    return sent;
}

static void sendMessage(const struct ff_context* context, uint32_t index, const struct ff_sending* sending) {
    uint64_t done = 0;
    do {
        long sent = sendPart(context, sending, done);
        if (sent == -EAGAIN) sent = sendWithRoom(context, sending, done);
        done += (uint64_t)ff_check(context, FF_STEP_SOCKET_QUEUE, index, sent);
    } while (done < sending->message->size);
}

void ff_fill_unix_queue(const struct ff_context* context, uint32_t index) {
    const struct ff_socket* socket = ff_socket_at(context, index);
    const struct ff_socket_message* message = ff_socket_part(socket, socket->messages);
    struct ff_sending sending = {.sender = *ff_spare_end(context, index)};
    for (uint32_t i = 0; i < socket->message_count; ++i) {
        const int by_name = !socket->mutual && *ff_spare_end(context, index) == 0;
        long stranger = -1;
        sending.message = message;
        if (message->sender >= 0) sending.sender = message->sender;
        if (by_name) sending.to = ff_unix_name(ff_socket_part(socket, socket->name), socket->name_size);
        if (by_name && message->sender < 0) {
            const struct ff_unix_address name = ff_unix_name(message + 1, message->name_size);
            stranger = ff_check(context, FF_STEP_SOCKET_QUEUE, index,
                                FF_CALL3(socket, FF_AF_UNIX, socket->type | FF_SOCK_CLOEXEC, 0));
            if (name.size != 0) ff_bind_unix(context, index, stranger, &name);
            sending.sender = stranger;
        }
        ff_enter_names(context, index, &sending.to);
        sendMessage(context, index, &sending);
        ff_leave_names(context, index, &sending.to);
        if (stranger >= 0) FF_CALL1(close, stranger);
        message = (const struct ff_socket_message*)((const char*)(message + 1) + padded(message->name_size) +
                                                    padded(message->size) + padded(4ULL * message->rights_count));
    }
}
