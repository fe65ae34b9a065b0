// Every file of tests/golden/broken is refused with exactly the messages that its "# expect:" lines give, in
// order; the last one may be "# expect: ..." for those that follow.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "drivers/profile/load.hpp"
#include "tests/unit/daemon/config/loading.hpp"

namespace sitepower::config::broken_test {
namespace {

constexpr std::string_view expectation = "# expect: ";

struct Broken {
    std::string path;
    std::string name;  // of the test
    bool is_profile = false;
};

std::vector<Broken> broken_files() {
    std::vector<Broken> files;
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(source_path("tests/golden/broken"))) {
        if (entry.path().extension() != ".toml") continue;
        const bool is_profile = entry.path().parent_path().filename() == "profiles";
        files.push_back(
            {entry.path(), (is_profile ? "profile_" : "") + entry.path().stem().string(), is_profile});
    }
    std::sort(files.begin(), files.end(), [](const Broken& a, const Broken& b) { return a.path < b.path; });
    return files;
}

std::vector<std::string> expected_messages(const std::string& text) {
    std::vector<std::string> messages;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with(expectation)) messages.push_back(line.substr(expectation.size()));
    }
    return messages;
}

// Without the name of the file, which is the same in all.
std::vector<std::string> messages(const schema::Diagnostics& diagnostics) {
    std::vector<std::string> result;
    for (auto diagnostic : diagnostics.sorted()) {
        EXPECT_EQ(diagnostic.at.file, "f");
        auto text = to_string(diagnostic).substr(diagnostic.at.line == 0 ? 3 : 2);
        const auto root = text.find(source_path(""));
        if (root != std::string::npos) text.erase(root, source_path("").size());
        result.push_back(std::move(text));
    }
    return result;
}

class BrokenFile : public testing::TestWithParam<Broken> {};

TEST_P(BrokenFile, IsRefusedWithPlaceAndKey) {
    const auto text = read_file(GetParam().path);
    schema::Diagnostics diagnostics;
    if (GetParam().is_profile) {
        EXPECT_FALSE(parse_profile(text, "f", diagnostics));
    } else if (const auto document = schema::parse_document(text, "f", diagnostics)) {
        EXPECT_FALSE(make_config(*document, test_paths(), diagnostics));
    }
    auto expected = expected_messages(text);
    auto actual = messages(diagnostics);
    ASSERT_FALSE(expected.empty()) << "what it should say:\n" << testing::PrintToString(actual);
    if (expected.back() == "...") {
        expected.pop_back();
        ASSERT_GT(actual.size(), expected.size());
        actual.resize(expected.size());
    }
    EXPECT_EQ(actual, expected);
}

INSTANTIATE_TEST_SUITE_P(All, BrokenFile, testing::ValuesIn(broken_files()),
                         [](const auto& tested) { return tested.param.name; });

TEST(BrokenFiles, AreMany) {
    EXPECT_GE(broken_files().size(), 60U);
}

TEST(EmptyFile, IsRefused) {
    EXPECT_EQ(errors_of(""),
              "sitepower.toml:1:1: site: this table is missing\n"
              "sitepower.toml:1:1: broker: this table is missing\n2 errors\n");
}

}  // namespace
}  // namespace sitepower::config::broken_test
