// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <napi.h>

#include <functional>

namespace farfork::addon {

/// Runs `work` on a thread of its own and then `done` on the JavaScript thread, and keeps Node.js alive until then.
/// `work` must end within a bound of its own. When the environment ends first, it waits for `work`; `done` is dropped.
/// Throws a JavaScript error when no thread can be made.
///
/// Not the libuv pool: it has four threads for the whole process, which a few captures would block.
void runInBackground(Napi::Env env, std::function<void()> work, std::function<void(Napi::Env)> done);

}  // namespace farfork::addon
