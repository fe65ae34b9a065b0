#include "daemon/publish/backlog_batch.hpp"

#include <gtest/gtest.h>

namespace sitepower::backlog_batch_test {
namespace {

const Steady start = Steady{} + std::chrono::hours(1);

std::vector<std::shared_ptr<const Message>> messages(std::int64_t first, std::int64_t last) {
    std::vector<std::shared_ptr<const Message>> made;
    for (auto key = first; key <= last; ++key) {
        auto message = std::make_shared<Message>();
        message->key = MessageKey{key};
        made.push_back(message);
    }
    return made;
}

TEST(BacklogBatch, AsksAtOnceAndAgainWhenAllIsAcknowledged) {
    BacklogBatch batch;
    ASSERT_TRUE(batch.ask_at());
    EXPECT_LE(*batch.ask_at(), start);
    batch.asked(start);
    batch.replace(messages(1, 2), {}, start);
    EXPECT_FALSE(batch.ask_at());
    batch.next_sent();
    batch.next_sent();
    EXPECT_FALSE(batch.has_next());
    batch.settled(MessageKey{2});
    EXPECT_FALSE(batch.ask_at());
    batch.settled(MessageKey{1});
    ASSERT_TRUE(batch.ask_at());
    EXPECT_LE(*batch.ask_at(), start);
}

TEST(BacklogBatch, SkipsWhatIsOnItsWayAndWaitsForIt) {
    BacklogBatch batch;
    const std::vector<MessageKey> on_their_way{MessageKey{1}, MessageKey{3}};
    batch.replace(messages(1, 3), on_their_way, start);
    ASSERT_TRUE(batch.has_next());
    EXPECT_EQ(batch.next()->key, MessageKey{2});
    batch.next_sent();
    EXPECT_FALSE(batch.has_next());
    for (const auto key : {1, 2}) batch.settled(MessageKey{key});
    EXPECT_FALSE(batch.ask_at());
    batch.settled(MessageKey{3});
    EXPECT_TRUE(batch.ask_at());
}

TEST(BacklogBatch, AsksSeldomWhenThereIsNothing) {
    BacklogBatch batch;
    batch.replace({}, {}, start);
    ASSERT_TRUE(batch.ask_at());
    EXPECT_GE(*batch.ask_at(), start + std::chrono::seconds(5));
}

TEST(BacklogBatch, AsksAgainWhenNobodyAnswers) {
    BacklogBatch batch;
    batch.asked(start);
    ASSERT_TRUE(batch.ask_at());
    EXPECT_EQ(*batch.ask_at(), start + std::chrono::seconds(5));
}

TEST(BacklogBatch, AsksSoonWhenSomethingWasLeft) {
    BacklogBatch batch;
    batch.replace({}, {}, start);
    batch.something_was_left(start);
    EXPECT_LE(*batch.ask_at(), start + std::chrono::seconds(1));
}

TEST(BacklogBatch, ASettledOneNeedsNoAcknowledgement) {
    BacklogBatch batch;
    batch.replace(messages(1, 1), {}, start);
    batch.next_settled();
    EXPECT_TRUE(batch.ask_at());
}

TEST(BacklogBatch, KeysOfOthersAreNothingToIt) {
    BacklogBatch batch;
    batch.replace(messages(5, 5), {}, start);
    batch.next_sent();
    batch.settled(MessageKey{4});
    batch.settled(MessageKey{6});
    EXPECT_FALSE(batch.ask_at());
}

}  // namespace
}  // namespace sitepower::backlog_batch_test
