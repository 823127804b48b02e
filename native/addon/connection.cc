// SPDX-License-Identifier: Apache-2.0
#include "addon/connection.h"

namespace farfork::addon {

Result<std::shared_ptr<Connection>> Connection::open(Napi::Env env, UniqueFd socket, std::string peer,
                                                     Napi::Function on_event, EventReader read_event) {
    std::shared_ptr<Connection> self(new Connection());
    self->env_ = env;
    self->peer_ = peer;
    self->read_event_ = read_event;
    // The function's context outlives every call of it: its finalizer drops the last reference.
    auto* hold = new std::shared_ptr<Connection>(self);
    self->deliver_ = Deliver::New(
        env, on_event, "farfork connection", 0, 1, self.get(),
        [](Napi::Env, std::shared_ptr<Connection>* held, Connection*) { delete held; }, hold);
    self->deliver_.Unref(env);
    Result<std::unique_ptr<Link>> link = Link::start(std::move(socket), std::move(peer),
                                                     [raw = self.get()](Batch batch) { raw->post(std::move(batch)); });
    if (!link.ok()) {
        self->closed_ = true;
        self->deliver_.Release();
        return std::move(link).error();
    }
    self->link_ = std::move(*link);
    // Newest hooks run first: this one runs before the thread-safe function's own, while Release is still valid.
    napi_add_env_cleanup_hook(env, endOfEnvironment, self.get());
    return self;
}

void Connection::endOfEnvironment(void* self) {
    static_cast<Connection*>(self)->close(nullptr);
}

void Connection::request(Napi::Env env, control::MessageType type, std::string body, std::vector<UniqueFd> fds,
                         uint32_t deadline_ms, Finish finish) {
    if (closed_) {
        return finish(env, Error{ErrorCode::kUnavailable, "control.send", peer_, "the connection is closed"});
    }
    const uint64_t id = next_request_id_++;
    Result<void> sent = link_->request(id, type, std::move(body), std::move(fds), deadline_ms);
    if (!sent.ok()) return finish(env, sent.error());
    waiting_.emplace(id, std::move(finish));
    updateBusy(env);
}

void Connection::inject(control::MessageType type, std::string body) {
    control::Packet packet;
    packet.type = type;
    packet.body = std::move(body);
    Batch batch;
    batch.push_back({Delivery::Kind::kEvent, 0, std::move(packet)});
    if (!closed_) post(std::move(batch));
}

/// On the link's thread, mostly. Replies and events go in separate calls, because promise reactions run between calls:
/// whoever awaits a reply is told before the events that followed it.
void Connection::post(Batch deliveries) {
    const auto is_reply = [](const Delivery& delivery) { return delivery.kind == Delivery::Kind::kReply; };
    size_t begin = 0;
    while (begin < deliveries.size()) {
        size_t end = begin + 1;
        while (end < deliveries.size() && is_reply(deliveries[end]) == is_reply(deliveries[begin])) ++end;
        auto run = std::make_unique<Batch>();
        for (size_t index = begin; index < end; ++index) run->push_back(std::move(deliveries[index]));
        if (deliver_.NonBlockingCall(run.get()) == napi_ok) (void)run.release();
        begin = end;
    }
}

void Connection::deliver(Napi::Env env, Napi::Function on_event, Connection* self, Batch* batch) {
    const std::unique_ptr<Batch> owned(batch);
    // `self` is valid when env is: the function's finalizer, which drops it, runs after its last call.
    if (env == nullptr || self->closed_) return;
    const std::shared_ptr<Connection> alive = self->shared_from_this();
    alive->handle(env, on_event, std::move(*owned));
}

void Connection::handle(Napi::Env env, const Napi::Function& on_event, Batch batch) {
    Napi::Array events = Napi::Array::New(env);
    bool lost = false;
    for (Delivery& delivery : batch) {
        if (delivery.kind == Delivery::Kind::kReply) {
            answer(env, delivery);
        } else if (delivery.kind == Delivery::Kind::kClosed) {
            Napi::Object closed = Napi::Object::New(env);
            closed.Set("type", "closed");
            events.Set(events.Length(), closed);
            lost = true;
        } else {
            Napi::Value event = read_event_(env, delivery.packet.value());
            if (!event.IsEmpty()) events.Set(events.Length(), event);
        }
    }
    if (lost) close(env);
    updateBusy(env);
    if (events.Length() == 0) return;
    try {
        on_event.Call({events});
    } catch (const Napi::Error& thrown) {
        // Node.js 20 only warns of what a thread-safe function throws; a fault of the owner must not go unseen.
        if (!thrown.IsEmpty()) napi_fatal_exception(env, thrown.Value());
    }
}

void Connection::answer(Napi::Env env, Delivery& delivery) {
    const auto found = waiting_.find(delivery.request_id);
    if (found == waiting_.end()) return;
    const Finish finish = std::move(found->second);
    waiting_.erase(found);
    finish(env, delivery.packet);
}

void Connection::updateBusy(Napi::Env env) {
    const bool busy = !waiting_.empty() && !closed_;
    if (busy == busy_) return;
    busy_ = busy;
    if (!closed_) {
        if (busy) deliver_.Ref(env);
        if (!busy) deliver_.Unref(env);
    }
    if (busy_change_) busy_change_(busy);
}

void Connection::close(napi_env env) {
    if (closed_) return;
    const std::shared_ptr<Connection> alive = weak_from_this().lock();
    closed_ = true;
    link_->stop();
    napi_remove_env_cleanup_hook(env_, endOfEnvironment, this);
    std::unordered_map<uint64_t, Finish> unanswered = std::move(waiting_);
    waiting_.clear();
    if (env != nullptr) {
        for (auto& [id, finish] : unanswered) {
            finish(env, Error{ErrorCode::kUnavailable, "control.call", peer_, "the connection was closed"});
        }
        updateBusy(env);
    }
    deliver_.Release();
}

}  // namespace farfork::addon
