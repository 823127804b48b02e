// SPDX-License-Identifier: Apache-2.0
#include "addon/capture_object.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <memory>

#include "addon/addon_data.h"
#include "addon/background.h"
#include "addon/connect.h"
#include "addon/values.h"
#include "descriptor/view.h"

namespace farfork::addon {
namespace {

/// True when the capture found the SDK's control socket.
bool hasControl(const Capture& capture) {
    void* bytes = mmap(nullptr, capture.descriptor_bytes, PROT_READ, MAP_SHARED, capture.descriptor.get(), 0);
    if (bytes == MAP_FAILED) return false;
    bool found = false;
    Result<DescriptorView> view =
        DescriptorView::parse({static_cast<const std::byte*>(bytes), static_cast<size_t>(capture.descriptor_bytes)});
    if (view.ok()) {
        for (const ff_process& process : view->processes()) found = found || process.control_fd != UINT32_MAX;
    }
    munmap(bytes, capture.descriptor_bytes);
    return found;
}

}  // namespace

CapturedSeed& CapturedSeed::operator=(CapturedSeed&& other) noexcept {
    if (this == &other) return *this;
    release();
    capture = std::move(other.capture);
    pid = other.pid;
    has_control = other.has_control;
    owned = std::exchange(other.owned, false);
    return *this;
}

void CapturedSeed::release() {
    if (!std::exchange(owned, false)) return;
    // Cannot fail but with ESRCH: the twin is gone already.
    syscall(SYS_pidfd_send_signal, capture.twin_pidfd.get(), SIGKILL, nullptr, 0);
    capture.twin_pidfd.reset();
    capture.descriptor.reset();
}

void CapturedSeed::handOver() {
    owned = false;
    capture.twin_pidfd.reset();
    capture.descriptor.reset();
}

CaptureObject::CaptureObject(const Napi::CallbackInfo& info)
    : ObjectWrap(info), seed_(std::move(nativeArgument<CapturedSeed>(info))) {
    Napi::Object self = info.This().As<Napi::Object>();
    self.TypeTag(&kCaptureTag);
    const auto set = [&](const char* name, Napi::Value value) {
        self.DefineProperty(Napi::PropertyDescriptor::Value(name, value, napi_enumerable));
    };
    const Capture& taken = seed_.capture;
    set("pid", fromUnsigned(Env(), static_cast<uint64_t>(seed_.pid)));
    set("pauseUs", fromUnsigned(Env(), taken.pauseUs));
    set("forkUs", fromUnsigned(Env(), taken.forkUs));
    set("sharedCopyUs", fromUnsigned(Env(), taken.sharedCopyUs));
    set("threadCount", fromUnsigned(Env(), taken.threads));
    set("vmaCount", fromUnsigned(Env(), taken.vmas));
    set("descriptorBytes", fromUnsigned(Env(), taken.descriptor_bytes));
    set("hasControl", Napi::Boolean::New(Env(), seed_.has_control));
}

Napi::Function CaptureObject::define(Napi::Env env) {
    return DefineClass(env, "Capture", {InstanceMethod("release", &CaptureObject::release)});
}

Napi::Object CaptureObject::make(Napi::Env env, CapturedSeed seed) {
    return AddonData::of(env).capture.New({Napi::External<CapturedSeed>::New(env, &seed)});
}

CaptureObject& CaptureObject::of(const Napi::Value& value) {
    if (!value.IsObject() || !value.As<Napi::Object>().CheckTypeTag(&kCaptureTag)) {
        throw Napi::TypeError::New(value.Env(), "capture must be what capture() made");
    }
    return *Unwrap(value.As<Napi::Object>());
}

void CaptureObject::endImport(bool taken) {
    importing_ = false;
    if (taken) seed_.handOver();
    if (release_wanted_) seed_.release();
}

Napi::Value CaptureObject::release(const Napi::CallbackInfo& info) {
    if (importing_) {
        release_wanted_ = true;
    } else {
        seed_.release();
    }
    return info.Env().Undefined();
}

Napi::Function defineCapture(Napi::Env env) {
    return CaptureObject::define(env);
}

Napi::Value captureProcess(const Napi::CallbackInfo& info) {
    const Fields fields(info[0], "options");
    struct Work {
        CaptureOptions options;
        CapturedSeed seed;
        std::optional<Error> error;
    };
    auto work = std::make_shared<Work>();
    work->options.pid = static_cast<pid_t>(fields.integer("pid", 0, INT32_MAX));
    work->options.seed_id = fields.text("seedId");
    work->options.control_inode = fields.bigUnsigned("controlInode");
    work->options.stop_timeout_ms = fields.unsigned32("stopTimeoutMs");
    work->options.max_pause_ms = fields.unsigned32("maxPauseMs");
    const auto deferred = Napi::Promise::Deferred::New(info.Env());
    runInBackground(
        info.Env(),
        [work] {
            Result<Capture> captured = capture(work->options);
            if (!captured.ok()) {
                work->error = std::move(captured).error();
                return;
            }
            work->seed.capture = std::move(*captured);
            work->seed.pid = work->options.pid;
            work->seed.owned = true;
            work->seed.has_control = work->options.control_inode != 0 && hasControl(work->seed.capture);
        },
        [work, deferred](Napi::Env env) {
            if (work->error) return deferred.Reject(toRejection(env, *work->error));
            deferred.Resolve(CaptureObject::make(env, std::move(work->seed)));
        });
    return deferred.Promise();
}

}  // namespace farfork::addon
