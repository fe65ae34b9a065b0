#include "core/site/latest_values.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "tests/unit/core/site/small_site.hpp"

namespace sitepower::latest_values_test {
namespace {

constexpr DeviceIndex device{0};
constexpr Time start = from_ms(1'795'328'000'000);

class LatestValuesTest : public testing::Test {
  protected:
    LatestValuesTest() {
        DeviceBuilder builder(model_, "MET-01", DeviceKind::meter);
        builder.point("a");
        fast_ = builder.finish(Duration{1'000});
        builder.point("b");
        builder.point("c");
        slow_ = builder.finish(Duration{60'000}, "slow");
        latest_.emplace(model_);
    }
    SiteModel model_;
    std::shared_ptr<const Layout> fast_, slow_;
    std::optional<LatestValues> latest_;
};

TEST_F(LatestValuesTest, AreUnseenAtFirst) {
    ASSERT_EQ(latest_->of(device).size(), 3U);
    for (const LatestValue& value : latest_->of(device)) {
        EXPECT_FALSE(value.seen);
        EXPECT_EQ(value.quality, Quality::stale);
    }
}

TEST_F(LatestValuesTest, AFrameOverwritesItsOwnSlotsOnly) {
    latest_->store(device, *make_frame(fast_, start, {1.5}));
    latest_->store(device, *make_frame(slow_, start + Duration{5}, {2.5, 3.5}));
    const auto values = latest_->of(device);
    EXPECT_EQ(values[0].value, 1.5);
    EXPECT_EQ(values[0].time, start);
    EXPECT_EQ(values[1].value, 2.5);
    EXPECT_EQ(values[2].value, 3.5);
    EXPECT_EQ(values[2].time, start + Duration{5});
    EXPECT_EQ(values[2].quality, Quality::good);
}

TEST_F(LatestValuesTest, KeepTheQualityAndNeverTakeANumberThatIsNone) {
    auto frame = make_frame(
        slow_, start, {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()});
    frame->quality[1] = Quality::not_implemented;
    latest_->store(device, *frame);
    EXPECT_EQ(latest_->of(device)[1].value, 0);
    EXPECT_EQ(latest_->of(device)[1].quality, Quality::out_of_range);
    EXPECT_EQ(latest_->of(device)[2].value, 0);
    EXPECT_EQ(latest_->of(device)[2].quality, Quality::not_implemented);
}

TEST_F(LatestValuesTest, LosingMakesGoodValuesStaleAndKeepsOtherReasons) {
    auto frame = make_frame(slow_, start, {2.5, 0});
    frame->quality[1] = Quality::comm_error;
    latest_->store(device, *make_frame(fast_, start, {1.5}));
    latest_->store(device, *frame);
    latest_->lose(device, 1, 2);
    EXPECT_EQ(latest_->of(device)[0].quality, Quality::good);
    EXPECT_EQ(latest_->of(device)[1].quality, Quality::stale);
    EXPECT_EQ(latest_->of(device)[1].time, start) << "the time of the last value stays";
    EXPECT_EQ(latest_->of(device)[2].quality, Quality::comm_error);
}

}  // namespace
}  // namespace sitepower::latest_values_test
