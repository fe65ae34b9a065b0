// The history of one battery as the predictor compares it with the curves of the library: smoothed health at
// ages that go back from the present on the logarithmic grid. Pure.
#pragma once

#include <array>
#include <span>

namespace sitepower {

// Measured health (capacity over rated) at ascending ages > 0; both of one length.
struct FadeHistory {
    std::span<const double> age;
    std::span<const double> health;
};

// Knots of a history, the present first. Knot i stands `i * knot_spacing` places of the grid before it.
struct HistoryKnots {
    static constexpr int count = 21;
    static constexpr int spacing = 3;  // 0.15 in the logarithm of age: back to a twentieth of the present age
    double present_age = 0;
    int known = 0;  // knots whose age is not before the first cycle; the others are not to be used
    std::array<double, count> health{};
};

// Each knot is a straight line through the measurements within 6 % of its age (2.5 units of age at least),
// fitted twice: the second time without those that lie far off. Nothing later than the present is used.
// `history` has at least one point.
HistoryKnots knots_of(const FadeHistory& history);

// Age left to the level by the straight line through the last 30 % of the history: the usual way to
// extrapolate, kept as a yardstick. Never more than `longest`, which is also the answer where the line does
// not fall.
double linear_life(const FadeHistory& history, double level, double longest);

}  // namespace sitepower
