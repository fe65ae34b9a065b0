#include "core/forecast/ensemble.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/forecast/analogue/analogue.hpp"
#include "core/forecast/autoregression/autoregression.hpp"
#include "core/forecast/combination.hpp"
#include "core/forecast/direct_ridge/direct_ridge.hpp"
#include "core/forecast/double_seasonal/double_seasonal.hpp"
#include "core/forecast/scores.hpp"
#include "core/forecast/seasonal_naive/seasonal_naive.hpp"

namespace sitepower::forecast {
namespace {

// Typical errors (those of Naive2 on M4 Hourly), which make MASE and sMAPE comparable.
constexpr double typical_mase = 2.395;
constexpr double typical_smape_pct = 18.383;
constexpr std::size_t most_seats = 16;

}  // namespace

Ensemble::Ensemble(const EnsembleSetup& setup)
    : setup_(setup), buffer_(setup.seasons, setup.horizon, setup.longest_history) {
    seat_experts();
    forecasts_.resize(seats_.size() * setup_.horizon);
    spread_.resize(setup_.horizon);
}

void Ensemble::seat(std::unique_ptr<Expert> expert, std::size_t domain, std::span<const std::size_t> members,
                    std::string_view domain_name) {
    for (const std::size_t member : members) {
        seats_.push_back({.expert = experts_.size(),
                          .member = member,
                          .domain = domain,
                          .needs = expert->needs(setup_.seasons)});
        std::string name(expert->name());
        if (expert->members() > 1) name += "." + std::to_string(member);
        members_.push_back({.name = name + "/" + std::string(domain_name), .weight = 0, .error = {}});
    }
    domain_of_.push_back(domain);
    experts_.push_back(std::move(expert));
}

void Ensemble::seat_experts() {
    const auto& seasons = setup_.seasons;
    const auto& prior = setup_.prior;
    const std::string_view name = setup_.domain == Domain::log ? "log" : "asinh";
    const bool fits = prior && prior->shape.lags == seasons.week + seasons.day &&
                      prior->shape.horizon == setup_.horizon && prior->shape.day == seasons.day;
    const auto priors_for = [&](std::size_t d) {
        if (!fits) return std::span<const Eigen::MatrixXd>();
        return std::span<const Eigen::MatrixXd>(d == HistoryBuffer::raw ? prior->raw : prior->transformed);
    };
    constexpr std::array one{std::size_t{0}};
    constexpr std::array two{std::size_t{0}, std::size_t{1}};
    constexpr std::array three{std::size_t{0}, std::size_t{1}, std::size_t{2}};
    seat(std::make_unique<SeasonalNaive>(), HistoryBuffer::raw, two, "raw");
    for (const std::size_t d : {HistoryBuffer::transformed, HistoryBuffer::raw}) {
        const std::string_view in = d == HistoryBuffer::raw ? "raw" : name;
        auto ridge = std::make_unique<DirectRidge>(seasons, setup_.horizon, priors_for(d));
        const bool with_prior = ridge->members() == three.size();
        seat(std::move(ridge), d, with_prior ? std::span<const std::size_t>(three) : one, in);
        seat(std::make_unique<DoubleSeasonal>(seasons, setup_.horizon), d, one, in);
        seat(std::make_unique<Autoregression>(seasons, setup_.horizon), d, one, in);
    }
    seat(std::make_unique<Analogue>(seasons, setup_.horizon, setup_.longest_history),
         HistoryBuffer::transformed, one, name);
    seat(std::make_unique<Analogue>(seasons, setup_.horizon, setup_.longest_history), HistoryBuffer::raw, one,
         "raw");
}

void Ensemble::fit(std::span<const double> values, std::span<const std::uint8_t> learnable,
                   std::span<const std::uint16_t> slots) {
    buffer_.clear();
    const std::size_t n = values.size();
    const std::size_t skip = n > setup_.longest_history ? n - setup_.longest_history : 0;
    for (std::size_t i = skip; i < n; ++i) buffer_.push(values[i], values[i], learnable[i] != 0, slots[i]);
    if (n > 0) buffer_.set_future_slots(slots.subspan(n));
    refit();
}

void Ensemble::refit() {
    const History raw = buffer_.view(HistoryBuffer::raw);
    fitted_ = raw.size() >= setup_.seasons.day;
    if (!fitted_) return;
    transform_ = Transform::fitted(setup_.domain, raw.values);
    buffer_.retransform([&](double y) { return transform_.forward(y); });
    naive_scale_ = window_scale(raw);
    // As many origins as leave a week and a day of history before the first one.
    const std::size_t least = setup_.seasons.week + setup_.seasons.day;
    std::size_t count = 0;
    while (count < most_origins && raw.size() >= least + (count + 1) * setup_.horizon) ++count;
    run_backtest(count);
}

void Ensemble::run_backtest(std::size_t count) {
    const std::size_t h = setup_.horizon;
    std::vector<double> forecasts(count * seats_.size() * h);
    for (std::size_t e = 0; e < experts_.size(); ++e) {
        experts_[e]->fit(buffer_.view(domain_of_[e]).earlier(count * h, h));
    }
    backtest_.assign(count, {});
    for (std::size_t origin = 0; origin < count; ++origin) {
        const std::size_t back = (count - origin) * h;
        for (std::size_t s = 0; s < seats_.size(); ++s) {
            member_forecast(s, back, std::span(forecasts).subspan((origin * seats_.size() + s) * h, h));
        }
        note_origin(origin, back);
        // Where weights are made, and at the end, solutions are fresh; before, every third is enough.
        const std::size_t left = count - origin - 1;
        const bool settles = left <= weighing_origins || left % 3 == 0;
        for (std::size_t e = 0; e < experts_.size(); ++e) {
            const History then = buffer_.view(domain_of_[e]).earlier(back - h, h);
            experts_[e]->absorb(then, h);
            if (settles) experts_[e]->settle(then);
        }
    }
    weigh(count * h, forecasts);
    fill_backtest(forecasts);
}

void Ensemble::note_origin(std::size_t origin, std::size_t back) {
    const std::size_t h = setup_.horizon;
    const History raw = buffer_.view(HistoryBuffer::raw);
    const auto actual = raw.values.subspan(raw.size() - back, h);
    const auto scored = raw.learnable.subspan(raw.size() - back, h);
    backtest_[origin].actual.assign(actual.begin(), actual.end());
    backtest_[origin].scored.assign(scored.begin(), scored.end());
}

// What seat `s` said `back` steps ago, in raw units.
void Ensemble::member_forecast(std::size_t s, std::size_t back, std::span<double> values) const {
    const Seat& seat = seats_[s];
    const History history = buffer_.view(seat.domain).earlier(back, setup_.horizon);
    experts_[seat.expert]->forecast(history, seat.member, values);
    if (seat.domain == HistoryBuffer::transformed) {
        for (double& value : values) value = transform_.inverse(value);
    } else if (setup_.domain == Domain::log) {
        for (double& value : values) value = std::max(value, 0.0);
    }
}

double Ensemble::member_error(std::span<const double> forecasts, std::size_t s) const {
    const std::size_t h = setup_.horizon;
    const std::size_t used = std::min(backtest_.size(), weighing_origins);
    double sum = 0;
    std::vector<double> actual;
    std::vector<double> said;
    for (std::size_t origin = backtest_.size() - used; origin < backtest_.size(); ++origin) {
        // What was filled in says nothing of an expert.
        actual.clear();
        said.clear();
        for (std::size_t i = 0; i < h; ++i) {
            if (backtest_[origin].scored[i] == 0) continue;
            actual.push_back(backtest_[origin].actual[i]);
            said.push_back(forecasts[(origin * seats_.size() + s) * h + i]);
        }
        const double mae = mean_absolute_error(actual, said).value_or(0);
        const double smape = smape_pct(actual, said).value_or(0);
        sum += (naive_scale_ > 0 ? mae / naive_scale_ / typical_mase : 0) + smape / typical_smape_pct;
    }
    return sum / static_cast<double>(used);
}

// Without a back-test all who have history enough weigh alike.
void Ensemble::weigh(std::size_t back, std::span<const double> forecasts) {
    std::array<std::optional<double>, most_seats> errors;
    const std::size_t before = buffer_.size() - std::min(back, weighing_origins * setup_.horizon);
    for (std::size_t s = 0; s < seats_.size(); ++s) {
        members_[s].error.reset();
        const bool able = before >= seats_[s].needs;
        if (back > 0 && able) members_[s].error = member_error(forecasts, s);
        if (able) errors[s] = back > 0 ? members_[s].error : 0.5;
    }
    std::array<double, most_seats> weights{};
    member_weights(std::span(errors).first(seats_.size()), std::span(weights).first(seats_.size()));
    for (std::size_t s = 0; s < seats_.size(); ++s) members_[s].weight = weights[s];
}

void Ensemble::fill_backtest(std::span<const double> forecasts) {
    const std::size_t each = seats_.size() * setup_.horizon;
    for (std::size_t origin = 0; origin < backtest_.size(); ++origin) {
        backtest_[origin].forecast.resize(setup_.horizon);
        combine(forecasts.subspan(origin * each, each), backtest_[origin].forecast, spread_);
    }
}

void Ensemble::combine(std::span<const double> forecasts, std::span<double> values,
                       std::span<double> spread) const {
    std::array<WeightedValue, most_seats> votes;
    for (std::size_t h = 0; h < values.size(); ++h) {
        for (std::size_t s = 0; s < seats_.size(); ++s) {
            votes[s] = {.value = forecasts[s * setup_.horizon + h], .weight = members_[s].weight};
        }
        values[h] = weighted_midmean(std::span(votes).first(seats_.size()));
        spread[h] = 0;
        for (std::size_t s = 0; s < seats_.size(); ++s) {
            const double weight = members_[s].weight;
            if (weight > 0) spread[h] += weight * std::abs(forecasts[s * setup_.horizon + h] - values[h]);
        }
    }
}

void Ensemble::update(double value, bool learnable, std::uint16_t slot) {
    buffer_.push(value, transform_.forward(value), learnable, slot);
    if (!fitted_) return;
    for (std::size_t e = 0; e < experts_.size(); ++e) experts_[e]->absorb(buffer_.view(domain_of_[e]), 1);
}

void Ensemble::forecast(std::span<double> values) const {
    forecast(values, spread_);
}

void Ensemble::forecast(std::span<double> values, std::span<double> spread) const {
    const std::size_t h = setup_.horizon;
    values = values.first(std::min({values.size(), spread.size(), h}));
    for (std::size_t s = 0; s < seats_.size(); ++s) {
        if (members_[s].weight > 0) member_forecast(s, 0, std::span(forecasts_).subspan(s * h, h));
    }
    combine(forecasts_, values, spread);
}

void Ensemble::naive_forecast(std::size_t member, std::span<double> values) const {
    experts_[0]->forecast(buffer_.view(HistoryBuffer::raw), member, values);
}

void Ensemble::save(BlobWriter& writer) const {
    buffer_.save(writer);
    transform_.save(writer);
    for (const auto& expert : experts_) expert->save(writer);
    for (const auto& member : members_) {
        writer.put(member.weight);
        writer.put(member.error.has_value());
        writer.put(member.error.value_or(0));
    }
    writer.put(static_cast<std::uint64_t>(backtest_.size()));
    for (const auto& origin : backtest_) {
        writer.put_all(std::span<const double>(origin.forecast));
        writer.put_all(std::span<const double>(origin.actual));
        writer.put_all(std::span<const std::uint8_t>(origin.scored));
    }
    writer.put(naive_scale_);
    writer.put(fitted_);
}

void Ensemble::load(BlobReader& reader) {
    buffer_.load(reader);
    transform_.load(reader);
    for (auto& expert : experts_) expert->load(reader);
    for (auto& member : members_) {
        reader.get(member.weight);
        const bool known = reader.get<std::uint8_t>() != 0;
        const auto error = reader.get<double>();
        member.error = known ? std::optional(error) : std::nullopt;
    }
    backtest_.assign(std::min<std::uint64_t>(reader.get<std::uint64_t>(), most_origins), {});
    for (auto& origin : backtest_) {
        for (auto* values : {&origin.forecast, &origin.actual}) {
            values->resize(setup_.horizon);
            reader.get_all(std::span<double>(*values));
        }
        origin.scored.resize(setup_.horizon);
        reader.get_all(std::span<std::uint8_t>(origin.scored));
    }
    reader.get(naive_scale_);
    fitted_ = reader.get<std::uint8_t>() != 0;
}

}  // namespace sitepower::forecast
