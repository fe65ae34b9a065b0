#include "daemon/lab/replay/replay.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/core/site/small_site.hpp"
#include "tests/unit/daemon/store/threadless_store.hpp"

namespace sitepower::lab::replay_test {
namespace {

using std::chrono::seconds;

// A daemon in small: its engine, and a store that gets the frames and what is told of the batteries.
class ReplayTest : public testing::Test {
  protected:
    static constexpr std::size_t jars = 3;

    ReplayTest() {
        SiteModel model;
        DeviceBuilder monitor(model, "MON-01");
        StringModel& string = model.strings.emplace_back();
        string.id = "STR-01";
        string.nominal_capacity_ah = 20;
        string.current_a = monitor.point("current_a", "A");
        model.batteries.resize(jars);
        for (std::size_t i = 0; i < jars; ++i) {
            BatteryModel& battery = model.batteries[i];
            battery.id = "BAT-" + std::to_string(i + 1);
            battery.voltage_v = monitor.point("jar" + std::to_string(i) + ".voltage_v", "V");
            battery.temperature_c = monitor.point("jar" + std::to_string(i) + ".temperature_c", "Cel");
            model.strings[0].batteries.push_back(static_cast<BatteryIndex>(i));
        }
        layout_ = monitor.finish(seconds(1));
        config_.model = std::make_shared<const SiteModel>(std::move(model));
        config_.settings.battery.float_full_after = std::chrono::minutes(10);
        config_.settings.battery.soc_method = "counting";
        site_.emplace(config_.model, config_.settings);
    }

    // Frames each second; handled up to 300 ms after they were made, with ticks between them.
    void live(Duration time, double current_a, double voltage_v) {
        for (const Time until = now_ + time; now_ < until; now_ += seconds(1)) {
            std::vector<double> values{current_a + 1e-5 * wave()};
            for (std::size_t i = 0; i < jars; ++i) {
                values.push_back(voltage_v + 0.001 * static_cast<double>(i) + 1e-4 * wave());
                values.push_back(25 + 1e-3 * wave());
            }
            auto frame = sitepower::make_frame(layout_, now_, std::move(values));
            ++sequence_;
            batch_.rows.emplace_back(
                MessageRow{reading_message(store_.epoch(), sequence_, sequence_, FramePtr(frame))});
            tell(frame, now_ + Duration{static_cast<std::int64_t>(random_() % 300)});
            tell(Tick{}, now_ + Duration{500});
            if (batch_.rows.size() > 200) commit();
        }
        commit();
    }
    void silence(Duration time) {
        for (const Time until = now_ + time; now_ < until; now_ += seconds(1)) {
            tell(Tick{}, now_ + Duration{500});
        }
    }
    // From now on the daemon has this model.
    void use(std::shared_ptr<const SiteModel> model) {
        config_.model = std::move(model);
        store_.restart();
        sequence_ = 0;
        site_.emplace(config_.model, config_.settings);
    }
    void restart() {
        const Snapshot left = site_->snapshot();
        store_.restart();
        sequence_ = 0;
        site_.emplace(config_.model, config_.settings);
        Effects effects;
        site_->restore(left, now_, effects);
    }
    ReplayOutcome replayed(const ReplaySpan& span = {}) {
        const auto reader = store_.reader();
        auto outcome = replay(*reader, config_, span);
        EXPECT_TRUE(outcome);
        return std::move(*outcome);
    }

    ThreadlessStore store_;
    std::shared_ptr<const Layout> layout_;
    config::Config config_;
    std::optional<Site> site_;
    Time now_ = test_start;

  private:
    double wave() { return static_cast<double>(random_() % 200) - 100; }
    void tell(const Event& event, Time at) {
        Effects effects;
        site_->handle(event, at, effects);
        for (const BatteryState& state : effects.batteries) {
            batch_.rows.emplace_back(
                BatteryStateRow{config_.model->batteries[position(state.battery)].id, state});
        }
        for (const AlertChange& change : effects.alerts) batch_.rows.emplace_back(AlertRow{change.alert});
    }
    void commit() {
        EXPECT_TRUE(store_.commit(batch_));
        batch_.clear();
    }

