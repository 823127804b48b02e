// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include "addon/addon_data.h"
#include "addon/connect.h"
#include "addon/fork_batch.h"
#include "addon/spawner_values.h"

namespace farfork::addon {
namespace {

using control::MessageType;

/// A fork() in flight: its promise settles when every packet is answered.
struct ForkCall {
    Napi::Promise::Deferred deferred;
    control::Fork fork;
    std::vector<UniqueFd> agent_ends;
    size_t unanswered = 0;
    struct Refusal {
        size_t first, count;
        Error error;
    };
    std::vector<Refusal> refusals;
    size_t packets = 0;
};

/// Some packets were taken and some not: the children of the latter fail one by one, as if the spawner had said so.
void failRefusedChildren(ForkCall& call, Connection& connection) {
    for (const ForkCall::Refusal& refusal : call.refusals) {
        for (size_t index = refusal.first; index < refusal.first + refusal.count; ++index) {
            call.agent_ends[index].reset();
            connection.inject(MessageType::kChildFailed, control::encodeMessage(control::ChildFailed{
                                                             call.fork.children[index].child_id, call.fork.seed_id,
                                                             control::toWire(refusal.error)}));
        }
    }
}

void settleFork(Napi::Env env, ForkCall& call, Connection& connection) {
    if (!call.refusals.empty() && call.refusals.size() == call.packets) {
        return call.deferred.Reject(toRejection(env, call.refusals.front().error));
    }
    failRefusedChildren(call, connection);
    Napi::Array ends = Napi::Array::New(env, call.agent_ends.size());
    for (uint32_t index = 0; index < call.agent_ends.size(); ++index) {
        ends.Set(index, static_cast<double>(call.agent_ends[index].release()));
    }
    call.deferred.Resolve(ends);
}

/// SpawnerConnection of src/native/binding.ts.
class SpawnerObject : public Napi::ObjectWrap<SpawnerObject> {
  public:
    explicit SpawnerObject(const Napi::CallbackInfo& info)
        : ObjectWrap(info), connection_(nativeArgument<std::shared_ptr<Connection>>(info)) {
        connection_->onBusyChange([this](bool busy) { busy ? Ref() : Unref(); });
    }
    ~SpawnerObject() override { connection_->close(nullptr); }

    static Napi::Function define(Napi::Env env) {
        return DefineClass(
            env, "SpawnerConnection",
            {InstanceMethod("hello", &SpawnerObject::hello),
             InstanceMethod("configurePool", &SpawnerObject::configurePool),
             InstanceMethod("fork", &SpawnerObject::fork), InstanceMethod("run", &SpawnerObject::run),
             InstanceMethod("kill", &SpawnerObject::kill), InstanceMethod("listChildren", &SpawnerObject::listChildren),
             InstanceMethod("forgetChild", &SpawnerObject::forgetChild),
             InstanceMethod("shutdown", &SpawnerObject::shutdown), InstanceMethod("close", &SpawnerObject::close)});
    }

  private:
    Napi::Value hello(const Napi::CallbackInfo& info) {
        return connection_->call<control::SpawnerHelloReply>(info.Env(), MessageType::kSpawnerHello,
                                                             control::SpawnerHello{}, fromSpawnerInfo);
    }
    Napi::Value configurePool(const Napi::CallbackInfo& info) {
        return connection_->command(
            info.Env(), MessageType::kConfigurePool,
            control::ConfigurePool{toUnsigned32(info[0], "readyCells"), toBoolean(info[1], "privateNetwork")});
    }
    Napi::Value fork(const Napi::CallbackInfo& info);
    Napi::Value run(const Napi::CallbackInfo& info);
    Napi::Value kill(const Napi::CallbackInfo& info) {
        control::Kill message{toText(info[0], "id"), static_cast<int32_t>(toInteger(info[1], "signal", 0, 64))};
        return connection_->command(info.Env(), MessageType::kKill, message);
    }
    Napi::Value listChildren(const Napi::CallbackInfo& info) {
        return connection_->call<control::ListChildrenReply>(info.Env(), MessageType::kListChildren,
                                                             control::ListChildren{toText(info[0], "afterId")},
                                                             fromChildRecords);
    }
    Napi::Value forgetChild(const Napi::CallbackInfo& info) {
        return connection_->command(info.Env(), MessageType::kForgetChild, control::ForgetChild{toText(info[0], "id")});
    }
    Napi::Value shutdown(const Napi::CallbackInfo& info) {
        return connection_->command(info.Env(), MessageType::kSpawnerShutdown, control::SpawnerShutdown{});
    }
    Napi::Value close(const Napi::CallbackInfo& info) {
        connection_->close(info.Env());
        return info.Env().Undefined();
    }

