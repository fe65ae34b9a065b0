// A 64-bit hash (FNV-1a) of what a part of the configuration was made from. Tells whether something changed;
// no protection against intent.
#pragma once

#include <cstdint>
#include <string_view>

namespace sitepower::config {

class Fingerprint {
  public:
    // The length goes in as well: "ab", "c" is not "a", "bc".
    Fingerprint& add(std::string_view text) {
        add(std::uint64_t{text.size()});
        for (const char c : text) add_byte(static_cast<unsigned char>(c));
        return *this;
    }
    Fingerprint& add(std::uint64_t number) {
        for (int i = 0; i < 8; ++i) add_byte(static_cast<unsigned char>(number >> (8 * i)));
        return *this;
    }
    std::uint64_t value() const { return hash_; }

  private:
    void add_byte(unsigned char byte) { hash_ = (hash_ ^ byte) * 0x100000001b3ULL; }

    std::uint64_t hash_ = 0xcbf29ce484222325ULL;
};

}  // namespace sitepower::config
