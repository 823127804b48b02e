// SPDX-License-Identifier: Apache-2.0
//
// The pieces that the builder puts together; each fills its part of the arguments.
#pragma once
#include "restorer/builder.h"
#include "restorer/region.h"

namespace farfork {

struct RestorerParts {
    const DescriptorView& descriptor;
    const PlanView& plan;
    const Machine& machine;
    const ff_process& process;
    ff_restorer_arguments& arguments;
    AddressedBytes& bytes;  ///< the read-only part
    std::vector<std::string>& notes;
    AddressedBytes& wait_code;  ///< behind the blob's code: see addThreads
};

Result<void> addVdso(RestorerParts& parts, uint64_t scratch, bool force_remap);
Result<void> addFiles(RestorerParts& parts, int32_t& fd_base);
void addAttributes(RestorerParts& parts);
Result<void> addSandbox(RestorerParts& parts, std::vector<ff_restorer_thread>& threads);
void addShared(RestorerParts& parts);
Result<void> addThreads(RestorerParts& parts, std::vector<ff_restorer_thread>& threads);
/// Bytes of code that addThreads will add.
uint64_t waitCodeBytes(const DescriptorView& descriptor);
/// The thread with what was left of its wait; its code is added.
ff_thread withWaitCode(RestorerParts& parts, const ff_thread& thread);
Result<void> addCredentials(RestorerParts& parts);
void addLimits(RestorerParts& parts);
Result<void> addRuns(RestorerParts& parts, int image_fd);

}  // namespace farfork
