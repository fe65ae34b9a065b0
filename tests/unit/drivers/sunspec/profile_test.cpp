#include "drivers/sunspec/profile.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <map>
#include <set>

#include "drivers/modbus/group_reader.hpp"
#include "drivers/profile/expand.hpp"
#include "drivers/sunspec/walk.hpp"
#include "tests/support/sunspec_map.hpp"

namespace sitepower::sunspec::profile_test {
namespace {

using support::shipped_models;
using support::SunspecMap;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Reads the map as a bus does.
class MapAsker : public modbus::Asker {
  public:
    explicit MapAsker(const SunspecMap& map) : map_(map) {}

    Reply ask(modbus::ReadPlan& plan) override {
        const auto reply = map_.read(plan.question.address, plan.question.count);
        requests.push_back(plan.question);
        if (reply.kind != sunspec::Reply::Kind::words) {
            return {.answer = {.kind = modbus::AnswerKind::exception, .exception = 0x02}};
        }
        words_ = reply.words;
        return {.answer = {.kind = modbus::AnswerKind::data}, .words = words_};
    }
    void stamp(Frame&) override {}

    std::vector<modbus::Question> requests;

  private:
    const SunspecMap& map_;
    std::vector<std::uint16_t> words_;
};

struct Decoded {
    std::map<std::string, double> values;    // good ones
    std::map<std::string, Quality> quality;  // all
    std::vector<modbus::Question> requests;
    std::vector<std::string> left_out;
};

Decoded decode(const SunspecMap& map, std::size_t device = 0) {
    const auto found = discover(map.reader(), shipped_models());
    EXPECT_EQ(found.outcome, Discovery::Outcome::found);
    const auto made = make_profile(found.chain.devices.at(device), shipped_models());
    std::set<std::string> names;
    for (const auto& placed : place_points(made.profile)) {
        EXPECT_TRUE(names.insert(placed.point.name).second) << placed.point.name;
    }
    auto expanded =
        expand(made.profile, {.device = DeviceIndex{0}, .device_id = "d", .unit = 1, .periods = {}});
    EXPECT_TRUE(expanded);
    Decoded result{.values = {}, .quality = {}, .requests = {}, .left_out = made.left_out};
    for (const auto& group : expanded->plan.groups) {
        MapAsker asker(map);
        modbus::GroupReader reader(expanded->plan, group);
        const auto attempt = reader.read(asker, modbus::SteadyTime{});
        EXPECT_NE(attempt.frame, nullptr);
        if (attempt.frame == nullptr) continue;
        for (std::size_t i = 0; i < group.points.size(); ++i) {
            const auto& name = group.layout->points[i].name;
            result.quality[name] = attempt.frame->quality[i];
            if (attempt.frame->quality[i] == Quality::good) result.values[name] = attempt.frame->values[i];
        }
        result.requests.insert(result.requests.end(), asker.requests.begin(), asker.requests.end());
    }
    return result;
}

// Writes points of a model by their SunSpec names.
void fill(SunspecMap& map, int address, int id, const std::map<std::string, std::vector<int>>& points) {
    for (const auto& [name, words] : points) {
        const auto offset = shipped_models().find(id)->offset_of(name);
        ASSERT_GE(offset, 2) << name;
        for (std::size_t i = 0; i < words.size(); ++i) {
            map.set(address + offset + static_cast<int>(i), static_cast<std::uint16_t>(words[i]));
        }
    }
}

TEST(SunspecProfile, ScalesAnInverterByItsOwnFactors) {
    SunspecMap map;
    map.add_common("ACME", "Inv", "A");
    fill(map, map.add(103, 50), 103,
         {{"A", {1234}},
          {"A_SF", {-2}},
          {"PhVphA", {2301}},
          {"V_SF", {-1}},
          {"W", {-1500}},
          {"W_SF", {1}},
          {"Hz", {5001}},
          {"Hz_SF", {-2}},
          {"WH", {0x0001, 0x86A0}},
          {"WH_SF", {0}},
          {"St", {4}},
          {"TmpCab", {0x8000}},
          {"DCV", {0xFFFF}},
          {"PF", {95}},
          {"PF_SF", {0x8000}},
          {"Evt1", {0, 0x0081}}});
    map.end();
    const auto got = decode(map);
    EXPECT_DOUBLE_EQ(got.values.at("inverter.current_a"), 12.34);
    EXPECT_DOUBLE_EQ(got.values.at("inverter.voltage_l1_v"), 230.1);
    EXPECT_DOUBLE_EQ(got.values.at("inverter.power_kw"), -15.0);
    EXPECT_DOUBLE_EQ(got.values.at("inverter.frequency_hz"), 50.01);
    EXPECT_DOUBLE_EQ(got.values.at("inverter.energy_kwh"), 100.0);
    EXPECT_EQ(got.values.at("inverter.state"), 4);
    EXPECT_EQ(got.values.at("inverter.event.ground_fault"), 1);
    EXPECT_EQ(got.values.at("inverter.event.over_temp"), 1);
    EXPECT_EQ(got.values.at("inverter.event.cabinet_open"), 0);
    EXPECT_EQ(got.quality.at("inverter.cabinet_temperature_c"), Quality::not_implemented);
    EXPECT_EQ(got.quality.at("inverter.dc_voltage_v"), Quality::not_implemented);
    EXPECT_EQ(got.quality.at("inverter.power_factor_pct"), Quality::invalid_scale);
    EXPECT_EQ(got.requests.size(), 1U) << "one model, one answer";
    EXPECT_THAT(got.left_out, IsEmpty());
}

TEST(SunspecProfile, EachTypeHasItsOwnNotImplemented) {
    SunspecMap map;
    map.add_common("ACME", "Meter", "A");
    const int meter = map.add(203, 105);
    fill(map, meter, 203,
         {{"A", {0x8000}}, {"W", {0xFFFF}}, {"TotWhImp", {0, 0}}, {"Evt", {0xFFFF, 0xFFFF}}});
    const int floats = map.add(213, 124);
    const auto nan = std::bit_cast<std::uint32_t>(std::nanf(""));
    fill(map, floats, 213,
         {{"A", {static_cast<int>(nan >> 16), static_cast<int>(nan & 0xFFFF)}}, {"W", {0x447A, 0}}});
    map.end();
    const auto got = decode(map);
    EXPECT_EQ(got.quality.at("meter.current_a"), Quality::not_implemented);
    EXPECT_DOUBLE_EQ(got.values.at("meter.power_kw"), -0.001) << "0xFFFF is a number in an int16";
    EXPECT_EQ(got.quality.at("meter.energy_import_kwh"), Quality::not_implemented) << "not accumulated";
    EXPECT_EQ(got.quality.at("meter.event.over_current"), Quality::not_implemented);
    EXPECT_EQ(got.quality.at("meter2.current_a"), Quality::not_implemented);
    EXPECT_DOUBLE_EQ(got.values.at("meter2.power_kw"), 1.0);
}

TEST(SunspecProfile, NumbersStringsModulesAndCells) {
    SunspecMap map;
    map.add_common("ACME", "Rack", "A");
    const int bank = map.add(803, 26 + 2 * 32);
    fill(map, bank, 803, {{"NStr", {2}}, {"SoC_SF", {-1}}});
    map.set(bank + 28 + 4, 801);       // StrSoC of the first
    map.set(bank + 28 + 32 + 4, 795);  // and of the second
    for (int i = 0; i < 2; ++i) fill(map, map.add(804, 46 + 16), 804, {{"SoC", {900 + i}}, {"SoC_SF", {-1}}});
    const int module = map.add(805, 42 + 14 * 4);
    fill(map, module, 805, {{"CellV_SF", {-3}}, {"Tmp_SF", {0}}});
    for (int cell = 0; cell < 14; ++cell)
        map.set(module + 44 + 4 * cell, static_cast<std::uint16_t>(3300 + cell));
    map.end();
    const auto got = decode(map);
    EXPECT_DOUBLE_EQ(got.values.at("bank.string1.soc_pct"), 80.1);
    EXPECT_DOUBLE_EQ(got.values.at("bank.string2.soc_pct"), 79.5);
    EXPECT_DOUBLE_EQ(got.values.at("string1.soc_pct"), 90.0);
    EXPECT_DOUBLE_EQ(got.values.at("string2.soc_pct"), 90.1);
    EXPECT_DOUBLE_EQ(got.values.at("module1.cell14.voltage_v"), 3.313);
    EXPECT_FALSE(got.values.contains("module1.cell15.voltage_v"));
    EXPECT_THAT(got.left_out, IsEmpty());
}

TEST(SunspecProfile, ValuesFarFromTheirFactorAreReadBetweenTwoLooksAtIt) {
    SunspecMap map;
    map.add_common("ACME", "Long", "A");
    const int module = map.add(805, 42 + 60 * 4);
    fill(map, module, 805, {{"CellV_SF", {-3}}, {"Tmp_SF", {-1}}});
    for (int cell = 0; cell < 60; ++cell) {
        map.set(module + 44 + 4 * cell, 3300);
        map.set(module + 45 + 4 * cell, 251);
    }
    map.end();
    const auto got = decode(map);
    for (int cell = 1; cell <= 60; ++cell) {
        const auto name = "module1.cell" + std::to_string(cell);
        EXPECT_DOUBLE_EQ(got.values.at(name + ".voltage_v"), 3.3);
        EXPECT_DOUBLE_EQ(got.values.at(name + ".temperature_c"), 25.1);
    }
    for (const auto& request : got.requests) EXPECT_LE(request.count, 125);
}

TEST(SunspecProfile, CurvesNest) {
    SunspecMap map;
    map.add_common("ACME", "DER", "A");
    const int length = shipped_models().find(705)->fixed_length() + 2 * (10 + 3 * 2);
    const int model = map.add(705, length);
    fill(map, model, 705,
         {{"NPt", {3}}, {"NCrv", {2}}, {"V_SF", {-1}}, {"DeptRef_SF", {0}}, {"RspTms_SF", {0}}});
    const int first = model + 2 + shipped_models().find(705)->fixed_length();
    map.set(first + 10 + 2 * 2, 1034);             // voltage of the third point
    map.set(first + 16 + 10 + 2 * 1 + 1, 0xFFD4);  // second curve, second point
    map.end();
    const auto got = decode(map);
    EXPECT_DOUBLE_EQ(got.values.at("volt_var.curve1.point3.voltage_pct"), 103.4);
    EXPECT_DOUBLE_EQ(got.values.at("volt_var.curve2.point2.reactive_power_pct"), -44);
    EXPECT_FALSE(got.quality.contains("volt_var.curve3.active_points"));
}

TEST(SunspecProfile, WhatDoesNotFitIsLeftOutAndSaid) {
    SunspecMap map;
    map.add_common("ACME", "Odd", "A");
    map.add(103, 48);
    map.add(64001, 4);
    fill(map, map.add(705, 15), 705, {{"NPt", {65535}}, {"NCrv", {65534}}});
    fill(map, map.add(804, 46 + 17), 804, {{"SoC", {50}}});
    map.end();
    const auto got = decode(map);
    EXPECT_THAT(got.left_out,
                ElementsAre("model 103 at 40070: length 48 is not one that it can have",
                            "model 64001 at 40120: not known",
                            HasSubstr("volt_var: what repeats in model 705 does not fill its length 15"),
                            HasSubstr("string1: what repeats in model 804 does not fill its length 63")));
    EXPECT_DOUBLE_EQ(got.values.at("string1.soc_pct"), 50) << "its fixed part is what it is";
    EXPECT_FALSE(got.quality.contains("inverter.power_kw"));
}

TEST(SunspecProfile, NoRequestCrossesFromOneModelIntoAnother) {
    SunspecMap map;
    map.add_common("ACME", "Two", "A");
    map.add(103, 50);
    const int meter = map.add(203, 105);
    map.end();
    for (const auto& request : decode(map).requests) {
        EXPECT_FALSE(request.address < meter && meter < request.address + request.count);
    }
}

TEST(SunspecProfile, TheKindIsWhatTheModelsSay) {
    const auto kind_of = [](int id, int length) {
        return make_profile({.models = {{.id = id, .address = 40002, .length = length}}}, shipped_models())
            .profile.kind;
    };
    EXPECT_EQ(kind_of(203, 105), ProfileKind::meter);
    EXPECT_EQ(kind_of(802, 62), ProfileKind::bms);
    EXPECT_EQ(kind_of(103, 50), ProfileKind::other);
    EXPECT_TRUE(make_profile({}, shipped_models()).profile.points.empty());
}

// Every shipped model, at its shortest length, gives a profile that the checker accepts.
TEST(SunspecProfile, EveryShippedModelIsReadable) {
    for (const int id : {101, 111, 201, 211, 701, 702, 703, 704, 705, 706, 707,
                         708, 709, 710, 711, 712, 713, 714, 802, 803, 804, 805}) {
        const auto& model = *shipped_models().find(id);
        SunspecMap map;
        map.add_common("ACME", "Any", "A");
        map.add(id, model.lengths.empty() ? model.fixed_length() : model.lengths.front());
        map.end();
        const auto got = decode(map);
        EXPECT_THAT(got.left_out, IsEmpty()) << id;
        EXPECT_FALSE(got.quality.empty()) << id;
    }
}

}  // namespace
}  // namespace sitepower::sunspec::profile_test
