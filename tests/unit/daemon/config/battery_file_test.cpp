#include "daemon/config/battery_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/config/battery_shelf.hpp"
#include "tests/unit/daemon/config/loading.hpp"

namespace sitepower::config::battery_file_test {
namespace {

using testing::HasSubstr;

std::string lfp_text() {
    return read_file(source_path("config/batteries/lfp.toml"));
}

std::string errors_in(const std::string& text) {
    schema::Diagnostics diagnostics;
    EXPECT_EQ(parse_battery_file(text, "x.toml", diagnostics), nullptr);
    return error_report(diagnostics);
}

TEST(BatteryFile, EveryShippedOneIsRight) {
    int files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(source_path("config/batteries"))) {
        schema::Diagnostics diagnostics;
        BatteryShelf shelf({source_path("config/batteries")}, diagnostics);
        const auto model = shelf.find(entry.path().stem().string(), {});
        ASSERT_TRUE(model) << error_report(diagnostics);
        EXPECT_TRUE(diagnostics.empty());
        ++files;
    }
    EXPECT_GE(files, 5);
}

TEST(BatteryFile, EachChemistryHasOne) {
    schema::Diagnostics diagnostics;
    BatteryShelf shelf({source_path("config/batteries")}, diagnostics);
    for (const auto chemistry : {Chemistry::vrla, Chemistry::lfp, Chemistry::nmc, Chemistry::nca}) {
        const auto model = shelf.find(std::string(default_battery_file(chemistry)), {});
        ASSERT_TRUE(model);
        EXPECT_EQ(model->parameters().chemistry, chemistry);
    }
}

TEST(BatteryFile, HoldsWhatIsWritten) {
    schema::Diagnostics diagnostics;
    const auto model = parse_battery_file(lfp_text(), "lfp.toml", diagnostics);
    ASSERT_TRUE(model) << error_report(diagnostics);
    const BatteryParameters& of = model->parameters();
    EXPECT_EQ(of.id, "lfp");
    EXPECT_EQ(of.nominal_capacity_ah, 100);
    EXPECT_EQ(of.plateau_from, 0.15);
    EXPECT_EQ(of.ocv_soc.size(), of.ocv_v.size());
    ASSERT_EQ(of.resistances.size(), 1U);
    EXPECT_EQ(of.resistances[0].r0_ohm[1], 0.0005);
    EXPECT_EQ(of.noise.offset_c, 0.005);
    EXPECT_EQ(of.limits.cutoff_v, 2.5);
}

struct Slip {
    const char* what;
    const char* by;
    const char* error;
};

class BatteryFileSlip : public testing::TestWithParam<Slip> {};

TEST_P(BatteryFileSlip, IsRefusedWithFileLineAndKey) {
    EXPECT_THAT(errors_in(replaced(lfp_text(), GetParam().what, GetParam().by)), HasSubstr(GetParam().error));
}

INSTANTIATE_TEST_SUITE_P(
    Each, BatteryFileSlip,
    testing::Values(
        Slip{"tau1_s = 20", "tau1_s = -1", "x.toml:13:10: tau1_s: expected"},
        Slip{"tau1_s = 20", "tau3_s = 20", "x.toml:13:1: tau3_s: "},
        Slip{"chemistry = \"lfp\"", "chemistry = \"lead\"", "chemistry: expected"},
        Slip{"ocv_soc = [0, 0.02,", "ocv_soc = [0.02, 0,", ": ocv_soc: must rise from 0 to 1"},
        Slip{"ocv_soc = [0, 0.02,", "ocv_soc = [0,", ": ocv_v: must have as many items as ocv_soc"},
        Slip{"2.500, 2.800", "2.800, 2.500", ": ocv_v: must rise with the state of charge"},
        Slip{"r1_ohm = [0.0006,", "r1_ohm = [", ": resistance[1].r1_ohm: must have as many items"},
        Slip{"cutoff_v = 2.5", "cutoff_v = 3.7", ": limits.highest_v: must be above cutoff_v"},
        Slip{"[[resistance]]", "[resistance]", ": resistance: expected a list of tables"},
        Slip{"gain = 0.01", "gain = nan", ": noise.gain: "},
        Slip{"schema = 1", "schema = 2", "schema: expected"}, Slip{"id = \"lfp\"", "", "id: is missing"}));

TEST(BatteryShelf, TheSitesOwnFileWins) {
    const TemporaryDirectory own;
    own.write("lfp.toml", replaced(lfp_text(), "tau1_s = 20", "tau1_s = 33"));
    schema::Diagnostics diagnostics;
    BatteryShelf shelf({own.path(), source_path("config/batteries")}, diagnostics);
    EXPECT_EQ(shelf.find("lfp", {})->parameters().tau1_s, 33);
    EXPECT_EQ(shelf.find("lfp", {}), shelf.find("lfp", {})) << "shared";
    EXPECT_NE(shelf.find("vrla-12v", {}), nullptr);
}

TEST(BatteryShelf, SaysWhereItLooked) {
    schema::Diagnostics diagnostics;
    BatteryShelf shelf({"/nowhere", "/else"}, diagnostics);
    EXPECT_EQ(shelf.find("x", {.file = "site.toml", .line = 3, .column = 1, .key = "string[1].battery_file"}),
              nullptr);
    EXPECT_THAT(error_report(diagnostics),
                HasSubstr("site.toml:3:1: string[1].battery_file: there is no battery file \"x.toml\" in "
                          "/nowhere or /else"));
}

TEST(BatteryShelf, TheIdMustBeTheFilesName) {
    const TemporaryDirectory own;
    own.write("other.toml", lfp_text());
    schema::Diagnostics diagnostics;
    BatteryShelf shelf({own.path()}, diagnostics);
    EXPECT_EQ(shelf.find("other", {}), nullptr);
    EXPECT_THAT(error_report(diagnostics), HasSubstr("id: is \"lfp\", but the file's name says \"other\""));
}

TEST(BatteryShelf, AChangeOfTheFileChangesTheFingerprint) {
    const TemporaryDirectory own;
    const auto print = [&](const std::string& text) {
        own.write("lfp.toml", text);
        schema::Diagnostics diagnostics;
        BatteryShelf shelf({own.path()}, diagnostics);
        (void)shelf.find("lfp", {});
        return shelf.fingerprint();
    };
    EXPECT_NE(print(lfp_text()), print(lfp_text() + "# changed\n"));
}

// Through the site's configuration.
std::optional<Config> load_with(const std::string& text, schema::Diagnostics& diagnostics) {
    ConfigPaths paths = test_paths();
    paths.battery_directories = {source_path("config/batteries")};
    return make_config(parsed(text), paths, diagnostics, nullptr);
}

TEST(BatteryFileOfAString, IsTheOneOfItsChemistry) {
    schema::Diagnostics diagnostics;
    const auto config = load_with(site_text(), diagnostics);
    ASSERT_TRUE(config) << error_report(diagnostics);
    for (const auto& string : config->model->strings) {
        ASSERT_TRUE(string.cell_model);
        EXPECT_EQ(string.cell_model->parameters().id, default_battery_file(string.chemistry));
    }
}

TEST(BatteryFileOfAString, MayBeNamed) {
    schema::Diagnostics diagnostics;
    const auto text =
        replaced(site_text(), "[[string]]\n", "[[string]]\nbattery_file = \"vrla-12v17-bboxx\"\n");
    const auto config = load_with(text, diagnostics);
    ASSERT_TRUE(config) << error_report(diagnostics);
    EXPECT_EQ(config->model->strings[0].cell_model->parameters().id, "vrla-12v17-bboxx");
}

TEST(BatteryFileOfAString, OfAnotherChemistryIsRefused) {
    schema::Diagnostics diagnostics;
    EXPECT_FALSE(load_with(replaced(site_text(), "[[string]]\n", "[[string]]\nbattery_file = \"lfp\"\n"),
                           diagnostics));
    EXPECT_THAT(error_report(diagnostics),
                HasSubstr("string[1].battery_file: \"lfp\" is a file for another"));
}

}  // namespace
}  // namespace sitepower::config::battery_file_test
