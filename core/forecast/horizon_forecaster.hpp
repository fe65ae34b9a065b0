// The forecaster of one horizon on the fine grid: short regressions and naive forecasts, weighted by their
// errors on matured forecasts, with calibrated quantiles and the safeguard: where the combination loses to a
// naive forecast over the last week, that one stands in until it no longer does. Every step it matures one
// forecast, learns and issues the next one, without allocating. Owned by a Forecaster; one thread at a time.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "core/forecast/expert.hpp"
#include "core/forecast/residual_quantiles.hpp"
#include "core/forecast/safeguard.hpp"
#include "core/forecast/short_regression/short_regression.hpp"
#include "core/forecast/transform.hpp"

namespace sitepower::forecast {

// Both views of the same values, the newest included.
struct TwoDomains {
    History raw;
    History transformed;
};

class HorizonForecaster {
  public:
    HorizonForecaster(const Seasons& seasons, std::size_t horizon, bool non_negative);

    static constexpr std::size_t naive_members = 3;  // the last value, a day ago, a week ago

    std::size_t horizon() const { return horizon_; }
    void push(const TwoDomains& history, const Transform& transform);
    // Solves the regressions again; once a day.
    void settle();
    // Learns the regressions anew, from a history in another domain than before.
    void relearn(const History& transformed);
    // Says anew what was last said, after one of these.
    void issue_again(const TwoDomains& history, const Transform& transform);
    // Issued at the newest value; nullopt before the first one.
    const std::optional<IssuedStep>& current() const { return current_; }

    // Share of weight of each member, by name; the naive ones first.
    struct Share {
        std::string_view name;
        double weight = 0;
        double error = 0;  // running mean absolute error
    };
    std::vector<Share> shares() const;
    bool safeguarded() const { return safeguard_.engaged(); }
    const ResidualQuantiles& quantiles() const { return quantiles_; }

    void save(BlobWriter& writer) const;
    void load(BlobReader& reader);

  private:
    static constexpr std::size_t most_members = 12;
    using MemberValues = std::array<double, most_members>;  // NaN: says nothing

    struct Pending {
        bool issued = false;
        MemberValues members{};
        double combined = 0;
        IssuedStep forecast;
    };
    struct Error {
        double mean = 0;
        double count = 0;
        void add(double error, double memory);
    };

    void mature(const Pending& pending, double actual);
    void issue(const TwoDomains& history, const Transform& transform);
    void speak(const TwoDomains& history, const Transform& transform, MemberValues& values) const;
    void weigh(const MemberValues& values, MemberValues& weights) const;
    double combine(const MemberValues& values) const;

    Seasons seasons_;
    std::size_t horizon_;
    bool non_negative_;
    std::vector<ShortRegression> regressions_;
    std::size_t members_;
    std::vector<Pending> pending_;  // a ring of one horizon
    std::size_t next_ = 0;
    std::array<Error, most_members> errors_{};
    Error first_difference_;
    Safeguard safeguard_;
    ResidualQuantiles quantiles_;
    std::optional<IssuedStep> current_;
};

}  // namespace sitepower::forecast
