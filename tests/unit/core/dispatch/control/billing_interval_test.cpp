#include "core/dispatch/control/billing_interval.hpp"

#include <gtest/gtest.h>

namespace sitepower::dispatch::billing_interval_test {
namespace {

using std::chrono::seconds;

class BillingIntervalTest : public testing::Test {
  protected:
    void import(double kw, seconds lasts) {
        for (const auto end = now_ + lasts; now_ < end; now_ += seconds{1}) interval_.note(kw, now_);
        interval_.note(kw, now_);
    }
    double most(double peak_kw) const { return interval_.most_kw(peak_kw, now_); }

    Time now_ = from_ms(1'767'225'600'000);  // a full hour
    BillingInterval interval_;
};

TEST_F(BillingIntervalTest, TheRestMakesUpForWhatWasAboveThePeak) {
    EXPECT_EQ(most(250), 250) << "nothing is known yet";
    import(300, seconds{450});
    EXPECT_NEAR(most(250), 200, 1e-9);
    EXPECT_NEAR(most(300), 300, 1e-9);
    import(200, seconds{300});
    EXPECT_NEAR(most(250), 200, 1e-9);
}

TEST_F(BillingIntervalTest, TheRestMayDrawWhatWasLeft) {
    import(200, seconds{600});
    EXPECT_NEAR(most(250), 350, 1e-9);
    import(-1000, seconds{150});
    EXPECT_NEAR(most(200), 400, 1e-9) << "what is exported takes nothing off the import";
}

TEST_F(BillingIntervalTest, TheNextIntervalBeginsAnew) {
    import(300, seconds{899});
    EXPECT_NEAR(most(250), 0, 1e-9) << "never negative";
    EXPECT_NEAR(most(299), 299 - 899.0 / 60, 1e-9) << "as if there were a minute left";
    now_ += seconds{1};
    EXPECT_EQ(most(250), 250);
    interval_.note(300, now_);
    EXPECT_EQ(most(250), 250);
}

TEST_F(BillingIntervalTest, WhatNobodySawCountsAsAtThePeak) {
    import(300, seconds{225});
    interval_.note(std::nullopt, now_);
    now_ += seconds{3};
    interval_.note(300, now_);
    now_ += seconds{222};
    interval_.note(300, now_);  // after a gap
    EXPECT_NEAR(most(250), 225, 1e-9);
    now_ -= seconds{600};  // the clock was set back
    interval_.note(300, now_);
    EXPECT_EQ(most(250), 250);
}

}  // namespace
}  // namespace sitepower::dispatch::billing_interval_test
