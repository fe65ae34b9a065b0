#include "daemon/publish/retained_messages.hpp"

#include <gtest/gtest.h>

namespace sitepower::retained_messages_test {
namespace {

std::shared_ptr<const Message> state(const std::string& topic, std::int64_t key, std::string text = "{}") {
    auto message = std::make_shared<Message>();
    message->topic = topic;
    message->key = MessageKey{key};
    message->retained = true;
    message->body = std::move(text);
    return message;
}

TEST(RetainedMessages, HoldTheLastOfEachTopic) {
    RetainedMessages held(10);
    held.remember(state("site", 1));
    held.remember(state("site", 2));
    held.remember(state("device/A/state", 3));
    EXPECT_EQ(held.find("site")->key, MessageKey{2});
    EXPECT_EQ(held.topics(), (std::vector<std::string>{"device/A/state", "site"}));
    EXPECT_EQ(held.find("nothing"), nullptr);
}

TEST(RetainedMessages, GiveBackWhatTheBrokerNeverGot) {
    RetainedMessages held(10);
    const auto first = state("site", 1);
    EXPECT_EQ(held.remember(first), nullptr);
    const auto second = state("site", 2);
    EXPECT_EQ(held.remember(second), first);
    held.delivered(*second);
    EXPECT_TRUE(held.is_delivered("site"));
    EXPECT_EQ(held.remember(state("site", 3)), nullptr);
    EXPECT_FALSE(held.is_delivered("site"));
}

TEST(RetainedMessages, ALateAcknowledgementSaysNothingOfTheNewerMessage) {
    RetainedMessages held(10);
    const auto first = state("site", 1);
    held.remember(first);
    held.remember(state("site", 2));
    held.delivered(*first);
    EXPECT_FALSE(held.is_delivered("site"));
}

TEST(RetainedMessages, AnEmptyMessageEndsATopic) {
    RetainedMessages held(10);
    const auto raised = state("alert/1", 1);
    held.remember(raised);
    EXPECT_EQ(held.remember(state("alert/1", 2, "")), raised);
    EXPECT_EQ(held.find("alert/1"), nullptr);
    held.remember(state("alert/2", 3, ""));
    EXPECT_EQ(held.size(), 0U);
}

TEST(RetainedMessages, AtTheLimitNewTopicsAreLeftOutAndNothingIsCleared) {
    RetainedMessages held(2);
    held.remember(state("alert/1", 1));
    held.remember(state("alert/2", 2));
    EXPECT_TRUE(held.should_be_cleared("alert/3"));
    held.remember(state("alert/3", 3));
    EXPECT_EQ(held.find("alert/3"), nullptr);
    EXPECT_EQ(held.size(), 2U);
    held.remember(state("alert/1", 4));
    EXPECT_EQ(held.find("alert/1")->key, MessageKey{4});
    EXPECT_FALSE(held.should_be_cleared("alert/9"));
    held.remember(state("alert/3", 5, ""));
    EXPECT_TRUE(held.should_be_cleared("alert/9")) << "all that there is is held again";
    held.remember(state("alert/4", 6));
    EXPECT_FALSE(held.should_be_cleared("alert/9"));
    held.remember(state("alert/1", 7, ""));
    EXPECT_FALSE(held.should_be_cleared("alert/9")) << "not told again yet";
    held.remember(state("alert/4", 8));
    EXPECT_TRUE(held.should_be_cleared("alert/9"));
}

TEST(RetainedMessages, ThatCannotBeToldApartKeepEverythingFromBeingCleared) {
    RetainedMessages held(1);
    for (const auto* topic : {"alert/1", "alert/2", "alert/2"}) held.remember(state(topic, 1));
    held.remember(state("alert/2", 2, ""));
    EXPECT_TRUE(held.should_be_cleared("alert/9")) << "one was left out, twice";
    for (const auto* topic : {"alert/2", "alert/3"}) held.remember(state(topic, 3));
    held.remember(state("alert/2", 4, ""));
    EXPECT_FALSE(held.should_be_cleared("alert/3"));
}

TEST(RetainedMessages, ClearOnlyWhatHasNoOwner) {
    RetainedMessages held(10);
    held.remember(state("device/A/state", 1));
    EXPECT_TRUE(held.should_be_cleared("alert/1"));
    EXPECT_TRUE(held.should_be_cleared("device/B/state"));
    EXPECT_FALSE(held.should_be_cleared("device/A/state"));
    // No forecast has been made yet: the old one may stand.
    EXPECT_FALSE(held.should_be_cleared("forecast/price"));
}

TEST(RetainedMessages, KnowWhatIsDueToBeRepeated) {
    RetainedMessages held(10);
    held.remember(state("a", 1));
    held.remember(state("b", 2));
    const Steady start = Steady{} + std::chrono::hours(1);
    held.sent("a", start);
    held.sent("b", start + std::chrono::seconds(10));
    EXPECT_EQ(held.not_sent_since(start + std::chrono::seconds(5)), std::vector<std::string>{"a"});
}

}  // namespace
}  // namespace sitepower::retained_messages_test
