// SPDX-License-Identifier: Apache-2.0
// refused: memory that the process's own userfaultfd serves
// names: userfaultfd
#include "memory.h"

#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

static int faults;
static char* memory;

static void setup(void) {
    faults = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
    if (faults < 0) LACKS("userfaultfd");
    struct uffdio_api api = {.api = UFFD_API};
    EXPECT(ioctl(faults, UFFDIO_API, &api) == 0);
    memory = map_anonymous(2 * PAGE);
    struct uffdio_register range = {{(uintptr_t)memory, 2 * PAGE}, UFFDIO_REGISTER_MODE_MISSING, 0};
    EXPECT(ioctl(faults, UFFDIO_REGISTER, &range) == 0);
}

static void* touch(void* none) {
    EXPECT(filled(memory, PAGE, 1));
    return none;
}

static void check(void) {
    EXPECT(has_flag(memory, "um"));
    pthread_t thread;
    EXPECT(pthread_create(&thread, NULL, touch, NULL) == 0);
    struct pollfd ready = {faults, POLLIN, 0};
    EXPECT_EQUAL(poll(&ready, 1, 10000), 1);
    struct uffd_msg message;
    EXPECT_EQUAL(read(faults, &message, sizeof message), sizeof message);
    EXPECT_EQUAL(message.event, UFFD_EVENT_PAGEFAULT);
    EXPECT_EQUAL(message.arg.pagefault.address, (uintptr_t)memory);
    char* page = map_anonymous(PAGE);
    fill(page, PAGE, 1);
    struct uffdio_copy copy = {.dst = (uintptr_t)memory, .src = (uintptr_t)page, .len = PAGE};
    EXPECT(ioctl(faults, UFFDIO_COPY, &copy) == 0);
    AWAIT(pthread_tryjoin_np(thread, NULL) == 0);
}
