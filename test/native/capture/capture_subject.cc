// SPDX-License-Identifier: Apache-2.0
//
// A process for the capture tests: capture_subject MODE. Says "ready" when its state is made, then answers each line
// "check" on standard input with "ok" or "bad: why", and ends when its input closes.
//
// Mode "threads" has one thread in each kind of wait; each notices whether it was disturbed. The other modes hold one
// kind of state that is not carried.
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/rseq.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

std::atomic<int> rounds[16];
std::atomic<const char*> complaint{nullptr};
std::atomic<int> child_signals{0};
void complain(const char* what) {
    complaint.store(what);
}

double seconds() {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

void* sleeper(void*) {
    for (;; rounds[0]++) {
        const double began = seconds();
        const timespec nap{0, 50'000'000};
        if (nanosleep(&nap, nullptr) != 0) complain("nanosleep was interrupted");
        if (seconds() - began < 0.05) complain("nanosleep was short");
    }
}
void* futexWaiter(void*) {
    static int word = 0;
    for (;; rounds[1]++) {
        const double began = seconds();
        const timespec limit{0, 60'000'000};
        if (syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, &limit, nullptr, 0) != -1 || errno != ETIMEDOUT)
            complain("futex wait did not time out");
        if (seconds() - began < 0.06) complain("futex wait was short");
    }
}
void* poller(void*) {
    for (;; rounds[2]++)
        if (poll(nullptr, 0, 40) != 0) complain("poll was interrupted");
}
int idle_pipe[2], busy_pipe[2];
void* reader(void*) {
    char byte;
    for (;; rounds[3]++)
        if (read(busy_pipe[0], &byte, 1) != 1) complain("read was interrupted");
}
void* writer(void*) {
    for (;; rounds[4]++) {
        usleep(10'000);
        if (write(busy_pipe[1], "x", 1) != 1) complain("write failed");
    }
}
void* idler(void*) {
    char byte;
    if (read(idle_pipe[0], &byte, 1) != 1) complain("idle read was interrupted");
    return nullptr;
}
void* suspender(void*) {
    sigset_t none;
    sigfillset(&none);
    sigdelset(&none, SIGUSR2);
    sigsuspend(&none);
    complain("sigsuspend returned");
    return nullptr;
}
/// Keeps patterns in general and vector registers and compares them for ever.
void* spinner(void*) {
    uint64_t pattern[4] = {0x1111222233334444, 0x5555666677778888, 0x9999aaaabbbbcccc, 0xddddeeeeffff0000}, seen[4];
    for (;; rounds[5]++) {
        uint64_t low = 0x0123456789abcdef, high = 0xfedcba9876543210;
        uint64_t count = 2'000'000;
        asm volatile(
            "vmovdqu (%[p]), %%ymm9\n"
            "1: dec %[n]\n"
            "jnz 1b\n"
            "vmovdqu %%ymm9, (%[s])\n"
            : [n] "+r"(count), "+r"(low), "+r"(high)
            : [p] "r"(pattern), [s] "r"(seen)
            : "memory", "ymm9", "cc");
        if (low != 0x0123456789abcdef || high != 0xfedcba9876543210 || memcmp(pattern, seen, sizeof seen) != 0)
            complain("registers changed");
    }
}

constexpr size_t kMemory = 8 << 20;
unsigned char* memory;
uint64_t sumMemory() {
    uint64_t sum = 0;
    for (size_t i = 0; i < kMemory; i++) sum = sum * 31 + memory[i];
    return sum;
}

void makeThreads() {
    static char stack[65536];
    const stack_t alternate{stack, 0, sizeof stack};
    sigaltstack(&alternate, nullptr);
    struct sigaction count {};
    count.sa_handler = [](int) { child_signals++; };
    sigaction(SIGCHLD, &count, nullptr);
    signal(SIGUSR2, [](int) {});
    memory =
        static_cast<unsigned char*>(mmap(nullptr, kMemory, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    for (size_t i = 0; i < kMemory; i++) memory[i] = static_cast<unsigned char>(i * 2654435761u >> 13);
    if (pipe2(idle_pipe, 0) || pipe2(busy_pipe, 0)) abort();
    for (auto* body : {sleeper, futexWaiter, poller, reader, writer, idler, suspender, spinner, sleeper, futexWaiter}) {
        pthread_t thread;
        pthread_create(&thread, nullptr, body, nullptr);
    }
}

std::string checkThreads() {
    static const uint64_t sum = sumMemory();
    int before[6];
    for (int i = 0; i < 6; i++) before[i] = rounds[i];
    const double limit = seconds() + 10;
    for (int i = 0; i < 6; i++)
        while (rounds[i] == before[i] && seconds() < limit) usleep(1000);
    for (int i = 0; i < 6; i++)
        if (rounds[i] == before[i]) return "bad: thread " + std::to_string(i) + " stands still";
    if (complaint.load()) return std::string("bad: ") + complaint.load();
    if (child_signals != 0) return "bad: SIGCHLD came";
    if (waitpid(-1, nullptr, WNOHANG | __WALL) != -1 || errno != ECHILD) return "bad: it has a child";
    stack_t alternate;
    sigaltstack(nullptr, &alternate);
    if (alternate.ss_size != 65536) return "bad: alternate stack changed";
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    for (int number = 1; number < 64; number++)
        if (sigismember(&mask, number) == 1) return "bad: signal mask changed";
    if (sumMemory() != sum) return "bad: memory changed";
    return "ok";
}

/// Stays in a restartable sequence (rseq(2)) nearly all of the time; counts the aborts.
std::atomic<uint64_t> aborts{0};
void spinInRseq() {
    char* area = static_cast<char*>(__builtin_thread_pointer()) + __rseq_offset;
    for (;;) {
        uint64_t count = 500'000'000, aborted = 0, address;
        asm volatile(
            ".pushsection .data.rseq_cs, \"aw\"\n"
            ".balign 32\n"
            "3: .long 0, 0\n"
            ".quad 1f, 2f - 1f, 4f\n"
            ".popsection\n"
            "lea 3b(%%rip), %[a]\n"
            "mov %[a], 8(%[area])\n"
            "1: dec %[n]\n"
            "jnz 1b\n"
            "2: jmp 5f\n"
            ".byte 0x0f, 0xb9, 0x3d\n"
            ".long 0x53053053\n"
            "4: mov $1, %[x]\n"
            "5:\n"
            : [n] "+r"(count), [x] "+r"(aborted), [a] "=&r"(address)
            : [area] "r"(area)
            : "memory", "cc");
        aborts += aborted;
    }
}

void* forever(void*) {
    for (;;) pause();
}

/// Waits that a stop ends with EINTR, unless whoever stops them sees to it.
void* timedSignalWaiter(void*) {
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGUSR1);
    for (;; rounds[0]++) {
        const double began = seconds();
        const timespec limit{0, 40'000'000};
        if (sigtimedwait(&wanted, nullptr, &limit) != -1 || errno != EAGAIN) complain("sigtimedwait was interrupted");
        if (seconds() - began < 0.04) complain("sigtimedwait was short");
    }
}
void* signalWaiter(void*) {
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGRTMIN);
    for (;; rounds[1]++)
        if (sigwaitinfo(&wanted, nullptr) != SIGRTMIN) complain("sigwaitinfo was interrupted");
}
void* constantPoller(void*) {
    static const timespec limit{0, 30'000'000};  // in memory that cannot be written
    for (;; rounds[2]++)
        if (syscall(SYS_ppoll, nullptr, 0, &limit, nullptr, 8) != 0) complain("ppoll was interrupted");
}
void* longSleeper(void*) {
    const timespec hour{3600, 0};
    if (nanosleep(&hour, nullptr) != 0) complain("nanosleep was interrupted");
    return nullptr;
}

void makeWaits() {
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    sigaddset(&blocked, SIGRTMIN);
    pthread_sigmask(SIG_BLOCK, &blocked, nullptr);
    for (auto* body : {timedSignalWaiter, signalWaiter, constantPoller, longSleeper}) {
        pthread_t thread;
        pthread_create(&thread, nullptr, body, nullptr);
    }
}

std::string checkWaits() {
    kill(getpid(), SIGRTMIN);
    for (int i = 0; i < 3; i++) {
        const int before = i == 1 ? 0 : rounds[i].load();
        const double limit = seconds() + 10;
        while (rounds[i] == before && seconds() < limit) usleep(1000);
        if (rounds[i] == before) return "bad: thread " + std::to_string(i) + " stands still";
    }
    return complaint.load() ? std::string("bad: ") + complaint.load() : "ok";
}

/// Sockets in states that are not carried.
void makeSocketState(const std::string& mode) {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair)) abort();
    if (mode == "filtered-socket") {
        sock_filter accept_all{BPF_RET | BPF_K, 0, 0, UINT32_MAX};
        const sock_fprog program{1, &accept_all};
        if (setsockopt(pair[0], SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program)) abort();
    } else if (mode == "shared-socket") {
        // A process that is not its child: the one between has gone.
        if (const pid_t between = fork(); between == 0) {
            if (fork() != 0) _exit(0);
            alarm(20);
            for (int number = 0; number < 3; number++) close(number);
            for (;;) pause();
        } else {
            waitpid(between, nullptr, 0);
        }
    } else if (mode == "urgent-socket") {
        if (send(pair[0], "!", 1, MSG_OOB) != 1) abort();
    } else if (mode == "unaccepted-bytes") {
        sockaddr_un name{};
        socklen_t size = sizeof name;
        name.sun_family = AF_UNIX;
        const int listener = socket(AF_UNIX, SOCK_STREAM, 0), caller = socket(AF_UNIX, SOCK_STREAM, 0);
        if (bind(listener, reinterpret_cast<sockaddr*>(&name), sizeof name.sun_family) || listen(listener, 1) ||
            getsockname(listener, reinterpret_cast<sockaddr*>(&name), &size) ||
            connect(caller, reinterpret_cast<sockaddr*>(&name), size) || send(caller, "!", 1, 0) != 1)
            abort();
    } else {
        ip_mreqn group{};
        group.imr_multiaddr.s_addr = htonl(0xefffff01);
        group.imr_address.s_addr = htonl(INADDR_LOOPBACK);
        const int member = socket(AF_INET, SOCK_DGRAM, 0);
        if (setsockopt(member, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof group)) abort();
    }
}

