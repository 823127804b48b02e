// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <sys/types.h>

#include <cstdio>
#include <string>
#include <vector>

#include "capture/capture.h"
#include "descriptor/view.h"

namespace farfork::test {

/// A process of ours to capture: started with nothing but three standard descriptors, killed and reaped at the end.
class Subject {
  public:
    explicit Subject(std::vector<std::string> command);
    /// capture_subject in a mode, waited for until it is ready.
    static Subject inMode(const std::string& mode);
    Subject(Subject&& other) noexcept;
    Subject(const Subject&) = delete;
    ~Subject();
    [[nodiscard]] pid_t pid() const { return pid_; }
    /// Sends a line, returns the answer without its newline.
    std::string ask(const std::string& line);
    std::string readLine();
    /// What an onlooker can see of the process: mappings, descriptors, signal state, children, tracer.
    [[nodiscard]] std::string appearance() const;

  private:
    pid_t pid_ = 0;
    FILE* input_ = nullptr;
    FILE* output_ = nullptr;
};

/// A capture with its descriptor mapped; the twin is killed at the end.
struct Taken {
    Capture capture;
    std::vector<std::byte> bytes;
    ~Taken();
    Taken(Capture taken);
    Taken(Taken&&) = default;
    [[nodiscard]] DescriptorView view() const { return *DescriptorView::parse(bytes); }
};
Result<Taken> take(pid_t pid);

/// "CODE object" of the refusal, or "ok".
std::string refusal(pid_t pid);

/// Living tasks of this test that are in the middle of a capture.
size_t countGuardians();
/// Living twins of capture_subject.
size_t countTwins();

}  // namespace farfork::test
