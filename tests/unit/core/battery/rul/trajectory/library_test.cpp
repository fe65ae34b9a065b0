#include "core/battery/rul/trajectory/library.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/unit/core/battery/rul/trajectory/fades.hpp"

namespace sitepower::library_test {
namespace {

Result<FadeLibrary> library_of(const std::vector<FadeShape>& shapes, LibraryParameters parameters = {}) {
    return FadeLibrary::make(shapes, parameters);
}

TEST(FadeLibrary, KnowsWhereACurveReachesTheEndOfLife) {
    const auto library = library_of({fade_of(500, 1.5), fade_of(100, 0.7)});
    ASSERT_TRUE(library);
    EXPECT_NEAR(std::exp(library->curves()[0].log_life), 500, 5);
    EXPECT_NEAR(std::exp(library->curves()[1].log_life), 100, 2);
    EXPECT_NEAR(library->curves()[0].best, 1, 0.001);
}

TEST(FadeLibrary, CrossingsAreInverseToDrops) {
    const auto library = library_of({fade_of(500, 1.5)});
    const FadeCurve& curve = library->curves()[0];
    for (double drop = 0.01; drop < 0.2; drop += 0.01) {
        EXPECT_NEAR(curve.drop_at(curve.crossing(drop)), drop, 1e-5) << drop;
    }
    EXPECT_EQ(curve.crossing(-1), 0);
    EXPECT_EQ(curve.crossing(1e9), log_grid::points - 1);
}

TEST(FadeLibrary, GoesOnAsSteepAsAtTheEnd) {
    const auto library = library_of({fade_of(500, 1, 0.95)});
    ASSERT_TRUE(library) << "within 0.02 of the end of life";
    EXPECT_NEAR(std::exp(library->curves()[0].log_life), 500, 15);
}

TEST(FadeLibrary, LeavesOutWhatNeverComesNearTheEnd) {
    const auto library = library_of({fade_of(500, 1, 0.5, 1, "young"), fade_of(300, 1, 1.1, 1, "old")});
    ASSERT_TRUE(library);
    for (const FadeCurve& curve : library->curves()) EXPECT_NE(curve.name, "young");
    EXPECT_FALSE(library_of({fade_of(500, 1, 0.5)}));
}

TEST(FadeLibrary, AddsPowerLawsOfItsOwnTimeScale) {
    const auto library = library_of({fade_of(500, 1.5)});
    int power_laws = 0;
    for (const FadeCurve& curve : library->curves()) {
        if (!curve.is_power_law) continue;
        ++power_laws;
        EXPECT_NEAR(std::exp(curve.log_life), 500, 10);
    }
    EXPECT_EQ(power_laws, 6);
}

TEST(FadeLibrary, RefusesWhatIsNoHistory) {
    const FadeShape good = fade_of(500, 1);
    const auto refuses = [&](auto spoil) {
        FadeShape bad = good;
        spoil(bad);
        const auto library = library_of({good, bad});
        return !library && !library.error().message.empty();
    };
    EXPECT_TRUE(refuses([](FadeShape& shape) { shape.age[5] = shape.age[4]; }));
    EXPECT_TRUE(refuses([](FadeShape& shape) { shape.age[0] = 0; }));
    EXPECT_TRUE(
        refuses([](FadeShape& shape) { shape.age.back() = std::numeric_limits<double>::infinity(); }));
    EXPECT_TRUE(refuses([](FadeShape& shape) { shape.health[7] = std::nan(""); }));
    EXPECT_TRUE(refuses([](FadeShape& shape) { shape.health[7] = -1; }));
    EXPECT_TRUE(refuses([](FadeShape& shape) { shape.health.pop_back(); }));
    EXPECT_TRUE(refuses([](FadeShape& shape) { shape.age.resize(2), shape.health.resize(2); }));
    EXPECT_FALSE(library_of({}));
    EXPECT_FALSE(library_of(std::vector<FadeShape>(201, good)));
}

TEST(FadeLibrary, RefusesParametersOutOfRange) {
    const std::vector<FadeShape> shapes{fade_of(500, 1)};
    EXPECT_FALSE(library_of(shapes, {.end_of_life = 1.2}));
    EXPECT_FALSE(library_of(shapes, {.noise_sigma = 0}));
    EXPECT_FALSE(library_of(shapes, {.alike_share = 1.1}));
    EXPECT_FALSE(library_of(shapes, {.curves_weight = -0.1}));
    EXPECT_FALSE(library_of(shapes, {.scale = {IntervalScale{0, 1}}}));
}

TEST(Compact, StaysNearTheHistoryWithFewPoints) {
    const FadeShape history = fade_of(900, 2);
    const FadeShape shape = compact(history, 0.001);
    EXPECT_LT(shape.age.size(), 20U);
    EXPECT_EQ(shape.age.front(), 1);
    EXPECT_EQ(shape.age.back(), history.age.back());
    const auto library = library_of({shape});
    EXPECT_NEAR(std::exp(library->curves()[0].log_life), 900, 9);
}

TEST(Compact, IsNotFooledByOneWildMeasurement) {
    FadeShape history = fade_of(900, 1);
    history.health[450] = 0.3;
    for (const double health : compact(history, 0.001).health) EXPECT_GT(health, 0.75);
}

TEST(Compact, LeavesAShortHistoryAlone) {
    const FadeShape two{.age = {1, 2}, .health = {1, 0.9}};
    EXPECT_EQ(compact(two, 0.001).age, two.age);
}

}  // namespace
}  // namespace sitepower::library_test
