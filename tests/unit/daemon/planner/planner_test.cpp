// When the planner plans, what it tells, and what it does when it cannot.
#include "daemon/planner/planner.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "tests/unit/daemon/planner/making.hpp"

namespace sitepower::planner_test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr Time noon = from_ms(1'795'348'800'000);

class Planning : public testing::Test {
  protected:
    Planning() {
        PriceSettings energy;
        energy.id = "energy_price";
        energy.currency = "EUR";
        energy.source = Tariff{
            .periods = {TariffPeriod{.value = 0.3, .from = 14h, .to = 20h}, TariffPeriod{.value = 0.1}},
            .zone = {}};
        PriceSettings spot;
        spot.id = "spot";
        spot.source = PriceFile{"/spot.csv", {}};
        prices_.configure({energy, spot}, noon);
        prices_.tick(noon, [](PointRef) -> const LatestValue* { return nullptr; });
        site_.string_states[0].soc_pct = {.value = 50, .status = EstimateStatus::ok, .reason = {}};
        site_.latest_values[0][0] = {.value = 40, .quality = Quality::good, .time = noon, .seen = true};
    }
    // A second of the loop, the worker's answer included.
    void tick(Time now) {
        planner_.tick(now);
        run_jobs();
    }
    void run_jobs() {
        while (!jobs_.empty()) {
            auto job = std::move(jobs_.front());
            jobs_.pop_front();
            job(history_)();
        }
    }
    // One class: 20 kW now, 10 by right, 20 more that are worth a lot.
    std::shared_ptr<DispatchSettings> auctioned() {
        auto settings = small_site();
        settings->load_classes.push_back(
            {.id = "training",
             .cop = 4,
             .entitlement_kw = 10,
             .segments = {{5, 20}},
             .power = {.points = {PointRef{DeviceIndex{2}, 0}}, .names = {"meter-1/power_kw"}}});
        site_.latest_values[2][0] = {.value = 20, .quality = Quality::good, .time = noon, .seen = true};
        return settings;
    }
    void charge(double pct) { site_.string_states[0].soc_pct.value = pct; }
    Planner::Outlets outlets() {
        return {
            .work =
                [this](Query query) {
                    if (!has_room_) return false;
                    jobs_.push_back(std::move(query));
                    return true;
                },
            .forecast_of =
                [this](const std::string& series) {
                    asked_for_.push_back(series);
                    return forecast_;
                },
            .tell_retained =
                [this](const std::string& topic, const Json& body) {
                    EXPECT_EQ(topic, body.contains("steps") ? "plan/dispatch" : "plan/allocation");
                    told_.push_back(body);
                },
            .clear = [this](const std::string& topic) { cleared_.push_back(topic); },
            .tell_event = [this](const std::string&, const Json& body) { events_.push_back(body["status"]); },
            .keep = [this](PlanRow row) { kept_.push_back(std::move(row)); },
            .condition =
                [this](std::string_view type, bool holds, const std::string& message) {
                    conditions_.push_back(std::string(type) + (holds ? ": " + message : " over"));
                },
            .follows = [this](std::size_t) { return follows_; }};
    }

    support::FakeSite site_;
    PriceBook prices_;
    LoadHistory history_;
    std::deque<Query> jobs_;
    bool has_room_ = true;
    bool follows_ = true;
    std::vector<Json> told_;
    std::vector<std::string> cleared_, events_, conditions_;
    std::vector<PlanRow> kept_;
    std::vector<std::string> asked_for_;
    std::shared_ptr<const SeriesForecast> forecast_;
    Planner planner_{site_, prices_, outlets()};
};

TEST_F(Planning, NothingIsPlannedWithoutSettings) {
    tick(noon);
    EXPECT_EQ(planner_.settings(), nullptr);
    EXPECT_EQ(planner_.attempts(), 0U);
}

