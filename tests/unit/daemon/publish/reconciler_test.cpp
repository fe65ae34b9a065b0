#include "daemon/publish/reconciler.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/fake_mqtt_link.hpp"

namespace sitepower::reconciler_test {
namespace {

using std::chrono::seconds;

const Steady start{};
const std::string root = "sitepower/v1/S/";

ReceivedMessage retained(const std::string& topic) {
    return {.topic = root + topic,
            .payload = "{}",
            .retained = true,
            .response_topic = {},
            .correlation_data = {},
            .expiry_s = {}};
}

TEST(Reconciler, ListensForAMomentAndOnlyOnce) {
    support::FakeMqttLink link;
    Reconciler reconciler(root, start + seconds(10));
    reconciler.turn(link, start);
    EXPECT_TRUE(link.subscribed.empty());
    EXPECT_EQ(reconciler.due(), start + seconds(10));
    reconciler.turn(link, start + seconds(10));
    EXPECT_NE(std::ranges::find(link.subscribed, root + "alert/+"), link.subscribed.end());
    reconciler.turn(link, start + seconds(11));
    EXPECT_TRUE(link.unsubscribed.empty());
    reconciler.turn(link, start + seconds(12));
    EXPECT_EQ(link.unsubscribed, link.subscribed);
    EXPECT_FALSE(reconciler.due());
}

TEST(Reconciler, ListensAsLongAsMessagesComeButNotForEver) {
    support::FakeMqttLink link;
    const RetainedMessages held(10);
    Reconciler reconciler(root, start);
    reconciler.turn(link, start);
    Steady now = start;
    while (link.unsubscribed.empty() && now < start + seconds(60)) {
        now += seconds(1);
        reconciler.judge(retained("alert/1"), held, now);
        reconciler.turn(link, now);
    }
    EXPECT_EQ(now, start + seconds(30));
}

TEST(Reconciler, NamesTheTopicToClear) {
    support::FakeMqttLink link;
    const RetainedMessages held(10);
    Reconciler reconciler(root, start);
    EXPECT_FALSE(reconciler.judge(retained("alert/1"), held, start));  // does not listen yet
    reconciler.turn(link, start);
    EXPECT_EQ(reconciler.judge(retained("alert/1"), held, start), "alert/1");
    auto live = retained("alert/1");
    live.retained = false;
    EXPECT_FALSE(reconciler.judge(live, held, start));
    auto foreign = retained("alert/1");
    foreign.topic = "other/alert/1";
    EXPECT_FALSE(reconciler.judge(foreign, held, start));
}

}  // namespace
}  // namespace sitepower::reconciler_test
