#include "daemon/config/sunspec_shelf.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/config/diff.hpp"
#include "tests/support/process.hpp"
#include "tests/unit/daemon/config/loading.hpp"

namespace sitepower::config::sunspec_shelf_test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* chain = R"(
marker = 40000
[[devices]]
manufacturer = "ACME"
model = "Inv"
version = "1"
serial = "A"
models = [ { id = 1, address = 40002, length = 66 }, { id = 103, address = 40070, length = 50 } ]
[[devices]]
manufacturer = "ACME"
model = "Meter"
version = "1"
serial = "B"
models = [ { id = 1, address = 40122, length = 66 }, { id = 203, address = 40190, length = 105 } ]
)";

class SunspecConfig : public testing::Test {
  protected:
    std::string text(const std::string& more = "") const {
        return "[site]\nid = \"S\"\n[broker]\nenabled = false\n[store]\ndirectory = \"" +
               directory_.path().string() +
               "\"\n[[bus]]\nid = \"b\"\ntype = \"tcp\"\nhost = \"192.0.2.1\"\n[[device]]\nid = \"INV\"\nbus "
               "= \"b\"\n"
               "profile = \"sunspec\"\n" +
               more;
    }
    Config config(const std::string& more = "") const {
        return load(text(more), source_path("config/devices"));
    }

    support::TemporaryDirectory directory_;
};

TEST_F(SunspecConfig, ADeviceThatWasNeverAskedHasNoPointsAndIsAsked) {
    const auto made = config();
    ASSERT_EQ(made.model->devices.size(), 1U);
    EXPECT_THAT(made.model->devices[0].points, IsEmpty());
    EXPECT_EQ(made.model->devices[0].profile, "sunspec");
    ASSERT_EQ(made.buses.at(0).units.size(), 1U);
    EXPECT_NE(made.buses[0].units[0].inspector, nullptr);
}

TEST_F(SunspecConfig, WhatADeviceToldGivesItsPoints) {
    const auto before = config();
    ASSERT_TRUE(save_chain(directory_.path().string(), "INV", chain));
    const auto after = config("period_ms = { fast = 250 }\n");
    const auto& device = after.model->devices.at(0);
    ASSERT_FALSE(device.points.empty());
    EXPECT_EQ(device.points[0].name, "inverter.current_a");
    EXPECT_EQ(after.buses[0].units[0].groups.at(0).layout->period, Duration{250});
    const auto changes = diff(before, after);
    EXPECT_TRUE(changes.model);
    EXPECT_THAT(changes.buses_changed, testing::ElementsAre("b")) << "a reload takes it into force";
    EXPECT_FALSE(diff(after, config("period_ms = { fast = 250 }\n")).any());
}

// A device that is exchanged must not bring half an edit into force.
TEST_F(SunspecConfig, WhatADeviceToldLeavesEditsThatNobodyReloadedAlone) {
    ConfigPaths paths = test_paths(source_path("config/devices"));
    paths.file = (directory_.path() / "sitepower.toml").string();
    support::write_file(paths.file, text());
    schema::Diagnostics diagnostics;
    const auto running = load_config(paths, diagnostics);
    ASSERT_TRUE(running) << error_report(diagnostics);
    ASSERT_NE(running->document, nullptr);

    support::write_file(paths.file, text("period_ms = { fast = 250 }\n[[bus]]\nid = "));  // still being typed
    ASSERT_TRUE(save_chain(directory_.path().string(), "INV", chain));
    const auto told = with_what_devices_told(*running, paths, diagnostics);
    ASSERT_TRUE(told) << error_report(diagnostics);
    EXPECT_FALSE(told->model->devices.at(0).points.empty());
    EXPECT_NE(told->buses[0].units[0].groups.at(0).layout->period, Duration{250});
    EXPECT_THAT(diff(*running, *told).buses_changed, testing::ElementsAre("b"));
    EXPECT_NE(told->document, nullptr) << "it may tell more";
}