TEST_F(Planning, PlansAtOnceAndEveryFiveMinutes) {
    auto settings = small_site();
    // It cannot stray from the plan within the test.
    settings->batteries[0].limits.charge_max_kw = settings->batteries[0].limits.discharge_max_kw = 1;
    planner_.configure(settings, noon + 2min);
    for (int second = 0; second < 12 * 60; ++second) tick(noon + 2min + second * 1s);
    EXPECT_EQ(planner_.attempts(), 3U);
    ASSERT_TRUE(planner_.report());
    EXPECT_THAT(told_, SizeIs(3));
    EXPECT_THAT(kept_, SizeIs(3));
    EXPECT_EQ(kept_[0].kind, "dispatch");
    EXPECT_EQ(kept_[0].status, "optimal");
    EXPECT_THAT(events_, ElementsAre("optimal")) << "told once, not with every plan";
    EXPECT_THAT(conditions_, IsEmpty());
}

TEST_F(Planning, PlansWithTheLatestForecastOfTheLoad) {
    auto settings = small_site();
    settings->load_series = "site-load";
    SeriesForecast forecast{.series = "site-load",
                            .issued_at = noon,
                            .model_version = 7,
                            .step = 1h,
                            .calibrated = true,
                            .steps = {}};
    for (int h = 0; h < 48; ++h) forecast.steps.push_back({.valid_at = noon + h * 1h, .p50 = 70, .p90 = 80});
    planner_.configure(settings, noon);
    tick(noon);
    ASSERT_TRUE(planner_.report());
    EXPECT_THAT(planner_.report()->load_method, HasSubstr("site-load is not forecast yet"));
    forecast_ = std::make_shared<const SeriesForecast>(forecast);
    tick(noon + 5min);
    EXPECT_THAT(asked_for_, ElementsAre("site-load", "site-load"));
    EXPECT_THAT(planner_.report()->load_method, HasSubstr("series site-load, model 7"));
    EXPECT_THAT(told_.back()["load_forecast"], HasSubstr("series site-load, model 7"));
}

TEST_F(Planning, ANewStepIsAReason) {
    planner_.configure(small_site(), noon + 59min);
    tick(noon + 59min);
    tick(noon + 60min - 1s);
    EXPECT_EQ(planner_.attempts(), 1U);
    tick(noon + 60min);
    EXPECT_EQ(planner_.attempts(), 2U);
    EXPECT_EQ(planner_.report()->start, noon + 1h);
}

// What is handed back neither charges nor discharges for the plan, and sells nothing.
TEST_F(Planning, ABatteryThatDoesNotFollowIsPlannedWithoutAtOnce) {
    planner_.configure(auctioned(), noon + 1min);
    tick(noon + 1min);
    const auto sources = [&] {
        std::string all;
        for (const auto& tier : planner_.allocation()->supply) all += tier.source + " ";
        return all;
    };
    EXPECT_THAT(sources(), HasSubstr("battery LIB-01"));
    follows_ = false;
    tick(noon + 1min + 10s);
    EXPECT_EQ(planner_.attempts(), 2U);
    const auto& moves = planner_.report()->plan.schedule.batteries.at(0);
    EXPECT_THAT(moves.discharge_kw, testing::Each(0));
    EXPECT_THAT(moves.charge_kw, testing::Each(0));
    EXPECT_THAT(planner_.report()->reasons.at(0).at(0), HasSubstr("handed back"));
    EXPECT_THAT(sources(), testing::Not(HasSubstr("battery")));
    tick(noon + 2min);
    EXPECT_EQ(planner_.attempts(), 2U);
    follows_ = true;
    tick(noon + 2min + 1s);
    EXPECT_EQ(planner_.attempts(), 3U);
    EXPECT_THAT(sources(), HasSubstr("battery LIB-01"));
    // Nor is there no plan where its charge is outside of the window.
    follows_ = false;
    charge(5);
    tick(noon + 3min);
    EXPECT_EQ(planner_.attempts(), 4U);
    EXPECT_EQ(planner_.trouble(), "");
}

