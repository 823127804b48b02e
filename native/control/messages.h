// SPDX-License-Identifier: Apache-2.0
//
// The control protocol between agent, pager and spawner on one node: every message that crosses their unix sockets.
// Transport: SOCK_SEQPACKET, one message a packet (control/channel.h), descriptors by SCM_RIGHTS in the order that
// the message's comment gives. Encoding: control/wire.h visits `fields()`; both sides are built together, and the
// version in the packet header is checked on every packet.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace farfork::control {

constexpr uint32_t kMagic = 0x4b524646;  // "FFRK"
constexpr uint16_t kVersion = 1;
constexpr size_t kMaxPacketBytes = 128 * 1024;
constexpr size_t kMaxPacketFds = 250;       // SCM_MAX_FD is 253 (linux include/net/scm.h)
constexpr size_t kMaxChildrenPerFork = 64;  // per packet; larger batches are several packets

// A message is read as a table; clang-format would make a column of each.
// clang-format off

enum class MessageType : uint16_t {
    kReply = 1,  // answers request_id: WireError, or the reply message named below
    // agent -> pager
    kPagerHello = 10, kImportSeed, kOpenSeed, kSetLease, kReclaimSeed, kSeedStats, kChildStats, kPagerShutdown,
    // pager -> agent (events, request_id 0)
    kSeedStaged = 30, kSeedFailed, kChildStopped,
    // agent -> spawner
    kSpawnerHello = 50, kConfigurePool, kFork, kRunParent, kKill, kListChildren, kForgetChild, kSpawnerShutdown,
    // spawner -> agent (events)
    kChildStarted = 70, kChildFailed, kChildExited, kPagerLost,
    // pager -> spawner (on the connection that the pager opens to the spawner's socket)
    kPagerRegister = 90, kAdoptSeed, kDropSeed, kKillChild,
    // embryo or spawner -> pager (same connection)
    kAttachChild = 110, kDetachChild,
    // embryo -> spawner (internal socket pair)
    kEmbryoStatus = 130,
};

/// An error on the wire; see base/result.h.
struct WireError {
    uint32_t code = 0;
    std::string stage, object, detail;
    int32_t sys_errno = 0;
    template <class A> void fields(A& a) { a(code); a(stage); a(object); a(detail); a(sys_errno); }
};

// ---------------- agent -> pager ----------------

struct PagerHello { template <class A> void fields(A&) {} };
struct PagerHelloReply {
    uint32_t pid = 0;
    std::string fabric_host;
    uint16_t fabric_port = 0;
    std::vector<std::string> seed_ids;
    template <class A> void fields(A& a) { a(pid); a(fabric_host); a(fabric_port); a(seed_ids); }
};

/// Takes a captured seed. fds: descriptor memfd, then one pidfd per twin (in process order).
/// Replies once the layout is known; staging goes on and ends with SeedStaged or SeedFailed. The pager kills the twins
/// when staging ends either way.
struct ImportSeed {
    std::string seed_id, key;  // key: 32 random bytes
    uint64_t lease_epoch = 0;
    uint64_t lease_expires_unix_ms = 0;
    std::vector<int32_t> twin_pids;
    template <class A> void fields(A& a) { a(seed_id); a(key); a(lease_epoch); a(lease_expires_unix_ms); a(twin_pids); }
};
struct SeedReply {  // to ImportSeed and OpenSeed
    uint64_t layout_pages = 0;      ///< pages that the seed holds (anonymous and file-backed image pages)
    uint64_t descriptor_bytes = 0;
    uint64_t elapsed_us = 0;
    bool was_open = false;          ///< the seed was already open here (warm)
    template <class A> void fields(A& a) { a(layout_pages); a(descriptor_bytes); a(elapsed_us); a(was_open); }
};

/// Opens a seed from a peer's pager (or finds it here). Replies once the plan is adopted by the spawner, so that a Fork
/// sent afterwards finds it.
struct OpenSeed {
    std::string seed_id, key;
    uint64_t lease_epoch = 0;
    std::string source_host;
    uint16_t source_port = 0;
    uint32_t deadline_ms = 5000;
    template <class A> void fields(A& a) { a(seed_id); a(key); a(lease_epoch); a(source_host); a(source_port); a(deadline_ms); }
};

