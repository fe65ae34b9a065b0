#include "daemon/planner/solve.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "core/dispatch/planning/running_step.hpp"

namespace sitepower {
namespace {

using dispatch::ExpectedPrice;
using dispatch::QuarterHistory;

Error missing(std::string what) {
    return {.code = ErrorCode::insufficient_data, .message = std::move(what), .detail = {}};
}

// `gap`: why it is not known at present.
Error unmeasured(std::string_view what, const std::string& gap) {
    return missing(
        fmt::format("{} is not known: of the last two days no whole quarter of an hour is stored, and {}",
                    what, gap.empty() ? "it is not measured at present" : gap));
}

// What the price of that time was on the seven days before: how far its p90 is above it.
double spread_of(const PriceSeries& series, Time from, Time to, double expected) {
    std::vector<double> before;
    for (int back = 1; back <= 7; ++back) {
        const auto shift = std::chrono::days{back};
        if (const auto price = series.mean(from - shift, to - shift)) before.push_back(*price);
    }
    if (before.size() < 3) return 0;
    std::ranges::sort(before);
    const auto at = static_cast<std::size_t>(std::lround(0.9 * static_cast<double>(before.size() - 1)));
    return std::max(0.0, before[at] - expected);
}

// Three weeks and a week ahead that is looked past are what a series of quarters of an hour holds.
constexpr std::size_t most_scenarios = 21;
constexpr std::size_t least_scenarios = 5;

// A critical load is expected not to fall below the present one for so long: long enough to be seen again in
// many plans, short enough to leave the night to its own load.
constexpr Duration load_stays{std::chrono::hours{4}};

// A series tells each hour: after twice that it has fallen silent.
constexpr Duration forecast_is_old{std::chrono::hours{2}};

// What a series says of a time; null: nothing.
const SeriesForecastStep* step_at(const SeriesForecast& forecast, Time time) {
    for (const auto& step : forecast.steps) {
        if (time >= step.valid_at && time < step.valid_at + forecast.step) return &step;
    }
    return nullptr;
}

std::string named(const SeriesForecast& forecast) {
    return fmt::format("the forecast of series {}, model {}, issued at {}", forecast.series,
                       forecast.model_version, format_time(forecast.issued_at));
}

class Maker {
  public:
    Maker(const PlanSnapshot& snapshot, History& history, PastPower& past)
        : snapshot_(snapshot), settings_(*snapshot.settings), history_(history), past_(past) {}

    Result<PlanReport> run() {
        report_.made = snapshot_.now;
        report_.step = settings_.step;
        report_.start = Time{snapshot_.now.time_since_epoch() / settings_.step * settings_.step};
        report_.currency = settings_.currency;
        outlook_.start = report_.start;
        outlook_.step = report_.step;
        if (auto prices = expect_prices(); !prices) return prices.error();
        if (auto load = expect_load(); !load) return load.error();
        std::vector<dispatch::BatteryLimits> limits;
        std::vector<dispatch::BatteryNow> present;
        for (std::size_t b = 0; b < settings_.batteries.size(); ++b) {
            limits.push_back(settings_.batteries[b].limits);
            // By its own control it holds its charge, as far as anybody knows.
            if (!snapshot_.batteries[b].follows) {
                limits[b].charge_max_kw = limits[b].discharge_max_kw = 0;
                limits[b].self_discharge_pct_per_day = 0;
            }
            auto now = battery_now(b);
            if (!now) return now.error();
            present.push_back(std::move(*now));
        }
        report_.problem = dispatch::make_problem(settings_.site, limits, outlook_, present);
        const auto began = std::chrono::steady_clock::now();
        const auto left = report_.start + report_.step - snapshot_.now;
        auto plan = dispatch::make_plan_within_step(
            report_.problem, static_cast<double>(left.count()) / static_cast<double>(report_.step.count()));
        const auto took = std::chrono::steady_clock::now() - began;
        if (!plan) return plan.error();
        report_.solve_ms = std::chrono::duration<double, std::milli>(took).count();
        report_.plan = std::move(*plan);
        for (std::size_t b = 0; b < limits.size(); ++b) {
            auto reasons = dispatch::reasons_of(report_.problem, report_.plan, b);
            if (!snapshot_.batteries[b].follows)
                std::ranges::fill(reasons, "its inverter is handed back: nothing is planned of it");
            report_.reasons.push_back(std::move(reasons));
        }
        return std::move(report_);
    }

