// SPDX-License-Identifier: Apache-2.0
#include <map>

#include "restorer/parts.h"

namespace farfork {
namespace {

constexpr uint64_t kSystemAdmin = 1ULL << 21;  // CAP_SYS_ADMIN
constexpr uint32_t kFilterMode = 2;            // SECCOMP_MODE_FILTER

}  // namespace

void addAttributes(RestorerParts& parts) {
    const ff_process& process = parts.process;
    ff_restorer_arguments& arguments = parts.arguments;
    arguments.membarrier = process.membarrier;
    arguments.mdwe = process.mdwe;
    arguments.child_subreaper = process.child_subreaper;
    arguments.cwd_deleted = process.cwd_deleted;
    arguments.cwd_mode = process.cwd_mode;
    arguments.cwd_user = process.cwd_user;
    arguments.cwd_group = process.cwd_group;
    arguments.set_uts = process.own_uts;
    const std::string_view host = parts.descriptor.string(process.hostname);
    const std::string_view domain = parts.descriptor.string(process.domainname);
    arguments.hostname = parts.bytes.appendString(host);
    arguments.hostname_size = static_cast<uint32_t>(host.size());
    arguments.domainname = parts.bytes.appendString(domain);
    arguments.domainname_size = static_cast<uint32_t>(domain.size());
}

/// What confines each thread. Entries of `threads` are in the descriptor's order.
Result<void> addSandbox(RestorerParts& parts, std::vector<ff_restorer_thread>& threads) {
    std::map<std::pair<uint64_t, uint64_t>, uint64_t> placed;  // offset and size in the descriptor, address
    bool freer = false;
    for (size_t index = 0; index < threads.size(); ++index) {
        const ff_thread& thread = parts.descriptor.threads(parts.process)[index];
        ff_restorer_thread& result = threads[index];
        result.no_new_privs = thread.no_new_privs;
        freer = freer || (parts.machine.no_new_privs != 0 && thread.no_new_privs == 0);
        result.speculation_store = thread.speculation_store;
        result.speculation_branch = thread.speculation_branch;
        result.seccomp_mode = thread.seccomp_mode;
        if (thread.seccomp_mode != kFilterMode) continue;
        const auto [entry, fresh] = placed.try_emplace({thread.seccomp_offset, thread.seccomp_size}, 0);
        if (fresh) {
            parts.bytes.align(8);
            entry->second = parts.bytes.append(parts.descriptor.seccompFilters(thread));
        }
        result.seccomp = entry->second;
        result.seccomp_size = thread.seccomp_size;
        result.keeps_admin = thread.no_new_privs == 0 && (parts.process.cap_effective & kSystemAdmin) == 0;
        if (result.keeps_admin && (parts.machine.cap_permitted & kSystemAdmin) == 0) {
            return Error{ErrorCode::kCapabilityMissing, "restorer.seccomp", "thread " + std::to_string(thread.tid),
                         "putting its filters on takes CAP_SYS_ADMIN, which the spawner lacks"};
        }
    }
    if (freer) parts.notes.emplace_back("no_new_privs: it is set here, and was not set in the parent");
    return {};
}

}  // namespace farfork
