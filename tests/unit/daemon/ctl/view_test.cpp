// The texts of sitepowerctl for the golden replies: they show what matters, and fit a terminal.
#include "daemon/ctl/view.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "daemon/ctl/table.hpp"
#include "daemon/operation/table.hpp"

namespace sitepower::ctl::view_test {
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

TEST(View, ShowsForecastsModelsEventsAndJobs) {
    EXPECT_THAT(view_of("forecast"), HasSubstr("site-load in kW"));
    EXPECT_THAT(view_of("predictions.current"), HasSubstr("medium"));
    EXPECT_THAT(view_of("models"), HasSubstr("active"));
    EXPECT_THAT(view_of("model"), HasSubstr("site-load"));
    EXPECT_THAT(view_of("events"), HasSubstr("holiday"));
    EXPECT_THAT(view_of("jobs"), HasSubstr("queued"));
}

TEST(View, SurvivesRepliesWithoutTheirFields) {
    for (const auto& operation : operations()) {
        for (const auto* data :
             {"{}", "[]", "null", R"({"items": [{}, null, 5], "data": [{}], "components": {"x": 1}})"}) {
            EXPECT_NO_THROW(view(operation.name, Json::parse(data), now)) << operation.name << " " << data;
        }
    }
}

TEST(View, ShowsSmallPricesAndWhatIsWrongWithASeries) {
    const auto text =
        view("prices",
             Json{{"data", {{{"timestamp", "2026-11-22T06:00:00.000Z"}, {"hash_price", 0.00012}}}},
                  {"metadata",
                   {{"series", "hash_price"},
                    {"currency", "EUR"},
                    {"unit", "other"},
                    {"latest_price", 0.00012},
                    {"trouble", "it is no JSON"}}}},
             now);
    EXPECT_THAT(text, HasSubstr("now 0.00012"));
    EXPECT_THAT(text, HasSubstr("No news: it is no JSON"));
    EXPECT_THAT(text.substr(text.find("FROM")), HasSubstr("0.00012"));
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

TEST(View, APlansRowHoldsWhileWhatItShowsIsTheSame) {
    const std::string why = "holds the reserve of 8.0 kWh " + std::string(100, 'x') + " to the last word";
    Json data{{"step_min", 15.0}, {"steps", Json::array()}};
    const auto add = [&](const std::string& time, double price, double load_kw, double stored_kwh) {
        data["steps"].push_back({{"time", "2026-11-26T" + time + ":00.000Z"},
                                 {"import_price_per_mwh", price},
                                 {"load_kw", load_kw},
                                 {"import_kw", load_kw + 1},
                                 {"batteries",
                                  {{{"battery", "LIB-01"},
                                    {"charge_kw", 0.0},
                                    {"discharge_kw", 0.0},
                                    {"stored_kwh", stored_kwh},
                                    {"reason", why}}}}});
    };
    add("19:30", 320, 40, 45.5);
    add("19:45", 320, 50, 45);
    add("20:00", 90, 40, 44.5);
    add("20:15", 90, 40, 9.5);
    const auto text = view("plan", data, now);
    EXPECT_THAT(text, HasSubstr("11-26 19:30Z  11-26 20:00Z  320.0  45.0    46.0  LIB-01   +0.0    45.0\n"));
    EXPECT_THAT(text, HasSubstr("11-26 20:00Z  11-26 20:30Z   90.0  40.0    41.0  LIB-01   +0.0     9.5\n"));
    EXPECT_THAT(text, HasSubstr("to the last word\n")) << "why it does so is not cut";
    EXPECT_THAT(text, testing::Not(HasSubstr("~")));
    expect_fits(text);
}

TEST(View, ShowsWhyThereIsNoPlan) {
    const auto data = Json::parse(R"({"status": "failed", "reason": "ups-1 has been on battery since noon",
        "made_at": "2026-11-22T06:14:25.123Z", "valid_until": null, "is_valid": false, "trouble": null,
        "certificate": {"objective": null}, "steps": []})");
    EXPECT_EQ(view("plan", data, now),
              "No plan, since 2026-11-22 06:14:25Z (3 s ago)\nups-1 has been on battery since noon\n");
}

TEST(View, ShowsRawHistoryToTheMillisecondAndWithItsDigits) {
    const auto data = Json::parse(R"({"resolution": "raw", "cut_off": true, "data": [
        {"timestamp": "2026-11-22T06:14:25.123Z", "values": {"r": 0.00504}, "quality": {}},
        {"timestamp": "2026-11-22T06:14:25.623Z", "values": {"r": 0.00505}, "quality": {}}]})");
    const auto text = view("history", data, now);
    EXPECT_THAT(text, HasSubstr("2026-11-22 06:14:25.123Z  0.00504\n"));
    EXPECT_THAT(text, HasSubstr("2026-11-22 06:14:25.623Z  0.00505\n"));
    EXPECT_THAT(text, HasSubstr("the newest 2 rows, resolution raw; more with --limit\n"));
}

