// Forecasts: what a fit, a sample, a forecast and a night of retraining take, and how long the daemon takes
// to answer for one over its socket while it polls. Best of five rounds: what disturbs a round makes it
// longer.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <memory>
#include <numbers>
#include <vector>

#include "bench/answers.hpp"
#include "bench/bare/mqtt_loop.hpp"
#include "bench/benches.hpp"
#include "bench/harness/waiting.hpp"
#include "core/forecast/forecaster.hpp"
#include "core/forecast/long_forecaster.hpp"

namespace sitepower::bench {
namespace {

using namespace forecast;

constexpr std::size_t fitted_hours = 960;
constexpr std::size_t horizon = 48;
constexpr std::size_t night_series = 200;
constexpr std::size_t night_days = 40;  // of hours each: as many as the full fit's
constexpr Duration five_minutes{300'000};
const Time start = from_ms(1'767'225'600'000);

double load(std::size_t t, double steps_a_day) {
    const double turn = 2 * std::numbers::pi * static_cast<double>(t) / steps_a_day;
    const auto hash = static_cast<std::uint32_t>(t) * 2654435761U;
    const double noise = static_cast<double>(hash >> 8U) / 16777216.0 - 0.5;
    return 100 + 30 * std::sin(turn) + 10 * std::cos(turn / 7) + 8 * noise;
}

// The shortest of so many rounds, each of so many repetitions, in microseconds of one.
template <class Work>
double best_us(int rounds, int repetitions, const Work& work) {
    double best = std::numeric_limits<double>::infinity();
    for (int round = 0; round < rounds; ++round) {
        const auto begin = SteadyClock::now();
        for (int i = 0; i < repetitions; ++i) work();
        best = std::min(best, 1e6 * Seconds(SteadyClock::now() - begin).count() / repetitions);
    }
    return best;
}

std::unique_ptr<Forecaster> fed(std::size_t days) {
    auto forecaster = std::move(Forecaster::make({.step = five_minutes, .refits_itself = false}).value());
    for (std::size_t t = 0; t < days * 288; ++t)
        forecaster->update(start + five_minutes * static_cast<std::int64_t>(t), load(t, 288));
    forecaster->retrain();
    return forecaster;
}

void measure_fit(int rounds, Report& report) {
    std::vector<double> values;
    std::vector<std::uint16_t> slots;
    for (std::size_t t = 0; t < fitted_hours + horizon; ++t) {
        if (t < fitted_hours) values.push_back(load(t, 24));
        slots.push_back(static_cast<std::uint16_t>(t % 168));
    }
    const std::vector<std::uint8_t> learnable(fitted_hours, 1);
    LongForecaster forecaster({}, true);
    const double fit = best_us(rounds, 5, [&] { forecaster.fit(values, learnable, slots); });
    report.add({"forecast.fit_960", fit / 1000, "ms", at_most(25)});
}

// A sample of a series with all horizons, the work at the ends of hours and days included.
void measure_samples(int rounds, Report& report) {
    auto forecaster = fed(30);
    std::size_t t = std::size_t{30} * 288;
    const double update = best_us(rounds, 2 * 288, [&] {
        forecaster->update(start + five_minutes * static_cast<std::int64_t>(t), load(t, 288));
        ++t;
    });
    report.add({"forecast.update", update, "us", at_most(25)});
    // Combined anew from the fitted experts, with quantiles.
    const auto& ensemble = forecaster->long_horizon().ensemble();
    const BacktestInterval interval(ensemble.backtest(), ensemble.naive_scale(), true);
    std::vector<double> point(horizon), spread(horizon), lower(horizon), upper(horizon), p90(horizon),
        p99(horizon);
    const double steps = best_us(rounds, 200, [&] {
        ensemble.forecast(point, spread);
        interval.bounds(point, spread, lower, upper);
        interval.quantile(point, spread, 0.9, p90);
        interval.quantile(point, spread, 0.99, p99);
    });
    report.add({"forecast.48_steps", steps, "us", at_most(60)});
}

void measure_night(int rounds, Report& report) {
    auto forecaster = fed(night_days);
    const double night = best_us(rounds, night_series, [&] { forecaster->retrain(); });
    report.add({"forecast.retrain_200", night * night_series / 1e6, "s", at_most(5)});
}

constexpr const char* declared = R"(
[[series]]
id = "requests"
metric = "web/requests"
step_s = 3600
)";

// Two weeks of hours, as somebody publishes them.
void publish_past(std::uint16_t port) {
    BareMqtt client(port);
    const auto hour = std::chrono::hours{1};
    const auto now = std::chrono::floor<std::chrono::hours>(std::chrono::system_clock::now());
    for (int i = 14 * 24; i > 0; --i) {
        const Time time{now - i * hour};
        client.publish(fmt::format("sitepower/v1/{}/metric/web/requests", site_id),
                       fmt::format(R"({{"value": {:.2f}, "time_ms": {}}})",
                                   load(static_cast<std::size_t>(to_ms(time) / 3'600'000), 24), to_ms(time)));
        while (client.unacknowledged() > 0) client.run_loop(std::chrono::milliseconds{5});
    }
}

void measure_answers(const Options& options, Report& report) {
    Rig rig({.build_directory = options.build_directory,
             .devices = {.gateways = 8},
             .period = std::chrono::milliseconds{10},
             .more = declared});
    const auto daemon = rig.start_daemon();
    Asker asker(rig, *daemon);
    wait_until("the daemon answers", Seconds{20}, [&] { return asker.is_answered({"predictions.current"}); });
    wait_for(Seconds{2});  // until it has subscribed
    publish_past(rig.broker().port());
    const Question question{"forecast", {{"series", "requests"}, {"periods", "24"}}};
    wait_until("the series is forecast", Seconds{60}, [&] { return asker.is_answered(question); });
    const auto times = asker.times(question, options.rounds_or(5));
    report.add({"forecast.answer.p50", times.p50_ms, "ms"});
    report.add({"forecast.answer.p99", times.p99_ms, "ms", at_most(200)});
}

}  // namespace

void measure_forecast(const Options& options, Report& report) {
    const int rounds = options.rounds_or(5);
    measure_fit(rounds, report);
    measure_samples(rounds, report);
    measure_night(rounds, report);
    measure_answers(options, report);
}

}  // namespace sitepower::bench
