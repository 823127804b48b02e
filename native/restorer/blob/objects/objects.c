/* SPDX-License-Identifier: Apache-2.0 */
#include <linux/errno.h>

#include "restorer/blob/objects/object.h"

long ff_make_object(const struct ff_context* context, uint32_t index) {
    switch (ff_file_at(context, index)->kind) {
        case FF_FILE_EVENTFD:
            return ff_make_eventfd(context, index);
        case FF_FILE_EPOLL:
            return ff_make_epoll(context, index);
        case FF_FILE_TIMERFD:
            return ff_make_timerfd(context, index);
        case FF_FILE_SIGNALFD:
            return ff_make_signalfd(context, index);
        case FF_FILE_INOTIFY:
            return ff_make_inotify(context, index);
        case FF_FILE_PIDFD:
            return ff_make_pidfd(context, index);
        case FF_FILE_DELETED:
            return ff_make_deleted(context, index);
        case FF_FILE_MEMFD:
            return ff_make_memfd(context, index);
        case FF_FILE_UNIX_SOCKET:
            return ff_make_unix_socket(context, index);
        case FF_FILE_INET_SOCKET:
            return ff_make_inet_socket(context, index);
        case FF_FILE_NETLINK:
            return ff_make_netlink_socket(context, index);
        default:
            ff_fail(context, FF_STEP_OBJECT, index, -EINVAL);
    }
}

/* What takes the other descriptors at their numbers. */
void ff_finish_object(const struct ff_context* context, uint32_t index) {
    switch (ff_file_at(context, index)->kind) {
        case FF_FILE_UNIX_SOCKET:
            ff_finish_unix_sockets(context, index);
            return;
        default:
            return;
    }
}
