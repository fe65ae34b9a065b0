// Every operation against its golden file, and against what its row of the table says of the result. To
// write the files anew: SITEPOWER_UPDATE_GOLDEN=1 build/tests/unit_daemon --gtest_filter='*Golden*'
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "tests/unit/daemon/operation/ask.hpp"

namespace sitepower::golden_test {
namespace {

const std::filesystem::path golden_directory = SITEPOWER_SOURCE_DIR "/tests/golden/operations";
const std::string jar_1 = "BAT-DC-CNX-01-UPS-01-STR-01-001";

// Parameters with which an operation has something to show; those not named here need none.
Texts example_of(std::string_view operation) {
    if (operation == "battery" || operation == "telemetry") return {{"battery_id", jar_1}};
    if (operation == "location" || operation == "location.batteries") return {{"location_id", "ROOM-1"}};
    if (operation == "history") return {{"point", "monitor-1.jar1.voltage_v"}};
    if (operation == "alert" || operation == "alert.acknowledge" || operation == "alert.resolve") {
        return {{"alert_id", "A-low"}};
    }
    if (operation == "bids") {
        return {{"class", "training"},
                {"segments", R"([{"value_per_kwh": 0.5, "kw": 25}])"},
                {"valid_until", "2026-11-22T12:00:00Z"}};
    }
    if (operation == "ups") return {{"ups_id", "ups-1"}};
    if (operation == "scaling.manual") {
        return {{"service_name", "inference"},
                {"target_instances", "12"},
                {"reason", "campaign"},
                {"expires_at", "2026-11-22T12:00:00Z"}};
    }
    if (operation == "prices") return {{"hours_back", "30"}, {"hours_ahead", "12"}};
    if (operation == "alerts") return {{"active_only", "false"}};
    if (operation == "maintenance.start") return {{"subject_id", "STR-01"}, {"why", "jar 2 is exchanged"}};
    if (operation == "battery.replace") {
        return {
            {"battery_id", jar_1}, {"date", "2026-11-20"}, {"serial_number", "SN-2"}, {"model", "VR12-110"}};
    }
    if (operation == "battery.test") return {{"string_id", "STR-01"}, {"load_kw", "12.5"}};
    if (operation == "battery.test_result") return {{"battery_id", jar_1}, {"delivered_ah", "91"}};
    if (operation == "device.command") {
        return {{"device_id", "monitor-1"}, {"command", "charge.limit"}, {"value", "60"}};
    }
    if (operation == "maintenance.end") return {{"window_id", "MW-1"}};
    if (operation == "predict") {
        return {{"timestamps", R"(["2026-11-22T08:00:00Z", "2026-11-21T20:00:00Z"])"},
                {"meter_ids", R"(["site-load", "site-load"])"}};
    }
    if (operation == "batch.predict") {
        return {{"requests", R"([{"model": "site-load", "input": {"timestamp": "2026-11-22T08:00:00Z"}}])"}};
    }
    if (operation == "forecast") return {{"periods", "2"}};
    if (operation == "predictions.history") return {{"service", "site-load"}, {"limit", "2"}};
    if (operation == "event.create") return {{"event_type", "holiday"}, {"end_time", "2026-11-24T00:00:00Z"}};
    if (operation == "event.cancel") return {{"event_id", "EV-20261121-061428123-1"}};
    if (operation == "model" || operation == "models.retrain") return {{"model_name", "site-load"}};
    if (operation == "model.activate") return {{"model_name", "site-load"}, {"version", "1"}};
    if (operation == "job" || operation == "job.cancel") return {{"job_id", "JOB-20261121-061428123-2"}};
    return {};
}

std::string read_file(const std::filesystem::path& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

// Field paths of `json` as the table writes them, "items[].reasons.x" and all; leaves only.
void collect(const Json& json, const std::string& path, std::set<std::string>& into) {
    if (json.is_object() && !json.empty()) {
        for (const auto& item : json.items()) {
            collect(item.value(), path.empty() ? item.key() : path + "." + item.key(), into);
        }
    } else if (json.is_array() && !json.empty()) {
        for (const auto& element : json) collect(element, path + "[]", into);
    } else {
        into.insert(path);
    }
}

// Whether `path` is the field `pattern`, whose '*' stands for one name (which may hold any character but a
// dot; a point's own name may hold dots, so a '*' at the end takes the rest).
bool is_field(std::string_view pattern, std::string_view path) {
    while (true) {
        const auto star = pattern.find('*');
        if (star == std::string_view::npos) return pattern == path;
        if (path.substr(0, star) != pattern.substr(0, star)) return false;
        path.remove_prefix(star);
        pattern.remove_prefix(star + 1);
        if (pattern.empty()) return !path.empty();
        const auto dot = path.find('.');
        if (dot == std::string_view::npos) return false;
        path.remove_prefix(dot);
    }
}

bool is_reason(const std::string& path) {
    return path.find("reasons") != std::string::npos;
}

// Each null has its reason in `reasons` of the same object, or in `quality` beside `values`.
void expect_reasons(const Json& json, const std::string& where) {
    if (json.is_array()) {
        for (const auto& element : json) expect_reasons(element, where + "[]");
    }
    if (!json.is_object()) return;
    for (const auto& item : json.items()) {
        if (item.key() == "values") {
            for (const auto& value : item.value().items()) {
                EXPECT_TRUE(!value.value().is_null() || json.at("quality").contains(value.key())) << where;
            }
        } else if (item.value().is_null()) {
            EXPECT_TRUE(json.contains("reasons") && json["reasons"].contains(item.key()))
                << where << "." << item.key() << " is null without a reason";
        } else {
            expect_reasons(item.value(), where + "." + item.key());
        }
    }
}

class GoldenOperation : public testing::TestWithParam<std::string> {
  protected:
    Asking asking_;
};

TEST_P(GoldenOperation, AnswersAsItsGoldenFile) {
    const auto asked = asking_.ask(GetParam(), example_of(GetParam()));
    EXPECT_EQ(asked.status, 200) << asked.body;
    const auto text = asked.body.dump(2) + "\n";
    const auto path = golden_directory / (GetParam() + ".json");
    if (std::getenv("SITEPOWER_UPDATE_GOLDEN") != nullptr) std::ofstream(path) << text;
    EXPECT_EQ(text, read_file(path));
}

TEST_P(GoldenOperation, HasEveryFieldOfItsRowAndNoOther) {
    const auto asked = asking_.ask(GetParam(), example_of(GetParam()));
    std::set<std::string> present;
    collect(asked.body.at("data"), "", present);
    const auto& fields = find_operation(GetParam())->result;
    for (const auto& field : fields) {
        const bool found = std::ranges::any_of(present, [&](const std::string& path) {
            return is_field(field.path, path) || path.starts_with(field.path + "[]") ||
                   // An empty list or object has no leaves below it.
                   field.path.starts_with(path + "[]") || field.path.starts_with(path + ".");
        });
        EXPECT_TRUE(found) << "the reply lacks " << field.path;
    }
    for (const auto& path : present) {
        const bool known = std::ranges::any_of(fields, [&](const Field& field) {
            return is_field(field.path, path) || field.path.starts_with(path + "[]") ||
                   field.path.starts_with(path + ".");
        });
        EXPECT_TRUE(known || is_reason(path)) << "the row does not list " << path;
    }
}

TEST_P(GoldenOperation, GivesAReasonForEachNull) {
    expect_reasons(asking_.ask(GetParam(), example_of(GetParam())).body.at("data"), "data");
}

std::vector<std::string> all_names() {
    std::vector<std::string> names;
    for (const auto& operation : operations()) names.emplace_back(operation.name);
    return names;
}

INSTANTIATE_TEST_SUITE_P(Table, GoldenOperation, testing::ValuesIn(all_names()), [](const auto& tested) {
    std::string name = tested.param;
    std::ranges::replace(name, '.', '_');
    return name;
});

TEST(Golden, HasAFileForEachOperationAndNoOther) {
    std::set<std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(golden_directory)) {
        files.insert(entry.path().stem().string());
    }
    const auto names = all_names();
    EXPECT_EQ(files, std::set<std::string>(names.begin(), names.end()));
}

}  // namespace
}  // namespace sitepower::golden_test
