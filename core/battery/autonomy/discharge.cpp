#include "core/battery/autonomy/discharge.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/battery/chemistry.hpp"

namespace sitepower {
namespace {

// Fine while the fast polarisation builds up, coarse afterwards; a long discharge in some thousand steps.
constexpr double fine_step_s = 5;
constexpr double fine_for_s = 300;
constexpr double coarse_step_s = 30;

struct Decays {
    double step_s;
    double first;
    double second;
};

class Discharge {
  public:
    Discharge(const CellModel& model, const CellScale& scale, const DischargeStart& start,
              const DischargeLimits& limits)
        : model_(model),
          scale_(scale),
          limits_(limits),
          start_(start),
          soc_(start.soc),
          v1_v_(start.v1_v),
          v2_v_(start.v2_v) {
        const BatteryParameters& of = model.parameters();
        capacity_as_ = 3600 * start.capacity_ah * share_at_temperature(of, start.temperature_c);
        look();
    }

    // `current_of` the discharge after so many seconds: the current for the battery as it is then, or nothing
    // when it collapses.
    template <class CurrentOf>
    DischargeEnd run(const CurrentOf& current_of) {
        const Decays fine = decays(fine_step_s);
        const Decays coarse = decays(coarse_step_s);
        double before_v = 0;
        if (is_empty()) return {0, DischargeStop::empty};
        for (double t_s = 0; t_s < limits_.horizon_s;) {
            const std::optional<double> current_a = current_of(*this, t_s);
            if (!current_a) return {t_s, DischargeStop::collapse};
            if (-*current_a > limits_.highest_current_a) return {t_s, DischargeStop::overload};
            const double now_v = voltage_v(*current_a);
            if (now_v < limits_.cutoff_v)
                return {t_s - overshoot_s(before_v, now_v, t_s), DischargeStop::cutoff};
            before_v = now_v;
            const Decays& step = t_s < fine_for_s ? fine : coarse;
            const double soc_before = soc_;
            advance(*current_a, step);
            if (is_empty()) {
                return {t_s + step.step_s * soc_before / (soc_before - soc_), DischargeStop::empty};
            }
            t_s += step.step_s;
        }
        return {limits_.horizon_s, DischargeStop::horizon};
    }

    bool is_empty() const { return is_lithium(model_.parameters().chemistry) && soc_ <= 0; }
    double voltage_v(double current_a) const { return source_v() + r0_ohm_ * current_a; }
    double source_v() const { return ocv_v_ + v1_v_ + v2_v_; }
    double r0_ohm() const { return r0_ohm_; }

  private:
    Decays decays(double step_s) const {
        const BatteryParameters& of = model_.parameters();
        return {step_s, std::exp(-step_s / of.tau1_s), std::exp(-step_s / of.tau2_s)};
    }

    void look() {
        point_ = model_.at(soc_, start_.temperature_c);
        const double ohms = scale_.resistance * start_.resistance_factor;
        ocv_v_ = point_.ocv_v * scale_.voltage;
        // Below empty the open circuit goes on falling as it did.
        if (soc_ < 0) ocv_v_ += point_.ocv_slope_v * scale_.voltage * soc_;
        r0_ohm_ = point_.r0_ohm * ohms;
        r1_ohm_ = point_.r1_ohm * ohms;
        r2_ohm_ = point_.r2_ohm * ohms;
    }

    // A constant power asks for a little more current at every step.
    void follow_rate(double current_a) {
        if (std::abs(current_a - rate_a_) <= 0.01 * std::abs(rate_a_)) return;
        rate_a_ = current_a;
        share_at_rate_ = share_at_rate(model_.parameters(), -current_a / start_.capacity_ah);
    }

    void advance(double current_a, const Decays& by) {
        const double true_a = current_a - start_.offset_a;
        follow_rate(current_a);
        soc_ += true_a * by.step_s / (capacity_as_ * share_at_rate_);
        v1_v_ = by.first * v1_v_ + (1 - by.first) * r1_ohm_ * true_a;
        v2_v_ = by.second * v2_v_ + (1 - by.second) * r2_ohm_ * true_a;
        look();
    }

    // Between the last step above the cut-off and this one, along a line.
    double overshoot_s(double before_v, double now_v, double t_s) const {
        if (t_s == 0 || before_v <= now_v) return 0;
        const double step_s = t_s <= fine_for_s ? fine_step_s : coarse_step_s;
        return step_s * std::clamp((limits_.cutoff_v - now_v) / (before_v - now_v), 0.0, 1.0);
    }

    const CellModel& model_;
    CellScale scale_;
    DischargeLimits limits_;
    DischargeStart start_;
    double capacity_as_ = 0;
    double rate_a_ = 0;
    double share_at_rate_ = 1;
    double soc_;
    double v1_v_;
    double v2_v_;
    CellPoint point_;
    double ocv_v_ = 0;
    double r0_ohm_ = 0;
    double r1_ohm_ = 0;
    double r2_ohm_ = 0;
};

bool is_usable(const DischargeStart& start, double load) {
    return std::isfinite(load) && load > 0 && start.capacity_ah > 0 && std::isfinite(start.soc);
}

}  // namespace

DischargeEnd time_at_current(const CellModel& model, const CellScale& scale, const DischargeStart& start,
                             double current_a, const DischargeLimits& limits) {
    if (!is_usable(start, -current_a)) return {limits.horizon_s, DischargeStop::horizon};
    return Discharge(model, scale, start, limits).run([current_a](const Discharge&, double /*t_s*/) {
        return std::optional(current_a);
    });
}

DischargeEnd time_at_power(const CellModel& model, const CellScale& scale, const DischargeStart& start,
                           double power_w, const DischargeLimits& limits) {
    const PowerStep always{.power_w = power_w};
    return time_at_powers(model, scale, start, std::span(&always, 1), 0, limits);
}

DischargeEnd time_at_powers(const CellModel& model, const CellScale& scale, const DischargeStart& start,
                            std::span<const PowerStep> powers, double sigmas, const DischargeLimits& limits) {
    double highest_w = 0;
    for (const PowerStep& step : powers) {
        const bool is_power = std::isfinite(step.power_w) && step.power_w >= 0 && std::isfinite(step.sigma);
        if (!is_power) return {limits.horizon_s, DischargeStop::horizon};
        highest_w = std::max(highest_w, step.power_w);
    }
    if (!is_usable(start, highest_w)) return {limits.horizon_s, DischargeStop::horizon};
    const auto shifted_w = [sigmas](const PowerStep& step) {
        return step.power_w * std::exp(sigmas * step.sigma);
    };
    auto step = powers.begin();
    double power_w = shifted_w(*step);
    // V I = -P with V = U + R I: the root with the smaller current.
    return Discharge(model, scale, start, limits)
        .run([&](const Discharge& now, double t_s) -> std::optional<double> {
            while (t_s >= step->until_s && step + 1 != powers.end()) power_w = shifted_w(*++step);
            const double source_v = now.source_v();
            const double root = source_v * source_v - 4 * now.r0_ohm() * power_w;
            if (source_v <= 0 || root < 0) return std::nullopt;
            return -2 * power_w / (source_v + std::sqrt(root));
        });
}

}  // namespace sitepower
