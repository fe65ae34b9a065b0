#include "core/alert/book.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "core/base/identifier.hpp"
#include "tests/unit/core/site/small_site.hpp"

namespace sitepower::book_test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Time start = from_ms(1'795'328'000'000);

std::shared_ptr<const SiteModel> model_with_batteries(std::size_t count) {
    auto model = std::make_shared<SiteModel>();
    model->id = "DC-1";
    const DeviceBuilder device(*model, "MON-01");
    model->strings.push_back({});
    model->strings[0].id = "STR-01";
    for (std::size_t i = 0; i < count; ++i) {
        model->batteries.push_back({});
        model->batteries[i].id = "BAT-" + std::to_string(i + 1);
        model->strings[0].batteries.push_back(static_cast<BatteryIndex>(i));
    }
    return model;
}

class AlertBookTest : public testing::Test {
  protected:
    explicit AlertBookTest(std::size_t batteries = 2)
        : model_(model_with_batteries(batteries)), slots_(model_), book_(slots_, rules_) {
        clock_.advance(start);
    }

    void after(Duration duration) {
        for (const Time until = clock_.moment().wall + duration; clock_.moment().wall < until;) {
            clock_.advance(clock_.moment().wall + seconds(1));
        }
    }
    SlotNumber slot(std::size_t battery = 0) const {
        return slots_.slot(slots_.number(static_cast<BatteryIndex>(battery)), RuleId::temperature_high);
    }
    std::vector<AlertChange> observe(std::optional<Severity> severity, std::size_t battery = 0) {
        Observation observation;
        observation.severity = severity;
        observation.rule = RuleId::temperature_high;
        observation.actual = 51.25;
        observation.threshold = 50;
        book_.observe(slot(battery), observation, clock_.moment(), effects_);
        return std::exchange(effects_.alerts, {});
    }
    std::vector<AlertChange> report(std::string_view detail, std::optional<Severity> severity) {
        Observation observation;
        observation.severity = severity;
        observation.rule = RuleId::device_alarm;
        observation.detail = detail;
        book_.observe(slots_.slot(slots_.number(DeviceIndex{0}), RuleId::device_alarm), observation,
                      clock_.moment(), effects_);
        return std::exchange(effects_.alerts, {});
    }
    std::vector<AlertChange> tick() {
        book_.tick(clock_.moment(), effects_);
        return std::exchange(effects_.alerts, {});
    }
    Status acknowledge(const std::string& id) {
        return book_.acknowledge(id, "mia", "on my way", clock_.moment(), effects_);
    }
    Status resolve(const std::string& id) {
        return book_.resolve(id, "mia", "sensor replaced", clock_.moment(), effects_);
    }

    std::shared_ptr<const SiteModel> model_;
    RuleSet rules_;
    AlertSlots slots_;
    AlertBook book_;
    Clock clock_;
    Effects effects_;
};

TEST_F(AlertBookTest, OpensOneAlertAndSaysEverything) {
    const auto changes = observe(Severity::critical);
    ASSERT_EQ(changes.size(), 1U);
    EXPECT_EQ(changes[0].transition, AlertTransition::triggered);
    const Alert& alert = changes[0].alert;
    EXPECT_TRUE(is_identifier(alert.id)) << alert.id;
    EXPECT_EQ(alert.type, "temperature_high");
    EXPECT_EQ(alert.severity, Severity::critical);
    EXPECT_EQ(alert.subject, (Subject{SubjectKind::battery, "BAT-1"}));
    EXPECT_EQ(alert.message, "Temperature is too high: 51.25 C, limit 50 C");
    EXPECT_EQ(alert.actual, 51.25);
    EXPECT_EQ(alert.threshold, 50);
    EXPECT_EQ(alert.unit, "Cel");
    EXPECT_EQ(alert.triggered_at, start);
    EXPECT_FALSE(alert.held);
    EXPECT_TRUE(observe(Severity::critical).empty());
    EXPECT_EQ(book_.of(slots_.number(BatteryIndex{0})).count, 1U);
    EXPECT_EQ(book_.of(slots_.number(BatteryIndex{0})).worst, Severity::critical);
    EXPECT_EQ(book_.of(slots_.number(static_cast<BatteryIndex>(1))).count, 0U);
}

