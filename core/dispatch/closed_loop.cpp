#include "core/dispatch/closed_loop.hpp"

#include <algorithm>
#include <cmath>

#include "core/dispatch/plan.hpp"

namespace sitepower::dispatch {
namespace {

constexpr int publication_hour = 13;  // day-ahead prices of tomorrow (EPEX SPOT, Single Day-Ahead Coupling)

class ClosedLoop {
  public:
    explicit ClosedLoop(const LoopSetup& setup)
        : setup_(setup), week_steps_(static_cast<std::size_t>(std::lround(168 / setup.step_h))) {}

    Result<LoopResult> run() {
        const auto whole = plan_whole();
        if (!whole) return whole.error();
        result_.cost_perfect = *whole;
        stored_kwh_ = setup_.battery.stored_kwh;
        for (std::size_t t = 0; t < setup_.load_kw.size(); ++t) {
            auto wanted_kw = planned_power_kw(t);
            if (!wanted_kw) return wanted_kw.error();
            carry_out(t, *wanted_kw);
        }
        result_.cost -= value_left(stored_kwh_);
        return std::move(result_);
    }

  private:
    double required_kwh(double load_kw, double margin) const {
        return std::max(setup_.battery.stored_min_kwh, setup_.autonomy_h * setup_.critical_share * load_kw *
                                                           margin / setup_.battery.discharge_efficiency);
    }
    // As much of it as the battery can hold.
    double reserve_kwh(double load_kw, double margin) const {
        return std::min(required_kwh(load_kw, margin), setup_.battery.stored_max_kwh);
    }
    double value_left(double stored_kwh) const {
        return setup_.battery.terminal_value_per_kwh * (stored_kwh - setup_.battery.stored_kwh);
    }
    double export_price(double import_price) const { return import_price - setup_.export_discount_per_kwh; }

    // Steps from now on whose prices are published.
    std::size_t published_steps(std::size_t now) const {
        const int hour = setup_.hour_of_day[now];
        const int hours = (hour >= publication_hour ? 48 : 24) - hour;
        return static_cast<std::size_t>(std::lround(hours / setup_.step_h));
    }
    double week_before(const std::vector<double>& series, std::size_t now, std::size_t at) const {
        std::size_t back = at;
        while (back >= now && back >= week_steps_) back -= week_steps_;
        return back < now ? series[back] : series[now > 0 ? now - 1 : 0];
    }
    double expected_price(std::size_t now, std::size_t at) const {
        if (setup_.foresight == Foresight::perfect || at - now < published_steps(now)) {
            return setup_.import_price_per_kwh[at];
        }
        return week_before(setup_.import_price_per_kwh, now, at);
    }
    double expected_load_kw(std::size_t now, std::size_t at) const {
        if (setup_.foresight == Foresight::perfect) return setup_.load_kw[at];
        return week_before(setup_.load_kw, now, at);
    }

    Problem problem(std::size_t now, std::size_t steps, double margin) const {
        Problem result{.step_h = setup_.step_h,
                       .import_limit_kw = setup_.import_limit_kw,
                       .export_limit_kw = setup_.export_limit_kw,
                       .batteries = {setup_.battery}};
        Battery& battery = result.batteries.front();
        battery.stored_kwh = now == 0 ? setup_.battery.stored_kwh : stored_kwh_;
        for (std::size_t at = now; at < now + steps; ++at) {
            const double price = expected_price(now, at);
            const double load_kw = expected_load_kw(now, at);
            result.import_price_per_kwh.push_back(price);
            result.export_price_per_kwh.push_back(export_price(price));
            result.load_kw.push_back(load_kw);
            battery.reserve_kwh.push_back(reserve_kwh(load_kw, margin));
        }
        return result;
    }

    Result<double> plan_whole() const {
        LoopSetup perfect = setup_;
        perfect.foresight = Foresight::perfect;
        const ClosedLoop known(perfect);
        const auto plan = make_plan(known.problem(0, setup_.load_kw.size(), 1));
        if (!plan) return plan.error();
        if (plan->status == PlanStatus::failed) return Error{ErrorCode::conflict, plan->reason, ""};
        return plan->certificate.primal_cost +
               setup_.battery.terminal_value_per_kwh * setup_.battery.stored_kwh;
    }

