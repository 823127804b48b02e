// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <napi.h>

namespace farfork::addon {

/// What belongs to one environment (main thread or worker).
struct AddonData {
    Napi::FunctionReference capture, pager, spawner;  ///< constructors that only native code can call
    static AddonData& of(Napi::Env env) { return *env.GetInstanceData<AddonData>(); }
};

/// Marks objects as ours, so that a foreign object is never unwrapped.
constexpr napi_type_tag kCaptureTag = {0x66617266726b0001ULL, 0x63617074757265ULL};

Napi::Function defineCapture(Napi::Env env);
Napi::Function definePager(Napi::Env env);
Napi::Function defineSpawner(Napi::Env env);

Napi::Value captureProcess(const Napi::CallbackInfo& info);
Napi::Value connectPager(const Napi::CallbackInfo& info);
Napi::Value connectSpawner(const Napi::CallbackInfo& info);
Napi::Value fabricRead(const Napi::CallbackInfo& info);
Napi::Value reseedOpenssl(const Napi::CallbackInfo& info);
Napi::Value probeMachine(const Napi::CallbackInfo& info);

}  // namespace farfork::addon
