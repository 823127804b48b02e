/* SPDX-License-Identifier: Apache-2.0 */
#include "restorer/blob/objects/unix_socket.h"

#include <linux/errno.h>
#include <linux/fcntl.h>

static uint32_t indexOf(const struct ff_context* context, int32_t fd) {
    for (uint32_t i = 0; i < context->arguments->file_count; ++i) {
        if (ff_file_at(context, i)->fd == fd) return i;
    }
    return context->arguments->file_count;
}

static int isStream(const struct ff_socket* socket) {
    return socket->type != FF_SOCK_DGRAM;
}

static void setFlags(const struct ff_context* context, uint32_t index, long fd) {
    const struct ff_restorer_file* file = ff_file_at(context, index);
    FF_CALL3(fcntl, fd, F_SETFD, file->close_on_exec ? FD_CLOEXEC : 0);
    FF_CALL3(fcntl, fd, F_SETFL, file->open_flags & (O_NONBLOCK | O_APPEND));
}

struct ff_ids {
    uint32_t uid, gid;
};

/* SO_PEERCRED shows who called socketpair or listen: the effective ids of that moment (linux net/unix/af_unix.c,
 * init_peercred). The child sets its own ids later, and needs the superuser's capabilities until then. */
static struct ff_ids becomeMaker(const struct ff_context* context, uint32_t index) {
    const struct ff_socket* socket = ff_socket_at(context, index);
    const struct ff_ids own = {(uint32_t)FF_CALL0(geteuid), (uint32_t)FF_CALL0(getegid)};
    if (socket->peer_uid == UINT32_MAX || (socket->peer_uid == own.uid && socket->peer_gid == own.gid)) return own;
    ff_check(context, FF_STEP_OBJECT, index, FF_CALL3(setresgid, -1, socket->peer_gid, -1));
    ff_check(context, FF_STEP_OBJECT, index, FF_CALL3(setresuid, -1, socket->peer_uid, -1));
    return own;
}

static void becomeSelf(const struct ff_context* context, uint32_t index, struct ff_ids own) {
    if ((uint32_t)FF_CALL0(geteuid) == own.uid && (uint32_t)FF_CALL0(getegid) == own.gid) return;
    ff_check(context, FF_STEP_OBJECT, index, FF_CALL3(setresuid, -1, own.uid, -1));
    ff_check(context, FF_STEP_OBJECT, index, FF_CALL3(setresgid, -1, own.gid, -1));
}

/* ends[0] is the one that was accepted, and so has the listener's name. */
static void connectByName(const struct ff_context* context, uint32_t index, const struct ff_socket* accepted,
                          const struct ff_socket* caller, int32_t* ends) {
    const struct ff_unix_address name = ff_unix_name(ff_socket_part(accepted, accepted->name), accepted->name_size);
    const uint32_t type = accepted->type | FF_SOCK_CLOEXEC;
    const long listener = ff_check(context, FF_STEP_OBJECT, index, FF_CALL3(socket, FF_AF_UNIX, type, 0));
    ff_bind_unix(context, index, listener, &name);
    const struct ff_ids own = becomeMaker(context, index);
    const long listening = FF_CALL2(listen, listener, 1);
    becomeSelf(context, index, own);
    ff_check(context, FF_STEP_SOCKET_LISTEN, index, listening);
    ends[1] = (int32_t)ff_check(context, FF_STEP_OBJECT, index, FF_CALL3(socket, FF_AF_UNIX, type, 0));
    if (caller != 0 && caller->name_size != 0) {
        const struct ff_unix_address own_name = ff_unix_name(ff_socket_part(caller, caller->name), caller->name_size);
        ff_bind_unix(context, index, ends[1], &own_name);
    }
    ff_connect_unix(context, index, ends[1], &name);
    ends[0] =
        (int32_t)ff_check(context, FF_STEP_SOCKET_CONNECT, index, FF_CALL4(accept4, listener, 0, 0, FF_SOCK_CLOEXEC));
    FF_CALL1(close, listener);
}

/* ends[0]: for files[index]; ends[1]: for `peer`, or for nobody when that is null. */
static void connectPair(const struct ff_context* context, uint32_t index, const struct ff_socket* peer, int32_t* ends) {
    const struct ff_socket* socket = ff_socket_at(context, index);
    if (isStream(socket) && socket->name_size != 0 && (peer == 0 || peer->name_size == 0)) {
        connectByName(context, index, socket, peer, ends);
        return;
    }
    if (isStream(socket) && peer != 0 && peer->name_size != 0) {
        int32_t reversed[2];
        connectByName(context, index, peer, socket, reversed);
        ends[0] = reversed[1];
        ends[1] = reversed[0];
        return;
    }
    const struct ff_ids own = becomeMaker(context, index);
    const long made = FF_CALL4(socketpair, FF_AF_UNIX, socket->type | FF_SOCK_CLOEXEC, 0, ends);
    becomeSelf(context, index, own);
    ff_check(context, FF_STEP_OBJECT, index, made);
}

static int32_t moveAway(const struct ff_context* context, uint32_t index, int32_t fd) {
    const long moved =
        ff_check(context, FF_STEP_DUP, index, FF_CALL3(fcntl, fd, F_DUPFD, context->working->fds.fd_base));
    FF_CALL1(close, fd);
    return (int32_t)moved;
}

