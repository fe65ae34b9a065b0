#include "core/site/ageing.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "core/battery/rul/trajectory/library.hpp"
#include "core/site/site.hpp"
#include "tests/unit/core/site/small_site.hpp"

namespace sitepower::ageing_test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr Time start = from_ms(1'795'328'000'000);
constexpr std::size_t dated = 0;
constexpr std::size_t undated = 1;
constexpr std::size_t bare = 2;  // dated, without a resistance
constexpr std::size_t pack = 3;

class AgeingTest : public testing::Test {
  protected:
    AgeingTest() {
        DeviceBuilder monitor(model_, "MON-01");
        model_.strings.resize(2);
        model_.strings[0].nominal_capacity_ah = 100;
        model_.strings[1].chemistry = Chemistry::lfp;
        model_.batteries.resize(4);
        for (std::size_t i = 0; i < 4; ++i) {
            model_.batteries[i].id = "BAT-" + std::to_string(i);
            model_.batteries[i].string = StringIndex{i == pack ? 1U : 0U};
            model_.strings[i == pack ? 1 : 0].batteries.push_back(static_cast<BatteryIndex>(i));
            model_.batteries[i].temperature_c = monitor.point("temperature_c");
        }
        model_.batteries[dated].installed_date = start - hours(24 * 365 * 4);
        model_.batteries[bare].installed_date = start - hours(24 * 365 * 4);
        model_.batteries[dated].internal_resistance_ohm = monitor.point("internal_resistance_ohm");
        monitor.finish(std::chrono::seconds(1));
        reset();
    }

    // The fades of three batteries that lost a fifth in 400, 500 and 600 cycles.
    void give_fade() {
        FadeSource source;
        for (const double life : {400.0, 500.0, 600.0}) {
            FadeShape& shape = source.curves.emplace_back(FadeShape{.name = std::to_string(life)});
            for (double age = 1; age <= 1.1 * life; age += 10) {
                shape.age.push_back(age);
                shape.health.push_back(1 - 0.2 * std::pow(age / life, 1.5));
            }
        }
        model_.strings[1].fade = std::make_shared<const FadeSource>(std::move(source));
        model_.strings[1].nominal_capacity_ah = 100;
        reset();
    }
    // One full cycle per day: 12 h at a twelfth of the capacity.
    void cycle(int days) {
        for (int day = 0; day < days; ++day) {
            string_current_a_ = -100.0 / 12;
            pass(hours(12));
            string_current_a_ = 100.0 / 12;
            pass(hours(12));
        }
    }

    void reset() {
        watch_.emplace(model_, SiteSettings{});
        batteries_.emplace(model_, BatterySettings{}, *watch_);
        ageing_.emplace(model_, BatterySettings{});
    }
    void pass(Duration time) {
        for (const Time until = now_.wall + time; now_.wall < until;) {
            now_.wall += minutes(1);
            now_.steady += minutes(1);
            now_.elapsed += minutes(1);
            for (BatteryState& state : batteries_->batteries())
                state.temperature_c = {temperature_c_, "", now_.wall};
            batteries_->strings()[1].current_a = {string_current_a_, "", now_.wall};
            if (reported_pct_) {
                batteries_->apply({.quantity = Quantity::battery_soh_pct, .part = pack},
                                  {.value = *reported_pct_, .quality = Quality::good, .time = now_.wall},
                                  now_);
            }
            for (const std::uint32_t string : {0U, 1U})
                ageing_->update(StringIndex{string}, *batteries_, now_);
        }
    }
    BatteryState& state(std::size_t battery) { return batteries_->batteries()[battery]; }
    void test(std::size_t battery, double health) {
        ageing_->learn(static_cast<BatteryIndex>(battery), {now_.wall, health, 0.02});
    }

    SiteModel model_;
    std::optional<DeviceWatch> watch_;
    std::optional<Batteries> batteries_;
    std::optional<Ageing> ageing_;
    Moment now_{.wall = start, .steady = start, .elapsed = start};
    double temperature_c_ = 25;
    std::optional<double> string_current_a_;
    std::optional<double> reported_pct_;  // by the pack
};

