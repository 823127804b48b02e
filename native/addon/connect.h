// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <utility>

#include "addon/background.h"
#include "addon/connection.h"

namespace farfork::addon {

/// A native argument of a constructor that JavaScript must not call; throws TypeError for anything else.
template <class T>
T& nativeArgument(const Napi::CallbackInfo& info) {
    if (info.Length() != 1 || !info[0].IsExternal()) {
        throw Napi::TypeError::New(info.Env(), "objects of this class are made by the addon only");
    }
    return *info[0].As<Napi::External<T>>().Data();
}

/// Body of connectPager and connectSpawner: (socketPath, onEvent, timeoutMs) -> promise of an object that `constructor`
/// makes of a std::shared_ptr<Connection>.
inline Napi::Value connectDaemon(const Napi::CallbackInfo& info, std::string peer, Connection::EventReader read_event,
                                 const Napi::FunctionReference& constructor) {
    struct Attempt {
        std::string path, peer;
        uint32_t timeout_ms = 0;
        Napi::FunctionReference on_event;
        Result<UniqueFd> socket = Error{};
    };
    auto attempt = std::make_shared<Attempt>();
    attempt->path = toText(info[0], "socketPath");
    attempt->on_event = Napi::Persistent(toFunction(info[1], "onEvent"));
    attempt->timeout_ms = toUnsigned32(info[2], "timeoutMs");
    attempt->peer = std::move(peer) + " at " + attempt->path;
    const auto deferred = Napi::Promise::Deferred::New(info.Env());
    runInBackground(
        info.Env(), [attempt] { attempt->socket = control::connectTo(attempt->path, attempt->timeout_ms); },
        [attempt, deferred, read_event, &constructor](Napi::Env env) {
            if (!attempt->socket.ok()) return deferred.Reject(toRejection(env, attempt->socket.error()));
            Result<std::shared_ptr<Connection>> connection = Connection::open(
                env, std::move(*attempt->socket), attempt->peer, attempt->on_event.Value(), read_event);
            if (!connection.ok()) return deferred.Reject(toRejection(env, connection.error()));
            deferred.Resolve(
                constructor.New({Napi::External<std::shared_ptr<Connection>>::New(env, &connection.value())}));
        });
    return deferred.Promise();
}

}  // namespace farfork::addon