TEST_F(AlertBookTest, WhatIsWithdrawnIsClosedAndMayRiseAgain) {
    observe(Severity::critical);
    book_.withdraw(slot(0), "the battery was replaced", clock_.moment(), effects_);
    auto changes = std::exchange(effects_.alerts, {});
    ASSERT_EQ(changes.size(), 1U);
    EXPECT_EQ(changes[0].transition, AlertTransition::resolved);
    EXPECT_EQ(changes[0].alert.resolved_by, "configuration");
    EXPECT_EQ(changes[0].alert.resolution_note, "the battery was replaced");
    changes = observe(Severity::critical);
    ASSERT_EQ(changes.size(), 1U);
    EXPECT_EQ(changes[0].transition, AlertTransition::triggered) << "another one, not the old one again";
    ASSERT_TRUE(resolve(changes[0].alert.id));
    effects_.alerts.clear();
    book_.withdraw(slot(0), "replaced", clock_.moment(), effects_);
    EXPECT_TRUE(effects_.alerts.empty());
    EXPECT_EQ(observe(Severity::warning).size(), 1U) << "it is no longer kept quiet";
}

TEST_F(AlertBookTest, IdentifiersAreUniqueAndTheSameInAReplay) {
    std::set<std::string> ids;
    ids.insert(observe(Severity::warning, 0)[0].alert.id);
    ids.insert(observe(Severity::warning, 1)[0].alert.id);
    EXPECT_EQ(ids.size(), 2U);

    AlertBook replay(slots_, rules_);
    Effects effects;
    Observation observation;
    observation.severity = Severity::warning;
    observation.rule = RuleId::temperature_high;
    replay.observe(slot(0), observation, clock_.moment(), effects);
    EXPECT_TRUE(ids.contains(effects.alerts[0].alert.id));
}

TEST_F(AlertBookTest, EscalationChangesTheOneAlertAndWantsANewAcknowledgement) {
    const auto id = observe(Severity::warning)[0].alert.id;
    ASSERT_TRUE(acknowledge(id));
    effects_.alerts.clear();
    const auto up = observe(Severity::critical);
    ASSERT_EQ(up.size(), 1U);
    EXPECT_EQ(up[0].transition, AlertTransition::changed);
    EXPECT_EQ(up[0].alert.id, id);
    EXPECT_EQ(up[0].alert.severity, Severity::critical);
    EXPECT_TRUE(up[0].alert.is_pending());
    ASSERT_TRUE(acknowledge(id));
    effects_.alerts.clear();
    const auto down = observe(Severity::warning);
    EXPECT_EQ(down[0].transition, AlertTransition::changed);
    EXPECT_FALSE(down[0].alert.is_pending()) << "what gets better stays acknowledged";
}

TEST_F(AlertBookTest, WhatJoinsAListIsToldAndWantsANewAcknowledgement) {
    const auto id = report("Fault, Too hot", Severity::critical).at(0).alert.id;
    ASSERT_TRUE(acknowledge(id));
    effects_.alerts.clear();
    EXPECT_THAT(report("Fault, Too hot", Severity::critical), testing::IsEmpty());
    const auto joined = report("Fault, Too hot, Fan", Severity::critical);
    ASSERT_EQ(joined.size(), 1U);
    EXPECT_EQ(joined[0].transition, AlertTransition::changed);
    EXPECT_EQ(joined[0].alert.id, id);
    EXPECT_EQ(joined[0].alert.message, "The device reports: Fault, Too hot, Fan");
    EXPECT_FALSE(joined[0].alert.acknowledged_at);
    EXPECT_EQ(book_.open()[0].message, joined[0].alert.message);
}

