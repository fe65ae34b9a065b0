#include "core/forecast/history_buffer.hpp"

#include <gtest/gtest.h>

namespace sitepower::forecast::history_buffer_test {
namespace {

const Seasons seasons{.day = 4, .week = 28};
constexpr std::size_t horizon = 5;

HistoryBuffer filled(std::size_t values, std::size_t longest = 10) {
    HistoryBuffer buffer(seasons, horizon, longest);
    for (std::size_t i = 0; i < values; ++i) {
        const auto value = static_cast<double>(i);
        buffer.push(value, -value, i % 3 != 0, static_cast<std::uint16_t>(i % 28));
    }
    return buffer;
}

TEST(HistoryBuffer, KeepsTheLastValuesInOrderForever) {
    for (const std::size_t n : {0U, 1U, 9U, 10U, 11U, 19U, 20U, 21U, 57U, 1000U}) {
        const auto buffer = filled(n);
        const History view = buffer.view(HistoryBuffer::raw);
        ASSERT_EQ(view.size(), std::min<std::size_t>(n, 10));
        for (std::size_t i = 0; i < view.size(); ++i) {
            const std::size_t t = n - view.size() + i;
            ASSERT_EQ(view.values[i], static_cast<double>(t)) << n;
            ASSERT_EQ(buffer.view(HistoryBuffer::transformed).values[i], -static_cast<double>(t));
            ASSERT_EQ(view.learnable[i], t % 3 != 0 ? 1 : 0);
            ASSERT_EQ(view.slots[i], t % 28);
        }
    }
}

TEST(HistoryBuffer, SlotsRunOnIntoTheFuture) {
    const auto buffer = filled(26);
    const History view = buffer.view(HistoryBuffer::raw);
    ASSERT_EQ(view.horizon(), horizon);
    EXPECT_EQ(view.slots[view.size()], 26U);
    EXPECT_EQ(view.slots[view.size() + 2], 0U) << "the next week";
}

TEST(HistoryBuffer, TheFutureCanBeToldAndStaysTold) {
    auto buffer = filled(5);
    buffer.set_future_slots(std::vector<std::uint16_t>{5, 6, 8, 9, 10});  // a skipped hour
    buffer.push(5, -5, true, 5);
    const History view = buffer.view(HistoryBuffer::raw);
    EXPECT_EQ(view.slots[view.size() + 1], 8U);
    EXPECT_EQ(view.slots[view.size() + 4], 11U);
    buffer.push(6, -6, true, 20);  // not what was expected: runs on from there
    const History after = buffer.view(HistoryBuffer::raw);
    EXPECT_EQ(after.slots[after.size()], 21U);
}

TEST(HistoryBuffer, TransformsAgain) {
    auto buffer = filled(30);
    buffer.retransform([](double value) { return 2 * value; });
    const History view = buffer.view(HistoryBuffer::transformed);
    EXPECT_EQ(view.values.front(), 40);
    EXPECT_EQ(view.values.back(), 58);
}

TEST(HistoryBuffer, EarlierIsWhatWasThen) {
    const auto buffer = filled(10);
    const History then = buffer.view(HistoryBuffer::raw).earlier(3, 4);
    EXPECT_EQ(then.size(), 7U);
    EXPECT_EQ(then.values.back(), 6);
    EXPECT_EQ(then.horizon(), 4U);
    EXPECT_EQ(then.slots[7], 7U);
}

TEST(HistoryBuffer, ComesBackFromItsBlob) {
    const auto buffer = filled(27);
    BlobWriter writer;
    buffer.save(writer);
    const auto blob = writer.finish(1, 1);
    auto reader = BlobReader::open(blob, 1, 1);
    HistoryBuffer loaded(seasons, horizon, 10);
    loaded.load(*reader);
    ASSERT_TRUE(reader->finished());
    loaded.push(27, -27, true, 27);
    auto same = filled(27);
    same.push(27, -27, true, 27);
    for (std::size_t i = 0; i < 10; ++i) {
        EXPECT_EQ(loaded.view(0).values[i], same.view(0).values[i]);
        EXPECT_EQ(loaded.view(0).slots[i + horizon], same.view(0).slots[i + horizon]);
    }
}

TEST(HistoryBuffer, RefusesAnotherShapeAndSlotsThatAreNone) {
    const auto buffer = filled(27);
    BlobWriter writer;
    buffer.save(writer);
    const auto blob = writer.finish(1, 1);
    auto too_long = BlobReader::open(blob, 1, 1);
    HistoryBuffer shorter(seasons, horizon, 5);
    shorter.load(*too_long);
    EXPECT_FALSE(too_long->ok());
    auto too_late = BlobReader::open(blob, 1, 1);
    HistoryBuffer other_week({.day = 4, .week = 20}, horizon, 10);
    other_week.load(*too_late);
    EXPECT_FALSE(too_late->ok());
    EXPECT_EQ(other_week.size(), 0U);
}

}  // namespace
}  // namespace sitepower::forecast::history_buffer_test
