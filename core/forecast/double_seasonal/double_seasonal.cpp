#include "core/forecast/double_seasonal/double_seasonal.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace sitepower::forecast {
namespace {

// The grid: 5 x 4 x 4 x 4 = 320 states, fixed.
constexpr std::array level_gains{0.0F, 0.002F, 0.01F, 0.03F, 0.1F};
constexpr std::array day_gains{0.02F, 0.1F, 0.2F, 0.4F};
constexpr std::array week_gains{0.02F, 0.1F, 0.2F, 0.35F};
constexpr std::array carry_overs{0.0F, 0.5F, 0.8F, 0.95F};

constexpr std::size_t scored_steps = 16;
constexpr std::size_t ring_days = 9;  // a week of scores, and two days still open

}  // namespace

DoubleSeasonal::DoubleSeasonal(const Seasons& seasons, std::size_t horizon)
    : seasons_(seasons),
      horizon_(horizon),
      scored_every_(std::max<std::size_t>(horizon / scored_steps, 1)),
      level_(states),
      error_(states),
      day_(states * seasons.day),
      week_(states * seasons.week),
      pending_(pending_days * scored_steps * states),
      scores_(ring_days * states) {
    for (const float alpha : level_gains) {
        for (const float delta : day_gains) {
            for (const float omega : week_gains) {
                for (const float phi : carry_overs) {
                    alpha_.push_back(alpha);
                    delta_.push_back(delta);
                    omega_.push_back(omega);
                    phi_.push_back(phi);
                }
            }
        }
    }
}

void DoubleSeasonal::fit(const History& history) {
    start(history);
    for (std::size_t i = 0; i < history.size(); ++i) step(history, i);
    settle(history);
}

void DoubleSeasonal::absorb(const History& history, std::size_t newest) {
    for (std::size_t i = history.size() - newest; i < history.size(); ++i) step(history, i);
}

// Level: the mean of the first two weeks. Seasons: the means of their slots there, the week's beyond the
// day's.
void DoubleSeasonal::start(const History& history) {
    const std::size_t n = std::min(history.size(), 2 * seasons_.week);
    const auto first = history.values.first(n);
    centre_ = n == 0 ? 0 : std::accumulate(first.begin(), first.end(), 0.0) / static_cast<double>(n);
    double spread = 0;
    std::vector<double> day(seasons_.day), week(seasons_.week), days(seasons_.day), weeks(seasons_.week);
    for (std::size_t i = 0; i < n; ++i) {
        const double z = first[i] - centre_;
        spread += std::abs(z);
        day[history.slots[i] % seasons_.day] += z;
        days[history.slots[i] % seasons_.day] += 1;
        week[history.slots[i]] += z;
        weeks[history.slots[i]] += 1;
    }
    scale_ = spread > 0 ? spread / static_cast<double>(n) : 1;
    for (std::size_t slot = 0; slot < seasons_.day; ++slot) {
        day[slot] = days[slot] > 0 ? day[slot] / days[slot] : 0;
        std::fill_n(day_.begin() + static_cast<std::ptrdiff_t>(slot * states), states,
                    static_cast<float>(day[slot] / scale_));
    }
    for (std::size_t slot = 0; slot < seasons_.week; ++slot) {
        const double beyond = weeks[slot] > 0 ? week[slot] / weeks[slot] - day[slot % seasons_.day] : 0;
        std::fill_n(week_.begin() + static_cast<std::ptrdiff_t>(slot * states), states,
                    static_cast<float>(beyond / scale_));
    }
    std::ranges::fill(level_, 0.0F);
    std::ranges::fill(error_, 0.0F);
    std::ranges::fill(scores_, 0.0F);
    std::ranges::fill(pending_, 0.0F);
    phase_ = history.size() % seasons_.day;
    stepped_ = 0;
}

void DoubleSeasonal::step(const History& history, std::size_t index) {
    if (stepped_ % seasons_.day == phase_) open_origin(history, index);
    const auto z = static_cast<float>((history.values[index] - centre_) / scale_);
    const bool learnable = history.learnable[index] != 0;
    if (learnable) {
        const std::size_t since_origin = (stepped_ + seasons_.day - phase_) % seasons_.day;
        for (std::size_t age = since_origin; age < horizon_; age += seasons_.day) {
            if (stepped_ >= age) score(z, age);
        }
    }
    advance(z, history.slots[index], learnable);
    ++stepped_;
}

