// The commands for people in front of a device, against the simulated site and without a daemon.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/site_fixture.hpp"
#include "tests/support/fake_slave.hpp"
#include "tests/support/sunspec_map.hpp"

namespace sitepower::integration::field_test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const std::string profiles = SITEPOWER_SOURCE_DIR "/config/devices";

class FieldCommands : public testing::Test {
  protected:
    void SetUp() override { site_.start_simulation(); }

    std::string tcp(int offset) const {
        return "tcp:127.0.0.1:" + std::to_string(site_.modbus_port() + offset);
    }
    std::string serial() const { return "rtu:" + (site_.path("sim") / "ttySIM0").string() + ":9600:8N1"; }

    SiteFixture site_;
};

TEST_F(FieldCommands, ProbeShowsEachPointOfADevice) {
    const auto ran =
        site_.ctl({"profile", "probe", profiles + "/sim-ups.toml", "--endpoint", tcp(0), "--unit", "1"});
    EXPECT_EQ(ran.status, 0) << ran.output;
    EXPECT_THAT(ran.output,
                AllOf(HasSubstr("POINT"), HasSubstr("holding"), HasSubstr("points have a value")));
    const auto json = nlohmann::json::parse(
        site_.ctl({"--json", "profile", "probe", profiles + "/sim-ups.toml", "--endpoint", tcp(0)}).output);
    EXPECT_EQ(json["profile"], "sim-ups");
    ASSERT_FALSE(json["points"].empty());
    EXPECT_GT(json["good"].get<int>(), 0);
    for (const auto& point : json["points"]) {
        EXPECT_FALSE(point["raw"].empty()) << point;
        EXPECT_EQ(point["value"].is_null(), point["quality"] != "good") << point;
    }
}

TEST_F(FieldCommands, ProbeReadsASerialLine) {
    const auto ran =
        site_.ctl({"profile", "probe", profiles + "/sim-meter.toml", "--endpoint", serial(), "--unit", "2"});
    EXPECT_EQ(ran.status, 0) << ran.output;
    EXPECT_THAT(ran.output, HasSubstr("_v"));
}

TEST_F(FieldCommands, ADumpIsACopyThatPassesItsOwnCheck) {
    const auto copy = site_.path("copy.toml").string();
    const std::vector<std::string> dump{"profile",    "dump",    profiles + "/sim-bms.toml",
                                        "--endpoint", tcp(2),    "--output",
                                        copy,         "--about", "simulated \"rack\""};
    const auto ran = site_.ctl(dump);
    ASSERT_EQ(ran.status, 0) << ran.output;
    const auto text = support::read_file(copy);
    EXPECT_THAT(text, AllOf(HasSubstr("[[samples.blocks]]"), HasSubstr("simulated \\\"rack\\\"")));
    const auto checked = site_.ctl({"profile", "check", copy});
    EXPECT_EQ(checked.status, 0) << checked.output;
    EXPECT_THAT(checked.output, HasSubstr("called as its id: sim-bms.toml"));
    const auto again = site_.ctl(dump);
    EXPECT_EQ(again.status, 1);
    EXPECT_THAT(again.output, HasSubstr("is there already"));
    // One register that is not as captured, and the sample says so.
    const auto at = text.find("registers = [", text.find("[[samples.blocks]]")) + 13;
    auto wrong = text;
    wrong.replace(at, text.find_first_of(",]", at) - at, "4321");
    support::write_file(copy, wrong);
    const auto refused = site_.ctl({"profile", "check", copy});
    EXPECT_EQ(refused.status, 1);
    EXPECT_THAT(refused.output, HasSubstr(copy));
}

TEST_F(FieldCommands, AScanNamesTheProfileThatFits) {
    const auto ran = site_.ctl({"scan", "--endpoint", tcp(1), "--units", "1-2", "--profiles", profiles,
                                "--response-timeout-ms", "300"});
    EXPECT_EQ(ran.status, 0) << ran.output;
    EXPECT_THAT(ran.output, AllOf(HasSubstr("unit 1: answers"), HasSubstr("profile sim-battery-monitor:"),
                                  HasSubstr("1 unit answers, 1 is silent")));
}

