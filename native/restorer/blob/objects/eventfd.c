/* SPDX-License-Identifier: Apache-2.0 */
#include <linux/fcntl.h>

#include "restorer/blob/objects/object.h"

long ff_make_eventfd(const struct ff_context* context, uint32_t index) {
    const struct ff_restorer_file* file = ff_file_at(context, index);
    const struct ff_eventfd* eventfd = (const struct ff_eventfd*)file->bytes;
    const uint32_t flags =
        (file->open_flags & (O_CLOEXEC | O_NONBLOCK)) | (eventfd->semaphore ? 1 /* EFD_SEMAPHORE */ : 0);
    const long fd = ff_check(context, FF_STEP_OBJECT, index, FF_CALL2(eventfd2, 0, flags));
    /* The first argument of eventfd2 has 32 bits, the count 64. */
    if (eventfd->count != 0) {
        ff_check(context, FF_STEP_OBJECT, index, FF_CALL3(write, fd, &eventfd->count, sizeof(eventfd->count)));
    }
    return fd;
}
