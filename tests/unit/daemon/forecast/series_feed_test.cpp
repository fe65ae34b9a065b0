#include "daemon/forecast/series_feed.hpp"

#include <gtest/gtest.h>

namespace sitepower::series_feed_test {
namespace {

SeriesSettings at_point(std::uint32_t device, std::uint32_t slot) {
    return {.id = "s", .unit = {}, .clock = {}, .point = PointRef{DeviceIndex{device}, slot}, .metric = {}};
}

Frame frame_of(std::uint32_t device, std::uint32_t first_slot, std::vector<double> values) {
    auto layout = std::make_shared<Layout>();
    layout->device_index = DeviceIndex{device};
    layout->first_slot = first_slot;
    layout->points.resize(values.size());
    Frame frame{.layout = layout, .time = from_ms(1000), .values = std::move(values), .quality = {}};
    frame.quality.assign(frame.values.size(), Quality::good);
    return frame;
}

// All that waits, whatever settings it came under.
std::vector<SeriesSample> drained(SeriesFeed& feed) {
    std::vector<SeriesSample> samples;
    for (const auto& batch : feed.drain())
        samples.insert(samples.end(), batch.samples.begin(), batch.samples.end());
    return samples;
}

SeriesSettings of_metric(const std::string& id) {
    return {.id = id, .unit = {}, .clock = {}, .price = {}, .metric = id};
}

TEST(SeriesFeed, PicksThePointsOfSeries) {
    SeriesFeed feed;
    EXPECT_FALSE(feed.has_work());
    feed.configure({.series = {at_point(2, 5), at_point(0, 1), at_point(2, 6)}, .prior = {}});
    EXPECT_TRUE(feed.has_work());
    feed.take(frame_of(2, 4, {40, 50, 60}));
    feed.take(frame_of(2, 7, {70}));
    feed.take(frame_of(1, 0, {1, 2}));
    feed.take(frame_of(9, 0, {1, 2}));
    auto bad = frame_of(0, 0, {1, 2});
    bad.quality[1] = Quality::not_implemented;
    feed.take(bad);
    const auto samples = drained(feed);
    ASSERT_EQ(samples.size(), 2U);
    EXPECT_EQ(samples[0].series, 0U);
    EXPECT_EQ(samples[0].value, 50);
    EXPECT_EQ(samples[1].series, 2U);
    EXPECT_EQ(samples[1].value, 60);
    EXPECT_EQ(feed.waiting(), 0U);
}

TEST(SeriesFeed, TakesPublishedMetrics) {
    SeriesFeed feed;
    feed.configure({.series = {{.id = "a", .unit = {}, .clock = {}, .price = {}, .metric = "web/requests"},
                               {.id = "b", .unit = {}, .clock = {}, .price = {}, .metric = "web/requests"}},
                    .prior = {}});
    feed.metric("web/requests", from_ms(5), 7);
    feed.metric("web/errors", from_ms(5), 7);
    const auto samples = drained(feed);
    ASSERT_EQ(samples.size(), 2U);
    EXPECT_EQ(samples[1].series, 1U);
    EXPECT_EQ(samples[1].time, from_ms(5));
}

TEST(SeriesFeed, PicksCovariatesAndScalesNoneOfThem) {
    SeriesFeed feed;
    auto counter = at_point(0, 0);
    counter.counter = forecast::CounterSettings{};
    counter.step = Duration{900'000};
    counter.covariates = {{.name = "temperature"}, {.name = "wind"}};
    counter.covariate_sources = {{.point = PointRef{DeviceIndex{0}, 1}, .metric = {}},
                                 {.metric = "weather/wind"}};
    feed.configure({.series = {at_point(3, 0), counter}, .prior = {}});
    feed.take(frame_of(0, 0, {10, 21}));
    feed.metric("weather/wind", from_ms(5), 7);
    const auto samples = drained(feed);
    ASSERT_EQ(samples.size(), 3U);
    EXPECT_FALSE(samples[0].covariate);
    EXPECT_EQ(samples[0].value, 40);
    EXPECT_EQ(samples[1].series, 1U);
    EXPECT_EQ(samples[1].covariate, 0U);
    EXPECT_EQ(samples[1].value, 21);
    EXPECT_EQ(samples[2].series, 1U);
    EXPECT_EQ(samples[2].covariate, 1U);
    EXPECT_EQ(samples[2].value, 7);
}

TEST(SeriesFeed, TakesEachStepOfAPriceOnceAlsoThoseToCome) {
    constexpr Duration hour{3'600'000};
    const Time midnight = from_ms(1'795'305'600'000);
    PriceSettings settings;
    settings.id = "energy_price";
    settings.currency = "EUR";
    settings.source = PriceFile{.path = "/srv/prices.csv", .columns = {}};
    PriceBook book({settings}, midnight);
    const auto learn = [&](int first, int last) {
        std::vector<PriceStep> steps;
        for (int i = first; i < last; ++i) {
            steps.push_back({midnight + i * hour, midnight + (i + 1) * hour, 0.05 + 0.001 * i});
        }
        const Time time = midnight + first * hour + std::chrono::minutes{10};
        const auto look = book.next_look(time);
        ASSERT_TRUE(look);
        book.take(*look, steps, time);
    };
    SeriesFeed feed;
    feed.configure(
        {.series =
             {{.id = "p", .unit = {}, .step = hour, .clock = {}, .price = "energy_price", .metric = {}}},
         .prior = {}});
    learn(0, 3);
    feed.prices(book);
    feed.prices(book);
    auto samples = drained(feed);
    ASSERT_EQ(samples.size(), 3U);
    EXPECT_EQ(samples[2].time, midnight + 2 * hour);
    EXPECT_NEAR(samples[2].value, 52, 1e-9) << "as shown, by MWh";
    learn(1, 5);
    feed.prices(book);
    samples = drained(feed);
    ASSERT_EQ(samples.size(), 2U);
    EXPECT_EQ(samples[0].time, midnight + 3 * hour);

    feed.configure(
        {.series = {{.id = "p", .unit = {}, .step = hour, .clock = {}, .price = "energy_price", .metric = {}},
                    of_metric("load")},
         .prior = {}});
    for (std::size_t i = 0; i < SeriesFeed::most_samples; ++i) feed.metric("load", midnight, 1);
    feed.prices(book);
    feed.drain();
    feed.prices(book);
    EXPECT_EQ(drained(feed).size(), 5U) << "what found no room is tried again";
}

TEST(SeriesFeed, TurnsWhatARegisterCountsIntoARate) {
    SeriesFeed feed;
    auto series = at_point(0, 0);
    series.counter = forecast::CounterSettings{};
    series.step = Duration{900'000};
    feed.configure({.series = {series}, .prior = {}});
    feed.take(frame_of(0, 0, {10}));
    EXPECT_EQ(drained(feed).front().value, 40) << "a kWh in a quarter of an hour is 4 kW";
}

TEST(SeriesFeed, ValuesThatWaitKeepTheSettingsThatTheyCameUnder) {
    SeriesFeed feed;
    feed.configure({.series = {of_metric("never_in_force")}, .prior = {}});
    feed.configure({.series = {of_metric("load")}, .prior = {}});
    feed.metric("load", from_ms(1), 7);
    feed.configure({.series = {of_metric("new"), of_metric("load")}, .prior = {}});
    feed.metric("load", from_ms(2), 8);
    EXPECT_EQ(feed.waiting(), 2U);
    const auto batches = feed.drain();
    ASSERT_EQ(batches.size(), 2U);
    EXPECT_EQ(batches[0].settings->series[0].id, "load");
    ASSERT_EQ(batches[0].samples.size(), 1U);
    EXPECT_EQ(batches[0].samples[0].series, 0U);
    EXPECT_EQ(batches[1].settings->series.size(), 2U);
    ASSERT_EQ(batches[1].samples.size(), 1U);
    EXPECT_EQ(batches[1].samples[0].series, 1U);
    EXPECT_EQ(feed.waiting(), 0U);
    feed.metric("load", from_ms(3), 9);
    EXPECT_FALSE(feed.drain().front().settings) << "told once";
}

TEST(SeriesFeed, LastSettingsWithoutSeriesAreWork) {
    SeriesFeed feed;
    EXPECT_FALSE(feed.has_work());
    feed.configure({.series = {of_metric("load")}, .prior = {}});
    feed.drain();
    EXPECT_TRUE(feed.has_work());
    feed.configure({});
    EXPECT_TRUE(feed.has_work()) << "somebody has to hear of it";
    feed.drain();
    EXPECT_FALSE(feed.has_work());
}

TEST(SeriesFeed, LeavesOutWhatFindsNoRoom) {
    SeriesFeed feed;
    feed.configure({.series = {at_point(0, 0)}, .prior = {}});
    const auto frame = frame_of(0, 0, {10});
    for (std::size_t i = 0; i < SeriesFeed::most_samples + 3; ++i) feed.take(frame);
    EXPECT_EQ(feed.waiting(), SeriesFeed::most_samples);
    EXPECT_EQ(feed.left_out(), 3U);
}

}  // namespace
}  // namespace sitepower::series_feed_test