TEST_F(Planning, PricesThatItDoesNotUseAreNoReason) {
    planner_.configure(small_site(), noon + 1min);
    tick(noon + 1min);
    const PriceStep step{noon, noon + 1h, 0.2};
    prices_.take(*prices_.next_look(noon + 1min), std::vector{step}, noon + 1min);
    tick(noon + 2min);
    EXPECT_EQ(planner_.attempts(), 1U);
}

TEST_F(Planning, NewPricesAreAReasonButNotMoreThanEveryTenSeconds) {
    auto settings = small_site();
    settings->export_price = "spot";
    planner_.configure(settings, noon + 1min);
    tick(noon + 1min);
    const PriceStep step{noon, noon + 1h, 0.2};
    prices_.take(*prices_.next_look(noon + 1min), std::vector{step}, noon + 1min);
    tick(noon + 1min + 5s);
    EXPECT_EQ(planner_.attempts(), 1U);
    tick(noon + 1min + 10s);
    EXPECT_EQ(planner_.attempts(), 2U);
    tick(noon + 1min + 30s);
    EXPECT_EQ(planner_.attempts(), 2U);
}

TEST_F(Planning, ABatteryThatStraysFromThePlanIsAReason) {
    planner_.configure(small_site(), noon + 1min);
    tick(noon + 1min);
    charge(planner_.report()->planned_charge_pct(0, noon + 3min) + 1.5);
    tick(noon + 3min);
    EXPECT_EQ(planner_.attempts(), 1U);
    charge(planner_.report()->planned_charge_pct(0, noon + 3min) - 2.5);
    tick(noon + 3min);
    EXPECT_EQ(planner_.attempts(), 2U);
    EXPECT_DOUBLE_EQ(planner_.report()->charge_pct[0], *site_.string_states[0].soc_pct.value);
}

TEST_F(Planning, AFailureKeepsThePlanAndIsAnAlertOnceThatHasRunOut) {
    planner_.configure(small_site(), noon);
    tick(noon);
    site_.string_states[0].soc_pct = {.value = std::nullopt, .reason = "stale_input"};
    tick(noon + 5min);
    EXPECT_THAT(planner_.trouble(), HasSubstr("charge of battery LIB-01 is not known: stale_input"));
    ASSERT_TRUE(planner_.report());
    EXPECT_EQ(planner_.report()->made, noon);
    EXPECT_THAT(conditions_, IsEmpty());
    EXPECT_THAT(told_.back()["trouble"], HasSubstr("stale_input"));
    tick(noon + 3h);
    EXPECT_THAT(conditions_, ElementsAre(HasSubstr("plan_failed: the charge of battery")));
    EXPECT_THAT(events_, ElementsAre("optimal", "failed"));
    const auto told = told_.size();
    tick(noon + 3h + 5min);
    EXPECT_EQ(told_.size(), told) << "the same failure is told once";
    charge(50);
    tick(noon + 3h + 10min);
    EXPECT_THAT(conditions_.back(), "plan_failed over");
    EXPECT_THAT(events_.back(), "optimal");
}

TEST_F(Planning, APlanThatCannotBeFails) {
    auto settings = small_site();
    settings->site.breaker_limit_kw = 5;
    settings->site.import_limit_kw = 5;
    planner_.configure(settings, noon);
    tick(noon);
    EXPECT_FALSE(planner_.report());
    EXPECT_FALSE(planner_.trouble().empty());
    EXPECT_THAT(conditions_, ElementsAre(HasSubstr("plan_failed")));
    EXPECT_EQ(planner_.failures(), 1U);
}

