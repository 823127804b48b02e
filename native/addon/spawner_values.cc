// SPDX-License-Identifier: Apache-2.0
#include "addon/spawner_values.h"

namespace farfork::addon {
namespace {

using control::MessageType;

Napi::Value fromStarted(Napi::Env env, const control::ChildStarted& started) {
    Napi::Object event = Napi::Object::New(env);
    event.Set("type", "childStarted");
    event.Set("childId", started.child_id);
    event.Set("seedId", started.seed_id);
    event.Set("pid", static_cast<double>(started.pid));
    event.Set("hostPid", fromUnsigned(env, started.host_pid));
    event.Set("requestedAtNs", Napi::BigInt::New(env, started.requested_at_monotonic_ns));
    event.Set("receivedAtNs", Napi::BigInt::New(env, started.received_at_monotonic_ns));
    event.Set("firstInstructionNs", Napi::BigInt::New(env, started.first_instruction_monotonic_ns));
    event.Set("stdoutFd", static_cast<double>(started.stdout_fd));
    event.Set("stderrFd", static_cast<double>(started.stderr_fd));
    return event;
}

Napi::Value fromFailed(Napi::Env env, const control::ChildFailed& failed) {
    Napi::Object event = Napi::Object::New(env);
    event.Set("type", "childFailed");
    event.Set("childId", failed.child_id);
    event.Set("seedId", failed.seed_id);
    event.Set("error", toErrorObject(env, control::fromWire(failed.error)));
    return event;
}

Napi::Value fromExited(Napi::Env env, const control::ChildExited& exited) {
    Napi::Object event = Napi::Object::New(env);
    event.Set("type", "childExited");
    event.Set("childId", exited.child_id);
    event.Set("exitCode", static_cast<double>(exited.exit_code));
    event.Set("signal", static_cast<double>(exited.signal));
    event.Set("error", exited.error.code == 0 ? env.Null() : toErrorObject(env, control::fromWire(exited.error)));
    return event;
}

Napi::Value fromPagerLost(Napi::Env env, const control::PagerLost& lost) {
    Napi::Object event = Napi::Object::New(env);
    event.Set("type", "pagerLost");
    event.Set("pagerPid", fromUnsigned(env, lost.pager_pid));
    return event;
}

template <class Message>
Napi::Value read(Napi::Env env, const control::Packet& packet, Napi::Value (*convert)(Napi::Env, const Message&)) {
    const Result<Message> message = control::decodeMessage<Message>(packet.body);
    return message.ok() ? convert(env, message.value()) : Napi::Value();
}

}  // namespace

Napi::Value readSpawnerEvent(Napi::Env env, const control::Packet& packet) {
    switch (packet.type) {
        case MessageType::kChildStarted:
            return read<control::ChildStarted>(env, packet, fromStarted);
        case MessageType::kChildFailed:
            return read<control::ChildFailed>(env, packet, fromFailed);
        case MessageType::kChildExited:
            return read<control::ChildExited>(env, packet, fromExited);
        case MessageType::kPagerLost:
            return read<control::PagerLost>(env, packet, fromPagerLost);
        default:
            return {};
    }
}

Napi::Value fromSpawnerInfo(Napi::Env env, const control::SpawnerHelloReply& reply) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("pid", fromUnsigned(env, reply.pid));
    object.Set("pagerPid", fromUnsigned(env, reply.pager_pid));
    object.Set("readyCells", fromUnsigned(env, reply.ready_cells));
    return object;
}

Napi::Value fromChildRecords(Napi::Env env, const control::ListChildrenReply& reply) {
    Napi::Array array = Napi::Array::New(env, reply.children.size());
    for (uint32_t index = 0; index < reply.children.size(); ++index) {
        const control::ChildRecord& record = reply.children[index];
        Napi::Object object = Napi::Object::New(env);
        object.Set("id", record.id);
        object.Set("seedId", record.seed_id);
        object.Set("pid", static_cast<double>(record.pid));
        object.Set("hostPid", fromUnsigned(env, record.host_pid));
        object.Set("exited", record.exited);
        object.Set("exitCode", static_cast<double>(record.exit_code));
        object.Set("signal", static_cast<double>(record.signal));
        object.Set("startedAtUnixMs", fromUnsigned(env, record.started_at_unix_ms));
        object.Set("stdoutFd", static_cast<double>(record.stdout_fd));
        object.Set("stderrFd", static_cast<double>(record.stderr_fd));
        array.Set(index, object);
    }
    Napi::Object page = Napi::Object::New(env);
    page.Set("children", array);
    page.Set("more", reply.more);
    return page;
}

control::Fork toFork(const Napi::Value& value) {
    const Fields fields(value, "options");
    control::Fork fork;
    fork.seed_id = fields.text("seedId");
    fork.requested_at_monotonic_ns = fields.bigUnsigned("requestedAtNs");
    fork.deadline_ms = fields.unsigned32("deadlineMs");
    const Napi::Array children = fields.array("children");
    for (uint32_t index = 0; index < children.Length(); ++index) {
        const Fields child(children.Get(index), "options.children[" + std::to_string(index) + "]");
        fork.children.push_back({.child_id = child.text("childId"),
                                 .index = child.unsigned32("index"),
                                 .stdin_path = child.text("stdinPath"),
                                 .has_control = child.boolean("hasControl"),
                                 .inherit_files = child.boolean("inheritFiles"),
                                 .inherit_stdio = child.boolean("inheritStdio")});
    }
    return fork;
}

control::RunParent toRunParent(const Napi::Value& value) {
    const Fields fields(value, "options");
    return {.id = fields.text("id"),
            .argv = fields.texts("argv"),
            .env = fields.texts("env"),
            .cwd = fields.text("cwd"),
            .root = fields.text("root"),
            .stdin_path = fields.text("stdinPath"),
            .stdout_path = fields.text("stdoutPath"),
            .stderr_path = fields.text("stderrPath"),
            .has_control = fields.boolean("hasControl"),
            .control_fd = fields.unsigned32("controlFd")};
}

}  // namespace farfork::addon