struct SetLease {
    std::string seed_id;
    uint64_t lease_epoch = 0, lease_expires_unix_ms = 0;
    template <class A> void fields(A& a) { a(seed_id); a(lease_epoch); a(lease_expires_unix_ms); }
};

/// Ends a seed on this node. Without `force` it is refused while local children depend on it.
struct ReclaimSeed {
    std::string seed_id;
    bool force = false;
    template <class A> void fields(A& a) { a(seed_id); a(force); }
};

struct SeedStats { std::string seed_id; template <class A> void fields(A& a) { a(seed_id); } };
struct SeedStatsReply {
    uint64_t layout_pages = 0, present_pages = 0, pages_fetched = 0, bytes_fetched = 0, pages_served = 0;
    uint64_t faults = 0, pages_shared = 0, pages_copied = 0, pages_zeroed = 0, live_children = 0, staged = 0;
    uint64_t staging_us = 0, shared_copy_us = 0, image_resident_bytes = 0;
    template <class A> void fields(A& a) {
        a(layout_pages); a(present_pages); a(pages_fetched); a(bytes_fetched); a(pages_served); a(faults); a(pages_shared);
        a(pages_copied); a(pages_zeroed); a(live_children); a(staged); a(staging_us); a(shared_copy_us);
        a(image_resident_bytes);
    }
};

struct ChildStats { std::string child_id; template <class A> void fields(A& a) { a(child_id); } };
struct ChildStatsReply {  // counts of 4 KiB pages
    uint64_t faults = 0, pages_shared = 0, pages_copied = 0, pages_zeroed = 0, pages_fetched = 0;
    template <class A> void fields(A& a) { a(faults); a(pages_shared); a(pages_copied); a(pages_zeroed); a(pages_fetched); }
};
struct PagerShutdown { template <class A> void fields(A&) {} };
struct Ack { template <class A> void fields(A&) {} };

// ---------------- pager -> agent ----------------

struct SeedStaged {
    std::string seed_id;
    uint64_t pages = 0, bytes = 0, staging_us = 0;
    template <class A> void fields(A& a) { a(seed_id); a(pages); a(bytes); a(staging_us); }
};
struct SeedFailed {
    std::string seed_id;
    WireError error;
    template <class A> void fields(A& a) { a(seed_id); error.fields(a); }
};

// ---------------- agent -> spawner ----------------

struct SpawnerHello { template <class A> void fields(A&) {} };
struct SpawnerHelloReply {
    uint32_t pid = 0;
    uint32_t pager_pid = 0;  ///< 0: no pager is registered
    uint32_t ready_cells = 0;
    template <class A> void fields(A& a) { a(pid); a(pager_pid); a(ready_cells); }
};

struct ConfigurePool {
    uint32_t ready_cells = 8;     ///< cells made ahead
    bool private_network = false; ///< each cell gets a network namespace of its own, with loopback up
    template <class A> void fields(A& a) { a(ready_cells); a(private_network); }
};

struct ForkChild {
    std::string child_id;
    uint32_t index = 0;
    std::string stdin_path;   ///< empty: /dev/null
    bool has_control = false; ///< one fd in this packet is the child's control socket
    bool inherit_files = true;///< regular files stay open at their paths and offsets
    bool inherit_stdio = false;///< those at descriptors 0, 1 and 2 too
    template <class A> void fields(A& a) {
        a(child_id); a(index); a(stdin_path); a(has_control); a(inherit_files); a(inherit_stdio);
    }
};
/// fds: one per child with has_control, in order. Replies Ack at once; each child then yields exactly one ChildStarted
/// or ChildFailed, and after ChildStarted one ChildExited.
struct Fork {
    std::string seed_id;
    uint64_t requested_at_monotonic_ns = 0;
    uint32_t deadline_ms = 5000;
    std::vector<ForkChild> children;
    template <class A> void fields(A& a) { a(seed_id); a(requested_at_monotonic_ns); a(deadline_ms); a(children); }
};

/// Starts a parent: a plain process of this node that outlives the agent. fds: its control socket, when has_control.
/// The child finds the socket at descriptor control_fd.
struct RunParent {
    std::string id;
    std::vector<std::string> argv, env;  ///< env: the whole environment, "K=V"
    std::string cwd, root;               ///< root: empty, or the root file system to enter (OCI bundle)
    std::string stdin_path, stdout_path, stderr_path;
    bool has_control = false;
    uint32_t control_fd = 100;
    template <class A> void fields(A& a) {
        a(id); a(argv); a(env); a(cwd); a(root); a(stdin_path); a(stdout_path); a(stderr_path); a(has_control); a(control_fd);
    }
};
struct RunParentReply { uint32_t host_pid = 0; template <class A> void fields(A& a) { a(host_pid); } };