TEST_F(Planning, AReserveThatCannotBeKeptIsACriticalCondition) {
    auto settings = small_site();
    settings->batteries[0].critical_load = settings->load;
    settings->batteries[0].limits.required_autonomy_min = 120;
    charge(15);
    planner_.configure(settings, noon);
    tick(noon);
    ASSERT_THAT(conditions_, SizeIs(1));
    EXPECT_THAT(conditions_[0], HasSubstr("plan_reserve_short: "));
    EXPECT_THAT(conditions_[0],
                HasSubstr("kWh short at worst, first at 2026-11-22T12:00:00.000Z, whole again"));
    EXPECT_THAT(conditions_[0], HasSubstr("autonomy left: LIB-01 "));
    EXPECT_THAT(conditions_[0], HasSubstr(" of 120 min"));
    EXPECT_THAT(events_, ElementsAre("relaxed"));
    charge(14);
    tick(noon + 5min);
    EXPECT_THAT(conditions_, SizeIs(1)) << "not with every plan";
    tick(noon + 15min);
    ASSERT_THAT(conditions_, SizeIs(2));
    EXPECT_NE(conditions_[1], conditions_[0]) << "but when it has become another";
    charge(99);
    tick(noon + 20min);
    EXPECT_THAT(conditions_.back(), "plan_reserve_short over");
}

TEST_F(Planning, AnImportAboveTheContractIsACondition) {
    auto settings = small_site();
    settings->site.import_limit_kw = 20;
    charge(11);
    planner_.configure(settings, noon);
    tick(noon);
    EXPECT_THAT(conditions_, ElementsAre(HasSubstr("plan_import_exceeded: 20.0 kW above 20.0 kW")));
}

TEST_F(Planning, AnAnswerOfAnEarlierConfigurationIsDropped) {
    planner_.configure(small_site(), noon);
    planner_.tick(noon);
    planner_.configure(small_site(), noon);
    run_jobs();
    EXPECT_FALSE(planner_.report());
    tick(noon + 1s);
    EXPECT_TRUE(planner_.report());
}

TEST_F(Planning, ABusyWorkerIsTriedAgain) {
    has_room_ = false;
    planner_.configure(small_site(), noon);
    tick(noon);
    EXPECT_THAT(planner_.trouble(), HasSubstr("busy"));
    has_room_ = true;
    tick(noon + 15s);
    EXPECT_THAT(planner_.trouble(), IsEmpty());
}

TEST_F(Planning, OneJobAtATime) {
    planner_.configure(small_site(), noon);
    planner_.tick(noon);
    planner_.tick(noon + 2h);
    EXPECT_THAT(jobs_, SizeIs(1));
}

TEST_F(Planning, WithoutSettingsAgainTheTopicIsTakenOffTheBroker) {
    planner_.configure(small_site(), noon);
    tick(noon);
    planner_.tell_again(noon);
    EXPECT_THAT(told_, SizeIs(2));
    planner_.configure(nullptr, noon);
    EXPECT_THAT(cleared_, ElementsAre("plan/dispatch"));
    planner_.tell_again(noon);
    EXPECT_THAT(told_, SizeIs(2));
}

TEST_F(Planning, HealthFromTheWeakestBatteryCountsUnlessItIsAGuess) {
    planner_.configure(small_site(), noon);
    auto& batteries = site_.battery_states;
    batteries[0].soh_pct = {.value = 92, .status = EstimateStatus::ok};
    batteries[1].soh_pct = {.value = 88, .status = EstimateStatus::degraded};
    batteries[2].soh_pct = {.value = 50, .status = EstimateStatus::prior_only};
    const auto known = planner_.snapshot(noon);
    ASSERT_TRUE(known);
    EXPECT_EQ(known->batteries[0].health_pct, 88);
    EXPECT_EQ(known->load_kw, 40);
}

TEST_F(Planning, AMeasuredChargeIsUsedAsItIsOrNotAtAll) {
    auto settings = small_site();
    settings->batteries[0].charge = PointRef{DeviceIndex{1}, 0};
    planner_.configure(settings, noon);
    auto& value = site_.latest_values[1][0];
    value = {.value = 101, .quality = Quality::good, .time = noon, .seen = true};
    EXPECT_EQ(planner_.snapshot(noon)->batteries[0].charge_pct, 100);
    value.value = 400;
    EXPECT_FALSE(planner_.snapshot(noon)) << "that is no charge";
    value = {.value = 50, .quality = Quality::stale, .time = noon, .seen = true};
    EXPECT_THAT(planner_.snapshot(noon).error().message, HasSubstr("stale"));
    value.seen = false;
    EXPECT_FALSE(planner_.snapshot(noon));
}

