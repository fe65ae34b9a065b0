#include "drivers/profile/load.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "drivers/schema/diagnostic.hpp"

namespace sitepower::load_test {
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

template <class Value, class Read>
void expect_words(const std::string& line, const std::vector<std::pair<std::string, Value>>& words,
                  Read read) {
    for (const auto& [word, value] : words) {
        std::string text = small_profile;
        const auto at = line.find('%');
        text += line.substr(0, at) + word + line.substr(at + 1) + "\n";
        schema::Diagnostics diagnostics;
        const auto profile = parse_profile(text, "small.toml", diagnostics);
        ASSERT_TRUE(profile) << all_messages(diagnostics);
        EXPECT_EQ(read(*profile), value) << word;
    }
}

TEST(LoadProfile, KnowsTheWordsOfTypesTablesAndOrders) {
    using modbus::Order;
    using modbus::Table;
    expect_words<PointType>("type = \"%\"",
                            {{"u16", PointType::u16},
                             {"s16", PointType::s16},
                             {"u32", PointType::u32},
                             {"s32", PointType::s32},
                             {"u64", PointType::u64},
                             {"s64", PointType::s64},
                             {"f32", PointType::f32},
                             {"f64", PointType::f64}},
                            [](const Profile& profile) { return profile.points[0].type; });
    expect_words<Table>("table = \"%\"", {{"holding", Table::holding}, {"input", Table::input}},
                        [](const Profile& profile) { return *profile.points[0].table; });
    expect_words<Table>("type = \"bool\"\ntable = \"%\"",
                        {{"coil", Table::coil}, {"discrete", Table::discrete}},
                        [](const Profile& profile) { return *profile.points[0].table; });
    expect_words<Order>("word_order = \"%\"", {{"big", Order::big}, {"little", Order::little}},
                        [](const Profile& profile) { return *profile.points[0].word_order; });
    expect_words<Order>("byte_order = \"%\"", {{"big", Order::big}, {"little", Order::little}},
                        [](const Profile& profile) { return *profile.points[0].byte_order; });
}

TEST(LoadProfile, ReadsLimitsAndTiming) {
    schema::Diagnostics diagnostics;
    const auto profile = parse_profile(std::string(small_profile) + R"(
[limits]
max_registers = 26
max_bits = 100
max_hole = 0
barriers = [100, 200]
one_point_per_request = true
[timing]
response_timeout_ms = 700
late_window_ms = 5000
frame_gap_ms = 35
busy_wait_ms = 50
retries = 2
busy_retries = 5
repeats_answers = true
)",
                                       "small.toml", diagnostics);
    ASSERT_TRUE(profile) << all_messages(diagnostics);
    EXPECT_EQ(profile->limits.max_registers, 26);
    EXPECT_EQ(profile->limits.max_bits, 100);
    EXPECT_EQ(profile->limits.max_hole, 0);
    EXPECT_EQ(profile->limits.barriers, (std::vector<std::uint16_t>{100, 200}));
    EXPECT_TRUE(profile->limits.one_point_per_request);
    EXPECT_EQ(profile->timing.response_timeout, Duration{700});
    EXPECT_EQ(profile->timing.late_window, Duration{5000});
    EXPECT_EQ(profile->timing.frame_gap, Duration{35});
    EXPECT_EQ(profile->timing.busy_wait, Duration{50});
    EXPECT_EQ(profile->timing.retries, 2);
    EXPECT_EQ(profile->timing.busy_retries, 5);
    EXPECT_TRUE(profile->timing.repeats_answers);
}

TEST(LoadProfile, AnAnswerInTimeIsNeverLate) {
    const std::string errors =
        errors_of(std::string(small_profile) + "[timing]\nresponse_timeout_ms = 700\nlate_window_ms = 500\n");
    EXPECT_NE(errors.find("small.toml:13:"), std::string::npos) << errors;
}

TEST(LoadProfile, RefusesUnknownWordsWithWhatIsAllowed) {
    struct Wrong {
        const char* line;
        const char* message;
    };
    for (const Wrong& wrong : {
             Wrong{"type = \"float\"", "f32"},
             Wrong{"table = \"register\"", "holding"},
             Wrong{"word_order = \"swapped\"", "little"},
             Wrong{"address2 = 1", "address"},
             Wrong{"scale = true", "scale"},
             Wrong{"range = [1]", "range"},
             Wrong{"max_age_s = -1", "max_age_s"},
             Wrong{"enum = { on = \"on\" }", "a whole number"},
             Wrong{"bits = [{ bit = 1, name = \"On Battery\" }]", "such as"},
             Wrong{"bits = [{ bit = 1, name = \"on\", alarm = \"bad\" }]", "critical"},
         }) {
        const std::string errors = errors_of(std::string(small_profile) + wrong.line + "\n");
        EXPECT_NE(errors.find("small.toml:11:"), std::string::npos) << errors;
        EXPECT_NE(errors.find(wrong.message), std::string::npos) << errors;
    }
}

TEST(LoadProfile, AMissingFileIsNamed) {
    schema::Diagnostics diagnostics;
    EXPECT_FALSE(load_profile("/nowhere/ups.toml", diagnostics));
    EXPECT_NE(all_messages(diagnostics).find("/nowhere/ups.toml"), std::string::npos);
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
}  // namespace sitepower::load_test
