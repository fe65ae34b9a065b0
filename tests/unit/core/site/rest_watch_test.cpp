#include "core/site/rest_watch.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <optional>
#include <utility>

#include "core/site/site.hpp"
#include "tests/unit/core/battery/model/some_parameters.hpp"
#include "tests/unit/core/site/small_site.hpp"

namespace sitepower::rest_watch_test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Time start = from_ms(1'795'328'000'000);

// Through the engine: one cell of 10 Ah whose open circuit is a line from 3 to 4 V, polled every ten seconds.
class RestWatchTest : public testing::Test {
  protected:
    void build(const BatteryParameters& kind, double true_ah) {
        true_ah_ = true_ah;
        SiteModel model;
        DeviceBuilder monitor(model, "MON-01");
        StringModel& string = model.strings.emplace_back();
        string.id = "STR-01";
        string.chemistry = kind.chemistry;
        string.nominal_voltage_v = kind.nominal_voltage_v;
        string.nominal_capacity_ah = kind.nominal_capacity_ah;
        string.cell_model = std::make_shared<const CellModel>(kind);
        string.current_a = monitor.point("current_a", "A");
        BatteryModel& battery = model.batteries.emplace_back();
        battery.id = "BAT-0";
        battery.voltage_v = monitor.point("voltage_v", "V");
        battery.temperature_c = monitor.point("temperature_c", "Cel");
        model.strings[0].batteries.push_back(BatteryIndex{0});
        layout_ = monitor.finish(seconds(10));
        model_ = std::make_shared<const SiteModel>(std::move(model));
        site_.emplace(model_, SiteSettings{});
    }
    void reload() {
        const Site before = std::exchange(*site_, Site(model_, SiteSettings{}));
        Effects effects;
        site_->take_over(before, now_, effects);
    }

    void pass(Duration time, double current_a) {
        for (const Time until = now_ + time; now_ < until;) {
            for (int i = 0; i < 10; ++i) tell(Tick{}, now_ += seconds(1));
            soc_ += current_a * 10 / 3600 / true_ah_;
            const double voltage_v = 3 + soc_ + 0.02 * current_a;
            tell(make_frame(layout_, now_, {current_a + offset_a_, voltage_v, temperature_c_}), now_);
        }
    }
    void tell(const Event& event, Time now) {
        Effects effects;
        site_->handle(event, now, effects);
        EXPECT_FALSE(effects.refusal) << effects.refusal->message;
    }
    const Estimate& soh_pct() const { return site_->batteries()[0].soh_pct; }

    std::shared_ptr<const SiteModel> model_;
    std::shared_ptr<const Layout> layout_;
    std::optional<Site> site_;
    Time now_ = start;
    double true_ah_ = 10;
    double soc_ = 0.9;
    double offset_a_ = 0;
    double temperature_c_ = 25;
};

TEST_F(RestWatchTest, APartBetweenTwoRestsTellsTheCapacity) {
    build(some_cell(), 8.5);
    pass(minutes(70), 0);
    pass(hours(1), -5);
    pass(minutes(30), 0);
    EXPECT_FALSE(soh_pct().value) << "not rested yet";
    pass(minutes(40), 0);
    ASSERT_TRUE(soh_pct().value);
    EXPECT_NEAR(*soh_pct().value, 85, 2);
    EXPECT_LT(soh_pct().sigma, 6);
}

// By the battery file, as charge is counted and runtimes are foretold.
TEST_F(RestWatchTest, InTheColdTheCapacityIsThatOfTheFile) {
    temperature_c_ = 10;
    for (const double per_c : {0.0, 0.01}) {
        BatteryParameters kind = some_cell();
        kind.capacity_per_c = per_c;
        build(kind, 8.5);
        soc_ = 0.9;
        pass(minutes(70), 0);
        pass(hours(1), -5);
        pass(minutes(70), 0);
        ASSERT_TRUE(soh_pct().value);
        EXPECT_NEAR(*soh_pct().value, 85 / (1 - 15 * per_c), 2);
        const CapacityTest test{
            .time = now_, .delivered_ah = 8, .temperature_c = 10, .reached_end_voltage = true};
        Effects effects;
        site_->handle(RecordCapacityTest{"BAT-0", test, "eve"}, now_, effects);
        ASSERT_EQ(effects.capacity_tests.size(), 1U);
        EXPECT_NEAR(effects.capacity_tests[0].health_pct, 80 / (1 - 15 * per_c), 1e-9);
    }
}

