#include "daemon/store/retention.hpp"

#include <gtest/gtest.h>

#include <random>

#include "daemon/forecast/rows.hpp"
#include "daemon/store/committer.hpp"
#include "daemon/store/opening.hpp"
#include "daemon/store/rollup_writer.hpp"
#include "tests/unit/daemon/store/fixture.hpp"

namespace sitepower::retention_test {
namespace {

constexpr auto hour = std::chrono::hours(1);
constexpr auto day = std::chrono::days(1);

class RetentionTest : public ::testing::Test {
  protected:
    RetentionTest() {
        settings_.directory = directory_.path();
        auto opened = open_database(settings_, test_start);
        EXPECT_TRUE(opened);
        opened_ = std::move(*opened);
        // Thousands of commits; power cuts are not the matter here.
        EXPECT_TRUE(opened_.database->execute("PRAGMA synchronous = OFF"));
        committer_.emplace(*opened_.database, opened_.report.epoch);
        rollups_.emplace(*opened_.database);
    }
    void SetUp() override { retention_.emplace(*opened_.database, committer_->outbox_table(), settings_); }
    enum class Fate { delivered, undelivered };
    // One block of one frame.
    MessageKey commit_frame(Time time, Fate fate, std::size_t points = 3) {
        if (!layout_ || layout_->points.size() != points) layout_ = make_layout("UPS-01", points);
        std::vector<std::int64_t> raw(points);
        for (auto& n : raw) n = static_cast<std::int64_t>(random_() % 1'000'000);
        const auto seq = ++sequence_;
        Batch batch;
        const auto message =
            reading_message(opened_.report.epoch, seq, seq, make_frame(layout_, time, std::move(raw)));
        batch.rows.emplace_back(MessageRow{message});
        if (fate == Fate::delivered) batch.delivered = {message->key};
        EXPECT_TRUE(committer_->commit(batch, time));
        rollups_->add(committer_->entries(), committer_->last_block());
        EXPECT_TRUE(rollups_->write_when_due());
        return message->key;
    }
    void commit_text(MessageKind kind, std::size_t bytes) {
        Batch batch;
        batch.rows.emplace_back(
            MessageRow{text_message(opened_.report.epoch, ++sequence_, kind, "x", std::string(bytes, 'x'))});
        EXPECT_TRUE(committer_->commit(batch, test_start));
    }
    void run_until_quiet(std::optional<Time> now) {
        for (int i = 0; i < 50; ++i) {
            ASSERT_TRUE(retention_->run(now, std::chrono::steady_clock::now()))
                << opened_.database->failure()->message;
        }
    }
    std::int64_t rows(const std::string& table) {
        return opened_.database->integer("SELECT count(*) FROM " + table).value_or(-1);
    }

