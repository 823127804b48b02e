// SPDX-License-Identifier: Apache-2.0
//
// JavaScript values to C++ and back. The to* functions throw TypeError with the name of what is wrong.
#pragma once
#include <napi.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace farfork::addon {

std::string toText(const Napi::Value& value, std::string_view name);
/// An integer in [minimum, maximum], both within 2^53.
int64_t toInteger(const Napi::Value& value, std::string_view name, int64_t minimum, int64_t maximum);
uint32_t toUnsigned32(const Napi::Value& value, std::string_view name);
/// Up to 2^53 - 1.
uint64_t toUnsigned64(const Napi::Value& value, std::string_view name);
uint64_t toBigUnsigned(const Napi::Value& value, std::string_view name);
bool toBoolean(const Napi::Value& value, std::string_view name);
/// The bytes of a Uint8Array of exactly `size` bytes.
std::string toBytes(const Napi::Value& value, std::string_view name, size_t size);
std::vector<std::string> toTexts(const Napi::Value& value, std::string_view name);
Napi::Array toArray(const Napi::Value& value, std::string_view name);
Napi::Function toFunction(const Napi::Value& value, std::string_view name);

/// The fields of an options object.
class Fields {
  public:
    Fields(const Napi::Value& value, std::string name);
    [[nodiscard]] std::string text(const char* field) const { return toText(get(field), path(field)); }
    [[nodiscard]] int64_t integer(const char* field, int64_t minimum, int64_t maximum) const {
        return toInteger(get(field), path(field), minimum, maximum);
    }
    [[nodiscard]] uint32_t unsigned32(const char* field) const { return toUnsigned32(get(field), path(field)); }
    [[nodiscard]] uint64_t unsigned64(const char* field) const { return toUnsigned64(get(field), path(field)); }
    [[nodiscard]] uint64_t bigUnsigned(const char* field) const { return toBigUnsigned(get(field), path(field)); }
    [[nodiscard]] bool boolean(const char* field) const { return toBoolean(get(field), path(field)); }
    [[nodiscard]] std::string bytes(const char* field, size_t size) const {
        return toBytes(get(field), path(field), size);
    }
    [[nodiscard]] std::vector<std::string> texts(const char* field) const { return toTexts(get(field), path(field)); }
    [[nodiscard]] Napi::Array array(const char* field) const { return toArray(get(field), path(field)); }

  private:
    [[nodiscard]] Napi::Value get(const char* field) const { return object_.Get(field); }
    [[nodiscard]] std::string path(const char* field) const { return name_ + "." + field; }
    Napi::Object object_;
    std::string name_;
};

inline Napi::Value fromUnsigned(Napi::Env env, uint64_t value) {
    return Napi::Number::New(env, static_cast<double>(value));
}
Napi::Value fromTexts(Napi::Env env, const std::vector<std::string>& texts);
/// A NativeError of src/native/binding.ts that is also an Error, for rejections.
Napi::Value toRejection(Napi::Env env, const Error& error);
/// A NativeError of src/native/binding.ts, for events.
Napi::Value toErrorObject(Napi::Env env, const Error& error);

}  // namespace farfork::addon
