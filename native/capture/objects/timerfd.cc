// SPDX-License-Identifier: Apache-2.0
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "capture/errors.h"
#include "capture/objects/object.h"

namespace farfork::capturing {
namespace {

constexpr uint64_t kSecondNs = 1'000'000'000;

uint64_t nanoseconds(std::string_view value) {
    const auto numbers = numbersOf(value);
    return numbers.size() == 2 ? numbers[0] * kSecondNs + numbers[1] : 0;
}

/// The two numbers behind `key` in `text` are not both 0. Allocates nothing.
bool isSet(const char* text, const char* key) {
    const char* at = strstr(text, key);
    if (!at || !(at = strchr(at, '('))) return false;
    char* end = nullptr;
    if (strtoull(at + 1, &end, 10) != 0) return true;
    return *end == ',' && strtoull(end + 1, nullptr, 10) != 0;
}

/// The clock that an alarm clock counts by (time_namespaces(7), timerfd_create(2)).
clockid_t readableClock(clockid_t clock) {
    if (clock == CLOCK_REALTIME_ALARM) return CLOCK_REALTIME;
    return clock == CLOCK_BOOTTIME_ALARM ? CLOCK_BOOTTIME : clock;
}

class CapturedTimerfd final : public CapturedObject {
  public:
    CapturedTimerfd(const Opened& opened, bool same_clock)
        : name_(nameFile(opened.file.fd, opened.link, "its clock was set, which was not read yet")),
          duplicate_(opened.duplicate),
          clock_(readableClock(static_cast<clockid_t>(numberOf(field(opened.info, "clockid"))))),
          same_clock_(same_clock || clock_ == CLOCK_REALTIME),
          info_(opened) {}

    [[nodiscard]] uint32_t kind() const override { return FF_FILE_TIMERFD; }

    /// A periodic timer that has expired stands still until somebody looks: then the kernel counts the periods that
    /// passed and starts it again in step (linux fs/timerfd.c, do_timerfd_gettime). Nobody sees a difference but an
    /// edge-triggered epoll, which is told of the next period too. fdinfo, whose fields belong together, does not look.
    bool confirm() override {
        for (int attempt = 0; attempt < kAttempts; attempt++) {
            itimerspec looked{};
            if (syscall(SYS_timerfd_gettime, duplicate_, &looked) != 0) return false;
            if (!info_.read()) return false;
            if (syscall(SYS_clock_gettime, clock_, &now_) != 0) return false;
            const char* ticks = strstr(info_.text(), "ticks:");
            if (!ticks) return false;
            const bool expired = strtoull(ticks + strlen("ticks:"), nullptr, 10) != 0;
            if (!expired || isSet(info_.text(), "it_value:") || !isSet(info_.text(), "it_interval:")) return true;
        }
        return false;
    }

    Result<std::vector<std::byte>> describe(const FileTable&) override {
        const std::string_view text(info_.text());
        ff_timerfd timer{};
        timer.clock = static_cast<int32_t>(numberOf(field(text, "clockid")));
        timer.settime_flags = static_cast<uint32_t>(numberOf(field(text, "settime flags"), 8));
        timer.ticks = numberOf(field(text, "ticks"));
        timer.left_ns = nanoseconds(field(text, "it_value"));
        timer.interval_ns = nanoseconds(field(text, "it_interval"));
        if (same_clock_)
            timer.captured_at_ns = static_cast<uint64_t>(now_.tv_sec) * kSecondNs + static_cast<uint64_t>(now_.tv_nsec);
        // A timer that runs and has expired may have been cancelled instead (TFD_TIMER_CANCEL_ON_SET): the next read
        // tells (ECANCELED), and nothing else does.
        if (timer.settime_flags & TFD_TIMER_CANCEL_ON_SET && timer.ticks && timer.left_ns) return notCarried(name_);
        return bytesOf(timer);
    }

  private:
    static constexpr int kAttempts = 3;
    std::string name_;
    int duplicate_;
    clockid_t clock_;
    bool same_clock_;  ///< ours shows what the parent's shows
    InfoFile info_;
    timespec now_{};
};

}  // namespace

Result<std::unique_ptr<CapturedObject>> findTimerfd(const Opened& opened) {
    std::unique_ptr<CapturedObject> found;
    if (opened.link != "anon_inode:[timerfd]") return found;
    const auto own = ProcDir(getpid()).link("ns/time"), its = opened.proc.link("ns/time");
    found = std::make_unique<CapturedTimerfd>(opened, own == its);
    return found;
}

}  // namespace farfork::capturing
