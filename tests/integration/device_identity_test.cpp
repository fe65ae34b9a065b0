// Devices that say what they are: the real daemon against slaves that speak real Modbus and are exchanged
// under its eyes.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <mutex>

#include "tests/integration/site_fixture.hpp"
#include "tests/support/fake_slave.hpp"
#include "tests/support/sunspec_map.hpp"

namespace sitepower::integration::device_identity_test {
namespace {

using std::chrono::seconds;
using support::Behaviour;
using support::SeenRequest;
using testing::HasSubstr;
using Arrivals = std::vector<SiteFixture::Arrival>;

// A device on a TCP port whose registers can be exchanged; what it does not hold it refuses.
class Device {
  public:
    Device() : slave_(support::Wire::tcp) {
        slave_.set_content([this](const SeenRequest&, std::uint16_t address) {
            const std::lock_guard lock(mutex_);
            const auto found = words_.find(address);
            return found == words_.end() ? std::uint16_t{0} : found->second;
        });
        slave_.set_manners([this](const SeenRequest& request) {
            const std::lock_guard lock(mutex_);
            const auto& asked = request.question;
            const bool there =
                words_.contains(asked.address) && words_.contains(asked.address + asked.count - 1);
            return there ? Behaviour{} : Behaviour{.kind = Behaviour::Kind::exception, .exception = 0x02};
        });
    }
    void become(std::map<int, std::uint16_t> words) {
        {
            const std::lock_guard lock(mutex_);
            words_ = std::move(words);
        }
        slave_.drop_connections();
    }
    std::uint16_t port() const { return std::get<modbus::TcpEndpoint>(slave_.endpoint()).port; }

  private:
    std::mutex mutex_;
    std::map<int, std::uint16_t> words_;  // guarded by mutex_
    support::FakeSlave slave_;
};

std::map<int, std::uint16_t> inverter(const std::string& serial, std::uint16_t watts, int meter_length = 0) {
    support::SunspecMap map;
    map.add_common("ACME", "Inv", serial);
    const int model = map.add(103, 50);
    map.set(model + support::shipped_models().find(103)->offset_of("W"), watts);
    if (meter_length > 0) map.add(203, meter_length);
    map.end();
    return map.words();
}

// The last reading of a point that arrived.
std::optional<double> reading(const Arrivals& all, const std::string& device, const std::string& point) {
    const auto topic = fmt::format("device/{}/readings", device);
    const auto last = std::find_if(all.rbegin(), all.rend(), [&](const auto& arrival) {
        return arrival.topic == topic && arrival.value.at("values").contains(point);
    });
    if (last == all.rend() || last->value.at("values").at(point).is_null()) return std::nullopt;
    return last->value.at("values").at(point).template get<double>();
}

class DeviceIdentityTest : public testing::Test {
  protected:
    void start(const std::string& profile) {
        site.more = fmt::format(
            "[[bus]]\nid = \"added\"\ntype = \"tcp\"\nhost = \"127.0.0.1\"\nport = {}\n"
            "[[device]]\nid = \"NEW-01\"\nbus = \"added\"\nunit = 1\nprofile = \"{}\"\n",
            device.port(), profile);
        site.subscribe();
        site.start_simulation();
        site.start_daemon();
    }
    bool arrives(const std::string& point, double value) {
        return site.wait_until_arrived(
            [&](const Arrivals& all) { return reading(all, "NEW-01", point) == value; }, seconds{40});
    }

    Device device;
    SiteFixture site;
};

TEST_F(DeviceIdentityTest, ASunspecDeviceIsFoundPolledAndFoundAnewWhenItIsExchanged) {
    device.become(inverter("A", 1500, 104));  // a meter of another length than its definition
    start("sunspec");
    ASSERT_TRUE(arrives("inverter.power_kw", 1.5));
    EXPECT_TRUE(std::filesystem::exists(site.path("state") / "sunspec" / "NEW-01.toml"));

    // Somebody is in the midst of an edit when the device is exchanged.
    support::write_file(site.path("sitepower.toml"), "[site\n");
    device.become(inverter("B", 2500));
    ASSERT_TRUE(arrives("inverter.power_kw", 2.5));
    const auto log = site.daemon_log();
    EXPECT_THAT(log, HasSubstr("NEW-01 has told its SunSpec models"));
    EXPECT_THAT(log, HasSubstr("NEW-01: not read: model 203"));
    EXPECT_THAT(log, testing::Not(HasSubstr("is refused"))) << "the edit was nobody's reload";
    site.stop_daemon();
}

TEST_F(DeviceIdentityTest, ADeviceThatIsNotWhatItsProfileSaysIsNotPolledAndSaysWhy) {
    std::filesystem::create_directories(site.path("devices"));
    support::write_file(site.path("devices") / "probed.toml", R"(
schema = 1
id = "probed"
kind = "meter"
manufacturer = "Maker"
models = ["One"]
poll_ms = { fast = 500 }
points = [{ name = "power_kw", address = 100, unit = "kW" }]
probe = [{ address = 15, equals = [0x8100] }]
)");
    device.become({{15, 7}, {100, 42}});
    start("probed");
    const auto is_it = [](const SiteFixture::Arrival& arrival) {
        return arrival.topic == "event/alert" && arrival.value.value("alert_type", "") == "device_offline";
    };
    ASSERT_TRUE(site.wait_until_arrived([&](const Arrivals& all) { return std::ranges::any_of(all, is_it); },
                                        seconds{60}));
    const auto told = std::ranges::find_if(site.arrivals(), is_it);
    EXPECT_THAT(told->payload, HasSubstr("it is not what the profile"));
    EXPECT_THAT(told->payload, HasSubstr("holding 15 (function 3) is 7 instead of one of 33024"));
    EXPECT_EQ(reading(site.arrivals(), "NEW-01", "power_kw"), std::nullopt);

    device.become({{15, 0x8100}, {100, 42}});
    EXPECT_TRUE(arrives("power_kw", 42));
    site.stop_daemon();
}

}  // namespace
}  // namespace sitepower::integration::device_identity_test
