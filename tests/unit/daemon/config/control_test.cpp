// control of batteries and load classes in the configuration.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/controlled_site.hpp"
#include "tests/unit/daemon/config/loading.hpp"

namespace sitepower::config::control_test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::SizeIs;

const std::string shipped = source_path("config/devices");

std::string site() {
    return R"(
[site]
id = "DC"

[broker]
addresses = ["192.0.2.1:1883"]

[[location]]
id = "HALL"

[[bus]]
id = "pack"
host = "192.0.2.10"

[[device]]
id = "UPS-01"
profile = "sim-ups"
bus = "pack"

[[price]]
id = "energy_price"
currency = "EUR"
source = "tariff"

[[price.period]]
price = 90
)" + std::string(support::controlled_site);
}

std::string errors(const std::string& what, const std::string& by) {
    schema::Diagnostics diagnostics;
    EXPECT_FALSE(make_config(parsed(replaced(site(), what, by)), test_paths(shipped), diagnostics));
    return error_report(diagnostics);
}

TEST(ControlConfig, ReadsWhatFollowsThePlan) {
    const auto config = load(replaced(site(), "discharge_max_kw = 8", "discharge_max_kw = 60"), shipped);
    ASSERT_TRUE(config.control);
    ASSERT_THAT(config.control->devices, SizeIs(1));
    const auto& device = config.control->devices[0];
    EXPECT_EQ(device.id, "LIB-01");
    EXPECT_EQ(device.device_id, "INV-01");
    EXPECT_EQ(device.limits.lowest_kw, -30) << "what the inverter can";
    EXPECT_EQ(device.limits.highest_kw, 8) << "what the battery may";
    EXPECT_EQ(device.limits.preparations, 1U);
    EXPECT_EQ(device.limits.effect_within, 5s);
    EXPECT_EQ(device.limits.dead_man, Duration{30s});
    EXPECT_EQ(device.limits.capacity_kwh, 47);
    EXPECT_EQ(point_name(*config.model, device.power.points.at(0)), "INV-01/power_kw");
    EXPECT_EQ(point_name(*config.model, device.meter), "MTR-03/power_kw");
    EXPECT_EQ(config.dispatch->batteries[0].power.names, device.power.names) << "counts in the billed peak";
    EXPECT_TRUE(config.dispatch->import.names.empty());
    const auto metered = load(
        replaced(site(), "import_limit_kw = 200", "import = [\"MTR-03/power_kw\"]\nimport_limit_kw = 200"),
        shipped);
    EXPECT_EQ(metered.dispatch->import.names, std::vector<std::string>{"MTR-03/power_kw"});
    EXPECT_EQ(device.release_write.bus.id, "pack");
    EXPECT_EQ(device.release_write.request.unit, 2);
    EXPECT_EQ(device.release_write.request.words, std::vector<std::uint16_t>{0});
}

TEST(ControlConfig, WithoutItNothingIsControlled) {
    const auto text = site();
    EXPECT_FALSE(load(text.substr(0, text.find("[dispatch.battery.control]")), shipped).control);
}

TEST(ControlConfig, NamesWhatIsWrong) {
    EXPECT_THAT(errors(R"("power.set", "keep_alive"])", R"("keep_alive"])"),
                HasSubstr(R"(is not enabled: add "power.set" to commands of device INV-01)"));
    EXPECT_THAT(errors(R"(release = "remote.release")", R"(release = "remote.give")"),
                HasSubstr(R"(the profile of INV-01 has no command "remote.give")"));
    EXPECT_THAT(errors("keep_alive = \"keep_alive\"\n", ""),
                HasSubstr(R"(accept that by without_dead_man = "INV-01")"));
    EXPECT_THAT(errors(R"(keep_alive = "keep_alive")", R"(keep_alive = "remote.take")"),
                HasSubstr("is no keep-alive"));
    EXPECT_THAT(errors(R"(setpoint = "power.set")", R"(setpoint = "remote.take")"),
                HasSubstr("sets no power in kW"));
    EXPECT_THAT(errors(R"({ command = "remote.take" })", R"({ command = "remote.take", value = 1 })"),
                HasSubstr("takes no value"));
    EXPECT_THAT(errors(R"(power = "INV-01/power_kw")", R"(power = "INV-01/charge_pct")"), HasSubstr("kW"));
}

TEST(ControlConfig, AClassNeedsToBeSeen) {
    const auto with_class = [](const std::string& power, const std::string& device = "RACK-01") {
        return site() + R"(
[[device]]
id = "RACK-01"
profile = "sim-inverter"
bus = "pack"
unit = 4
commands = ["power.set"]

[[dispatch.load_class]]
id = "training"
)" + power + R"(
[[dispatch.load_class.segment]]
value_per_mwh = 900
kw = 20

[dispatch.load_class.control]
device = ")" + device +
               R"("
setpoint = "power.set"
without_dead_man = ")" +
               device + R"("
release = "power.set"
release_value = 5
)";
    };
    const auto config = load(with_class("power = [\"MTR-03/power_kw\"]\n"), shipped);
    ASSERT_TRUE(config.control);
    ASSERT_THAT(config.control->devices, SizeIs(2));
    const auto& device = config.control->devices[1];
    EXPECT_TRUE(device.limits.is_cap);
    EXPECT_EQ(device.limits.lowest_kw, 0);
    EXPECT_EQ(device.limits.highest_kw, 30);
    EXPECT_EQ(device.release.value, 5);
    EXPECT_FALSE(device.limits.dead_man);
    schema::Diagnostics diagnostics;
    EXPECT_FALSE(make_config(parsed(with_class("")), test_paths(shipped), diagnostics));
    EXPECT_THAT(error_report(diagnostics), HasSubstr("control needs power of its load class"));
    schema::Diagnostics twice;
    EXPECT_FALSE(make_config(parsed(with_class("power = [\"MTR-03/power_kw\"]\n", "INV-01")),
                             test_paths(shipped), twice));
    EXPECT_THAT(error_report(twice), HasSubstr("follows the plan for LIB-01 already"));
}

}  // namespace
}  // namespace sitepower::config::control_test