TEST_F(AlertBookTest, WhatLeavesAListIsToldAndStaysAcknowledged) {
    const auto id = report("Fault, Too hot", Severity::critical).at(0).alert.id;
    ASSERT_TRUE(acknowledge(id));
    effects_.alerts.clear();
    const auto left = report("Too hot", Severity::critical);
    ASSERT_EQ(left.size(), 1U);
    EXPECT_EQ(left[0].alert.message, "The device reports: Too hot");
    EXPECT_TRUE(left[0].alert.acknowledged_at);
}

TEST_F(AlertBookTest, AListResolvedByHandRisesAgainForWhatJoinsIt) {
    const auto id = report("Fault, Too hot", Severity::critical).at(0).alert.id;
    ASSERT_TRUE(resolve(id));
    effects_.alerts.clear();
    EXPECT_THAT(report("Fault", Severity::critical), testing::IsEmpty());
    const auto risen = report("Fault, Fan", Severity::critical);
    ASSERT_EQ(risen.size(), 1U);
    EXPECT_EQ(risen[0].transition, AlertTransition::triggered);
}

TEST_F(AlertBookTest, AListThatComesBackLongerIsToldAtEveryFlap) {
    for (int i = 0; i < 4; ++i) {
        report("Fault", Severity::critical);
        report("", std::nullopt);
    }
    const auto longer = report("Fault, Fan", Severity::critical);
    ASSERT_FALSE(longer.empty());
    EXPECT_EQ(longer.back().alert.message, "The device reports: Fault, Fan");
}

TEST_F(AlertBookTest, AListIsKnownAgainAfterARestart) {
    Alert before = report("Fault, Fan", Severity::critical).at(0).alert;
    before.acknowledged_at = start;
    before.message += " (not at present; it has come back 2 times and is over when it stays away for 10 min)";
    AlertBook restarted(slots_, rules_);
    ASSERT_TRUE(restarted.restore_open(before, clock_.moment(), effects_));
    effects_.alerts.clear();
    Observation observation;
    observation.severity = Severity::critical;
    observation.rule = RuleId::device_alarm;
    const auto slot = slots_.slot(slots_.number(DeviceIndex{0}), RuleId::device_alarm);
    observation.detail = "Fault";
    restarted.observe(slot, observation, clock_.moment(), effects_);
    EXPECT_TRUE(restarted.open()[0].acknowledged_at);
    observation.detail = "Fault, Door";
    restarted.observe(slot, observation, clock_.moment(), effects_);
    EXPECT_FALSE(restarted.open()[0].acknowledged_at);
}

TEST_F(AlertBookTest, AnAlertFollowsHowItStandsAndStaysAcknowledged) {
    const auto short_by = [&](std::string_view detail, std::optional<Severity> severity) {
        Observation observation;
        observation.severity = severity;
        observation.rule = RuleId::plan_reserve_short;
        observation.detail = detail;
        book_.observe(slots_.slot(AlertSlots::site(), RuleId::plan_reserve_short), observation,
                      clock_.moment(), effects_);
        return std::exchange(effects_.alerts, {});
    };
    const auto id = short_by("1 kWh, whole again soon", Severity::critical).at(0).alert.id;
    ASSERT_TRUE(acknowledge(id));
    effects_.alerts.clear();
    EXPECT_THAT(short_by("1 kWh, whole again soon", Severity::critical), testing::IsEmpty());
    const auto worse = short_by("30 kWh, never", Severity::critical);
    ASSERT_EQ(worse.size(), 1U);
    EXPECT_EQ(worse[0].transition, AlertTransition::changed);
    EXPECT_EQ(worse[0].alert.id, id);
    EXPECT_THAT(worse[0].alert.message, testing::EndsWith("30 kWh, never"));
    EXPECT_TRUE(worse[0].alert.acknowledged_at);
    EXPECT_EQ(short_by("", std::nullopt).at(0).transition, AlertTransition::resolved);
}

