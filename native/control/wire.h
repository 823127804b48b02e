// SPDX-License-Identifier: Apache-2.0
//
// Encoding of the messages in control/messages.h: fields in the order that `fields()` visits them, integers
// little-endian at their own size, bool as one byte, strings and vectors behind a u32 count, structs inline.
#pragma once
#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/result.h"

namespace farfork::control {

static_assert(std::endian::native == std::endian::little, "the wire is little-endian and copied as it is");

/// Appends the fields of messages to a byte string.
class WireWriter {
  public:
    template <class T>
    void operator()(const T& value) {
        if constexpr (std::is_same_v<T, bool>) {
            bytes_.push_back(value ? 1 : 0);
        } else if constexpr (std::integral<T>) {
            bytes_.append(reinterpret_cast<const char*>(&value), sizeof(value));
        } else {
            // fields() is one non-const template for both directions; a writer only reads.
            const_cast<T&>(value).fields(*this);
        }
    }
    void operator()(const std::string& value) {
        count(value.size());
        bytes_.append(value);
    }
    template <class T>
    void operator()(const std::vector<T>& values) {
        count(values.size());
        for (const T& value : values) (*this)(value);
    }

    [[nodiscard]] const std::string& bytes() const& { return bytes_; }
    [[nodiscard]] std::string&& bytes() && { return std::move(bytes_); }

  private:
    void count(size_t size) { (*this)(static_cast<uint32_t>(size)); }
    std::string bytes_;
};

/// Reads fields back. After the first field that does not fit, `ok()` is false, nothing more is read, and what was
/// filled so far must not be used.
class WireReader {
  public:
    explicit WireReader(std::string_view bytes) : rest_(bytes) {}

    template <class T>
    void operator()(T& value) {
        if constexpr (std::is_same_v<T, bool>) {
            uint8_t byte = 0;
            (*this)(byte);
            if (byte > 1) ok_ = false;
            value = byte == 1;
        } else if constexpr (std::integral<T>) {
            if (!take(sizeof(value))) return;
            std::memcpy(&value, rest_.data() - sizeof(value), sizeof(value));
        } else {
            value.fields(*this);
        }
    }
    void operator()(std::string& value) {
        uint32_t size = 0;
        (*this)(size);
        if (take(size)) value.assign(rest_.data() - size, size);
    }
    template <class T>
    void operator()(std::vector<T>& values) {
        uint32_t count = 0;
        (*this)(count);
        // Every element takes at least one byte, so a hostile count cannot reserve more than the packet's size.
        if (!ok_ || count > rest_.size()) {
            ok_ = false;
            return;
        }
        values.clear();
        values.reserve(count);
        for (uint32_t index = 0; index < count && ok_; ++index) {
            T value{};
            (*this)(value);
            values.push_back(std::move(value));
        }
    }

    [[nodiscard]] bool ok() const { return ok_; }
    [[nodiscard]] size_t remaining() const { return rest_.size(); }
    [[nodiscard]] std::string_view rest() const { return rest_; }

  private:
    bool take(size_t size) {
        if (!ok_ || rest_.size() < size) {
            ok_ = false;
            return false;
        }
        rest_.remove_prefix(size);
        return true;
    }
    std::string_view rest_;
    bool ok_ = true;
};

/// The bytes of one message.
template <class T>
std::string encodeMessage(const T& message) {
    WireWriter writer;
    writer(message);
    return std::move(writer).bytes();
}

/// The message that `bytes` holds, exactly. Errors: CONTROL_PROTOCOL (too short, left-over bytes, impossible value).
template <class T>
Result<T> decodeMessage(std::string_view bytes) {
    T message{};
    WireReader reader(bytes);
    reader(message);
    if (!reader.ok() || reader.remaining() != 0) {
        return Error{
            ErrorCode::kControlProtocol, "control.decode", "packet of " + std::to_string(bytes.size()) + " bytes",
            reader.ok() ? std::to_string(reader.remaining()) + " bytes are left over" : "the packet is cut short"};
    }
    return message;
}

}  // namespace farfork::control
