// SPDX-License-Identifier: Apache-2.0
// refused: session leader whose controlling terminal is a pty with both ends in the process
// names: /dev/ptmx
#include "../conformance.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>

static int master, slave;
static struct termios settings;
static volatile sig_atomic_t interrupts, hangups;

static void on_signal(int signal) {
    if (signal == SIGINT) interrupts++;
    if (signal == SIGHUP) hangups++;
}

static void expect_bytes(int fd, const char* wanted) {
    char seen[64] = {0};
    EXPECT(poll(&(struct pollfd){fd, POLLIN, 0}, 1, 10000) == 1);
    EXPECT_EQUAL(read(fd, seen, sizeof seen - 1), strlen(wanted));
    EXPECT(strcmp(seen, wanted) == 0);
}

static void setup(void) {
    EXPECT(signal(SIGINT, on_signal) != SIG_ERR && signal(SIGHUP, on_signal) != SIG_ERR);
    EXPECT_EQUAL(setsid(), getpid());
    master = posix_openpt(O_RDWR | O_NOCTTY);
    if (master < 0) LACKS("ptys");
    EXPECT(grantpt(master) == 0 && unlockpt(master) == 0);
    slave = open(ptsname(master), O_RDWR);
    EXPECT(slave >= 0);
    EXPECT(tcgetattr(slave, &settings) == 0);
    settings.c_lflag &= ~(tcflag_t)ECHO;
    settings.c_oflag &= ~(tcflag_t)OPOST;
    settings.c_cc[VINTR] = 24;
    EXPECT(tcsetattr(slave, TCSANOW, &settings) == 0);
    EXPECT(tcgetattr(slave, &settings) == 0);
    const struct winsize size = {33, 111, 5, 6};
    EXPECT(ioctl(master, TIOCSWINSZ, &size) == 0);
    EXPECT_EQUAL(write(master, "typed\n", 6), 6);
    EXPECT_EQUAL(write(slave, "printed", 7), 7);
    EXPECT_EQUAL(tcgetsid(slave), getpid());
}

static void check(void) {
    EXPECT_EQUAL(getsid(0), getpid());
    EXPECT_EQUAL(getpgrp(), getpid());
    EXPECT_EQUAL(tcgetsid(slave), getpid());
    EXPECT_EQUAL(tcgetpgrp(slave), getpid());
    struct termios now;
    EXPECT(tcgetattr(slave, &now) == 0);
    EXPECT(now.c_iflag == settings.c_iflag && now.c_oflag == settings.c_oflag);
    EXPECT(now.c_cflag == settings.c_cflag && now.c_lflag == settings.c_lflag);
    EXPECT(memcmp(now.c_cc, settings.c_cc, sizeof now.c_cc) == 0);
    struct winsize size;
    EXPECT(ioctl(slave, TIOCGWINSZ, &size) == 0);
    EXPECT(size.ws_row == 33 && size.ws_col == 111 && size.ws_xpixel == 5 && size.ws_ypixel == 6);
    expect_bytes(slave, "typed\n");
    expect_bytes(master, "printed");
    EXPECT_EQUAL(write(master, "more\n", 5), 5);
    expect_bytes(slave, "more\n");
    EXPECT_EQUAL(interrupts, 0);
    EXPECT_EQUAL(write(master, "\030", 1), 1);
    AWAIT(interrupts == 1);
    const int terminal = open("/dev/tty", O_RDWR);
    EXPECT(terminal >= 0);
    EXPECT_EQUAL(write(terminal, "own", 3), 3);
    expect_bytes(master, "own");
    EXPECT_EQUAL(hangups, 0);
}
