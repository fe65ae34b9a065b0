#include "daemon/store/rollup.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <cmath>
#include <limits>
#include <map>
#include <random>

#include "daemon/store/interval_table.hpp"
#include "tests/support/faulty_vfs.hpp"
#include "tests/unit/daemon/store/threadless_store.hpp"

namespace sitepower::rollup_test {
namespace {

// The same numbers, remembered instead of summed up.
struct NaivePoint {
    std::vector<double> values;
    double last = 0;
    Time last_time = Time::min();

    void add(Time time, double value) {
        values.push_back(value);
        if (time < last_time) return;
        last = value;
        last_time = time;
    }
    double mean() const {
        double sum = 0;
        for (const double value : values) sum += value;
        return sum / static_cast<double>(values.size());
    }
};

void expect_rollup(const PointRollup& rollup, const NaivePoint& naive) {
    ASSERT_EQ(rollup.count, naive.values.size());
    if (rollup.count == 0) return;
    EXPECT_EQ(rollup.min, *std::ranges::min_element(naive.values));
    EXPECT_EQ(rollup.max, *std::ranges::max_element(naive.values));
    EXPECT_EQ(rollup.last, naive.last);
    EXPECT_EQ(rollup.last_time, naive.last_time);
    EXPECT_NEAR(rollup.mean(), naive.mean(), 1e-9 * (1 + std::abs(naive.mean())));
}

Layout layout_of_all_kinds() {
    Layout layout;
    layout.device = "D";
    layout.points = {{"on_grid", "V", 0.001, 0},   {"offset", "Cel", 0.1, -40}, {"downwards", "A", -0.5, 3},
                     {"off_grid", "kW", 0.25, 0},  {"no_grid", "", 0, 0},       {"large", "W", 1, 0},
                     {"rarely_good", "V", 0.01, 0}};
    return layout;
}

double value_for(const LayoutPoint& point, std::mt19937& random) {
    const auto raw = static_cast<double>(static_cast<std::int16_t>(random()));
    if (point.name == "off_grid" || point.name == "no_grid") return raw / 7;
    if (point.name == "large") return raw * 1e9;
    return raw * point.scale + point.offset;
}

TEST(Rollup, EqualsANaiveComputationHoweverItIsCutPackedAndMerged) {
    const auto layout = layout_of_all_kinds();
    std::mt19937 random(2);
    for (int run = 0; run < 200; ++run) {
        std::vector<NaivePoint> naive(layout.points.size());
        Rollup whole(layout.points.size());
        for (auto parts = 1 + random() % 4; parts > 0; --parts) {
            Rollup part(layout.points.size());
            for (auto frames = random() % 20; frames > 0; --frames) {
                const auto time = test_start + Duration{random() % 60'000};
                std::vector<double> values;
                std::vector<Quality> quality;
                for (std::size_t i = 0; i < layout.points.size(); ++i) {
                    values.push_back(value_for(layout.points[i], random));
                    const bool good = random() % (layout.points[i].name == "rarely_good" ? 40 : 1) == 0;
                    quality.push_back(good ? Quality::good : Quality::comm_error);
                    if (good) naive[i].add(time, values.back());
                }
                part.add(time, values, quality);
            }
            const auto back = unpack_rollup(pack_rollup(part, layout, test_start), layout, test_start);
            ASSERT_TRUE(back);
            whole.merge(*back);
        }
        for (std::size_t i = 0; i < naive.size(); ++i) expect_rollup(whole.points[i], naive[i]);
    }
}

TEST(Rollup, WhatIsCutShortOrOfAnotherLayoutIsRefused) {
    const auto layout = layout_of_all_kinds();
    std::mt19937 random(3);
    Rollup rollup(layout.points.size());
    std::vector<double> values;
    for (const auto& point : layout.points) values.push_back(value_for(point, random));
    rollup.add(test_start, values, std::vector<Quality>(values.size(), Quality::good));
    const auto packed = pack_rollup(rollup, layout, test_start);
    for (std::size_t size = 0; size < packed.size(); ++size) {
        EXPECT_FALSE(unpack_rollup(std::span(packed).first(size), layout, test_start)) << size;
    }
    auto narrower = layout;
    narrower.points.pop_back();
    EXPECT_FALSE(unpack_rollup(packed, narrower, test_start));
    auto later = packed;
    later[0] = 9;
    EXPECT_FALSE(unpack_rollup(later, layout, test_start));
}

TEST(Rollup, ExtremeNumbersSurviveThePacking) {
    const auto layout = layout_of_all_kinds();
    for (const double value :
         {1e300, -1e300, std::numeric_limits<double>::denorm_min(), 9007199254740991.0}) {
        Rollup rollup(layout.points.size());
        const std::vector<double> values(layout.points.size(), value);
        rollup.add(test_start, values, std::vector<Quality>(values.size(), Quality::good));
        const auto back = unpack_rollup(pack_rollup(rollup, layout, test_start), layout, test_start);
        ASSERT_TRUE(back);
        for (const auto& point : back->points) {
            EXPECT_EQ(point.min, value);
            EXPECT_EQ(point.max, value);
            EXPECT_EQ(point.last, value);
        }
    }
}

TEST(Intervals, RoundDownAlsoBefore1970AndKeysReadBack) {
    EXPECT_EQ(interval_of(from_ms(-1), minute_length), -1);
    EXPECT_EQ(interval_of(from_ms(-60'000), minute_length), -1);
    EXPECT_EQ(interval_of(from_ms(-60'001), minute_length), -2);
    EXPECT_EQ(interval_of(from_ms(59'999), minute_length), 0);
    std::mt19937_64 random(5);
    for (int run = 0; run < 1000; ++run) {
        const IntervalKey key{static_cast<std::int64_t>(random() >> 24) - (std::int64_t{1} << 39),
                              static_cast<std::int64_t>(random() % (1 << 20))};
        const auto back = IntervalKey::from(key.number());
        EXPECT_EQ(back.interval, key.interval);
        EXPECT_EQ(back.member, key.member);
    }
}

// Frames of two devices, with a clock that jumps, late frames, restarts, kills and failing writes; at the end
// each minute and each quarter holds exactly what its frames held.
class RollupLaw : public ::testing::TestWithParam<unsigned> {
  protected:
    using Naive = std::map<std::pair<std::size_t, Time>, NaivePoint>;  // of a device and an interval

    void commit(int frames) {
        Batch batch;
        for (int i = 0; i < frames; ++i) {
            const std::size_t device = random_() % devices_.size();
            const auto late = random_() % 10 == 0 ? Duration{random_() % 200'000} : Duration{0};
            const auto time = now_ - late;
            const auto raw = static_cast<std::int64_t>(random_() % 5000);
            batch.rows.emplace_back(MessageRow{store_.reading(devices_[device], time, {raw})});
            const double value = static_cast<double>(raw) / 1000;
            minutes_[{device, start_of(interval_of(time, minute_length), minute_length)}].add(time, value);
            quarters_[{device, start_of(interval_of(time, quarter_length), quarter_length)}].add(time, value);
            now_ += Duration{random_() % 8000};
        }
        ASSERT_TRUE(store_.commit(batch));
        if (random_() % 4 == 0) vfs_.fail_nth(1 + random_() % 5, SQLITE_FULL);
        store_.write_rollups();
        vfs_.heal();
    }
    void step_clock() {
        const auto by = Duration{static_cast<std::int64_t>(random_() % 3'000'000)};
        now_ += random_() % 2 == 0 ? by : -by;
    }
    void expect_table(SeriesResolution resolution, const Naive& naive, Time end) {
        auto reader = store_.reader();
        for (std::size_t device = 0; device < devices_.size(); ++device) {
            const auto answer = reader->series({{{devices_[device]->device, "p0"}},
                                                test_start - std::chrono::days(9),
                                                end,
                                                10'000,
                                                resolution});
            ASSERT_TRUE(answer);
            std::size_t expected = 0;
            for (const auto& [key, point] : naive)
                expected += key.first == device && key.second < end ? 1 : 0;
            ASSERT_EQ(answer->rows.size(), expected);
            for (const auto& row : answer->rows) {
                const auto& value = row.values.at(0);
                const auto& point = naive.at({device, row.time});
                EXPECT_EQ(value.count, point.values.size()) << format_time(row.time);
                EXPECT_EQ(value.min, *std::ranges::min_element(point.values));
                EXPECT_EQ(value.max, *std::ranges::max_element(point.values));
                EXPECT_EQ(value.last, point.last);
                EXPECT_NEAR(value.value, point.mean(), 1e-9);
            }
        }
    }

    support::FaultyVfs vfs_;
    std::mt19937 random_{GetParam()};
    ThreadlessStore store_;
    std::vector<std::shared_ptr<const Layout>> devices_{make_layout("UPS-01", 1), make_layout("M-01", 1)};
    Naive minutes_;
    Naive quarters_;
    Time now_ = test_start;
};

TEST_P(RollupLaw, EqualsANaiveComputation) {
    for (int step = 0; step < 120; ++step) {
        commit(1 + static_cast<int>(random_() % 8));
        const auto fate = random_() % 20;
        if (fate == 0) store_.restart();
        if (fate == 1) store_.crash();
        if (fate == 2) step_clock();
        if (HasFatalFailure()) return;
    }
    // Far ahead, so that all before is over.
    const auto end = test_start + std::chrono::days(9);
    now_ = end + std::chrono::hours(1);
    commit(1);
    now_ += std::chrono::hours(1);
    commit(1);
    while (!store_.write_rollups()) {
    }
    expect_table(SeriesResolution::minute, minutes_, end);
    expect_table(SeriesResolution::quarter, quarters_, end);
}

INSTANTIATE_TEST_SUITE_P(AnyOrder, RollupLaw, ::testing::Range(1U, 17U));

}  // namespace
}  // namespace sitepower::rollup_test
