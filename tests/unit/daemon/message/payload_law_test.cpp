// Payloads of anything that the site may say: always JSON, never an invented number, a reason for each null.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <random>
#include <set>

#include "daemon/message/payload.hpp"

namespace sitepower::payload_law_test {
namespace {

using nlohmann::json;

const Time now = from_ms(1'763'794'468'123);
const Epoch epoch{.bits = 0x00c0ffee12345678, .number = 3};

PayloadHead head() {
    return {.site = "DC-CNX-01", .epoch_bits = epoch.bits, .key = epoch.key(42), .seq = 7, .time = now};
}

double any_number(std::mt19937_64& random) {
    switch (random() % 8) {
        case 0:
            return std::bit_cast<double>(random());
        case 1:
            return 0;
        case 2:
            return -0.0;
        case 3:
            return std::numeric_limits<double>::denorm_min();
        case 4:
            return 1e308;
        default:
            return static_cast<double>(static_cast<std::int32_t>(random())) / 1000;
    }
}

double any_finite(std::mt19937_64& random) {
    const double number = any_number(random);
    return std::isfinite(number) ? number : 0;
}

std::string any_text(std::mt19937_64& random) {
    static const std::vector<std::string> pieces{"a",    "\"", "\\",        "\n", "\x01", "ü",
                                                 "電池", "/",  "</script>", " ",  ""};
    std::string text;
    for (auto n = random() % 12; n > 0; --n) text += pieces[random() % pieces.size()];
    return text;
}

Measurement any_measurement(std::mt19937_64& random) {
    if (random() % 2) return {std::nullopt, "no_sensor", now};
    return {any_finite(random), "", now};
}

Estimate any_estimate(std::mt19937_64& random) {
    if (random() % 2) return {.value = std::nullopt, .reason = "no_current_sensor", .as_of = now};
    return {.value = static_cast<double>(random() % 101),
            .sigma = 1.5,
            .status = EstimateStatus::ok,
            .reason = "",
            .as_of = now};
}

SiteModel small_model() {
    SiteModel model;
    model.id = "DC-CNX-01";
    model.locations.resize(1);
    model.locations[0].id = "ROOM-1";
    model.devices.resize(1);
    model.devices[0].id = "UPS-01";
    model.strings.resize(1);
    model.strings[0].id = "STR-01";
    model.batteries.resize(1);
    model.batteries[0].id = "BAT-01";
    model.strings[0].batteries = {BatteryIndex{0}};
    model.upses.resize(1);
    return model;
}

// Every null has its reason beside it: `<field>_reason`, in quality for what stands in values, or, in an
// estimate, `reason`.
void expect_reasons(const json& object, const json& quality, const std::string& path) {
    if (object.contains("sigma")) {
        EXPECT_EQ(object.at("value").is_null(), object.at("sigma").is_null()) << path;
        EXPECT_TRUE(!object.at("value").is_null() || object.at("reason").is_string()) << path;
        return;
    }
    for (const auto& [name, value] : object.items()) {
        if (value.is_object()) {
            const auto& reasons = name == "values" ? object.at("quality") : json();
            expect_reasons(value, reasons, path + name + ".");
        }
        if (!value.is_null() || name.ends_with("_reason")) continue;
        const bool explained =
            object.contains(name + "_reason") || (quality.is_object() && quality.contains(name));
        EXPECT_TRUE(explained) << path << name << " is null, and nobody says why";
    }
}

json parsed(const std::string& payload) {
    const auto result = json::parse(payload, nullptr, false);
    EXPECT_FALSE(result.is_discarded()) << payload;
    if (!result.is_object()) return json::object();
    EXPECT_EQ(result.at("site"), "DC-CNX-01");
    EXPECT_EQ(result.at("id"), "DC-CNX-01-00c0ffee12345678-42");
    EXPECT_EQ(result.at("seq"), 7);
    return result;
}

TEST(ReadingsLaw, ValuesAreWhatWasReadAndQualityIsExactlyWhatIsNotGood) {
    std::mt19937_64 random(1);
    for (int run = 0; run < 500; ++run) {
        auto layout = std::make_shared<Layout>();
        layout->device = "BM-01";
        layout->group = "fast";
        Frame frame{.layout = nullptr,
                    .time = now,
                    .clock_synchronised = random() % 2 == 0,
                    .values = {},
                    .quality = {}};
        for (std::size_t i = 0; i < random() % 40; ++i) {
            layout->points.push_back({"p" + std::to_string(i) + any_text(random), "V", 1, 0});
            frame.values.push_back(any_number(random));
            frame.quality.push_back(random() % 3 ? Quality::good : static_cast<Quality>(1 + random() % 5));
        }
        frame.layout = layout;
        std::string out;
        append_readings_json(head(), frame, out);
        const auto payload = parsed(out);
        EXPECT_EQ(payload["values"].size(), layout->points.size());
        for (std::size_t i = 0; i < layout->points.size(); ++i) {
            const auto& value = payload["values"].at(layout->points[i].name);
            const bool known = frame.quality[i] == Quality::good && std::isfinite(frame.values[i]);
            if (known) {
                EXPECT_EQ(value.get<double>(), frame.values[i]);
            } else {
                EXPECT_TRUE(value.is_null());
            }
            if (frame.quality[i] != Quality::good) {
                EXPECT_EQ(payload["quality"].at(layout->points[i].name),
                          std::string(to_string(frame.quality[i])));
            } else if (known) {
                EXPECT_FALSE(payload.contains("quality") &&
                             payload["quality"].contains(layout->points[i].name));
            }
        }
    }
}

TEST(PayloadLaw, EveryStateIsJsonWithAReasonForEachNull) {
    std::mt19937_64 random(2);
    const auto model = small_model();
    for (int run = 0; run < 500; ++run) {
        BatteryState battery;
        for (auto* m : {&battery.voltage_v, &battery.current_a, &battery.temperature_c,
                        &battery.internal_resistance_ohm}) {
            *m = any_measurement(random);
        }
        for (auto* e : {&battery.soc_pct, &battery.soh_pct, &battery.rul_days, &battery.resistance_ratio})
            *e = any_estimate(random);
        battery.status = static_cast<HealthStatus>(random() % 4);
        battery.status_reason = "stale_input";
        const auto told = parsed(battery_state_json(head(), model, battery));
        EXPECT_EQ(told.at("battery"), "BAT-01");
        expect_reasons(told, json(), "battery.");

        StringState string;
        string.current_a = any_measurement(random);
        string.voltage_v = any_measurement(random);
        string.voltage_imbalance_v = any_measurement(random);
        string.soc_pct = any_estimate(random);
        string.autonomy_min = any_estimate(random);
        string.autonomy_at_forecast.median = any_estimate(random);
        if (random() % 2) string.weakest = BatteryIndex{0};
        expect_reasons(parsed(string_state_json(head(), model, string)), json(), "string.");

        UpsState ups;
        ups.load_kw = any_measurement(random);
        ups.autonomy_ups_min = any_measurement(random);
        ups.autonomy_min = any_estimate(random);
        ups.autonomy_at_forecast.median = any_estimate(random);
        ups.voltage_imbalance_v = any_measurement(random);
        if (random() % 2) ups.weakest = BatteryIndex{0};
        ups.on_battery_reason = "no_sensor";
        if (random() % 2) ups.on_battery = random() % 2 == 0;
        expect_reasons(parsed(ups_state_json(head(), model, ups)), json(), "ups.");
    }
}

TEST(PayloadLaw, TextsOfPeopleAndDevicesAreEscaped) {
    std::mt19937_64 random(3);
    for (int run = 0; run < 500; ++run) {
        AlertChange change;
        auto& alert = change.alert;
        change.transition = static_cast<AlertTransition>(random() % 4);
        alert.id = "A-1";
        alert.type = "voltage_high";
        alert.subject = {SubjectKind::battery, "BAT-01"};
        alert.message = any_text(random);
        alert.acknowledgment_note = any_text(random);
        alert.acknowledged_by = any_text(random);
        alert.triggered_at = now;
        if (random() % 2) alert.acknowledged_at = now;
        if (random() % 2) alert.resolved_at = now;
        alert.resolved_by = any_text(random);
        if (random() % 2) alert.actual = any_finite(random);
        if (random() % 2) alert.threshold = any_finite(random);
        const auto told = parsed(alert_event_json(head(), change));
        EXPECT_EQ(told.at("message"), alert.message);
        EXPECT_EQ(told.at("transition"), std::string(to_string(change.transition)));
        parsed(alert_json(head(), change));

        DeviceState device;
        device.reason = any_text(random);
        device.status = static_cast<DeviceStatus>(random() % 4);
        const auto state = parsed(device_state_json(head(), small_model().devices[0], device));
        EXPECT_EQ(state.at("device"), "UPS-01");
        expect_reasons(state, json(), "device.");

        const MaintenanceWindow window{
            "W", {SubjectKind::site, any_text(random)}, now, now, any_text(random), any_text(random)};
        EXPECT_EQ(parsed(maintenance_json(head(), window, "ended")).at("why"), window.why);
    }
}

TEST(MessageKeyLaw, OrdersStartsBeforeSequencesAndGivesBoth) {
    std::mt19937_64 random(4);
    for (int run = 0; run < 2000; ++run) {
        const Epoch a{.bits = 1, .number = static_cast<std::int64_t>(random() % 1000) + 1};
        const Epoch b{.bits = 2, .number = static_cast<std::int64_t>(random() % 1000) + 1};
        const auto x = random() % (std::uint64_t{1} << 40);
        const auto y = random() % (std::uint64_t{1} << 40);
        EXPECT_EQ(a.key(x) < b.key(y), std::pair(a.number, x) < std::pair(b.number, y));
        EXPECT_EQ(sequence_of(a.key(x)), x);
    }
}

}  // namespace
}  // namespace sitepower::payload_law_test