    TemporaryDirectory directory_;
    StoreSettings settings_;
    OpenedDatabase opened_;
    std::optional<Committer> committer_;
    std::optional<RollupWriter> rollups_;
    std::optional<Retention> retention_;
    std::shared_ptr<const Layout> layout_;
    std::mt19937 random_{1};
    std::uint64_t sequence_ = 0;
};

TEST_F(RetentionTest, GivesUpDeliveredFramesByAgeAndKeepsTheRest) {
    settings_.keep_frames = 10 * day;
    const auto old_undelivered = commit_frame(test_start, Fate::undelivered);
    for (int i = 1; i < 700; ++i) commit_frame(test_start + i * hour, Fate::delivered);
    run_until_quiet(test_start + 700 * hour);
    EXPECT_EQ(rows("blocks"), 1 + 10 * 24);
    const auto left = read_outbox(database_path(settings_));
    ASSERT_EQ(left.size(), 1U);
    EXPECT_EQ(left[0]->key, old_undelivered);
    EXPECT_EQ(retention_->take_dropped().has_value(), false);
}

TEST_F(RetentionTest, WhatIsDeliveredAfterItsTimeGoesThen) {
    settings_.keep_frames = 10 * day;
    std::vector<MessageKey> keys;
    for (int i = 0; i < 100; ++i) keys.push_back(commit_frame(test_start + i * hour, Fate::undelivered));
    run_until_quiet(test_start + 30 * day);
    EXPECT_EQ(rows("blocks"), 100) << "old, but not delivered yet";
    Batch batch;
    batch.delivered = keys;
    ASSERT_TRUE(committer_->commit(batch, test_start));
    run_until_quiet(test_start + 30 * day + std::chrono::minutes(1));
    EXPECT_EQ(rows("blocks"), 0);
    // And again, with an outbox that was empty in between.
    const auto last = commit_frame(test_start + 31 * day, Fate::undelivered);
    run_until_quiet(test_start + 60 * day);
    EXPECT_EQ(rows("blocks"), 1);
    batch.delivered = {last};
    ASSERT_TRUE(committer_->commit(batch, test_start));
    run_until_quiet(test_start + 60 * day + std::chrono::minutes(1));
    EXPECT_EQ(rows("blocks"), 0);
}

TEST_F(RetentionTest, OneCallIsASliceAndTheRestComesLater) {
    settings_.keep_frames = day;
    for (int i = 0; i < 600; ++i) commit_frame(test_start + i * std::chrono::minutes(1), Fate::delivered);
    auto before = rows("blocks");
    int calls = 0;
    for (; before > 0 && calls < 600; ++calls) {
        ASSERT_TRUE(retention_->run(test_start + 90 * day, std::chrono::steady_clock::now()));
        const auto after = rows("blocks");
        EXPECT_LT(after, before) << "each slice does something while there is something to do";
        before = after;
    }
    EXPECT_EQ(before, 0);
}

TEST_F(RetentionTest, WithoutATrustworthyClockNothingIsTooOld) {
    settings_.keep_frames = day;
    commit_frame(test_start, Fate::delivered);
    commit_frame(test_start + 100 * day, Fate::delivered);
    run_until_quiet(std::nullopt);
    EXPECT_EQ(rows("blocks"), 2);
}

TEST_F(RetentionTest, AFrameFromAWrongFutureDoesNotHoldUpTheOthers) {
    settings_.keep_frames = 10 * day;
    commit_frame(test_start + 5000 * day, Fate::delivered);
    commit_frame(test_start, Fate::delivered);
    commit_frame(test_start + 20 * day, Fate::delivered);
    run_until_quiet(test_start + 20 * day);
    EXPECT_EQ(rows("blocks"), 2);
}

TEST_F(RetentionTest, RollUpsLiveByTheirOwnAges) {
    settings_.keep_frames = day;
    settings_.keep_minutes = 3 * day;
    settings_.keep_quarters = 20 * day;
    for (int i = 0; i < 30; ++i) commit_frame(test_start + i * day, Fate::delivered);
    run_until_quiet(test_start + 29 * day);
    EXPECT_LE(rows("minutes"), 4);
    EXPECT_GE(rows("minutes"), 2);
    EXPECT_LE(rows("quarters"), 21);
    EXPECT_GE(rows("quarters"), 19);
    EXPECT_LE(rows("hours"), 40);
}

TEST_F(RetentionTest, AtTheLimitDeliveredFramesGoFirstThenUndeliveredOnesCounted) {
    settings_.max_bytes = 2 << 20;
    for (int i = 0; i < 3000; ++i) {
        commit_frame(test_start + Duration{1000} * i, i % 2 == 0 ? Fate::delivered : Fate::undelivered, 60);
        if (i % 50 == 0) {
            ASSERT_TRUE(retention_->run(std::nullopt, std::chrono::steady_clock::now()));
        }
    }
    run_until_quiet(std::nullopt);
    EXPECT_EQ(retention_->take_dropped().has_value(), false) << "there were delivered ones to give up";
    EXPECT_EQ(committer_->outbox(), 1500U);

    for (int i = 3000; i < 20'000; ++i) {
        commit_frame(test_start + Duration{1000} * i, Fate::undelivered, 60);
        if (i % 50 == 0) {
            ASSERT_TRUE(retention_->run(std::nullopt, std::chrono::steady_clock::now()));
        }
    }
    run_until_quiet(std::nullopt);
    const auto dropped = retention_->take_dropped();
    ASSERT_TRUE(dropped);
    EXPECT_EQ(dropped->from, test_start + Duration{1000}) << "the oldest";
    EXPECT_EQ(dropped->frames + committer_->outbox(), 1500U + 17'000U);
    EXPECT_EQ(read_outbox(database_path(settings_), 1000).size(), committer_->outbox());
    EXPECT_LE(std::filesystem::file_size(database_path(settings_)), settings_.max_bytes);
    EXPECT_FALSE(retention_->take_dropped());
}

TEST_F(RetentionTest, AlertsAndEventsOutliveAllReadingsAndStates) {
    settings_.max_bytes = 1 << 20;
    for (int i = 0; i < 400; ++i) {
        commit_text(MessageKind::state, 1000);
        commit_text(MessageKind::alert, 1000);
        commit_text(MessageKind::event, 1000);
        commit_frame(test_start + Duration{1000} * i, Fate::undelivered, 60);
    }
    run_until_quiet(std::nullopt);
    EXPECT_EQ(rows("pending"), 0);
    EXPECT_EQ(rows("texts WHERE kind = 1"), 0);
    EXPECT_EQ(rows("texts WHERE kind = 2"), 400);
    EXPECT_EQ(rows("texts WHERE kind = 3"), 400);
    EXPECT_EQ(committer_->outbox(), 800U);
}

TEST(BytesAllowed, LeavesTheReserveAndWhatOthersHaveTaken) {
    constexpr std::uint64_t mib = 1 << 20;
    EXPECT_EQ(bytes_allowed(4096 * mib, {100 * mib, 50'000 * mib, 60'000 * mib}), 4080 * mib);
    EXPECT_EQ(bytes_allowed(4096 * mib, {400 * mib, 200 * mib, 60'000 * mib}), 584 * mib);
    // Less than the reserve is left: the database makes room inside itself.
    EXPECT_EQ(bytes_allowed(4096 * mib, {400 * mib, 4 * mib, 60'000 * mib}), 388 * mib);
    EXPECT_EQ(bytes_allowed(8 * mib, {1 * mib, 5000 * mib, 6000 * mib}), 7 * mib);
}

// Giving up all of a small database would not free a large disk.
TEST(BytesAllowed, AFullDiskTakesAnEighthOfTheDatabaseAtMost) {
    constexpr std::uint64_t mib = 1 << 20;
    EXPECT_EQ(bytes_allowed(4096 * mib, {8 * mib, 0, 60'000 * mib}), 7 * mib);
    EXPECT_EQ(bytes_allowed(4096 * mib, {0, 0, 64 * mib}), 0);
}

TEST(BytesAllowed, UndeliveredGoesAtTheLimitOrWhereTheDatabaseFillsItsDisk) {
    constexpr std::uint64_t mib = 1 << 20;
    EXPECT_FALSE(undelivered_may_go(8 * mib, 4096 * mib, {8 * mib, 0, 64 * mib}));
    EXPECT_TRUE(undelivered_may_go(60 * mib, 4096 * mib, {60 * mib, 0, 64 * mib}));
    EXPECT_TRUE(undelivered_may_go(4090 * mib, 4096 * mib, {4090 * mib, 500 * mib, 60'000 * mib}));
}

TEST_F(RetentionTest, ADiskThatOthersFilledTakesLittleAndNothingUndelivered) {
    const auto full = [](std::uint64_t file_bytes, const std::string&) {
        return RoomOnDisk{file_bytes, 0, 64 << 20};
    };
    retention_.emplace(*opened_.database, committer_->outbox_table(), settings_, full);
    for (int i = 0; i < 100; ++i) commit_frame(test_start + i * hour, Fate::undelivered, 500);
    for (int i = 100; i < 200; ++i) commit_frame(test_start + i * hour, Fate::delivered, 500);
    const auto quarters = rows("quarters");
    ASSERT_GT(quarters, 0);
    run_until_quiet(test_start + 200 * hour);
    EXPECT_EQ(read_outbox(database_path(settings_)).size(), 100);
    EXPECT_FALSE(retention_->take_dropped());
    const auto pages = [&](const std::string& count) {
        return opened_.database->integer("PRAGMA " + count).value_or(-1);
    };
    EXPECT_GE(pages("freelist_count"), pages("page_count") / 8) << "room inside itself for what comes";
    EXPECT_EQ(rows("quarters"), quarters) << "what goes later in the order stays";
}

// A box whose clock was never set has no ages to go by.
TEST_F(RetentionTest, RecordsHaveALimitThatNeedsNoClock) {
    settings_.keep_records = 5;
    Batch batch;
    for (int i = 0; i < 20; ++i) {
        Alert alert;
        alert.id = "open" + std::to_string(i);
        alert.triggered_at = test_start;
        batch.rows.emplace_back(AlertRow{alert});
        alert.id = "resolved" + std::to_string(i);
        alert.resolved_at = test_start + i * hour;
        batch.rows.emplace_back(AlertRow{alert});
        MaintenanceWindow window;
        window.id = "open" + std::to_string(i);
        batch.rows.emplace_back(WindowRow{window, false});
        window.id = "ended" + std::to_string(i);
        window.to = test_start + i * hour;
        batch.rows.emplace_back(WindowRow{window, true});
        batch.rows.emplace_back(AuditRow{.time = test_start, .who = std::to_string(i)});
        batch.rows.emplace_back(PlanRow{.time = test_start, .kind = "plan", .status = std::to_string(i)});
        ForecastRows forecasts;
        forecasts.jobs = {
            {.id = "queued" + std::to_string(i), .created_at = test_start},
            {.id = "ended" + std::to_string(i), .created_at = test_start, .ended_at = test_start}};
        batch.rows.emplace_back(std::make_shared<const ForecastRows>(std::move(forecasts)));
    }
    for (int i = 0; i < 200; ++i) {
        const Time from = test_start + i * hour;
        batch.rows.emplace_back(
            PriceRow{.series = "energy", .step = {.from = from, .to = from + hour, .value = 1.0 * i}});
    }
    ASSERT_TRUE(committer_->commit(batch, test_start));
    run_until_quiet(std::nullopt);
    EXPECT_EQ(rows("audit"), 5);
    EXPECT_EQ(rows("audit WHERE who >= 15"), 5) << "the newest";
    EXPECT_EQ(rows("alerts WHERE resolved_ms IS NOT NULL"), 5);
    EXPECT_EQ(rows("alerts WHERE id = 'resolved19'"), 1) << "the newest";
    EXPECT_EQ(rows("alerts WHERE resolved_ms IS NULL"), 20) << "what is open stays";
    EXPECT_EQ(rows("windows WHERE ended = 1"), 5);
    EXPECT_EQ(rows("windows WHERE ended = 0"), 20);
    EXPECT_EQ(rows("plans"), 5);
    EXPECT_EQ(rows("plans WHERE status >= 15"), 5) << "the newest";
    EXPECT_EQ(rows("jobs WHERE ended_ms IS NOT NULL"), 5);
    EXPECT_EQ(rows("jobs WHERE ended_ms IS NULL"), 20);
    EXPECT_EQ(rows("prices"), 50);
    EXPECT_EQ(rows("prices WHERE value >= 150"), 50) << "the newest";
}

}  // namespace
}  // namespace sitepower::retention_test
