// The whole chain as its users meet it: real Modbus from sitepower-sim, a real broker, the real programs.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>

#include "tests/integration/site_fixture.hpp"

namespace sitepower::integration::daemon_test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Arrivals = std::vector<SiteFixture::Arrival>;

std::size_t count(const Arrivals& arrivals, const std::string& topic) {
    return static_cast<std::size_t>(std::count_if(
        arrivals.begin(), arrivals.end(), [&](const auto& arrival) { return arrival.topic == topic; }));
}

const SiteFixture::Arrival* last(const Arrivals& arrivals, const std::string& topic) {
    const auto found = std::find_if(arrivals.rbegin(), arrivals.rend(),
                                    [&](const auto& arrival) { return arrival.topic == topic; });
    return found == arrivals.rend() ? nullptr : &*found;
}

bool told_alert(const Arrivals& arrivals, const std::string& type, const std::string& transition) {
    return std::any_of(arrivals.begin(), arrivals.end(), [&](const auto& arrival) {
        return arrival.topic == "event/alert" && arrival.value.value("alert_type", "") == type &&
               arrival.value.value("transition", "") == transition;
    });
}

// Readings of every device have arrived at least `times`.
bool all_devices_read(const Arrivals& arrivals, std::size_t times) {
    for (const char* device : {"UPS-01", "MON-01", "BMS-01", "MTR-01", "MTR-02"}) {
        if (count(arrivals, fmt::format("device/{}/readings", device)) < times) return false;
    }
    return true;
}

class DaemonTest : public ::testing::Test {
  protected:
    SiteFixture site;

    void start() {
        site.subscribe();
        site.start_simulation();
        site.start_daemon();
    }
    // Waits until everything read so far is committed (more than one commit interval passes) and delivered,
    // stops the daemon, and gives what the subscriber has once it knows of the stop, which is told last.
    Arrivals deliver_and_stop() {
        const auto before = count(site.arrivals(), "device/UPS-01/readings");
        EXPECT_TRUE(site.wait_until_arrived(
            [&](const Arrivals& all) { return count(all, "device/UPS-01/readings") >= before + 3; },
            seconds{30}));
        EXPECT_TRUE(support::eventually(seconds{20}, [&] { return outbox() == 0; }));
        site.stop_daemon();
        EXPECT_TRUE(site.wait_until_arrived(
            [](const Arrivals& all) { return last(all, "status")->value.at("status") == "offline"; },
            seconds{10}));
        return site.arrivals();
    }
    std::uint64_t outbox() const {
        const auto status = site.query({"status"});
        return status.is_null() ? 0 : status.at("outbox").get<std::uint64_t>();
    }
};

TEST_F(DaemonTest, ReadingsStatesAndTheSiteArrive) {
    start();
    ASSERT_TRUE(site.wait_until_arrived(
        [](const Arrivals& all) {
            return all_devices_read(all, 3) && count(all, "site") > 0 && count(all, "ups/UPS-01/state") > 0 &&
                   count(all, "battery/BAT-DC-CNX-01-UPS-01-STR-02-036/state") > 0;
        },
        seconds{20}));
    const auto arrivals = site.arrivals();
    const auto jar = std::find_if(arrivals.begin(), arrivals.end(), [](const auto& arrival) {
        return arrival.topic == "device/MON-01/readings" &&
               arrival.value.at("values").contains("string1.jar1.voltage_v");
    });
    ASSERT_NE(jar, arrivals.end());
    EXPECT_NEAR(jar->value.at("values").at("string1.jar1.voltage_v").get<double>(), 13.6, 0.7);
    EXPECT_EQ(last(arrivals, "device/UPS-01/state")->value.at("status"), "online");
    EXPECT_FALSE(last(arrivals, "ups/UPS-01/state")->value.at("on_battery").get<bool>());
    expect_nothing_missing(deliver_and_stop());
}

TEST_F(DaemonTest, MainsFailureIsAnAlertUntilTheMainsAreBack) {
    start();
    ASSERT_TRUE(
        site.wait_until_arrived([](const Arrivals& all) { return all_devices_read(all, 1); }, seconds{20}));
    site.tell("mains fail");
    ASSERT_TRUE(site.wait_until_arrived(
        [](const Arrivals& all) { return told_alert(all, "ups_on_battery", "triggered"); }, seconds{30}));
    const auto alerts = site.query({"alerts"});
    ASSERT_FALSE(alerts.is_null());
    const auto id = alerts["items"][0]["alert_id"].get<std::string>();
    EXPECT_EQ(site.ctl({"alert", "ack", id, "--note", "generator is on its way"}).status, 0);
    EXPECT_EQ(site.ctl({"alert", "ack", id}).status, 1) << "acknowledged before";
    site.tell("mains restore");
    EXPECT_TRUE(site.wait_until_arrived(
        [](const Arrivals& all) { return told_alert(all, "ups_on_battery", "resolved"); }, seconds{60}));
}

