// SPDX-License-Identifier: Apache-2.0
#include "addon/addon_data.h"
#include "addon/probe.h"

namespace farfork::addon {

Napi::Value probeMachine(const Napi::CallbackInfo& info) {
    const std::vector<probe::Probe> probes = probe::probeMachine();
    Napi::Array array = Napi::Array::New(info.Env(), probes.size());
    for (uint32_t index = 0; index < probes.size(); ++index) {
        Napi::Object object = Napi::Object::New(info.Env());
        object.Set("name", probes[index].name);
        object.Set("ok", probes[index].ok);
        object.Set("required", probes[index].required);
        object.Set("detail", probes[index].detail);
        object.Set("advice", probes[index].advice);
        array.Set(index, object);
    }
    return array;
}

}  // namespace farfork::addon
