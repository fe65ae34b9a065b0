// The last values of a series in two domains, contiguous for the experts, with the slots of the horizon after
// them. Allocates once: values are moved to the front when the room behind them is used up.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "core/forecast/expert.hpp"

namespace sitepower::forecast {

class HistoryBuffer {
  public:
    static constexpr std::size_t raw = 0;
    static constexpr std::size_t transformed = 1;

    // Keeps the last `longest` values.
    HistoryBuffer(const Seasons& seasons, std::size_t horizon, std::size_t longest);

    void clear();
    // `slot` is that of the value; the slots after it are taken to run on until set_future_slots. `told`:
    // what the value was before it was clipped, NaN where nothing was told and it is made up.
    void push(double raw_value, double transformed_value, bool learnable, std::uint16_t slot,
              double told = std::numeric_limits<double>::quiet_NaN());
    // Slots of the horizon where the week does not simply run on (a clock change); shorter is allowed.
    void set_future_slots(std::span<const std::uint16_t> slots);

    // Derives the transformed values again from the raw ones.
    template <class Function>
    void retransform(const Function& transform) {
        for (std::size_t i = begin_; i < begin_ + size_; ++i)
            values_[transformed][i] = transform(values_[raw][i]);
    }

    // The raw value at a place of the view; its transformed one is then no longer its own.
    void multiply(std::size_t place, double factor) { values_[raw][begin_ + place] *= factor; }

    // The same for what was told of it, which the raw value then is; what was made up stays.
    void tell_again(std::size_t place, double factor);

    History view(std::size_t domain) const;
    std::size_t size() const { return size_; }
    std::size_t longest() const { return longest_; }

    void save(BlobWriter& writer) const;
    void load(BlobReader& reader);

  private:
    void make_room();

    Seasons seasons_;
    std::size_t horizon_;
    std::size_t longest_;
    std::size_t begin_ = 0;
    std::size_t size_ = 0;
    std::array<std::vector<double>, 2> values_;
    std::vector<std::uint8_t> learnable_;
    std::vector<double> told_;
    std::vector<std::uint16_t> slots_;
};

}  // namespace sitepower::forecast
