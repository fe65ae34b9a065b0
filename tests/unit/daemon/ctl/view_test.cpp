// The texts of sitepowerctl for the golden replies: they show what matters, and fit a terminal.
#include "daemon/ctl/view.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "daemon/ctl/table.hpp"
#include "daemon/operation/table.hpp"

namespace sitepower::ctl {
namespace {

using testing::HasSubstr;

const Time now = *parse_time("2026-11-22T06:14:28.123Z");

Json golden(const std::string& operation) {
    std::ifstream file(SITEPOWER_SOURCE_DIR "/tests/golden/operations/" + operation + ".json");
    return Json::parse(file)["data"];
}

std::string view_of(const std::string& operation) {
    return view(operation, golden(operation), now);
}

void expect_fits(const std::string& text) {
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);)
        EXPECT_LE(display_width(line), terminal_width) << line;
    EXPECT_TRUE(text.ends_with('\n'));
}

TEST(View, ShowsEveryOperationWithinAHundredColumns) {
    for (const auto& operation : operations()) expect_fits(view_of(std::string(operation.name)));
}

TEST(View, SurvivesRepliesWithoutTheirFields) {
    for (const auto& operation : operations()) {
        for (const auto* data :
             {"{}", "[]", "null", R"({"items": [{}, null, 5], "data": [{}], "components": {"x": 1}})"}) {
            EXPECT_NO_THROW(view(operation.name, Json::parse(data), now)) << operation.name << " " << data;
        }
    }
}

TEST(View, ShowsTheStatus) {
    const auto text = view_of("system.status");
    EXPECT_THAT(text, HasSubstr("DC-CNX-01: degraded"));
    EXPECT_THAT(text, HasSubstr("0 of 1 devices online"));
    EXPECT_THAT(text, HasSubstr("2 of 3 devices online, 2 open alerts, outbox 7, 3 missed polls"));
}

TEST(View, ShowsBatteriesWithReasons) {
    const auto text = view_of("batteries");
    EXPECT_THAT(text, HasSubstr("13.52 V"));
    EXPECT_THAT(text, HasSubstr("stale input"));
    EXPECT_THAT(text, HasSubstr("2 s ago"));
}

TEST(View, ShowsABatteryWithUncertainty) {
    const auto text = view_of("battery");
    EXPECT_THAT(text, HasSubstr("98.50 % +/- 1.20 %"));
    EXPECT_THAT(text, HasSubstr("- (no estimator)"));
    EXPECT_THAT(text, HasSubstr("Yuasa, SWL2500"));
}

TEST(View, ShowsHistoryWithHolesAndReasons) {
    const auto text = view_of("telemetry");
    EXPECT_THAT(text, HasSubstr("voltage_v"));
    EXPECT_THAT(text, HasSubstr("comm_error"));
    EXPECT_THAT(text, HasSubstr("4 rows, resolution raw"));
}

TEST(View, SaysWhenAListIsNotWhole) {
    auto data = golden("devices");
    data["total"] = 72U;
    EXPECT_THAT(view("devices", data, now), HasSubstr("3 of 72 shown"));
}

TEST(View, ShowsAnErrorWithEachWrongField) {
    const auto error = Json::parse(R"({"code": "VALIDATION_ERROR", "message": "two are wrong", "details": [
        {"field": "limit", "problem": "is out of range", "allowed": "1 to 1000"},
        {"file": "/etc/sitepower/sitepower.toml", "line": 7, "key": "bus.baud", "problem": "is not a baud rate"}]})");
    EXPECT_EQ(view_error(error),
              "VALIDATION_ERROR: two are wrong\n"
              "  limit: is out of range; allowed: 1 to 1000\n"
              "  /etc/sitepower/sitepower.toml:7: bus.baud: is not a baud rate\n");
}

TEST(View, OutlinesWhatHasNoViewOfItsOwn) {
    EXPECT_EQ(view("some.later.operation", Json::parse(R"({"a": 1, "b": {"c": [true]}, "d": {}})"), now),
              "a: 1\nb:\n  c:\n    1: yes\n");
}

}  // namespace
}  // namespace sitepower::ctl
