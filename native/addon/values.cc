// SPDX-License-Identifier: Apache-2.0
#include "addon/values.h"

#include <cmath>

namespace farfork::addon {
namespace {

constexpr int64_t kMaxSafeInteger = (1LL << 53) - 1;

[[noreturn]] void refuse(Napi::Env env, std::string_view name, const std::string& wanted) {
    throw Napi::TypeError::New(env, std::string(name) + " must be " + wanted);
}

void describe(Napi::Object object, const Error& error) {
    object.Set("code", static_cast<double>(error.code));
    object.Set("stage", error.stage);
    object.Set("object", error.object);
    object.Set("detail", error.detail);
    object.Set("sysErrno", static_cast<double>(error.sys_errno));
}

}  // namespace

std::string toText(const Napi::Value& value, std::string_view name) {
    if (!value.IsString()) refuse(value.Env(), name, "a string");
    return value.As<Napi::String>().Utf8Value();
}

int64_t toInteger(const Napi::Value& value, std::string_view name, int64_t minimum, int64_t maximum) {
    const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : std::nan("");
    if (std::nearbyint(number) != number || number < static_cast<double>(minimum) ||
        number > static_cast<double>(maximum)) {
        refuse(value.Env(), name, "an integer from " + std::to_string(minimum) + " to " + std::to_string(maximum));
    }
    return static_cast<int64_t>(number);
}

uint32_t toUnsigned32(const Napi::Value& value, std::string_view name) {
    return static_cast<uint32_t>(toInteger(value, name, 0, UINT32_MAX));
}

uint64_t toUnsigned64(const Napi::Value& value, std::string_view name) {
    return static_cast<uint64_t>(toInteger(value, name, 0, kMaxSafeInteger));
}

uint64_t toBigUnsigned(const Napi::Value& value, std::string_view name) {
    bool lossless = false;
    const uint64_t number = value.IsBigInt() ? value.As<Napi::BigInt>().Uint64Value(&lossless) : 0;
    if (!lossless) refuse(value.Env(), name, "a bigint from 0 to 2^64-1");
    return number;
}

bool toBoolean(const Napi::Value& value, std::string_view name) {
    if (!value.IsBoolean()) refuse(value.Env(), name, "a boolean");
    return value.As<Napi::Boolean>().Value();
}

std::string toBytes(const Napi::Value& value, std::string_view name, size_t size) {
    const bool is_bytes = value.IsTypedArray() && value.As<Napi::TypedArray>().TypedArrayType() == napi_uint8_array;
    if (!is_bytes || value.As<Napi::TypedArray>().ByteLength() != size) {
        refuse(value.Env(), name, "a Uint8Array of " + std::to_string(size) + " bytes");
    }
    const Napi::Uint8Array bytes = value.As<Napi::Uint8Array>();
    return {reinterpret_cast<const char*>(bytes.Data()), size};
}

Napi::Array toArray(const Napi::Value& value, std::string_view name) {
    if (!value.IsArray()) refuse(value.Env(), name, "an array");
    return value.As<Napi::Array>();
}

std::vector<std::string> toTexts(const Napi::Value& value, std::string_view name) {
    const Napi::Array array = toArray(value, name);
    std::vector<std::string> texts;
    for (uint32_t index = 0; index < array.Length(); ++index) {
        texts.push_back(toText(array.Get(index), std::string(name) + "[" + std::to_string(index) + "]"));
    }
    return texts;
}

Napi::Function toFunction(const Napi::Value& value, std::string_view name) {
    if (!value.IsFunction()) refuse(value.Env(), name, "a function");
    return value.As<Napi::Function>();
}

Fields::Fields(const Napi::Value& value, std::string name) : name_(std::move(name)) {
    if (!value.IsObject()) refuse(value.Env(), name_, "an object");
    object_ = value.As<Napi::Object>();
}

Napi::Value fromTexts(Napi::Env env, const std::vector<std::string>& texts) {
    Napi::Array array = Napi::Array::New(env, texts.size());
    for (uint32_t index = 0; index < texts.size(); ++index) array.Set(index, texts[index]);
    return array;
}

Napi::Value toRejection(Napi::Env env, const Error& error) {
    Napi::Object rejection = Napi::Error::New(env, std::string(errorCodeName(error.code)) + " at " + error.stage +
                                                       " for " + error.object + ": " + error.detail)
                                 .Value();
    describe(rejection, error);
    return rejection;
}

Napi::Value toErrorObject(Napi::Env env, const Error& error) {
    Napi::Object object = Napi::Object::New(env);
    describe(object, error);
    return object;
}

}  // namespace farfork::addon
