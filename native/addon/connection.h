// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <napi.h>

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "addon/link.h"
#include "addon/values.h"

namespace farfork::addon {

constexpr uint32_t kRequestDeadlineMs = 10'000;

/// The JavaScript side of a Link: promises and events. All members are used on the JavaScript thread only.
///
/// Node.js is kept alive while a request waits, not by the connection itself. A connection ends by close(), with its
/// object, with its environment, or when the peer goes: then, once, onEvent gets {type: "closed"}.
class Connection : public std::enable_shared_from_this<Connection> {
  public:
    /// The event object of a packet; an empty value for a type that is not known.
    using EventReader = Napi::Value (*)(Napi::Env env, const control::Packet& packet);
    /// Gets a reply's body, or why there is none.
    using Finish = std::function<void(Napi::Env env, const Result<control::Packet>& reply)>;
    /// Called with true when the first request begins to wait and with false when the last one ended.
    using BusyChange = std::function<void(bool busy)>;

    static Result<std::shared_ptr<Connection>> open(Napi::Env env, UniqueFd socket, std::string peer,
                                                    Napi::Function on_event, EventReader read_event);
    ~Connection() { close(nullptr); }
    void onBusyChange(BusyChange change) { busy_change_ = std::move(change); }

    /// Sends a request; `finish` is called once, later or at once.
    void request(Napi::Env env, control::MessageType type, std::string body, std::vector<UniqueFd> fds,
                 uint32_t deadline_ms, Finish finish);
    /// As request(), for a promise of what `convert` makes of the reply.
    template <class Reply, class Request>
    Napi::Promise call(Napi::Env env, control::MessageType type, const Request& message,
                       std::function<Napi::Value(Napi::Env, const Reply&)> convert,
                       uint32_t deadline_ms = kRequestDeadlineMs) {
        const auto deferred = Napi::Promise::Deferred::New(env);
        request(env, type, control::encodeMessage(message), {}, deadline_ms,
                [deferred, convert = std::move(convert)](Napi::Env reply_env, const Result<control::Packet>& reply) {
                    const Result<Reply> read = readReply<Reply>(reply);
                    if (!read.ok()) return deferred.Reject(toRejection(reply_env, read.error()));
                    deferred.Resolve(convert(reply_env, read.value()));
                });
        return deferred.Promise();
    }
    /// As call(), for a request that is answered by Ack.
    template <class Request>
    Napi::Promise command(Napi::Env env, control::MessageType type, const Request& message) {
        return call<control::Ack>(env, type, message, [](Napi::Env e, const control::Ack&) { return e.Undefined(); });
    }
    template <class Reply>
    static Result<Reply> readReply(const Result<control::Packet>& reply) {
        if (!reply.ok()) return reply.error();
        return control::decodeReply<Reply>(reply.value().body);
    }
    /// Delivers an event as if the peer had sent it, after what is delivered already.
    void inject(control::MessageType type, std::string body);

    /// Ends the connection and rejects what waits. With a null env (no JavaScript may run) promises stay as they are.
    void close(napi_env env);

  private:
    using Batch = std::vector<Delivery>;
    static void deliver(Napi::Env env, Napi::Function on_event, Connection* self, Batch* batch);
    using Deliver = Napi::TypedThreadSafeFunction<Connection, Batch, deliver>;

    Connection() = default;
    static void endOfEnvironment(void* self);
    void post(Batch deliveries);
    void handle(Napi::Env env, const Napi::Function& on_event, Batch batch);
    void answer(Napi::Env env, Delivery& delivery);
    void updateBusy(Napi::Env env);

    napi_env env_ = nullptr;
    std::string peer_;
    EventReader read_event_ = nullptr;
    BusyChange busy_change_;
    Deliver deliver_;
    std::unique_ptr<Link> link_;
    std::unordered_map<uint64_t, Finish> waiting_;
    uint64_t next_request_id_ = 1;
    bool busy_ = false, closed_ = false;
};

}  // namespace farfork::addon
