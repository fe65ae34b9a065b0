// What a forecaster has learnt, as bytes: a header (mark, kind, version, length, checksum) and the values as
// they lie in memory, so that a reloaded state continues bit for bit. Little-endian machines only, as all
// that sitepower runs on are. A blob that was cut, changed or written by another version is refused whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "core/base/result.hpp"

namespace sitepower::forecast {

class BlobWriter {
  public:
    template <class T>
    requires(std::is_arithmetic_v<T> || std::is_enum_v<T>) void put(T value) { append(&value, sizeof value); }
    template <class T>
    requires std::is_arithmetic_v<T>
    void put_all(std::span<const T> values) {
        put(static_cast<std::uint64_t>(values.size()));
        append(values.data(), values.size_bytes());
    }
    // The finished blob: the header, then what was put.
    std::vector<std::byte> finish(std::uint32_t kind, std::uint32_t version) const;

  private:
    void append(const void* data, std::size_t size);
    std::vector<std::byte> body_;
};

// Reads in the order of writing. After the first value that is not there everything reads as zero and ok()
// is false: ask once, at the end.
class BlobReader {
  public:
    // Refuses what is not a whole, unchanged blob of this kind and version. The bytes must outlive the
    // reader.
    static Result<BlobReader> open(std::span<const std::byte> blob, std::uint32_t kind,
                                   std::uint32_t version);

    template <class T>
    requires(std::is_arithmetic_v<T> || std::is_enum_v<T>) T get() {
        T value{};
        take(&value, sizeof value);
        return value;
    }
    template <class T>
    void get(T& value) {
        value = get<T>();
    }
    // Exactly as many values as `values` holds: a state of another shape is refused.
    template <class T>
    void get_all(std::span<T> values) {
        if (get<std::uint64_t>() != values.size()) return fail();
        take(values.data(), values.size_bytes());
    }
    // As many as were written, at most `limit`.
    template <class T>
    void get_all(std::vector<T>& values, std::size_t limit) {
        const auto size = get<std::uint64_t>();
        if (size > limit || size * sizeof(T) > rest_.size()) return fail();
        values.resize(size);
        take(values.data(), size * sizeof(T));
    }
    void fail() { ok_ = false; }
    bool ok() const { return ok_; }
    // All values were there, and nothing is left over.
    bool finished() const { return ok_ && rest_.empty(); }

  private:
    explicit BlobReader(std::span<const std::byte> body) : rest_(body) {}
    void take(void* data, std::size_t size);

    std::span<const std::byte> rest_;
    bool ok_ = true;
};

// 64-bit FNV-1a (Fowler, Noll, Vo): tells a damaged file, not an attack.
std::uint64_t checksum_of(std::span<const std::byte> bytes);

}  // namespace sitepower::forecast
