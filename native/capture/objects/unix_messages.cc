// SPDX-License-Identifier: Apache-2.0
//
// What the descriptor says of the messages in a unix socket's queue.
#include <unistd.h>

#include "capture/descriptions.h"
#include "capture/errors.h"
#include "capture/files.h"
#include "capture/objects/socket_layout.h"
#include "capture/objects/unix_socket.h"

namespace farfork::capturing {

Result<ff_socket_message> UnixSocket::describeMessage(const SocketQueue::Message& message, const UnixSocket* peer,
                                                      const Sockets& sockets, const FileTable& files,
                                                      std::vector<int32_t>& rights) const {
    ff_socket_message described{};
    described.size = static_cast<uint32_t>(message.size);
    described.sender = peer ? peer->fd_ : -1;
    const std::string_view from(reinterpret_cast<const char*>(&message.name), message.name_size);
    if (type_ == SOCK_DGRAM && !peer && message.name_size > sizeof(sa_family_t)) {
        described.name_size = message.name_size;
        for (const UnixSocket* each : sockets.all)
            if (each->type_ == SOCK_DGRAM && each->name() == from) described.sender = each->fd_;
    }
    if (message.has_credentials) {
        if (message.credentials.pid != pid_)
            return refuse("a message with the credentials of pid " + std::to_string(message.credentials.pid));
        described.has_credentials = 1;
        described.uid = message.credentials.uid;
        described.gid = message.credentials.gid;
    }
    const pid_t own = getpid();
    for (size_t i = 0; i < message.rights; i++) {
        const int passed = queue_.rights()[message.first_right + i];
        int32_t number = -1;
        for (const FileTable::Entry& entry : files.entries())
            if (number < 0 && compareDescriptions(own, entry.duplicate.get(), own, passed) == 0) number = entry.file.fd;
        if (number < 0) return refuse("passes a descriptor that is not open any more");
        rights.push_back(number);
    }
    described.rights_count = static_cast<uint32_t>(message.rights);
    return described;
}

Result<void> UnixSocket::addMessages(std::vector<std::byte>& bytes, ff_socket& socket, const UnixSocket* peer,
                                     const Sockets& sockets, const FileTable& files) const {
    const UnixSocket* sender = socket.mutual ? peer : nullptr;
    if (sender && type_ != SOCK_STREAM && !queue_.messages().empty() && hidesMessages(*sender))
        return refuse("empty messages that were peeked at");
    if (!socket.mutual && socket.state != FF_SOCKET_ENDED && name().empty() && !queue_.messages().empty())
        return refuse("messages to a socket without a name");
    socket.messages = static_cast<uint32_t>(bytes.size());
    for (const SocketQueue::Message& message : queue_.messages()) {
        std::vector<int32_t> rights;
        auto described = describeMessage(message, sender, sockets, files, rights);
        if (!described) return described.error();
        appendPadded(bytes, &*described, sizeof *described);
        appendPadded(bytes, &message.name, described->name_size);
        appendPadded(bytes, queue_.bytesOf(message), message.size);
        appendPadded(bytes, rights.data(), rights.size() * sizeof(int32_t));
        socket.message_count++;
    }
    return {};
}

}  // namespace farfork::capturing