    std::mt19937_64 random_{7};
    Batch batch_;
    std::uint64_t sequence_ = 0;
};

TEST_F(ReplayTest, GivesTheNumbersOfTheDaemon) {
    live(std::chrono::minutes(15), 0.01, 13.65);  // float, and full
    live(std::chrono::minutes(40), -4, 12.3);
    live(std::chrono::minutes(10), 3, 13.2);
    const ReplayOutcome outcome = replayed();
    EXPECT_EQ(outcome.frames, 65U * 60);
    EXPECT_EQ(outcome.skipped, 0U);
    EXPECT_EQ(outcome.damaged_blocks, 0U);
    ASSERT_EQ(outcome.differences.size(), jars);
    for (std::size_t i = 0; i < jars; ++i) {
        const auto& live_pct = site_->batteries()[i].soc_pct;
        ASSERT_TRUE(live_pct.value);
        EXPECT_LT(*live_pct.value, 95) << "something has happened";
        EXPECT_EQ(outcome.batteries[i].soc_pct.value, live_pct.value);
        EXPECT_EQ(outcome.batteries[i].soc_pct.sigma, live_pct.sigma);
        EXPECT_EQ(outcome.batteries[i].soc_pct.as_of, live_pct.as_of);
        EXPECT_EQ(outcome.differences[i].battery, "BAT-" + std::to_string(i + 1));
        const auto told =
            store_.reader()->battery_states("BAT-" + std::to_string(i + 1), test_start, now_, 1'000);
        const auto with_charge = std::ranges::count_if(
            *told, [](const ToldBatteryState& state) { return state.soc_pct.value.has_value(); });
        EXPECT_GT(with_charge, 20);
        EXPECT_EQ(outcome.differences[i].compared, told->size()) << "all of them";
        EXPECT_EQ(outcome.differences[i].unlike, 0U);
        EXPECT_EQ(outcome.differences[i].soc_pct.compared, told->size());
        EXPECT_EQ(outcome.differences[i].soc_pct.largest, 0);
    }
    EXPECT_EQ(outcome.alerts.unlike(), 0U);
}

// Whole minutes in which the monitor does not answer: what is told then is compared as well.
TEST_F(ReplayTest, LivesThroughASilenceOfTheDevices) {
    live(std::chrono::minutes(15), 0.01, 13.65);
    live(std::chrono::minutes(10), -4, 12.3);
    silence(std::chrono::minutes(10));
    live(std::chrono::minutes(10), -4, 12.2);
    const ReplayOutcome outcome = replayed();
    for (const BatteryDifference& difference : outcome.differences) {
        const auto told = store_.reader()->battery_states(difference.battery, test_start, now_, 1'000);
        EXPECT_TRUE(std::ranges::any_of(*told, [](const ToldBatteryState& state) {
            return state.soc_pct.reason == "stale_input" && !state.soc_pct.value;
        }));
        EXPECT_GE(difference.compared, 15U);
        EXPECT_EQ(difference.compared, told->size());
        EXPECT_EQ(difference.unlike, 0U);
        EXPECT_EQ(difference.soc_pct.compared, told->size());
        EXPECT_LT(difference.soc_pct.largest, 0.001);
    }
}

// The daemon knew the charge, and the replay does not; and the other way round.
TEST_F(ReplayTest, CountsWhatOnlyOneOfBothKnew) {
    const auto with_current = config_.model;
    SiteModel blind = *with_current;
    blind.strings[0].current_a.reset();
    const auto without = std::make_shared<const SiteModel>(std::move(blind));
    for (const auto& [then, now] : {std::pair{with_current, without}, std::pair{without, with_current}}) {
        use(then);
        live(std::chrono::minutes(15), 0.01, 13.65);
        live(std::chrono::minutes(10), -4, 12.3);
        config_.model = then;
        const Time from = now_ - std::chrono::minutes(25);
        EXPECT_EQ(replayed({.from = from}).differences[0].unlike, 0U);
        EXPECT_GE(replayed({.from = from}).differences[0].compared, 2U);
        config_.model = now;
        const BatteryDifference difference = replayed({.from = from}).differences[0];
        EXPECT_GE(difference.unlike, 2U);
        EXPECT_EQ(difference.unlike, difference.compared);
    }
}

TEST_F(ReplayTest, ComparesAlerts) {
    live(std::chrono::minutes(15), 0.01, 13.65);
    live(std::chrono::minutes(20), 0.01, 14.9);
    live(std::chrono::minutes(15), 0.01, 13.65);
    const AlertDifference same = replayed().alerts;
    EXPECT_EQ(same.compared, jars);
    EXPECT_EQ(same.unlike(), 0U);
    const ReplayOutcome later = replayed({.from = test_start + std::chrono::minutes(21)});
    EXPECT_EQ(later.alerts.unlike(), 0U) << "they had been open for long";
    config_.settings.alert_rules.push_back({.type = "voltage_high", .enabled = false});
    const AlertDifference quiet = replayed().alerts;
    EXPECT_EQ(quiet.compared, 0U);
    ASSERT_EQ(quiet.only_told.size(), jars);
    EXPECT_EQ(quiet.only_told.front().substr(0, 20), "voltage_high of BAT-");
}

TEST_F(ReplayTest, GoesOnOverARestartOfTheDaemon) {
    live(std::chrono::minutes(15), 0.01, 13.65);
    live(std::chrono::minutes(10), -4, 12.3);
    now_ += std::chrono::minutes(3);
    restart();
    live(std::chrono::minutes(10), -4, 12.2);
    const ReplayOutcome outcome = replayed();
    for (std::size_t i = 0; i < jars; ++i) {
        ASSERT_TRUE(site_->batteries()[i].soc_pct.value);
        EXPECT_NEAR(*outcome.batteries[i].soc_pct.value, *site_->batteries()[i].soc_pct.value, 1e-6);
        EXPECT_GE(outcome.differences[i].soc_pct.compared, 15U);
        EXPECT_EQ(outcome.differences[i].unlike, 0U);
    }
}

TEST_F(ReplayTest, OfOtherNumbersSaysHowFarTheyAreApart) {
    live(std::chrono::minutes(15), 0.01, 13.65);
    live(std::chrono::minutes(40), -4, 12.3);
    SiteModel other = *config_.model;
    other.strings[0].nominal_capacity_ah = 40;
    config_.model = std::make_shared<const SiteModel>(std::move(other));
    const ReplayOutcome outcome = replayed();
    EXPECT_NEAR(outcome.differences[0].soc_pct.largest, 6.7, 1);
}

TEST_F(ReplayTest, TakesASpanAndSkipsWhatTheConfigurationDoesNotHave) {
    live(std::chrono::minutes(4), -4, 12.3);
    const ReplayOutcome part =
        replayed({.from = test_start + std::chrono::minutes(1), .to = test_start + std::chrono::minutes(2)});
    EXPECT_EQ(part.frames, 60U);
    EXPECT_EQ(part.first, test_start + std::chrono::minutes(1));
    EXPECT_EQ(part.last, test_start + std::chrono::minutes(2) - seconds(1));
    SiteModel other = *config_.model;
    other.devices[0].id = "MON-02";
    config_.model = std::make_shared<const SiteModel>(std::move(other));
    const ReplayOutcome none = replayed();
    EXPECT_EQ(none.frames, 0U);
    EXPECT_EQ(none.skipped, 240U);
}

TEST_F(ReplayTest, NothingComparedAndAnythingUnlikeMissAGoal) {
    const auto missed = [&](const ReplayOutcome& outcome) {
        testing::internal::CaptureStdout();
        testing::internal::CaptureStderr();
        Report report(ReportForm::table);
        tell_outcome(outcome, *config_.model, report);
        testing::internal::GetCapturedStdout();
        testing::internal::GetCapturedStderr();
        return report.failed();
    };
    ReplayOutcome outcome;
    outcome.frames = 100;
    outcome.batteries.resize(jars);
    outcome.differences.resize(jars);
    EXPECT_EQ(missed(outcome), jars) << "nothing was compared";
    for (BatteryDifference& difference : outcome.differences) difference.compared = 5;
    EXPECT_EQ(missed(outcome), 0U);
    outcome.differences[1].unlike = 1;
    EXPECT_EQ(missed(outcome), 1U);
    outcome.differences[2].soc_pct = {.compared = 5, .largest = 0.002};
    EXPECT_EQ(missed(outcome), 2U);
    outcome.alerts.only_told.emplace_back("voltage_high of BAT-1");
    EXPECT_EQ(missed(outcome), 3U);
}

TEST_F(ReplayTest, PointsAreFoundByTheirNames) {
    live(std::chrono::minutes(15), 0.01, 13.65);
    live(std::chrono::minutes(5), -4, 12.3);
    const double before = *site_->batteries()[0].soc_pct.value;
    SiteModel other = *config_.model;  // the profile has got a point since, at its head
    auto& device = other.devices[0];
    auto grown = std::make_shared<Layout>(*device.layouts[0]);
    device.points.insert(device.points.begin(), PointModel{"new", ""});
    grown->points.insert(grown->points.begin(), LayoutPoint{"new", ""});
    device.layouts[0] = grown;
    const auto shift = [](std::optional<PointRef>& point) {
        if (point) ++point->slot;
    };
    shift(other.strings[0].current_a);
    for (BatteryModel& battery : other.batteries) {
        shift(battery.voltage_v);
        shift(battery.temperature_c);
    }
    config_.model = std::make_shared<const SiteModel>(std::move(other));
    EXPECT_EQ(replayed().batteries[0].soc_pct.value, before);
}

}  // namespace
}  // namespace sitepower::lab::replay_test
