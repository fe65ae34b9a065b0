// What a fleet's earlier batteries have shown of fading: one curve per battery that reached its end of life,
// learnt by `sitepower-lab learn-fade` from any history of capacities. Immutable once made; shared by all
// predictors of one chemistry.
#pragma once

#include <Eigen/Core>
#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/battery/rul/trajectory/log_grid.hpp"

namespace sitepower {

// A history, or a compact stand-in for one: health (capacity over rated) at ascending ages. Ages are counted
// in any unit that grows with use (cycles, equivalent full cycles), from 1.
struct FadeShape {
    std::string name;
    std::string group;  // of batteries used alike (protocol, lot); empty: nothing is known of it
    std::vector<double> age;
    std::vector<double> health;
};

// By how much the two halves of an interval are stretched (in the logarithm of time), so that 80 % of the
// intervals hold the truth on batteries that were kept back.
struct IntervalScale {
    double below = 1;
    double above = 1;
};

struct LibraryParameters {
    double end_of_life = 0.8;    // health
    double noise_sigma = 0.004;  // of health: what no curve of the library explains of a history
    double alike_share = 0.8;    // how far the curves of the battery's own group are trusted, 0 to 1
    // Of the curves against the straight line through the latest history, in the logarithm of the rest.
    double curves_weight = 1;
    // By how much of the fade to the end of life is used up: below 1/3, below 2/3, below 85 %, beyond.
    static constexpr std::size_t scale_rows = 4;
    std::array<IntervalScale, scale_rows> scale{};
    // 1: the central estimate is the one with the least expected error over the life, which is the median of
    // the futures weighted by one over the life; 0: the plain median.
    double life_weighted = 0;
};

// What a library is made from, as it stands in a file.
struct FadeSource {
    std::vector<FadeShape> curves;
    LibraryParameters parameters;
};

// One curve on the grid. `drop` is health lost since its best, and never falls for `crossing`.
struct FadeCurve {
    std::string name;
    std::string group;
    double best = 1;                  // health
    double log_life = 0;              // logarithm of the age at the end of life
    Eigen::ArrayXf drop;              // by place on the grid
    std::vector<float> highest_drop;  // so far, by place
    bool is_power_law = false;

    // At a place between those of the grid, the nearest end beyond them.
    float drop_at(double place) const;
    // Place on the grid at which the drop reaches `wanted`; the last place where it never does.
    double crossing(double wanted) const;
};

class FadeLibrary {
  public:
    static constexpr std::size_t most_curves = 200;
    static constexpr std::size_t fewest_points = 3;  // of a shape

    // Refused: no shape, too many, a shape with too few points, ages that do not ascend from at least 1,
    // values that are not finite or outside (0, 2), parameters out of range. Shapes that never come within
    // 0.02 of the end of life teach nothing of it and are left out; the library is refused when none is left.
    static Result<FadeLibrary> make(std::span<const FadeShape> shapes, const LibraryParameters& parameters);
    // To another end of life than the one that the source was learnt for.
    static Result<FadeLibrary> make(const FadeSource& source, double end_of_life);

    const LibraryParameters& parameters() const { return parameters_; }
    std::span<const FadeCurve> curves() const { return curves_; }

  private:
    LibraryParameters parameters_;
    std::vector<FadeCurve> curves_;
};

// The shape with few points: straight lines between them stay within `tolerance` of the smoothed history
// (running median, then running mean, over a thirtieth of the points).
FadeShape compact(const FadeShape& history, double tolerance);

}  // namespace sitepower
