// The engine against anything that can happen to it, in any order: what it says stays lawful, a replay gives
// the same, and a restart keeps what people were told.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <random>
#include <set>

#include "core/base/identifier.hpp"
#include "core/site/site.hpp"
#include "tests/unit/core/site/small_site.hpp"

namespace sitepower::random_events_test {
namespace {

constexpr Time start = from_ms(1'795'328'000'000);
constexpr std::size_t jars = 4;

struct Layouts {
    std::shared_ptr<const Layout> ups;
    std::shared_ptr<const Layout> monitor;
    std::shared_ptr<const Layout> slow;
    std::shared_ptr<const Layout> stranger;  // of no model
};

std::shared_ptr<const SiteModel> make_model(Layouts& layouts) {
    auto model = std::make_shared<SiteModel>();
    model->id = "DC-1";
    DeviceBuilder ups(*model, "UPS-01", DeviceKind::ups);
    model->upses.resize(1);
    model->upses[0].on_battery = ups.point("on_battery");
    model->upses[0].load_kw = ups.point("load_kw");
    layouts.ups = ups.finish(std::chrono::seconds(1));
    DeviceBuilder monitor(*model, "MON-01");
    model->strings.resize(1);
    model->strings[0].id = "STR-01";
    model->strings[0].nominal_capacity_ah = 100;
    model->strings[0].ups = UpsIndex{0};
    model->strings[0].current_a = monitor.point("current_a");
    for (std::size_t i = 0; i < jars; ++i) {
        BatteryModel jar;
        jar.id = "BAT-" + std::to_string(i + 1);
        jar.voltage_v = monitor.point("voltage_v");
        jar.temperature_c = monitor.point("temperature_c");
        model->batteries.push_back(jar);
        model->strings[0].batteries.push_back(static_cast<BatteryIndex>(i));
    }
    layouts.monitor = monitor.finish(std::chrono::seconds(1));
    for (auto& battery : model->batteries) battery.internal_resistance_ohm = monitor.point("resistance");
    layouts.slow = monitor.finish(std::chrono::minutes(1), "slow");
    auto stranger = std::make_shared<Layout>(*layouts.monitor);
    stranger->points.pop_back();
    layouts.stranger = stranger;
    return model;
}

// One line per effect: two runs are the same when their lines are.
std::string lines_of(const Effects& effects) {
    std::string text;
    for (const auto& change : effects.alerts) {
        text += std::string(to_string(change.transition)) + ' ' + change.alert.id + ' ' +
                change.alert.message + '\n';
    }
    for (const auto& state : effects.batteries) {
        text += std::to_string(position(state.battery)) + ' ' + std::string(state.status_reason) + ' ' +
                std::to_string(state.soc_pct.value.value_or(-1)) + '\n';
    }
    for (const auto& state : effects.devices)
        text += std::string(to_string(state.status)) + ' ' + state.reason + '\n';
    text += std::to_string(effects.strings.size()) + std::to_string(effects.upses.size());
    if (effects.refusal) text += effects.refusal->message;
    return text;
}

class RandomEvents : public testing::TestWithParam<unsigned> {
  protected:
    struct Happening {
        Event event;
        Time now;
    };

