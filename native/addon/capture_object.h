// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <napi.h>

#include "base/result.h"
#include "capture/capture.h"

namespace farfork::addon {

/// A captured seed that no pager has taken yet. Ends its twin when it goes.
struct CapturedSeed {
    Capture capture;
    pid_t pid = 0;
    bool has_control = false;
    bool owned = false;

    CapturedSeed() = default;
    CapturedSeed(const CapturedSeed&) = delete;
    CapturedSeed& operator=(const CapturedSeed&) = delete;
    CapturedSeed(CapturedSeed&& other) noexcept
        : capture(std::move(other.capture)),
          pid(other.pid),
          has_control(other.has_control),
          owned(std::exchange(other.owned, false)) {}
    CapturedSeed& operator=(CapturedSeed&& other) noexcept;
    ~CapturedSeed() { release(); }
    void release();
    /// A pager has it: forget it and let the twin be.
    void handOver();
};

/// Capture of src/native/binding.ts.
class CaptureObject : public Napi::ObjectWrap<CaptureObject> {
  public:
    explicit CaptureObject(const Napi::CallbackInfo& info);
    static Napi::Function define(Napi::Env env);
    static Napi::Object make(Napi::Env env, CapturedSeed seed);
    /// The object behind a value; throws TypeError when it is not a Capture.
    static CaptureObject& of(const Napi::Value& value);

    [[nodiscard]] CapturedSeed& seed() { return seed_; }
    /// Between begin and end release() waits: the pager may be taking the seed.
    void beginImport() { importing_ = true; }
    void endImport(bool taken);
    [[nodiscard]] bool importing() const { return importing_; }

  private:
    Napi::Value release(const Napi::CallbackInfo& info);
    CapturedSeed seed_;
    bool importing_ = false, release_wanted_ = false;
};

}  // namespace farfork::addon