/* Both ends, the later one at its number at once: no other descriptor gets that until its turn comes. */
static long makeConnected(const struct ff_context* context, uint32_t index) {
    const struct ff_restorer_file* file = ff_file_at(context, index);
    const int32_t peer_fd = ff_socket_at(context, index)->peer;
    const uint32_t peer = indexOf(context, peer_fd);
    if (peer == context->arguments->file_count) ff_fail(context, FF_STEP_OBJECT, index, -ENOTCONN);
    if (peer_fd < file->fd) return file->fd;
    int32_t ends[2];
    connectPair(context, index, ff_socket_at(context, peer), ends);
    if (ends[0] == peer_fd) ends[0] = moveAway(context, index, ends[0]);
    if (ends[1] != peer_fd) {
        ff_check(context, FF_STEP_DUP, peer, FF_CALL3(dup3, ends[1], peer_fd, O_CLOEXEC));
        FF_CALL1(close, ends[1]);
    }
    setFlags(context, peer, peer_fd);
    ff_set_socket_options(context, peer, peer_fd);
    return ends[0];
}

/* The end that nobody has stays until the queue is full, above the child's numbers. */
static long makeEnded(const struct ff_context* context, uint32_t index) {
    int32_t ends[2];
    connectPair(context, index, 0, ends);
    *ff_spare_end(context, index) = moveAway(context, index, ends[1]);
    return ends[0];
}

long ff_make_unix_socket(const struct ff_context* context, uint32_t index) {
    const struct ff_socket* socket = ff_socket_at(context, index);
    long fd = 0;
    if (socket->state == FF_SOCKET_CONNECTED && socket->mutual) {
        fd = makeConnected(context, index);
        if (fd == ff_file_at(context, index)->fd && socket->peer < fd) return fd;
    } else if (socket->state == FF_SOCKET_ENDED || socket->state == FF_SOCKET_RESET) {
        fd = makeEnded(context, index);
    } else {
        fd = ff_open_socket(context, index);
    }
    setFlags(context, index, fd);
    ff_set_socket_options(context, index, fd);
    return fd;
}

static int isNamedAlready(const struct ff_socket* socket) {
    const int connected = socket->state == FF_SOCKET_CONNECTED || socket->state == FF_SOCKET_ENDED;
    return socket->name_size == 0 || (isStream(socket) && connected);
}

static void name(const struct ff_context* context, uint32_t index) {
    const struct ff_socket* socket = ff_socket_at(context, index);
    const int32_t fd = ff_file_at(context, index)->fd;
    if (!isNamedAlready(socket)) {
        const struct ff_unix_address address = ff_unix_name(ff_socket_part(socket, socket->name), socket->name_size);
        ff_bind_unix(context, index, fd, &address);
    }
    if (socket->state != FF_SOCKET_LISTENING) return;
    const struct ff_ids own = becomeMaker(context, index);
    const long listening = FF_CALL2(listen, fd, socket->backlog);
    becomeSelf(context, index, own);
    ff_check(context, FF_STEP_SOCKET_LISTEN, index, listening);
}

/* Those who wait for a listener, in the order in which they called; and one-way connections of datagram sockets. */
static void connectAll(const struct ff_context* context, uint32_t index) {
    const struct ff_socket* socket = ff_socket_at(context, index);
    const struct ff_unix_address own = ff_unix_name(ff_socket_part(socket, socket->name), socket->name_size);
    const int32_t* pending = ff_socket_part(socket, socket->pending);
    for (uint32_t i = 0; i < socket->pending_count; ++i) {
        const uint32_t caller = indexOf(context, pending[i]);
        FF_CALL3(fcntl, pending[i], F_SETFL, O_NONBLOCK);
        ff_connect_unix(context, caller, pending[i], &own);
        setFlags(context, caller, pending[i]);
    }
    if (socket->state != FF_SOCKET_CONNECTED || socket->mutual) return;
    const struct ff_socket* peer = ff_socket_at(context, indexOf(context, socket->peer));
    const struct ff_unix_address address = ff_unix_name(ff_socket_part(peer, peer->name), peer->name_size);
    ff_connect_unix(context, index, ff_file_at(context, index)->fd, &address);
}

/* A connection that was closed with something unread is a reset one (linux net/unix/af_unix.c, unix_release_sock). */
static void end(const struct ff_context* context, uint32_t index) {
    const struct ff_socket* socket = ff_socket_at(context, index);
    const int32_t fd = ff_file_at(context, index)->fd;
    const int32_t spare = *ff_spare_end(context, index);
    if (spare != 0) {
        if (isStream(socket) && (socket->error || socket->state == FF_SOCKET_RESET)) {
            ff_check(context, FF_STEP_SOCKET_QUEUE, index,
                     FF_CALL6(sendto, fd, "", 1, FF_MSG_NOSIGNAL | FF_MSG_DONTWAIT, 0, 0));
        }
        FF_CALL1(close, spare);
    }
    if (socket->shutdown & 3) FF_CALL2(shutdown, fd, (socket->shutdown & 3) - 1);
}

static void forEach(const struct ff_context* context, void (*work)(const struct ff_context*, uint32_t)) {
    for (uint32_t i = 0; i < context->arguments->file_count; ++i) {
        const struct ff_restorer_file* file = ff_file_at(context, i);
        if (file->kind == FF_FILE_UNIX_SOCKET && file->same_as < 0) work(context, i);
    }
}

/* All together, and once: each step refers to what the one before made of other sockets. */
void ff_finish_unix_sockets(const struct ff_context* context, uint32_t index) {
    for (uint32_t i = 0; i < index; ++i) {
        if (ff_file_at(context, i)->kind == FF_FILE_UNIX_SOCKET) return;
    }
    forEach(context, name);
    forEach(context, connectAll);
    forEach(context, ff_fill_unix_queue);
    forEach(context, end);
}
