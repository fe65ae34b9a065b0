#include "daemon/lab/forecast/learn_prior.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "daemon/lab/forecast/score_m4.hpp"
#include "tests/unit/core/forecast/synthetic.hpp"

namespace sitepower::lab::learn_prior_test {
namespace {

SeriesFile m4_file(std::size_t series, std::size_t length) {
    SeriesFile file{.path = "m4.csv",
                    .layout = SeriesLayout::m4,
                    .header = {},
                    .first_column = {},
                    .values = {},
                    .texts = {}};
    for (std::size_t i = 0; i < series; ++i) {
        forecast::Noise noise(static_cast<std::uint32_t>(i + 1));
        file.first_column.push_back("H" + std::to_string(i));
        auto& values = file.values.emplace_back();
        for (std::size_t t = 0; t < length; ++t) values.push_back(forecast::daily(t) + noise.next());
    }
    return file;
}

TEST(LearnPrior, TakesTheTrainingPartOfEachId) {
    const auto with_test = learn_prior({m4_file(2, 48), m4_file(2, 700)}, {.matrices = 1});
    const auto without = learn_prior({m4_file(2, 700)}, {.matrices = 1});
    ASSERT_TRUE(with_test && without);
    EXPECT_EQ(with_test->raw[0], without->raw[0]) << "the test part teaches nothing";
}

TEST(LearnPrior, ReadsTablesByTheHour) {
    SeriesFile table{.path = "t.csv",
                     .layout = SeriesLayout::service,
                     .header = {"seconds", "load"},
                     .first_column = {},
                     .values = {{}},
                     .texts = {}};
    for (std::size_t t = 0; t < 700 * 2; ++t) {
        if (t == 300) continue;  // half an hour is missing: its hour still has a value
        table.first_column.push_back(std::to_string(t * 1800));
        table.values[0].push_back(forecast::daily(t / 2));
    }
    const auto library = learn_prior({table}, {.matrices = 2});
    ASSERT_TRUE(library) << library.error().message;
    EXPECT_EQ(library->raw.size(), 1U) << "one series, one matrix";
    EXPECT_EQ(library->shape.lags, 192U);
}

TEST(LearnPrior, RefusesWhatIsTooShort) {
    const auto library = learn_prior({m4_file(3, 100)}, {});
    ASSERT_FALSE(library);
    EXPECT_EQ(library.error().code, ErrorCode::insufficient_data);
    EXPECT_FALSE(learn_prior({}, {}));
}

TEST(LearnPrior, ComesBackFromItsFile) {
    const auto path = std::filesystem::temp_directory_path() / "sitepower-learn-prior-test.bin";
    const auto library = learn_prior({m4_file(2, 700)}, {.matrices = 2});
    ASSERT_TRUE(library);
    ASSERT_TRUE(write_prior(*library, path));
    const auto read = read_prior(path);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ((*read)->transformed, library->transformed);
    std::filesystem::resize_file(path, 100);
    const auto cut = read_prior(path);
    ASSERT_FALSE(cut);
    EXPECT_TRUE(cut.error().message.starts_with(path.string())) << cut.error().message;
    std::filesystem::remove(path);
    EXPECT_FALSE(read_prior(path));
    EXPECT_FALSE(write_prior(*library, "/no/such/directory/prior.bin"));
}

TEST(M4, MatchesSeriesByIdAndCutsTheHorizon) {
    auto train = m4_file(3, 300);
    auto test = m4_file(2, 60);
    std::swap(test.first_column[0], test.first_column[1]);
    std::swap(test.values[0], test.values[1]);
    const auto matched = match_m4(train, test);
    ASSERT_EQ(matched.size(), 2U) << "H2 has no test part";
    EXPECT_EQ(matched[0].id, "H0");
    EXPECT_EQ(matched[0].test.size(), 48U);
    EXPECT_EQ(matched[0].test[0], test.values[1][0]);
}

TEST(M4, SlotsRunThroughTheWeek) {
    const auto slots = plain_slots(400);
    EXPECT_EQ(slots[0], 0U);
    EXPECT_EQ(slots[167], 167U);
    EXPECT_EQ(slots[168], 0U);
}

}  // namespace
}  // namespace sitepower::lab::learn_prior_test