TEST_F(AgeingTest, WithoutAnInstallDateNothingIsKnown) {
    pass(hours(1));
    EXPECT_FALSE(state(undated).soh_pct.value);
    EXPECT_EQ(state(undated).soh_pct.reason, "no_install_date");
    EXPECT_FALSE(state(undated).rul_days.value);
    EXPECT_EQ(state(undated).rul_days.reason, "no_install_date");
    EXPECT_FALSE(state(undated).rul_interval);
}

TEST_F(AgeingTest, OnlyAResistanceOverThatOfANewBatteryIsEvidence) {
    const auto status_with = [&](double ratio, EstimateStatus of_ratio) {
        reset();
        state(dated).resistance_ratio = {
            .value = ratio, .sigma = 0.04, .status = of_ratio, .as_of = now_.wall};
        pass(minutes(2));
        return state(dated).soh_pct.status;
    };
    EXPECT_EQ(status_with(1.0, EstimateStatus::degraded), EstimateStatus::prior_only);
    EXPECT_EQ(status_with(0.0, EstimateStatus::ok), EstimateStatus::prior_only) << "not measured";
    EXPECT_EQ(status_with(11.0, EstimateStatus::ok), EstimateStatus::prior_only) << "cannot be";
    EXPECT_EQ(state(dated).soh_pct.reason, "no_baseline_resistance");
    EXPECT_NE(status_with(1.0, EstimateStatus::ok), EstimateStatus::prior_only);
}

TEST_F(AgeingTest, ALithiumPackWithoutEvidenceIsUnknown) {
    pass(hours(1));
    EXPECT_FALSE(state(pack).rul_days.value);
    EXPECT_EQ(state(pack).rul_days.reason, "no_capacity_evidence");
    EXPECT_EQ(state(pack).soh_pct.reason, "no_capacity_evidence");
}

TEST_F(AgeingTest, APackThatWasTestedMissesALibraryAndNotEvidence) {
    pass(hours(1));
    test(pack, 0.95);
    pass(minutes(2));
    EXPECT_FALSE(state(pack).rul_days.value);
    EXPECT_EQ(state(pack).rul_days.reason, "no_fade_library");
    EXPECT_EQ(state(pack).soh_pct.status, EstimateStatus::ok);
}

TEST_F(AgeingTest, APackThatWasNeverTestedHasTheLifeOfItsKind) {
    give_fade();
    cycle(10);
    ASSERT_TRUE(state(pack).rul_days.value);
    EXPECT_EQ(state(pack).rul_days.status, EstimateStatus::prior_only);
    EXPECT_EQ(state(pack).rul_days.reason, "no_capacity_evidence");
    EXPECT_NEAR(*state(pack).rul_days.value, 490, 100);
}

TEST_F(AgeingTest, TestsOfAPackTellItsLifeInDays) {
    give_fade();
    for (int i = 0; i < 10; ++i) {
        cycle(25);
        test(pack, 1 - 0.2 * std::pow(25.0 * (i + 1) / 500, 1.5));
    }
    cycle(2);
    const auto& life = state(pack).rul_days;
    ASSERT_TRUE(life.value);
    EXPECT_EQ(life.status, EstimateStatus::ok);
    EXPECT_NEAR(*life.value, 250, 60);
    ASSERT_TRUE(state(pack).rul_interval);
    EXPECT_LT(state(pack).rul_interval->p10, *life.value);
    EXPECT_GT(state(pack).rul_interval->p90, *life.value);
    EXPECT_FALSE(state(pack).rul_interval->censored);

    const double before = *life.value;
    cycle(20);
    EXPECT_NEAR(*state(pack).rul_days.value, before - 20, 3) << "use since the last test counts";

    const AgeingMemory memory = ageing_->memory(BatteryIndex{pack});
    const double now = *state(pack).rul_days.value;
    reset();
    ageing_->restore(BatteryIndex{pack}, memory);
    pass(minutes(1));
    EXPECT_NEAR(*state(pack).rul_days.value, now, 1.5) << "after a restart";
    ageing_->start_anew(BatteryIndex{pack});
    pass(minutes(1));
    EXPECT_EQ(state(pack).rul_days.reason, "no_capacity_evidence") << "another pack stands there";
    EXPECT_FALSE(state(pack).rul_days.value);
}

TEST_F(AgeingTest, APackAtItsEndHasNoDaysLeft) {
    give_fade();
    test(pack, 0.75);
    pass(minutes(2));
    EXPECT_EQ(state(pack).rul_days.value, 0);
    EXPECT_EQ(state(pack).rul_days.status, EstimateStatus::ok);
}

