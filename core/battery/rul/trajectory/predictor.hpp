// Remaining life of a battery that is used in cycles, from the curves of its fleet: which curves, stretched
// by how much in time, moved and scaled by how much in capacity, would have given this battery's history so
// far? The answer is a weighted set of futures.
//
// For curve j and stretch tau the history is  y(k) = best_j + d - a * drop_j(k / tau) + noise  with priors
// d ~ N(0, sd), log tau ~ N(0, st), a ~ N(1, sa): d and a are eliminated in closed form, tau runs over a
// grid, and the weight is a Student t likelihood, since a curve never fits exactly. Similarity-based
// prediction: Wang, Yu, Siegel, Lee, PHM 2008; intervals by split conformal prediction: Lei et al., JASA 113
// (2018).
//
// Owned by one thread: it keeps its working memory from call to call, and does not allocate in a call.
#pragma once

#include <Eigen/Core>
#include <array>
#include <memory>
#include <string_view>
#include <vector>

#include "core/battery/rul/log_histogram.hpp"
#include "core/battery/rul/remaining_life.hpp"
#include "core/battery/rul/trajectory/history.hpp"
#include "core/battery/rul/trajectory/library.hpp"

namespace sitepower {

struct TrajectoryQuery {
    FadeHistory history;
    std::string_view group;    // of the library; empty: nothing is known
    std::string_view exclude;  // a curve that must not be used: the battery's own
    double horizon = 0;        // longest life that is reported; 0: none
};

class TrajectoryPredictor {
  public:
    // With fewer points the answer is little more than the fleet's past, and says so (prior_only).
    static constexpr std::size_t fewest_points = 8;

    explicit TrajectoryPredictor(std::shared_ptr<const FadeLibrary> library);

    // Ages are those of the library. An empty history is answered from the lives of the library. Unknown
    // (out_of_model_range) when ages do not ascend or a value is not finite.
    RemainingLife predict(const TrajectoryQuery& query);

  private:
    static constexpr int stretches =
        77;  // of a curve in time: exp(-1.9) to exp(1.9), one step of the grid apart
    static constexpr int middle = stretches / 2;
    using Row = Eigen::Array<float, stretches, 1>;  // one value per stretch

    struct Priors {  // logarithms, of one curve
        float alike = 0;
        float unlike = 0;
        float power_law = 0;
    };
    struct Futures {
        LogHistogram left;
        LogHistogram over_life;  // weighted by one over the life, where the library says so
    };
    struct Weighted;  // a history as the likelihood sees it

    Priors priors_of(const TrajectoryQuery& query) const;
    bool is_excluded(const FadeCurve& curve, const TrajectoryQuery& query) const;
    void weigh_by_prior(const TrajectoryQuery& query);
    void weigh_by_history(std::size_t index, const Weighted& history);
    Futures futures(double present_age) const;
    RemainingLife answer(const TrajectoryQuery& query, const HistoryKnots& knots) const;

    std::shared_ptr<const FadeLibrary> library_;
    Row alike_stretch_;            // log prior of the stretches among the batteries that are used alike,
    Row unlike_stretch_;           // and among the others
    std::vector<Row> log_weight_;  // by curve
    std::vector<Row> last_drop_;   // by curve: its drop when the battery's life ends
};

}  // namespace sitepower