  private:
    Time begin_of(std::size_t step) const {
        return report_.start + static_cast<std::int64_t>(step) * report_.step;
    }

    // Why a forecast is not planned with; empty: it is.
    std::string why_not(const std::shared_ptr<const SeriesForecast>& forecast,
                        const std::string& series) const {
        if (series.empty()) return "no series is declared of it";
        if (!forecast) return fmt::format("series {} is not forecast yet", series);
        if (snapshot_.now - forecast->issued_at > forecast_is_old) {
            return fmt::format("the forecast of series {} is of {}", series,
                               format_time(forecast->issued_at));
        }
        if (!forecast->calibrated)
            return fmt::format("the forecast of series {} is not calibrated yet", series);
        return {};
    }

    // Beyond what is published: what its series says, else as on an earlier day.
    ExpectedPrice expect_price(const PriceOutlook& found, Time begin, Time end) {
        if (found.known) return {found.value, found.value};
        if (price_why_not_.empty()) {
            if (const auto* said = step_at(*snapshot_.price_forecast, begin)) {
                ++prices_forecast_;
                // Series of energy prices are told per MWh.
                return {said->p50 / 1000, std::max(said->p90, said->p50) / 1000};
            }
        }
        ++prices_as_before_;
        return {found.value, found.value + spread_of(snapshot_.import_price, begin, end, found.value)};
    }

    // What the prices of a step were the days before, from the first on by which the whole plan has passed.
    std::vector<double> before(const PriceSeries& series, std::size_t step) const {
        const auto ahead = begin_of(settings_.steps()) - snapshot_.now;
        const auto first = std::chrono::ceil<std::chrono::days>(ahead);
        std::vector<double> prices;
        while (prices.size() < most_scenarios) {
            const auto shift = first + std::chrono::days{static_cast<int>(prices.size())};
            const auto price = series.mean(begin_of(step) - shift, begin_of(step + 1) - shift);
            if (!price) break;
            prices.push_back(*price);
        }
        return prices;
    }

    // The courses that prices beyond what is published may take: what is expected, off by what each earlier
    // day was off the mean of those days. A course is all of one shift: what goes together stays together.
    void expect_scenarios() {
        if (!settings_.site.cvar_level || settings_.site.risk_aversion <= 0) return;
        const std::size_t steps = settings_.steps();
        std::vector<std::vector<double>> bought(steps);
        std::vector<std::vector<double>> sold(steps);
        std::size_t days = most_scenarios;
        for (std::size_t t = 0; t < steps; ++t) {
            if (report_.price_known[t]) continue;
            bought[t] = before(snapshot_.import_price, t);
            days = std::min(days, bought[t].size());
            if (!snapshot_.export_price) continue;
            sold[t] = before(*snapshot_.export_price, t);
            days = std::min(days, sold[t].size());
        }
        if (days < least_scenarios) {
            report_.price_method += fmt::format(
                "; no CVaR: of the days before the length of the plan {} are known, at least {} are needed",
                days, least_scenarios);
            return;
        }
        const auto off = [days](const std::vector<double>& prices, std::size_t day) {
            if (prices.empty()) return 0.0;
            double sum = 0;
            for (std::size_t i = 0; i < days; ++i) sum += prices[i];
            return prices[day] - sum / static_cast<double>(days);
        };
        outlook_.price_scenarios.resize(days);
        for (std::size_t day = 0; day < days; ++day) {
            auto& scenario = outlook_.price_scenarios[day];
            for (std::size_t t = 0; t < steps; ++t) {
                const double price = outlook_.import_price[t].p50 + off(bought[t], day);
                scenario.import_price.push_back(price);
                scenario.export_price.push_back(snapshot_.export_price
                                                    ? outlook_.export_price[t].p50 + off(sold[t], day)
                                                    : std::min(0.0, price));
            }
        }
        report_.price_method +=
            fmt::format("; CVaR of the dearest {:.0f} % by the courses of {} earlier days",
                        100 * (1 - *settings_.site.cvar_level), days);
    }