TEST_F(AgeingTest, AReportJustBelowTheEndIsNoCertainty) {
    give_fade();
    model_.batteries[pack].soh_pct = PointRef{};
    cycle(10);
    reported_pct_ = 79;
    pass(hours(24));
    EXPECT_EQ(state(pack).rul_days.value, 0);
    EXPECT_EQ(state(pack).rul_days.status, EstimateStatus::prior_only);
    EXPECT_EQ(state(pack).rul_days.reason, "no_capacity_evidence");
    EXPECT_GT(state(pack).rul_days.sigma, 10);
    EXPECT_GT(state(pack).rul_interval->p90, 30) << "79 % give or take 5 % may be 85 %";
    EXPECT_EQ(state(pack).rul_interval->p10, 0);
    test(pack, 0.79);
    pass(minutes(2));
    EXPECT_EQ(state(pack).rul_days.status, EstimateStatus::prior_only);
    EXPECT_LT(state(pack).rul_interval->p90, 100) << "a test is surer";
    test(pack, 0.7);
    pass(minutes(2));
    EXPECT_EQ(state(pack).rul_days.value, 0);
    EXPECT_EQ(state(pack).rul_days.status, EstimateStatus::ok) << "beyond doubt";
    EXPECT_EQ(state(pack).rul_interval->p90, 0);
}

TEST_F(AgeingTest, ThePaceOfUseMustBeSeen) {
    give_fade();
    cycle(2);
    test(pack, 0.97);
    pass(minutes(2));
    EXPECT_FALSE(state(pack).rul_days.value);
    EXPECT_EQ(state(pack).rul_days.reason, "no_cycle_rate");
}

TEST_F(AgeingTest, ACurrentThatIsNotKnownIsNoUse) {
    give_fade();
    pass(hours(24 * 10));
    EXPECT_EQ(ageing_->memory(BatteryIndex{pack}).cycles.seen_days, 0);
}

TEST_F(AgeingTest, OfAPackThatIsHardlyUsedTheLibrariesTellNothing) {
    give_fade();
    string_current_a_ = 0;
    pass(hours(24 * 8));
    test(pack, 0.97);
    pass(minutes(2));
    EXPECT_FALSE(state(pack).rul_days.value);
    EXPECT_EQ(state(pack).rul_days.reason, "out_of_model_range");
}

TEST_F(AgeingTest, ALifeBeyondTheHorizonIsCensored) {
    give_fade();
    string_current_a_ = -100.0 / 24 / 20;  // a cycle in 20 days
    pass(hours(24 * 10));
    ASSERT_TRUE(state(pack).rul_interval);
    EXPECT_TRUE(state(pack).rul_interval->censored);
    EXPECT_EQ(state(pack).rul_days.value, Ageing::horizon_days);
}

TEST_F(AgeingTest, UseBeforeTheFirstDayThatWasSeenIsTakenToBeLikeTheRest) {
    give_fade();
    model_.batteries[pack].installed_date = start - hours(24 * 200);
    cycle(10);
    EXPECT_NEAR(*state(pack).rul_days.value, 290, 100) << "200 cycles were before";
}

TEST_F(AgeingTest, WhatAPackReportsIsAWeakHistory) {
    give_fade();
    model_.batteries[pack].soh_pct = PointRef{};
    for (int day = 0; day < 150; ++day) {
        reported_pct_ = 100 - 20 * std::pow(day / 500.0, 1.5);
        cycle(1);
    }
    const auto& life = state(pack).rul_days;
    ASSERT_TRUE(life.value);
    EXPECT_EQ(life.status, EstimateStatus::degraded);
    EXPECT_EQ(life.reason, "reported_by_bms");
    EXPECT_NEAR(*life.value, 350, 120);
    EXPECT_LE(ageing_->memory(BatteryIndex{pack}).evidence.size(), Ageing::most_evidence);

    test(pack, 0.7);
    pass(minutes(2));
    EXPECT_EQ(life.value, 0) << "whatever it reports";
    EXPECT_EQ(life.status, EstimateStatus::ok);
    cycle(20);
    EXPECT_EQ(life.value, 0);
}

