// One way to forecast: what every expert can do, whatever its method (one folder for each). Experts see an
// equidistant history in one domain (raw or transformed) and the slots of its steps in the local week; they
// know nothing of times, units or each other. Owned by an Ensemble; one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/forecast/blob.hpp"
#include "core/forecast/grid.hpp"

namespace sitepower::forecast {

// A view of the past, oldest first; values are finite (gaps are filled in and marked).
struct History {
    std::span<const double> values;
    std::span<const std::uint8_t> learnable;  // 0: filled in, or otherwise not to be learnt from
    std::span<const std::uint16_t> slots;     // step of the local week, for the values and the horizon after
    Seasons seasons;

    std::size_t size() const { return values.size(); }
    std::size_t horizon() const { return slots.size() - values.size(); }
    // The same history, seen `steps` steps ago; what was then the future keeps its slots.
    History earlier(std::size_t steps, std::size_t horizon) const {
        const std::size_t n = values.size() - steps;
        return {.values = values.first(n),
                .learnable = learnable.first(n),
                .slots = slots.first(n + horizon),
                .seasons = seasons};
    }
};

class Expert {
  public:
    Expert() = default;
    Expert(const Expert&) = delete;
    Expert& operator=(const Expert&) = delete;
    virtual ~Expert() = default;

    virtual std::string_view name() const = 0;
    // How many forecasts it makes, each a member of the combination.
    virtual std::size_t members() const { return 1; }
    // Shortest history with which a member says anything.
    virtual std::size_t needs(const Seasons& seasons) const = 0;

    // Learns from scratch; what is scaled by the history is scaled by this one until the next fit.
    virtual void fit(const History& history) = 0;
    // The last `newest` values of the history are new since fit or absorb. Does not allocate for newest = 1.
    virtual void absorb(const History& history, std::size_t newest) = 0;
    // Solves or chooses again from what was absorbed; between two calls forecasts use the older solution.
    virtual void settle(const History& history) = 0;
    // Values for the steps after the history, in its domain; does not allocate.
    virtual void forecast(const History& history, std::size_t member, std::span<double> values) const = 0;

    virtual void save(BlobWriter& writer) const = 0;
    virtual void load(BlobReader& reader) = 0;
};

}  // namespace sitepower::forecast