    std::shared_ptr<Connection> connection_;
};

Napi::Value SpawnerObject::fork(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    auto call = std::make_shared<ForkCall>(ForkCall{Napi::Promise::Deferred::New(env), toFork(info[0])});
    Result<ForkBatch> batch = cutFork(call->fork);
    if (!batch.ok()) {
        call->deferred.Reject(toRejection(env, batch.error()));
        return call->deferred.Promise();
    }
    call->agent_ends = std::move(batch->agent_ends);
    call->packets = call->unanswered = batch->packets.size();
    if (call->packets == 0) settleFork(env, *call, *connection_);
    for (ForkPacket& packet : batch->packets) {
        connection_->request(env, MessageType::kFork, std::move(packet.body), std::move(packet.fds), kRequestDeadlineMs,
                             [call, connection = connection_, first = packet.first, count = packet.count](
                                 Napi::Env reply_env, const Result<control::Packet>& reply) {
                                 const Result<control::Ack> read = Connection::readReply<control::Ack>(reply);
                                 if (!read.ok()) call->refusals.push_back({first, count, read.error()});
                                 if (--call->unanswered == 0) settleFork(reply_env, *call, *connection);
                             });
    }
    return call->deferred.Promise();
}

Napi::Value SpawnerObject::run(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    const control::RunParent message = toRunParent(info[0]);
    const auto deferred = Napi::Promise::Deferred::New(env);
    std::vector<UniqueFd> fds;
    auto agent_end = std::make_shared<UniqueFd>();
    uint64_t inode = 0;
    if (message.has_control) {
        Result<ControlPair> pair = makeControlPair("parent " + message.id);
        struct stat status {};
        if (!pair.ok() || fstat(pair->child_end.get(), &status) != 0) {
            const Error error =
                pair.ok() ? makeErrno(ErrorCode::kInternal, "control.pair", "parent " + message.id, "fstat", errno)
                          : pair.error();
            deferred.Reject(toRejection(env, error));
            return deferred.Promise();
        }
        inode = status.st_ino;
        *agent_end = std::move(pair->agent_end);
        fds.push_back(std::move(pair->child_end));
    }
    connection_->request(
        env, MessageType::kRunParent, control::encodeMessage(message), std::move(fds), kRequestDeadlineMs,
        [deferred, agent_end, inode](Napi::Env reply_env, const Result<control::Packet>& reply) {
            const Result<control::RunParentReply> read = Connection::readReply<control::RunParentReply>(reply);
            if (!read.ok()) return deferred.Reject(toRejection(reply_env, read.error()));
            Napi::Object result = Napi::Object::New(reply_env);
            result.Set("hostPid", fromUnsigned(reply_env, read.value().host_pid));
            result.Set("controlFd", static_cast<double>(agent_end->release()));
            result.Set("controlInode", Napi::BigInt::New(reply_env, inode));
            deferred.Resolve(result);
        });
    return deferred.Promise();
}

}  // namespace

Napi::Function defineSpawner(Napi::Env env) {
    return SpawnerObject::define(env);
}

Napi::Value connectSpawner(const Napi::CallbackInfo& info) {
    return connectDaemon(info, "spawner", readSpawnerEvent, AddonData::of(info.Env()).spawner);
}

}  // namespace farfork::addon
