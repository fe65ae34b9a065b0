#include "drivers/profile/probe.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "drivers/modbus/identification.hpp"
#include "tests/unit/drivers/profile/small_profile.hpp"

namespace sitepower::probe_test {
namespace {

RegisterImage image_of(int address, const std::vector<std::uint16_t>& words) {
    RegisterImage image;
    for (std::size_t i = 0; i < words.size(); ++i) {
        image.set(own_unit, modbus::Table::holding, address + static_cast<int>(i), words[i]);
    }
    return image;
}

TEST(Probe, ANumberIsOneOfSome) {
    const Profile profile = small_profile("{ address = 15, equals = [0x8100, 0x8200] }");
    EXPECT_TRUE(is_match(check_probe(profile, image_of(15, {0x8200}))));
    const auto results = check_probe(profile, image_of(15, {7}));
    EXPECT_FALSE(is_match(results));
    EXPECT_EQ(results.at(0).found, "7");
    EXPECT_EQ(results.at(0).wanted, "one of 33024, 33280");
}

TEST(Probe, ATextStartsWithSomething) {
    const Profile profile =
        small_profile(R"({ address = 532, type = "string", length = 4, starts_with = ["Smart", "SRT"] })");
    EXPECT_TRUE(is_match(check_probe(profile, image_of(532, {0x536D, 0x6172, 0x742D, 0x5550}))));
    const auto results = check_probe(profile, image_of(532, {0x4261, 0x636B, 0x2020, 0x2020}));
    EXPECT_FALSE(is_match(results));
    EXPECT_EQ(results.at(0).found, "\"Back\"");
    EXPECT_EQ(results.at(0).wanted, "a text that starts with \"Smart\" or \"SRT\"");
}

TEST(Probe, FirmwareBindsTheProfile) {
    const Profile profile =
        small_profile(R"({ address = 1, type = "string", length = 3, at_least = "14.4.0", below = "15" })");
    EXPECT_TRUE(is_match(check_probe(profile, image_of(1, {0x3134, 0x2E34, 0x2E31}))));   // 14.4.1
    EXPECT_FALSE(is_match(check_probe(profile, image_of(1, {0x3134, 0x2E33, 0x2E39}))));  // 14.3.9
    EXPECT_FALSE(is_match(check_probe(profile, image_of(1, {0x3135, 0x2E30, 0x2000}))));  // 15.0
    const Profile number = small_profile("{ address = 1, at_least = \"130\" }");
    EXPECT_TRUE(is_match(check_probe(number, image_of(1, {131}))));
    EXPECT_FALSE(is_match(check_probe(number, image_of(1, {99}))));
}

TEST(Probe, ATextOfTheIdentificationStartsWithSomething) {
    const Profile profile =
        small_profile(R"({ object = 0x88, object_from = 0x87, starts_with = ["1=UPS2000"] })");
    RegisterImage image;
    for (int i = 0; i < modbus::identity_words; ++i)
        image.set(identity_unit(0x88), modbus::Table::holding, i, 0);
    EXPECT_EQ(check_probe(profile, image).at(0).found, "\"\"");
    const std::vector<std::uint16_t> text{0x313D, 0x5550, 0x5332, 0x3030, 0x3000};  // 1=UPS2000
    for (std::size_t i = 0; i < text.size(); ++i) {
        image.set(identity_unit(0x88), modbus::Table::holding, static_cast<int>(i), text[i]);
    }
    EXPECT_TRUE(is_match(check_probe(profile, image)));
    EXPECT_EQ(check_probe(profile, RegisterImage{}).at(0).found, "refused by the device");
}

TEST(Probe, AllRowsMustAgreeAndSilenceDoesNot) {
    const Profile profile = small_profile("{ address = 1, equals = [1] }, { address = 2, between = [5, 9] }");
    EXPECT_TRUE(is_match(check_probe(profile, image_of(1, {1, 7}))));
    EXPECT_FALSE(is_match(check_probe(profile, image_of(1, {1, 10}))));
    const auto results = check_probe(profile, image_of(1, {1}));
    EXPECT_FALSE(is_match(results));
    EXPECT_EQ(results.at(1).found, "refused by the device");
    EXPECT_EQ(probe_registers(profile).at(1).address, 2);
}

TEST(Probe, AProfileWithoutRowsMatchesNothing) {
    EXPECT_FALSE(is_match(check_probe(Profile{}, {})));
}

TEST(CompareVersions, GoesNumberByNumber) {
    EXPECT_EQ(compare_versions("1.10", "1.9"), 1);
    EXPECT_EQ(compare_versions("1.0", "1"), 0);
    EXPECT_EQ(compare_versions("V2.1-beta", "2.2"), -1);
    EXPECT_EQ(compare_versions("", "0.0.1"), -1);
    EXPECT_EQ(compare_versions("99999999999999999999999", "1"), 1);
}

}  // namespace
}  // namespace sitepower::probe_test
