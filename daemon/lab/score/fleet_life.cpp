#include <fmt/format.h>

#include <array>
#include <cmath>
#include <vector>

#include "core/battery/rul/particle/float_life.hpp"
#include "daemon/lab/score/fleet.hpp"
#include "daemon/lab/score/fleet_jar.hpp"

namespace sitepower::lab {
namespace {

constexpr std::uint64_t jars = 600;
constexpr std::array shares{0.3, 0.5, 0.7, 0.9};
constexpr double test_sigma = 0.036;  // as Ageing takes a test: 2 %, and 3 % for the model
constexpr double ratio_sigma = 0.045;
constexpr int quarter_days = 91;
constexpr int year_days = 365;

enum class Evidence { none, ratios, ratios_and_tests };

struct Sums {
    double error = 0;
    double covered = 0;
    double width = 0;
    double count = 0;
};

// A jar from its first day; asked at shares of its true life.
void follow(const FleetJar& jar, std::uint64_t number, Evidence evidence,
            std::array<Sums, shares.size()>& sums) {
    FloatLife life({}, number);
    ThermalAge thermal;
    std::size_t next = 0;
    for (int day = 1; next < shares.size(); ++day) {
        thermal.add(std::chrono::hours(24), jar.temperature_c(day));
        const bool is_asked = day >= shares[next] * jar.life_days();
        if (!is_asked && day % quarter_days != 0 && day % year_days != 0) continue;
        const BatteryAge age{thermal.age_days(day), thermal.rate()};
        if (evidence != Evidence::none && day % quarter_days == 0) {
            life.learn_ratio(jar.measured_ratio(day, static_cast<std::uint64_t>(day)), ratio_sigma, age);
        }
        if (evidence == Evidence::ratios_and_tests && day % year_days == 0) {
            life.learn_health(jar.tested_health(day, static_cast<std::uint64_t>(day)), test_sigma, age);
        }
        if (!is_asked) continue;
        const LifeQuantiles left = *life.remaining(age, 1e6).left;
        const double truth = jar.life_days() - day;
        Sums& at = sums[next++];
        at.error += std::abs(left.p50 - truth) / jar.life_days();
        at.covered += left.p10 <= truth && truth <= left.p90 ? 1 : 0;
        at.width += (left.p90 - left.p10) / jar.life_days();
        at.count += 1;
    }
}

void report_mode(const char* mode, Evidence evidence, bool promised, Report& report) {
    std::array<Sums, shares.size()> sums{};
    for (std::uint64_t number = 0; number < jars; ++number) follow(FleetJar(number), number, evidence, sums);
    Sums all;
    for (std::size_t i = 0; i < shares.size(); ++i) {
        const Sums& at = sums[i];
        if (promised) {
            report.add({fmt::format("fleet.{}.error_of_life.{:.0f}", mode, 100 * shares[i]),
                        at.error / at.count, "1"});
            report.add(
                {fmt::format("fleet.{}.coverage.{:.0f}", mode, 100 * shares[i]), at.covered / at.count, "1"});
        }
        all.error += at.error;
        all.covered += at.covered;
        all.width += at.width;
        all.count += at.count;
    }
    report.add({fmt::format("fleet.{}.error_of_life", mode), all.error / all.count, "1",
                promised ? std::optional(at_most(0.15)) : std::nullopt});
    report.add({fmt::format("fleet.{}.coverage", mode), all.covered / all.count, "1"});
    report.add({fmt::format("fleet.{}.width_of_life", mode), all.width / all.count, "1"});
}

}  // namespace

void score_fleet_life(Report& report) {
    report_mode("prior", Evidence::none, false, report);
    report_mode("resistance", Evidence::ratios, false, report);
    report_mode("yearly_tests", Evidence::ratios_and_tests, true, report);
}

}  // namespace sitepower::lab