TEST_F(Planning, EveryPlanIsFollowedByAnAuction) {
    planner_.configure(auctioned(), noon);
    tick(noon);
    ASSERT_TRUE(planner_.allocation());
    EXPECT_EQ(planner_.allocation()->base_load_kw, 15) << "40 kW less 20 of the class and 5 of its cooling";
    ASSERT_THAT(told_, SizeIs(2));
    EXPECT_EQ(told_[1]["allocation"]["training"], 30.0);
    EXPECT_EQ(kept_.back().kind, "allocation");
    EXPECT_EQ(kept_.back().status, "served");
}

TEST_F(Planning, ABidChangesTheAllocationAtOnce) {
    planner_.configure(auctioned(), noon);
    tick(noon);
    EXPECT_TRUE(planner_.bid("training", {.segments = {}, .valid_until = noon + 10min}, noon + 1min));
    EXPECT_DOUBLE_EQ(planner_.allocation()->load_kw(), 10);
    tick(noon + 5min);
    EXPECT_DOUBLE_EQ(planner_.allocation()->load_kw(), 10);
    tick(noon + 10min);
    EXPECT_DOUBLE_EQ(planner_.allocation()->load_kw(), 30) << "the bid has run out";
    EXPECT_EQ(planner_.bid("unknown", {}, noon).error().code, ErrorCode::not_found);
    const Bid rising{.segments = {{0.1, 5}, {0.2, 5}}, .valid_until = noon + 20min};
    EXPECT_EQ(planner_.bid("training", rising, noon).error().code, ErrorCode::validation_error);
}

TEST_F(Planning, ALoadThatIsNotKnownIsNoAllocation) {
    planner_.configure(auctioned(), noon);
    site_.latest_values[2][0].quality = Quality::stale;
    tick(noon);
    EXPECT_FALSE(planner_.allocation());
    EXPECT_THAT(planner_.allocation_trouble(),
                HasSubstr("what training draws is not known at present: meter-1/power_kw was last read at "
                          "2026-11-22T12:00:00.000Z"));
    EXPECT_THAT(conditions_, ElementsAre(HasSubstr("allocation_failed: what training draws")));
    site_.latest_values[2][0].quality = Quality::good;
    tick(noon + 5min);
    EXPECT_THAT(conditions_.back(), "allocation_failed over");
}

TEST_F(Planning, ALoadThatIsMissingIsNamedWithItsLastReading) {
    history_.begins_at = noon + 48h;  // a new site: no quarter of an hour is over
    auto& value = site_.latest_values[0][0];
    value.time = noon - 7s;
    value.quality = Quality::stale;
    site_.device_states[0].status = DeviceStatus::offline;
    planner_.configure(auctioned(), noon);
    tick(noon);
    EXPECT_THAT(planner_.trouble(),
                HasSubstr("ups-1/load_kw was last read at 2026-11-22T11:59:53.000Z, ups-1 does not answer"));
    value.quality = Quality::out_of_range;
    EXPECT_EQ(planner_.snapshot(noon)->load_gap, "ups-1/load_kw is not usable: out_of_range");
    value.seen = false;
    EXPECT_EQ(planner_.snapshot(noon)->load_gap, "ups-1/load_kw was not read yet");
    value = {.value = 40, .quality = Quality::good, .time = noon, .seen = true};
    tick(noon + 15s);
    EXPECT_THAT(planner_.trouble(), IsEmpty());
    EXPECT_TRUE(planner_.report());
}

