#include "core/forecast/registry.hpp"

#include <gtest/gtest.h>

namespace sitepower::forecast::registry_test {
namespace {

const Time now = from_ms(1'800'000'000'000);

ModelVersion version_of(std::string name, std::optional<double> mase, std::optional<double> coverage = 0.95) {
    return {.name = std::move(name),
            .kind = "series",
            .metrics = {.mase = mase, .smape_pct = 5, .coverage95 = coverage}};
}

TEST(Registry, TheFirstCandidateIsPromotedTheWorseOneIsNot) {
    ModelRegistry registry;
    EXPECT_EQ(*registry.add(version_of("load", 1.0)), 1U);
    EXPECT_TRUE(registry.promote("load", now));
    ASSERT_NE(registry.active("load"), nullptr);
    EXPECT_EQ(registry.active("load")->deployed_at, now);
    EXPECT_EQ(*registry.add(version_of("load", 1.05)), 2U);
    EXPECT_FALSE(registry.promote("load", now));
    EXPECT_EQ(registry.active("load")->version, 1U);
    EXPECT_EQ(registry.find("load", 2)->status, ModelStatus::retired);
    EXPECT_EQ(*registry.add(version_of("load", 1.005)), 3U) << "within one percent";
    EXPECT_TRUE(registry.promote("load", now));
    EXPECT_EQ(registry.active("load")->version, 3U);
}

TEST(Registry, CoverageCountsToo) {
    EXPECT_TRUE(may_replace({.mase = 1, .coverage95 = 0.94}, {.mase = 1, .coverage95 = 0.95}));
    EXPECT_FALSE(may_replace({.mase = 0.5, .coverage95 = 0.90}, {.mase = 1, .coverage95 = 0.95}));
    EXPECT_FALSE(may_replace({.mase = std::nullopt, .coverage95 = 0.95}, {.mase = 1, .coverage95 = 0.95}));
    EXPECT_TRUE(may_replace({.mase = 3, .coverage95 = std::nullopt}, {})) << "the active one shows nothing";
}

TEST(Registry, RollsBackToAVersionThatIsKept) {
    ModelRegistry registry;
    for (int i = 0; i < 9; ++i) {
        ASSERT_TRUE(registry.add(version_of("load", 1.0 - 0.01 * i)));
        ASSERT_TRUE(registry.promote("load", now));
    }
    EXPECT_EQ(registry.versions().size(), ModelRegistry::kept_versions + 1);
    EXPECT_TRUE(registry.activate("load", 5, now));
    EXPECT_EQ(registry.active("load")->version, 5U);
    EXPECT_EQ(registry.find("load", 9)->status, ModelStatus::retired);
    const auto refused = registry.activate("load", 1, now);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::not_found);
    EXPECT_NE(refused.error().message.find("there are 9"), std::string::npos) << refused.error().message;
    EXPECT_FALSE(registry.activate("price", 1, now));
    EXPECT_EQ(*registry.add(version_of("load", 1)), 10U) << "versions are never used twice";
}

TEST(Registry, ResumesTheVersionOfAState) {
    ModelRegistry registry;
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(registry.add(version_of("load", 1)));
    ASSERT_TRUE(registry.add(version_of("other", 1)));
    ASSERT_TRUE(registry.activate("load", 3, now));
    ASSERT_TRUE(registry.activate("other", 1, now));
    EXPECT_FALSE(registry.resume("load", 3));
    EXPECT_TRUE(registry.resume("load", 2));
    EXPECT_EQ(registry.active("load")->version, 2U);
    EXPECT_EQ(registry.find("load", 3)->status, ModelStatus::retired);
    EXPECT_TRUE(registry.resume("load", 0));
    EXPECT_EQ(registry.active("load"), nullptr);
    EXPECT_FALSE(registry.resume("load", 9));
    EXPECT_NE(registry.active("other"), nullptr);
}

TEST(Registry, RestoresWhatWasStored) {
    ModelRegistry registry;
    ASSERT_TRUE(registry.add(version_of("b", 1)));
    ASSERT_TRUE(registry.add(version_of("a", 1)));
    registry.promote("a", now);
    ModelRegistry other;
    other.restore({registry.versions().begin(), registry.versions().end()});
    ASSERT_NE(other.active("a"), nullptr);
    EXPECT_EQ(other.active("b"), nullptr);
    EXPECT_EQ(other.versions().front().name, "a");
}

TEST(Registry, NamesHaveALimit) {
    ModelRegistry registry;
    for (std::size_t i = 0; i < ModelRegistry::most_names; ++i) {
        ASSERT_TRUE(registry.add(version_of(std::to_string(i), 1)));
    }
    EXPECT_FALSE(registry.add(version_of("one more", 1)));
    EXPECT_TRUE(registry.add(version_of("7", 1)));
}

}  // namespace
}  // namespace sitepower::forecast::registry_test
