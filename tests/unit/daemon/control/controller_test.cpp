// From plans to orders: what is written when, to whom, and what is told of it.
#include "daemon/control/controller.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "tests/support/fake_context.hpp"

namespace sitepower::controller_test {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// A desk that keeps what was ordered until the test answers.
class SlowDesk final : public CommandDesk {
  public:
    SlowDesk() {
        const auto fixed = [](const char* name, std::uint16_t address) {
            return DeviceCommand{.name = name, .order = {.request = {.address = address, .words = {1}}}};
        };
        DeviceCommand set{
            .name = "power.set",
            .unit = "kW",
            .value = CommandValue{.type = PointType::s16, .scale = 0.1, .lowest = -30, .highest = 30},
            .order = {.request = {.address = 1}}};
        known = {{DeviceIndex{1}, true, fixed("take", 0)},
                 {DeviceIndex{1}, true, fixed("release", 2)},
                 {DeviceIndex{1}, true, fixed("alive", 3)},
                 {DeviceIndex{1}, true, set}};
    }
    std::span<const config::CommandConfig> commands() const override { return known; }
    Status order(OrderedCommand planned, Done done) override {
        if (is_full) return Error{ErrorCode::service_unavailable, "too many are under way", ""};
        static const std::map<int, std::string> names{{0, "take"}, {2, "release"}, {3, "alive"}};
        const auto name = names.find(planned.order.request.address);
        said.push_back(name != names.end() ? name->second : fmt::format("set {}", *planned.written));
        EXPECT_EQ(planned.order.patience, Controller::write_patience);
        waiting.push_back(std::move(done));
        return sitepower::Done{};
    }
    // Answers what waits, and what follows from that.
    void answer(modbus::WriteOutcome outcome = modbus::WriteOutcome::verified) {
        while (!waiting.empty()) {
            auto done = std::move(waiting.front());
            waiting.erase(waiting.begin());
            done(
                {.outcome = outcome, .reason = outcome == modbus::WriteOutcome::verified ? "" : "no answer"});
        }
    }