// Both would publish the site, and neither would know of the other.
TEST_F(DaemonTest, ASecondDaemonOnTheSameStateIsRefused) {
    start();
    support::write_file(site.path("second.toml"), [&] {
        auto text = support::read_file(site.path("sitepower.toml"));
        const auto socket = site.path("api.sock").string();
        text.replace(text.find(socket), socket.size(), site.path("second.sock").string());
        return text;
    }());
    const std::vector<std::string> command{program("sitepowerd"), "--config", site.path("second.toml"),
                                           "--profiles", SITEPOWER_SOURCE_DIR "/config/devices"};
    support::Process second(command, site.path("second.log"));
    EXPECT_EQ(second.wait(seconds{20}), 1);
    EXPECT_NE(second.output().find("another sitepowerd uses " + site.path("state").string()),
              std::string::npos)
        << second.output();
    auto check = command;
    check.emplace_back("check");
    support::Process checking(check, site.path("check.log"));
    EXPECT_EQ(checking.wait(seconds{20}), 0) << checking.output();
    site.kill_daemon();
    site.start_daemon();  // the kernel has released the lock
}

TEST_F(DaemonTest, AFullDiskRefusesWhatPeopleChangeAndStopsNothingElse) {
    const auto state = site.path("state");
    std::filesystem::create_directories(state);
    if (geteuid() != 0 || mount("tmpfs", state.c_str(), "tmpfs", 0, "size=16m") != 0) {
        GTEST_SKIP() << "mounting a small file system needs root";
    }
    const auto ballast = state / "ballast";
    const auto fill = [&] {
        std::ofstream file(ballast, std::ios::app);
        const std::string block(4096, 'x');
        while (file.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
        }
    };
    start();
    site.stop_daemon();
    fill();
    site.start_daemon();
    EXPECT_TRUE(site.wait_until_arrived(
        [](const Arrivals& all) { return told_alert(all, "store_full", "triggered"); }, seconds{20}));
    const auto before = count(site.arrivals(), "device/UPS-01/readings");
    EXPECT_TRUE(site.wait_until_arrived(
        [&](const Arrivals& all) { return count(all, "device/UPS-01/readings") >= before + 2; },
        seconds{20}));
    const auto refused =
        site.ctl({"battery", "replace", "BAT-DC-CNX-01-UPS-01-STR-02-036", "--serial", "NEW-1"});
    EXPECT_NE(refused.status, 0);
    EXPECT_NE(refused.output.find("nothing was done"), std::string::npos) << refused.output;
    std::filesystem::remove(ballast);
    EXPECT_TRUE(site.wait_until_arrived(
        [](const Arrivals& all) { return told_alert(all, "store_full", "resolved"); }, seconds{60}));
    site.stop_daemon();
    site.daemon.reset();
    EXPECT_EQ(umount(state.c_str()), 0);
}

TEST_F(DaemonTest, ACommandIsWrittenReadBackAndOnRecord) {
    if (getuid() != 0) GTEST_SKIP() << "only root and members of sitepower-admin may write";
    start();
    ASSERT_TRUE(
        site.wait_until_arrived([](const Arrivals& all) { return all_devices_read(all, 1); }, seconds{20}));
    const auto told = site.query({"command", "BMS-01", "charge.limit", "--value", "60"});
    ASSERT_FALSE(told.is_null()) << site.daemon_log();
    EXPECT_EQ(told["status"], "verified");
    EXPECT_EQ(told["read_back"], 60);
    const auto refused = site.ctl({"command", "BMS-01", "charge.limit", "--value", "600"});
    EXPECT_EQ(refused.status, 1) << "the device may not be set to that";
    // Of a device that does not answer nothing is said to be done.
    site.tell("device BMS-01 hang");
    const auto silent = site.ctl({"command", "BMS-01", "charge.limit", "--value", "70"});
    EXPECT_EQ(silent.status, 1);
    EXPECT_NE(silent.output.find("SERVICE_UNAVAILABLE"), std::string::npos) << silent.output;
}