TEST_F(Planning, WhileAUpsIsOnBatteryThereIsNeitherImportNorAPlan) {
    planner_.configure(auctioned(), noon);
    tick(noon);
    ASSERT_EQ(told_.back()["allocation"]["training"], 30.0);
    site_.ups_states[0].on_battery = true;
    site_.latest_values[0][0].quality = Quality::stale;  // nor is anything else needed for saying so
    tick(noon + 1s);
    ASSERT_TRUE(planner_.report());
    EXPECT_THAT(
        planner_.report()->plan.reason,
        HasSubstr("ups-1 has been on battery since 2026-11-22T12:00:01.000Z: the mains count as gone"));
    EXPECT_THAT(events_, ElementsAre("optimal", "failed"));
    ASSERT_THAT(told_, SizeIs(4));
    EXPECT_EQ(told_[2]["status"], "failed");
    EXPECT_EQ(told_[2]["is_valid"], false);
    EXPECT_TRUE(told_[2]["certificate"]["objective"].is_null());
    EXPECT_THAT(told_[2]["steps"], IsEmpty());
    EXPECT_EQ(told_[3]["allocation"]["training"], 0.0);
    EXPECT_EQ(told_[3]["constraints_satisfied"], false);
    EXPECT_THAT(told_[3]["reasons"]["training"], HasSubstr("Gets nothing: ups-1 has been on battery since"));
    EXPECT_THAT(conditions_, ElementsAre(HasSubstr("entitlement_cut: ups-1 has been on battery")));
    // Told once; and a cycle that somebody asks for says the same.
    for (auto now = noon + 2s; now < noon + 10min; now += 1s) tick(now);
    EXPECT_THAT(told_, SizeIs(4));
    EXPECT_EQ(planner_.attempts(), 1U);
    std::string reason;
    planner_.cycle({}, false, noon + 10min,
                   [&](const Result<PlanReport>& found) { reason = found ? found->plan.reason : ""; });
    EXPECT_THAT(reason, HasSubstr("on battery since 2026-11-22T12:00:01.000Z"));
    EXPECT_TRUE(planner_.bid("training", {.segments = {{9, 5}}, .valid_until = noon + 1h}, noon + 10min));
    EXPECT_EQ(planner_.allocation()->load_kw(), 0);
    // However long it lasts.
    for (auto now = noon + 10min; now < noon + 3h; now += 10s) {
        tick(now);
        ASSERT_TRUE(planner_.report()->is_in_force(now)) << format_time(now);
        ASSERT_EQ(planner_.allocation()->load_kw(), 0);
    }
}

TEST_F(Planning, BidsOutliveTheProcess) {
    planner_.configure(auctioned(), noon);
    tick(noon);
    ASSERT_TRUE(planner_.bid("training", {.segments = {{9, 5}}, .valid_until = noon + 1h}, noon + 1s));
    ASSERT_TRUE(planner_.bid("training", {.segments = {}, .valid_until = noon + 30min}, noon + 2s));
    std::vector<PlanRow> rows;
    for (const auto& row : kept_) {
        if (row.kind == bid_row_kind) rows.insert(rows.begin(), row);  // the newest first
    }
    EXPECT_THAT(rows, SizeIs(2));
    Planner next(site_, prices_, outlets());
    next.configure(auctioned(), noon + 1min);
    next.restore_bids(kept_bids(rows, noon + 1min), noon + 1min);
    next.tick(noon + 1min);
    run_jobs();
    ASSERT_TRUE(next.allocation());
    EXPECT_DOUBLE_EQ(next.allocation()->load_kw(), 10) << "the newest bid, for nothing";
    EXPECT_THAT(next.allocation()->valuations, ElementsAre(HasSubstr("bid, valid until")));
    for (auto now = noon + 2min; now < noon + 31min; now += 10s) {
        next.tick(now);
        run_jobs();
    }
    EXPECT_DOUBLE_EQ(next.allocation()->load_kw(), 30) << "it runs out as it would have";
}

