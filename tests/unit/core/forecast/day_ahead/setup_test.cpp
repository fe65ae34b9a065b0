#include "core/forecast/day_ahead/setup.hpp"

#include <gtest/gtest.h>

namespace sitepower::forecast::setup_test {
namespace {

TEST(DayAheadSetup, TheOnesMadeForPriceAndLoadWork) {
    EXPECT_TRUE(check(price_setup(24, {{.name = "wind"}, {.name = "load"}})));
    EXPECT_TRUE(check(load_setup(48, {{.name = "t", .role = CovariateRole::temperature}})));
    EXPECT_TRUE(check(load_setup(96, {})));
}

TEST(DayAheadSetup, CountsItsExperts) {
    DayAheadSetup setup = price_setup(24, {});
    setup.windows = {{.days = 100, .penalties = {1, 2}}, {.days = 200, .penalties = {1}}};
    setup.kernels = {{.days = 300}};
    EXPECT_EQ(setup.experts(), 4U);
    EXPECT_EQ(setup.longest_window_days(), 300U);
}

// Every refusal names what is wrong.
void refuses(const DayAheadSetup& setup, std::string_view because) {
    const Status status = check(setup);
    ASSERT_FALSE(status);
    EXPECT_NE(status.error().message.find(because), std::string::npos) << status.error().message;
}

TEST(DayAheadSetup, RefusesWhatCannotWork) {
    const auto good = price_setup(24, {});
    auto setup = good;
    setup.slots = 0;
    refuses(setup, "slots");
    setup.slots = 1440;
    refuses(setup, "slots");
    setup = good;
    setup.covariates.resize(9);
    refuses(setup, "covariates");
    for (const auto& lags : {std::vector<std::size_t>{}, {0, 1}, {7, 1}, {1, 8}}) {
        setup = good;
        setup.target_lags_days = lags;
        refuses(setup, "lags");
    }
    setup = good;
    setup.windows[0].days = 7;
    refuses(setup, "window");
    setup = good;
    setup.windows[0].penalties = {0};
    refuses(setup, "penalties");
    setup = good;
    setup.kernels[0].width = 0;
    refuses(setup, "kernel");
    setup = good;
    setup.windows.clear();
    setup.kernels.clear();
    refuses(setup, "expert");
}

}  // namespace
}  // namespace sitepower::forecast::setup_test