    std::vector<config::CommandConfig> known;
    std::vector<std::string> said;
    std::vector<Done> waiting;
    bool is_full = false;
};

class ControllerTest : public testing::Test {
  protected:
    ControllerTest() {
        PlannedBattery battery;
        battery.charge = StringIndex{0};
        planner_.dispatch.batteries = {battery};
        now_ = planner_.plan->start + 1s;
        site_.ups_states[0].on_battery = false;
        site_.string_states[0].soc_pct = {.value = 60, .status = EstimateStatus::ok, .reason = {}};
        measure(0);
        plan(-12);
    }
    void plan(double kw, std::size_t battery = 0) {
        auto& moves = planner_.plan->plan.schedule.batteries[battery];
        std::ranges::fill(moves.charge_kw, std::max(kw, 0.0));
        std::ranges::fill(moves.discharge_kw, std::max(-kw, 0.0));
    }
    // The meter of the made-up site plays the inverter's power.
    void measure(double kw) {
        site_.latest_values[2][0] = {.value = kw, .quality = Quality::good, .time = now_, .seen = true};
    }
    void load(double kw) {
        planner_.dispatch.load = {.points = {PointRef{DeviceIndex{0}, 0}}, .names = {"ups-1/load_kw"}};
        site_.latest_values[0][0] = {.value = kw, .quality = Quality::good, .time = now_, .seen = true};
    }
    std::optional<double> wanted(std::size_t device) const {
        return controller_.controlled().at(device).wanted_kw;
    }
    // What the inverter of the second battery does.
    void measure_second(double kw) {
        site_.latest_values[0][1] = {.value = kw, .quality = Quality::good, .time = now_, .seen = true};
    }
    // Another that is planned like the first, without a reserve.
    std::shared_ptr<ControlSettings> two_batteries() {
        planner_.dispatch.batteries.push_back(planner_.dispatch.batteries[0]);
        auto& of = *planner_.plan;
        of.problem.demand.reset();
        of.problem.batteries[0].reserve_kwh.clear();
        of.problem.batteries.push_back(of.problem.batteries[0]);
        of.plan.schedule.batteries.push_back(of.plan.schedule.batteries[0]);
        of.capacity_kwh.push_back(of.capacity_kwh[0]);
        auto both = settings();
        both->devices.push_back(both->devices[0]);
        both->devices[1].id = "LIB-02";
        both->devices[1].index = 1;
        both->devices[1].power = {.points = {PointRef{DeviceIndex{0}, 1}}, .names = {"ups-1/second"}};
        measure_second(0);
        any_topic_ = true;
        return both;
    }
    static std::shared_ptr<ControlSettings> settings() {
        ControlledDevice device;
        device.id = "LIB-01";
        device.device = DeviceIndex{1};
        device.device_id = "monitor-1";
        device.limits = {.lowest_kw = -30, .highest_kw = 30, .ramp_kw_per_s = 10, .preparations = 1};
        device.prepare = {{"take", {}}};
        device.setpoint = "power.set";
        device.release = {"release", {}};
        device.power = {.points = {PointRef{DeviceIndex{2}, 0}}, .names = {"meter-1/power_kw"}};
        device.release_write.device = "monitor-1";
        auto all = std::make_shared<ControlSettings>();
        all->devices.push_back(device);
        return all;
    }
    void run(int seconds) {
        for (int i = 0; i < seconds; ++i) {
            now_ += 1s;
            steady_ += 1s;
            controller_.tick();
            desk_.answer();
        }
    }
    Controller::Outlets outlets() {
        return {
            .now = [this] { return now_; },
            .steady = [this] { return steady_; },
            .tell_retained =
                [this](const std::string& topic, const Json& body) {
                    EXPECT_TRUE(any_topic_ || topic == "control/LIB-01") << topic;
                    told_.push_back(body);
                },
            .clear = [this](const std::string& topic) { cleared_.push_back(topic); },
            .tell_event = [this](const std::string&, const Json& body) { events_.push_back(body["state"]); },
            .condition =
                [this](std::string_view type, bool holds, const std::string& message) {
                    conditions_.push_back(std::string(type) + (holds ? ": " + message : " over"));
                },
            .keep_releases = [this](const std::vector<ReleaseWrite>& writes) -> Status {
                if (disk_full_) return Error{ErrorCode::service_unavailable, "the disk is full", ""};
                kept_.push_back(writes.size());
                return Done{};
            }};
    }