TEST_F(Planning, ABidOfNowGoesBeforeOneThatWasKept) {
    planner_.configure(auctioned(), noon);
    tick(noon);
    ASSERT_TRUE(planner_.bid("training", {.segments = {}, .valid_until = noon + 1h}, noon + 1s));
    planner_.restore_bids({{"training", {.segments = {{5, 20}}, .valid_until = noon + 2h}},
                           {"gone", {.segments = {}, .valid_until = noon + 2h}}},
                          noon + 2s);
    EXPECT_DOUBLE_EQ(planner_.allocation()->load_kw(), 10);
}

TEST_F(Planning, AnAllocationThatCannotBeMadeAnewIsWithdrawn) {
    planner_.configure(auctioned(), noon);
    tick(noon);
    ASSERT_TRUE(planner_.allocation());
    site_.latest_values[2][0].quality = Quality::stale;
    tick(noon + 5min);
    EXPECT_TRUE(planner_.allocation()) << "for a while the last one stands";
    for (auto now = noon + 5min; now <= noon + Planner::allocation_stands; now += 10s) tick(now);
    EXPECT_FALSE(planner_.allocation()) << "then everybody goes back to the safe cap";
    EXPECT_THAT(planner_.allocation_trouble(), HasSubstr("what training draws is not known"));
    EXPECT_THAT(cleared_, testing::Contains("plan/allocation"));
}

TEST_F(Planning, ABidThatEndsIsFollowedByAnAuctionAtOnce) {
    planner_.configure(auctioned(), noon);
    tick(noon);
    EXPECT_TRUE(planner_.bid("training", {.segments = {}, .valid_until = noon + 61s}, noon + 1s));
    EXPECT_DOUBLE_EQ(planner_.allocation()->load_kw(), 10);
    tick(noon + 60s);
    EXPECT_DOUBLE_EQ(planner_.allocation()->load_kw(), 10);
    tick(noon + 61s);
    EXPECT_DOUBLE_EQ(planner_.allocation()->load_kw(), 30);
}

TEST_F(Planning, WhenTheMainsAreBackANewPlanIsMadeAtOnce) {
    planner_.configure(auctioned(), noon);
    tick(noon);
    auto& on_battery = site_.ups_states[0].on_battery;
    on_battery = true;
    tick(noon + 1s);
    on_battery.reset();
    tick(noon + 2s);
    EXPECT_EQ(planner_.report()->plan.status, dispatch::PlanStatus::failed)
        << "nobody says that they are back";
    on_battery = false;
    tick(noon + 3s);
    EXPECT_EQ(planner_.report()->plan.status, dispatch::PlanStatus::optimal);
    EXPECT_EQ(planner_.report()->made, noon + 3s);
    EXPECT_EQ(planner_.allocation()->load_kw(), 30);
    EXPECT_THAT(events_, ElementsAre("optimal", "failed", "optimal"));
    EXPECT_THAT(conditions_.back(), "entitlement_cut over");
}

TEST_F(Planning, APlanFromBeforeTheMainsFailedIsNotTakenAfterwards) {
    planner_.configure(auctioned(), noon);
    planner_.tick(noon);
    std::string why;
    planner_.cycle({}, true, noon, [&](const Result<PlanReport>& found) { why = found.error().message; });
    site_.ups_states[0].on_battery = true;
    planner_.tick(noon + 1s);
    run_jobs();
    EXPECT_EQ(planner_.report()->plan.status, dispatch::PlanStatus::failed);
    EXPECT_THAT(why, HasSubstr("the mains have failed meanwhile"));
}

TEST_F(Planning, ThatThereIsNoPlanAfterAnOutageIsNotBlamedOnIt) {
    planner_.configure(auctioned(), noon);
    tick(noon);
    site_.ups_states[0].on_battery = true;
    tick(noon + 1s);
    site_.ups_states[0].on_battery = false;
    site_.string_states[0].soc_pct = {.value = std::nullopt, .reason = "stale_input"};
    tick(noon + 2s);
    EXPECT_FALSE(planner_.allocation()) << "the mains are there: nobody is held at nothing";
    EXPECT_THAT(planner_.allocation_trouble(), HasSubstr("charge of battery LIB-01 is not known"));
    EXPECT_THAT(cleared_, ElementsAre("plan/allocation"));
    EXPECT_THAT(conditions_.back(), HasSubstr("plan_failed: the charge of battery"));
}

