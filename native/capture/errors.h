// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cerrno>
#include <string>

#include "base/result.h"

namespace farfork::capturing {

inline std::string pidName(int pid) {
    return "pid " + std::to_string(pid);
}

/// The parent holds `object`, which this version does not carry.
inline Error notCarried(std::string object, std::string detail = "this kind of state is not carried") {
    return Error{ErrorCode::kStateNotCarried, "capture.validate", std::move(object), std::move(detail)};
}

/// A read of /proc or a call on the process failed: gone, forbidden, or broken.
inline Error unreadable(int pid, std::string what, int sys_errno) {
    const ErrorCode code = sys_errno == EACCES || sys_errno == EPERM   ? ErrorCode::kPermissionDenied
                           : sys_errno == ESRCH || sys_errno == ENOENT ? ErrorCode::kProcessExited
                           : sys_errno == EMFILE || sys_errno == ENFILE || sys_errno == ENOMEM
                               ? ErrorCode::kResourceExhausted
                               : ErrorCode::kCaptureFailed;
    return makeErrno(code, "capture.read", pidName(pid), std::move(what), sys_errno);
}

}  // namespace farfork::capturing
