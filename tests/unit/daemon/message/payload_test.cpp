// Every payload against its golden file, byte for byte: a change here is a change of the published contract.
// To accept one, copy the text that the failed comparison prints.
#include "daemon/message/payload.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

namespace sitepower::payload_test {
namespace {

const std::filesystem::path golden_directory = SITEPOWER_SOURCE_DIR "/tests/golden/payloads";
const Time now = from_ms(1'763'794'468'123);
const Epoch epoch{.bits = 0x00c0ffee12345678, .number = 3};

PayloadHead head() {
    return {.site = "DC-CNX-01", .epoch_bits = epoch.bits, .key = epoch.key(42), .seq = 7, .time = now};
}

std::string read_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

void expect_golden(const std::string& name, const std::string& payload) {
    // The files end with a line feed, as text files do; the payloads do not.
    EXPECT_EQ(payload + "\n", read_file(golden_directory / (name + ".json"))) << "of " << name;
}

std::shared_ptr<const Layout> layout() {
    auto made = std::make_shared<Layout>();
    made->device = "BM-01";
    made->group = "fast";
    made->points = {{.name = "jar1.voltage_v", .unit = "V", .scale = 1, .offset = 0},
                    {.name = "jar1.temperature_c", .unit = "Cel", .scale = 1, .offset = 0},
                    {.name = "jar1.internal_resistance_ohm", .unit = "Ohm", .scale = 1, .offset = 0}};
    return made;
}

Frame frame() {
    return {.layout = layout(),
            .time = now,
            .clock_synchronised = true,
            .values = {13.62, 25, 0},
            .quality = {Quality::good, Quality::good, Quality::not_implemented}};
}

std::string readings(const Frame& of) {
    std::string out;
    append_readings_json(head(), of, out);
    return out;
}

SiteModel model() {
    SiteModel site;
    site.id = "DC-CNX-01";
    site.name = "Chiang Mai 1";
    site.locations.push_back({.id = "ROOM-1",
                              .name = "Battery room",
                              .region = "north",
                              .city = "Chiang Mai",
                              .country = "TH",
                              .latitude = 18.79,
                              .longitude = std::nullopt});
    DeviceModel ups;
    ups.id = "UPS-01";
    ups.kind = DeviceKind::ups;
    ups.profile = "sim-ups";
    ups.bus = "tcp-1";
    ups.unit = 1;
    ups.points = {{.name = "load_kw", .unit = "kW"}, {.name = "on_battery", .unit = ""}};
    site.devices.push_back(ups);
    UpsModel ups_model;
    ups_model.strings = {StringIndex{0}};
    site.upses.push_back(ups_model);
    StringModel string;
    string.id = "STR-01";
    string.ups = UpsIndex{0};
    string.nominal_capacity_ah = 100;
    string.batteries = {BatteryIndex{0}};
    site.strings.push_back(string);
    BatteryModel battery;
    battery.id = "BAT-DC-CNX-01-UPS-01-STR-01-001";
    battery.manufacturer = "Acme \"Cells\"";
    battery.model = "VR12-100";
    battery.serial_number = "SN1";
    battery.installed_date = from_ms(1'700'000'000'000);
    battery.warranty_months = 36;
    site.batteries.push_back(battery);
    return site;
}

Measurement measured(double value) {
    return {.value = value, .reason = "", .time = now};
}

Estimate estimated(double value, double sigma) {
    return {.value = value, .sigma = sigma, .status = EstimateStatus::ok, .reason = "", .as_of = now};
}

Estimate unknown(std::string_view reason) {
    return {
        .value = std::nullopt, .sigma = 0, .status = EstimateStatus::unknown, .reason = reason, .as_of = {}};
}

std::string battery_state() {
    BatteryState state;
    state.voltage_v = measured(13.62);
    state.temperature_c = measured(24.5);
    state.current_a = {.value = std::nullopt, .reason = "stale_input", .time = {}};
    state.soc_pct = {.value = 97.5,
                     .sigma = 2.25,
                     .status = EstimateStatus::degraded,
                     .reason = "no_temperature",
                     .as_of = now};
    state.soh_pct = unknown("not_estimated");
    state.rul_days = unknown("not_estimated");
    state.resistance_ratio = estimated(1.04, 0.02);
    state.status = HealthStatus::warning;
    state.status_reason = "voltage_high";
    state.active_alerts = 1;
    return battery_state_json(head(), model(), state);
}

std::string string_state() {
    StringState state;
    state.current_a = measured(-12.5);
    state.voltage_imbalance_v = measured(0.11);
    state.soc_pct = unknown("no_full_charge_reference");
    state.autonomy_min = estimated(42, 4);
    state.autonomy_p10_min = 37;
    state.autonomy_p90_min = 47;
    state.autonomy_at_forecast = {.median = estimated(40, 5), .p10 = 34, .p90 = 46};
    state.status = HealthStatus::healthy;
    return string_state_json(head(), model(), state);
}

std::string ups_state(std::optional<bool> on_battery) {
    UpsState state;
    state.on_battery = on_battery;
    state.on_battery_reason = on_battery ? "" : "stale_input";
    state.load_kw = measured(42.5);
    state.autonomy_min = unknown("not_estimated");
    state.autonomy_at_forecast.median = unknown("no_load_forecast");
    state.voltage_imbalance_v = measured(0.11);
    state.weakest = BatteryIndex{0};
    return ups_state_json(head(), model(), state);
}

AlertChange alert_change() {
    AlertChange change;
    change.alert.id = "AL-1";
    change.alert.type = "voltage_high";
    change.alert.severity = Severity::critical;
    change.alert.subject = {.kind = SubjectKind::battery, .id = "BAT-DC-CNX-01-UPS-01-STR-01-001"};
    change.alert.message = "Voltage 14.9 V is above 14.7 V";
    change.alert.threshold = 14.7;
    change.alert.actual = 14.9;
    change.alert.unit = "V";
    change.alert.triggered_at = now;
    return change;
}

AlertChange acknowledged_change() {
    AlertChange change = alert_change();
    change.transition = AlertTransition::acknowledged;
    change.alert.acknowledged_at = now + Duration{1000};
    change.alert.acknowledged_by = "somchai";
    change.alert.acknowledgment_note = "charger is being set";
    return change;
}

std::string device_state(DeviceStatus status) {
    DeviceState state;
    state.status = status;
    state.since = now - Duration{60'000};
    if (status == DeviceStatus::online) state.last_seen = now;
    if (status != DeviceStatus::online) state.reason = "bus tcp-1, unit 1: no answer within 300 ms";
    return device_state_json(head(), model().devices[0], state);
}

std::string status(PublishedStatus word) {
    const auto since = word == PublishedStatus::lost ? std::nullopt : std::optional<Time>(now);
    return status_json(head(), {.status = word, .version = "0.1.0", .since = since});
}

TEST(Payload, MatchesItsGoldenFile) {
    expect_golden("readings", readings(frame()));
    expect_golden("device_state_online", device_state(DeviceStatus::online));
    expect_golden("device_state_offline", device_state(DeviceStatus::offline));
    expect_golden("battery_state", battery_state());
    expect_golden("string_state", string_state());
    expect_golden("ups_state", ups_state(true));
    expect_golden("ups_state_unknown", ups_state(std::nullopt));
    expect_golden("alert", alert_json(head(), alert_change()));
    expect_golden("alert_acknowledged", alert_json(head(), acknowledged_change()));
    expect_golden("event_alert", alert_event_json(head(), alert_change()));
    expect_golden("event_gap", gap_json(head(), {.from = now - Duration{5000}, .to = now, .frames = 12}));
    expect_golden("site", site_json(head(), model()));
    expect_golden("status_online", status(PublishedStatus::online));
    expect_golden("status_lost", status(PublishedStatus::lost));
}

TEST(Payload, MaintenanceEvent) {
    const MaintenanceWindow window{.id = "window-1",
                                   .subject = {.kind = SubjectKind::string, .id = "UPS-01-STR-01"},
                                   .from = now,
                                   .to = now + std::chrono::hours(2),
                                   .who = "alice",
                                   .why = "jar \"7\" is renewed"};
    expect_golden("event_maintenance", maintenance_json(head(), window, "started"));
}

TEST(Payload, BatteryReplaced) {
    BatteryReplaced replaced;
    replaced.old_serial_number = "S-1";
    replaced.serial_number = "S-2";
    replaced.model = "B100";
    replaced.date = now;
    replaced.who = "alice";
    SiteModel site;
    site.batteries.resize(1);
    site.batteries[0].id = "UPS-01-STR-01-001";
    expect_golden("event_battery", battery_replaced_json(head(), site, replaced));
}

TEST(Payload, CapacityTest) {
    CapacityReport report;
    report.test = {.time = now, .delivered_ah = 91, .rated_ah = 100, .reached_end_voltage = true};
    report.lasted = std::chrono::minutes(282);
    report.health_pct = 91;
    report.passed = true;
    report.who = "alice";
    SiteModel site;
    site.batteries.resize(1);
    site.batteries[0].id = "UPS-01-STR-01-001";
    site.batteries[0].serial_number = "S-2";
    expect_golden("event_capacity_test", capacity_test_json(head(), site, report));
    report.lasted = {};
    site.batteries[0].serial_number.clear();
    const auto json = nlohmann::json::parse(capacity_test_json(head(), site, report));
    EXPECT_TRUE(json.at("lasted_min").is_null());
    EXPECT_TRUE(json.at("serial_number").is_null());
    EXPECT_TRUE(json.at("evidence_reason").is_null());

    report.flaw = "end_voltage_not_reached";
    const auto at_least = nlohmann::json::parse(capacity_test_json(head(), site, report));
    EXPECT_EQ(at_least.at("passed"), true) << "it gave enough";
    EXPECT_EQ(at_least.at("evidence_reason"), "end_voltage_not_reached");
    report.passed = false;
    const auto unknown_result = nlohmann::json::parse(capacity_test_json(head(), site, report));
    EXPECT_TRUE(unknown_result.at("passed").is_null()) << "it might have given more";
    EXPECT_EQ(unknown_result.at("passed_reason"), "end_voltage_not_reached");
    report.flaw = "";
    EXPECT_EQ(nlohmann::json::parse(capacity_test_json(head(), site, report)).at("passed"), false);
}

// What holds for all payloads, read from the golden files, so that a new one cannot forget it.
TEST(Payload, BeginsWithTheCommonHead) {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(golden_directory)) {
        SCOPED_TRACE(entry.path().filename());
        const auto json = nlohmann::ordered_json::parse(read_file(entry.path()));
        std::vector<std::string> names;
        for (const auto& [name, value] : json.items()) names.push_back(name);
        std::erase_if(names, [](const std::string& name) {
            return name == "device" || name == "battery" || name == "string" || name == "ups" ||
                   name == "alert" || name == "event" || name == "series" || name == "model";
        });
        names.resize(5);
        EXPECT_EQ(names, (std::vector<std::string>{"site", "time", "time_ms", "id", "seq"}));
        const auto time = parse_time(json["time"].get<std::string>());
        ASSERT_TRUE(time);
        EXPECT_EQ(to_ms(*time), json["time_ms"].get<std::int64_t>());
        ++count;
    }
    EXPECT_GE(count, 14U);
}

// quality names every null of values, and values holds only numbers and nulls.
TEST(Payload, GivesAReasonForEveryNull) {
    for (const auto& entry : std::filesystem::directory_iterator(golden_directory)) {
        const auto json = nlohmann::json::parse(read_file(entry.path()));
        if (!json.contains("values")) continue;
        SCOPED_TRACE(entry.path().filename());
        for (const auto& [name, value] : json["values"].items()) {
            EXPECT_TRUE(value.is_number() || value.is_null()) << name;
            if (!value.is_null()) continue;
            EXPECT_FALSE(json["quality"].at(name).get<std::string>().empty()) << name;
        }
    }
}

TEST(Payload, TellsTheRemainingLifeWithItsInterval) {
    BatteryState state;
    state.rul_days = estimated(900, 300);
    state.rul_interval = LifeInterval{500, 1400, false};
    const auto json = nlohmann::json::parse(battery_state_json(head(), model(), state));
    EXPECT_EQ(json["rul_days"],
              (nlohmann::json{{"p10", 500}, {"p50", 900}, {"p90", 1400}, {"censored", false}}));
    EXPECT_EQ(json["values"]["rul_days"], 900);
    state.rul_days = unknown("no_install_date");
    const auto unknown_json = nlohmann::json::parse(battery_state_json(head(), model(), state));
    EXPECT_TRUE(unknown_json["rul_days"].is_null());
    EXPECT_EQ(unknown_json["quality"]["rul_days"], "no_install_date");
}

TEST(Readings, NeverPublishANumberThatIsNotGood) {
    Frame bad = frame();
    bad.values[0] = 6553.5;
    bad.quality[0] = Quality::out_of_range;
    const auto json = nlohmann::json::parse(readings(bad));
    EXPECT_TRUE(json["values"]["jar1.voltage_v"].is_null());
    EXPECT_EQ(json["quality"]["jar1.voltage_v"], "out_of_range");
}

TEST(Readings, StayJsonForAnEmptyLayoutAndStrangeNames) {
    auto strange = std::make_shared<Layout>();
    strange->device = "D";
    strange->group = "g\"\n";
    EXPECT_TRUE(nlohmann::json::parse(
                    readings({.layout = strange, .time = now, .values = {}, .quality = {}}))["values"]
                    .empty());
    auto named = std::make_shared<Layout>(*strange);
    named->points = {{.name = "a\\b\"c", .unit = "", .scale = 1, .offset = 0}};
    const Frame one{.layout = named, .time = now, .values = {1}, .quality = {Quality::good}};
    EXPECT_EQ(nlohmann::json::parse(readings(one))["values"]["a\\b\"c"], 1);
}

TEST(Readings, SayWhenTheClockWasNotSynchronised) {
    Frame unsure = frame();
    unsure.clock_synchronised = false;
    EXPECT_EQ(nlohmann::json::parse(readings(unsure))["clock_synchronised"], false);
}

TEST(Readings, AppendToWhatIsThere) {
    std::string out = "x";
    append_readings_json(head(), frame(), out);
    EXPECT_EQ(out, "x" + readings(frame()));
}

TEST(Payload, MembersOfAnotherPartStandBehindTheHead) {
    const auto payload =
        nlohmann::ordered_json::parse(payload_json(head(), R"({"status":"optimal","steps":[]})"));
    EXPECT_EQ(payload["site"], "DC-CNX-01");
    EXPECT_EQ(payload["seq"], 7);
    EXPECT_EQ(payload["status"], "optimal");
    EXPECT_TRUE(payload["steps"].empty());
    EXPECT_EQ(nlohmann::json::parse(payload_json(head(), "{}"))["seq"], 7);
}

}  // namespace
}  // namespace sitepower::payload_test
