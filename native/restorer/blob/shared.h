/* SPDX-License-Identifier: Apache-2.0 */
/* Shared memory that each child gets for itself. */
#ifndef FARFORK_BLOB_SHARED_H
#define FARFORK_BLOB_SHARED_H

#include "restorer/blob/blob.h"

static inline const struct ff_restorer_shared* ff_shared_at(const struct ff_context* context, uint32_t index) {
    return &((const struct ff_restorer_shared*)context->arguments->shared)[index];
}
/* Its descriptor, above fd_base; FF_NO_FD for kinds that have none. */
static inline int32_t* ff_shared_fd(const struct ff_context* context, uint32_t index) {
    return &((int32_t*)context->arguments->shared_fds)[index];
}
static inline const struct ff_restorer_shared_map* ff_shared_map_at(const struct ff_context* context, uint32_t index) {
    return &((const struct ff_restorer_shared_map*)context->arguments->shared_maps)[index];
}
static inline const struct ff_map* ff_map_at(const struct ff_context* context, uint32_t index) {
    return &((const struct ff_map*)context->arguments->maps)[index];
}

/* `value` in decimal, NUL-terminated, at the end of `text`; returns where it starts. */
char* ff_decimal(uint64_t value, char text[24]);

/* sysv.c: makes the segment, with its id; returns the address at which it is attached for filling. */
uint64_t ff_make_segment(const struct ff_context* context, uint32_t index);
void ff_attach_segment(const struct ff_context* context, uint32_t index, const struct ff_restorer_shared_map* map);
void ff_finish_segment(const struct ff_context* context, uint32_t index, uint64_t filled_at);

#endif
