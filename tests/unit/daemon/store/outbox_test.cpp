#include "daemon/store/outbox.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "daemon/store/row_queue.hpp"
#include "tests/unit/daemon/store/threadless_store.hpp"

namespace sitepower::outbox_test {
namespace {

TEST(PendingBits, AreASetOfNumbers) {
    std::mt19937 random(1);
    for (int run = 0; run < 50; ++run) {
        PendingBits bits;
        std::set<std::int64_t> model;
        const auto span = 1 + random() % 3000;
        for (int step = 0; step < 400; ++step) {
            const auto index = static_cast<std::int64_t>(random() % span);
            if (random() % 3 == 0) {
                EXPECT_EQ(bits.clear(index), model.erase(index) == 1);
            } else {
                bits.set(index);
                model.insert(index);
            }
        }
        EXPECT_EQ(bits.count(), model.size());
        const PendingBits back(bits.bytes());
        for (std::int64_t i = -2; i < static_cast<std::int64_t>(span) + 20; ++i) {
            EXPECT_EQ(back.test(i), model.contains(i)) << i;
        }
    }
}

TEST(DeliveredKeys, AreUsedOnceEachAndTheRestComesBackInOrder) {
    DeliveredKeys keys({MessageKey{7}, MessageKey{3}, MessageKey{7}, MessageKey{5}});
    EXPECT_TRUE(keys.use(MessageKey{5}));
    EXPECT_FALSE(keys.use(MessageKey{4}));
    EXPECT_FALSE(keys.use(MessageKey{8}));
    EXPECT_EQ(keys.unused(), (std::vector{MessageKey{3}, MessageKey{7}}));
}

// The table against a set of keys: blocks and texts in, acknowledgements of any keys out, whole blocks given
// up, and transactions that do not come to their end.
TEST(Outbox, IsASetOfKeysAlsoWhenTransactionsAreUndone) {
    ThreadlessStore store;
    auto& database = store.database();
    Outbox outbox(database);
    std::mt19937 random(4);
    std::set<std::int64_t> committed;
    std::set<std::int64_t> blocks;
    std::int64_t next_key = store.epoch().number << 40;
    for (int round = 0; round < 300; ++round) {
        auto now = committed;
        sqlite::Transaction transaction(database);
        for (int step = 0; step < 5; ++step) {
            switch (random() % 4) {
                case 0: {
                    PendingBits bits;
                    for (int i = 0; i < 40; ++i) {
                        const auto index = static_cast<std::int64_t>(random() % 200);
                        bits.set(index);
                        now.insert(next_key + index);
                    }
                    outbox.add_block(MessageKey{next_key}, bits);
                    blocks.insert(next_key);
                    next_key += 200;
                    break;
                }
                case 1: {
                    auto message = text_message(store.epoch(), 1, MessageKind::alert, "t", "{}");
                    Message copy = *message;
                    copy.key = MessageKey{next_key};
                    outbox.add_text(copy, test_start);
                    outbox.add_text(copy, test_start);  // a second time changes nothing
                    now.insert(next_key++);
                    break;
                }
                case 2: {
                    std::set<std::int64_t> asked;
                    for (int i = 0; i < 60; ++i) {
                        asked.insert(next_key - static_cast<std::int64_t>(random() % 2000));
                    }
                    std::vector<MessageKey> keys;
                    std::vector<MessageKey> unknown;
                    for (const auto key : asked) {
                        keys.push_back(MessageKey{key});
                        if (now.erase(key) == 0) unknown.push_back(MessageKey{key});
                    }
                    EXPECT_EQ(outbox.remove(keys), unknown);
                    break;
                }
                default: {
                    if (blocks.empty()) break;
                    const auto block = *blocks.begin();
                    std::uint64_t dropped = 0;
                    for (auto key = block; key < block + 200; ++key) dropped += now.erase(key);
                    EXPECT_EQ(outbox.drop_block(MessageKey{block}), dropped);
                    break;
                }
            }
            EXPECT_EQ(outbox.count(), now.size());
        }
        if (random() % 3 == 0) {
            database.fail(13, "the disk is full, says the test");
            EXPECT_FALSE(transaction.commit());
            database.clear_failure();
            outbox.rolled_back();
        } else {
            ASSERT_TRUE(transaction.commit());
            outbox.committed();
            committed = std::move(now);
        }
        EXPECT_EQ(outbox.count(), committed.size());
        EXPECT_EQ(count_outbox(database), committed.size());
    }
    EXPECT_GT(committed.size(), 100U);
}

TEST(Outbox, StatesAreGivenUpOldestFirstAndNothingElseIs) {
    ThreadlessStore store;
    Batch batch;
    for (int i = 0; i < 10; ++i) {
        batch.rows.emplace_back(MessageRow{store.text(MessageKind::state, std::to_string(i))});
        batch.rows.emplace_back(MessageRow{store.text(MessageKind::alert)});
        batch.rows.emplace_back(MessageRow{store.text(MessageKind::event)});
    }
    ASSERT_TRUE(store.commit(batch));
    auto& outbox = store.committer().outbox_table();
    EXPECT_EQ(outbox.drop_oldest_states(4), 4U);
    const auto left = read_outbox(store.path());
    ASSERT_EQ(left.size(), 26U);
    const auto oldest_state = std::ranges::find(left, MessageKind::state, &Message::kind);
    EXPECT_EQ(std::get<std::string>((*oldest_state)->body), "4");
    EXPECT_EQ(outbox.drop_oldest_states(100), 6U);
    EXPECT_EQ(outbox.drop_oldest_states(100), 0U);
    EXPECT_EQ(outbox.count(), 20U);
}

class RowQueueTest : public ::testing::Test {
  protected:
    static Row reading() {
        static const auto layout = make_layout("D", 1);
        return MessageRow{reading_message({1, 1}, 1, 1, make_frame(layout, test_start, {1}))};
    }
    static Row alert() { return MessageRow{text_message({1, 1}, 2, MessageKind::alert, "a", "{}")}; }
    // Takes what waits, without waiting for more.
    static void take(RowQueue& queue, Batch& batch) { queue.take(std::chrono::steady_clock::now(), batch); }
};

TEST_F(RowQueueTest, WhatIsInTheWritersHandsCountsUntilItIsDone) {
    RowQueue queue(3);
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(queue.append(reading()));
    EXPECT_FALSE(queue.append(reading()));
    Batch batch;
    take(queue, batch);
    EXPECT_EQ(batch.rows.size(), 3U);
    EXPECT_FALSE(queue.append(reading())) << "the disk has not taken them yet";
    EXPECT_TRUE(queue.append(alert())) << "never refused for readings";
    queue.done();
    EXPECT_TRUE(queue.append(reading()));
    EXPECT_EQ(queue.refused(), 2U);
}

TEST_F(RowQueueTest, AFailedBatchIsTakenAgainInFrontOfWhatCameMeanwhile) {
    RowQueue queue(10);
    Batch batch;
    queue.append(alert());
    queue.delivered(std::vector{MessageKey{1}});
    take(queue, batch);
    queue.append(reading());
    queue.delivered(std::vector{MessageKey{2}});
    take(queue, batch);
    ASSERT_EQ(batch.rows.size(), 2U);
    EXPECT_EQ(batch.rows[0].message()->message->kind, MessageKind::alert);
    EXPECT_EQ(batch.delivered, (std::vector{MessageKey{1}, MessageKey{2}}));
}

TEST_F(RowQueueTest, OtherRowsHaveALimitOfTheirOwn) {
    RowQueue queue(1);
    const Row row = AuditRow{};
    for (std::size_t i = 0; i < RowQueue::other_rows_limit; ++i) ASSERT_TRUE(queue.append(row));
    EXPECT_FALSE(queue.append(row));
    EXPECT_TRUE(queue.append(reading()));
    EXPECT_EQ(queue.refused(), 1U);
}

TEST_F(RowQueueTest, AcknowledgementsBeyondTheLimitAreForgottenNotKept) {
    RowQueue queue(1);
    const std::vector<MessageKey> many(RowQueue::delivered_limit - 1);
    queue.delivered(many);
    Batch batch;
    take(queue, batch);
    queue.delivered(std::vector(5, MessageKey{9}));
    take(queue, batch);
    EXPECT_EQ(batch.delivered.size(), RowQueue::delivered_limit);
    queue.delivered(std::vector{MessageKey{9}});
    take(queue, batch);
    EXPECT_EQ(batch.delivered.size(), RowQueue::delivered_limit);
    batch.clear();
    queue.done();
    queue.delivered(std::vector{MessageKey{9}});
    take(queue, batch);
    EXPECT_EQ(batch.delivered.size(), 1U);
}

TEST_F(RowQueueTest, WakesTheWriterForWhatIsUrgentAndWhenHalfFull) {
    const auto far = std::chrono::steady_clock::now() + std::chrono::hours(1);
    static_assert(sizeof(Row) <= 32, "thousands of rows wait between two commits");
    const std::vector<Row> urgent{alert(), MessageRow{text_message({1, 1}, 3, MessageKind::event, "e", "{}")},
                                  AlertRow{}, WindowRow{}, AuditRow{}};
    for (const auto& row : urgent) {
        RowQueue queue(100);
        queue.append(row);
        Batch batch;
        queue.take(far, batch);  // would wait for an hour
        EXPECT_EQ(batch.rows.size(), 1U);
    }
    RowQueue queue(8);
    for (int i = 0; i < 4; ++i) queue.append(reading());
    Batch batch;
    queue.take(far, batch);
    EXPECT_EQ(batch.rows.size(), 4U);
    queue.ask();
    EXPECT_TRUE(queue.take(far, batch));
    queue.stop();
    EXPECT_FALSE(queue.take(far, batch)) << "said once";
    queue.pause(far);
    EXPECT_TRUE(queue.stopping());
}

}  // namespace
}  // namespace sitepower::outbox_test
