// Questions about the past against a list of everything that was ever committed.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "daemon/store/hour_index.hpp"
#include "tests/unit/daemon/store/threadless_store.hpp"

namespace sitepower::series_test {
namespace {

struct Committed {
    std::string device;
    Time time;
    std::vector<std::int64_t> raw;
};

class SeriesLaw : public ::testing::TestWithParam<unsigned> {
  protected:
    void commit_hours() {
        for (int block = 0; block < 150; ++block) {
            Batch batch;
            for (auto frames = 1 + random_() % 6; frames > 0; --frames) {
                const auto& layout = layouts_.at(random_() % layouts_.size());
                // No two frames of one time, so that the order of rows is beyond doubt.
                now_ += Duration{1 + static_cast<std::int64_t>(random_() % 400'000)};
                const auto time = random_() % 9 == 0 ? now_ - Duration{random_() % 900'000} : now_;
                std::vector<std::int64_t> raw(layout->points.size());
                for (auto& n : raw) n = static_cast<std::int64_t>(random_() % 1000);
                batch.rows.emplace_back(MessageRow{store_.reading(layout, time, raw)});
                all_.push_back({layout->device, time, std::move(raw)});
            }
            if (random_() % 40 == 0) now_ -= std::chrono::hours(3);  // the clock is set back
            ASSERT_TRUE(store_.commit(batch));
            if (random_() % 50 == 0) store_.restart();
        }
        std::ranges::stable_sort(all_, {}, &Committed::time);
    }
    std::vector<Committed> wanted(const std::string& device, Time from, Time to, std::size_t limit) const {
        std::vector<Committed> found;
        for (const auto& frame : all_) {
            if (frame.device != device || frame.time < from || frame.time >= to) continue;
            found.push_back(frame);
        }
        if (found.size() > limit)
            found.erase(found.begin(), found.end() - static_cast<std::ptrdiff_t>(limit));
        return found;
    }
    Time any_time() {
        const auto span = (all_.back().time - all_.front().time).count();
        return all_.front().time + Duration{static_cast<std::int64_t>(random_()) % (span + 1)};
    }

    std::mt19937 random_{GetParam()};
    ThreadlessStore store_;
    std::vector<std::shared_ptr<const Layout>> layouts_{make_layout("UPS-01", 2), make_layout("M-01", 1)};
    std::vector<Committed> all_;
    Time now_ = test_start;
};

TEST_P(SeriesLaw, RawRowsAreTheNewestOfTheRangeInOrder) {
    commit_hours();
    auto reader = store_.reader();
    for (int question = 0; question < 60; ++question) {
        auto from = any_time();
        auto to = any_time();
        if (to < from) std::swap(from, to);
        const auto limit = 1 + random_() % 100;
        const auto expected = wanted("UPS-01", from, to, limit);
        const auto answer = reader->series({{{"UPS-01", "p1"}}, from, to, limit, SeriesResolution::raw});
        ASSERT_TRUE(answer);
        ASSERT_EQ(answer->rows.size(), expected.size());
        for (std::size_t i = 0; i < expected.size(); ++i) {
            EXPECT_EQ(answer->rows[i].time, expected[i].time);
            EXPECT_EQ(answer->rows[i].values.at(0).value, static_cast<double>(expected[i].raw[1]) / 1000);
        }
    }
    EXPECT_EQ(reader->begins().value(), std::optional(from_ms(store_.database()
                                                                  .integer("SELECT first_ms FROM blocks "
                                                                           "ORDER BY key LIMIT 1")
                                                                  .value())));
}

INSTANTIATE_TEST_SUITE_P(AnyOrder, SeriesLaw, ::testing::Range(1U, 9U));

TEST(SeriesQuestion, AnEmptyRangeAndALimitOfNoneAreEmpty) {
    ThreadlessStore store;
    EXPECT_EQ(store.reader()->begins().value(), std::nullopt);
    const auto layout = make_layout("UPS-01", 1);
    Batch batch;
    batch.rows.emplace_back(MessageRow{store.reading(layout, test_start, {1})});
    ASSERT_TRUE(store.commit(batch));
    auto reader = store.reader();
    const auto rows = [&](Time from, Time to, std::size_t limit) {
        return reader->series({{{"UPS-01", "p0"}}, from, to, limit, SeriesResolution::raw})->rows.size();
    };
    EXPECT_EQ(rows(test_start, test_start + Duration{1}, 10), 1U);
    EXPECT_EQ(rows(test_start, test_start, 10), 0U) << "the end is exclusive";
    EXPECT_EQ(rows(test_start + Duration{1}, test_start, 10), 0U);
    EXPECT_EQ(rows(test_start, test_start + Duration{1}, 0), 0U);
    EXPECT_EQ(reader->begins().value(), test_start);
}

TEST(SeriesQuestion, AChangedConfigurationBeginsANewStreamAndHistoryGoesOn) {
    ThreadlessStore store;
    for (const std::size_t points : {2U, 4U, 3U}) {
        Batch batch;
        const auto time = test_start + Duration{1000} * points;
        batch.rows.emplace_back(MessageRow{
            store.reading(make_layout("UPS-01", points), time, std::vector<std::int64_t>(points, 7))});
        ASSERT_TRUE(store.commit(batch));
    }
    EXPECT_EQ(store.rows("streams"), 3);
    const auto rows = [&](const std::string& point) {
        return store.reader()
            ->series({{{"UPS-01", point}},
                      test_start,
                      test_start + std::chrono::hours(1),
                      10,
                      SeriesResolution::raw})
            ->rows.size();
    };
    EXPECT_EQ(rows("p1"), 3U);
    EXPECT_EQ(rows("p2"), 2U);
    EXPECT_EQ(rows("p3"), 1U);
}

// Which blocks may hold frames of an hour: never too few, whatever the clock did.
TEST(HourIndex, NeverLeavesABlockOut) {
    std::mt19937 random(6);
    ThreadlessStore store;
    auto& database = store.database();
    HourIndex index(database);
    struct Held {
        std::int64_t block;
        Time time;
    };
    std::vector<Held> held;
    std::int64_t key = 1;
    Time now = test_start;
    for (int i = 0; i < 2000; ++i) {
        const auto frames = 1 + static_cast<std::int64_t>(random() % 200);
        if (random() % 100 == 0) now += std::chrono::hours(static_cast<int>(random() % 20) - 10);
        now += Duration{static_cast<std::int64_t>(random() % 60'000)};
        const BlockHead head{MessageKey{key}, MessageKey{key + frames - 1}, now, now, 1};
        sqlite::Transaction transaction(database);
        index.add(head, now);
        if (random() % 10 == 0) {
            database.fail(13, "full, says the test");
            transaction.commit();
            database.clear_failure();
            index.rolled_back();
        } else {
            ASSERT_TRUE(transaction.commit());
            held.push_back({key, now});
        }
        key += frames + static_cast<std::int64_t>(random() % 3);
    }
    for (const auto& [block, time] : held) {
        const auto range = blocks_between(database, time, time);
        EXPECT_LE(range.first_key, block);
        EXPECT_GE(range.last_key, block);
    }
    const auto nothing =
        blocks_between(database, test_start - std::chrono::days(90), test_start - std::chrono::days(80));
    EXPECT_LT(nothing.last_key, nothing.first_key);
}

}  // namespace
}  // namespace sitepower::series_test
