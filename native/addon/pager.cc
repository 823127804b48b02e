// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>

#include "addon/addon_data.h"
#include "addon/capture_object.h"
#include "addon/connect.h"
#include "fabric/fabric.h"

namespace farfork::addon {
namespace {

using control::MessageType;

/// Opening has a deadline of its own in the pager; this is how much later the connection gives up.
constexpr uint32_t kDeadlineSlackMs = 2000;
constexpr uint32_t kImportDeadlineMs = 30'000;

Napi::Value readPagerEvent(Napi::Env env, const control::Packet& packet) {
    Napi::Object event = Napi::Object::New(env);
    if (packet.type == MessageType::kSeedStaged) {
        const Result<control::SeedStaged> staged = control::decodeMessage<control::SeedStaged>(packet.body);
        if (!staged.ok()) return {};
        event.Set("type", "seedStaged");
        event.Set("seedId", staged.value().seed_id);
        event.Set("pages", fromUnsigned(env, staged.value().pages));
        event.Set("bytes", fromUnsigned(env, staged.value().bytes));
        event.Set("stagingUs", fromUnsigned(env, staged.value().staging_us));
        return event;
    }
    if (packet.type == MessageType::kSeedFailed) {
        const Result<control::SeedFailed> failed = control::decodeMessage<control::SeedFailed>(packet.body);
        if (!failed.ok()) return {};
        event.Set("type", "seedFailed");
        event.Set("seedId", failed.value().seed_id);
        event.Set("error", toErrorObject(env, control::fromWire(failed.value().error)));
        return event;
    }
    return {};
}

Napi::Value fromSeedReply(Napi::Env env, const control::SeedReply& reply) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("layoutPages", fromUnsigned(env, reply.layout_pages));
    object.Set("descriptorBytes", fromUnsigned(env, reply.descriptor_bytes));
    object.Set("elapsedUs", fromUnsigned(env, reply.elapsed_us));
    object.Set("wasOpen", reply.was_open);
    return object;
}

Napi::Value fromSeedStats(Napi::Env env, const control::SeedStatsReply& reply) {
    Napi::Object object = Napi::Object::New(env);
    const auto set = [&](const char* name, uint64_t value) { object.Set(name, fromUnsigned(env, value)); };
    set("layoutPages", reply.layout_pages);
    set("presentPages", reply.present_pages);
    set("pagesFetched", reply.pages_fetched);
    set("bytesFetched", reply.bytes_fetched);
    set("pagesServed", reply.pages_served);
    set("faults", reply.faults);
    set("pagesShared", reply.pages_shared);
    set("pagesCopied", reply.pages_copied);
    set("pagesZeroed", reply.pages_zeroed);
    set("liveChildren", reply.live_children);
    object.Set("staged", reply.staged != 0);
    set("stagingUs", reply.staging_us);
    set("sharedCopyUs", reply.shared_copy_us);
    set("imageResidentBytes", reply.image_resident_bytes);
    return object;
}

Napi::Value fromChildStats(Napi::Env env, const control::ChildStatsReply& reply) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("faults", fromUnsigned(env, reply.faults));
    object.Set("pagesShared", fromUnsigned(env, reply.pages_shared));
    object.Set("pagesCopied", fromUnsigned(env, reply.pages_copied));
    object.Set("pagesZeroed", fromUnsigned(env, reply.pages_zeroed));
    object.Set("pagesFetched", fromUnsigned(env, reply.pages_fetched));
    return object;
}

Napi::Value fromPagerInfo(Napi::Env env, const control::PagerHelloReply& reply) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("pid", fromUnsigned(env, reply.pid));
    object.Set("fabricHost", reply.fabric_host);
    object.Set("fabricPort", fromUnsigned(env, reply.fabric_port));
    object.Set("seedIds", fromTexts(env, reply.seed_ids));
    return object;
}

/// PagerConnection of src/native/binding.ts.
class PagerObject : public Napi::ObjectWrap<PagerObject> {
  public:
    explicit PagerObject(const Napi::CallbackInfo& info)
        : ObjectWrap(info), connection_(nativeArgument<std::shared_ptr<Connection>>(info)) {
        connection_->onBusyChange([this](bool busy) { busy ? Ref() : Unref(); });
    }
    ~PagerObject() override { connection_->close(nullptr); }

    static Napi::Function define(Napi::Env env) {
        return DefineClass(
            env, "PagerConnection",
            {InstanceMethod("hello", &PagerObject::hello), InstanceMethod("importSeed", &PagerObject::importSeed),
             InstanceMethod("openSeed", &PagerObject::openSeed), InstanceMethod("setLease", &PagerObject::setLease),
             InstanceMethod("reclaimSeed", &PagerObject::reclaimSeed),
             InstanceMethod("seedStats", &PagerObject::seedStats),
             InstanceMethod("childStats", &PagerObject::childStats), InstanceMethod("shutdown", &PagerObject::shutdown),
             InstanceMethod("close", &PagerObject::close)});
    }

