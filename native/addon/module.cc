// SPDX-License-Identifier: Apache-2.0
//
// The addon's exports: src/native/binding.ts is their contract, in the same order.
#include <napi.h>

#include "addon/addon_data.h"
#include "control/messages.h"

namespace farfork::addon {
namespace {

Napi::Object initialise(Napi::Env env, Napi::Object exports) {
    auto* data = new AddonData();
    data->capture = Napi::Persistent(defineCapture(env));
    data->pager = Napi::Persistent(definePager(env));
    data->spawner = Napi::Persistent(defineSpawner(env));
    env.SetInstanceData(data);
    exports.Set("controlVersion", static_cast<double>(control::kVersion));
    exports.Set("capture", Napi::Function::New(env, captureProcess, "capture"));
    exports.Set("connectPager", Napi::Function::New(env, connectPager, "connectPager"));
    exports.Set("connectSpawner", Napi::Function::New(env, connectSpawner, "connectSpawner"));
    exports.Set("fabricRead", Napi::Function::New(env, fabricRead, "fabricRead"));
    exports.Set("reseedOpenssl", Napi::Function::New(env, reseedOpenssl, "reseedOpenssl"));
    exports.Set("probe", Napi::Function::New(env, probeMachine, "probe"));
    return exports;
}

}  // namespace
}  // namespace farfork::addon

static Napi::Object initialiseAddon(Napi::Env env, Napi::Object exports) {
    return farfork::addon::initialise(env, exports);
}
NODE_API_MODULE(farfork, initialiseAddon)
