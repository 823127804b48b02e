// SPDX-License-Identifier: Apache-2.0
// Generated from proto/errors.json by proto/generate-errors.mjs. Do not edit.
#pragma once
#include <cstdint>

namespace farfork {

enum class ErrorCode : uint32_t {
    kNone = 0,
    kInternal = 1,
    kInvalidArgument = 2,
    kDeadlineExceeded = 3,
    kUnavailable = 4,
    kCancelled = 5,
    kControlProtocol = 6,
    kResourceExhausted = 7,
    kProcessNotFound = 20,
    kProcessExited = 21,
    kKernelThread = 22,
    kArchitectureUnsupported = 23,
    kProcessTraced = 24,
    kPermissionDenied = 25,
    kProcessDidNotStop = 26,
    kStateNotCarried = 27,
    kCaptureFailed = 28,
    kPauseTooLong = 29,
    kProcessStopped = 30,
    kSeedNotFound = 40,
    kSeedKeyWrong = 41,
    kLeaseExpired = 42,
    kSeedInUse = 43,
    kSeedExists = 44,
    kDescriptorCorrupt = 45,
    kStagingFailed = 46,
    kSeedNotOpen = 47,
    kSourceLost = 60,
    kSourceTimeout = 61,
    kPageCorrupt = 62,
    kFabricProtocol = 63,
    kPagerLost = 64,
    kSpawnerLost = 65,
    kFaultFailed = 66,
    kIncompatibleCpu = 80,
    kIncompatibleVdso = 81,
    kFileMissing = 82,
    kResumeFailed = 83,
    kCellFailed = 84,
    kCapabilityMissing = 85,
    kNodeNotFound = 100,
    kNodeUnavailable = 101,
    kNodeDraining = 102,
    kChildNotFound = 103,
    kParentNotFound = 104,
    kParentExists = 105,
    kNoCapacity = 106,
    kFenced = 107,
    kNoControlSocket = 108,
    kChildExited = 109,
    kChildRepliedError = 110,
    kNotUnderFarfork = 111,
};

/// The catalogue's name of a code, e.g. "SEED_NOT_FOUND"; "UNKNOWN" for a number that is not in it.
constexpr const char* errorCodeName(ErrorCode code) {
    switch (code) {
        case ErrorCode::kNone: return "NONE";
        case ErrorCode::kInternal: return "INTERNAL";
        case ErrorCode::kInvalidArgument: return "INVALID_ARGUMENT";
        case ErrorCode::kDeadlineExceeded: return "DEADLINE_EXCEEDED";
        case ErrorCode::kUnavailable: return "UNAVAILABLE";
        case ErrorCode::kCancelled: return "CANCELLED";
        case ErrorCode::kControlProtocol: return "CONTROL_PROTOCOL";
        case ErrorCode::kResourceExhausted: return "RESOURCE_EXHAUSTED";
        case ErrorCode::kProcessNotFound: return "PROCESS_NOT_FOUND";
        case ErrorCode::kProcessExited: return "PROCESS_EXITED";
        case ErrorCode::kKernelThread: return "KERNEL_THREAD";
        case ErrorCode::kArchitectureUnsupported: return "ARCHITECTURE_UNSUPPORTED";
        case ErrorCode::kProcessTraced: return "PROCESS_TRACED";
        case ErrorCode::kPermissionDenied: return "PERMISSION_DENIED";
        case ErrorCode::kProcessDidNotStop: return "PROCESS_DID_NOT_STOP";
        case ErrorCode::kStateNotCarried: return "STATE_NOT_CARRIED";
        case ErrorCode::kCaptureFailed: return "CAPTURE_FAILED";
        case ErrorCode::kPauseTooLong: return "PAUSE_TOO_LONG";
        case ErrorCode::kProcessStopped: return "PROCESS_STOPPED";
        case ErrorCode::kSeedNotFound: return "SEED_NOT_FOUND";
        case ErrorCode::kSeedKeyWrong: return "SEED_KEY_WRONG";
        case ErrorCode::kLeaseExpired: return "LEASE_EXPIRED";
        case ErrorCode::kSeedInUse: return "SEED_IN_USE";
        case ErrorCode::kSeedExists: return "SEED_EXISTS";
        case ErrorCode::kDescriptorCorrupt: return "DESCRIPTOR_CORRUPT";
        case ErrorCode::kStagingFailed: return "STAGING_FAILED";
        case ErrorCode::kSeedNotOpen: return "SEED_NOT_OPEN";
        case ErrorCode::kSourceLost: return "SOURCE_LOST";
        case ErrorCode::kSourceTimeout: return "SOURCE_TIMEOUT";
        case ErrorCode::kPageCorrupt: return "PAGE_CORRUPT";
        case ErrorCode::kFabricProtocol: return "FABRIC_PROTOCOL";
        case ErrorCode::kPagerLost: return "PAGER_LOST";
        case ErrorCode::kSpawnerLost: return "SPAWNER_LOST";
        case ErrorCode::kFaultFailed: return "FAULT_FAILED";
        case ErrorCode::kIncompatibleCpu: return "INCOMPATIBLE_CPU";
        case ErrorCode::kIncompatibleVdso: return "INCOMPATIBLE_VDSO";
        case ErrorCode::kFileMissing: return "FILE_MISSING";
        case ErrorCode::kResumeFailed: return "RESUME_FAILED";
        case ErrorCode::kCellFailed: return "CELL_FAILED";
        case ErrorCode::kCapabilityMissing: return "CAPABILITY_MISSING";
        case ErrorCode::kNodeNotFound: return "NODE_NOT_FOUND";
        case ErrorCode::kNodeUnavailable: return "NODE_UNAVAILABLE";
        case ErrorCode::kNodeDraining: return "NODE_DRAINING";
        case ErrorCode::kChildNotFound: return "CHILD_NOT_FOUND";
        case ErrorCode::kParentNotFound: return "PARENT_NOT_FOUND";
        case ErrorCode::kParentExists: return "PARENT_EXISTS";
        case ErrorCode::kNoCapacity: return "NO_CAPACITY";
        case ErrorCode::kFenced: return "FENCED";
        case ErrorCode::kNoControlSocket: return "NO_CONTROL_SOCKET";
        case ErrorCode::kChildExited: return "CHILD_EXITED";
        case ErrorCode::kChildRepliedError: return "CHILD_REPLIED_ERROR";
        case ErrorCode::kNotUnderFarfork: return "NOT_UNDER_FARFORK";
    }
    return "UNKNOWN";
}

}  // namespace farfork