// With a value that was filled in the states run on undisturbed.
void DoubleSeasonal::advance(float z, std::size_t slot, bool learnable) {
    float* const day = &day_[slot % seasons_.day * states];
    float* const week = &week_[slot * states];
    for (std::size_t s = 0; s < states; ++s) {
        const float carried = phi_[s] * error_[s];
        const float e = learnable ? z - (level_[s] + day[s] + week[s]) - carried : 0.0F;
        level_[s] += alpha_[s] * e;
        day[s] += delta_[s] * e;
        week[s] += omega_[s] * e;
        error_[s] = carried + e;
    }
}

// Adds the error of the origin `age` steps ago, of every scored step.
void DoubleSeasonal::score(float z, std::size_t age) {
    if ((age + 1) % scored_every_ != 0) return;
    const std::size_t row = (age + 1) / scored_every_ - 1;
    if (row >= scored_steps) return;
    const std::size_t origin = (stepped_ - age) / seasons_.day;
    const float* const expected = &pending_[(origin % pending_days * scored_steps + row) * states];
    float* const scores = &scores_[origin % ring_days * states];
    for (std::size_t s = 0; s < states; ++s) scores[s] += std::abs(z - expected[s]);
}

void DoubleSeasonal::open_origin(const History& history, std::size_t index) {
    const std::size_t origin = stepped_ / seasons_.day;
    std::fill_n(scores_.begin() + static_cast<std::ptrdiff_t>(origin % ring_days * states), states, 0.0F);
    std::size_t next = 0;
    std::array<float, states> carried{};
    std::ranges::copy(error_, carried.begin());
    for (std::size_t row = 0; row < scored_steps; ++row) {
        for (; next < (row + 1) * scored_every_; ++next) {
            for (std::size_t s = 0; s < states; ++s) carried[s] *= phi_[s];
        }
        const std::size_t ahead = index + next - 1;
        const std::size_t slot =
            ahead < history.slots.size() ? history.slots[ahead] : (history.slots.back() + 1U) % seasons_.week;
        const float* const day = &day_[slot % seasons_.day * states];
        const float* const week = &week_[slot * states];
        float* const expected = &pending_[(origin % pending_days * scored_steps + row) * states];
        for (std::size_t s = 0; s < states; ++s) expected[s] = level_[s] + day[s] + week[s] + carried[s];
    }
}

void DoubleSeasonal::settle(const History&) {
    std::array<float, states> total{};
    for (std::size_t day = 0; day < ring_days; ++day) {
        for (std::size_t s = 0; s < states; ++s) total[s] += scores_[day * states + s];
    }
    std::array<std::uint32_t, states> order{};
    std::iota(order.begin(), order.end(), 0U);
    std::ranges::stable_sort(order, {}, [&](std::uint32_t s) { return total[s]; });
    std::copy_n(order.begin(), chosen_states, chosen_.begin());
}

void DoubleSeasonal::forecast(const History& history, std::size_t, std::span<double> values) const {
    std::array<double, chosen_states> carried{};
    for (std::size_t c = 0; c < chosen_states; ++c) carried[c] = error_[chosen_[c]];
    for (std::size_t h = 0; h < values.size(); ++h) {
        const std::size_t slot = history.slots[history.size() + h];
        double sum = 0;
        for (std::size_t c = 0; c < chosen_states; ++c) {
            const std::size_t s = chosen_[c];
            carried[c] *= phi_[s];
            sum += level_[s] + day_[slot % seasons_.day * states + s] + week_[slot * states + s] + carried[c];
        }
        values[h] = centre_ + scale_ * sum / chosen_states;
    }
}

void DoubleSeasonal::save(BlobWriter& writer) const {
    writer.put(centre_);
    writer.put(scale_);
    writer.put(static_cast<std::uint64_t>(phase_));
    writer.put(static_cast<std::uint64_t>(stepped_));
    for (const auto* values : {&level_, &error_, &day_, &week_, &pending_, &scores_}) {
        writer.put_all(std::span<const float>(*values));
    }
    writer.put_all(std::span<const std::uint32_t>(chosen_));
}

void DoubleSeasonal::load(BlobReader& reader) {
    reader.get(centre_);
    reader.get(scale_);
    phase_ = reader.get<std::uint64_t>();
    stepped_ = reader.get<std::uint64_t>();
    for (auto* values : {&level_, &error_, &day_, &week_, &pending_, &scores_}) {
        reader.get_all(std::span<float>(*values));
    }
    reader.get_all(std::span<std::uint32_t>(chosen_));
    if (std::ranges::any_of(chosen_, [](std::uint32_t s) { return s >= states; })) {
        reader.fail();
        chosen_ = {};
    }
}

}  // namespace sitepower::forecast
