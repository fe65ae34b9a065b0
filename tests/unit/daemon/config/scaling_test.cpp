// [[scaling]] in the configuration.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/config/diff.hpp"
#include "tests/unit/daemon/config/loading.hpp"

namespace sitepower::config::scaling_test {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::SizeIs;

std::string with(const std::string& keys = "", const std::string& actuator = "mqtt = true") {
    return site_text() + R"(
[[scaling]]
id = "inference"
least_instances = 2
most_instances = 40
instances_metric = "inference/replicas"
quantile = 0.99
)" + keys + R"(
[[scaling.metric]]
name = "requests"
series = "requests"
capacity_per_instance = 120

[[scaling.metric]]
name = "load"
point = "UPS-01/output.load_kw"
capacity_per_instance = 6

[scaling.actuator]
)" + actuator +
           "\n";
}

TEST(ScalingConfig, ReadsGroupsAndListensToWhatTheyNeed) {
    const auto config = load(with());
    ASSERT_TRUE(config.scaling);
    ASSERT_THAT(config.scaling->groups, SizeIs(1));
    const auto& group = config.scaling->groups[0];
    EXPECT_EQ(group.rules.group, "inference");
    EXPECT_EQ(group.rules.quantile, 0.99);
    EXPECT_EQ(group.rules.most_instances, 40);
    EXPECT_EQ(std::get<std::string>(group.instances), "inference/replicas");
    ASSERT_THAT(group.metrics, SizeIs(2));
    EXPECT_EQ(std::get<std::string>(group.metrics[0].measured), "web/requests") << "what its series measures";
    EXPECT_TRUE(std::holds_alternative<PointRef>(group.metrics[1].measured));
    EXPECT_EQ(std::get<TopicActuator>(group.actuator).topic, "scaling/inference");
    EXPECT_THAT(config.publisher.metrics, Contains("inference/replicas"));
    ASSERT_THAT(config.publisher.inbound, SizeIs(1));
    EXPECT_EQ(config.publisher.inbound[0].topic, "sitepower/v1/DC-CNX/command/scaling/inference/ack");
    EXPECT_FALSE(config.publisher.inbound[0].may_be_retained);
}

TEST(ScalingConfig, NothingIsScaledWithoutIt) {
    EXPECT_EQ(load(site_text()).scaling, nullptr);
}

TEST(ScalingConfig, RefusesWhatCannotBe) {
    EXPECT_THAT(errors_of(with("load_class = \"training\"\nkw_per_instance = 6")),
                HasSubstr("no load class is called training"));
    EXPECT_THAT(errors_of(with("kw_per_instance = 6")),
                HasSubstr("load_class and kw_per_instance go together"));
    EXPECT_THAT(errors_of(with("utilisation_low = 0.99")), HasSubstr("must be below utilisation_high"));
    EXPECT_THAT(errors_of(with("instances_point = \"UPS-01/output.load_kw\"")),
                HasSubstr("does not go with instances_point"));
    EXPECT_THAT(errors_of(replaced(with(), "quantile = 0.99", "quantile = 0.7")),
                HasSubstr("must be 0.5, 0.9 or 0.99"));
    EXPECT_THAT(errors_of(replaced(with(), "series = \"requests\"", "series = \"request\"")),
                HasSubstr("no series is called request"));
    EXPECT_THAT(errors_of(with("", "")), HasSubstr("device and command, or mqtt = true"));
    EXPECT_THAT(errors_of(with("", "mqtt = true\ndevice = \"UPS-01\"\ncommand = \"x\"")),
                HasSubstr("does not go with device and command"));
    EXPECT_THAT(errors_of(with("", "device = \"UPS-01\"\ncommand = \"x\"")),
                HasSubstr("the profile of UPS-01 has no command \"x\""));
    EXPECT_THAT(errors_of(replaced(with(), "instances_metric = \"inference/replicas\"", "")),
                HasSubstr("an actuator needs instances_point or instances_metric"));
}

TEST(ScalingConfig, AChangeIsOneOfScaling) {
    const auto before = load(with());
    const auto changes = diff(before, load(replaced(with(), "most_instances = 40", "most_instances = 50")));
    EXPECT_TRUE(changes.scaling);
    EXPECT_FALSE(changes.publisher);
    EXPECT_EQ(to_string(changes), "scaling changed");
}

}  // namespace
}  // namespace sitepower::config::scaling_test