    support::SiteWithMains site_;
    support::FakePlanner planner_;
    SlowDesk desk_;
    Time now_{};
    Duration steady_{1'000'000};
    bool disk_full_ = false;
    bool any_topic_ = false;
    std::vector<Json> told_;
    std::vector<std::string> cleared_, events_, conditions_;
    std::vector<std::size_t> kept_;
    Controller controller_{site_, planner_, desk_, outlets()};
};

TEST_F(ControllerTest, CarriesThePlanIntoTheDevice) {
    controller_.configure(settings());
    EXPECT_THAT(kept_, ElementsAre(1)) << "before anything is written";
    EXPECT_TRUE(controller_.may_follow(0));
    run(1);
    measure(-12);
    run(60);
    EXPECT_THAT(desk_.said, ElementsAre("take", "set -12"));
    EXPECT_THAT(events_, ElementsAre("preparing", "controlling"));
    EXPECT_EQ(told_.back()["setpoint_kw"], -12);
    EXPECT_EQ(told_.back()["battery"], "LIB-01");
    EXPECT_THAT(conditions_, IsEmpty());
    plan(20);
    run(1);
    EXPECT_EQ(desk_.said.back(), "set 20");
    EXPECT_EQ(controller_.controlled()[0].wanted_kw, 20);
}

TEST_F(ControllerTest, KeepsTheReserveAndTheContract) {
    controller_.configure(settings());
    planner_.plan->problem.batteries[0].reserve_kwh.assign(planner_.plan->problem.steps(), 1e6);
    run(1);
    EXPECT_EQ(controller_.controlled()[0].wanted_kw, 0) << "nothing is taken from the reserve";
    planner_.plan->problem.batteries[0].reserve_kwh.clear();
    planner_.plan->problem.demand.reset();
    planner_.plan->problem.batteries[0].stored_max_kwh = 1e6;
    planner_.dispatch.site.import_limit_kw = 100;
    plan(20);
    load(90);
    run(1);
    EXPECT_EQ(controller_.controlled()[0].wanted_kw, 10) << "the load takes more than was expected";
    site_.string_states[0].soc_pct.value.reset();
    run(1);
    EXPECT_EQ(controller_.controlled()[0].wanted_kw, 0) << "its charge is not known";
}

// The reserve goes before the contract: where the plan breaks it for the reserve, so does the control.
TEST_F(ControllerTest, ChargesTheReserveBackBeyondTheContract) {
    controller_.configure(settings());
    planner_.plan->problem.demand.reset();
    planner_.plan->problem.batteries[0].stored_max_kwh = 1e6;
    planner_.dispatch.site.import_limit_kw = 42;
    planner_.plan->plan.schedule.import_kw.assign(planner_.plan->problem.steps(), 48);
    plan(8);
    load(40);
    run(1);
    EXPECT_EQ(controller_.controlled()[0].wanted_kw, 2);
    planner_.plan->plan.status = dispatch::PlanStatus::relaxed;
    run(1);
    EXPECT_EQ(controller_.controlled()[0].wanted_kw, 8);
    load(43);
    run(1);
    EXPECT_EQ(controller_.controlled()[0].wanted_kw, 5) << "and no more than it was planned to";
}

// The first has nothing above its reserve to give; the second has.
TEST_F(ControllerTest, AnotherBatteryKeepsTheContractWhereOneMayNot) {
    controller_.configure(two_batteries());
    planner_.plan->problem.batteries[0].reserve_kwh.assign(planner_.plan->problem.steps(), 1e6);
    planner_.dispatch.site.import_limit_kw = 36;
    plan(0);
    plan(0, 1);
    load(41);
    run(1);
    EXPECT_EQ(wanted(0), 0);
    EXPECT_EQ(wanted(1), -5);
    plan(-12);
    run(1);
    EXPECT_EQ(wanted(0), 0) << "planned from before its reserve was raised";
    EXPECT_EQ(wanted(1), -5);
}

// What is handed back does nothing for the contract, whatever was planned of it.
TEST_F(ControllerTest, AnotherBatteryKeepsTheContractWhereOneIsHandedBack) {
    controller_.configure(two_batteries());
    planner_.dispatch.site.import_limit_kw = 30;
    plan(0, 1);
    load(40);
    for (int second = 0; second < 10; ++second) {
        run(1);
        measure_second(*wanted(1));
    }
    EXPECT_EQ(wanted(0), -12);
    EXPECT_EQ(wanted(1), 0) << "the first is thought to follow";
    for (int second = 0; second < 30; ++second) {
        run(1);
        measure_second(*wanted(1));
    }
    EXPECT_EQ(controller_.controlled()[0].state, dispatch::ControlState::suspended);
    EXPECT_EQ(wanted(1), -10);
    measure(4);  // it charges by its own control
    run(1);
    EXPECT_EQ(wanted(1), -14);
}

TEST_F(ControllerTest, ABatteryWithoutControlCountsAsPlanned) {
    auto second = two_batteries();
    second->devices.erase(second->devices.begin());
    controller_.configure(second);
    planner_.dispatch.site.import_limit_kw = 36;
    plan(8);
    plan(0, 1);
    load(30);
    run(1);
    EXPECT_EQ(wanted(0), -2);
}

TEST_F(ControllerTest, DischargesNoMoreThanTheSiteDrawsAndMayExport) {
    controller_.configure(settings());
    planner_.plan->problem.demand.reset();
    planner_.dispatch.site.import_limit_kw = 100;
    load(20);
    run(1);
    EXPECT_EQ(wanted(0), -12);
    load(5);
    run(1);
    measure(-5);
    EXPECT_EQ(wanted(0), -5);
    planner_.dispatch.site.export_limit_kw = 4;
    run(1);
    EXPECT_EQ(wanted(0), -9);
    planner_.dispatch.pv = {.points = {PointRef{DeviceIndex{2}, 0}}, .names = {"meter-1/power_kw"}};
    site_.latest_values[2][0].value = 6;
    run(1);
    EXPECT_EQ(wanted(0), -3) << "generation goes before";
    site_.latest_values[2][0].quality = Quality::stale;
    planner_.plan->problem.pv_kw.assign(planner_.plan->problem.steps(), 20);
    run(1);
    EXPECT_EQ(wanted(0), 0) << "what is planned of it may be there, though nobody sees it";
}

TEST_F(ControllerTest, TwoDischargeNoMoreThanTheSiteDraws) {
    controller_.configure(two_batteries());
    planner_.dispatch.site.import_limit_kw = 100;
    load(15);
    run(1);
    EXPECT_EQ(wanted(0), -12);
    EXPECT_EQ(wanted(1), -3);
    measure(-12);
    measure_second(-3);
    run(2);
    EXPECT_EQ(*wanted(0) + *wanted(1), -15);
}

// Where load alone is beyond the contract, what is stored above the reserve brings it back.
TEST_F(ControllerTest, ARelaxedPlanThatDoesNotChargeKeepsTheContractAsFarAsItCan) {
    controller_.configure(settings());
    planner_.plan->problem.demand.reset();
    planner_.plan->plan.status = dispatch::PlanStatus::relaxed;
    planner_.plan->plan.schedule.import_kw.assign(planner_.plan->problem.steps(), 40);
    planner_.dispatch.site.import_limit_kw = 30;
    plan(0);
    load(40);
    run(1);
    EXPECT_EQ(wanted(0), -10);
}

// Half of the quarter 10 kW above the peak: the other half as much below.
TEST_F(ControllerTest, MakesUpForTheAverageOfTheRunningQuarter) {
    controller_.configure(settings());
    planner_.plan->problem.demand = dispatch::DemandCharge{.price_per_kw = 10, .window = {}};
    planner_.plan->plan.schedule.peak_kw = 30;
    planner_.dispatch.site.import_limit_kw = 100;
    plan(0);
    load(40);
    site_.string_states[0].soc_pct.value.reset();
    run(449);
    EXPECT_EQ(wanted(0), 0) << "its charge is not known";
    site_.string_states[0].soc_pct.value = 60;
    run(1);
    EXPECT_NEAR(*wanted(0), -20, 0.1);
    measure(*wanted(0));
    run(300);
    EXPECT_NEAR(*wanted(0), -20, 0.2);
    now_ = planner_.plan->start + 15min;
    run(1);
    EXPECT_EQ(wanted(0), -10) << "the next quarter";
}

TEST_F(ControllerTest, TheMeterOfTheImportSaysWhatIsBilled) {
    controller_.configure(settings());
    planner_.plan->problem.demand = dispatch::DemandCharge{.price_per_kw = 10, .window = {}};
    planner_.plan->plan.schedule.peak_kw = 30;
    planner_.dispatch.site.import_limit_kw = 100;
    planner_.dispatch.import = {.points = {PointRef{DeviceIndex{0}, 1}}, .names = {"ups-1/import_kw"}};
    site_.latest_values[0][1] = {.value = 40, .quality = Quality::good, .time = now_, .seen = true};
    plan(0);
    load(30);
    run(449);
    EXPECT_NEAR(*wanted(0), -10, 0.1) << "the load alone would be within the peak";
}

TEST_F(ControllerTest, NamesWhatIsNotHandedBack) {
    controller_.configure(settings());
    run(1);
    measure(-12);
    run(10);
    EXPECT_EQ(controller_.not_handed_back(), "LIB-01");
    controller_.end();
    desk_.answer(modbus::WriteOutcome::unknown);
    EXPECT_FALSE(controller_.is_handed_back());
    EXPECT_EQ(controller_.not_handed_back(), "LIB-01");
}

TEST_F(ControllerTest, APlanThatHasRunOutHandsBack) {
    controller_.configure(settings());
    run(1);
    measure(-12);
    run(10);
    now_ = planner_.plan->valid_until();
    run(40);
    EXPECT_EQ(desk_.said.back(), "release");
    EXPECT_TRUE(controller_.is_handed_back());
}

TEST_F(ControllerTest, AnOutageIsToldByAnyUps) {
    controller_.configure(settings());
    run(1);
    measure(-12);
    run(10);
    site_.ups_states[0].on_battery = true;
    run(100);
    EXPECT_THAT(desk_.said, ElementsAre("take", "set -12", "release"));
    EXPECT_EQ(events_.back(), "mains_failed");
    EXPECT_FALSE(controller_.may_follow(0));
}

TEST_F(ControllerTest, WhatDoesNotFollowIsAnAlertUntilItDoes) {
    controller_.configure(settings());
    run(30);
    EXPECT_THAT(conditions_,
                ElementsAre(HasSubstr("setpoint_not_followed: LIB-01 by monitor-1 ignores: -12.0 kW")));
    EXPECT_THAT(desk_.said, ElementsAre("take", "set -12", "release"));
    EXPECT_EQ(told_.back()["trouble"], "ignores");
    EXPECT_EQ(told_.back()["state"], "suspended");
    EXPECT_FALSE(controller_.may_follow(0));
    EXPECT_TRUE(controller_.may_follow(1)) << "not under control";
    controller_.configure(nullptr);
    EXPECT_EQ(conditions_.back(), "setpoint_not_followed over");
    EXPECT_THAT(cleared_, ElementsAre("control/LIB-01"));
    EXPECT_THAT(kept_, ElementsAre(1, 0));
}

TEST_F(ControllerTest, ADeskWithoutRoomIsNoAnswer) {
    controller_.configure(settings());
    desk_.is_full = true;
    run(20);
    EXPECT_THAT(desk_.said, IsEmpty());
    EXPECT_THAT(conditions_, ElementsAre(HasSubstr("not_written: too many are under way")));
}

TEST_F(ControllerTest, TheEndHandsBackAtOnce) {
    controller_.configure(settings());
    run(1);
    measure(-12);
    run(5);
    controller_.end();
    EXPECT_FALSE(controller_.is_handed_back());
    EXPECT_EQ(desk_.said.back(), "release");
    desk_.answer();
    EXPECT_TRUE(controller_.is_handed_back());
}

TEST_F(ControllerTest, AnswersOfAnEarlierConfigurationAreForgotten) {
    controller_.configure(settings());
    now_ += 1s;
    steady_ += 1s;
    controller_.tick();
    controller_.configure(settings());
    desk_.answer();
    run(1);
    measure(-12);
    run(10);
    EXPECT_THAT(desk_.said, ElementsAre("take", "take", "set -12"));
}

TEST_F(ControllerTest, WithoutTheFileOfReleasesNothingIsControlled) {
    disk_full_ = true;
    controller_.configure(settings());
    run(10);
    EXPECT_THAT(desk_.said, IsEmpty());
    EXPECT_THAT(conditions_, ElementsAre("setpoint_not_followed: nothing is controlled: the disk is full"));
    EXPECT_FALSE(controller_.may_follow(0));
}

}  // namespace
}  // namespace sitepower::controller_test
