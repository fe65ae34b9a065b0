#include "core/site/engine.hpp"

#include <algorithm>

#include "core/base/number.hpp"
#include "core/battery/chemistry.hpp"
#include "core/battery/model/cell_model.hpp"

namespace sitepower {
namespace {

// A battery that gave nothing: as little as an evidence can say, with the sigma of any other test.
constexpr double dead_health = 0.01;
constexpr double dead_sigma = 0.02;

// A test faster than the reference rate gives less of a sound battery, too. 1 where its duration is not told.
double share_of_test(const StringModel& string, const CapacityTest& test, Duration lasted) {
    if (!string.cell_model) return 1;
    return share_at_rate(string.cell_model->parameters(), CapacityWatch::rate_c(test, lasted));
}

// Lead-acid tells of its rated capacity only when it is discharged about as slowly as it was rated.
Status check_rate(const StringModel& string, const CapacityTest& test, Duration lasted) {
    if (is_lithium(string.chemistry)) return Done{};
    const double minutes = std::chrono::duration<double, std::ratio<60>>(lasted).count();
    if (!(minutes > 0)) {
        return Error{ErrorCode::validation_error,
                     "a test of a lead-acid battery needs the minutes that it took", ""};
    }
    if (!CapacityWatch::is_too_fast(string.chemistry, test, lasted)) return Done{};
    return Error{ErrorCode::validation_error,
                 digit_text(test.delivered_ah, 6) + " Ah in " + digit_text(minutes, 6) + " minutes are " +
                     digit_text(test.delivered_ah / minutes * 60, 4) + " A: of the rated " +
                     digit_text(test.rated_ah, 6) + " Ah a lead-acid battery tells by a discharge at " +
                     digit_text(CapacityWatch::highest_lead_acid_c * test.rated_ah, 4) + " A or less",
                 ""};
}

}  // namespace

Site::State::State(std::shared_ptr<const SiteModel> the_model, SiteSettings the_settings)
    : as_configured(std::move(the_model)),
      model(std::make_shared<SiteModel>(*as_configured)),
      settings(std::move(the_settings)),
      wiring(*model),
      latest(*model),
      devices(*model, settings),
      batteries(*model, settings.battery, devices),
      ageing(*model, settings.battery),
      capacity_watch(*model),
      rest_watch(*model),
      upses(*model),
      autonomy(*model, settings.battery),
      rules(settings.alert_rules),
      slots(model),
      alerts(slots, rules),
      battery_alerts(*model, rules, slots),
      ageing_alerts(*model, rules, slots),
      plant_alerts(*model, rules, slots),
      device_alarms(*model, rules, slots),
      tell_battery(model->batteries.size(), settings),
      tell_of_string(model->strings.size(), settings),
      tell_ups(model->upses.size(), settings) {}

void Site::State::on(const FramePtr& frame, Effects& effects) {
    if (!frame || !devices.heard(*frame, clock.moment())) return;
    const DeviceIndex device = frame->layout->device_index;
    latest.store(device, *frame);
    apply(device, frame->layout->first_slot, static_cast<std::uint32_t>(frame->values.size()));
    device_alarms.evaluate(device, latest.of(device), alerts, clock.moment(), effects);
    watch_device(device, effects);
    settle(effects);
}

void Site::State::apply(DeviceIndex device, std::uint32_t first_slot, std::uint32_t count) {
    const auto values = latest.of(device);
    for (const Feed& feed : wiring.feeds(device, first_slot, count)) {
        if (!values[feed.slot].seen) continue;
        if (feed.quantity >= Quantity::ups_on_battery) {
            upses.apply(feed, values[feed.slot], clock.moment());
            const auto ups = static_cast<UpsIndex>(feed.part);
            if (touched_upses.empty() || touched_upses.back() != ups) touched_upses.push_back(ups);
        } else {
            batteries.apply(feed, values[feed.slot], clock.moment());
        }
    }
}

void Site::State::on(const PollFailed& failure, Effects& effects) {
    if (position(failure.device) >= model->devices.size()) return;
    devices.failed(failure, clock.moment());
    watch_device(failure.device, effects);
    settle(effects);
}

// Delays run out here, so every string is looked at, changed or not.
void Site::State::on(const Tick&, Effects& effects) {
    lost_points.clear();
    devices.tick(clock.moment(), lost_points);
    for (const LostPoints& lost : lost_points) lose(lost);
    for (const DeviceState& state : devices.states()) watch_device(state.device, effects);
    plant_alerts.evaluate_system(alerts, clock.moment(), effects);
    alerts.tick(clock.moment(), effects);
    for (std::size_t i = 0; i < model->strings.size(); ++i) batteries.touch(static_cast<StringIndex>(i));
    for (std::size_t i = 0; i < model->upses.size(); ++i) touched_upses.push_back(static_cast<UpsIndex>(i));
    settle(effects);
}

void Site::State::on(const AcknowledgeAlert& request, Effects& effects) {
    const auto done =
        alerts.acknowledge(request.alert_id, request.who, request.note, clock.moment(), effects);
    if (!done) effects.refusal = done.error();
}

void Site::State::on(const ResolveAlert& request, Effects& effects) {
    const auto done = alerts.resolve(request.alert_id, request.who, request.note, clock.moment(), effects);
    if (!done) effects.refusal = done.error();
    settle(effects);
}

void Site::State::on(const StartMaintenance& request, Effects& effects) {
    const auto done = alerts.start_maintenance(request.window, clock.moment(), effects);
    if (!done) effects.refusal = done.error();
}

void Site::State::on(const EndMaintenance& request, Effects& effects) {
    const auto done = alerts.end_maintenance(request.window_id, clock.moment(), effects);
    if (!done) effects.refusal = done.error();
}

void Site::State::on(const RecordCapacityTest& request, Effects& effects) {
    const auto found = std::ranges::find(model->batteries, request.battery_id, &BatteryModel::id);
    if (found == model->batteries.end()) {
        effects.refusal = Error{ErrorCode::not_found, "there is no battery '" + request.battery_id + "'", ""};
        return;
    }
    const StringModel& string = model->strings[position(found->string)];
    CapacityTest test = request.test;
    test.rated_ah = string.nominal_capacity_ah;
    test.share_at_rate = share_of_test(string, test, request.lasted);
    const auto rate = check_rate(string, test, request.lasted);
    if (!rate) {
        effects.refusal = rate.error();
        return;
    }
    const auto evidence = evidence_of(test, string);
    if (!evidence || test.time > clock.moment().wall) {
        effects.refusal =
            Error{ErrorCode::validation_error,
                  "a test tells of a battery's health only when it reached the end voltage, is not "
                  "in the future, and delivered less than 1.5 times the nominal " +
                      digit_text(test.rated_ah, 6) + " Ah at 25 degrees",
                  ""};
        return;
    }
    const auto battery = static_cast<BatteryIndex>(found - model->batteries.begin());
    learn(battery, *evidence);
    effects.capacity_tests.push_back({.battery = battery,
                                      .test = test,
                                      .lasted = request.lasted,
                                      .health_pct = 100 * evidence->health,
                                      .passed = 100 * evidence->health >= settings.battery.eol_soh_pct,
                                      .who = request.who});
    batteries.touch(found->string);
    settle(effects);
}

void Site::State::learn(BatteryIndex battery, const HealthEvidence& test) {
    ageing.learn(battery, test);
    ageing_alerts.take_test(battery);
}

void Site::State::watch_capacity(StringIndex string, Effects& effects) {
    const Time now = clock.moment().wall;
    planned.clear();
    if (!alerts.windows().empty() && capacity_watch.wants_plan(string, batteries)) {
        for (const BatteryIndex battery : model->strings[position(string)].batteries) {
            planned.push_back(alerts.is_maintained(slots.number(battery), now));
        }
    }
    measured_tests.clear();
    capacity_watch.update(string, batteries, planned, clock.moment(), measured_tests);
    const StringModel& of = model->strings[position(string)];
    for (const MeasuredTest& measured : measured_tests) {
        CapacityTest complete = measured.test;
        complete.reached_end_voltage = true;
        complete.share_at_rate = share_of_test(of, complete, measured.lasted);
        const auto evidence = evidence_of(complete, of);
        // Far more than rated: the rating is wrong. Nothing at all: dead.
        if (!evidence && measured.test.delivered_ah > measured.test.rated_ah) continue;
        const double health_pct = evidence ? 100 * evidence->health : 0;
        const HealthEvidence dead{measured.test.time, dead_health, dead_sigma};
        if (measured.flaw.empty()) learn(measured.battery, evidence.value_or(dead));
        effects.capacity_tests.push_back({.battery = measured.battery,
                                          .test = measured.test,
                                          .lasted = measured.lasted,
                                          .health_pct = health_pct,
                                          .passed = health_pct >= settings.battery.eol_soh_pct,
                                          .flaw = measured.flaw,
                                          .who = "measured"});
    }
}

void Site::State::on(const SystemCondition& condition, Effects& effects) {
    const auto done = plant_alerts.set(condition);
    if (!done) {
        effects.refusal = done.error();
        return;
    }
    plant_alerts.evaluate_system(alerts, clock.moment(), effects);
    settle(effects);
}

void Site::State::on(const ExpectedLoad& load, Effects& effects) {
    const auto done = autonomy.expect(load);
    if (!done) {
        effects.refusal = done.error();
        return;
    }
    touched_upses.push_back(load.ups);
    for (const StringIndex string : model->upses[position(load.ups)].strings) batteries.touch(string);
    settle(effects);
}

void Site::State::lose(const LostPoints& lost) {
    latest.lose(lost.device, lost.first_slot, lost.count);
    for (const Feed& feed : wiring.feeds(lost.device, lost.first_slot, lost.count)) {
        if (feed.quantity >= Quantity::ups_on_battery) {
            upses.lose(feed, clock.moment());
        } else {
            batteries.lose(feed, clock.moment());
        }
    }
}

void Site::State::watch_device(DeviceIndex device, Effects& effects) {
    plant_alerts.evaluate(devices.states()[position(device)], wiring, alerts, clock.moment(), effects);
    devices.tell(device, clock.moment(), effects.devices);
}

void Site::State::settle(Effects& effects) {
    const Moment& moment = clock.moment();
    for (const UpsIndex ups : touched_upses) {
        plant_alerts.evaluate(upses.states()[position(ups)], alerts, moment, effects);
    }
    for (const StringIndex string : batteries.touched()) {
        batteries.settle(string, upses.on_battery(model->strings[position(string)]), moment);
        watch_capacity(string, effects);
        shown_at_rest.clear();
        rest_watch.update(string, batteries, moment, shown_at_rest);
        for (const RestEvidence& shown : shown_at_rest) ageing.learn(shown.battery, shown.evidence);
        ageing.update(string, batteries, moment);
        battery_alerts.evaluate(string, batteries, alerts, moment, effects);
        ageing_alerts.evaluate(string, batteries, devices, alerts, moment, effects);
    }
    for (const UpsIndex ups : touched_upses) {
        autonomy.estimate(upses.states()[position(ups)], batteries, moment);
        plant_alerts.evaluate_autonomy(upses.states()[position(ups)], alerts, moment, effects);
    }
    for (const SubjectNumber subject : alerts.changed()) judge_subject(subject);
    alerts.clear_changed();
    for (const StringIndex string : batteries.touched()) tell_string(string, effects);
    for (const UpsIndex ups : touched_upses) {
        judge_ups(ups);
        tell_ups.consider(position(ups), upses.states()[position(ups)], moment, effects.upses);
    }
    batteries.clear_touched();
    touched_upses.clear();
}

// The string of a battery whose alerts have changed is told too, and so is a UPS.
void Site::State::judge_subject(SubjectNumber subject) {
    const auto index = slots.index(subject);
    switch (slots.kind(subject)) {
        case SubjectKind::battery:
            batteries.touch(model->batteries[index].string);
            break;
        case SubjectKind::string:
            batteries.touch(static_cast<StringIndex>(index));
            break;
        case SubjectKind::ups:
            touched_upses.push_back(static_cast<UpsIndex>(index));
            break;
        default:
            break;
    }
}

void Site::State::tell_string(StringIndex string, Effects& effects) {
    for (const BatteryIndex battery : model->strings[position(string)].batteries) {
        judge_battery(battery);
        tell_battery.consider(position(battery), batteries.batteries()[position(battery)], clock.moment(),
                              effects.batteries);
    }
    judge_string(string);
    tell_of_string.consider(position(string), batteries.strings()[position(string)], clock.moment(),
                            effects.strings);
}

}  // namespace sitepower