TEST_F(AlertBookTest, ThatItIsNotThereAtPresentIsSaidOnceAlsoAfterARestart) {
    report("Fault", Severity::critical);
    report("", std::nullopt);
    report("Fault", Severity::critical);
    report("", std::nullopt);
    const auto quiet = book_.open()[0];
    ASSERT_THAT(quiet.message, testing::HasSubstr("not at present"));
    AlertBook restarted(slots_, rules_);
    ASSERT_TRUE(restarted.restore_open(quiet, clock_.moment(), effects_));
    Observation observation;
    observation.rule = RuleId::device_alarm;
    restarted.observe(slots_.slot(slots_.number(DeviceIndex{0}), RuleId::device_alarm), observation,
                      clock_.moment(), effects_);
    EXPECT_EQ(restarted.open()[0].message, quiet.message);
}

TEST_F(AlertBookTest, AcknowledgesOnce) {
    const auto id = observe(Severity::warning)[0].alert.id;
    after(seconds(5));
    ASSERT_TRUE(acknowledge(id));
    ASSERT_EQ(effects_.alerts.size(), 1U);
    const Alert& alert = effects_.alerts[0].alert;
    EXPECT_EQ(effects_.alerts[0].transition, AlertTransition::acknowledged);
    EXPECT_EQ(alert.acknowledged_at, start + seconds(5));
    EXPECT_EQ(alert.acknowledged_by, "mia");
    EXPECT_EQ(alert.acknowledgment_note, "on my way");
    const auto again = acknowledge(id);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, ErrorCode::conflict);
    const auto unknown = acknowledge("no-such-alert");
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().code, ErrorCode::not_found);
}

TEST_F(AlertBookTest, RefusesNotesBeyondTheLimit) {
    const auto id = observe(Severity::warning)[0].alert.id;
    const std::string longest(AlertBook::longest_note, 'x');
    const auto refused = book_.acknowledge(id, "mia", longest + "x", clock_.moment(), effects_);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::validation_error);
    EXPECT_TRUE(book_.acknowledge(id, "mia", longest, clock_.moment(), effects_));
}

TEST_F(AlertBookTest, ResolvesWhenTheConditionHasCleared) {
    const auto id = observe(Severity::warning)[0].alert.id;
    after(minutes(20));
    const auto changes = observe(std::nullopt);
    ASSERT_EQ(changes.size(), 1U);
    EXPECT_EQ(changes[0].transition, AlertTransition::resolved);
    EXPECT_EQ(changes[0].alert.resolved_by, "condition_cleared");
    EXPECT_EQ(changes[0].alert.resolved_at, start + minutes(20));
    EXPECT_TRUE(book_.open().empty());
    const auto late = acknowledge(id);
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code, ErrorCode::conflict) << "resolved already, not unknown";
}

TEST_F(AlertBookTest, ResolvedByHandItRisesAgainOnlyAfterTheConditionHasCleared) {
    const auto id = observe(Severity::warning)[0].alert.id;
    ASSERT_TRUE(resolve(id));
    EXPECT_EQ(effects_.alerts[0].alert.resolved_by, "mia");
    EXPECT_EQ(effects_.alerts[0].alert.resolution_note, "sensor replaced");
    effects_.alerts.clear();
    after(hours(1));
    EXPECT_TRUE(observe(Severity::warning).empty());
    EXPECT_EQ(book_.resolved_by_hand().size(), 1U);
    const auto twice = resolve(id);
    ASSERT_FALSE(twice);
    EXPECT_EQ(twice.error().code, ErrorCode::conflict);
    EXPECT_TRUE(observe(std::nullopt).empty());
    EXPECT_TRUE(book_.resolved_by_hand().empty());
    const auto again = observe(Severity::warning);
    ASSERT_EQ(again.size(), 1U);
    EXPECT_NE(again[0].alert.id, id);
}