TEST_F(AgeingTest, AnInstallDateAloneIsAPrior) {
    pass(hours(1));
    EXPECT_EQ(state(dated).soh_pct.status, EstimateStatus::prior_only);
    EXPECT_EQ(state(dated).soh_pct.reason, "no_baseline_resistance");
    EXPECT_EQ(state(bare).rul_days.status, EstimateStatus::prior_only);
    EXPECT_EQ(state(bare).rul_days.reason, "no_capacity_evidence");
    EXPECT_NEAR(*state(bare).rul_days.value, 0.3 * 3652, 350);
    ASSERT_TRUE(state(bare).rul_interval);
    EXPECT_LT(state(bare).rul_interval->p10, *state(bare).rul_days.value);
    EXPECT_GT(state(bare).rul_interval->p90, *state(bare).rul_days.value);
}

TEST_F(AgeingTest, ATestMovesHealthAndLifeAtOnce) {
    pass(hours(1));
    const double before = *state(bare).rul_days.value;
    test(bare, 0.84);
    pass(minutes(2));
    EXPECT_EQ(state(bare).soh_pct.status, EstimateStatus::ok);
    EXPECT_NEAR(*state(bare).soh_pct.value, 84, 1.2);
    EXPECT_LT(*state(bare).rul_days.value, before);
    test(undated, 0.84);
    pass(minutes(2));
    EXPECT_NEAR(*state(undated).soh_pct.value, 84, 0.1) << "health needs no date";
    EXPECT_FALSE(state(undated).rul_days.value);
}

TEST_F(AgeingTest, AResistanceIsTakenOnceAQuarter) {
    pass(hours(1));
    state(dated).resistance_ratio = {.value = 1.1, .sigma = 0.03, .status = EstimateStatus::ok};
    pass(hours(24 * 60));
    EXPECT_EQ(ageing_->memory(BatteryIndex{dated}).evidence.size(), 1U);
    EXPECT_EQ(state(dated).soh_pct.status, EstimateStatus::ok);
    pass(hours(24 * 60));
    EXPECT_EQ(ageing_->memory(BatteryIndex{dated}).evidence.size(), 2U);
}

// It would keep others away until the clock has come that far, and its age is wrong for ever.
TEST_F(AgeingTest, AResistanceLearntUnderAClockThatWasAheadIsForgotten) {
    pass(hours(1));
    state(dated).resistance_ratio = {.value = 1.1, .sigma = 0.03, .status = EstimateStatus::ok};
    pass(hours(24));
    const auto untouched = ageing_->memory(BatteryIndex{dated});
    ASSERT_EQ(untouched.evidence.size(), 1U);
    const auto after = [&](AgeingMemory memory, Time wall) {
        reset();
        ageing_->restore(BatteryIndex{dated}, memory);
        state(dated).resistance_ratio = {.value = 1.1, .sigma = 0.03, .status = EstimateStatus::ok};
        now_.wall = wall;
        pass(minutes(2));
        return ageing_->memory(BatteryIndex{dated}).evidence;
    };
    const Time today = now_.wall;
    auto memory = untouched;
    memory.evidence[0].time = today + hours(24 * 365 * 10);
    memory.evidence[0].age_days[0] += 3650;
    const auto evidence = after(memory, today);
    ASSERT_EQ(evidence.size(), 1U);
    EXPECT_LE(evidence[0].time, now_.wall);
    EXPECT_NEAR(evidence[0].age_days[0], untouched.evidence[0].age_days[0], 2);
    const double health = *state(dated).soh_pct.value;
    after(untouched, today);
    EXPECT_NEAR(*state(dated).soh_pct.value, health, 0.5) << "as if it had never been";
    memory = untouched;
    memory.evidence[0].time = today + hours(1);
    EXPECT_EQ(after(memory, today)[0].time, memory.evidence[0].time) << "no more than a clock that lags";
    EXPECT_EQ(after(untouched, from_ms(0))[0].time, untouched.evidence[0].time)
        << "at a start in 1970 it is the clock that is wrong";
}

TEST_F(AgeingTest, AYearOfHeatShortensTheLife) {
    pass(hours(24 * 365));
    const double cool = *state(bare).rul_days.value;
    reset();
    now_ = {.wall = start, .steady = start, .elapsed = start};
    temperature_c_ = 35;
    pass(hours(24 * 365));
    EXPECT_LT(*state(bare).rul_days.value, 0.6 * cool);
}

