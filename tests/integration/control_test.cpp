// Control as its users meet it: a real daemon that carries its plan into a simulated inverter, what it does
// when the inverter does not follow, when the mains fail, and when the daemon itself is gone.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "core/base/time.hpp"
#include "tests/integration/site_fixture.hpp"
#include "tests/support/process.hpp"

namespace sitepower::integration {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

class ControlTest : public testing::Test {
  protected:
    void start(const std::string& manner = "obey") {
        site_.start_simulation();
        ASSERT_TRUE(support::eventually(
            seconds{10}, [&] { return std::filesystem::exists(site_.path("sim") / "control"); }));
        site_.tell("device INV-01 " + manner);
        // Energy is dear now: the plan is to discharge with all that the battery may.
        std::string prices = "time,price\n";
        const auto now = std::chrono::floor<hours>(std::chrono::system_clock::now());
        for (int hour = -1; hour < 40; ++hour)
            prices += format_time(Time{now + hours{hour}}) + (hour < 4 ? ",900\n" : ",20\n");
        support::write_file(site_.path("prices.csv"), prices);
        site_.more = R"(
[[device]]
id = "INV-01"
profile = "sim-inverter"
bus = "pack"
unit = 2
commands = ["remote.take", "remote.release", "power.set", "keep_alive"]

[[device]]
id = "MTR-03"
profile = "sim-meter"
bus = "pack"
unit = 3

[[price]]
id = "energy_price"
currency = "EUR"
source = "file"
path = ")" + site_.path("prices.csv").string() +
                     R"("

[dispatch]
import_price = "energy_price"
load = ["UPS-01/output.load_kw"]
import_limit_kw = 200

[[dispatch.battery]]
id = "LIB-01"
charge = "INV-01/charge_pct"
capacity_kwh = 47
charge_max_kw = 8
discharge_max_kw = 8
critical_load = ["UPS-01/output.load_kw"]
required_autonomy_min = 10

[dispatch.battery.control]
device = "INV-01"
prepare = [{ command = "remote.take" }]
setpoint = "power.set"
keep_alive = "keep_alive"
release = "remote.release"
power = "INV-01/power_kw"
meter = "MTR-03/power_kw"
ramp_kw_per_s = 4
write_interval_s = 2
effect_within_s = 10
tolerance_kw = 1.5
)";
        site_.start_daemon();
    }
    json point(const std::string& device, const std::string& name) {
        const auto data = site_.query({"device", device});
        return data.is_null() ? json() : data["values"][name];
    }
    // What stands in the inverter, by its own word: "follows setpoints" or "by itself".
    std::string inverter() {
        site_.tell("status");
        const auto status = support::read_file(site_.path("tell.log"));
        const auto at = status.rfind("inverter  ");  // the log goes on from word to word
        return at == status.npos ? status : status.substr(at, status.find('\n', at) - at);
    }
    bool follows(const std::string& power) {
        return support::eventually(seconds{45}, [&] {
            const auto text = inverter();
            return text.find("follows setpoints") != text.npos && text.find(power) != text.npos;
        });
    }
    bool is_by_itself(seconds within) {
        return support::eventually(within, [&] { return inverter().find("by itself") != std::string::npos; });
    }
    // The message of an open alert of that type; empty: there is none.
    std::string alert(const std::string& type) {
        const auto alerts = site_.query({"alerts"});
        if (alerts.is_null()) return "";
        for (const auto& each : alerts["items"])
            if (each["alert_type"] == type) return each.dump();
        return "";
    }
    bool raises(const std::string& type, const std::string& word, seconds within = seconds{45}) {
        return support::eventually(within, [&] { return alert(type).find(word) != std::string::npos; });
    }
    int release() {
        support::Process program(
            {integration::program("sitepower-release"), (site_.path("state") / "release.json").string()},
            site_.path("release.log"));
        return program.wait(seconds{10}).value_or(-1);
    }

    SiteFixture site_;
};

TEST_F(ControlTest, ThePlanReachesTheInverterAndACleanStopHandsItBack) {
    site_.subscribe();
    start();
    ASSERT_TRUE(follows("-8.0 kW")) << inverter() << site_.ctl({"control"}).output;
    const auto told = [&](const auto& condition) {
        return site_.wait_until_arrived(
            [&](const std::vector<SiteFixture::Arrival>& all) {
                return std::ranges::any_of(all, [&](const auto& arrival) {
                    return arrival.topic == "control/LIB-01" && condition(arrival.value);
                });
            },
            seconds{20});
    };
    EXPECT_TRUE(told([](const json& value) {
        return value["state"] == "controlling" && value["setpoint_kw"] == -8.0 && value["trouble"] == "none";
    }));
    // The keep-alive goes on: without it the inverter would have taken itself back by now.
    EXPECT_FALSE(is_by_itself(seconds{35}));
    EXPECT_EQ(alert("setpoint_not_followed"), "");
    EXPECT_EQ(alert("setpoint_limited"), "");
    site_.stop_daemon();
    EXPECT_TRUE(is_by_itself(seconds{1})) << "at once, not when the dead man finds out";
    expect_nothing_missing(site_.arrivals());
}

TEST_F(ControlTest, WhenTheDaemonDiesTheReleaseProgramHandsTheInverterBack) {
    start();
    for (int time = 1; time <= 5; ++time) {
        ASSERT_TRUE(follows("-8.0 kW")) << time << inverter();
        site_.kill_daemon();
        EXPECT_EQ(release(), 0) << support::read_file(site_.path("release.log"));
        EXPECT_TRUE(is_by_itself(seconds{1})) << "time " << time;
        if (time < 5) site_.start_daemon();
    }
}

TEST_F(ControlTest, OneThatIgnoresItsSetpointIsNoticedAndHandedBack) {
    start("ignore");
    ASSERT_TRUE(raises("setpoint_not_followed", "INV-01 ignores")) << inverter();
    EXPECT_TRUE(is_by_itself(seconds{5}));
}

TEST_F(ControlTest, OneThatLagsIsToldAndGoesOnAndOneThatLiesIsHandedBack) {
    start("lag");
    EXPECT_TRUE(raises("setpoint_limited", "INV-01 lags")) << inverter();
    EXPECT_TRUE(support::eventually(seconds{45}, [&] { return alert("setpoint_limited").empty(); }));
    EXPECT_EQ(alert("setpoint_not_followed"), "");
    site_.tell("device INV-01 lie");
    ASSERT_TRUE(raises("setpoint_not_followed", "INV-01 lies")) << inverter();
    EXPECT_TRUE(is_by_itself(seconds{5}));
}

TEST_F(ControlTest, OneThatSaturatesIsToldAndGoesOn) {
    start("saturate");
    EXPECT_TRUE(raises("setpoint_limited", "INV-01 saturates")) << inverter();
    EXPECT_NE(inverter().find("follows setpoints, -4.0 kW"), std::string::npos) << inverter();
    site_.tell("device INV-01 obey");
    EXPECT_TRUE(support::eventually(seconds{20}, [&] { return alert("setpoint_limited").empty(); }));
}

TEST_F(ControlTest, AMainsFailureHandsItBackUntilTheMainsHaveBeenThereAgain) {
    start();
    ASSERT_TRUE(follows("-8.0 kW")) << inverter();
    site_.tell("mains fail");
    EXPECT_TRUE(is_by_itself(seconds{10}));
    site_.tell("mains restore");
    EXPECT_FALSE(support::eventually(seconds{15}, [&] {
        return inverter().find("follows setpoints") != std::string::npos;
    })) << "it waits for return_delay_s";
}

}  // namespace
}  // namespace sitepower::integration
