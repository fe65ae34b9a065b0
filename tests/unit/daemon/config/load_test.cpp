#include "daemon/config/load.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <regex>
#include <string>

#include "daemon/config/build.hpp"
#include "daemon/config/check.hpp"
#include "daemon/config/diff.hpp"
#include "tests/unit/daemon/config/loading.hpp"

namespace sitepower::config::load_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

// Two workers on one adapter would take each other's answers: /dev/ttyUSB0, and what in by-id leads to it.
TEST(BuildBuses, TwoNamesOfOneAdapterAreOneLine) {
    const TemporaryDirectory directory;
    directory.write("ttyUSB0", "");
    std::filesystem::create_symlink("ttyUSB0", directory.path() + "/usb-FTDI");
    SiteFile file;
    for (const auto* name : {"ttyUSB0", "usb-FTDI"}) {
        auto& bus = file.buses.emplace_back();
        bus.id = name;
        bus.type = BusType::rtu;
        bus.path = directory.path() + "/" + name;
    }
    schema::Diagnostics diagnostics;
    build_buses(file, diagnostics);
    ASSERT_EQ(diagnostics.total(), 1U);
    EXPECT_THAT(diagnostics.sorted()[0].message, HasSubstr("is the endpoint of bus \"ttyUSB0\" already"));
}

