/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials of the calling thread: the raw system calls change one thread only. Kernel order: whatever needs a
 * capability comes before the capability goes (capabilities(7)). */
#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/prctl.h>
#include <linux/securebits.h>

#include "restorer/blob/blob.h"

static int differs(uint64_t set, uint32_t capability) {
    return (set >> capability & 1) == 0;
}

static void setIds(const struct ff_context* context, uint32_t thread) {
    const struct ff_restorer_credentials* wanted = &context->arguments->credentials;
    ff_check(context, FF_STEP_CREDENTIALS, thread, FF_CALL2(setgroups, wanted->group_count, wanted->groups));
    ff_check(context, FF_STEP_CREDENTIALS, thread, FF_CALL3(setresgid, wanted->rgid, wanted->egid, wanted->sgid));
    FF_CALL1(setfsgid, wanted->fsgid);
    ff_check(context, FF_STEP_CREDENTIALS, thread, FF_CALL3(setresuid, wanted->ruid, wanted->euid, wanted->suid));
    FF_CALL1(setfsuid, wanted->fsuid);
}

static const struct ff_restorer_thread* threadAt(const struct ff_context* context, uint32_t thread) {
    return &((const struct ff_restorer_thread*)context->arguments->threads)[thread];
}

static void wantedCapabilities(const struct ff_context* context, struct __user_cap_data_struct* data) {
    const struct ff_restorer_credentials* wanted = &context->arguments->credentials;
    for (uint32_t i = 0; i < 2; ++i) {
        data[i].effective = (uint32_t)(wanted->cap_effective >> (32 * i));
        data[i].permitted = (uint32_t)(wanted->cap_permitted >> (32 * i));
        data[i].inheritable = (uint32_t)(wanted->cap_inheritable >> (32 * i));
    }
}

void ff_drop_admin(const struct ff_context* context, uint32_t thread) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2];
    wantedCapabilities(context, data);
    ff_check(context, FF_STEP_CREDENTIALS, thread, FF_CALL2(capset, &header, data));
}

static void setCapabilities(const struct ff_context* context, uint32_t thread) {
    const struct ff_restorer_credentials* wanted = &context->arguments->credentials;
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2];
    wantedCapabilities(context, data);
    if (threadAt(context, thread)->keeps_admin) {
        data[0].permitted |= 1u << CAP_SYS_ADMIN;
        data[0].effective |= 1u << CAP_SYS_ADMIN;
    }
    /* Ambient ones need permitted and inheritable, and securebits need CAP_SETPCAP: so in two steps. */
    struct __user_cap_data_struct wide[2] = {data[0], data[1]};
    wide[0].permitted |= 1u << CAP_SETPCAP;
    wide[0].effective |= 1u << CAP_SETPCAP;
    ff_check(context, FF_STEP_CREDENTIALS, thread, FF_CALL2(capset, &header, wide));
    for (uint32_t i = 0; i <= wanted->last_capability; ++i) {
        if (differs(wanted->cap_ambient, i)) continue;
        ff_check(context, FF_STEP_CREDENTIALS, thread, FF_CALL5(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0));
    }
    ff_check(context, FF_STEP_CREDENTIALS, thread, FF_CALL5(prctl, PR_SET_SECUREBITS, wanted->securebits, 0, 0, 0));
    ff_check(context, FF_STEP_CREDENTIALS, thread, FF_CALL2(capset, &header, data));
}

void ff_set_credentials(const struct ff_context* context, uint32_t thread) {
    const struct ff_restorer_credentials* wanted = &context->arguments->credentials;
    if (!wanted->change) return;
    for (uint32_t i = 0; i <= wanted->last_capability; ++i) {
        if (!differs(wanted->cap_bounding, i)) continue;
        const long result = FF_CALL5(prctl, PR_CAPBSET_DROP, i, 0, 0, 0);
        if (result < 0 && result != -EINVAL) ff_fail(context, FF_STEP_CREDENTIALS, thread, result);
    }
    /* Changing ids must not touch capabilities: they are set below to what the parent had. */
    ff_check(context, FF_STEP_CREDENTIALS, thread,
             FF_CALL5(prctl, PR_SET_SECUREBITS, SECBIT_KEEP_CAPS | SECBIT_NO_SETUID_FIXUP, 0, 0, 0));
    setIds(context, thread);
    setCapabilities(context, thread);
}
