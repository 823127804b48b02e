// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "fabric/checksum.h"
#include "fabric/tcp_codec.h"

using namespace farfork;
using namespace farfork::fabric;

TEST(framesAreChecksummed) {
    Bytes out;
    const wire::Close close{7};
    appendFrame(out, wire::FrameType::kClose, 0, bytesOf(close));
    const auto header = readStruct<wire::FrameHeader>(out);
    CHECK_EQ(checkHeader(header, true), "");
    CHECK_EQ(frameChecksum(header, std::span(out).subspan(sizeof header)), header.checksum);
    for (size_t i = 0; i < out.size(); ++i) {
        Bytes bad = out;
        bad[i] ^= std::byte{1};
        const auto changed = readStruct<wire::FrameHeader>(bad);
        const bool caught = !checkHeader(changed, true).empty() ||
                            frameChecksum(changed, std::span(bad).subspan(sizeof header)) != changed.checksum;
        CHECK(caught);
    }
}

TEST(errorsTravelWhole) {
    const Error error{ErrorCode::kLeaseExpired, "fabric.read", "seed sd_1", std::string(5000, 'x'), 7};
    Bytes out;
    appendErrorFrame(out, 3, error);
    const auto header = readStruct<wire::FrameHeader>(out);
    CHECK_EQ(checkHeader(header, false), "");
    const Error got = decodeError(std::span(out).subspan(sizeof header));
    CHECK(got.code == error.code);
    CHECK_EQ(got.stage, error.stage);
    CHECK_EQ(got.object, error.object);
    CHECK_EQ(got.detail.size(), size_t{wire::kMaxErrorText});
    CHECK_EQ(got.sys_errno, 7);

    wire::ErrorReply unknown{};
    unknown.code = 9999;
    CHECK(decodeError(bytesOf(unknown)).code == ErrorCode::kFabricProtocol);
    unknown.code = 40;
    unknown.detail_bytes = 10;
    CHECK(decodeError(bytesOf(unknown)).code == ErrorCode::kFabricProtocol);
}

TEST(credentialsTravelWhole) {
    const SeedCredentials sent{"sd_0123456789", std::string(32, '\x80'), 77};
    const auto open = encodeOpen(sent, wire::kOpenWithoutBytes);
    SeedCredentials got;
    uint32_t flags = 0;
    CHECK_EQ(decodeOpen(bytesOf(open), got, flags), "");
    CHECK_EQ(got.seed_id, sent.seed_id);
    CHECK(got.key == sent.key);
    CHECK_EQ(got.lease_epoch, sent.lease_epoch);
    CHECK_EQ(flags, wire::kOpenWithoutBytes);
}

TEST(checksumInPiecesIsTheSame) {
    Bytes data(300'000);
    for (size_t i = 0; i < data.size(); ++i) data[i] = static_cast<std::byte>(i * 31);
    Checksum checksum;
    for (size_t at = 0, step = 1; at < data.size(); at += step, step = step * 3 + 1)
        checksum.update(data.data() + at, std::min(step, data.size() - at));
    CHECK_EQ(checksum.digest(), checksumOf(data));
}

TEST_MAIN
