// For a unit that says itself what it holds (SunSpec): asks it whether it still is what its plan was made
// from. Called by the bus's worker on its thread, after each connection and whenever the unit comes back
// or shows another header, before anything is polled; so no value is decoded by a map that is no longer true.
// Immutable, shared.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "drivers/modbus/register_map.hpp"

namespace sitepower::modbus {

struct Answer;
struct Question;

struct Inspection {
    enum class Verdict : std::uint8_t {
        same,
        changed,  // `description` is what it holds now; the plan must be made anew
        failed,   // not known: asked again later
    };
    Verdict verdict = Verdict::failed;
    std::string description{};
    std::string problem{};  // of failed; of changed when the device does not conform
};

class Inspector {
  public:
    // Fills the words with what the registers hold.
    using Read = std::function<Answer(const Question&, std::span<std::uint16_t> words)>;

    virtual ~Inspector() = default;
    virtual Inspection inspect(const Read& read) const = 0;
};

}  // namespace sitepower::modbus
