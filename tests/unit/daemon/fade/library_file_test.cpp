#include "daemon/fade/library_file.hpp"

#include <gtest/gtest.h>

#include <filesystem>

namespace sitepower::fade::library_file_test {
namespace {

const std::string good = R"(schema = 1
id = "own"
source = "own fleet"
age_unit = "cycles"
end_of_life_pct = 80
noise_pct = 0.2
alike_share = 0.5
curves_weight = 0.9
scale_below = [1.1, 1.2, 1.3, 1.4]
scale_above = [2.1, 2.2, 2.3, 2.4]

[[curves]]
name = "a"
group = "lot"
age = [1, 100, 200]
health_pct = [100, 95, 79]
)";

std::string error_of(const std::string& text) {
    schema::Diagnostics diagnostics;
    EXPECT_FALSE(parse_library(text, "own.toml", diagnostics));
    return diagnostics.empty() ? "" : to_string(diagnostics.sorted().front());
}

std::string with(const std::string& from, const std::string& to) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    return text;
}

TEST(FadeLibraryFile, IsReadAsWritten) {
    schema::Diagnostics diagnostics;
    const auto file = parse_library(good, "own.toml", diagnostics);
    ASSERT_TRUE(file) << to_string(diagnostics.sorted().front());
    EXPECT_EQ(file->id, "own");
    EXPECT_DOUBLE_EQ(file->parameters.noise_sigma, 0.002);
    EXPECT_EQ(file->parameters.scale[2].above, 2.3);
    ASSERT_EQ(file->curves.size(), 1U);
    EXPECT_EQ(file->curves[0].group, "lot");
    EXPECT_DOUBLE_EQ(file->curves[0].health[2], 0.79);
}

TEST(FadeLibraryFile, ComesBackFromItsOwnText) {
    schema::Diagnostics diagnostics;
    const auto file = parse_library(good, "own.toml", diagnostics);
    const auto again = parse_library(library_text(*file), "own.toml", diagnostics);
    ASSERT_TRUE(again) << to_string(diagnostics.sorted().front());
    EXPECT_EQ(library_text(*again), library_text(*file));
    EXPECT_EQ(again->curves[0].age, file->curves[0].age);
    EXPECT_EQ(again->parameters.curves_weight, 0.9);
}

TEST(FadeLibraryFile, SaysWhereItIsWrong) {
    EXPECT_NE(error_of(with("schema = 1", "schema = 2")).find("schema"), std::string::npos);
    EXPECT_NE(error_of(with("noise_pct", "noize_pct")).find("own.toml:6"), std::string::npos);
    EXPECT_NE(error_of(with("[1, 100, 200]", "[1, 100, 100]")).find("ascending"), std::string::npos);
    EXPECT_NE(error_of(with("[100, 95, 79]", "[100, 95]")).find("health_pct"), std::string::npos);
    EXPECT_NE(error_of(with("[100, 95, 79]", "[100, 99, 98]")).find("end of life"), std::string::npos);
    EXPECT_NE(error_of(with("[1.1, 1.2, 1.3, 1.4]", "[1.1]")).find("scale_below"), std::string::npos);
}

TEST(FadeLibraryFile, ShippedLibrariesCanAllBeUsed) {
    int files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(SITEPOWER_SOURCE_DIR "/config/fade")) {
        schema::Diagnostics diagnostics;
        const auto file = load_library(entry.path(), diagnostics);
        ASSERT_TRUE(file) << to_string(diagnostics.sorted().front());
        EXPECT_EQ(file->id, entry.path().stem());
        EXPECT_FALSE(file->source.empty());
        ++files;
    }
    EXPECT_GE(files, 3);
}

TEST(FadeLibraryFile, AMissingFileIsNamed) {
    schema::Diagnostics diagnostics;
    EXPECT_FALSE(load_library("/nowhere/x.toml", diagnostics));
    EXPECT_NE(to_string(diagnostics.sorted().front()).find("/nowhere/x.toml"), std::string::npos);
}

}  // namespace
}  // namespace sitepower::fade::library_file_test
