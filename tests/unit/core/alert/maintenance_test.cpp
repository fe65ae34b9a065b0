#include "core/alert/maintenance.hpp"

#include <gtest/gtest.h>

#include "tests/unit/core/site/small_site.hpp"

namespace sitepower::maintenance_test {
namespace {

using std::chrono::hours;

constexpr Time now = from_ms(1'795'328'000'000);

// A UPS with one string behind it, measured by a monitor; a second string that stands alone.
class MaintenanceTest : public testing::Test {
  protected:
    MaintenanceTest() : model_(make()), slots_(model_), maintenance_(slots_) {}

    static std::shared_ptr<const SiteModel> make() {
        auto model = std::make_shared<SiteModel>();
        model->id = "DC-1";
        DeviceBuilder ups(*model, "UPS-01", DeviceKind::ups);
        ups.point("on_battery");
        DeviceBuilder monitor(*model, "MON-01");
        model->strings.resize(2);
        model->batteries.resize(2);
        for (std::size_t i = 0; i < 2; ++i) {
            model->strings[i].id = "STR-0" + std::to_string(i + 1);
            model->strings[i].batteries = {static_cast<BatteryIndex>(i)};
            model->batteries[i].id = "BAT-0" + std::to_string(i + 1);
            model->batteries[i].string = static_cast<StringIndex>(i);
        }
        model->batteries[0].voltage_v = monitor.point("v");
        model->upses.resize(1);
        model->upses[0].strings = {StringIndex{0}};
        return model;
    }
    MaintenanceWindow window(SubjectKind kind, const std::string& id) const {
        return {"", {kind, id}, now, now + hours(1), "mia", "works"};
    }
    ErrorCode refusal(const MaintenanceWindow& of) {
        const auto result = maintenance_.start(of, now);
        return result ? ErrorCode::internal_error : result.error().code;
    }
    // Which parts a window covers: site, two devices, UPS, two strings, two batteries.
    std::string covered(Time at = now) const {
        std::string text;
        for (std::uint32_t i = 0; i < slots_.subjects(); ++i) {
            text += maintenance_.covers(SubjectNumber{i}, at) ? '1' : '0';
        }
        return text;
    }

    std::shared_ptr<const SiteModel> model_;
    AlertSlots slots_;
    Maintenance maintenance_;
};

TEST_F(MaintenanceTest, CoversItsSubjectAndWhatHangsOnIt) {
    const std::vector<std::pair<MaintenanceWindow, std::string>> cases{
        {window(SubjectKind::site, "DC-1"), "11111111"},
        {window(SubjectKind::device, "UPS-01"), "01010000"},
        {window(SubjectKind::device, "MON-01"), "00101010"},
        {window(SubjectKind::ups, "UPS-01"), "01011010"},
        {window(SubjectKind::string, "STR-02"), "00000101"},
        {window(SubjectKind::battery, "BAT-01"), "00000010"},
    };
    for (const auto& [of, expected] : cases) {
        const auto accepted = maintenance_.start(of, now);
        ASSERT_TRUE(accepted);
        EXPECT_EQ(covered(), expected) << to_string(of.subject.kind) << " " << of.subject.id;
        ASSERT_TRUE(maintenance_.end(accepted->id, now));
    }
}

TEST_F(MaintenanceTest, HoldsFromItsBeginningToItsEnd) {
    MaintenanceWindow later = window(SubjectKind::site, "DC-1");
    later.from = now + hours(2);
    later.to = now + hours(3);
    ASSERT_TRUE(maintenance_.start(later, now));
    EXPECT_EQ(covered(now + hours(2) - Duration{1}), "00000000");
    EXPECT_EQ(covered(now + hours(2)), "11111111");
    EXPECT_EQ(covered(now + hours(3)), "00000000");
    std::vector<MaintenanceWindow> ended;
    maintenance_.expire(now + hours(3) - Duration{1}, ended);
    EXPECT_TRUE(ended.empty());
    maintenance_.expire(now + hours(3), ended);
    EXPECT_EQ(ended.size(), 1U);
    EXPECT_TRUE(maintenance_.windows().empty());
}

TEST_F(MaintenanceTest, RefusesWhatMakesNoSense) {
    MaintenanceWindow bad = window(SubjectKind::site, "DC-1");
    bad.to = bad.from;
    EXPECT_EQ(refusal(bad), ErrorCode::validation_error);
    bad.from = now - hours(2);
    bad.to = now;
    EXPECT_EQ(refusal(bad), ErrorCode::validation_error);
    bad.to = bad.from + Maintenance::longest_window + Duration{1};
    EXPECT_EQ(refusal(bad), ErrorCode::validation_error);
    bad = window(SubjectKind::site, "DC-1");
    bad.from = now + Maintenance::longest_lead;
    bad.to = bad.from + hours(1);
    EXPECT_TRUE(maintenance_.start(bad, now));
    bad.from += Duration{1};
    const auto too_early = maintenance_.start(bad, now);
    ASSERT_FALSE(too_early);
    EXPECT_EQ(too_early.error().message, "a window begins within the next 400 days, not later");
    ASSERT_TRUE(maintenance_.end(maintenance_.windows().front().id, now));
    bad = window(SubjectKind::site, "DC-1");
    bad.id = "not an identifier";
    EXPECT_EQ(refusal(bad), ErrorCode::validation_error);
    EXPECT_EQ(refusal(window(SubjectKind::string, "STR-99")), ErrorCode::not_found);
    EXPECT_TRUE(maintenance_.windows().empty());
}

TEST_F(MaintenanceTest, HasALimitAndUniqueIdentifiers) {
    MaintenanceWindow one = window(SubjectKind::site, "DC-1");
    for (std::size_t i = 0; i < Maintenance::most_windows; ++i) {
        one.id = "W-" + std::to_string(i);
        ASSERT_TRUE(maintenance_.start(one, now));
    }
    one.id = "W-one-too-many";
    EXPECT_EQ(refusal(one), ErrorCode::conflict);
    ASSERT_TRUE(maintenance_.end("W-0", now));
    one.id = "W-1";
    EXPECT_EQ(refusal(one), ErrorCode::conflict);
    one.id = "W-0";
    EXPECT_TRUE(maintenance_.start(one, now));
}

}  // namespace
}  // namespace sitepower::maintenance_test