TEST(LoadConfig, ReadsTheLinks) {
    const auto config = load(site_text());
    ASSERT_THAT(config.buses, SizeIs(2));
    const auto& room = config.buses[0];
    EXPECT_EQ(room.settings.id, "room");
    EXPECT_EQ(room.settings.connect_delay, Duration{1000});
    const auto& tcp = std::get<modbus::TcpEndpoint>(room.settings.endpoint);
    EXPECT_EQ(tcp.host, "192.0.2.10");
    EXPECT_EQ(tcp.port, 1502);
    ASSERT_THAT(room.units, SizeIs(2));
    EXPECT_EQ(room.units[0].device_id, "UPS-01");
    EXPECT_EQ(room.units[0].timing.response_timeout, Duration{3000});
    EXPECT_EQ(room.units[0].timing.late_window, Duration{6000});
    EXPECT_EQ(room.units[0].groups.at(0).layout->period, Duration{500});
    EXPECT_EQ(room.units[0].groups.at(1).layout->period, Duration{60'000});
    EXPECT_EQ(room.units[1].unit, 2);
    const auto& line = std::get<modbus::SerialEndpoint>(config.buses[1].settings.endpoint);
    EXPECT_EQ(line.path, "/dev/ttyUSB0");
    EXPECT_EQ(line.baud, 19200);
    EXPECT_EQ(line.parity, modbus::Parity::even);
    EXPECT_EQ(config.buses[1].units.at(0).timing.retries, 0);
}

TEST(LoadConfig, ReadsTheModel) {
    const auto config = load(site_text());
    const auto& model = *config.model;
    EXPECT_EQ(model.id, "DC-CNX");
    ASSERT_THAT(model.locations, SizeIs(2));
    EXPECT_EQ(model.locations[0].latitude, 18.79);
    EXPECT_FALSE(model.locations[1].latitude);
    ASSERT_THAT(model.devices, SizeIs(3));
    EXPECT_EQ(model.devices[0].kind, DeviceKind::ups);
    EXPECT_EQ(model.devices[2].location, LocationIndex{1});
    for (std::uint32_t i = 0; i < 3; ++i) {
        for (const auto& layout : model.devices[i].layouts) EXPECT_EQ(layout->device_index, DeviceIndex{i});
    }
    ASSERT_THAT(model.upses, SizeIs(1));
    EXPECT_EQ(point_name(model, model.upses[0].on_battery), "UPS-01/on_battery");
    EXPECT_EQ(point_name(model, model.upses[0].load_kw), "UPS-01/output.load_kw");
    EXPECT_EQ(point_name(model, model.upses[0].runtime_min), "UPS-01/other.runtime_min");
    EXPECT_EQ(model.upses[0].required_autonomy_min, 12.5);
    EXPECT_THAT(model.upses[0].strings, ElementsAre(StringIndex{0}));
}

TEST(LoadConfig, SpreadsJarsAndAddsWhatSingleOnesSay) {
    const auto config = load(site_text());
    const auto& model = *config.model;
    ASSERT_THAT(model.strings, SizeIs(2));
    const auto& string = model.strings[0];
    EXPECT_EQ(string.ups, UpsIndex{0});
    EXPECT_EQ(string.chemistry, Chemistry::vrla);
    EXPECT_DOUBLE_EQ(string.float_voltage_v, 13.65);
    EXPECT_EQ(point_name(model, string.current_a), "MON-01/string1.current_a");
    EXPECT_EQ(point_name(model, string.ambient_temperature_c), "MON-01/string1.ambient_c");
    EXPECT_EQ(point_name(model, string.voltage_v), "");
    ASSERT_THAT(string.batteries, SizeIs(4));
    const auto& second = model.batteries[position(string.batteries[1])];
    EXPECT_EQ(second.id, "BAT-UPS-01-STR-01-002");
    EXPECT_EQ(second.position, 2);
    EXPECT_EQ(second.manufacturer, "Maker");
    EXPECT_EQ(second.installed_date, parse_time("2024-05-31"));
    EXPECT_EQ(second.warranty_months, 60);
    EXPECT_EQ(point_name(model, second.voltage_v), "MON-01/string1.jar2.voltage_v");
    EXPECT_EQ(point_name(model, second.temperature_c), "MON-01/string1.jar2.temperature_c");
    EXPECT_EQ(point_name(model, second.internal_resistance_ohm),
              "MON-01/string1.jar2.internal_resistance_ohm");
    EXPECT_FALSE(second.soc_pct);
    const auto& third = model.batteries[position(string.batteries[2])];
    EXPECT_EQ(third.id, "BAT-UPS-01-STR-01-003");
    EXPECT_EQ(third.serial_number, "S-0003");
    EXPECT_EQ(third.installed_date, parse_time("2026-01-15"));
    EXPECT_EQ(point_name(model, third.voltage_v), "MON-01/string1.jar3.voltage_v");
}

TEST(LoadConfig, APackIsAStringWithOneBattery) {
    const auto config = load(site_text());
    const auto& model = *config.model;
    const auto& string = model.strings[1];
    EXPECT_EQ(string.chemistry, Chemistry::lfp);
    EXPECT_DOUBLE_EQ(string.float_voltage_v, 51.2);
    ASSERT_THAT(string.batteries, SizeIs(1));
    const auto& pack = model.batteries[position(string.batteries[0])];
    EXPECT_EQ(pack.id, "BAT-PACK-01");
    EXPECT_EQ(point_name(model, pack.voltage_v), "BMS-01/pack.voltage_v");
    EXPECT_EQ(point_name(model, pack.soc_pct), "BMS-01/pack.soc_pct");
    EXPECT_FALSE(pack.soh_pct);
}

TEST(LoadConfig, ReadsBrokerStoreAlertsAndTheRest) {
    const auto config = load(site_text());
    ASSERT_THAT(config.publisher.brokers, SizeIs(2));
    EXPECT_EQ(config.publisher.brokers[1].host, "2001:db8::1");
    EXPECT_EQ(config.publisher.brokers[1].port, 8883);
    EXPECT_EQ(config.publisher.version, MqttVersion::v5);
    EXPECT_EQ(config.publisher.keepalive, Duration{20'000});
    EXPECT_TRUE(config.publisher.tls.enabled);
    EXPECT_TRUE(config.publisher.requests_enabled);
    EXPECT_EQ(config.store.commit_interval, Duration{2000});
    EXPECT_EQ(config.store.keep_frames, std::chrono::days{7});
    EXPECT_EQ(config.store.max_bytes, 1ULL << 30);
    ASSERT_THAT(config.settings.alert_rules, SizeIs(2));
    EXPECT_EQ(config.settings.alert_rules[0].type, "temperature_high");
    EXPECT_EQ(config.settings.alert_rules[0].warning, 38);
    EXPECT_FALSE(config.settings.alert_rules[0].critical);
    EXPECT_FALSE(config.settings.alert_rules[1].enabled);
    EXPECT_EQ(config.settings.battery.float_full_after, std::chrono::hours{48});
    EXPECT_EQ(config.settings.state_interval, Duration{30'000});
    EXPECT_EQ(config.http_socket, "/run/test/http.sock");
    EXPECT_EQ(config.journal_level, journal::Priority::debug);
}

TEST(LoadConfig, TheDefaultConfigurationIsFine) {
    const auto location = std::string(SITEPOWER_SOURCE_DIR) + "/config/sitepower.toml";
    std::ostringstream out;
    EXPECT_EQ(run_check(config_paths(location), out), 0) << out.str();
    EXPECT_THAT(out.str(), HasSubstr("site my-site: 0 devices on 0 buses"));
}

TEST(LoadConfig, TheExampleInTheDefaultConfigurationIsFineToo) {
    const auto config = load(uncommented(default_text()), source_path("config/devices"));
    EXPECT_THAT(config.model->devices, SizeIs(2));
    EXPECT_THAT(config.model->batteries, SizeIs(36));
    EXPECT_EQ(config.model->upses.at(0).strings.size(), 1U);
}

TEST(LoadConfig, TheDemoSiteIsFine) {
    auto text = read_file(source_path("config/demo/sitepower.toml.in"));
    for (const auto* number : {"@PORT_1@", "@PORT_2@", "@PORT_3@", "@BROKER_PORT@"}) {
        // Ports of their own: an endpoint belongs to one bus.
        text = replaced(text, number, std::to_string(5000 + text.find(number)));
    }
    while (text.find("@DIR@") != std::string::npos) text = replaced(text, "@DIR@", "/tmp/demo");
    const auto config = load(text, source_path("config/devices"));
    EXPECT_THAT(config.model->devices, SizeIs(5));
    EXPECT_THAT(config.model->batteries, SizeIs(73));
}

TEST(LoadConfig, FilesOfConfDJoinInTheOrderOfTheirNames) {
    const TemporaryDirectory directory;
    directory.write("sitepower.toml", "[site]\nid = 'a'\n[broker]\nenabled = false\n");
    directory.write("conf.d/20.toml", "[[location]]\nid = 'second'\n");
    directory.write("conf.d/10.toml", "[[location]]\nid = 'first'\n[store]\nkeep_frames_days = 3\n");
    directory.write("conf.d/note.txt", "not TOML\n");
    schema::Diagnostics diagnostics;
    const auto config = load_config(config_paths(directory.path()), diagnostics);
    ASSERT_TRUE(config) << error_report(diagnostics);
    ASSERT_THAT(config->model->locations, SizeIs(2));
    EXPECT_EQ(config->model->locations[0].id, "first");
    EXPECT_EQ(config->store.keep_frames, std::chrono::days{3});
}

TEST(LoadConfig, AKeyInTwoFilesNamesBoth) {
    const TemporaryDirectory directory;
    directory.write("sitepower.toml", "[site]\nid = 'a'\n[broker]\nenabled = false\n");
    directory.write("conf.d/10.toml", "[site]\nid = 'b'\n");
    schema::Diagnostics diagnostics;
    EXPECT_FALSE(load_config(config_paths(directory.path()), diagnostics));
    EXPECT_THAT(error_report(diagnostics), HasSubstr("conf.d/10.toml:2:1: site.id: is set already in " +
                                                     directory.path() + "/sitepower.toml:2:1"));
}

TEST(LoadConfig, OwnProfilesGoBeforeShippedOnes) {
    const TemporaryDirectory directory;
    directory.write("sitepower.toml", site_text());
    directory.write("devices/test-ups.toml", "schema = 99\n");
    schema::Diagnostics diagnostics;
    EXPECT_FALSE(load_config(config_paths(directory.path(), test_profiles()), diagnostics));
    EXPECT_THAT(error_report(diagnostics), HasSubstr(directory.path() + "/devices/test-ups.toml:1:"));
}

TEST(Credentials, PasswordAndKeyComeFromSystemd) {
    const TemporaryDirectory directory;
    directory.write("broker-password", "secret\n");
    directory.write("broker-key", "key");
    ConfigPaths paths = test_paths();
    paths.credentials_directory = directory.path();
    auto text = replaced(site_text(), "ca_file", "certificate_file = '/etc/c.pem'\nca_file");
    schema::Diagnostics diagnostics;
    const auto config = make_config(parsed(text), paths, diagnostics);
    ASSERT_TRUE(config) << error_report(diagnostics);
    EXPECT_EQ(config->publisher.password, "secret");
    EXPECT_EQ(config->publisher.tls.key_file, directory.path() + "/broker-key");
}

TEST(Credentials, AreOptionalUnlessTheFileNamesThem) {
    const TemporaryDirectory directory;
    ConfigPaths paths = test_paths();
    paths.credentials_directory = directory.path();
    schema::Diagnostics none;
    const auto config = make_config(parsed(site_text()), paths, none);
    ASSERT_TRUE(config) << error_report(none);
    EXPECT_EQ(config->publisher.password, "");
    schema::Diagnostics named;
    const auto text = replaced(site_text(), "user =", "password_credential = 'other'\nuser =");
    EXPECT_FALSE(make_config(parsed(text), paths, named));
    EXPECT_THAT(error_report(named),
                HasSubstr("broker.password_credential: systemd gave no credential \"other\""));
}

TEST(Credentials, AreOfLimitedSize) {
    const TemporaryDirectory directory;
    ConfigPaths paths = test_paths();
    paths.credentials_directory = directory.path();
    schema::Diagnostics fits;
    directory.write("broker-password", std::string(4096, 'x'));
    EXPECT_TRUE(make_config(parsed(site_text()), paths, fits));
    schema::Diagnostics too_long;
    directory.write("broker-password", std::string(4097, 'x'));
    EXPECT_FALSE(make_config(parsed(site_text()), paths, too_long));
}

TEST(Credentials, APipeIsRefusedAtOnce) {
    const TemporaryDirectory directory;
    ConfigPaths paths = test_paths();
    paths.credentials_directory = directory.path();
    const auto pipe = directory.pipe("broker-password");
    schema::Diagnostics diagnostics;
    EXPECT_FALSE(make_config(parsed(site_text()), paths, diagnostics));
    EXPECT_THAT(error_report(diagnostics), HasSubstr(pipe + ": cannot be read: it is no regular file"));
}

// A check and a reload look at the clock and at files; a start, whose clock may not be set yet, does not.
std::string problems_at(const std::string& text, std::optional<Time> checked_at,
                        const std::string& profiles = test_profiles()) {
    auto paths = test_paths(profiles);
    paths.checked_at = checked_at;
    schema::Diagnostics diagnostics;
    const bool accepted = make_config(parsed(text), paths, diagnostics).has_value();
    EXPECT_EQ(accepted, diagnostics.empty());
    return diagnostics.empty() ? "" : error_report(diagnostics);
}

std::string without_certificates() {
    return std::regex_replace(site_text(), std::regex("\nca_file = .*"), "");
}

TEST(CheckPresent, RefusesABatteryOfTheFuture) {
    const auto text = without_certificates();
    const auto now = *parse_time("2026-11-26T10:00:00Z");
    EXPECT_EQ(problems_at(text, now), "");
    const auto dated =
        std::regex_replace(text, std::regex("installed_date = \\S+"), "installed_date = 2099-03-01");
    ASSERT_NE(dated, text);
    EXPECT_THAT(problems_at(dated, now), HasSubstr("installed_date: is in the future"));
    EXPECT_EQ(problems_at(dated, std::nullopt), "");
    const auto tomorrow =
        std::regex_replace(text, std::regex("installed_date = \\S+"), "installed_date = 2026-11-27");
    EXPECT_EQ(problems_at(tomorrow, now + std::chrono::hours{1}), "") << "it has begun east of here";
}

TEST(CheckPresent, NamesTheCertificateThatIsNotThere) {
    const TemporaryDirectory directory;
    const auto file = directory.path() + "/ca.pem";
    const auto text =
        std::regex_replace(site_text(), std::regex("ca_file = \\S+"), "ca_file = '" + file + "'");
    ASSERT_NE(text, site_text());
    const auto now = *parse_time("2026-11-26T10:00:00Z");
    EXPECT_THAT(problems_at(text, now), HasSubstr("broker.tls.ca_file: there is no file " + file));
    EXPECT_EQ(problems_at(text, std::nullopt), "");
    directory.write("ca.pem", "x");
    EXPECT_EQ(problems_at(text, now), "");
}

TEST(CheckPresent, WantsAProfileToBeCalledAsItsFile) {
    const TemporaryDirectory directory;
    for (const auto& entry : std::filesystem::directory_iterator(test_profiles())) {
        const auto text = read_file(entry.path().string());
        directory.write(entry.path().filename().string(), entry.path().stem() == "test-ups"
                                                              ? replaced(text, "\"test-ups\"", "\"another\"")
                                                              : text);
    }
    const auto now = *parse_time("2026-11-26T10:00:00Z");
    EXPECT_THAT(problems_at(without_certificates(), now, directory.path()),
                HasSubstr("id: is \"another\", but the file is called test-ups.toml"));
    EXPECT_EQ(problems_at(without_certificates(), std::nullopt, directory.path()), "");
}

TEST(LoadConfig, ErrorsAreOfLimitedNumber) {
    std::string text = "[site]\nid = 'a'\n";
    for (int i = 0; i < 300; ++i) text += "key" + std::to_string(i) + " = 1\n";
    schema::Diagnostics diagnostics;
    EXPECT_FALSE(make_config(parsed(text), test_paths(), diagnostics));
    EXPECT_THAT(error_report(diagnostics), HasSubstr("... and 201 more\n301 errors\n"));
}

TEST(ConfigPaths, FollowTheOption) {
    EXPECT_EQ(config_paths("").file, "/etc/sitepower/sitepower.toml");
    EXPECT_EQ(config_paths("/a/b.toml").conf_d, "/a/conf.d");
    EXPECT_THAT(config_paths("/a/b.toml", "/p").profile_directories, ElementsAre("/a/devices", "/p"));
    EXPECT_THAT(config_paths("/a/b.toml", "/p/devices").battery_directories,
                ElementsAre("/a/batteries", "/p/batteries"));
    EXPECT_THAT(config_paths("/a/b.toml", "/p/devices").fade_directories, ElementsAre("/a/fade", "/p/fade"));
    const TemporaryDirectory directory;
    EXPECT_EQ(config_paths(directory.path()).file, directory.path() + "/sitepower.toml");
    EXPECT_EQ(config_paths("b.toml").conf_d, "conf.d");
}

}  // namespace
}  // namespace sitepower::config::load_test
