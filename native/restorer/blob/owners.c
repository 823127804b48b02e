/* SPDX-License-Identifier: Apache-2.0 */
/* Signal-driven input: whom a description tells, by which signal, and whether it does (fcntl(2), F_SETOWN_EX). */
#include <linux/fcntl.h>

#include "restorer/blob/objects/object.h"

static void setOwner(const struct ff_context* context, uint32_t index) {
    const struct ff_restorer_file* file = ff_file_at(context, index);
    const struct f_owner_ex owner = {(int)file->owner_type, file->owner};
    if (file->owner != 0) {
        ff_check(context, FF_STEP_OWNER, index, FF_CALL3(fcntl, file->fd, F_SETOWN_EX, &owner));
    }
    ff_check(context, FF_STEP_OWNER, index, FF_CALL3(fcntl, file->fd, F_SETSIG, file->owner_signal));
    if (!file->async) return;
    const long flags = ff_check(context, FF_STEP_OWNER, index, FF_CALL2(fcntl, file->fd, F_GETFL));
    ff_check(context, FF_STEP_OWNER, index, FF_CALL3(fcntl, file->fd, F_SETFL, flags | file->async));
}

void ff_set_owners(const struct ff_context* context) {
    if (!context->arguments->has_owners) return;
    for (uint32_t i = 0; i < context->arguments->file_count; ++i) {
        const struct ff_restorer_file* file = ff_file_at(context, i);
        if (file->owned && file->same_as < 0) setOwner(context, i);
    }
}