// Units of their own, texts, and registers far from each other with nothing in between.
TEST_F(FieldCommands, ADumpHoldsWhatTheDeviceHasAndNothingBetween) {
    support::FakeSlave slave(support::Wire::tcp);
    const auto is_there = [](int address) {
        return address == 5 || address == 7 || (address >= 20 && address < 22) || address == 2000 ||
               address == 60000;
    };
    slave.set_content([](const support::SeenRequest& request, std::uint16_t address) {
        if (address == 7) return static_cast<std::uint16_t>(request.serial);  // changes with each read
        return address == 20 || address == 21 ? std::uint16_t{0x4142}
                                              : static_cast<std::uint16_t>(request.question.unit + address);
    });
    slave.set_manners([&](const support::SeenRequest& request) {
        const auto& asked = request.question;
        for (int address = asked.address; address < asked.address + asked.count; ++address) {
            if (!is_there(address))
                return support::Behaviour{.kind = support::Behaviour::Kind::exception, .exception = 0x02};
        }
        return support::Behaviour{};
    });
    const auto file = site_.path("far.toml").string();
    support::write_file(file, R"(schema = 1
id = "far"
kind = "bms"
manufacturer = "Maker"
models = ["One"]
poll_ms = { fast = 1000, slow = 60000 }
limits = { max_hole = 0 }
defaults = { poll = "fast" }
derived = [{ name = "twice", op = "sum", of = ["changing"], weights = [2], poll = "slow" }]
points = [
    { name = "a", address = 5 },
    { name = "changing", address = 7 },
    { name = "refused", address = 30 },
    { name = "b", address = 2000, range = [0, 1] },
    { name = "c", address = 60000 },
    { name = "serial", address = 20, type = "string", length = 2 },
]
groups = [{ name = "string{s}", address = 0, unit = 101, repeat = [{ index = "s", count = 2, unit_stride = 1 }], points = [{ name = "a", address = 5 }] }]
)");
    const auto copy = site_.path("far-copy.toml").string();
    const auto ran =
        site_.ctl({"profile", "dump", file, "--output", copy, "--endpoint",
                   "tcp:127.0.0.1:" + std::to_string(std::get<modbus::TcpEndpoint>(slave.endpoint()).port)});
    ASSERT_EQ(ran.status, 0) << ran.output;
    EXPECT_THAT(
        support::read_file(copy),
        AllOf(HasSubstr("table = \"holding\"\naddress = 5\nregisters = [6]\n"),
              HasSubstr("address = 20\nregisters = [16706, 16706]\n"),
              HasSubstr("address = 2000\nregisters = [2001]\n"),
              HasSubstr("address = 60000\nregisters = [60001]\n"),
              HasSubstr("unit = 102\ntable = \"holding\"\naddress = 5\nregisters = [107]\n"),
              HasSubstr("\"string2.a\" = 107\n"), HasSubstr("[samples.expect_text]\n\"serial\" = \"ABAB\"\n"),
              HasSubstr("[samples.expect_quality]\n\"b\" = \"out_of_range\"\n"),
              Not(HasSubstr("\"refused\" ="))));
    EXPECT_THAT(support::read_file(copy), HasSubstr("\"twice\" = "));
    EXPECT_EQ(site_.ctl({"profile", "check", copy}).status, 0);
}

// Two common models on one unit.
TEST_F(FieldCommands, AScanTellsTheDevicesOfASunspecUnitApart) {
    support::SunspecMap map;
    map.add_common("ACME", "Inv", "A1");
    map.add(103, 50);
    map.add_common("ACME", "Meter", "B2");
    map.add(203, 105);
    map.end();
    support::FakeSlave slave(support::Wire::tcp);
    slave.set_content([&map](const support::SeenRequest& /*request*/, std::uint16_t address) {
        const auto found = map.words().find(address);
        return found == map.words().end() ? std::uint16_t{0} : found->second;
    });
    const auto endpoint =
        "tcp:127.0.0.1:" + std::to_string(std::get<modbus::TcpEndpoint>(slave.endpoint()).port);
    std::vector<std::string> scan{"scan", "--endpoint", endpoint, "--units", "1", "--profiles", profiles};
    const auto said = site_.ctl(scan).output;
    EXPECT_THAT(said,
                AllOf(HasSubstr("serial A1, models 1, 103: profile = \"sunspec\", sunspec_device = 1"),
                      HasSubstr("serial B2, models 1, 203: profile = \"sunspec\", sunspec_device = 2")));
    scan.emplace_back("--json");
    const auto devices = nlohmann::json::parse(site_.ctl(scan).output)["units"][0]["sunspec"];
    ASSERT_EQ(devices.size(), 2U);
    EXPECT_EQ(devices[1]["sunspec_device"], 2);
}