    void tell_price_method() {
        report_.price_method = "as published";
        if (prices_forecast_ > 0) report_.price_method += "; beyond that " + named(*snapshot_.price_forecast);
        if (prices_as_before_ == 0) return;
        report_.price_method +=
            fmt::format("; {} of the same time on an earlier day ({})",
                        prices_forecast_ > 0 ? "then that" : "beyond that the price",
                        price_why_not_.empty() ? "the forecast ends before the plan" : price_why_not_);
    }

    Status expect_prices() {
        price_why_not_ = why_not(snapshot_.price_forecast, settings_.price_series);
        for (std::size_t t = 0; t < settings_.steps(); ++t) {
            const auto from = begin_of(t);
            // Of the step under way only the rest counts.
            const auto begin = t == 0 ? std::min(snapshot_.now, from + report_.step - Duration{1}) : from;
            const auto found = outlook(snapshot_.import_price, begin, from + report_.step);
            if (!found) {
                return missing(fmt::format("the price series {} holds no price yet", settings_.import_price));
            }
            auto sold = found;
            if (snapshot_.export_price) sold = outlook(*snapshot_.export_price, begin, from + report_.step);
            if (!sold) {
                return missing(fmt::format("the price series {} holds no price yet", settings_.export_price));
            }
            const auto expected = expect_price(*found, begin, from + report_.step);
            outlook_.import_price.push_back(expected);
            const double earned = snapshot_.export_price ? sold->value : std::min(0.0, expected.p50);
            outlook_.export_price.push_back(ExpectedPrice{earned, earned});
            report_.price_known.push_back(found->known && (!snapshot_.export_price || sold->known));
        }
        tell_price_method();
        expect_scenarios();
        return Done{};
    }

    // The load by its series, where that reaches to the end of the plan. The error says why not.
    Result<dispatch::LoadForecast> load_of_series() const {
        if (auto why = why_not(snapshot_.load_forecast, settings_.load_series); !why.empty())
            return missing(std::move(why));
        const auto& series = *snapshot_.load_forecast;
        dispatch::LoadForecast forecast;
        for (std::size_t t = 0; t < settings_.steps(); ++t) {
            const auto* said = step_at(series, begin_of(t));
            if (said == nullptr)
                return missing(fmt::format("the forecast of series {} ends before the plan", series.series));
            forecast.p50_kw.push_back(std::max(0.0, said->p50));
            forecast.p90_kw.push_back(std::max(forecast.p50_kw.back(), said->p90));
        }
        forecast.method = named(series);
        return forecast;
    }

    Result<dispatch::LoadForecast> expected_load(const QuarterHistory& load) const {
        auto served = load_of_series();
        if (served) return served;
        auto naive = dispatch::forecast_load(load, report_.start, report_.step, settings_.steps());
        if (!naive) return unmeasured("the load", snapshot_.load_gap);
        naive->method += fmt::format(" ({})", served.error().message);
        return std::move(*naive);
    }

    Status expect_load() {
        const auto load = past_.sum(history_, settings_.load, snapshot_.load_kw, snapshot_.now);
        if (!load) return load.error();
        const auto forecast = expected_load(*load);
        if (!forecast) return forecast.error();
        outlook_.load_p50_kw = forecast->p50_kw;
        outlook_.load_p90_kw = forecast->p90_kw;
        report_.load_method = forecast->method;
        QuarterHistory pv;
        if (!settings_.pv.names.empty()) {
            auto found = past_.sum(history_, settings_.pv, snapshot_.pv_kw, snapshot_.now);
            if (!found) return found.error();
            pv = std::move(*found);
            const auto expected = dispatch::forecast_load(pv, report_.start, report_.step, settings_.steps());
            if (!expected) return unmeasured("the generation", snapshot_.pv_gap);
            outlook_.pv_kw = expected->p50_kw;
        }
        if (settings_.site.demand_price_per_kw <= 0) return Done{};
        const auto import = past_import(*load, pv);
        if (!import) return import.error();
        bill_peak(*import);
        return Done{};
    }