TEST_F(DaemonTest, ABrokerOutageLosesNothingAndTheBacklogFollows) {
    start();
    ASSERT_TRUE(
        site.wait_until_arrived([](const Arrivals& all) { return all_devices_read(all, 2); }, seconds{20}));
    site.broker.stop();
    ASSERT_TRUE(support::eventually(seconds{30}, [&] { return outbox() >= 25; }));
    site.broker.start();
    ASSERT_TRUE(site.wait_until_arrived(
        [](const Arrivals& all) {
            return std::any_of(all.begin(), all.end(), [](const auto& arrival) { return arrival.backlog; });
        },
        seconds{30}));
    const auto arrivals = deliver_and_stop();
    expect_nothing_missing(arrivals);
    for (const auto& arrival : arrivals) {
        EXPECT_FALSE(arrival.backlog && arrival.topic == "status");
    }
}

TEST_F(DaemonTest, ACleanStopWhileTheBrokerIsGoneLosesNothing) {
    start();
    ASSERT_TRUE(
        site.wait_until_arrived([](const Arrivals& all) { return all_devices_read(all, 1); }, seconds{20}));
    site.broker.stop();
    ASSERT_TRUE(support::eventually(seconds{30}, [&] { return outbox() >= 10; }));
    site.stop_daemon();
    site.broker.start();
    site.start_daemon();
    expect_nothing_missing(deliver_and_stop());
}

TEST_F(DaemonTest, KilledAtAnyMomentNothingCommittedIsLost) {
    start();
    std::mt19937 random(20260101);
    for (int round = 0; round < 4; ++round) {
        const auto before = site.arrivals().size();
        const auto messages = std::uniform_int_distribution<std::size_t>(5, 60)(random);
        ASSERT_TRUE(site.wait_until_arrived(
            [&](const Arrivals& all) { return all.size() >= before + messages; }, seconds{30}));
        site.kill_daemon();
        site.start_daemon();
    }
    // Each kill may take one commit interval, one second here: at most two polls, or three tellings of a
    // state.
    expect_nothing_missing(deliver_and_stop(), 3);
}

TEST_F(DaemonTest, AHungDeviceHurtsOnlyItself) {
    start();
    ASSERT_TRUE(
        site.wait_until_arrived([](const Arrivals& all) { return all_devices_read(all, 1); }, seconds{20}));
    site.tell("device BMS-01 hang");
    ASSERT_TRUE(site.wait_until_arrived(
        [](const Arrivals& all) { return told_alert(all, "device_offline", "triggered"); }, seconds{60}));
    const auto before = site.arrivals();
    ASSERT_TRUE(site.wait_until_arrived(
        [&](const Arrivals& all) {
            return count(all, "device/UPS-01/readings") >= count(before, "device/UPS-01/readings") + 5 &&
                   count(all, "device/MTR-01/readings") >= count(before, "device/MTR-01/readings") + 5;
        },
        seconds{20}));
    site.tell("device BMS-01 return");
    EXPECT_TRUE(site.wait_until_arrived(
        [](const Arrivals& all) { return told_alert(all, "device_offline", "resolved"); }, seconds{60}));
    EXPECT_EQ(site.daemon_log().find("errno"), std::string::npos) << "never a bare errno";
}

TEST_F(DaemonTest, AWrongPasswordIsToldAndAReloadMendsIt) {
    site.subscribe();
    site.start_simulation();
    support::Broker guarded({.user = "box", .password = "right"});
    guarded.start();
    const auto good_table = site.broker_table;
    support::write_file(site.path("credentials/mqtt-password"), "wrong\n");
    site.daemon_environment = {"CREDENTIALS_DIRECTORY=" + site.path("credentials").string()};
    site.broker_table = fmt::format(
        "[broker]\naddresses = [\"127.0.0.1:{}\"]\nuser = \"box\"\nreconnect_min_ms = 100\n", guarded.port());
    site.start_daemon();
    EXPECT_TRUE(support::eventually(seconds{20}, [&] {
        const auto status = site.query({"status"});
        return !status.is_null() &&
               status["components"]["broker"].dump().find("Not auth") != std::string::npos;
    })) << site.ctl({"status", "--json"}).output;

    site.broker_table = good_table;
    site.write_configuration();
    const auto reloaded = site.ctl({"reload"});
    EXPECT_EQ(reloaded.status, 0) << reloaded.output;
    EXPECT_TRUE(
        site.wait_until_arrived([](const Arrivals& all) { return all_devices_read(all, 2); }, seconds{30}));
    expect_nothing_missing(deliver_and_stop());
}