TEST_F(AgeingTest, MinutesOfHeatAreNotTakenForTheYearsBefore) {
    pass(minutes(1));
    const double cool_pct = *state(bare).soh_pct.value;
    const double cool_days = *state(bare).rul_days.value;
    for (const double hot_c : {48.0, 55.0}) {
        reset();
        temperature_c_ = hot_c;
        pass(minutes(14));
        for (int restart = 0; restart < 3; ++restart) {
            const AgeingMemory memory = ageing_->memory(BatteryIndex{bare});
            reset();
            ageing_->restore(BatteryIndex{bare}, memory);
            pass(minutes(2));
            EXPECT_NEAR(*state(bare).soh_pct.value, cool_pct, 0.1);
            EXPECT_NEAR(*state(bare).rul_days.value, cool_days, 2);
            EXPECT_LT(state(bare).rul_interval->p10, *state(bare).rul_days.value);
        }
    }
}

TEST_F(AgeingTest, ARestartChangesNothing) {
    state(dated).resistance_ratio = {.value = 1.15, .sigma = 0.03, .status = EstimateStatus::ok};
    test(dated, 0.9);
    pass(hours(24 * 3));
    const auto before = state(dated);
    const auto memory = ageing_->memory(BatteryIndex{dated});
    reset();
    ageing_->restore(BatteryIndex{dated}, memory);
    pass(minutes(1));
    EXPECT_NEAR(*state(dated).rul_days.value, *before.rul_days.value, 2);
    EXPECT_NEAR(*state(dated).soh_pct.value, *before.soh_pct.value, 0.1);
}

TEST_F(AgeingTest, ADamagedMemoryIsNotBelieved) {
    AgeingMemory damaged;
    damaged.thermal.seen_days = -1;
    damaged.evidence.push_back({AgeingEvidence::Kind::capacity, start, std::nan(""), 0.02, {}});
    damaged.evidence.resize(100, {AgeingEvidence::Kind::capacity, start, 0.9, 0.02, {}});
    ageing_->restore(BatteryIndex{bare}, damaged);
    pass(minutes(1));
    EXPECT_TRUE(state(bare).rul_days.value);
    EXPECT_LE(ageing_->memory(BatteryIndex{bare}).evidence.size(), Ageing::most_evidence);
}

TEST_F(AgeingTest, EvidenceHasALimit) {
    for (int i = 0; i < 100; ++i) {
        now_.wall += hours(24);
        test(bare, 0.95);
    }
    EXPECT_EQ(ageing_->memory(BatteryIndex{bare}).evidence.size(), Ageing::most_evidence);
    pass(minutes(1));
    EXPECT_TRUE(std::isfinite(*state(bare).soh_pct.value));
}

// Through the engine: a test that counts, and one that does not.
TEST_F(AgeingTest, ACapacityTestIsAnEventOfTheSite) {
    Site site(std::make_shared<const SiteModel>(model_), {});
    Effects effects;
    site.handle(Tick{}, start, effects);
    const CapacityTest test{
        .time = start, .delivered_ah = 91, .temperature_c = 25, .reached_end_voltage = true};
    site.handle(RecordCapacityTest{"BAT-1", test, "eve", hours(10)}, start, effects);
    EXPECT_FALSE(effects.refusal);
    ASSERT_EQ(effects.capacity_tests.size(), 1U);
    EXPECT_EQ(effects.capacity_tests[0].battery, BatteryIndex{undated});
    EXPECT_EQ(effects.capacity_tests[0].test.rated_ah, 100);
    EXPECT_NEAR(effects.capacity_tests[0].health_pct, 91, 0.01);
    EXPECT_TRUE(effects.capacity_tests[0].passed);
    EXPECT_NEAR(*site.batteries()[undated].soh_pct.value, 91, 0.1);
    const auto refused = [&](const std::string& battery, const CapacityTest& bad) {
        effects.clear();
        site.handle(RecordCapacityTest{battery, bad, "eve", hours(10)}, start, effects);
        return effects.refusal.has_value();
    };
    EXPECT_TRUE(refused("BAT-9", test));
    EXPECT_TRUE(refused("BAT-1", {.time = start, .delivered_ah = 91}));
    EXPECT_TRUE(
        refused("BAT-1", {.time = start + hours(1), .delivered_ah = 91, .reached_end_voltage = true}));
    EXPECT_TRUE(refused("BAT-1", {.time = start, .delivered_ah = std::nan(""), .reached_end_voltage = true}));
    EXPECT_TRUE(effects.capacity_tests.empty());
    EXPECT_FALSE(refused("BAT-1", {.time = start, .delivered_ah = 79, .reached_end_voltage = true}));
    EXPECT_FALSE(effects.capacity_tests.at(0).passed);
}

