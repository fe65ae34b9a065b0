#include "drivers/sunspec/walk.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "drivers/profile/snapshot.hpp"
#include "drivers/sunspec/profile.hpp"
#include "tests/support/sunspec_map.hpp"

namespace sitepower::sunspec::walk_test {
namespace {

using support::shipped_models;
using support::SunspecMap;
using testing::ElementsAre;
using testing::HasSubstr;
using Outcome = Discovery::Outcome;

Discovery walk(const SunspecMap& map) {
    return discover(map.reader(), shipped_models());
}

std::vector<int> ids_of(const ChainDevice& device) {
    std::vector<int> ids;
    for (const auto& model : device.models) ids.push_back(model.id);
    return ids;
}

TEST(SunspecWalk, FindsTheModelsBehindTheMarker) {
    for (const int marker : {40000, 0, 50000}) {
        SunspecMap map(marker);
        map.add_common("ACME", "Inv 5", "SN-1");
        const int inverter = map.add(103, 50);
        map.add(64110, 282);
        map.add(802, 62);
        map.end();
        const auto found = walk(map);
        ASSERT_EQ(found.outcome, Outcome::found) << marker;
        EXPECT_EQ(found.chain.marker, marker);
        EXPECT_EQ(found.chain.problem, "");
        ASSERT_EQ(found.chain.devices.size(), 1U);
        const auto& device = found.chain.devices[0];
        EXPECT_EQ(device.manufacturer, "ACME");
        EXPECT_EQ(device.model, "Inv 5");
        EXPECT_EQ(device.serial, "SN-1");
        EXPECT_THAT(ids_of(device), ElementsAre(1, 103, 64110, 802))
            << "unknown ones are skipped by their length";
        EXPECT_EQ(device.models[1].address, inverter);
        EXPECT_EQ(device.models[1].length, 50);
    }
}

TEST(SunspecWalk, EachCommonModelIsADevice) {
    SunspecMap map;
    map.add_common("ACME", "Inv", "A", 65);
    map.add(101, 50);
    map.add_common("ACME", "Meter", "B");
    map.add(203, 105);
    map.end();
    const auto found = walk(map);
    ASSERT_EQ(found.chain.devices.size(), 2U);
    EXPECT_THAT(ids_of(found.chain.devices[0]), ElementsAre(1, 101));
    EXPECT_EQ(found.chain.devices[1].serial, "B");
    EXPECT_THAT(ids_of(found.chain.devices[1]), ElementsAre(1, 203));
}

TEST(SunspecWalk, ARefusalBehindALegalModelIsTheEnd) {
    SunspecMap map;
    map.add_common("ACME", "No end", "A");
    map.add(103, 50);
    const auto found = walk(map);
    EXPECT_EQ(found.outcome, Outcome::found);
    EXPECT_EQ(found.chain.problem, "");
    EXPECT_THAT(ids_of(found.chain.devices.at(0)), ElementsAre(1, 103));
}

TEST(SunspecWalk, SilenceIsNoEnd) {
    SunspecMap map;
    map.add_common("ACME", "Slow", "A");
    map.add(103, 50);
    map.fall_silent(40070);
    const auto found = walk(map);
    EXPECT_EQ(found.outcome, Outcome::failed);
    EXPECT_EQ(found.detail, "no answer in time");
    SunspecMap dead;
    dead.fall_silent();
    EXPECT_EQ(walk(dead).outcome, Outcome::failed);
}

TEST(SunspecWalk, WithoutAMarkerThereIsNothing) {
    const auto found = discover(
        [](std::uint16_t, std::uint16_t count) {
            return Reply{
                .kind = Reply::Kind::words, .words = std::vector<std::uint16_t>(count), .detail = {}};
        },
        shipped_models());
    EXPECT_EQ(found.outcome, Outcome::nothing);
    EXPECT_EQ(found.detail, "no \"SunS\" at 40000, 0 or 50000");
}

TEST(SunspecWalk, ABrokenChainStopsWithAReport) {
    const auto problem_of = [](const std::function<void(SunspecMap&)>& breaking) {
        SunspecMap map;
        map.add_common("ACME", "Broken", "A");
        map.add(103, 50);
        breaking(map);
        const auto found = walk(map);
        EXPECT_EQ(found.outcome, Outcome::found);
        EXPECT_FALSE(found.chain.devices.empty());
        if (!found.chain.devices.empty()) {
            EXPECT_THAT(ids_of(found.chain.devices[0]), ElementsAre(1, 103));
        }
        return found.chain.problem;
    };
    EXPECT_EQ(problem_of([](SunspecMap& map) { map.add(160, 0); }), "model 160 at 40122 has length 0");
    EXPECT_EQ(problem_of([](SunspecMap& map) { map.add(0, 7); }), "model 0 at 40122 cannot be");
    EXPECT_EQ(problem_of([](SunspecMap& map) { map.set(map.add(160, 1) + 1, 30000); }),
              "model 160 at 40122 has length 30000 and runs beyond register 65535");
    EXPECT_THAT(
        problem_of([](SunspecMap& map) { map.add_common("ACME", "X", "Y", 70); }),
        HasSubstr("model 1 at 40122 has length 70, and only 65 and 66 are legal; the device calls itself "
                  "\"ACME\""));
}

TEST(SunspecWalk, EndsWhateverTheDeviceSays) {
    // Every register says 1: model 1 of length 1 at once; and: endless short models.
    for (const auto word : std::array<std::uint16_t, 4>{1, 2, 64001, 65534}) {
        int reads = 0;
        const auto found = discover(
            [&](std::uint16_t address, std::uint16_t count) {
                ++reads;
                Reply reply{.kind = Reply::Kind::words,
                            .words = std::vector<std::uint16_t>(count, word),
                            .detail = {}};
                if (address == 40000) reply.words = {0x5375, 0x6E53};
                if (count == 2 && address != 40000) reply.words[1] = 1;
                return reply;
            },
            shipped_models());
        EXPECT_EQ(found.outcome, Outcome::found);
        EXPECT_NE(found.chain.problem, "") << word;
        EXPECT_LE(reads, most_models + 10);
    }
}

TEST(SunspecWalk, ReadsTheCountsOfWhatRepeats) {
    SunspecMap map;
    map.add_common("ACME", "DER", "A");
    const int volt_var = map.add(705, 15 + 3 * (10 + 4 * 2));
    map.set(volt_var + shipped_models().find(705)->offset_of("NPt"), 4);
    map.set(volt_var + shipped_models().find(705)->offset_of("NCrv"), 3);
    map.end();
    const auto found = walk(map);
    const auto& counts = found.chain.devices.at(0).models.at(1).counts;
    EXPECT_THAT(counts, testing::UnorderedElementsAre(std::pair<std::string, int>("NCrv", 3),
                                                      std::pair<std::string, int>("NPt", 4)));
}

TEST(SunspecRecheck, TellsASameDeviceFromAnother) {
    SunspecMap map;
    const int common = map.add_common("ACME", "Inv", "A");
    const int inverter = map.add(103, 50);
    map.end();
    const auto chain = walk(map).chain;
    EXPECT_EQ(recheck(map.reader(), chain), Recheck::same);
    auto replaced = map;
    replaced.set_text(common + 50, "B", 16);
    EXPECT_EQ(recheck(replaced.reader(), chain), Recheck::changed);
    auto updated = map;
    updated.set(inverter, 113);
    EXPECT_EQ(recheck(updated.reader(), chain), Recheck::changed);
    auto silent = map;
    silent.fall_silent(inverter);
    EXPECT_EQ(recheck(silent.reader(), chain), Recheck::failed);
    EXPECT_EQ(recheck(SunspecMap(0).reader(), chain), Recheck::changed);
}

// While it starts a device may refuse what it has not made ready.
TEST(SunspecRecheck, NoticesThatAChainWasCutOff) {
    SunspecMap starting;
    starting.add_common("ACME", "Inv", "A");
    starting.add(103, 50);
    const auto chain = walk(starting).chain;
    EXPECT_EQ(recheck(starting.reader(), chain), Recheck::same) << "without an end marker";
    auto ready = starting;
    ready.add(802, 62);
    ready.end();
    EXPECT_EQ(recheck(ready.reader(), chain), Recheck::changed);
    EXPECT_EQ(recheck(ready.reader(), walk(ready).chain), Recheck::same);
}

TEST(SunspecChain, GoesThroughItsFileUnchanged) {
    SunspecMap map;
    map.add_common("A \"quoted\" name", "back\\slash", "A");
    const int volt_var = map.add(705, 15);
    map.set(volt_var + shipped_models().find(705)->offset_of("NPt"), 4);
    map.add(0, 3);
    const auto chain = walk(map).chain;
    schema::Diagnostics diagnostics;
    const auto again = parse_chain(to_toml(chain), "chain.toml", diagnostics);
    ASSERT_TRUE(again) << to_string(diagnostics.sorted().front());
    EXPECT_EQ(*again, chain);
    EXPECT_FALSE(parse_chain("marker = \"x\"", "chain.toml", diagnostics));
    EXPECT_FALSE(parse_chain("marker = ", "chain.toml", diagnostics));
}

std::optional<nlohmann::json> dump_of(const std::string& name) {
    const char* place = std::getenv("SITEPOWER_DUMPS");
    const std::filesystem::path directory =
        place != nullptr ? place : SITEPOWER_SOURCE_DIR "/../shared/devices/dumps";
    std::ifstream file(directory / (name + ".json"));
    if (!file) return std::nullopt;
    return nlohmann::json::parse(file);
}

void put(const nlohmann::json& dump, std::map<int, std::uint16_t>& words) {
    for (const auto& block : dump["blocks"]) {
        int address = block["address"];
        for (const auto& word : block["registers"]) words[address++] = word;
    }
}

Discovery discover_in(const std::map<int, std::uint16_t>& words) {
    return discover(
        [&](std::uint16_t address, std::uint16_t count) {
            Reply reply{.kind = Reply::Kind::words, .words = {}, .detail = {}};
            for (int i = 0; i < count; ++i) {
                if (!words.contains(address + i))
                    return Reply{.kind = Reply::Kind::refused, .words = {}, .detail = {}};
                reply.words.push_back(words.at(address + i));
            }
            return reply;
        },
        shipped_models());
}

RegisterImage image_of(const std::map<int, std::uint16_t>& words) {
    RegisterImage image;
    for (const auto& [address, word] : words) image.set(own_unit, modbus::Table::holding, address, word);
    return image;
}

// The registers of a meter behind a hybrid inverter, where the capture begins behind the model's header: each
// value as the SunSpec model has it, found by its address.
TEST(SunspecDumps, AMeterDecodesToWhatItsModelSays) {
    const auto dump = dump_of("solaredge-meter-203");
    if (!dump) GTEST_SKIP() << "no captures";
    std::map<int, std::uint16_t> words;
    put(*dump, words);
    const int header = (*dump)["model_id_address"];
    SunspecMap map;
    map.add_common("SolarEdge", "Meter", "1");
    for (const auto& [address, word] : map.words()) words.emplace(address, word);
    const int skipped = header - (40000 + 2 + 2 + 66);  // a model that nobody knows fills the space
    words[40070] = 64'000;
    words[40071] = static_cast<std::uint16_t>(skipped - 2);
    for (int i = 40072; i < header; ++i) words[i] = 0;
    words[header] = 203;
    words[header + 1] = 105;
    words[header + 107] = 0xFFFF;
    words[header + 108] = 0;
    const auto found = discover_in(words);
    ASSERT_EQ(found.outcome, Discovery::Outcome::found) << found.detail;
    const auto made = make_profile(found.chain.devices.at(0), shipped_models());
    std::map<int, SnapshotValue> by_address;
    for (auto& value : snapshot(made.profile, image_of(words))) {
        if (!value.point.derived) by_address.emplace(value.point.registers.address, std::move(value));
    }
    std::size_t compared = 0;
    for (const auto& expected : (*dump)["expected"]) {
        const auto at = by_address.find(expected["address"].get<int>());
        if (at == by_address.end()) continue;
        const auto& value = at->second;
        // An accumulator of 0 has not accumulated anything, whatever its scale.
        const bool absent =
            expected["value"].is_null() || (expected["type"] == "acc32" && expected["raw"] == 0);
        EXPECT_EQ(value.quality == Quality::good, !absent) << value.point.name;
        ++compared;
        if (absent || value.quality != Quality::good) continue;
        const std::string unit = expected["unit"];
        const bool kilo = value.point.unit.starts_with('k') && !unit.starts_with('k');
        const double wanted = expected["value"].get<double>() / (kilo ? 1000 : 1);
        EXPECT_NEAR(value.value, wanted, 1e-9 * std::max(1.0, std::abs(wanted))) << value.point.name;
    }
    EXPECT_GE(compared, 30U);
}

// The device of the reference client's own tests.
TEST(SunspecDumps, TheReferenceDeviceSaysWhoItIs) {
    const auto dump = dump_of("sunspec-test-common");
    if (!dump) GTEST_SKIP() << "no captures";
    std::map<int, std::uint16_t> words;
    put(*dump, words);
    // Behind the common model: model 126, full of values that are not implemented, and the end.
    words[40070] = 126;
    words[40071] = 64;
    for (int i = 40072; i < 40136; ++i) words[i] = 0xFFFF;
    words[40136] = 0xFFFF;
    words[40137] = 0;
    const auto found = discover_in(words);
    ASSERT_EQ(found.outcome, Discovery::Outcome::found) << found.detail;
    EXPECT_EQ(found.chain.problem, "");
    ASSERT_EQ(found.chain.devices.size(), 1U);
    const auto& device = found.chain.devices[0];
    std::map<std::string, std::string> wanted;
    for (const auto& expected : (*dump)["expected"]) {
        if (expected["value"].is_string()) wanted[expected["name"]] = expected["value"];
    }
    EXPECT_EQ(device.manufacturer, wanted.at("1.Mn"));
    EXPECT_EQ(device.model, wanted.at("1.Md"));
    EXPECT_EQ(device.serial, wanted.at("1.SN"));
    std::vector<std::vector<int>> chain;
    for (const auto& model : device.models) chain.push_back({model.id, model.address, model.length});
    EXPECT_EQ(nlohmann::json(chain), (*dump)["expected"].back()["value"]);
}

// Registers of a real device whose common model announces length 15.
TEST(SunspecDumps, ABrokenCommonModelIsReportedAndNothingIsGuessed) {
    const auto dump = dump_of("sax-sunspec-broken-length");
    if (!dump) GTEST_SKIP() << "no captures";
    std::map<int, std::uint16_t> words;
    put(*dump, words);
    const auto found = discover_in(words);
    EXPECT_EQ(found.outcome, Outcome::found);
    EXPECT_EQ(found.chain.marker, 40000);
    EXPECT_THAT(found.chain.problem, HasSubstr("model 1 at 40002 has length 15"));
    EXPECT_THAT(found.chain.problem, HasSubstr("SAXPOWER"));
    EXPECT_TRUE(found.chain.devices.empty());
}

}  // namespace
}  // namespace sitepower::sunspec::walk_test
