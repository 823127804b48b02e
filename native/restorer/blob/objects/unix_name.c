/* SPDX-License-Identifier: Apache-2.0 */
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/mount.h>

#include "restorer/blob/objects/unix_socket.h"

#define FF_AUTOBOUND_SIZE (FF_UNIX_FAMILY_SIZE + 6u) /* NUL and five digits (unix(7)) */

struct ff_unix_address ff_unix_name(const void* name, uint32_t size) {
    struct ff_unix_address address = {.size = size};
    const char* from = name;
    char* to = (char*)&address;
    for (uint32_t i = 0; i < size && i < FF_UNIX_FAMILY_SIZE + FF_UNIX_PATH_SIZE; ++i) to[i] = from[i];
    return address;
}

static int isPath(const struct ff_unix_address* name) {
    return name->size > FF_UNIX_FAMILY_SIZE && name->path[0] != '\0';
}

static int32_t park(const struct ff_context* context, uint32_t index, long fd) {
    ff_check(context, FF_STEP_SOCKET_BIND, index, fd);
    const long parked =
        ff_check(context, FF_STEP_SOCKET_BIND, index, FF_CALL3(fcntl, fd, F_DUPFD, context->working->fds.fd_base));
    FF_CALL1(close, fd);
    return (int32_t)parked;
}

static void goTo(const struct ff_context* context, uint32_t index, int32_t folder) {
    ff_check(context, FF_STEP_SOCKET_BIND, index, FF_CALL1(fchdir, folder));
    ff_check(context, FF_STEP_SOCKET_BIND, index, FF_CALL1(chroot, "."));
}

void ff_enter_names(const struct ff_context* context, uint32_t index, const struct ff_unix_address* name) {
    if (!isPath(name)) return;
    int32_t* folder = ff_spare_end(context, context->arguments->file_count);
    int32_t* root = folder + 1;
    if (*folder == 0) {
        *root = park(context, index, FF_CALL2(open, "/", O_RDONLY | O_DIRECTORY));
        const long system = ff_check(context, FF_STEP_SOCKET_BIND, index, FF_CALL2(fsopen, "tmpfs", 0));
        ff_check(context, FF_STEP_SOCKET_BIND, index, FF_CALL5(fsconfig, system, FSCONFIG_CMD_CREATE, 0, 0, 0));
        *folder = park(context, index, FF_CALL3(fsmount, system, 0, 0));
        FF_CALL1(close, system);
    }
    goTo(context, index, *folder);
}

void ff_leave_names(const struct ff_context* context, uint32_t index, const struct ff_unix_address* name) {
    if (isPath(name)) goTo(context, index, ff_spare_end(context, context->arguments->file_count)[1]);
}

static void makeFolders(const struct ff_unix_address* name) {
    char path[sizeof(name->path)];
    for (uint32_t i = 0; i < sizeof(path) && name->path[i] != '\0'; ++i) {
        path[i] = '\0';
        if (i != 0 && name->path[i] == '/') FF_CALL2(mkdir, path, 0755);
        path[i] = name->path[i];
    }
    FF_CALL1(unlink, name->path);
}

long ff_bind_unix(const struct ff_context* context, uint32_t index, long fd, const struct ff_unix_address* name) {
    ff_enter_names(context, index, name);
    if (isPath(name)) makeFolders(name);
    long bound = FF_CALL3(bind, fd, name, name->size);
    /* A name that the kernel had chosen, and that is taken here: the kernel chooses another one. */
    if (bound == -EADDRINUSE && name->size == FF_AUTOBOUND_SIZE && !isPath(name)) {
        bound = FF_CALL3(bind, fd, name, FF_UNIX_FAMILY_SIZE);
    }
    ff_leave_names(context, index, name);
    return ff_check(context, FF_STEP_SOCKET_BIND, index, bound);
}

long ff_connect_unix(const struct ff_context* context, uint32_t index, long fd, const struct ff_unix_address* name) {
    ff_enter_names(context, index, name);
    const long connected = FF_CALL3(connect, fd, name, name->size);
    ff_leave_names(context, index, name);
    return ff_check(context, FF_STEP_SOCKET_CONNECT, index, connected);
}
