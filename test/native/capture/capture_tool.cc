// SPDX-License-Identifier: Apache-2.0
//
// capture_tool PID OUTFILE [--hold] [--control-inode N] [--seed ID]
// Captures a process, writes its descriptor, prints one line of JSON. --hold keeps the twin until standard input
// closes.
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <vector>

#include "capture/capture.h"

using namespace farfork;

int main(int argc, char** argv) {
    if (argc < 3) {
        std::fprintf(stderr, "usage: capture_tool PID OUTFILE [--hold] [--control-inode N] [--seed ID]\n");
        return 2;
    }
    CaptureOptions options;
    options.pid = std::atoi(argv[1]);
    options.seed_id = "sd_capture_tool";
    bool hold = false;
    for (int i = 3; i < argc; i++) {
        if (!std::strcmp(argv[i], "--hold"))
            hold = true;
        else if (!std::strcmp(argv[i], "--control-inode") && i + 1 < argc)
            options.control_inode = std::strtoull(argv[++i], nullptr, 10);
        else if (!std::strcmp(argv[i], "--seed") && i + 1 < argc)
            options.seed_id = argv[++i];
    }
    auto result = capture(options);
    if (!result) {
        const Error& error = result.error();
        std::printf("{\"error\":\"%s\",\"stage\":\"%s\",\"object\":\"%s\",\"detail\":\"%s\"}\n",
                    errorCodeName(error.code), error.stage.c_str(), error.object.c_str(), error.detail.c_str());
        return 1;
    }
    std::vector<char> bytes(result->descriptor_bytes);
    if (pread(result->descriptor.get(), bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) return 1;
    std::ofstream(argv[2], std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    std::printf(
        "{\"twin\":%d,\"pauseUs\":%lu,\"stopUs\":%lu,\"forkUs\":%lu,\"totalUs\":%lu,\"threads\":%u,\"vmas\":%u,"
        "\"files\":%u,\"bytes\":%lu}\n",
        result->twin_pid, result->pauseUs, result->stopUs, result->forkUs, result->totalUs, result->threads,
        result->vmas, result->files, result->descriptor_bytes);
    std::fflush(stdout);
    char byte;
    while (hold && read(0, &byte, 1) > 0) {
    }
    syscall(SYS_pidfd_send_signal, result->twin_pidfd.get(), SIGKILL, nullptr, 0);
    return 0;
}
