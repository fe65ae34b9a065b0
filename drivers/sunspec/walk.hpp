// Finds out what a SunSpec device is made of (SunSpec Device Information Model Specification): the marker at
// 40000, 0 or 50000, then model after model by their lengths. Reads only, and only what it is given to read
// with. Pure; called on a bus's thread and by sitepowerctl; fuzzed.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "drivers/sunspec/chain.hpp"
#include "drivers/sunspec/model.hpp"

namespace sitepower::sunspec {

struct Reply {
    enum class Kind : std::uint8_t {
        words,
        refused,  // an exception of the device: the registers are not there
        failed,   // no answer, or none of the device's own
    };
    Kind kind = Kind::failed;
    std::vector<std::uint16_t> words{};  // as many as were asked for
    std::string detail{};                // what went wrong, for people
};

// Reads holding registers.
using Reader = std::function<Reply(std::uint16_t address, std::uint16_t count)>;

struct Discovery {
    enum class Outcome : std::uint8_t {
        found,    // perhaps with chain.problem
        nothing,  // the device answers, but has no marker
        failed,   // it did not answer: ask again later
    };
    Outcome outcome = Outcome::failed;
    Chain chain{};
    std::string detail{};  // of nothing and failed
};

Discovery discover(const Reader& read, const Models& models);

// Whether the device still is what `chain` says: its marker, each model's header and each serial number.
enum class Recheck : std::uint8_t { same, changed, failed };
Recheck recheck(const Reader& read, const Chain& chain);

}  // namespace sitepower::sunspec
