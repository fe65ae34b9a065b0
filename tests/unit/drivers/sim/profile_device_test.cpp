// Every shipped profile, served and read back: what the plan of a bus asks for is there, and decodes to what
// was served.
#include "drivers/sim/profile_device.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "drivers/modbus/complete.hpp"
#include "drivers/modbus/decode.hpp"
#include "drivers/modbus/planner.hpp"
#include "drivers/profile/load.hpp"

namespace sitepower::sim::profile_device_test {
namespace {

struct Value {
    double value = 0;
    Quality quality = Quality::comm_error;
};
using Values = std::map<std::string, Value>;

// One poll of a group, as a bus would do it.
void poll(const modbus::PollGroup& group, const modbus::UnitLimits& limits, const Unit& unit,
          Values& values) {
    std::vector<double> numbers(group.points.size());
    std::vector<Quality> quality(group.points.size(), Quality::comm_error);
    const auto blocks = modbus::plan_reads(group.points, limits);
    ASSERT_TRUE(blocks) << blocks.error().message;
    for (const auto& block : *blocks) {
        const auto words = unit.bank.read(block.table, block.address, block.count);
        ASSERT_TRUE(words) << unit.device << " has no registers at " << block.address;
        for (const auto point : block.points) {
            const auto reading = modbus::PointDecoder(group.points[point], block.address).decode(*words);
            numbers[point] = reading.value;
            quality[point] = reading.quality;
        }
    }
    modbus::complete(group, numbers, quality);
    ASSERT_EQ(numbers.size(), group.layout->points.size());
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        values[group.layout->points[i].name] = {numbers[i], quality[i]};
    }
}

Values read_all(ProfileDevice& served) {
    Values values;
    auto unit = served.units().begin();
    const auto& device = served.device();
    for (const auto& group : device.plan.groups) poll(group, device.plan.limits, *unit, values);
    for (const auto& plan : device.sub_units) {
        ++unit;
        for (const auto& group : plan.groups) poll(group, plan.limits, *unit, values);
    }
    return values;
}

class ServedProfile : public testing::TestWithParam<std::string> {};

TEST_P(ServedProfile, ReadsBackWhatWasServed) {
    schema::Diagnostics diagnostics;
    const auto profile =
        load_profile(SITEPOWER_SOURCE_DIR "/config/devices/" + GetParam() + ".toml", diagnostics);
    for (const auto& diagnostic : diagnostics.sorted()) ADD_FAILURE() << to_string(diagnostic);
    ASSERT_TRUE(profile);
    ProfileDevice served(*profile, "X-01", 1);
    const Values values = read_all(served);
    EXPECT_EQ(values.size(), served.device().points.size());
    EXPECT_GT(served.served().size(), 2U);
    for (const auto& [name, value] : served.served()) {
        const Value& read = values.at(name);
        EXPECT_EQ(read.quality, Quality::good) << name;
        EXPECT_NEAR(read.value, value, 1e-6 * std::max(1.0, std::abs(value))) << name;
    }
}

std::vector<std::string> shipped() {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(SITEPOWER_SOURCE_DIR "/config/devices")) {
        if (entry.path().extension() == ".toml") names.push_back(entry.path().stem());
    }
    std::ranges::sort(names);
    return names;
}

INSTANTIATE_TEST_SUITE_P(Shipped, ServedProfile, testing::ValuesIn(shipped()), [](const auto& name) {
    std::string text = name.param;
    std::ranges::replace(text, '-', '_');
    return text;
});

TEST(ProfileDevice, IntegersAreServedExactly) {
    schema::Diagnostics diagnostics;
    const auto profile =
        load_profile(SITEPOWER_SOURCE_DIR "/config/devices/huawei-ups2000.toml", diagnostics);
    ASSERT_TRUE(profile);
    ProfileDevice served(*profile, "X-01", 1);
    const Values values = read_all(served);
    for (const auto& [name, value] : served.served()) EXPECT_EQ(values.at(name).value, value) << name;
}

}  // namespace
}  // namespace sitepower::sim::profile_device_test
