#include "daemon/forecast/series_feed.hpp"

#include <gtest/gtest.h>

namespace sitepower {
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

TEST(SeriesFeed, PicksThePointsOfSeries) {
    SeriesFeed feed;
    EXPECT_FALSE(feed.has_series());
    feed.configure({.series = {at_point(2, 5), at_point(0, 1), at_point(2, 6)}, .prior = {}});
    EXPECT_TRUE(feed.has_series());
    feed.take(frame_of(2, 4, {40, 50, 60}));
    feed.take(frame_of(2, 7, {70}));
    feed.take(frame_of(1, 0, {1, 2}));
    feed.take(frame_of(9, 0, {1, 2}));
    auto bad = frame_of(0, 0, {1, 2});
    bad.quality[1] = Quality::not_implemented;
    feed.take(bad);
    const auto samples = feed.drain();
    ASSERT_EQ(samples.size(), 2U);
    EXPECT_EQ(samples[0].series, 0U);
    EXPECT_EQ(samples[0].value, 50);
    EXPECT_EQ(samples[1].series, 2U);
    EXPECT_EQ(samples[1].value, 60);
    EXPECT_EQ(feed.waiting(), 0U);
}

TEST(SeriesFeed, TakesPublishedMetrics) {
    SeriesFeed feed;
    feed.configure({.series = {{.id = "a", .unit = {}, .clock = {}, .metric = "web/requests"},
                               {.id = "b", .unit = {}, .clock = {}, .metric = "web/requests"}},
                    .prior = {}});
    feed.metric("web/requests", from_ms(5), 7);
    feed.metric("web/errors", from_ms(5), 7);
    const auto samples = feed.drain();
    ASSERT_EQ(samples.size(), 2U);
    EXPECT_EQ(samples[1].series, 1U);
    EXPECT_EQ(samples[1].time, from_ms(5));
}

TEST(SeriesFeed, TurnsWhatARegisterCountsIntoARate) {
    SeriesFeed feed;
    auto series = at_point(0, 0);
    series.counter = forecast::CounterSettings{};
    series.step = Duration{900'000};
    feed.configure({.series = {series}, .prior = {}});
    feed.take(frame_of(0, 0, {10}));
    EXPECT_EQ(feed.drain().front().value, 40) << "a kWh in a quarter of an hour is 4 kW";
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
}  // namespace sitepower