TEST_F(AlertBookTest, ResolvedByHandItRisesAgainWhenItGetsWorse) {
    const auto id = observe(Severity::warning)[0].alert.id;
    ASSERT_TRUE(resolve(id));
    effects_.alerts.clear();
    const auto worse = observe(Severity::critical);
    ASSERT_EQ(worse.size(), 1U);
    EXPECT_EQ(worse[0].transition, AlertTransition::triggered);
}

TEST_F(AlertBookTest, FlappingIsCountedNotRepeated) {
    const auto id = observe(Severity::warning)[0].alert.id;
    std::vector<AlertChange> all;
    for (int i = 0; i < 20; ++i) {
        for (const auto severity : {std::optional<Severity>{}, std::optional(Severity::warning)}) {
            after(seconds(30));
            for (auto& change : observe(severity)) all.push_back(std::move(change));
            for (auto& change : tick()) all.push_back(std::move(change));
        }
    }
    // resolved once, opened again, and told at 1, 2, 4, 8 and 16.
    ASSERT_EQ(all.size(), 6U);
    EXPECT_EQ(all[0].transition, AlertTransition::resolved);
    EXPECT_EQ(all[1].transition, AlertTransition::triggered);
    EXPECT_FALSE(all[1].alert.resolved_at);
    for (const auto& change : all) EXPECT_EQ(change.alert.id, id);
    ASSERT_EQ(book_.open().size(), 1U);
    EXPECT_EQ(book_.open()[0].flaps, 20U);

    const auto message = book_.open()[0].message;
    observe(std::nullopt);
    EXPECT_THAT(book_.open()[0].message,
                testing::StartsWith(message + " (not at present; it has come back 20 times"));
    after(AlertBook::quiet_told_after - seconds(1));
    EXPECT_TRUE(tick().empty());
    after(seconds(1));
    ASSERT_EQ(tick().size(), 1U);
    after(AlertBook::flap_window - AlertBook::quiet_told_after - seconds(1));
    EXPECT_TRUE(tick().empty());
    after(seconds(1));
    const auto closed = tick();
    ASSERT_EQ(closed.size(), 1U);
    EXPECT_EQ(closed[0].alert.resolved_by, "condition_cleared");
}

// Whoever listens for what is triggered has been told that it was over.
TEST_F(AlertBookTest, WhatRisesAgainAfterItWasOverHasToBeAcknowledgedAgain) {
    const auto id = observe(Severity::warning)[0].alert.id;
    ASSERT_TRUE(book_.acknowledge(id, "mia", "seen", clock_.moment(), effects_));
    effects_.alerts.clear();
    observe(std::nullopt);
    after(seconds(8));
    const auto again = observe(Severity::warning);
    ASSERT_EQ(again.size(), 1U);
    EXPECT_EQ(again[0].transition, AlertTransition::triggered);
    EXPECT_EQ(again[0].alert.id, id);
    EXPECT_EQ(again[0].alert.flaps, 1U);
    EXPECT_FALSE(again[0].alert.acknowledged_at);
    EXPECT_EQ(again[0].alert.acknowledgment_note, "");
}

TEST_F(AlertBookTest, AFlappingAlertThatComesBackAfterItWasToldQuietSaysSo) {
    observe(Severity::warning);
    observe(std::nullopt);
    observe(Severity::warning);
    observe(std::nullopt);
    after(AlertBook::quiet_told_after);
    ASSERT_EQ(tick().size(), 1U);
    EXPECT_TRUE(observe(Severity::warning).size() == 1U) << "the second time, and it was told to be quiet";
    EXPECT_THAT(book_.open()[0].message, testing::Not(testing::HasSubstr("not at present")));
}

