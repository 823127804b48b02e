// SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>
#include <sys/random.h>

#include <array>
#include <cerrno>

#include "addon/addon_data.h"
#include "addon/values.h"

namespace farfork::addon {

/// The OpenSSL in this process mixes in fresh bytes of the kernel's. It looks for a fork by comparing pids (openssl
/// crypto/threads_pthread.c, openssl_get_fork_id), and a child has the parent's; RAND_add(3) makes its generators, of
/// all threads, reseed at their next use. Node.js exports it; false where no OpenSSL is loaded.
Napi::Value reseedOpenssl(const Napi::CallbackInfo& info) {
    using RandAdd = void (*)(const void* bytes, int count, double entropy_bytes);
    const auto add = reinterpret_cast<RandAdd>(dlsym(RTLD_DEFAULT, "RAND_add"));
    if (add == nullptr) return Napi::Boolean::New(info.Env(), false);
    std::array<unsigned char, 48> fresh{};
    if (getrandom(fresh.data(), fresh.size(), 0) != static_cast<ssize_t>(fresh.size())) {
        throw Napi::Error::New(info.Env(), "getrandom: errno " + std::to_string(errno));
    }
    add(fresh.data(), static_cast<int>(fresh.size()), static_cast<double>(fresh.size()));
    return Napi::Boolean::New(info.Env(), true);
}

}  // namespace farfork::addon