// New blocks give 45 Ah within the usual 15 minutes of a UPS: of their rated capacity that tells nothing.
TEST_F(AgeingTest, AFastTestOfLeadAcidIsRefusedAndAnUntimedOne) {
    model_.strings[1].nominal_capacity_ah = 100;
    Site site(std::make_shared<const SiteModel>(model_), {});
    Effects effects;
    const auto refusal_of = [&](const std::string& battery, double ah, Duration lasted) -> std::string {
        effects.clear();
        const CapacityTest test{
            .time = start, .delivered_ah = ah, .temperature_c = 25, .reached_end_voltage = true};
        site.handle(RecordCapacityTest{battery, test, "eve", lasted}, start, effects);
        EXPECT_EQ(effects.capacity_tests.empty(), effects.refusal.has_value());
        if (!effects.refusal) return "";
        EXPECT_EQ(effects.refusal->code, ErrorCode::validation_error);
        return effects.refusal->message;
    };
    EXPECT_EQ(
        refusal_of("BAT-1", 45, minutes(15)),
        "45 Ah in 15 minutes are 180 A: of the rated 100 Ah a lead-acid battery tells by a discharge at "
        "25 A or less");
    EXPECT_EQ(refusal_of("BAT-1", 91, {}), "a test of a lead-acid battery needs the minutes that it took");
    EXPECT_FALSE(site.batteries()[undated].soh_pct.value);
    EXPECT_EQ(refusal_of("BAT-1", 45, minutes(108)), "") << "C/4";
    EXPECT_EQ(refusal_of("BAT-3", 95, minutes(60)), "") << "lithium may be tested as fast";
    EXPECT_EQ(refusal_of("BAT-3", 95, {}), "");
}

// Whatever was believed before, and whether the battery has a model of its ageing or not.
TEST_F(AgeingTest, AFailedCapacityTestIsBelievedAndAlertedAtOnce) {
    for (const std::string battery : {"BAT-0", "BAT-1", "BAT-2", "BAT-3"}) {
        for (const double ah : {30.0, 45.0, 50.0, 60.0, 70.0, 78.0}) {
            model_.strings[1].nominal_capacity_ah = 100;
            Site site(std::make_shared<const SiteModel>(model_), {});
            Effects effects;
            site.handle(Tick{}, start, effects);
            const CapacityTest test{
                .time = start, .delivered_ah = ah, .temperature_c = 25, .reached_end_voltage = true};
            site.handle(RecordCapacityTest{battery, test, "eve", hours(10)}, start, effects);
            site.handle(Tick{}, start + std::chrono::seconds(2), effects);
            const auto& state = site.batteries()[static_cast<std::size_t>(battery.back() - '0')];
            EXPECT_NEAR(*state.soh_pct.value, ah, 1.2) << battery;
            EXPECT_EQ(state.soh_pct.status, EstimateStatus::ok);
            EXPECT_EQ(state.soh_pct.reason, "");
            const auto alert = std::ranges::find(site.open_alerts(), "soh_degraded", &Alert::type);
            ASSERT_NE(alert, site.open_alerts().end()) << battery << " gave " << ah;
            EXPECT_EQ(alert->severity, Severity::critical);
            EXPECT_EQ(alert->subject.id, battery);
        }
    }
}

TEST_F(AgeingTest, OnlyATestFindsMoreThanTheRatedCapacity) {
    model_.batteries[bare].installed_date = start;
    std::size_t at_most_rated = 0;
    for (int kind = 0; kind < 20; ++kind) {  // of each id the particles are others
        model_.batteries[bare].id = "NEW-" + std::to_string(kind);
        reset();
        pass(minutes(1));
        EXPECT_LE(*state(bare).soh_pct.value, 100);
        at_most_rated += *state(bare).soh_pct.value == 100 ? 1 : 0;
    }
    EXPECT_GT(at_most_rated, 0U) << "of some the mean was above";
    test(bare, 1.04);
    pass(minutes(2));
    EXPECT_NEAR(*state(bare).soh_pct.value, 104, 1.5);
}