TEST_F(AlertBookTest, WhatRisesAfterTheFlapWindowIsANewAlert) {
    const auto id = observe(Severity::warning)[0].alert.id;
    observe(std::nullopt);
    after(AlertBook::flap_window);
    const auto changes = observe(Severity::warning);
    ASSERT_EQ(changes.size(), 1U);
    EXPECT_EQ(changes[0].transition, AlertTransition::triggered);
    EXPECT_NE(changes[0].alert.id, id);
}

TEST_F(AlertBookTest, AMaintenanceWindowHoldsBackAndReleases) {
    const MaintenanceWindow window{"",    {SubjectKind::string, "STR-01"}, start, start + hours(1), "mia",
                                   "test"};
    ASSERT_TRUE(book_.start_maintenance(window, clock_.moment(), effects_));
    ASSERT_EQ(effects_.windows_started.size(), 1U);
    EXPECT_TRUE(is_identifier(effects_.windows_started[0].id));

    const auto held = observe(Severity::warning, 0);
    ASSERT_EQ(held.size(), 1U);
    EXPECT_TRUE(held[0].alert.held);
    EXPECT_TRUE(observe(Severity::critical, 1)[0].alert.held);
    EXPECT_TRUE(observe(std::nullopt, 1)[0].alert.held) << "came and went unannounced";

    after(hours(1));
    const auto released = tick();
    ASSERT_EQ(effects_.windows_ended.size(), 1U);
    ASSERT_EQ(released.size(), 1U);
    EXPECT_EQ(released[0].transition, AlertTransition::triggered);
    EXPECT_FALSE(released[0].alert.held);
    EXPECT_EQ(released[0].alert.id, held[0].alert.id);
    EXPECT_EQ(released[0].alert.triggered_at, start);
}

TEST_F(AlertBookTest, AWindowEndedByHandReleasesAtOnce) {
    const MaintenanceWindow window{"W-1", {SubjectKind::site, "DC-1"}, start, start + hours(1), "mia",
                                   "test"};
    ASSERT_TRUE(book_.start_maintenance(window, clock_.moment(), effects_));
    observe(Severity::warning);
    after(minutes(1));
    ASSERT_TRUE(book_.end_maintenance("W-1", clock_.moment(), effects_));
    EXPECT_EQ(effects_.windows_ended[0].to, start + minutes(1));
    ASSERT_EQ(effects_.alerts.size(), 1U);
    EXPECT_FALSE(effects_.alerts[0].alert.held);
    EXPECT_FALSE(book_.end_maintenance("W-1", clock_.moment(), effects_));
}

// A reload takes it over from here, however long ago it was and whatever has closed since.
TEST_F(AlertBookTest, ResolvedByHandIsRememberedHoweverManyHaveClosedSince) {
    ASSERT_TRUE(resolve(observe(Severity::warning)[0].alert.id));
    effects_.clear();
    for (std::size_t i = 0; i < AlertBook::most_recent + 1; ++i) {
        const auto changes = observe(Severity::warning, 1);
        ASSERT_EQ(changes.size(), 1U);
        ASSERT_TRUE(resolve(changes[0].alert.id));
        effects_.clear();
        observe(std::nullopt, 1);
        after(AlertBook::flap_window + seconds(1));
    }
    const auto muted = book_.resolved_by_hand();
    ASSERT_EQ(muted.size(), 1U);
    EXPECT_EQ(muted[0].subject.id, "BAT-1");
}

TEST_F(AlertBookTest, OfSeveralAlertsTheOneResolvedByHandIsRemembered) {
    observe(Severity::warning);
    observe(std::nullopt);  // the first one cleared by itself
    after(AlertBook::flap_window + seconds(1));
    tick();
    const auto changes = observe(Severity::critical);
    ASSERT_EQ(changes.size(), 1U);
    const auto second = changes[0].alert.id;
    ASSERT_TRUE(resolve(second));
    const auto muted = book_.resolved_by_hand();
    ASSERT_EQ(muted.size(), 1U);
    EXPECT_EQ(muted[0].id, second);
    EXPECT_EQ(muted[0].resolved_by, "mia");
    EXPECT_EQ(muted[0].severity, Severity::critical);

    // After a restart it stays quiet at the severity that somebody has seen.
    AlertBook restarted(slots_, rules_);
    ASSERT_TRUE(restarted.restore_muted(muted[0], clock_.moment()));
    Observation observation;
    observation.severity = Severity::critical;
    observation.rule = RuleId::temperature_high;
    effects_.clear();
    restarted.observe(slot(), observation, clock_.moment(), effects_);
    EXPECT_TRUE(effects_.alerts.empty());
}

