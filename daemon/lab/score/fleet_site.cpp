#include "daemon/lab/score/fleet_site.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "daemon/lab/score/fleet.hpp"

namespace sitepower::lab {
namespace {

constexpr double float_v = 13.65;
constexpr double float_a = 0.05;
constexpr double jar_capacity_ah = 100;
constexpr Duration step{28'000};  // a silence of more than 30 s would count as a stepped clock
constexpr double test_hour = 10;  // a discharge of 20 minutes every third day
constexpr std::size_t points_per_jar = 3;
constexpr std::size_t string_points = 2;

bool is_discharging(double day) {
    const double hour = (day - std::floor(day)) * 24;
    return static_cast<int>(day) % 3 == 2 && hour >= test_hour && hour < test_hour + 1.0 / 3;
}

bool is_recharging(double day) {
    const double hour = (day - std::floor(day)) * 24;
    return static_cast<int>(day) % 3 == 2 && hour >= test_hour + 1.0 / 3 && hour < test_hour + 5;
}

}  // namespace

const std::set<std::string>& alerts_of(Fault fault) {
    static const std::array<std::set<std::string>, fault_kinds> types{{
        {},
        {"voltage_low", "string_imbalance"},
        {"voltage_high", "string_imbalance"},
        {"temperature_high"},
        {"resistance_drift"},
        {"thermal_runaway"},
        {"sensor_fault"},
        {"sensor_fault"},
        {"data_stale"},
    }};
    return types[static_cast<std::size_t>(fault)];
}

FleetSite::FleetSite(bool with_faults, std::uint64_t seed) : random_(seed), now_(from_ms(1'767'225'600'000)) {
    jars_.resize(static_cast<std::size_t>(strings) * jars_per_string);
    for (Jar& jar : jars_) {
        jar.offset_v = 0.04 * noise();
        jar.offset_c = 0.8 * noise();
        jar.resistance_ohm = 0.0045 * (1 + 0.05 * noise());
    }
    int kind = 1;
    for (int string = 0; with_faults && string < strings; ++string) {
        for (const int place : {3, 11, 19}) {
            jars_[static_cast<std::size_t>(string * jars_per_string + place)].fault =
                static_cast<Fault>(kind);
            kind = kind % (fault_kinds - 1) + 1;
        }
    }
    build_model();
}

void FleetSite::build_model() {
    auto model = std::make_shared<SiteModel>();
    model->id = "fleet";
    model->locations = {{.id = "ROOM"}};
    for (std::uint32_t string = 0; string < strings; ++string) {
        const DeviceIndex device{string};
        auto layout = std::make_shared<Layout>();
        layout->device = fmt::format("MON-{}", string);
        layout->device_index = device;
        layout->group = "all";
        layout->period = step;
        layout->points.resize(string_points + points_per_jar * jars_per_string);
        StringModel of{.id = fmt::format("STR-{}", string), .nominal_capacity_ah = jar_capacity_ah};
        of.current_a = PointRef{device, 0};
        of.ambient_temperature_c = PointRef{device, 1};
        for (std::uint32_t jar = 0; jar < jars_per_string; ++jar) {
            const auto slot = static_cast<std::uint32_t>(string_points + points_per_jar * jar);
            of.batteries.push_back(BatteryIndex{static_cast<std::uint32_t>(model->batteries.size())});
            model->batteries.push_back({.id = fmt::format("JAR-{}-{}", string, jar),
                                        .string = StringIndex{string},
                                        .position = static_cast<int>(jar) + 1,
                                        .installed_date = now_ - std::chrono::hours(24 * 400),
                                        .voltage_v = PointRef{device, slot},
                                        .temperature_c = PointRef{device, slot + 1},
                                        .internal_resistance_ohm = PointRef{device, slot + 2}});
        }
        model->strings.push_back(std::move(of));
        DeviceModel monitor{.id = layout->device, .layouts = {layout}};
        monitor.points.resize(layout->points.size());
        model->devices.push_back(std::move(monitor));
        layouts_.push_back(layout);
    }
    model_ = model;
}

double FleetSite::string_current_a(int string, double day) const {
    if (is_discharging(day)) return -20;
    if (is_recharging(day)) return 8 * std::exp(-3 * ((day - std::floor(day)) * 24 - test_hour));
    const auto first = jars_.begin() + string * jars_per_string;
    const bool runs_away =
        day >= fault_day && std::any_of(first, first + jars_per_string,
                                        [](const Jar& jar) { return jar.fault == Fault::runaway; });
    return runs_away ? 6 * float_a : float_a;
}

double FleetSite::string_voltage_v(double day) const {
    if (is_discharging(day)) return 12.4;
    return is_recharging(day) ? float_v + 0.15 : float_v;
}

void FleetSite::fill_jar(const Jar& jar, int number, double day, double string_v, double ambient_c,
                         Frame& frame) {
    const auto slot = string_points + points_per_jar * static_cast<std::size_t>(number % jars_per_string);
    const bool faulty = day >= fault_day;
    const double days_on = day - fault_day;
    double voltage_v = string_v + jar.offset_v + 0.01 * noise();
    double temperature_c = ambient_c + 1.5 + jar.offset_c + 0.2 * noise();
    double resistance_ohm = jar.resistance_ohm * (1 + 0.03 * noise());
    const Fault fault = faulty ? jar.fault : Fault::none;
    if (fault == Fault::cell_shorted) voltage_v -= 2;
    if (fault == Fault::voltage_high) voltage_v += 0.7;
    if (fault == Fault::overheated) temperature_c += 22;
    if (fault == Fault::resistance_risen) resistance_ohm *= 1 + 0.6 * std::min(days_on / 7, 1.0);
    if (fault == Fault::runaway) temperature_c += std::min(96 * days_on, 14.0);
    if (fault == Fault::sensor_frozen) voltage_v = float_v + jar.offset_v;
    // A loose clamp: one reading in a thousand is far off.
    if (random_.uniform(draws_++) < 0.001) resistance_ohm *= 1.4;
    frame.values[slot] = std::round(1'000 * voltage_v) / 1'000;
    frame.values[slot + 1] = std::round(10 * temperature_c) / 10;
    frame.values[slot + 2] = resistance_ohm;
    if (fault == Fault::sensor_wild) frame.quality[slot + 1] = Quality::out_of_range;
    if (fault == Fault::data_stopped) frame.quality[slot] = Quality::comm_error;
}

FramePtr FleetSite::frame(int string, double day) {
    auto made = std::make_shared<Frame>();
    made->layout = layouts_[static_cast<std::size_t>(string)];
    made->time = now_;
    made->values.resize(made->layout->points.size());
    made->quality.resize(made->values.size(), Quality::good);
    const double ambient_c = 24 + 2 * std::sin(2 * std::numbers::pi * day);
    made->values[0] = string_current_a(string, day);
    made->values[1] = ambient_c;
    const double string_v = string_voltage_v(day) - 0.019 * (ambient_c - 25);
    for (int jar = 0; jar < jars_per_string; ++jar) {
        const int number = string * jars_per_string + jar;
        fill_jar(jars_[static_cast<std::size_t>(number)], number, day, string_v, ambient_c, *made);
    }
    return made;
}

// A healthy jar, or one before its fault, must stay quiet; a type that its fault explains counts for it.
void FleetSite::judge(const Effects& effects, double day, FleetCount& count) {
    for (const AlertChange& change : effects.alerts) {
        if (change.transition != AlertTransition::triggered) continue;
        Jar* jar = nullptr;
        for (std::size_t i = 0; i < jars_.size(); ++i) {
            if (model_->batteries[i].id == change.alert.subject.id) jar = &jars_[i];
        }
        const bool explained = jar != nullptr && jar->fault != Fault::none && day >= fault_day;
        if (!explained) {
            ++count.false_alerts;
        } else if (alerts_of(jar->fault).contains(change.alert.type)) {
            jar->alerted = true;
        }
    }
}

FleetCount FleetSite::run(int days) {
    SiteSettings settings;
    settings.battery.baseline_readings = 5;
    Site site(model_, settings);
    FleetCount count;
    Effects effects;
    const Time start = now_;
    for (const Time end = start + std::chrono::hours(24 * days); now_ < end; now_ += step) {
        const double day = std::chrono::duration<double, std::ratio<86'400>>(now_ - start).count();
        effects.clear();
        for (int string = 0; string < strings; ++string) site.handle(frame(string, day), now_, effects);
        site.handle(Tick{}, now_, effects);
        judge(effects, day, count);
    }
    for (const Jar& jar : jars_) {
        count.faults += jar.fault != Fault::none ? 1 : 0;
        count.alerted += jar.alerted ? 1 : 0;
        count.jar_days += jar.fault == Fault::none ? days : fault_day;
    }
    return count;
}

void score_fleet_alerts(Report& report) {
    FleetCount all;
    for (const bool with_faults : {false, true, true, true}) {
        const FleetCount count =
            FleetSite(with_faults, 11 + static_cast<std::uint64_t>(all.jar_days)).run(14);
        all.faults += count.faults;
        all.alerted += count.alerted;
        all.false_alerts += count.false_alerts;
        all.jar_days += count.jar_days;
    }
    report.add({"fleet.faults", static_cast<double>(all.faults), "faults"});
    report.add({"fleet.faults_alerted", 100.0 * all.alerted / all.faults, "%", at_least(99)});
    report.add({"fleet.jar_days", all.jar_days, "d"});
    report.add(
        {"fleet.false_alerts", 1000.0 * all.false_alerts / all.jar_days, "per 1000 jar-days", at_most(1)});
}

}  // namespace sitepower::lab