    // Battery power of the next step, charging positive; without a plan it stands still.
    Result<double> planned_power_kw(std::size_t now) {
        const std::size_t steps = std::min(setup_.horizon_steps, setup_.load_kw.size() - now);
        const double margin = setup_.foresight == Foresight::perfect ? 1 : setup_.load_margin;
        const auto plan = make_plan(problem(now, steps, margin));
        if (!plan) return plan.error();
        planned_import_kw_ = 0;
        if (plan->status == PlanStatus::failed) {
            ++result_.plans_failed;
            return 0.0;
        }
        planned_import_kw_ = plan->status == PlanStatus::relaxed ? plan->schedule.import_kw[0] : 0;
        const auto& moves = plan->schedule.batteries.front();
        return moves.charge_kw[0] - moves.discharge_kw[0];
    }

    // The fast loop: against the real load the contract holds, unless the plan breaks it for the reserve; the
    // reserve is not touched, and missing reserve is charged.
    void carry_out(std::size_t t, double wanted_kw) {
        const Battery& battery = setup_.battery;
        const double kept = kept_share(battery, setup_.step_h);
        const double stored = setup_.step_h * battery.charge_efficiency;
        const double taken = setup_.step_h / battery.discharge_efficiency;
        const double needed_kwh = reserve_kwh(setup_.load_kw[t], 1);
        const double spare_kw =
            std::clamp(std::max(setup_.import_limit_kw, planned_import_kw_) - setup_.load_kw[t],
                       -battery.discharge_max_kw, battery.charge_max_kw);
        const double held_kwh = kept * stored_kwh_;
        double power_kw = std::clamp(wanted_kw, -setup_.load_kw[t] - setup_.export_limit_kw, spare_kw);
        if (power_kw < 0) power_kw = std::min(0.0, std::max(power_kw, -(held_kwh - needed_kwh) / taken));
        if (held_kwh < needed_kwh)
            power_kw = std::clamp((needed_kwh - held_kwh) / stored, power_kw, std::max(spare_kw, 0.0));
        power_kw = std::min(power_kw, (battery.stored_max_kwh - held_kwh) / stored);
        const double change_kwh = power_kw * (power_kw > 0 ? stored : taken);
        stored_kwh_ = held_kwh + change_kwh;
        if (stored_kwh_ < required_kwh(setup_.load_kw[t], 1) - 1e-6) {
            const bool charged_all = power_kw >= std::max(spare_kw, 0.0) - 1e-6 ||
                                     stored_kwh_ >= setup_.battery.stored_max_kwh - 1e-6;
            ++(charged_all ? result_.unavoidable_shortfalls : result_.reserve_breaches);
        }
        bill(t, power_kw, change_kwh);
    }

    void bill(std::size_t t, double power_kw, double change_kwh) {
        const double price = setup_.import_price_per_kwh[t];
        const auto cost = [&](double grid_kw) {
            return setup_.step_h * grid_kw * (grid_kw > 0 ? price : export_price(price));
        };
        const double load_kw = setup_.load_kw[t];
        result_.cost += cost(load_kw + power_kw) + setup_.battery.wear_per_kwh * std::abs(change_kwh);
        result_.cost_without_battery += cost(load_kw);
        result_.peak_kw = std::max(result_.peak_kw, load_kw + power_kw);
        result_.peak_without_battery_kw = std::max(result_.peak_without_battery_kw, load_kw);
        const double width_kwh = setup_.battery.stored_max_kwh - setup_.battery.stored_min_kwh;
        if (change_kwh < 0 && width_kwh > 0) result_.cycles -= change_kwh / width_kwh;
        result_.stored_kwh.push_back(stored_kwh_);
    }

    const LoopSetup& setup_;
    std::size_t week_steps_;
    double stored_kwh_ = 0;
    double planned_import_kw_ = 0;  // of the present step, where the plan breaks the contract
    LoopResult result_;
};

Error refused(const char* what) {
    return {.code = ErrorCode::validation_error, .message = what};
}

}  // namespace

Result<LoopResult> run_closed_loop(const LoopSetup& setup) {
    const std::size_t steps = setup.load_kw.size();
    if (steps == 0 || steps > most_loop_steps) return refused("load_kw: must hold 1 to 10000 steps");
    if (setup.import_price_per_kwh.size() != steps)
        return refused("import_price_per_kwh: one per step of load_kw");
    if (setup.hour_of_day.size() != steps) return refused("hour_of_day: one per step of load_kw");
    if (setup.horizon_steps == 0) return refused("horizon_steps: must be at least 1");
    if (!(setup.step_h > 0 && setup.step_h <= 24)) return refused("step_h: must be above 0 and at most 24");
    return ClosedLoop(setup).run();
}

}  // namespace sitepower::dispatch
