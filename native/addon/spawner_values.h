// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "addon/values.h"
#include "control/channel.h"

namespace farfork::addon {

/// The SpawnerEvent object of a packet; empty for a type that is not known.
Napi::Value readSpawnerEvent(Napi::Env env, const control::Packet& packet);
Napi::Value fromSpawnerInfo(Napi::Env env, const control::SpawnerHelloReply& reply);
Napi::Value fromChildRecords(Napi::Env env, const control::ListChildrenReply& reply);

/// ForkOptions of src/native/binding.ts.
control::Fork toFork(const Napi::Value& value);
/// RunOptions of src/native/binding.ts.
control::RunParent toRunParent(const Napi::Value& value);

}  // namespace farfork::addon
