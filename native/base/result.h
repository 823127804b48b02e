// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cassert>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "base/error_codes.gen.h"

namespace farfork {

/// An operating error: a catalogue code, the stage that failed, the object it failed for, and what was seen.
/// Codes, causes and advice are in proto/errors.json; docs/errors.md is generated from it.
struct Error {
    ErrorCode code = ErrorCode::kInternal;
    std::string stage;   ///< e.g. "capture.freeze"
    std::string object;  ///< e.g. "pid 1234", "seed sd_…", "fd 7 (eventfd)"
    std::string detail;  ///< what was seen, in words, e.g. "PTRACE_SEIZE: Operation not permitted"
    int sys_errno = 0;
};

/// Makes an Error whose detail is `what` followed by the text of errno value `sys_errno`.
inline Error makeErrno(ErrorCode code, std::string stage, std::string object, std::string what, int sys_errno) {
    return Error{code, std::move(stage), std::move(object), std::move(what) + ": " + std::strerror(sys_errno),
                 sys_errno};
}

/// A value or an Error. C++20 has no std::expected.
template <class T>
class [[nodiscard]] Result {
  public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}
    [[nodiscard]] bool ok() const noexcept { return state_.index() == 0; }
    explicit operator bool() const noexcept { return ok(); }
    T& value() & {
        assert(ok());
        return *std::get_if<0>(&state_);
    }
    const T& value() const& {
        assert(ok());
        return *std::get_if<0>(&state_);
    }
    T&& value() && {
        assert(ok());
        return std::move(*std::get_if<0>(&state_));
    }
    T* operator->() { return &value(); }
    T& operator*() & { return value(); }
    T&& operator*() && { return std::move(*this).value(); }
    [[nodiscard]] const Error& error() const& {
        assert(!ok());
        return *std::get_if<1>(&state_);
    }
    [[nodiscard]] Error&& error() && {
        assert(!ok());
        return std::move(*std::get_if<1>(&state_));
    }

  private:
    std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
  public:
    Result() = default;
    Result(Error error) : error_(std::move(error)) {}
    [[nodiscard]] bool ok() const noexcept { return !error_; }
    explicit operator bool() const noexcept { return ok(); }
    [[nodiscard]] const Error& error() const& {
        assert(!ok());
        return *error_;
    }
    [[nodiscard]] Error&& error() && {
        assert(!ok());
        return std::move(*error_);
    }

  private:
    std::optional<Error> error_;
};

}  // namespace farfork
