#include "drivers/profile/sample.hpp"

#include <gtest/gtest.h>

#include <string>

#include "drivers/profile/load.hpp"

namespace sitepower::sample_test {
namespace {

const std::string head = R"(schema = 1
id = "small"
kind = "ups"
manufacturer = "Maker"
models = ["One"]
poll_ms = { fast = 1000 }
[[points]]
name = "voltage_v"
address = 80
scale = 0.1
invalid = [0xFFFF]
range = [0, 1000]
[[points]]
name = "power_kw"
address = 90
type = "s16"
sf = "power_sf"
[[points]]
name = "power_sf"
address = 88
type = "sunssf"
[[samples]]
)";

std::string errors_of(const std::string& sample) {
    schema::Diagnostics diagnostics;
    parse_profile(head + sample, "small.toml", diagnostics);
    std::string text;
    for (const auto& diagnostic : diagnostics.sorted()) text += to_string(diagnostic) + "\n";
    return text;
}

TEST(Sample, PassesWhenEverythingDecodesAsExpected) {
    EXPECT_EQ(
        errors_of("blocks = [{ address = 80, registers = [5412] }, { address = 88, registers = [0xFFFE, 0, "
                  "4520] }]\nexpect = { voltage_v = 541.2, power_kw = 45.2 }\n"),
        "");
    EXPECT_EQ(errors_of("blocks = [{ address = 80, registers = [0xFFFF] }]\n"
                        "expect_quality = { voltage_v = \"not_implemented\" }\n"),
              "");
}

TEST(Sample, AnotherValueIsAnErrorWithBothValues) {
    const std::string errors =
        errors_of("blocks = [{ address = 80, registers = [5412] }]\nexpect = { voltage_v = 54.12 }\n");
    EXPECT_NE(errors.find("small.toml:24:"), std::string::npos) << errors;
    EXPECT_NE(errors.find("voltage_v: expected 54.12, is 541.2"), std::string::npos) << errors;
}

TEST(Sample, AnUnavailableValueIsNoValue) {
    const std::string errors =
        errors_of("blocks = [{ address = 80, registers = [0xFFFF] }]\nexpect = { voltage_v = 0 }\n");
    EXPECT_NE(errors.find("is not_implemented"), std::string::npos) << errors;
}

TEST(Sample, AGoodValueIsNotUnavailable) {
    const std::string errors = errors_of(
        "blocks = [{ address = 80, registers = [5412] }]\nexpect_quality = { voltage_v = \"out_of_range\" "
        "}\n");
    EXPECT_NE(errors.find("expected out_of_range, is good (541.2"), std::string::npos) << errors;
}

TEST(Sample, UnknownPointsAndMissingRegistersAreErrors) {
    const std::string errors = errors_of(
        "blocks = [{ address = 90, registers = [1] }]\nexpect = { voltage_v = 1, power_kw = 1, power = 1 "
        "}\n");
    EXPECT_NE(errors.find("voltage_v: the sample does not hold its registers"), std::string::npos) << errors;
    EXPECT_NE(errors.find("power_kw: the sample does not hold its registers"), std::string::npos) << errors;
    EXPECT_NE(errors.find("power: the profile has no such point"), std::string::npos) << errors;
}

}  // namespace
}  // namespace sitepower::sample_test