TEST_F(RestWatchTest, AReloadOnTheWayChangesNothing) {
    build(some_cell(), 8.5);
    pass(minutes(70), 0);
    pass(minutes(30), -5);
    reload();
    pass(minutes(30), -5);
    pass(minutes(30), 0);
    reload();
    pass(minutes(35), 0);
    ASSERT_TRUE(soh_pct().value);
    EXPECT_NEAR(*soh_pct().value, 85, 2);
}

// As of a pack in standby.
TEST_F(RestWatchTest, ALongRestIsABeginningToo) {
    build(some_cell(), 8.5);
    pass(hours(50), 0);
    pass(hours(1), -5);
    pass(minutes(70), 0);
    ASSERT_TRUE(soh_pct().value);
    EXPECT_NEAR(*soh_pct().value, 85, 2);
}

TEST_F(RestWatchTest, AChargeTellsAsWell) {
    build(some_cell(), 8.5);
    soc_ = 0.2;
    pass(minutes(70), 0);
    pass(hours(1), 5);
    pass(minutes(70), 0);
    ASSERT_TRUE(soh_pct().value);
    EXPECT_NEAR(*soh_pct().value, 85, 2);
}

TEST_F(RestWatchTest, TellsOncePerQuarter) {
    build(some_cell(), 8.5);
    pass(minutes(70), 0);
    pass(hours(1), -5);
    pass(minutes(70), 0);
    const Time first = soh_pct().as_of;
    pass(minutes(40), 5);
    pass(minutes(70), 0);
    EXPECT_EQ(soh_pct().as_of, first);
}

TEST_F(RestWatchTest, TheOffsetOfTheSensorIsReadAtRest) {
    build(some_cell(), 8.5);
    offset_a_ = 0.04;
    pass(minutes(70), 0);
    pass(hours(6), -0.9);
    pass(minutes(70), 0);
    ASSERT_TRUE(soh_pct().value);
    EXPECT_NEAR(*soh_pct().value, 85, 2);
}

TEST_F(RestWatchTest, ASmallPartTellsNothing) {
    build(some_cell(), 8.5);
    pass(minutes(70), 0);
    pass(minutes(15), -5);
    pass(minutes(70), 0);
    EXPECT_FALSE(soh_pct().value);
}

TEST_F(RestWatchTest, AJumpOfTheTemperatureTellsNothing) {
    build(some_cell(), 8.5);
    pass(minutes(70), 0);
    temperature_c_ = 5;
    pass(hours(1), -5);
    pass(minutes(70), 0);
    EXPECT_FALSE(soh_pct().value);
}

TEST_F(RestWatchTest, CurrentThatWentUnseenTellsNothing) {
    build(some_cell(), 8.5);
    pass(minutes(70), 0);
    pass(minutes(30), -5);
    now_ += minutes(5);
    pass(minutes(30), -5);
    pass(minutes(70), 0);
    EXPECT_FALSE(soh_pct().value);
}

TEST_F(RestWatchTest, LeadAcidAndThePlateauTellNothing) {
    for (const BatteryParameters& kind : {some_block(), some_flat_cell()}) {
        build(kind, 85);
        now_ += hours(1);
        pass(minutes(70), 0);
        pass(hours(1), -50);
        pass(hours(5), 0);
        EXPECT_FALSE(soh_pct().value) << kind.id;
    }
}

}  // namespace
}  // namespace sitepower::rest_watch_test