TEST_F(DaemonTest, ABrokenReloadIsRefusedWithItsPlaceAndChangesNothing) {
    start();
    ASSERT_TRUE(
        site.wait_until_arrived([](const Arrivals& all) { return all_devices_read(all, 1); }, seconds{20}));
    site.more = "[alerts.voltage_hihg]\nwarning = 14.6\n";
    site.write_configuration();
    const auto refused = site.ctl({"reload"});
    EXPECT_EQ(refused.status, 1);
    EXPECT_NE(refused.output.find("voltage_hihg"), std::string::npos) << refused.output;
    EXPECT_NE(refused.output.find("sitepower.toml"), std::string::npos) << refused.output;

    site.more = "[alerts.voltage_high]\nwarning = 0.4\n";
    site.write_configuration();
    const auto before = site.arrivals();
    EXPECT_EQ(site.ctl({"reload"}).status, 0);
    EXPECT_TRUE(site.wait_until_arrived(
        [&](const Arrivals& all) {
            return count(all, "device/MON-01/readings") >= count(before, "device/MON-01/readings") + 3;
        },
        seconds{20}))
        << "buses that did not change go on";
    expect_nothing_missing(deliver_and_stop());
}

TEST_F(DaemonTest, ItSaysForHowLongItRunsAndWhatItIsAsked) {
    site.start_simulation();
    site.start_daemon();
    for (int i = 0; i < 3; ++i) ASSERT_EQ(site.ctl({"locations"}).status, 0);
    const auto status = site.query({"status"});
    ASSERT_FALSE(status.is_null());
    EXPECT_GE(status["requests_per_minute"].get<int>(), 3);
    EXPECT_GE(status["uptime_s"].get<int>(), 0);
    EXPECT_LT(status["uptime_s"].get<int>(), 300);
    site.stop_daemon();
}

TEST_F(DaemonTest, WithoutABrokerItStartsAndWorks) {
    site.start_simulation();
    site.broker.stop();
    site.start_daemon();
    EXPECT_TRUE(support::eventually(seconds{20}, [&] { return outbox() >= 10; }));
    EXPECT_EQ(site.ctl({"status"}).status, 4) << "degraded";
    const auto batteries = site.query({"batteries"});
    ASSERT_FALSE(batteries.is_null());
    EXPECT_EQ(batteries["total"], 73);
    site.stop_daemon();
}

TEST_F(DaemonTest, TelemetryOfABatteryComesBackInOrder) {
    start();
    ASSERT_TRUE(
        site.wait_until_arrived([](const Arrivals& all) { return all_devices_read(all, 5); }, seconds{30}));
    json history;
    ASSERT_TRUE(support::eventually(seconds{20}, [&] {
        history = site.query({"history", "UPS-01/output.load_kw"});
        return !history.is_null() && history["count"].get<int>() >= 3;
    }));
    std::string previous;
    for (const auto& row : history.at("data")) {
        EXPECT_LT(previous, row["timestamp"].get<std::string>());
        previous = row["timestamp"];
    }
}

TEST(Log, AnErrorOfTheSystemWithoutAPlaceIsSeen) {
    const std::string time = "2026-11-22T06:14:28.123Z warning  ";
    for (const std::string bare : {"Connection refused", "device: Connection timed out", "errno 110",
                                   "write failed: error 5", "Broken pipe", "No such file or directory"}) {
        EXPECT_EQ(lines_with_a_bare_errno(time + bare + "\n").size(), 1U) << bare;
    }
    for (const std::string good :
         {"broker 127.0.0.1:1883: Connection refused",
          "/var/lib/sitepower/sitepower.db: No space left on device",
          "bus room, unit 3, holding 100..109: Connection timed out", "UPS-01 answers"}) {
        EXPECT_TRUE(lines_with_a_bare_errno(time + good + "\n").empty()) << good;
    }
}

TEST(Programs, RefuseBadConfigurationsWith78) {
    support::TemporaryDirectory directory;
    const auto file = directory.path() / "sitepower.toml";
    support::write_file(file, "[site]\nid = \"DC CNX\"\nnmae = \"x\"\n");
    support::Process daemon({program("sitepowerd"), "--config", file}, directory.path() / "log");
    EXPECT_EQ(daemon.wait(seconds{10}), 78);
    EXPECT_NE(daemon.output().find("sitepower.toml:2"), std::string::npos) << daemon.output();
    EXPECT_NE(daemon.output().find("nmae"), std::string::npos) << daemon.output();
}

TEST(Programs, AnUnreachableDaemonIsExitStatus3) {
    support::TemporaryDirectory directory;
    support::Process ctl({program("sitepowerctl"), "--socket", directory.path() / "none.sock", "status"},
                         directory.path() / "log");
    EXPECT_EQ(ctl.wait(seconds{10}), 3);
    EXPECT_NE(ctl.output().find("is sitepowerd running"), std::string::npos) << ctl.output();
}

}  // namespace
}  // namespace sitepower::integration::daemon_test
