/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FARFORK_BLOB_OBJECTS_UNIX_SOCKET_H
#define FARFORK_BLOB_OBJECTS_UNIX_SOCKET_H

#include "restorer/blob/objects/socket.h"

#define FF_UNIX_PATH_SIZE 108u /* linux/un.h */
#define FF_UNIX_FAMILY_SIZE 2u

struct ff_unix_address {
    uint16_t family;
    char path[FF_UNIX_PATH_SIZE + 1]; /* NUL-terminated when it is a path */
    uint32_t size;
};

/* unix_name.c: bind(2), connect(2) and where a sendto(2) finds a name. A path is one of a file system of the child's
 * own that nobody else sees: its name in the parent's belongs to the parent. */
struct ff_unix_address ff_unix_name(const void* name, uint32_t size);
long ff_bind_unix(const struct ff_context* context, uint32_t index, long fd, const struct ff_unix_address* name);
long ff_connect_unix(const struct ff_context* context, uint32_t index, long fd, const struct ff_unix_address* name);
void ff_enter_names(const struct ff_context* context, uint32_t index, const struct ff_unix_address* name);
void ff_leave_names(const struct ff_context* context, uint32_t index, const struct ff_unix_address* name);

/* unix_queue.c: puts the messages of files[index] into its queue. */
void ff_fill_unix_queue(const struct ff_context* context, uint32_t index);

/* The end of files[index]'s connection that the parent had not, until the queue is full; FF_NO_FD. */
static inline int32_t* ff_spare_end(const struct ff_context* context, uint32_t index) {
    return (int32_t*)context->arguments->spare_ends + index;
}

#endif
