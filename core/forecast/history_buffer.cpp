#include "core/forecast/history_buffer.hpp"

#include <algorithm>
#include <cmath>

namespace sitepower::forecast {

HistoryBuffer::HistoryBuffer(const Seasons& seasons, std::size_t horizon, std::size_t longest)
    : seasons_(seasons),
      horizon_(horizon),
      longest_(std::max<std::size_t>(longest, 1)),
      learnable_(2 * longest_),
      told_(2 * longest_),
      slots_(2 * longest_ + horizon) {
    for (auto& values : values_) values.resize(2 * longest_);
}

void HistoryBuffer::clear() {
    begin_ = size_ = 0;
}

void HistoryBuffer::push(double raw_value, double transformed_value, bool learnable, std::uint16_t slot,
                         double told) {
    if (size_ == longest_) {
        ++begin_;
        --size_;
    }
    if (begin_ + size_ == 2 * longest_) make_room();
    const std::size_t at = begin_ + size_;
    values_[raw][at] = raw_value;
    values_[transformed][at] = transformed_value;
    learnable_[at] = learnable ? 1 : 0;
    told_[at] = told;
    // What was said of this slot and the horizon stays true when the value falls where it was expected.
    const bool expected = size_ > 0 && slots_[at] == slot;
    slots_[at] = slot;
    for (std::size_t h = expected ? horizon_ : 1; h <= horizon_; ++h) {
        slots_[at + h] = static_cast<std::uint16_t>((slots_[at + h - 1] + 1U) % seasons_.week);
    }
    ++size_;
}

void HistoryBuffer::tell_again(std::size_t place, double factor) {
    double& told = told_[begin_ + place];
    if (std::isnan(told)) return;
    told *= factor;
    values_[raw][begin_ + place] = told;
}

void HistoryBuffer::set_future_slots(std::span<const std::uint16_t> slots) {
    std::ranges::copy(slots.first(std::min(slots.size(), horizon_)),
                      slots_.begin() + static_cast<std::ptrdiff_t>(begin_ + size_));
}

void HistoryBuffer::make_room() {
    const auto from = static_cast<std::ptrdiff_t>(begin_);
    const auto to = from + static_cast<std::ptrdiff_t>(size_);
    for (auto& values : values_) std::copy(values.begin() + from, values.begin() + to, values.begin());
    std::copy(told_.begin() + from, told_.begin() + to, told_.begin());
    std::copy(learnable_.begin() + from, learnable_.begin() + to, learnable_.begin());
    std::copy(slots_.begin() + from, slots_.begin() + to + static_cast<std::ptrdiff_t>(horizon_),
              slots_.begin());
    begin_ = 0;
}

History HistoryBuffer::view(std::size_t domain) const {
    return {.values = std::span(values_[domain]).subspan(begin_, size_),
            .learnable = std::span(learnable_).subspan(begin_, size_),
            .slots = std::span(slots_).subspan(begin_, size_ + horizon_),
            .seasons = seasons_};
}

void HistoryBuffer::save(BlobWriter& writer) const {
    const History view_raw = view(raw);
    writer.put_all(view_raw.values);
    writer.put_all(view(transformed).values);
    writer.put_all(view_raw.learnable);
    writer.put_all(std::span(told_).subspan(begin_, size_));
    writer.put_all(view_raw.slots);
}

void HistoryBuffer::load(BlobReader& reader) {
    std::vector<double> raw_values;
    std::vector<double> transformed_values;
    std::vector<std::uint8_t> learnable;
    std::vector<double> told;
    std::vector<std::uint16_t> slots;
    reader.get_all(raw_values, longest_);
    reader.get_all(transformed_values, longest_);
    reader.get_all(learnable, longest_);
    reader.get_all(told, longest_);
    reader.get_all(slots, longest_ + horizon_);
    const std::size_t n = raw_values.size();
    const bool in_week = std::ranges::all_of(slots, [&](auto slot) { return slot < seasons_.week; });
    if (transformed_values.size() != n || learnable.size() != n || told.size() != n ||
        slots.size() != n + horizon_ || !in_week) {
        return reader.fail();
    }
    begin_ = 0;
    size_ = n;
    std::ranges::copy(raw_values, values_[raw].begin());
    std::ranges::copy(transformed_values, values_[transformed].begin());
    std::ranges::copy(learnable, learnable_.begin());
    std::ranges::copy(told, told_.begin());
    std::ranges::copy(slots, slots_.begin());
}

}  // namespace sitepower::forecast
