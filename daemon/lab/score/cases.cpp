#include "daemon/lab/score/cases.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "core/battery/autonomy/discharge.hpp"
#include "core/battery/soc/methods.hpp"

namespace sitepower::lab {
namespace {

constexpr double wrong_by = 0.30;
constexpr double wrong_start_sigma = 0.20;
constexpr double right_start_sigma = 0.01;
constexpr double settling_s = 600;
constexpr double offset_c = 0.02;
constexpr double coarse_s = 60;
constexpr double noise_v = 0.010;
constexpr double noise_share = 0.01;
constexpr double missing_share = 0.10;
constexpr double gap_s = 600;

// The estimator of one battery, fed sample by sample.
class FilterRun {
  public:
    FilterRun(const Series& series, double soc, double sigma)
        : setup_(setup_of(series)), estimator_(make_soc_estimator("kalman", setup_)) {
        estimator_->restore(0,
                            {.charge_ah = soc * series.capacity_ah, .sigma_ah = sigma * series.capacity_ah});
    }

    const Estimate& step(const SeriesSample& sample) {
        const auto elapsed = Duration(std::llround(1000 * sample.elapsed_s));
        now_ += elapsed;
        const std::optional<double> voltage_v = sample.voltage_v;
        estimator_->step({.time = now_,
                          .elapsed = elapsed,
                          .current_a = sample.current_a,
                          .current_is_mean = sample.current_is_mean,
                          .voltages_v = {&voltage_v, 1},
                          .temperatures_c = {&sample.temperature_c, 1},
                          .ambient_c = std::nullopt},
                         {&estimate_, 1});
        return estimate_;
    }
    ChargeMemory memory() const { return estimator_->memory(0); }

  private:
    static GroupSetup setup_of(const Series& series) {
        const BatteryParameters& of = series.model->parameters();
        return {.chemistry = of.chemistry,
                .nominal_voltage_v = of.nominal_voltage_v,
                .nominal_capacity_ah = series.capacity_ah,
                .float_voltage_v = of.chemistry == Chemistry::vrla ? 13.65 : of.nominal_voltage_v,
                .batteries = 1,
                .has_current_sensor = true,
                .stale_after = std::chrono::seconds(150),
                .float_full_after = std::chrono::hours(24),
                .model = series.model};
    }