    // As a meter has it, or worked out: a quarter in which a battery's power is not known goes by load and
    // generation alone. One whose generation is not known is not billed: it would count as drawn whole.
    Result<QuarterHistory> past_import(const QuarterHistory& load, const QuarterHistory& pv) {
        if (!settings_.import.names.empty())
            return past_.sum(history_, settings_.import, std::nullopt, snapshot_.now);
        QuarterHistory import = load;
        for (std::size_t i = 0; i < import.kw.size() && i < pv.kw.size(); ++i) import.kw[i] -= pv.kw[i];
        const auto add = [&](const QuarterHistory& part) {
            for (std::size_t i = 0; i < import.kw.size() && i < part.kw.size(); ++i)
                import.kw[i] += std::isnan(part.kw[i]) ? 0 : part.kw[i];
        };
        for (const auto& battery : settings_.batteries) {
            if (battery.power.names.empty()) continue;
            const auto drawn = past_.sum(history_, battery.power, std::nullopt, snapshot_.now);
            if (!drawn) return drawn.error();
            add(*drawn);
        }
        return import;
    }

    // The largest import of this billing month so far, and which steps count.
    void bill_peak(const QuarterHistory& import) {
        const auto present = settings_.zone.local(snapshot_.now).date;
        for (std::size_t i = 0; i + 1 < import.kw.size(); ++i) {  // the last one is not over
            const auto time = import.first + static_cast<std::int64_t>(i) * dispatch::quarter_hour;
            const auto local = settings_.zone.local(time);
            if (local.date.year() != present.year() || local.date.month() != present.month()) continue;
            if (!fits(settings_.demand_window, local)) continue;
            if (import.kw[i] > outlook_.peak_so_far_kw) outlook_.peak_so_far_kw = import.kw[i];
        }
        for (std::size_t t = 0; t < settings_.steps(); ++t) {
            outlook_.in_demand_window.push_back(
                fits(settings_.demand_window, settings_.zone.local(begin_of(t))) ? 1 : 0);
        }
    }

    Result<dispatch::BatteryNow> battery_now(std::size_t index) {
        const auto& battery = settings_.batteries[index];
        const auto& seen = snapshot_.batteries[index];
        dispatch::BatteryNow now{.charge_pct = seen.charge_pct,
                                 .capacity_kwh = battery.limits.capacity_kwh * seen.health_pct / 100};
        report_.charge_pct.push_back(now.charge_pct);
        report_.capacity_kwh.push_back(now.capacity_kwh);
        if (battery.critical_load.names.empty()) return now;
        const auto load = past_.sum(history_, battery.critical_load, seen.critical_load_kw, snapshot_.now);
        if (!load) return load.error();
        const auto forecast = dispatch::forecast_load(*load, report_.start, report_.step, settings_.steps());
        if (!forecast) {
            return unmeasured("the critical load of battery " + battery.limits.id, seen.critical_load_gap);
        }
        now.critical_load_p95_kw = forecast->p95_kw;
        if (!seen.critical_load_kw) return now;
        // A load that has grown for good takes the rule days to learn.
        const auto soon = std::min(settings_.steps(), static_cast<std::size_t>(load_stays / report_.step));
        for (std::size_t t = 0; t < soon; ++t) {
            auto& kw = now.critical_load_p95_kw[t];
            kw = std::max(kw, *seen.critical_load_kw);
        }
        return now;
    }

    const PlanSnapshot& snapshot_;
    const DispatchSettings& settings_;
    History& history_;
    PastPower& past_;
    dispatch::Outlook outlook_;
    std::string price_why_not_;
    std::size_t prices_forecast_ = 0;
    std::size_t prices_as_before_ = 0;
    PlanReport report_;
};

}  // namespace

Result<PlanReport> make_report(const PlanSnapshot& snapshot, History& history, PastPower& past) {
    return Maker(snapshot, history, past).run();
}

}  // namespace sitepower