    double any_value(double usual) {
        switch (random_() % 40) {
            case 0:
                return std::numeric_limits<double>::quiet_NaN();
            case 1:
                return std::numeric_limits<double>::infinity();
            case 2:
                return -1e308;
            case 3:
                return 0;
            case 4:
                return 1e12;
            default:
                return usual * (0.9 + static_cast<double>(random_() % 1000) / 5000);
        }
    }
    FramePtr any_frame() {
        const std::vector kinds{layouts_.ups, layouts_.monitor, layouts_.monitor, layouts_.slow,
                                layouts_.stranger};
        const auto& layout = kinds.at(random_() % kinds.size());
        std::vector<double> values;
        for (const auto& point : layout->points) {
            const double usual = point.name == "voltage_v"       ? 13.6
                                 : point.name == "resistance"    ? 0.0045
                                 : point.name == "temperature_c" ? 40
                                                                 : 1;
            values.push_back(any_value(usual));
        }
        const auto age = Duration{random_() % 50 == 0 ? static_cast<std::int64_t>(random_() % 100'000) : 0};
        auto frame = make_frame(layout, now_ + (random_() % 2 ? age : -age), values);
        for (auto& quality : frame->quality) {
            if (random_() % 15 == 0) quality = static_cast<Quality>(random_() % 6);
        }
        if (random_() % 60 == 0) frame->values.pop_back();  // malformed
        return frame;
    }
    std::string any_alert() {
        if (ids_.empty() || random_() % 5 == 0) return "nobody";
        return *std::next(ids_.begin(), static_cast<std::ptrdiff_t>(random_() % ids_.size()));
    }
    Event any_request() {
        switch (random_() % 6) {
            case 0:
                return AcknowledgeAlert{any_alert(), "mia", "seen"};
            case 1:
                return ResolveAlert{any_alert(), "mia", std::string(random_() % 1100, 'x')};
            case 2: {
                const std::vector<Subject> subjects{{SubjectKind::site, "DC-1"},
                                                    {SubjectKind::string, "STR-01"},
                                                    {SubjectKind::battery, "BAT-1"},
                                                    {SubjectKind::device, "X"}};
                const auto from = now_ + Duration{static_cast<std::int64_t>(random_() % 100'000) - 50'000};
                return StartMaintenance{
                    {"W" + std::to_string(random_() % 5), subjects.at(random_() % 4), from,
                     from + Duration{static_cast<std::int64_t>(random_() % 200'000)}, "mia", "fan"}};
            }
            case 3:
                return EndMaintenance{"W" + std::to_string(random_() % 5), "mia"};
            case 4:
                return SystemCondition{random_() % 4 ? "store_full" : "no_such_thing", random_() % 2 == 0,
                                       "no room"};
            default:
                return PollFailed{DeviceIndex{static_cast<std::uint32_t>(random_() % 4)}, now_, "no answer"};
        }
    }
    Happening next() {
        now_ += Duration{random_() % 300 == 0 ? static_cast<std::int64_t>(random_() % 40'000'000) - 20'000'000
                                              : static_cast<std::int64_t>(random_() % 700)};
        const auto what = random_() % 20;
        if (what < 12) return {any_frame(), now_};
        if (what < 17) return {Tick{}, now_};
        return {any_request(), now_};
    }

    void expect_lawful(const Estimate& estimate) {
        EXPECT_EQ(estimate.value.has_value(), estimate.status != EstimateStatus::unknown);
        if (!estimate.value) {
            EXPECT_FALSE(estimate.reason.empty());
        }
        if (estimate.value) {
            EXPECT_TRUE(std::isfinite(*estimate.value));
        }
        EXPECT_TRUE(std::isfinite(estimate.sigma));
    }
    void expect_lawful(const Measurement& measurement) {
        EXPECT_TRUE(measurement.value || !measurement.reason.empty());
        if (measurement.value) {
            EXPECT_TRUE(std::isfinite(*measurement.value));
        }
    }
    void expect_lawful(const Site& site) {
        for (const auto& state : site.batteries()) {
            for (const auto* m :
                 {&state.voltage_v, &state.current_a, &state.temperature_c, &state.internal_resistance_ohm}) {
                expect_lawful(*m);
            }
            for (const auto* e : {&state.soc_pct, &state.soh_pct, &state.rul_days, &state.resistance_ratio}) {
                expect_lawful(*e);
            }
            if (state.soc_pct.value) {
                EXPECT_GE(*state.soc_pct.value, 0);
                EXPECT_LE(*state.soc_pct.value, 100);
            }
        }
        for (const auto& state : site.strings()) expect_lawful(state.soc_pct);
        for (const auto& state : site.upses()) expect_lawful(state.load_kw);
        std::set<std::string> subjects;
        for (const auto& alert : site.open_alerts()) {
            EXPECT_TRUE(alert.is_active());
            EXPECT_TRUE(subjects.insert(alert.type + ' ' + alert.subject.id).second) << "two of one cause";
        }
    }
    // What each alert may become next: nothing is resolved twice, acknowledged while closed, or told anew.
    void follow(const Effects& effects) {
        for (const auto& [transition, alert] : effects.alerts) {
            EXPECT_TRUE(is_identifier(alert.id)) << alert.id;
            const bool was_open = open_.contains(alert.id);
            switch (transition) {
                case AlertTransition::triggered:
                    EXPECT_TRUE(!was_open || held_.contains(alert.id)) << alert.id;
                    break;
                case AlertTransition::changed:
                    EXPECT_TRUE(was_open) << alert.id;
                    break;
                case AlertTransition::acknowledged:
                    EXPECT_TRUE(was_open && alert.acknowledged_at) << alert.id;
                    break;
                case AlertTransition::resolved:
                    EXPECT_TRUE(was_open && !alert.is_active()) << alert.id;
                    break;
            }
            EXPECT_EQ(alert.is_active(), transition != AlertTransition::resolved);
            alert.is_active() ? (void)open_.insert(alert.id) : (void)open_.erase(alert.id);
            alert.held ? (void)held_.insert(alert.id) : (void)held_.erase(alert.id);
            ids_.insert(alert.id);
        }
    }

    std::mt19937 random_{GetParam()};
    Layouts layouts_;
    std::shared_ptr<const SiteModel> model_ = make_model(layouts_);
    Time now_ = start;
    std::set<std::string> ids_, open_, held_;
};

TEST_P(RandomEvents, AreAnsweredLawfullyAndAlikeInAReplay) {
    Site site(model_, {});
    std::vector<Happening> happened;
    std::vector<std::string> said;
    for (int i = 0; i < 6000; ++i) {
        happened.push_back(next());
        Effects effects;
        site.handle(happened.back().event, happened.back().now, effects);
        follow(effects);
        if (effects.refusal) {
            EXPECT_TRUE(effects.alerts.empty() && effects.windows_started.empty());
        }
        if (i % 20 == 0) expect_lawful(site);
        said.push_back(lines_of(effects));
    }
    EXPECT_GT(ids_.size(), 3U) << "nothing happened";
    std::set<std::string> really_open;
    for (const auto& alert : site.open_alerts()) really_open.insert(alert.id);
    EXPECT_EQ(really_open, open_) << "what people were told is what is";

    Site again(model_, {});
    for (std::size_t i = 0; i < happened.size(); ++i) {
        Effects effects;
        again.handle(happened[i].event, happened[i].now, effects);
        ASSERT_EQ(lines_of(effects), said[i]) << "event " << i;
    }
}

TEST_P(RandomEvents, ARestartKeepsAlertsWindowsAndMemories) {
    Site site(model_, {});
    for (int i = 0; i < 4000; ++i) {
        const auto happening = next();
        Effects effects;
        site.handle(happening.event, happening.now, effects);
        for (const auto& change : effects.alerts) ids_.insert(change.alert.id);
        if (i % 200 != 199) continue;
        const auto before = site.snapshot();
        Site restarted(model_, {});
        Effects told;
        restarted.restore(before, happening.now, told);
        const auto after = restarted.snapshot();
        ASSERT_EQ(after.open_alerts.size(), before.open_alerts.size());
        for (std::size_t a = 0; a < before.open_alerts.size(); ++a) {
            EXPECT_EQ(after.open_alerts[a].id, before.open_alerts[a].id);
            EXPECT_EQ(after.open_alerts[a].acknowledged_by, before.open_alerts[a].acknowledged_by);
            EXPECT_EQ(after.open_alerts[a].severity, before.open_alerts[a].severity);
        }
        EXPECT_EQ(after.windows.size(), before.windows.size());
        ASSERT_EQ(after.resolved_by_hand.size(), before.resolved_by_hand.size());
        for (std::size_t a = 0; a < before.resolved_by_hand.size(); ++a) {
            EXPECT_EQ(before.resolved_by_hand[a].resolved_by, "mia");
            EXPECT_EQ(after.resolved_by_hand[a].id, before.resolved_by_hand[a].id);
        }
        ASSERT_EQ(after.batteries.size(), before.batteries.size());
        for (std::size_t b = 0; b < before.batteries.size(); ++b) {
            EXPECT_EQ(after.batteries[b].charge_ah, before.batteries[b].charge_ah);
            EXPECT_EQ(after.batteries[b].baseline_resistance_ohm,
                      before.batteries[b].baseline_resistance_ohm);
            EXPECT_EQ(after.batteries[b].baseline_readings_ohm, before.batteries[b].baseline_readings_ohm);
        }
        EXPECT_TRUE(told.alerts.empty()) << "a restart is no news";
        site = std::move(restarted);
    }
}

INSTANTIATE_TEST_SUITE_P(AnyOrder, RandomEvents, testing::Range(1U, 9U));

}  // namespace
}  // namespace sitepower::random_events_test
