// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include "descriptor/objects.h"
#include "descriptor/validator.h"

namespace farfork {
namespace {

constexpr size_t kMaxAddressBytes = 128;  // struct sockaddr_storage

bool isArray(std::span<const std::byte> object, uint32_t offset, uint64_t count, size_t entry_bytes) {
    return count == 0 ||
           (offset % 8 == 0 && offset <= object.size() && count <= (object.size() - offset) / entry_bytes);
}

size_t padded(size_t size) {
    return (size + 7) & ~size_t{7};
}

bool areMessages(std::span<const std::byte> object, const ff_socket& socket) {
    size_t at = socket.messages;
    if (socket.message_count != 0 && at % 8 != 0) return false;
    for (uint32_t i = 0; i < socket.message_count; i++) {
        ff_socket_message message{};
        if (at > object.size() || object.size() - at < sizeof message) return false;
        std::memcpy(&message, object.data() + at, sizeof message);
        at += sizeof message;
        if (message.name_size > kMaxAddressBytes || message.has_credentials > 1) return false;
        const size_t size = padded(message.name_size) + padded(message.size) + padded(size_t{4} * message.rights_count);
        if (object.size() - at < size) return false;
        at += size;
    }
    return true;
}

}  // namespace

std::string DescriptorValidator::socketFault(std::span<const std::byte> object) {
    ff_socket socket{};
    if (object.empty()) return {};  // a further number of the description
    if (object.size() < sizeof socket) return "a socket of another size";
    std::memcpy(&socket, object.data(), sizeof socket);
    if (socket.state >= FF_SOCKET_STATE_COUNT) return "a socket in an unknown state";
    if (socket.name_size > kMaxAddressBytes || socket.other_size > kMaxAddressBytes ||
        !isArray(object, socket.name, socket.name_size, 1) || !isArray(object, socket.other, socket.other_size, 1))
        return "a socket's address out of bounds";
    if (!isArray(object, socket.options, socket.option_count, sizeof(ff_socket_option)))
        return "a socket's options out of bounds";
    for (uint32_t i = 0; i < socket.option_count; i++) {
        ff_socket_option option{};
        std::memcpy(&option, object.data() + socket.options + i * sizeof option, sizeof option);
        if (option.size > sizeof option.value) return "a socket's option is too large";
    }
    if (!isArray(object, socket.pending, socket.pending_count, sizeof(int32_t)))
        return "a socket's accept queue out of bounds";
    return areMessages(object, socket) ? "" : "a socket's messages out of bounds";
}

}  // namespace farfork
