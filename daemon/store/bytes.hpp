// Writing and reading of the packed bodies: bytes, variable-length integers, fixed little-endian words,
// texts. The reader never leaves its bytes: after the first impossible read it has failed and gives zeros.
#pragma once

#include <bit>
#include <cassert>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sitepower {

static_assert(std::endian::native == std::endian::little, "packed bodies are little-endian");

using Bytes = std::vector<std::uint8_t>;

// Small numbers of either sign as small unsigned ones: 0, -1, 1, -2, ... become 0, 1, 2, 3, ...
constexpr std::uint64_t to_zigzag(std::int64_t value) {
    return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}
constexpr std::int64_t from_zigzag(std::uint64_t value) {
    return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

class ByteWriter {
  public:
    explicit ByteWriter(Bytes& out) : out_(out) {}

    void byte(std::uint8_t value) { out_.push_back(value); }
    // Seven bits per byte, lowest first; at most ten bytes.
    void varint(std::uint64_t value) {
        while (value >= 0x80) {
            out_.push_back(static_cast<std::uint8_t>(value | 0x80));
            value >>= 7;
        }
        out_.push_back(static_cast<std::uint8_t>(value));
    }
    void zigzag(std::int64_t value) { varint(to_zigzag(value)); }
    template <class T>
    void fixed(T value) {
        const auto at = out_.size();
        out_.resize(at + sizeof value);
        std::memcpy(out_.data() + at, &value, sizeof value);
    }
    void bytes(std::span<const std::uint8_t> data) { out_.insert(out_.end(), data.begin(), data.end()); }
    void text(std::string_view text) {
        varint(text.size());
        out_.insert(out_.end(), text.begin(), text.end());
    }

  private:
    Bytes& out_;
};

class ByteReader {
  public:
    explicit ByteReader(std::span<const std::uint8_t> data) : data_(data) {}

    std::uint8_t byte() {
        if (data_.empty()) return fail();
        const auto value = data_.front();
        data_ = data_.subspan(1);
        return value;
    }
    std::uint64_t varint() {
        std::uint64_t value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            const std::uint8_t next = byte();
            value |= static_cast<std::uint64_t>(next & 0x7f) << shift;
            if (next < 0x80) return value;
        }
        return fail();
    }
    std::int64_t zigzag() { return from_zigzag(varint()); }
    template <class T>
    T fixed() {
        T value{};
        if (data_.size() < sizeof value) {
            fail();
            return value;
        }
        std::memcpy(&value, data_.data(), sizeof value);
        data_ = data_.subspan(sizeof value);
        return value;
    }
    std::span<const std::uint8_t> bytes(std::uint64_t size) {
        if (size > data_.size()) {
            fail();
            return {};
        }
        const auto taken = data_.first(static_cast<std::size_t>(size));
        data_ = data_.subspan(static_cast<std::size_t>(size));
        return taken;
    }
    std::string text() {
        const auto data = bytes(varint());
        return {data.begin(), data.end()};
    }

    bool failed() const { return failed_; }
    bool at_end() const { return data_.empty() && !failed_; }
    std::size_t left() const { return data_.size(); }

  private:
    std::uint8_t fail() {
        failed_ = true;
        data_ = {};
        return 0;
    }

    std::span<const std::uint8_t> data_;
    bool failed_ = false;
};

}  // namespace sitepower
