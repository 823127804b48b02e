/* SPDX-License-Identifier: Apache-2.0 */
#include <linux/errno.h>
#include <linux/fcntl.h>

#include "restorer/blob/objects/object.h"
#include "restorer/blob/shared.h"

/* An open file description of its own, of the object that ff_make_shared made. */
long ff_make_memfd(const struct ff_context* context, uint32_t index) {
    const struct ff_restorer_file* file = ff_file_at(context, index);
    const struct ff_memfd* memfd = (const struct ff_memfd*)file->bytes;
    const uint32_t kMaking = __O_TMPFILE | O_DIRECTORY;
    const int32_t made = *ff_shared_fd(context, memfd->shared);
    const long fd = ff_check(context, FF_STEP_OBJECT, index, ff_reopen(made, file->open_flags & ~kMaking));
    if (memfd->position != 0) {
        ff_check(context, FF_STEP_SEEK, index, FF_CALL3(lseek, fd, memfd->position, 0 /* SEEK_SET */));
    }
    return fd;
}
