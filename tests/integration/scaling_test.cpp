// Scaling as its users meet it: a metric that somebody publishes rises, somebody listens for the command and
// answers, or does not.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "core/base/time.hpp"
#include "tests/integration/site_fixture.hpp"

namespace sitepower::integration::scaling_test {
namespace {

using std::chrono::seconds;
using Arrivals = std::vector<SiteFixture::Arrival>;

constexpr std::string_view root = "sitepower/v1/DC-CNX-01/";

class ScalingTest : public testing::Test {
  protected:
    void start() {
        site_.subscribe();
        site_.start_simulation();
        site_.more = R"(
[[scaling]]
id = "web"
least_instances = 2
most_instances = 20
instances_metric = "web/replicas"
up_cooldown_s = 2
down_cooldown_s = 2
verify_after_s = 4

[[scaling.metric]]
name = "requests"
metric = "web/requests"
capacity_per_instance = 100

[scaling.actuator]
mqtt = true
acknowledge_within_s = 3
)";
        site_.start_daemon();
        ASSERT_TRUE(comes([](const auto& arrival) { return arrival.topic == "scaling/web"; }));
    }
    void publish(const std::string& topic, std::string payload) {
        site_.subscriber->publish({.topic = std::string(root) + topic, .payload = std::move(payload)});
    }
    void measure(int replicas, int requests) {
        publish("metric/web/replicas", std::to_string(replicas));
        publish("metric/web/requests", std::to_string(requests));
    }
    // What arrives after the last thing that was waited for.
    template <class Condition>
    bool comes(Condition condition, seconds within = seconds{20}) {
        return site_.wait_until_arrived(
            [&](const Arrivals& all) {
                for (std::size_t i = seen_; i < all.size(); ++i) {
                    if (all[i].topic.starts_with("metric/") || !condition(all[i])) continue;
                    seen_ = i + 1;
                    last_ = all[i].value;
                    return true;
                }
                return false;
            },
            within);
    }
    bool event(const std::string& kind) {
        return comes([&](const auto& arrival) { return arrival.topic == "event/scaling." + kind; });
    }
    bool command() {
        return comes([](const auto& arrival) { return arrival.topic == "command/scaling/web"; });
    }
    void answer(bool accepted) {
        publish("command/scaling/web/ack",
                json{{"command_id", last_["command_id"]}, {"accepted", accepted}}.dump());
    }
    std::string last_status() {
        const auto decisions = site_.query({"scaling", "decisions"});
        return decisions.is_null() || decisions["items"].empty()
                   ? ""
                   : decisions["items"][0]["status"].get<std::string>();
    }

    SiteFixture site_;
    std::size_t seen_ = 0;
    json last_;
};

TEST_F(ScalingTest, ARisingMetricBecomesACommandThatIsAnsweredAndVerified) {
    start();
    measure(4, 420);
    ASSERT_TRUE(event("pending"));
    EXPECT_EQ(last_["target_instances"], 6);
    EXPECT_NE(last_["reasoning"].get<std::string>().find("requests of 420 (measured)"), std::string::npos);
    ASSERT_TRUE(command());
    EXPECT_EQ(last_["target_instances"], 6);
    answer(true);
    ASSERT_TRUE(event("executed"));
    measure(6, 420);
    EXPECT_TRUE(comes([](const auto& arrival) {
        return arrival.topic == "scaling/web" && arrival.value["status"] == "stable" &&
               arrival.value["last_scaling_action"]["status"] == "verified";
    }));
    const auto status = site_.query({"scaling", "web"});
    ASSERT_EQ(status["services"].size(), 1U);
    EXPECT_EQ(status["services"][0]["current_instances"], 6);
    EXPECT_EQ(last_status(), "verified");
    EXPECT_EQ(site_.query({"status"})["components"]["scaling"]["status"], "ok");

    // A number set by hand is carried out, outlives a kill, and expires.
    const auto until = std::chrono::floor<Duration>(std::chrono::system_clock::now()) + seconds{25};
    const auto set = site_.ctl(
        {"scaling", "manual", "web", "9", "--reason", "campaign", "--until", format_time(Time{until})});
    ASSERT_EQ(set.status, 0) << set.output;
    ASSERT_TRUE(command());
    EXPECT_EQ(last_["reason"], "set by hand: campaign");
    answer(true);
    measure(9, 420);
    ASSERT_TRUE(support::eventually(seconds{20}, [&] { return last_status() == "verified"; }));
    site_.kill_daemon();
    site_.start_daemon();
    // What the last commit had not kept is judged again, once the number is known.
    ASSERT_TRUE(support::eventually(seconds{20}, [&] {
        measure(9, 420);
        return last_status() == "verified";
    }));
    EXPECT_TRUE(support::eventually(seconds{40}, [&] {
        measure(9, 900);
        const auto now = site_.query({"scaling", "web"});
        return !now.is_null() && now["services"][0]["override"].is_null();
    })) << site_.ctl({"scaling"}).output;
    ASSERT_TRUE(event("pending"));
    EXPECT_EQ(last_["decision_type"], "scale_up") << "the metric decides again";
    const auto rows = site_.query({"scaling", "decisions"});
    EXPECT_GE(rows["total"].get<int>(), 3);
}

TEST_F(ScalingTest, SilenceFailsAndWhatDoesNotHappenIsTakenBack) {
    start();
    measure(4, 420);
    ASSERT_TRUE(command());
    const auto first = last_["command_id"];
    ASSERT_TRUE(event("failed"));
    EXPECT_EQ(last_["id"], first);
    EXPECT_EQ(last_["verification"], "nobody has acknowledged it in time");
    EXPECT_TRUE(support::eventually(seconds{10}, [&] {
        return site_.ctl({"alerts"}).output.find("scaling_failed") != std::string::npos;
    })) << site_.ctl({"alerts"}).output;

    ASSERT_TRUE(command()) << "tried again after the cool-down";
    EXPECT_NE(last_["command_id"], first);
    answer(true);
    ASSERT_TRUE(event("executed"));
    ASSERT_TRUE(event("rolled_back")) << "still four run";
    EXPECT_EQ(last_["verification"], "4 instances run instead");
    ASSERT_TRUE(command());
    EXPECT_EQ(last_["target_instances"], 4);

    publish("command/scaling/web/ack", R"({"command_id": 7})");  // no answer at all
    answer(false);
    ASSERT_TRUE(event("failed"));
    EXPECT_EQ(last_["verification"], "it was refused without a reason");
}

}  // namespace
}  // namespace sitepower::integration::scaling_test
