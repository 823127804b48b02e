/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel objects that are made anew, one kind a file; what each is: descriptor/objects.h. */
#ifndef FARFORK_BLOB_OBJECT_H
#define FARFORK_BLOB_OBJECT_H

#include "descriptor/objects.h"
#include "restorer/blob/blob.h"

static inline const struct ff_restorer_file* ff_file_at(const struct ff_context* context, uint32_t index) {
    return &((const struct ff_restorer_file*)context->arguments->files)[index];
}

/* One for each kind: makes the object of files[index]; returns its descriptor, whatever number it has. */
long ff_make_eventfd(const struct ff_context* context, uint32_t index);
long ff_make_epoll(const struct ff_context* context, uint32_t index);
long ff_make_timerfd(const struct ff_context* context, uint32_t index);
long ff_make_signalfd(const struct ff_context* context, uint32_t index);
long ff_make_inotify(const struct ff_context* context, uint32_t index);
long ff_make_pidfd(const struct ff_context* context, uint32_t index);

/* Starts the timer, whatever it did before. */
void ff_arm_timerfd(const struct ff_context* context, uint32_t index, long fd);
long ff_make_deleted(const struct ff_context* context, uint32_t index);
long ff_make_memfd(const struct ff_context* context, uint32_t index);
long ff_make_unix_socket(const struct ff_context* context, uint32_t index);
long ff_make_inet_socket(const struct ff_context* context, uint32_t index);
long ff_make_netlink_socket(const struct ff_context* context, uint32_t index);

/* One for each kind that needs it: once all descriptors have their numbers. */
void ff_finish_unix_sockets(const struct ff_context* context, uint32_t index);

#endif
