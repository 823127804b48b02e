// SPDX-License-Identifier: Apache-2.0
#include "fabric/tcp_receiver.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace farfork::fabric {

namespace {
constexpr uint64_t kChunkBytes = 512 << 10;  // of one recvmsg, hashed while still in the cache
constexpr size_t kMaxVectors = 128;
constexpr size_t kScratchBytes = 64 << 10;
constexpr uint64_t kOpenGrowthBytes = 4 << 20;  // memory follows the bytes that came, not the size that was announced
}  // namespace

Receiver::Receiver(Sink& sink, std::string peer) : sink_(sink), peer_(std::move(peer)) {
    reset();
}

void Receiver::reset() {
    phase_ = Phase::kHeader;
    headBytes_ = wire::kTrailerBytes;
    awaitTrailer_ = false;
    read_ = nullptr;
    open_ = nullptr;
    failure_.reset();
}

bool Receiver::broken(std::string what) {
    error_ = Error{ErrorCode::kFabricProtocol, "fabric.receive", "peer " + peer_, std::move(what)};
    return false;
}

std::byte* Receiver::scratch() {
    scratch_.resize(kScratchBytes);
    return scratch_.data();
}

size_t Receiver::collectBulk(iovec* vectors, size_t& bytes) {
    const uint64_t left = header_.bulk_bytes - bulkBytes_;
    if (open_ != nullptr) {
        bytes = std::min(left, kOpenGrowthBytes);
        open_->bulk.resize(bulkBytes_ + bytes);
        vectors[0] = {open_->bulk.data() + bulkBytes_, bytes};
        return 1;
    }
    if (failure_) {
        bytes = std::min<uint64_t>(left, kScratchBytes);
        vectors[0] = {scratch(), bytes};
        return 1;
    }
    size_t count = 0;
    uint64_t at = pieceAt_;
    for (size_t i = piece_; i < read_->pieces.size() && count < kMaxVectors - 1 && bytes < kChunkBytes; ++i, at = 0) {
        const PageRead& piece = read_->pieces[i];
        std::byte* destination = piece.destination + at;
        const size_t step = std::min(piece.range.bytes() - at, kChunkBytes - bytes);
        const bool joins =
            count > 0 &&
            static_cast<std::byte*>(vectors[count - 1].iov_base) + vectors[count - 1].iov_len == destination;
        if (joins)
            vectors[count - 1].iov_len += step;
        else
            vectors[count++] = {destination, step};
        bytes += step;
    }
    return count;
}

size_t Receiver::collect(iovec* vectors, size_t& bytes) {
    bytes = 0;
    size_t count = 0;
    if (phase_ == Phase::kPayload) {
        bytes = header_.payload_bytes - payloadBytes_;
        vectors[count++] = {payload_.data() + payloadBytes_, bytes};
        return count;
    }
    if (phase_ == Phase::kBulk) {
        count = collectBulk(vectors, bytes);
        if (bulkBytes_ + bytes < header_.bulk_bytes) return count;
    }
    vectors[count++] = {head_.data() + headBytes_, head_.size() - headBytes_};
    bytes += head_.size() - headBytes_;
    return count;
}

size_t Receiver::consumeBulk(size_t bytes) {
    size_t left = std::min<uint64_t>(bytes, header_.bulk_bytes - bulkBytes_);
    const size_t used = left;
    if (open_ != nullptr) checksum_.update(open_->bulk.data() + bulkBytes_, left);
    bulkBytes_ += used;
    if (open_ != nullptr || failure_) return used;
    while (left > 0) {
        const PageRead& piece = read_->pieces[piece_];
        const size_t step = std::min<uint64_t>(left, piece.range.bytes() - pieceAt_);
        checksum_.update(piece.destination + pieceAt_, step);
        left -= step;
        pieceAt_ += step;
        if (pieceAt_ == piece.range.bytes()) ++piece_, pieceAt_ = 0;
    }
    return used;
}

bool Receiver::consume(size_t bytes) {
    if (phase_ == Phase::kPayload) {
        payloadBytes_ += bytes;
        return payloadBytes_ < header_.payload_bytes || payloadArrived();
    }
    if (phase_ == Phase::kBulk) {
        bytes -= consumeBulk(bytes);
        if (bulkBytes_ < header_.bulk_bytes) return true;
        phase_ = Phase::kHeader;
        awaitTrailer_ = true;
    }
    headBytes_ += bytes;
    if (awaitTrailer_ && headBytes_ >= wire::kTrailerBytes) {
        awaitTrailer_ = false;
        bulkArrived(readStruct<uint64_t>(head_));
    }
    return headBytes_ < head_.size() || headerArrived();
}

bool Receiver::headerArrived() {
    header_ = readStruct<wire::FrameHeader>(head_, wire::kTrailerBytes);
    if (const std::string wrong = checkHeader(header_, false); !wrong.empty()) return broken(wrong);
    payloadBytes_ = 0;
    phase_ = Phase::kPayload;
    return header_.payload_bytes > 0 || payloadArrived();
}

