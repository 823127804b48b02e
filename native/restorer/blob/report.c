/* SPDX-License-Identifier: Apache-2.0 */
#include <linux/errno.h>
#include <linux/poll.h>
#include <linux/time_types.h>

#include "restorer/blob/blob.h"
#include "restorer/blob/socket.h"

/* gcc emits calls of these two even when freestanding. */
void* memcpy(void* to, const void* from, unsigned long size) {
    void* result = to;
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
    return result;
}
void* memset(void* to, int value, unsigned long size) {
    void* result = to;
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(size) : "a"(value) : "memory");
    return result;
}

uint64_t ff_monotonic_ns(void) {
    struct __kernel_timespec now = {0, 0};
    FF_CALL2(clock_gettime, 1 /* CLOCK_MONOTONIC */, &now);
    return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}

void ff_report(const struct ff_context* context, uint32_t kind, uint32_t step, uint32_t index, long error,
               int32_t host_pid) {
    struct ff_status status = {.kind = kind,
                               .step = step,
                               .index = index,
                               .error = (int32_t)-error,
                               .serial = context->working->request.serial,
                               .time_ns = ff_monotonic_ns(),
                               .host_pid = host_pid,
                               .template_serial = context->working->template_serial};
    FF_CALL6(sendto, context->working->fds.status, &status, sizeof(status), FF_MSG_NOSIGNAL, 0, 0);
}

__attribute__((noreturn)) void ff_fail(const struct ff_context* context, uint32_t step, uint32_t index, long error) {
    ff_report(context, FF_STATUS_FAILED, step, index, error, (int32_t)context->working->host_pid);
    for (;;) FF_CALL1(exit_group, 111);
}

static long waitForRoom(int socket, uint64_t deadline_ns) {
    const uint64_t now_ns = ff_monotonic_ns();
    if (now_ns >= deadline_ns) return -ETIMEDOUT;
    const uint64_t left_ns = deadline_ns - now_ns;
    struct __kernel_timespec left = {(long long)(left_ns / 1000000000ULL), (long long)(left_ns % 1000000000ULL)};
    struct pollfd wanted = {socket, POLLOUT, 0};
    FF_CALL5(ppoll, &wanted, 1, &left, 0, 0);
    return 0;
}

long ff_send_fd(int socket, const void* bytes, uint64_t size, int fd, uint64_t deadline_ns) {
    struct ff_iovec piece = {(uint64_t)bytes, size};
    struct ff_fd_control control = {
        .size = FF_CONTROL_SIZE(1), .level = FF_SOL_SOCKET, .type = FF_SCM_RIGHTS, .fds = {fd}};
    struct ff_msghdr message = {
        .iov = &piece, .iov_count = 1, .control = &control, .control_size = FF_CONTROL_SPACE(1)};
    for (;;) {
        long sent = FF_CALL3(sendmsg, socket, &message, FF_MSG_NOSIGNAL);
        if (sent >= 0) return 0;
        if (sent == -EINTR) continue;
        if (sent == -EAGAIN) sent = waitForRoom(socket, deadline_ns);
        if (sent < 0) return sent;
    }
}