TEST_F(AgeingTest, ATestThatIsToldLateDoesNotOutdoTheLatestOne) {
    test(bare, 0.5);
    ageing_->learn(BatteryIndex{bare}, {now_.wall - hours(24 * 30), 0.97, 0.02});
    pass(minutes(2));
    EXPECT_NEAR(*state(bare).soh_pct.value, 50, 1.5);
}

// 97 % at the age of one year is another fade than 97 % at the age of five.
TEST_F(AgeingTest, ATestThatIsToldLateIsOfTheAgeThatTheBatteryHadThen) {
    for (const double hot_c : {25.0, 34.0}) {
        reset();
        now_ = {.wall = start, .steady = start, .elapsed = start};
        temperature_c_ = hot_c;
        pass(hours(24 * 100));
        ageing_->learn(BatteryIndex{bare}, {start, 0.97, 0.02});
        const auto memory = ageing_->memory(BatteryIndex{bare});
        for (const double age_days : memory.evidence.at(0).age_days) EXPECT_NEAR(age_days, 4 * 365, 1);
        ageing_->learn(BatteryIndex{bare}, {start - hours(24 * 2 * 365), 0.97, 0.02});
        const auto later = ageing_->memory(BatteryIndex{bare});
        for (const double age_days : later.evidence.at(0).age_days) EXPECT_NEAR(age_days, 2 * 365, 1);
    }
}

TEST_F(AgeingTest, ASnapshotOfTheSiteHoldsTheEvidence) {
    const auto model = std::make_shared<const SiteModel>(model_);
    Site site(model, {});
    Effects effects;
    site.handle(Tick{}, start, effects);
    const CapacityTest test{
        .time = start, .delivered_ah = 84, .temperature_c = 25, .reached_end_voltage = true};
    site.handle(RecordCapacityTest{"BAT-2", test, "eve", hours(10)}, start, effects);
    Site again(model, {});
    again.restore(site.snapshot(), start, effects);
    again.handle(Tick{}, start, effects);
    EXPECT_EQ(again.batteries()[bare].soh_pct.value, site.batteries()[bare].soh_pct.value);
    EXPECT_EQ(again.batteries()[bare].rul_days.value, site.batteries()[bare].rul_days.value);
    EXPECT_EQ(again.batteries()[bare].soh_pct.status, EstimateStatus::ok);
}

TEST_F(AgeingTest, OverAReloadAnEstimateStandsUntilTheNextIsDue) {
    model_.strings[1].nominal_capacity_ah = 100;
    string_current_a_ = -1;
    pass(hours(30));
    const Estimate told = state(dated).soh_pct;
    const double seen_days = ageing_->memory(static_cast<BatteryIndex>(pack)).cycles.seen_days;
    const std::optional<Ageing> before = std::exchange(ageing_, std::nullopt);
    ageing_.emplace(model_, BatterySettings{});
    for (std::size_t i = 0; i < model_.batteries.size(); ++i) {
        const auto battery = static_cast<BatteryIndex>(i);
        ageing_->restore(battery, before->memory(battery));
    }
    for (const StringIndex string : {StringIndex{0}, StringIndex{1}}) {
        EXPECT_TRUE(ageing_->take_over(string, *before, string));
    }
    pass(hours(1));
    EXPECT_EQ(state(dated).soh_pct.as_of, told.as_of) << "once more is not another one";
    EXPECT_EQ(state(dated).soh_pct.value, told.value);
    EXPECT_NEAR(ageing_->memory(static_cast<BatteryIndex>(pack)).cycles.seen_days, seen_days + 1.0 / 24,
                1e-3);
    pass(hours(24));
    EXPECT_GT(state(dated).soh_pct.as_of, told.as_of);
    BatterySettings sooner;
    sooner.eol_soh_pct = 90;
    Ageing changed(model_, sooner);
    EXPECT_FALSE(changed.take_over(StringIndex{0}, *before, StringIndex{0})) << "it is to be judged anew";
}

}  // namespace
}  // namespace sitepower::ageing_test