TEST_F(AlertBookTest, TakesOverWhatWasOpen) {
    Alert alert = observe(Severity::warning)[0].alert;
    alert.flaps = 7;
    alert.acknowledged_at = start;
    AlertBook next(slots_, rules_);
    ASSERT_TRUE(next.restore_open(alert, clock_.moment(), effects_));
    EXPECT_TRUE(effects_.alerts.empty());
    ASSERT_EQ(next.open().size(), 1U);
    EXPECT_EQ(next.open()[0].flaps, 7U);
    EXPECT_FALSE(next.open()[0].is_pending());
    EXPECT_EQ(next.of(slots_.number(BatteryIndex{0})).count, 1U);
}

TEST_F(AlertBookTest, ResolvesWhatHasVanishedByConfiguration) {
    Alert gone;
    gone.id = "temperature_high-1-1";
    gone.type = "temperature_high";
    gone.subject = {SubjectKind::battery, "BAT-99"};
    EXPECT_FALSE(book_.restore_open(gone, clock_.moment(), effects_));
    ASSERT_EQ(effects_.alerts.size(), 1U);
    EXPECT_EQ(effects_.alerts[0].transition, AlertTransition::resolved);
    EXPECT_EQ(effects_.alerts[0].alert.resolved_by, "configuration");

    gone.subject.id = "BAT-1";
    gone.type = "no_such_rule";
    EXPECT_FALSE(book_.restore_open(gone, clock_.moment(), effects_));

    AlertRuleSettings off;
    off.type = "temperature_high";
    off.enabled = false;
    const RuleSet without(std::vector<AlertRuleSettings>{off});
    AlertBook quiet(slots_, without);
    gone.type = "temperature_high";
    EXPECT_FALSE(quiet.restore_open(gone, clock_.moment(), effects_));
    EXPECT_TRUE(quiet.open().empty());
}

class FullAlertBookTest : public AlertBookTest {
  protected:
    FullAlertBookTest() : AlertBookTest(AlertBook::most_open + 2) {}
};

TEST_F(FullAlertBookTest, AtTheLimitOneAlertSaysSoAndTheRestWait) {
    for (std::size_t i = 0; i < AlertBook::most_open; ++i)
        ASSERT_EQ(observe(Severity::warning, i).size(), 1U);
    EXPECT_TRUE(tick().empty());
    const auto last = AlertBook::most_open + 1;
    EXPECT_TRUE(observe(Severity::critical, last - 1).empty());
    EXPECT_TRUE(observe(Severity::critical, last).empty());
    const auto full = tick();
    ASSERT_EQ(full.size(), 1U);
    EXPECT_EQ(full[0].alert.type, "alerts_full");
    EXPECT_EQ(full[0].alert.affected, 2U);
    EXPECT_EQ(book_.open().size(), AlertBook::most_open + 1);
    EXPECT_TRUE(tick().empty());

    observe(std::nullopt, 0);
    observe(std::nullopt, 1);
    EXPECT_EQ(observe(Severity::critical, last - 1).size(), 1U) << "there is room for one beside alerts_full";
    observe(std::nullopt, 2);
    EXPECT_EQ(observe(Severity::critical, last).size(), 1U);
    const auto over = tick();
    ASSERT_EQ(over.size(), 1U);
    EXPECT_EQ(over[0].transition, AlertTransition::resolved);
}

}  // namespace
}  // namespace sitepower::book_test