struct Kill { std::string id; int32_t signal = 9; template <class A> void fields(A& a) { a(id); a(signal); } };
/// One page of the records, ascending by id: those after `after_id`; ask again with the last id while `more`.
struct ListChildren { std::string after_id; template <class A> void fields(A& a) { a(after_id); } };
struct ChildRecord {
    std::string id, seed_id;  ///< seed_id empty: a parent made by RunParent
    int32_t pid = 0;          ///< in its own pid namespace
    uint32_t host_pid = 0;
    bool exited = false;
    int32_t exit_code = -1, signal = 0;
    uint64_t started_at_unix_ms = 0;
    int32_t stdout_fd = -1, stderr_fd = -1;  ///< as in ChildStarted; -1: none, as of a parent
    template <class A> void fields(A& a) {
        a(id); a(seed_id); a(pid); a(host_pid); a(exited); a(exit_code); a(signal); a(started_at_unix_ms); a(stdout_fd);
        a(stderr_fd);
    }
};
struct ListChildrenReply {
    std::vector<ChildRecord> children;
    bool more = false;
    template <class A> void fields(A& a) { a(children); a(more); }
};
struct ForgetChild { std::string id; template <class A> void fields(A& a) { a(id); } };
struct SpawnerShutdown { template <class A> void fields(A&) {} };

// ---------------- spawner -> agent ----------------

struct ChildStarted {
    std::string child_id, seed_id;
    int32_t pid = 0;
    uint32_t host_pid = 0;
    uint64_t requested_at_monotonic_ns = 0, received_at_monotonic_ns = 0, first_instruction_monotonic_ns = 0;
    /// Its output, at /proc/SPAWNER/fd/FD until ForgetChild. Each keeps the last spawner/outputs.h:kKeptOutputBytes at
    /// least; what was dropped before reads as a hole at the start.
    int32_t stdout_fd = -1, stderr_fd = -1;
    template <class A> void fields(A& a) {
        a(child_id); a(seed_id); a(pid); a(host_pid); a(requested_at_monotonic_ns); a(received_at_monotonic_ns);
        a(first_instruction_monotonic_ns); a(stdout_fd); a(stderr_fd);
    }
};
struct ChildFailed {
    std::string child_id, seed_id;
    WireError error;
    template <class A> void fields(A& a) { a(child_id); a(seed_id); error.fields(a); }
};
struct ChildExited {
    std::string child_id;
    int32_t exit_code = -1;  ///< -1 when a signal ended it
    int32_t signal = 0;
    WireError error;         ///< code 0: it ended by itself; else why it was stopped (e.g. PAGER_LOST)
    template <class A> void fields(A& a) { a(child_id); a(exit_code); a(signal); error.fields(a); }
};
struct PagerLost { uint32_t pager_pid = 0; template <class A> void fields(A& a) { a(pager_pid); } };

// ---------------- pager <-> spawner ----------------

struct PagerRegister { uint32_t pid = 0; template <class A> void fields(A& a) { a(pid); } };
/// A seed can be forked here from now on. fds: descriptor memfd, plan memfd, image memfd (sealed). Replies Ack.
struct AdoptSeed { std::string seed_id; template <class A> void fields(A& a) { a(seed_id); } };
struct DropSeed { std::string seed_id; template <class A> void fields(A& a) { a(seed_id); } };
/// The pager cannot serve this child any more (source lost, wrong checksum): stop it, and report `error` in ChildExited.
struct KillChild {
    std::string child_id;
    WireError error;
    template <class A> void fields(A& a) { a(child_id); error.fields(a); }
};
/// fds: the child's userfaultfd (API handshake done). No reply: faults wait until the pager reads them.
struct AttachChild {
    std::string child_id, seed_id;
    uint32_t host_pid = 0;
    template <class A> void fields(A& a) { a(child_id); a(seed_id); a(host_pid); }
};
struct DetachChild { std::string child_id; template <class A> void fields(A& a) { a(child_id); } };

// clang-format on

}  // namespace farfork::control