TEST_F(SunspecConfig, WithoutSuchADeviceTheFilesAreNotKept) {
    const auto paths = test_paths();
    schema::Diagnostics diagnostics;
    EXPECT_FALSE(with_what_devices_told(Config{}, paths, diagnostics));
    EXPECT_TRUE(diagnostics.empty());
}

TEST_F(SunspecConfig, SeveralDevicesMayShareAUnit) {
    ASSERT_TRUE(save_chain(directory_.path().string(), "INV", chain));
    ASSERT_TRUE(save_chain(directory_.path().string(), "MTR", chain));
    const auto made =
        config("[[device]]\nid = \"MTR\"\nbus = \"b\"\nprofile = \"sunspec\"\nsunspec_device = 2\n");
    ASSERT_EQ(made.model->devices.size(), 2U);
    EXPECT_EQ(made.model->devices[1].kind, DeviceKind::meter);
    EXPECT_EQ(made.model->devices[1].points.at(0).name, "meter.current_a");
    EXPECT_THAT(errors_of(text("[[device]]\nid = \"MTR\"\nbus = \"b\"\nprofile = \"sunspec\"\n")),
                Not(IsEmpty()));
}

TEST_F(SunspecConfig, ADeviceThatGivesNothingToReadSaysWhy) {
    ASSERT_TRUE(save_chain(directory_.path().string(), "INV",
                           "marker = 40000\nproblem = \"model 1 at 40002 has length 64\"\n"));
    const auto made = config();
    const auto& unit = made.buses.at(0).units.at(0);
    EXPECT_TRUE(unit.groups.empty());
    EXPECT_EQ(unit.problem, "nothing of its SunSpec chain can be read: model 1 at 40002 has length 64");
    ASSERT_TRUE(save_chain(directory_.path().string(), "INV", chain));
    EXPECT_EQ(config().buses.at(0).units.at(0).problem, "");
    EXPECT_THAT(config("sunspec_device = 3\n").buses.at(0).units.at(0).problem,
                HasSubstr("SunSpec device 3 is none of the 2"));
}

TEST_F(SunspecConfig, WhatIsLeftOutOfADeviceIsTold) {
    ASSERT_TRUE(save_chain(directory_.path().string(), "INV",
                           "marker = 40000\n[[devices]]\nmodels = [ { id = 1, address = 40002, length = 66 "
                           "}, { id = 103, address = 40070, length = 48 } ]\n"));
    const auto made = config();
    ASSERT_EQ(made.sunspec_left_out.size(), 1U);
    EXPECT_EQ(made.sunspec_left_out[0].device, "INV");
    EXPECT_THAT(made.sunspec_left_out[0].what, HasSubstr("model 103 at 40070: length 48"));
    EXPECT_EQ(made.buses.at(0).units.at(0).problem, "none of its SunSpec models can be read");
}

TEST_F(SunspecConfig, ADamagedChainIsAsIfItWereNotThere) {
    for (const char* damaged : {"", "marker = ", "marker = 7", "\xff\xfe"}) {
        ASSERT_TRUE(save_chain(directory_.path().string(), "INV", damaged));
        EXPECT_THAT(config().model->devices.at(0).points, IsEmpty()) << damaged;
    }
}

TEST_F(SunspecConfig, WithoutModelsItIsRefused) {
    schema::Diagnostics diagnostics;
    EXPECT_FALSE(make_config(parsed(text()), test_paths("/no/such/devices"), diagnostics));
    EXPECT_THAT(error_report(diagnostics), HasSubstr("there are no SunSpec models in /no/such/sunspec"));
}

TEST(ModelDirectories, StandBesideTheProfiles) {
    EXPECT_THAT(model_directories({"/etc/sitepower/devices", "config/devices/"}),
                testing::ElementsAre("/etc/sitepower/sunspec", "config/sunspec"));
}

}  // namespace
}  // namespace sitepower::config::sunspec_shelf_test
