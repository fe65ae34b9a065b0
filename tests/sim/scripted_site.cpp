#include "tests/sim/scripted_site.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace sitepower::sim {
namespace {

constexpr DeviceIndex ups_device{0};
constexpr DeviceIndex monitor_device{1};
constexpr DeviceIndex bms_device{2};
constexpr double capacity_ah = 100;
constexpr Duration slow_period{60'000};

void add_layout(DeviceModel& device, DeviceIndex index, const std::string& group, Duration period,
                const std::vector<std::string>& names) {
    auto layout = std::make_shared<Layout>();
    layout->device = device.id;
    layout->device_index = index;
    layout->group = group;
    layout->period = period;
    layout->first_slot = static_cast<std::uint32_t>(device.points.size());
    for (const auto& name : names) {
        device.points.push_back({name, ""});
        layout->points.push_back({name, ""});
    }
    device.layouts.push_back(std::move(layout));
}

PointRef ref(DeviceIndex device, std::size_t slot) {
    return {device, static_cast<std::uint32_t>(slot)};
}

// Fast: two currents, the room, then voltage and temperature of each jar. Slow: a resistance of each jar.
void add_monitor(SiteModel& model, Duration period) {
    DeviceModel& monitor = model.devices[position(monitor_device)];
    std::vector<std::string> fast{"str1.current_a", "str2.current_a", "room_c"};
    std::vector<std::string> slow;
    for (std::size_t jar = 0; jar < 2 * jars_per_string; ++jar) {
        const std::string name = "jar" + std::to_string(jar + 1);
        fast.push_back(name + ".voltage_v");
        fast.push_back(name + ".temperature_c");
        slow.push_back(name + ".internal_resistance_ohm");
    }
    add_layout(monitor, monitor_device, "fast", period, fast);
    add_layout(monitor, monitor_device, "slow", slow_period, slow);
    for (std::size_t s = 0; s < 2; ++s) {
        StringModel string;
        string.id = "STR-0" + std::to_string(s + 1);
        string.ups = UpsIndex{0};
        string.nominal_capacity_ah = capacity_ah;
        string.current_a = ref(monitor_device, s);
        string.ambient_temperature_c = ref(monitor_device, 2);
        for (std::size_t j = 0; j < jars_per_string; ++j) {
            const std::size_t jar = s * jars_per_string + j;
            BatteryModel battery;
            battery.id = "BAT-" + std::to_string(jar + 1);
            battery.serial_number = "SN" + std::to_string(jar + 1);
            battery.string = static_cast<StringIndex>(s);
            battery.position = static_cast<int>(j + 1);
            battery.voltage_v = ref(monitor_device, 3 + 2 * jar);
            battery.temperature_c = ref(monitor_device, 4 + 2 * jar);
            battery.internal_resistance_ohm = ref(monitor_device, fast.size() + jar);
            string.batteries.push_back(static_cast<BatteryIndex>(jar));
            model.batteries.push_back(battery);
        }
        model.strings.push_back(string);
    }
}

void add_pack(SiteModel& model, Duration period) {
    add_layout(model.devices[position(bms_device)], bms_device, "fast", period,
               {"voltage_v", "current_a", "temperature_c"});
    StringModel string;
    string.id = "PACK-STR";
    string.ups = UpsIndex{0};
    string.chemistry = Chemistry::lfp;
    string.nominal_voltage_v = 51.2;
    string.nominal_capacity_ah = capacity_ah;
    string.float_voltage_v = 55.2;
    string.current_a = ref(bms_device, 1);
    string.batteries = {static_cast<BatteryIndex>(pack)};
    BatteryModel battery;
    battery.id = "PACK-01";
    battery.string = StringIndex{2};
    battery.voltage_v = ref(bms_device, 0);
    battery.temperature_c = ref(bms_device, 2);
    model.strings.push_back(string);
    model.batteries.push_back(battery);
}

std::shared_ptr<Frame> frame_of(const SiteModel& model, DeviceIndex device, std::size_t group, Time time) {
    auto frame = std::make_shared<Frame>();
    frame->layout = model.devices[position(device)].layouts[group];
    frame->time = time;
    frame->quality.assign(frame->layout->points.size(), Quality::good);
    return frame;
}

std::string text(const char* format, double value) {
    std::array<char, 40> buffer{};
    std::snprintf(buffer.data(), buffer.size(), format, value);
    return buffer.data();
}

std::string text(const std::optional<double>& value, std::string_view reason) {
    return value ? text("%.9g", *value) : "null(" + std::string(reason) + ")";
}

}  // namespace

std::shared_ptr<const SiteModel> make_model(Duration period) {
    auto model = std::make_shared<SiteModel>();
    model->id = "DC-SIM";
    model->devices.resize(3);
    model->devices[0].id = "UPS-01";
    model->devices[0].kind = DeviceKind::ups;
    model->devices[1].id = "MON-01";
    model->devices[1].kind = DeviceKind::battery_monitor;
    model->devices[2].id = "BMS-01";
    model->devices[2].kind = DeviceKind::bms;
    add_layout(model->devices[0], ups_device, "fast", period, {"on_battery", "load_kw", "runtime_min"});
    UpsModel ups;
    ups.device = ups_device;
    ups.on_battery = ref(ups_device, 0);
    ups.load_kw = ref(ups_device, 1);
    ups.runtime_min = ref(ups_device, 2);
    ups.strings = {StringIndex{0}, StringIndex{1}, StringIndex{2}};
    model->upses.push_back(ups);
    add_monitor(*model, period);
    add_pack(*model, period);
    return model;
}

ScriptedSite::ScriptedSite(SiteSettings settings, Duration period)
    : settings_(std::move(settings)),
      model_(make_model(period)),
      site_(std::make_unique<Site>(model_, settings_)),
      period_(period) {}

void ScriptedSite::run(Duration duration) {
    const Duration until = passed_ + duration;
    while (passed_ < until) {
        passed_ += Duration{1'000};
        step_plant();
        poll();
        handle(Tick{});
    }
}

void ScriptedSite::handle(const Event& event) {
    effects_.clear();
    site_->handle(event, now(), effects_);
    record();
}

void ScriptedSite::restart(Duration pause) {
    const Snapshot snapshot = site_->snapshot();
    const Duration until = passed_ + pause;
    for (; passed_ < until; passed_ += Duration{1'000}) step_plant();
    site_ = std::make_unique<Site>(model_, settings_);
    effects_.clear();
    site_->restore(snapshot, now(), effects_);
    record();
}

const Alert* ScriptedSite::find_open(std::string_view type) const {
    const auto found = std::ranges::find(site_->open_alerts(), type, &Alert::type);
    return found == site_->open_alerts().end() ? nullptr : &*found;
}

// On the mains the strings are charged with 10 A, tapering off over the last 5 Ah; the pack likewise.
void ScriptedSite::step_plant() {
    const auto current = [&](double missing_ah) {
        if (!plant_.mains) return missing_ah < capacity_ah ? -plant_.load_a : 0.0;
        return missing_ah > 5 ? 10.0 : std::max(0.2, 2 * missing_ah);
    };
    string_a_ = current(plant_.missing_ah);
    pack_a_ = current(plant_.pack_missing_ah);
    plant_.missing_ah = std::clamp(plant_.missing_ah - string_a_ / 3600, 0.0, capacity_ah);
    plant_.pack_missing_ah = std::clamp(plant_.pack_missing_ah - pack_a_ / 3600, 0.0, capacity_ah);
}

void ScriptedSite::poll() {
    const auto due = [&](Duration period) { return passed_.count() % period.count() == 0; };
    const double charge = 1 - plant_.missing_ah / capacity_ah;
    const double pack_charge = 1 - plant_.pack_missing_ah / capacity_ah;
    const bool full = plant_.missing_ah < 0.5;
    double jar_v = full ? 13.65 : 12.6 + charge;
    double pack_v = plant_.pack_missing_ah < 0.5 ? 55.2 : 52 + 2 * pack_charge;
    if (!plant_.mains) {
        jar_v = 10.0 + 2.5 * charge;
        pack_v = 45 + 7 * pack_charge;
    }
    if (due(period_)) {
        auto ups = frame_of(*model_, ups_device, 0, now());
        ups->values = {plant_.mains ? 0.0 : 1.0, 20.0, 60 * charge};
        handle(FramePtr(ups));
        if (plant_.monitor_answers) {
            auto monitor = frame_of(*model_, monitor_device, 0, now());
            monitor->values = {string_a_, string_a_, plant_.room_c};
            for (std::size_t jar = 0; jar < 2 * jars_per_string; ++jar) {
                monitor->values.push_back(jar_v + plant_.extra_v[jar] + 0.001 * static_cast<double>(jar % 7));
                monitor->values.push_back(plant_.room_c + plant_.extra_c[jar]);
            }
            handle(FramePtr(monitor));
        } else {
            handle(PollFailed{monitor_device, now(), "MON-01: no answer within 300 ms"});
        }
        if (plant_.bms_answers) {
            auto bms = frame_of(*model_, bms_device, 0, now());
            bms->values = {pack_v, pack_a_, plant_.room_c};
            handle(FramePtr(bms));
        } else {
            handle(PollFailed{bms_device, now(), "BMS-01: connection refused"});
        }
    }
    if (due(slow_period) && plant_.monitor_answers) {
        auto slow = frame_of(*model_, monitor_device, 1, now());
        for (std::size_t jar = 0; jar < 2 * jars_per_string; ++jar) {
            slow->values.push_back(0.0045 * plant_.resistance_factor[jar]);
        }
        handle(FramePtr(slow));
    }
}

void ScriptedSite::record() {
    const std::string at = format_time(now()) + " ";
    for (const auto& change : effects_.alerts) {
        alerts_.push_back(change);
        log_.push_back(at + std::string(to_string(change.transition)) + " " + change.alert.id + " " +
                       std::string(to_string(change.alert.severity)) + " " + change.alert.subject.id + " " +
                       change.alert.message);
    }
    for (const auto& device : effects_.devices) {
        log_.push_back(at + model_->devices[position(device.device)].id + " " +
                       std::string(to_string(device.status)) + " " + device.reason);
    }
    for (const auto& battery : effects_.batteries) {
        ++told_batteries_;
        log_.push_back(at + model_->batteries[position(battery.battery)].id + " " +
                       std::string(to_string(battery.status)) + " " +
                       text(battery.voltage_v.value, battery.voltage_v.reason) + " V, " +
                       text(battery.soc_pct.value, battery.soc_pct.reason) + " % +- " +
                       text("%.9g", battery.soc_pct.sigma));
    }
    for (const auto& ups : effects_.upses) {
        log_.push_back(at + "UPS " +
                       (ups.on_battery ? (*ups.on_battery ? "on battery" : "on mains")
                                       : "unknown " + std::string(ups.on_battery_reason)));
    }
    if (effects_.refusal) refusal_ = effects_.refusal;
    check_sanity();
}

// Holds always: a value or a reason, never neither, and no number that is not finite.
void ScriptedSite::check_sanity() const {
    const auto measurement = [](const Measurement& of) {
        EXPECT_EQ(of.value.has_value(), of.reason.empty()) << of.reason;
        EXPECT_TRUE(std::isfinite(of.value.value_or(0)));
    };
    const auto estimate = [](const Estimate& of) {
        EXPECT_EQ(of.value.has_value(), of.status != EstimateStatus::unknown);
        EXPECT_TRUE(of.value || !of.reason.empty());
        EXPECT_TRUE(std::isfinite(of.value.value_or(0)));
        EXPECT_TRUE(std::isfinite(of.sigma));
    };
    for (const auto& state : effects_.batteries) {
        for (const auto* of :
             {&state.voltage_v, &state.current_a, &state.temperature_c, &state.internal_resistance_ohm}) {
            measurement(*of);
        }
        for (const auto* of : {&state.soc_pct, &state.soh_pct, &state.rul_days, &state.resistance_ratio}) {
            estimate(*of);
        }
        EXPECT_EQ(state.status == HealthStatus::unknown, !state.status_reason.empty());
    }
    for (const auto& state : effects_.strings) {
        for (const auto* of : {&state.current_a, &state.voltage_v, &state.voltage_imbalance_v})
            measurement(*of);
        estimate(state.soc_pct);
    }
    for (const auto& state : effects_.upses) {
        EXPECT_EQ(state.on_battery.has_value(), state.on_battery_reason.empty());
        measurement(state.load_kw);
        measurement(state.autonomy_ups_min);
        estimate(state.autonomy_min);
    }
}

}  // namespace sitepower::sim