  private:
    Napi::Value hello(const Napi::CallbackInfo& info) {
        return connection_->call<control::PagerHelloReply>(info.Env(), MessageType::kPagerHello, control::PagerHello{},
                                                           fromPagerInfo);
    }
    Napi::Value importSeed(const Napi::CallbackInfo& info);
    Napi::Value openSeed(const Napi::CallbackInfo& info) {
        const Fields fields(info[0], "options");
        control::OpenSeed message;
        message.seed_id = fields.text("seedId");
        message.key = fields.bytes("key", fabric::kSeedKeyBytes);
        message.lease_epoch = fields.unsigned64("leaseEpoch");
        message.source_host = fields.text("sourceHost");
        message.source_port = static_cast<uint16_t>(fields.integer("sourcePort", 0, UINT16_MAX));
        message.deadline_ms = static_cast<uint32_t>(fields.integer("deadlineMs", 0, INT32_MAX));
        return connection_->call<control::SeedReply>(info.Env(), MessageType::kOpenSeed, message, fromSeedReply,
                                                     message.deadline_ms + kDeadlineSlackMs);
    }
    Napi::Value setLease(const Napi::CallbackInfo& info) {
        control::SetLease message;
        message.seed_id = toText(info[0], "seedId");
        message.lease_epoch = toUnsigned64(info[1], "leaseEpoch");
        message.lease_expires_unix_ms = toUnsigned64(info[2], "leaseExpiresUnixMs");
        return connection_->command(info.Env(), MessageType::kSetLease, message);
    }
    Napi::Value reclaimSeed(const Napi::CallbackInfo& info) {
        return connection_->command(info.Env(), MessageType::kReclaimSeed,
                                    control::ReclaimSeed{toText(info[0], "seedId"), toBoolean(info[1], "force")});
    }
    Napi::Value seedStats(const Napi::CallbackInfo& info) {
        return connection_->call<control::SeedStatsReply>(info.Env(), MessageType::kSeedStats,
                                                          control::SeedStats{toText(info[0], "seedId")}, fromSeedStats);
    }
    Napi::Value childStats(const Napi::CallbackInfo& info) {
        return connection_->call<control::ChildStatsReply>(
            info.Env(), MessageType::kChildStats, control::ChildStats{toText(info[0], "childId")}, fromChildStats);
    }
    Napi::Value shutdown(const Napi::CallbackInfo& info) {
        return connection_->command(info.Env(), MessageType::kPagerShutdown, control::PagerShutdown{});
    }
    Napi::Value close(const Napi::CallbackInfo& info) {
        connection_->close(info.Env());
        return info.Env().Undefined();
    }

    std::shared_ptr<Connection> connection_;
};

/// The seed stays with its Capture until the pager has answered, so that a refusal leaves nothing behind.
Napi::Value PagerObject::importSeed(const Napi::CallbackInfo& info) {
    CaptureObject& capture = CaptureObject::of(info[0]);
    const Fields fields(info[1], "options");
    control::ImportSeed message;
    message.seed_id = fields.text("seedId");
    message.key = fields.bytes("key", fabric::kSeedKeyBytes);
    message.lease_epoch = fields.unsigned64("leaseEpoch");
    message.lease_expires_unix_ms = fields.unsigned64("leaseExpiresUnixMs");
    message.twin_pids = {capture.seed().capture.twin_pid};
    const auto deferred = Napi::Promise::Deferred::New(info.Env());
    const std::string object = "seed " + message.seed_id;
    const auto refuse = [&](Error error) {
        deferred.Reject(toRejection(info.Env(), error));
        return deferred.Promise();
    };
    if (capture.importing() || !capture.seed().owned) {
        return refuse({ErrorCode::kInvalidArgument, "capture.import", object, "the capture was released or is taken"});
    }
    std::vector<UniqueFd> fds;
    for (const UniqueFd* fd : {&capture.seed().capture.descriptor, &capture.seed().capture.twin_pidfd}) {
        fds.emplace_back(fcntl(fd->get(), F_DUPFD_CLOEXEC, 0));
        if (!fds.back().valid()) {
            return refuse(makeErrno(ErrorCode::kResourceExhausted, "capture.import", object, "F_DUPFD_CLOEXEC", errno));
        }
    }
    capture.beginImport();
    auto held = std::make_shared<Napi::ObjectReference>(Napi::Persistent(info[0].As<Napi::Object>()));
    connection_->request(info.Env(), MessageType::kImportSeed, control::encodeMessage(message), std::move(fds),
                         kImportDeadlineMs,
                         [deferred, held, &capture](Napi::Env env, const Result<control::Packet>& reply) {
                             const Result<control::SeedReply> read = Connection::readReply<control::SeedReply>(reply);
                             capture.endImport(read.ok());
                             if (!read.ok()) return deferred.Reject(toRejection(env, read.error()));
                             deferred.Resolve(fromSeedReply(env, read.value()));
                         });
    return deferred.Promise();
}

}  // namespace

Napi::Function definePager(Napi::Env env) {
    return PagerObject::define(env);
}

Napi::Value connectPager(const Napi::CallbackInfo& info) {
    return connectDaemon(info, "pager", readPagerEvent, AddonData::of(info.Env()).pager);
}

}  // namespace farfork::addon