TEST_F(FieldCommands, ProbeAndScanReadTheIdentification) {
    support::FakeSlave slave(support::Wire::tcp);
    const auto endpoint =
        "tcp:127.0.0.1:" + std::to_string(std::get<modbus::TcpEndpoint>(slave.endpoint()).port);
    const auto write = [&](const std::string& id, const std::string& start) {
        support::write_file(site_.path("named") / (id + ".toml"), "schema = 1\nid = \"" + id + "\"\n" +
                                                                      R"(kind = "ups"
manufacturer = "Maker"
models = ["One"]
poll_ms = { fast = 1000 }
defaults = { poll = "fast" }
points = [{ name = "a", address = 100 }]
probe = [{ object = 0x88, object_from = 0x87, starts_with = [")" + start +
                                                                      "\"] }]\n");
        return (site_.path("named") / (id + ".toml")).string();
    };
    const auto right = write("right", "unit 1, object 136");
    const auto wrong = write("wrong", "1=UPS2000");
    EXPECT_THAT(
        site_.ctl({"profile", "probe", right, "--endpoint", endpoint}).output,
        HasSubstr("probe: identification object 0x88 (function 43) is \"unit 1, object 136\", as expected"));
    EXPECT_THAT(site_.ctl({"profile", "probe", wrong, "--endpoint", endpoint}).output,
                HasSubstr("is \"unit 1, object 136\" instead of a text that starts with \"1=UPS2000\""));
    const auto scanned = site_.ctl(
        {"scan", "--endpoint", endpoint, "--units", "1", "--profiles", site_.path("named").string()});
    EXPECT_THAT(scanned.output, AllOf(HasSubstr("profile right: 1 of 1"), Not(HasSubstr("wrong"))));
}

TEST_F(FieldCommands, WhatIsWrongIsSaid) {
    const auto file = profiles + "/sim-ups.toml";
    const auto probe = [&](const std::string& profile, const std::string& endpoint) {
        return site_.ctl(
            {"profile", "probe", profile, "--endpoint", endpoint, "--response-timeout-ms", "200"});
    };
    EXPECT_THAT(probe(file, "udp:x").output, HasSubstr("expected tcp:HOST:PORT"));
    EXPECT_THAT(probe(file, "tcp:127.0.0.1:1").output, HasSubstr("Connection refused"));
    EXPECT_THAT(probe("/no/such.toml", tcp(0)).output, HasSubstr("/no/such.toml"));
    const auto silent = site_.ctl(
        {"profile", "probe", file, "--endpoint", tcp(0), "--unit", "9", "--response-timeout-ms", "200"});
    EXPECT_EQ(silent.status, 1);
    EXPECT_THAT(silent.output, AllOf(HasSubstr("unit 9"), HasSubstr("gives nothing")));
    EXPECT_EQ(site_.ctl({"profile", "probe", file}).status, 2);
    EXPECT_EQ(probe(file, "tcp:127.0.0.1:70000").status, 2);
    const auto about = [&](const std::string& text) {
        return site_.ctl({"profile", "dump", file, "--endpoint", tcp(0), "--about", text});
    };
    for (const auto& text : {std::string("room \x7F"), std::string("Z\xFCrich"), std::string(1025, 'x')}) {
        const auto refused = about(text);
        EXPECT_EQ(refused.status, 2) << refused.output;
        EXPECT_THAT(refused.output, HasSubstr("--about: expected at most 1024 characters"));
    }
    EXPECT_EQ(site_.ctl({"scan", "--endpoint", tcp(0), "--units", "250"}).status, 2);
    support::write_file(site_.path("bad.toml"), "schema = 1\nid = \"x\"\n");
    const auto bad = site_.ctl({"profile", "check", site_.path("bad.toml").string(), "--json"});
    EXPECT_EQ(bad.status, 1);
    EXPECT_FALSE(nlohmann::json::parse(bad.output)["accepted"].get<bool>());
}

}  // namespace
}  // namespace sitepower::integration::field_test
