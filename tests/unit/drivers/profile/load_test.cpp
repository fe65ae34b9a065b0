#include "drivers/profile/load.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "drivers/schema/diagnostic.hpp"

namespace sitepower {
namespace {

constexpr const char* small_profile = R"(
schema = 1
id = "small"
kind = "ups"
manufacturer = "Maker"
models = ["One"]
poll_ms = { fast = 1000 }
[[points]]
name = "battery.voltage_v"
address = 80
)";

std::string all_messages(const schema::Diagnostics& diagnostics) {
    std::string text;
    for (const auto& diagnostic : diagnostics.sorted()) text += to_string(diagnostic) + "\n";
    return text;
}

std::string errors_of(const std::string& text) {
    schema::Diagnostics diagnostics;
    const auto profile = parse_profile(text, "small.toml", diagnostics);
    EXPECT_EQ(profile.has_value(), diagnostics.empty());
    return all_messages(diagnostics);
}

TEST(LoadProfile, ReadsWhatTheFileSays) {
    schema::Diagnostics diagnostics;
    const auto profile = parse_profile(small_profile, "small.toml", diagnostics);
    ASSERT_TRUE(profile) << all_messages(diagnostics);
    EXPECT_EQ(profile->kind, ProfileKind::ups);
    ASSERT_EQ(profile->points.size(), 1U);
    EXPECT_EQ(profile->points[0].name, "battery.voltage_v");
    EXPECT_EQ(profile->points[0].address, 80);
    EXPECT_EQ(profile->points[0].origins.of("address").line, 10);
}

TEST(LoadProfile, LateWindowFollowsTheTimeOut) {
    schema::Diagnostics diagnostics;
    const auto slow = parse_profile(std::string(small_profile) + "[timing]\nresponse_timeout_ms = 2500\n",
                                    "small.toml", diagnostics);
    ASSERT_TRUE(slow) << all_messages(diagnostics);
    EXPECT_EQ(slow->timing.late_window, Duration{5000});
}

TEST(LoadProfile, PollsWithoutPauseWhereThePeriodIsZero) {
    std::string text = small_profile;
    text.replace(text.find("1000"), 4, "0");
    schema::Diagnostics diagnostics;
    const auto profile = parse_profile(text, "small.toml", diagnostics);
    ASSERT_TRUE(profile) << all_messages(diagnostics);
    EXPECT_EQ(profile->poll.at(0).second, Duration{0});
}

TEST(LoadProfile, NamesFileLineKeyAndSuggestion) {
    const std::string errors = errors_of(std::string(small_profile) + "adress = 3\n");
    EXPECT_NE(errors.find("small.toml:11:"), std::string::npos) << errors;
    EXPECT_NE(errors.find("points[1].adress"), std::string::npos) << errors;
    EXPECT_NE(errors.find("address"), std::string::npos) << errors;
}

TEST(LoadProfile, TellsAllErrorsAtOnce) {
    const std::string errors = errors_of(std::string(small_profile) + "type = \"u17\"\nscale = \"big\"\n");
    EXPECT_NE(errors.find("small.toml:11:"), std::string::npos) << errors;
    EXPECT_NE(errors.find("small.toml:12:"), std::string::npos) << errors;
}

TEST(LoadProfile, ShippedProfilesLoad) {
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(SITEPOWER_SOURCE_DIR "/config/devices")) {
        if (entry.path().extension() != ".toml") continue;
        schema::Diagnostics diagnostics;
        const auto profile = load_profile(entry.path(), diagnostics);
        EXPECT_TRUE(profile) << all_messages(diagnostics);
        if (profile) {
            EXPECT_EQ(profile->id, entry.path().stem());
        }
        ++count;
    }
    EXPECT_GE(count, 1);
}

}  // namespace
}  // namespace sitepower
