/* SPDX-License-Identifier: Apache-2.0 */
#include <linux/fcntl.h>

#include "restorer/blob/objects/object.h"

long ff_make_signalfd(const struct ff_context* context, uint32_t index) {
    const struct ff_restorer_file* file = ff_file_at(context, index);
    const struct ff_signalfd* signalfd = (const struct ff_signalfd*)file->bytes;
    return ff_check(
        context, FF_STEP_OBJECT, index,
        FF_CALL4(signalfd4, -1, &signalfd->mask, sizeof(signalfd->mask), file->open_flags & (O_CLOEXEC | O_NONBLOCK)));
}
