#include "daemon/config/fade_shelf.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/daemon/config/loading.hpp"

namespace sitepower::config::fade_shelf_test {
namespace {

using testing::HasSubstr;

constexpr std::string_view library_text = R"(schema = 1
id = "own"
source = "own fleet"
age_unit = "cycles"
end_of_life_pct = 80
[[curves]]
name = "1"
age = [1, 200, 400]
health_pct = [100, 92, 79]
)";

// The second string of the site is of lithium.
constexpr std::size_t pack = 1;

std::string lithium_site(const std::string& more = "") {
    return replaced(site_text(), "chemistry = \"lfp\"\n", "chemistry = \"lfp\"\n" + more);
}

std::optional<Config> load_with(const std::string& text, const std::string& directory,
                                schema::Diagnostics& diagnostics) {
    ConfigPaths paths = test_paths();
    paths.fade_directories = {directory};
    return make_config(parsed(text), paths, diagnostics, nullptr);
}

TEST(FadeShelf, EachLithiumChemistryHasALibraryThatServesToItsUsualEnd) {
    for (const auto chemistry : {Chemistry::lfp, Chemistry::nmc, Chemistry::nca}) {
        schema::Diagnostics diagnostics;
        FadeShelf shelf({source_path("config/fade")}, diagnostics);
        const auto source = shelf.find(std::string(default_fade_library(chemistry)), {});
        ASSERT_TRUE(source) << error_report(diagnostics);
        EXPECT_TRUE(FadeLibrary::make(*source, 0.8)) << default_fade_library(chemistry);
    }
    EXPECT_EQ(default_fade_library(Chemistry::vrla), "");
}

TEST(FadeShelf, TheFirstDirectoryWins) {
    const TemporaryDirectory own;
    own.write("tju.toml", replaced(std::string(library_text), "\"own\"", "\"tju\""));
    schema::Diagnostics diagnostics;
    FadeShelf shelf({own.path(), source_path("config/fade")}, diagnostics);
    const auto source = shelf.find("tju", {});
    ASSERT_TRUE(source) << error_report(diagnostics);
    EXPECT_EQ(source->curves.size(), 1U);
    EXPECT_EQ(shelf.find("tju", {}), source) << "loaded once";
}

TEST(FadeShelf, SaysWhatIsWrongWithAFile) {
    const TemporaryDirectory own;
    own.write("other.toml", library_text);
    own.write("bad.toml", "schema = 1\nid = ");
    schema::Diagnostics diagnostics;
    FadeShelf shelf({own.path()}, diagnostics);
    EXPECT_FALSE(shelf.find("other", {}));
    EXPECT_FALSE(shelf.find("bad", {}));
    EXPECT_FALSE(shelf.find("none", {}));
    const auto report = error_report(diagnostics);
    EXPECT_THAT(report, HasSubstr("id: is \"own\", but the file's name says \"other\""));
    EXPECT_THAT(report, HasSubstr("bad.toml:2"));
    EXPECT_THAT(report, HasSubstr("there is no fade library \"none.toml\" in " + own.path()));
}

TEST(FadeShelf, AChangeOfTheFileChangesTheFingerprint) {
    const TemporaryDirectory own;
    const auto print = [&](const std::string& text) {
        own.write("own.toml", text);
        schema::Diagnostics diagnostics;
        FadeShelf shelf({own.path()}, diagnostics);
        (void)shelf.find("own", {});
        return shelf.fingerprint();
    };
    EXPECT_NE(print(std::string(library_text)), print(std::string(library_text) + "# changed\n"));
}

TEST(FadeLibraryOfAString, IsTheOneOfItsChemistry) {
    schema::Diagnostics diagnostics;
    const auto config = load_with(lithium_site(), source_path("config/fade"), diagnostics);
    ASSERT_TRUE(config) << error_report(diagnostics);
    EXPECT_TRUE(config->model->strings[pack].fade);
    for (const auto& string : config->model->strings) {
        EXPECT_EQ(string.fade != nullptr, string.chemistry != Chemistry::vrla);
    }
}

TEST(FadeLibraryOfAString, MayBeNamedAndMustThenServe) {
    const TemporaryDirectory own;
    own.write("own.toml", library_text);
    const auto errors = [&](const std::string& text) {
        schema::Diagnostics diagnostics;
        (void)load_with(text, own.path(), diagnostics);
        return error_report(diagnostics);
    };
    schema::Diagnostics diagnostics;
    const auto config = load_with(lithium_site("fade_library = \"own\"\n"), own.path(), diagnostics);
    ASSERT_TRUE(config) << error_report(diagnostics);
    EXPECT_EQ(config->model->strings[pack].fade->curves.size(), 1U);
    EXPECT_THAT(errors(lithium_site("fade_library = \"none\"\n")), HasSubstr("there is no fade library"));
    const auto deep = replaced(lithium_site("fade_library = \"own\"\n"), "[estimation]\n",
                               "[estimation]\neol_soh_pct = 60\n");
    EXPECT_THAT(errors(deep),
                HasSubstr("\"own\" cannot tell when 60 % are reached (estimation.eol_soh_pct)"));
    EXPECT_THAT(errors(replaced(site_text(), "[[string]]\n", "[[string]]\nfade_library = \"own\"\n")),
                HasSubstr("is for lithium"));
}

TEST(FadeLibraryOfAString, WithoutAFileForItsChemistryThereIsNone) {
    const TemporaryDirectory own;
    schema::Diagnostics diagnostics;
    const auto config = load_with(lithium_site(), own.path(), diagnostics);
    ASSERT_TRUE(config) << error_report(diagnostics);
    EXPECT_FALSE(config->model->strings[pack].fade);
}

}  // namespace
}  // namespace sitepower::config::fade_shelf_test
