#include "core/forecast/blob.hpp"

#include <bit>
#include <cassert>

namespace sitepower::forecast {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::uint32_t mark = 0x43465053;  // "SPFC"

struct Header {
    std::uint32_t mark;
    std::uint32_t kind;
    std::uint32_t version;
    std::uint32_t reserved;
    std::uint64_t length;
    std::uint64_t checksum;
};

Error unusable(std::string why) {
    return {.code = ErrorCode::validation_error,
            .message = "the stored forecast state cannot be used: " + std::move(why),
            .detail = {}};
}

}  // namespace

std::uint64_t checksum_of(std::span<const std::byte> bytes) {
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (const std::byte byte : bytes) hash = (hash ^ std::to_integer<std::uint64_t>(byte)) * 0x100000001b3U;
    return hash;
}

void BlobWriter::append(const void* data, std::size_t size) {
    const auto* first = static_cast<const std::byte*>(data);
    body_.insert(body_.end(), first, first + size);
}

std::vector<std::byte> BlobWriter::finish(std::uint32_t kind, std::uint32_t version) const {
    const Header header{.mark = mark,
                        .kind = kind,
                        .version = version,
                        .reserved = 0,
                        .length = body_.size(),
                        .checksum = checksum_of(body_)};
    std::vector<std::byte> blob(sizeof header + body_.size());
    std::memcpy(blob.data(), &header, sizeof header);
    if (!body_.empty()) std::memcpy(blob.data() + sizeof header, body_.data(), body_.size());
    return blob;
}

Result<BlobReader> BlobReader::open(std::span<const std::byte> blob, std::uint32_t kind,
                                    std::uint32_t version) {
    Header header{};
    if (blob.size() < sizeof header) return unusable("it is shorter than its header");
    std::memcpy(&header, blob.data(), sizeof header);
    const auto body = blob.subspan(sizeof header);
    if (header.mark != mark) return unusable("it does not begin like one");
    if (header.kind != kind) return unusable("it is of another kind");
    if (header.version != version) {
        return unusable("it is of version " + std::to_string(header.version) + ", this program reads " +
                        std::to_string(version) + "; fit again");
    }
    if (header.length != body.size()) return unusable("it was cut short or continued");
    if (header.checksum != checksum_of(body)) return unusable("its checksum does not match");
    return BlobReader(body);
}

void BlobReader::take(void* data, std::size_t size) {
    if (!ok_ || size > rest_.size()) {
        ok_ = false;
        if (size > 0) std::memset(data, 0, size);
        return;
    }
    if (size > 0) std::memcpy(data, rest_.data(), size);
    rest_ = rest_.subspan(size);
}

}  // namespace sitepower::forecast
