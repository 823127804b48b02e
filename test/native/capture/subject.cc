// SPDX-License-Identifier: Apache-2.0
#include "subject.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

#include "capture/proc.h"

namespace farfork::test {

using capturing::field;
using capturing::ProcDir;

Subject::Subject(std::vector<std::string> command) {
    int to[2], from[2];
    if (pipe2(to, O_CLOEXEC) || pipe2(from, O_CLOEXEC)) std::abort();
    std::vector<char*> arguments;
    for (std::string& word : command) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    pid_ = fork();
    if (pid_ == 0) {
        dup2(to[0], 0);
        dup2(from[1], 1);
        syscall(SYS_close_range, 3, ~0u, 0);
        execvp(arguments[0], arguments.data());
        _exit(127);
    }
    close(to[0]);
    close(from[1]);
    input_ = fdopen(to[1], "w");
    output_ = fdopen(from[0], "r");
}

Subject Subject::inMode(const std::string& mode) {
    Subject subject({CAPTURE_SUBJECT, mode});
    if (subject.readLine() != "ready") std::fprintf(stderr, "capture_subject %s is not ready\n", mode.c_str());
    return subject;
}

Subject::Subject(Subject&& other) noexcept
    : pid_(std::exchange(other.pid_, 0)),
      input_(std::exchange(other.input_, nullptr)),
      output_(std::exchange(other.output_, nullptr)) {}

Subject::~Subject() {
    if (pid_ <= 0) return;
    for (const int child : ProcDir(pid_).numbers("task").value_or(std::vector<int>{}))
        if (const auto children = ProcDir(pid_).read("task/" + std::to_string(child) + "/children"))
            for (const uint64_t each : capturing::numbersOf(*children)) kill(static_cast<pid_t>(each), SIGKILL);
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    fclose(input_);
    fclose(output_);
}

std::string Subject::readLine() {
    pollfd readable{fileno(output_), POLLIN, 0};
    if (poll(&readable, 1, 30'000) != 1) return "no answer";
    char line[512];
    if (!fgets(line, sizeof line, output_)) return "end";
    line[strcspn(line, "\n")] = '\0';
    return line;
}

std::string Subject::ask(const std::string& line) {
    std::fprintf(input_, "%s\n", line.c_str());
    std::fflush(input_);
    return readLine();
}

std::string Subject::appearance() const {
    const ProcDir proc(pid_);
    std::string text = proc.read("maps").value_or("");
    for (const int number : proc.numbers("fd").value_or(std::vector<int>{}))
        text += std::to_string(number) + " " + proc.link("fd/" + std::to_string(number)).value_or("") + "\n";
    for (const int tid : proc.numbers("task").value_or(std::vector<int>{})) {
        const std::string folder = "task/" + std::to_string(tid) + "/";
        const std::string status = proc.read(folder + "status").value_or("");
        text += std::to_string(tid) + " children " + proc.read(folder + "children").value_or("");
        for (const char* key :
             {"TracerPid", "SigBlk", "SigPnd", "ShdPnd", "SigIgn", "SigCgt", "Cpus_allowed", "Threads"})
            text += std::string(" ") + key + " " + std::string(field(status, key));
        text += "\n";
    }
    return text;
}

Taken::Taken(Capture taken) : capture(std::move(taken)), bytes(capture.descriptor_bytes) {
    if (pread(capture.descriptor.get(), bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
        bytes.clear();
}

Taken::~Taken() {
    if (capture.twin_pidfd.valid()) syscall(SYS_pidfd_send_signal, capture.twin_pidfd.get(), SIGKILL, nullptr, 0);
}

Result<Taken> take(pid_t pid) {
    CaptureOptions options;
    options.pid = pid;
    options.seed_id = "sd_test";
    options.twin_lifetime_s = 5;  // a test that is killed leaves nothing for long
    auto taken = capture(options);
    if (!taken) return taken.error();
    return Taken(*std::move(taken));
}

std::string refusal(pid_t pid) {
    const auto taken = take(pid);
    return taken ? "ok" : std::string(errorCodeName(taken.error().code)) + " " + taken.error().object;
}

size_t countNamed(const std::string& comm, const std::string& executable) {
    size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
        const auto pid = static_cast<pid_t>(std::atoi(entry.path().filename().c_str()));
        if (pid <= 0) continue;
        const ProcDir proc(pid);
        const auto stat = proc.read("stat");
        const auto parsed = stat ? capturing::parseStat(*stat) : std::nullopt;
        count += parsed && parsed->comm == comm && proc.link("exe").value_or("") == executable;
    }
    return count;
}

size_t countGuardians() {
    return countNamed("farfork-prepare", std::filesystem::read_symlink("/proc/self/exe"));
}
size_t countTwins() {
    return countNamed("farfork-twin", std::filesystem::canonical(CAPTURE_SUBJECT));
}

}  // namespace farfork::test