TEST(View, MarksHealthThatNothingWasMeasuredFor) {
    const auto data = Json::parse(R"({"items": [
        {"battery_id": "B-1", "latest_telemetry": {"soh_pct": 95.7}, "estimate_status": {"soh_pct": "prior_only"}},
        {"battery_id": "B-2", "latest_telemetry": {"soh_pct": 91.2}, "estimate_status": {"soh_pct": "ok"}}]})");
    const auto text = view("batteries", data, now);
    EXPECT_THAT(text, HasSubstr("95.7 %*"));
    EXPECT_THAT(text, HasSubstr("91.2 %  "));
    EXPECT_THAT(text, HasSubstr("* estimated from age only, not measured\n"));
    EXPECT_THAT(view_of("batteries"), testing::Not(HasSubstr("from age only")));
}

TEST(View, ShowsHowFarARemainingLifeCanBeTrusted) {
    auto battery = Json::parse(R"({"battery_id": "B-1", "latest_telemetry": {"soh_pct": 95.7},
        "rul_days": {"p10": 920.4, "p50": 1840.2, "p90": 2760.1, "censored": false},
        "estimate_status": {"soh_pct": "prior_only", "rul_days": "prior_only"}})");
    auto text = view("battery", battery, now);
    EXPECT_THAT(text, HasSubstr("95.70 %, estimated from age only"));
    EXPECT_THAT(text, HasSubstr("1840 days, 80 % between 920 and 2760, estimated from age only"));
    battery["estimate_status"] = {{"soh_pct", "ok"}, {"rul_days", "ok"}};
    battery["rul_days"]["censored"] = true;
    text = view("battery", battery, now);
    EXPECT_THAT(text, HasSubstr("more than 1840 days, 80 % between 920 and 2760\n"));
    EXPECT_THAT(text, testing::Not(HasSubstr("from age only")));
}

TEST(View, ShowsWindowIdsWholeSoThatTheyCanBeEnded) {
    const std::string id(64, 'w');
    const Json data{{"items",
                     {{{"window_id", id},
                       {"subject_id", std::string(64, 's')},
                       {"from", "2026-11-22T06:14:25.123Z"},
                       {"to", "2026-11-22T08:14:25.123Z"},
                       {"who", "somebody@" + std::string(40, 'h')},
                       {"why", std::string(200, 'y')}}}}};
    EXPECT_THAT(view("maintenance", data, now), HasSubstr(id + " "));
}

TEST(View, SumsUpTheReplacementOfAString) {
    Json data{{"replaced", Json::array()}};
    for (int n = 1; n <= 72; ++n) {
        data["replaced"].push_back({{"battery_id", "B-" + std::to_string(n)},
                                    {"old_serial_number", nullptr},
                                    {"serial_number", "LOT-" + std::to_string(n)},
                                    {"model", "M"},
                                    {"installed_date", "2026-11-20"}});
    }
    const auto text = view("battery.replace", data, now);
    EXPECT_THAT(text, HasSubstr("72 batteries replaced\n"));
    EXPECT_EQ(std::ranges::count(text, '\n'), 74) << text;
}

TEST(View, SaysWhenThereIsNothingToList) {
    const auto nothing = Json::parse(R"({"items": [], "total": 0, "active_count": 0, "pending_count": 0})");
    EXPECT_EQ(view("batteries", nothing, now), "no batteries\n");
    EXPECT_EQ(view("devices", nothing, now), "no devices\n");
    EXPECT_EQ(view("points", nothing, now), "no points\n");
    EXPECT_EQ(view("alerts", nothing, now), "no alerts\n");
    EXPECT_EQ(view("maintenance", nothing, now), "no maintenance windows\n");
}

TEST(View, CountsOneAlertAsOne) {
    const auto data = Json::parse(R"({"items": [{"alert_id": "A"}], "total": 1, "active_count": 1,
        "pending_count": 1})");
    EXPECT_THAT(view("alerts", data, now), HasSubstr("1 alert: 1 active, 1 pending\n"));
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

TEST(View, LeavesOutOfAnErrorWhatIsNotKnownOfItsPlace) {
    const auto error = Json::parse(R"({"code": "CONFLICT", "message": "refused", "details": [
        {"file": "", "line": 0, "key": "site.id", "problem": "cannot change"},
        {"file": "/etc/sitepower/sitepower.toml", "line": 0, "key": "", "problem": "cannot be opened"}]})");
    EXPECT_EQ(view_error(error),
              "CONFLICT: refused\n"
              "  site.id: cannot change\n"
              "  /etc/sitepower/sitepower.toml: cannot be opened\n");
}

TEST(View, OutlinesWhatHasNoViewOfItsOwn) {
    EXPECT_EQ(view("some.later.operation", Json::parse(R"({"a": 1, "b": {"c": [true]}, "d": {}})"), now),
              "a: 1\nb:\n  c:\n    1: yes\n");
}

}  // namespace
}  // namespace sitepower::ctl::view_test
