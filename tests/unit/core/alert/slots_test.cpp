#include "core/alert/slots.hpp"

#include <gtest/gtest.h>

#include <set>

#include "tests/unit/core/site/small_site.hpp"

namespace sitepower::slots_test {
namespace {

class AlertSlotsTest : public testing::Test {
  protected:
    static std::shared_ptr<const SiteModel> make() {
        auto model = std::make_shared<SiteModel>();
        model->id = "DC-1";
        const DeviceBuilder monitor(*model, "MON-01");
        const DeviceBuilder ups(*model, "UPS-01", DeviceKind::ups);
        model->upses.resize(1);
        model->upses[0].device = static_cast<DeviceIndex>(1);
        model->strings.resize(2);
        model->strings[0].id = "STR-01";
        model->strings[1].id = "STR-02";
        model->batteries.resize(3);
        for (std::size_t i = 0; i < 3; ++i) model->batteries[i].id = "BAT-" + std::to_string(i + 1);
        return model;
    }
    AlertSlots slots_{make()};
};

TEST_F(AlertSlotsTest, NumbersEverySubjectOnce) {
    ASSERT_EQ(slots_.subjects(), 1U + 2 + 1 + 2 + 3);
    for (std::uint32_t i = 0; i < slots_.subjects(); ++i) {
        const Subject subject = slots_.subject(SubjectNumber{i});
        EXPECT_EQ(slots_.find(subject), SubjectNumber{i}) << to_string(subject.kind) << " " << subject.id;
    }
    EXPECT_EQ(slots_.subject(AlertSlots::site()), (Subject{SubjectKind::site, "DC-1"}));
    EXPECT_EQ(slots_.subject(slots_.number(UpsIndex{0})), (Subject{SubjectKind::ups, "UPS-01"}));
    EXPECT_EQ(slots_.subject(slots_.number(static_cast<StringIndex>(1))),
              (Subject{SubjectKind::string, "STR-02"}));
    EXPECT_EQ(slots_.index(slots_.number(static_cast<BatteryIndex>(2))), 2U);
}

TEST_F(AlertSlotsTest, TellsKindsWithTheSameNameApart) {
    const auto device = slots_.find({SubjectKind::device, "UPS-01"});
    const auto ups = slots_.find({SubjectKind::ups, "UPS-01"});
    ASSERT_TRUE(device && ups);
    EXPECT_NE(*device, *ups);
}

TEST_F(AlertSlotsTest, FindsNothingForStrangers) {
    EXPECT_FALSE(slots_.find({SubjectKind::battery, "BAT-99"}));
    EXPECT_FALSE(slots_.find({SubjectKind::site, "DC-2"}));
    EXPECT_FALSE(slots_.find({static_cast<SubjectKind>(200), "DC-1"}));
    EXPECT_FALSE(slots_.find_slot(slots_.number(BatteryIndex{0}), "device_offline"));
    EXPECT_FALSE(slots_.find_slot(slots_.number(BatteryIndex{0}), "no_such_type"));
}

TEST_F(AlertSlotsTest, RulesOfOneTypeShareASlotAndNothingElseDoes) {
    const auto battery = slots_.number(BatteryIndex{0});
    EXPECT_EQ(slots_.slot(battery, RuleId::voltage_low), slots_.slot(battery, RuleId::voltage_low_discharge));
    EXPECT_EQ(slots_.slot(battery, RuleId::voltage_low), slots_.slot(battery, RuleId::voltage_low_lithium));
    std::set<SlotNumber> seen;
    for (std::uint32_t i = 0; i < slots_.subjects(); ++i) {
        std::set<std::string_view> types;
        for (const Rule& rule : rules()) {
            if (!applies_to(rule, slots_.kind(SubjectNumber{i}))) continue;
            const SlotNumber slot = slots_.slot(SubjectNumber{i}, rule.id);
            EXPECT_EQ(slots_.subject_of(slot), SubjectNumber{i});
            EXPECT_EQ(slots_.find_slot(SubjectNumber{i}, rule.type), slot);
            EXPECT_EQ(seen.insert(slot).second, types.insert(rule.type).second) << rule.name;
        }
    }
    EXPECT_EQ(seen.size(), slots_.size());
}

TEST_F(AlertSlotsTest, StringsHaveAlertsOfWhatTheirBatteriesShare) {
    const auto string = slots_.number(StringIndex{0});
    for (const char* type : {"voltage_high", "voltage_low", "temperature_high"}) {
        EXPECT_TRUE(slots_.find_slot(string, type)) << type;
    }
    EXPECT_FALSE(slots_.find_slot(string, "resistance_drift"));
    EXPECT_FALSE(slots_.find_slot(string, "string_imbalance"));
}

}  // namespace
}  // namespace sitepower::slots_test
