// SPDX-License-Identifier: Apache-2.0
#include "addon/background.h"

#include <system_error>
#include <thread>

namespace farfork::addon {
namespace {

struct Task;
void finishTask(Napi::Env env, Napi::Function callback, Task* task, std::nullptr_t* nothing);
using TaskFunction = Napi::TypedThreadSafeFunction<Task, std::nullptr_t, finishTask>;

/// Owned by the environment's cleanup hook until finishTask takes it.
struct Task {
    napi_env env = nullptr;
    std::function<void()> work;
    std::function<void(Napi::Env)> done;
    TaskFunction function;
    std::thread thread;
};

/// Hooks run newest first, so this one runs before the thread-safe function's own, and its Release is still valid.
void abandonTask(void* data) {
    Task* task = static_cast<Task*>(data);
    if (task->thread.joinable()) task->thread.join();
    task->function.Release();
    delete task;
}

void finishTask(Napi::Env env, Napi::Function /*callback*/, Task* task, std::nullptr_t* /*nothing*/) {
    if (env == nullptr) return;  // the environment ends: abandonTask frees it
    napi_remove_env_cleanup_hook(env, abandonTask, task);
    task->thread.join();
    const std::function<void(Napi::Env)> done = std::move(task->done);
    task->function.Release();
    delete task;
    done(env);
}

}  // namespace

void runInBackground(Napi::Env env, std::function<void()> work, std::function<void(Napi::Env)> done) {
    Task* task = new Task{.env = env, .work = std::move(work), .done = std::move(done)};
    task->function = TaskFunction::New(env, "farfork task", 0, 1, task);
    try {
        task->thread = std::thread([task] {
            task->work();
            task->work = nullptr;
            (void)task->function.NonBlockingCall();
        });
    } catch (const std::system_error& error) {
        task->function.Release();
        delete task;
        throw Napi::Error::New(env, std::string("no thread can be made: ") + error.what());
    }
    napi_add_env_cleanup_hook(env, abandonTask, task);
}

}  // namespace farfork::addon