/// Makes the state that `mode` names.
void makeState(const std::string& mode) {
    if (mode == "pidfd")
        syscall(SYS_pidfd_open, 1, 0);
    else if (mode == "socket")
        socket(AF_INET, SOCK_STREAM, 0);
    else if (mode == "raw-socket")
        socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
    else if (mode.ends_with("-socket") || mode == "unaccepted-bytes" || mode == "multicast")
        makeSocketState(mode);
    else if (mode == "child") {
        if (fork() == 0)
            for (;;) pause();
    } else if (mode == "zombie-child") {
        if (fork() == 0) _exit(0);
        usleep(20'000);
    } else if (mode == "itimer") {
        const itimerval far{{0, 0}, {3600, 0}};
        setitimer(ITIMER_REAL, &far, nullptr);
    } else if (mode == "timer") {
        timer_t timer;
        sigevent event{};
        event.sigev_notify = SIGEV_NONE;
        timer_create(CLOCK_MONOTONIC, &event, &timer);
    } else if (mode == "shared")
        memset(mmap(nullptr, 8192, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0), 1, 8192);
    else if (mode == "dontfork")
        madvise(mmap(nullptr, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 8192, MADV_DONTFORK);
    else if (mode == "locked")
        mlock(mmap(nullptr, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 8192);
    else if (mode == "pending") {
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGUSR1);
        sigprocmask(SIG_BLOCK, &set, nullptr);
        raise(SIGUSR1);
    } else if (mode == "pending-process") {
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGUSR1);
        sigprocmask(SIG_BLOCK, &set, nullptr);
        kill(getpid(), SIGUSR1);
    } else if (mode == "subreaper")
        prctl(PR_SET_CHILD_SUBREAPER, 1);
    else if (mode == "flock") {
        const int fd = open("/etc/passwd", O_RDONLY);
        flock(fd, LOCK_SH);
    } else if (mode == "posix-lock") {
        FILE* file = tmpfile();
        struct flock lock {};
        lock.l_type = F_WRLCK;
        fcntl(fileno(file), F_SETLK, &lock);
    } else if (mode == "deleted") {
        char name[] = "/tmp/capture_subject_XXXXXX";
        const int fd = mkstemp(name);
        unlink(name);
        if (fd < 0) abort();
    } else if (mode == "half-pipe") {
        int ends[2];
        if (pipe(ends)) abort();
        close(ends[1]);
    } else if (mode == "procfs")
        open("/proc/self/maps", O_RDONLY);
    else if (mode == "path")
        open("/etc", O_PATH);
    else if (mode == "tty")
        open("/dev/ptmx", O_RDWR | O_NOCTTY);
    else if (mode == "own-table") {
        pthread_t thread;
        pthread_create(
            &thread, nullptr,
            [](void*) -> void* {
                unshare(CLONE_FILES);
                return forever(nullptr);
            },
            nullptr);
        usleep(20'000);
    } else if (mode == "seccomp") {
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        struct {
            unsigned short code;
            unsigned char jt, jf;
            unsigned k;
        } allow{6, 0, 0, 0x7fff0000};
        struct {
            unsigned short len;
            void* filter;
        } program{1, &allow};
        if (prctl(PR_SET_SECCOMP, 2, &program)) abort();
    } else if (mode == "leader-gone") {
        pthread_t thread;
        pthread_create(&thread, nullptr, forever, nullptr);
        puts("ready");
        fflush(stdout);
        pthread_exit(nullptr);
    } else if (mode == "trap-ignored")
        signal(SIGTRAP, SIG_IGN);
    else if (mode == "membarrier")
        syscall(SYS_membarrier, 16 /* REGISTER_PRIVATE_EXPEDITED */, 0, 0);
    else if (mode == "dispatch") {
        static char allow = 0;
        if (prctl(59 /* PR_SET_SYSCALL_USER_DISPATCH */, 1, 0, 0, &allow)) abort();
    } else if (mode == "rseq") {
        pthread_t thread;
        pthread_create(
            &thread, nullptr,
            [](void*) -> void* {
                spinInRseq();
                return nullptr;
            },
            nullptr);
    } else if (mode == "churn") {
        pthread_t thread;
        pthread_create(
            &thread, nullptr,
            [](void*) -> void* {
                for (;;) {
                    pthread_t one, two;
                    pthread_create(
                        &one, nullptr, [](void*) -> void* { return nullptr; }, nullptr);
                    pthread_create(
                        &two, nullptr,
                        [](void*) -> void* {
                            usleep(100);
                            return nullptr;
                        },
                        nullptr);
                    pthread_join(one, nullptr);
                    pthread_join(two, nullptr);
                }
            },
            nullptr);
    } else if (mode == "exec") {
        if (usleep(3000) == 0 && fcntl(0, F_GETFD) >= 0) execl("/proc/self/exe", "capture_subject", "exec", nullptr);
    } else if (mode == "stdio-dup") {
        if (dup(1) < 0) abort();
    } else if (mode == "files") {
        const int passwd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
        if (lseek(passwd, 7, SEEK_SET) != 7 || dup2(passwd, 20) < 0) abort();
        if (open("/etc/passwd", O_RDONLY) < 0 || open("/dev/null", O_RDWR) < 0 ||
            open("/etc", O_RDONLY | O_DIRECTORY) < 0)
            abort();
        int ends[2];
        if (pipe2(ends, O_NONBLOCK) || write(ends[1], "queued bytes", 12) != 12) abort();
    } else if (mode != "plain") {
        fprintf(stderr, "unknown mode\n");
        exit(2);
    }
}

}  // namespace

int main(int, char** argv) {
    const std::string mode = argv[1];
    if (mode == "threads")
        makeThreads();
    else if (mode == "waits")
        makeWaits();
    else
        makeState(mode);
    puts("ready");
    fflush(stdout);
    char line[64];
    while (fgets(line, sizeof line, stdin)) {
        if (!strcmp(line, "memory\n"))
            printf("%p %zu\n", static_cast<void*>(memory), kMemory);
        else
            puts(mode == "threads" ? checkThreads().c_str() : mode == "waits" ? checkWaits().c_str() : "ok");
        fflush(stdout);
    }
    _exit(0);
}
