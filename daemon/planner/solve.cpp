#include "daemon/planner/solve.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

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
            auto now = battery_now(b);
            if (!now) return now.error();
            present.push_back(std::move(*now));
        }
        report_.problem = dispatch::make_problem(settings_.site, limits, outlook_, present);
        const auto began = std::chrono::steady_clock::now();
        auto plan = dispatch::make_plan(report_.problem);
        const auto took = std::chrono::steady_clock::now() - began;
        if (!plan) return plan.error();
        report_.solve_ms = std::chrono::duration<double, std::milli>(took).count();
        report_.plan = std::move(*plan);
        for (std::size_t b = 0; b < limits.size(); ++b)
            report_.reasons.push_back(dispatch::reasons_of(report_.problem, report_.plan, b));
        return std::move(report_);
    }

  private:
    Time begin_of(std::size_t step) const {
        return report_.start + static_cast<std::int64_t>(step) * report_.step;
    }

    Status expect_prices() {
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
            const double spread =
                found->known ? 0
                             : spread_of(snapshot_.import_price, begin, from + report_.step, found->value);
            outlook_.import_price.push_back(ExpectedPrice{found->value, found->value + spread});
            const double earned = snapshot_.export_price ? sold->value : std::min(0.0, found->value);
            outlook_.export_price.push_back(ExpectedPrice{earned, earned});
            report_.price_known.push_back(found->known && (!snapshot_.export_price || sold->known));
        }
        return Done{};
    }

    Status expect_load() {
        const auto load = past_.sum(history_, settings_.load, snapshot_.load_kw, snapshot_.now);
        if (!load) return load.error();
        const auto forecast = dispatch::forecast_load(*load, report_.start, report_.step, settings_.steps());
        if (!forecast) return unmeasured("the load", snapshot_.load_gap);
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
        if (settings_.site.demand_price_per_kw > 0) bill_peak(*load, pv);
        return Done{};
    }

    // The largest import of this billing month so far, and which steps count.
    void bill_peak(const QuarterHistory& load, const QuarterHistory& pv) {
        const auto present = settings_.zone.local(snapshot_.now).date;
        for (std::size_t i = 0; i + 1 < load.kw.size(); ++i) {  // the last one is not over
            const auto time = load.first + static_cast<std::int64_t>(i) * dispatch::quarter_hour;
            const auto local = settings_.zone.local(time);
            if (local.date.year() != present.year() || local.date.month() != present.month()) continue;
            if (!fits(settings_.demand_window, local)) continue;
            const double generated = pv.kw.empty() ? 0 : pv.kw[i];
            const double import_kw = load.kw[i] - (std::isnan(generated) ? 0 : generated);
            if (import_kw > outlook_.peak_so_far_kw) outlook_.peak_so_far_kw = import_kw;
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
        return now;
    }

    const PlanSnapshot& snapshot_;
    const DispatchSettings& settings_;
    History& history_;
    PastPower& past_;
    dispatch::Outlook outlook_;
    PlanReport report_;
};

}  // namespace

Result<PlanReport> make_report(const PlanSnapshot& snapshot, History& history, PastPower& past) {
    return Maker(snapshot, history, past).run();
}

}  // namespace sitepower