    GroupSetup setup_;
    std::unique_ptr<SocEstimator> estimator_;
    Time now_{};
    Estimate estimate_;
};

std::vector<SeriesSample> with_offset(std::vector<SeriesSample> samples, double offset_a) {
    for (auto& sample : samples) sample.current_a += offset_a;
    return samples;
}

SeriesSample mean_of(std::span<const SeriesSample> samples) {
    SeriesSample mean = samples.back();
    double voltage = 0;
    double current = 0;
    double seconds = 0;
    for (const auto& sample : samples) {
        voltage += sample.voltage_v * sample.elapsed_s;
        current += sample.current_a * sample.elapsed_s;
        seconds += sample.elapsed_s;
    }
    mean.elapsed_s = seconds;
    mean.current_is_mean = true;
    if (seconds > 0) {
        mean.voltage_v = voltage / seconds;
        mean.current_a = current / seconds;
    }
    return mean;
}

std::vector<SeriesSample> coarse(const std::vector<SeriesSample>& samples) {
    std::mt19937 random(1);
    std::normal_distribution<double> normal;
    std::vector<SeriesSample> result{samples.front()};
    std::size_t begin = 1;
    double seconds = 0;
    for (std::size_t i = 1; i < samples.size(); ++i) {
        seconds += samples[i].elapsed_s;
        if (seconds < coarse_s) continue;
        auto& mean = result.emplace_back(mean_of({&samples[begin], i - begin + 1}));
        mean.voltage_v += noise_v * normal(random);
        mean.current_a *= 1 + noise_share * normal(random);
        begin = i + 1;
        seconds = 0;
    }
    return result;
}

// The gap is in the middle; what is missing adds to the time of the next sample.
std::vector<SeriesSample> with_gaps(const std::vector<SeriesSample>& samples) {
    std::mt19937 random(2);
    std::uniform_real_distribution<double> uniform;
    double total_s = 0;
    for (const auto& sample : samples) total_s += sample.elapsed_s;
    std::vector<SeriesSample> result;
    double t_s = 0;
    double waited_s = 0;
    for (const auto& sample : samples) {
        t_s += sample.elapsed_s;
        waited_s += sample.elapsed_s;
        const bool in_gap = t_s > total_s / 2 && t_s < total_s / 2 + gap_s;
        if (!result.empty() && (in_gap || uniform(random) < missing_share)) continue;
        auto& kept = result.emplace_back(sample);
        kept.elapsed_s = result.size() == 1 ? 0 : waited_s;
        kept.current_is_mean = false;
        waited_s = 0;
    }
    return result;
}

CaseScore score_case(const Series& series, std::span<const SeriesSample> samples, double soc, double sigma,
                     double skip_s) {
    FilterRun run(series, soc, sigma);
    CaseScore score{.seconds_to_5_pct = std::numeric_limits<double>::infinity()};
    double t_s = 0;
    for (const auto& sample : samples) {
        const Estimate& estimate = run.step(sample);
        t_s += sample.elapsed_s;
        const double error = estimate.value.value_or(std::nan("")) - 100 * sample.soc;
        if (std::abs(error) < 5) score.seconds_to_5_pct = std::min(score.seconds_to_5_pct, t_s);
        if (t_s < skip_s) continue;
        if (estimate.value) {
            score.errors.add(error, estimate.sigma);
        } else {
            score.errors.add_unknown();
        }
    }
    return score;
}

}  // namespace

std::string_view to_string(SocCase which) {
    constexpr std::array<std::string_view, 5> names{"A", "B", "C", "D", "E"};
    return names[static_cast<std::size_t>(which)];
}

CaseScore score_case(const Series& series, SocCase which) {
    const double start = series.samples.front().soc;
    const double settled_s = std::max(series.skip_s, settling_s);
    const auto wrongly = [&](const std::vector<SeriesSample>& samples) {
        return score_case(series, samples, start - wrong_by, wrong_start_sigma, settled_s);
    };
    const auto rightly = [&](const std::vector<SeriesSample>& samples) {
        return score_case(series, samples, start, right_start_sigma, series.skip_s);
    };
    switch (which) {
        case SocCase::wrong_start:
            return wrongly(series.samples);
        case SocCase::current_offset: {
            CaseScore up = wrongly(with_offset(series.samples, offset_c * series.capacity_ah));
            const CaseScore down = wrongly(with_offset(series.samples, -offset_c * series.capacity_ah));
            up.errors.add(down.errors);
            up.seconds_to_5_pct = std::max(up.seconds_to_5_pct, down.seconds_to_5_pct);
            return up;
        }
        case SocCase::coarse_and_noisy:
            return rightly(coarse(series.samples));
        case SocCase::missing:
            return rightly(with_gaps(series.samples));
        case SocCase::right_start:
            break;
    }
    return rightly(series.samples);
}

std::vector<double> score_runtime(const Series& series, std::span<const double> passed) {
    double total_s = 0;
    for (const auto& sample : series.samples) total_s += sample.elapsed_s;
    std::vector<double> errors(passed.size(), std::nan(""));
    FilterRun run(series, series.samples.front().soc, right_start_sigma);
    const BatteryParameters& of = series.model->parameters();
    double t_s = 0;
    std::size_t next = 0;
    for (const auto& sample : series.samples) {
        const Estimate& estimate = run.step(sample);
        t_s += sample.elapsed_s;
        if (next == passed.size() || t_s < passed[next] * total_s) continue;
        if (estimate.value) {
            const ChargeMemory memory = run.memory();
            const DischargeStart start{.soc = *memory.charge_ah / series.capacity_ah,
                                       .v1_v = memory.v1_v,
                                       .v2_v = memory.v2_v,
                                       .offset_a = memory.offset_a,
                                       .temperature_c = sample.temperature_c.value_or(25),
                                       .capacity_ah = series.capacity_ah};
            const DischargeEnd end =
                time_at_current(*series.model, scale_to(of, of.nominal_voltage_v, series.capacity_ah), start,
                                sample.current_a, {.cutoff_v = 10.8, .horizon_s = 400 * 3600.0});
            errors[next] = 100 * (t_s + end.seconds - total_s) / total_s;
        }
        ++next;
    }
    return errors;
}

}  // namespace sitepower::lab
