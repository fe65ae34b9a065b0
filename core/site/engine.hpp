// The inside of Site: its parts, and what each kind of event does with them. Included by the sources of this
// folder only.
#pragma once

#include <vector>

#include "core/alert/book.hpp"
#include "core/site/ageing.hpp"
#include "core/site/ageing_alerts.hpp"
#include "core/site/autonomy.hpp"
#include "core/site/batteries.hpp"
#include "core/site/battery_alerts.hpp"
#include "core/site/capacity_watch.hpp"
#include "core/site/clock.hpp"
#include "core/site/device_alarms.hpp"
#include "core/site/device_watch.hpp"
#include "core/site/latest_values.hpp"
#include "core/site/plant_alerts.hpp"
#include "core/site/rest_watch.hpp"
#include "core/site/site.hpp"
#include "core/site/telling.hpp"
#include "core/site/upses.hpp"
#include "core/site/wiring.hpp"

namespace sitepower {

// Parts refer to those above them, so their order is fixed; the whole never moves.
struct Site::State {
    State(std::shared_ptr<const SiteModel> the_model, SiteSettings the_settings);

    void on(const FramePtr& frame, Effects& effects);
    void on(const PollFailed& failure, Effects& effects);
    void on(const Tick& tick, Effects& effects);
    void on(const AcknowledgeAlert& request, Effects& effects);
    void on(const ResolveAlert& request, Effects& effects);
    void on(const StartMaintenance& request, Effects& effects);
    void on(const EndMaintenance& request, Effects& effects);
    void on(const RecordCapacityTest& request, Effects& effects);
    void on(const ReplaceBattery& request, Effects& effects);
    void on(const SystemCondition& condition, Effects& effects);
    void on(const ExpectedLoad& load, Effects& effects);

    void restore(const Snapshot& snapshot, Effects& effects);
    void take_over(const State& before, Effects& effects);
    // Of the string of that index in `before`, if it is the same and so are its batteries.
    void go_on(StringIndex string, const State& before, StringIndex old_string);
    // Hands the latest values of these slots, as far as a frame has brought them, to whom they feed.
    void apply(DeviceIndex device, std::uint32_t first_slot, std::uint32_t count);

    void replace(BatteryIndex battery, const ReplaceBattery& request, std::string serial_number,
                 Effects& effects);
    // Takes a replacement from before a restart into the model.
    void adopt(const BatteryMemory& memory);
    BatteryMemory memory_of(BatteryIndex battery) const;

    void learn(BatteryIndex battery, const HealthEvidence& test);
    // A planned test of capacity that is over enters as evidence, and is told.
    void watch_capacity(StringIndex string, Effects& effects);

    // Everything that follows once the measurements of an event are in place.
    void settle(Effects& effects);
    void lose(const LostPoints& lost);
    void watch_device(DeviceIndex device, Effects& effects);

    // Status and number of alerts, from measurements and open alerts.
    void judge_battery(BatteryIndex battery);
    void judge_string(StringIndex string);
    void judge_ups(UpsIndex ups);
    void judge_subject(SubjectNumber subject);
    void tell_string(StringIndex string, Effects& effects);

    std::shared_ptr<const SiteModel> as_configured;
    std::shared_ptr<SiteModel> model;  // the same but for replaced batteries
    SiteSettings settings;
    Clock clock;
    Wiring wiring;
    LatestValues latest;
    DeviceWatch devices;
    Batteries batteries;
    Ageing ageing;
    CapacityWatch capacity_watch;
    RestWatch rest_watch;
    Upses upses;
    Autonomy autonomy;
    RuleSet rules;
    AlertSlots slots;
    AlertBook alerts;
    BatteryAlerts battery_alerts;
    AgeingAlerts ageing_alerts;
    PlantAlerts plant_alerts;
    DeviceAlarms device_alarms;
    Telling<BatteryState> tell_battery;
    Telling<StringState> tell_of_string;
    Telling<UpsState> tell_ups;
    std::vector<LostPoints> lost_points;  // kept for their memory
    std::vector<UpsIndex> touched_upses;
    std::vector<bool> planned;
    std::vector<MeasuredTest> measured_tests;
    std::vector<RestEvidence> shown_at_rest;
};

}  // namespace sitepower