TEST_F(Planning, EntitlementsThatAreCutAreACondition) {
    auto settings = auctioned();
    settings->load_classes[0].entitlement_kw = 500;
    planner_.configure(settings, noon);
    tick(noon);
    EXPECT_THAT(conditions_, ElementsAre(HasSubstr("entitlement_cut: the supply of")));
    planner_.configure(nullptr, noon);
    EXPECT_THAT(conditions_.back(), "entitlement_cut over");
    EXPECT_THAT(cleared_, ElementsAre("plan/dispatch", "plan/allocation"));
}

TEST_F(Planning, ACycleChangesNothingUnlessAsked) {
    planner_.configure(auctioned(), noon);
    std::vector<double> wear;
    const auto done = [&](const Result<PlanReport>& found) {
        ASSERT_TRUE(found) << found.error().message;
        wear.push_back(found->problem.batteries[0].wear_per_kwh);
        EXPECT_EQ(found->problem.steps(), 6U);
    };
    const CycleOverrides overrides{.risk_aversion = 0.5, .wear_per_kwh = 0.02, .horizon = 6h};
    planner_.cycle(overrides, false, noon, done);
    run_jobs();
    EXPECT_THAT(wear, ElementsAre(0.02));
    EXPECT_FALSE(planner_.report());
    EXPECT_THAT(told_, IsEmpty());
    planner_.cycle(overrides, true, noon, done);
    run_jobs();
    EXPECT_TRUE(planner_.report());
    EXPECT_THAT(told_, SizeIs(2));
}

TEST_F(Planning, ACycleWhoseAuctionFailsLeavesThePlanInForce) {
    planner_.configure(auctioned(), noon);
    tick(noon);
    const auto made = planner_.report()->made;
    site_.latest_values[2][0].quality = Quality::stale;
    std::string why;
    planner_.cycle({}, true, noon + 1min,
                   [&](const Result<PlanReport>& found) { why = found ? "" : found.error().message; });
    run_jobs();
    EXPECT_THAT(why, HasSubstr("what training draws is not known"));
    EXPECT_EQ(planner_.report()->made, made);
    EXPECT_THAT(planner_.trouble(), IsEmpty());
}

TEST_F(Planning, AClassWhoseValuesGoStaleLosesItsAwardAtOnce) {
    auto settings = auctioned();
    auto& training = settings->load_classes[0];
    training.segments.clear();
    training.value_series = "spot";
    training.yield_per_kwh = 1;
    training.most_kw = 20;
    const auto look = prices_.next_look(noon);
    ASSERT_TRUE(look);
    const std::vector<PriceStep> hours{{noon, noon + 1h + 2min, 5}};
    prices_.take(*look, hours, noon);
    planner_.configure(settings, noon);
    for (auto now = noon; now <= noon + 1h; now += 10s) tick(now);
    EXPECT_DOUBLE_EQ(planner_.allocation()->load_kw(), 30);
    tick(noon + 1h + 1s);
    EXPECT_DOUBLE_EQ(planner_.allocation()->load_kw(), 10) << "no news for an hour";
}

TEST_F(Planning, ACycleSaysWhyThereIsNoPlan) {
    auto settings = auctioned();
    settings->site.breaker_limit_kw = 5;
    settings->site.import_limit_kw = 5;
    planner_.configure(settings, noon);
    std::string why;
    planner_.cycle({}, false, noon, [&](const Result<PlanReport>& found) { why = found.error().message; });
    run_jobs();
    EXPECT_THAT(why, HasSubstr("there is no plan: "));
    planner_.cycle({}, false, noon, [&](const Result<PlanReport>& found) { why = found.error().message; });
    planner_.configure(auctioned(), noon);
    run_jobs();
    EXPECT_THAT(why, HasSubstr("has changed meanwhile"));
}

}  // namespace
}  // namespace sitepower::planner_test