bool Receiver::payloadArrived() {
    const std::span<const std::byte> payload(payload_.data(), header_.payload_bytes);
    if (frameChecksum(header_, payload) != header_.checksum) return broken("a frame does not match its checksum");
    const uint64_t id = header_.request_id;
    read_ = sink_.findRead(id);
    open_ = read_ != nullptr ? nullptr : sink_.findOpen(id);
    headBytes_ = header_.bulk_bytes > 0 ? 0 : wire::kTrailerBytes;
    phase_ = header_.bulk_bytes > 0 ? Phase::kBulk : Phase::kHeader;
    bulkBytes_ = pieceAt_ = piece_ = 0;
    failure_.reset();
    checksum_.reset();
    switch (static_cast<wire::FrameType>(header_.type)) {
        case wire::FrameType::kHelloReply:
            return readStruct<wire::Hello>(payload).version == kProtocolVersion ||
                   broken("the peer speaks another version");
        case wire::FrameType::kError: {
            Error error = decodeError(payload);
            if (id == 0) {
                error_ = std::move(error);
                return false;
            }
            if (read_ == nullptr && open_ == nullptr) return broken("an error for a request that nobody made");
            read_ != nullptr ? sink_.readDone(id, std::move(error)) : sink_.openDone(id, std::move(error));
            return true;
        }
        case wire::FrameType::kReadReply:
            if (read_ == nullptr || read_->bytes != header_.bulk_bytes)
                return broken("a read reply that nobody asked for");
            return true;
        default: {  // kOpenReply: checkHeader lets no other type pass
            if (open_ == nullptr) return broken("an open reply that nobody asked for");
            open_->reply = readStruct<wire::OpenReply>(payload);
            const uint64_t expected = open_->withBytes ? open_->reply.descriptor_bytes + open_->reply.layout_bytes : 0;
            if (open_->reply.descriptor_bytes > wire::kMaxOpenBytes ||
                open_->reply.layout_bytes > wire::kMaxOpenBytes || open_->reply.reserved != 0 ||
                header_.bulk_bytes != expected)
                return broken("an open reply whose sizes do not fit");
            if (expected == 0) sink_.openDone(id, std::nullopt);
            return true;
        }
    }
}

void Receiver::bulkArrived(uint64_t trailer) {
    const bool same = checksum_.digest() == trailer;
    const uint64_t id = header_.request_id;
    if (open_ != nullptr) {
        std::optional<Error> error;
        if (!same)
            error = Error{ErrorCode::kDescriptorCorrupt, "fabric.open",
                          "seed " + open_->seed->credentials.seed_id + " at " + peer_,
                          "descriptor and layout do not match the checksum that came with them"};
        open_ = nullptr;
        return sink_.openDone(id, std::move(error));
    }
    if (!failure_ && !same)
        failure_ =
            Error{ErrorCode::kPageCorrupt, "fabric.read", "seed " + read_->seed->credentials.seed_id + " at " + peer_,
                  std::to_string(header_.bulk_bytes) + " bytes do not match the checksum that came with them"};
    read_ = nullptr;
    sink_.readDone(id, std::exchange(failure_, std::nullopt));
}

Receiver::Outcome Receiver::receive(int fd, uint64_t budgetBytes, Error& error) {
    uint64_t total = 0;
    while (total < budgetBytes) {
        std::array<iovec, kMaxVectors> vectors;
        size_t bytes = 0;
        msghdr message{};
        message.msg_iov = vectors.data();
        message.msg_iovlen = collect(vectors.data(), bytes);
        const ssize_t got = recvmsg(fd, &message, MSG_DONTWAIT);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return Outcome::kDrained;
        // tcp_recvmsg leaves what it could not copy out in the queue (linux net/ipv4/tcp.c): throw it away from there.
        if (got < 0 && errno == EFAULT && phase_ == Phase::kBulk && read_ != nullptr && !failure_) {
            failure_ = makeErrno(ErrorCode::kResourceExhausted, "fabric.read",
                                 "seed " + read_->seed->credentials.seed_id + " at " + peer_,
                                 "no memory for the pages (recv)", EFAULT);
            continue;
        }
        if (got <= 0) {
            error = got == 0
                        ? Error{ErrorCode::kSourceLost, "fabric.receive", "peer " + peer_, "it closed the connection"}
                        : makeErrno(ErrorCode::kSourceLost, "fabric.receive", "peer " + peer_, "recv", errno);
            return Outcome::kBroken;
        }
        total += static_cast<uint64_t>(got);
        if (!consume(static_cast<size_t>(got))) {
            error = error_;
            return Outcome::kBroken;
        }
        if (static_cast<size_t>(got) < bytes) return Outcome::kDrained;
    }
    return Outcome::kMore;
}

}  // namespace farfork::fabric
