#include "core/alert/rules.hpp"

#include <gtest/gtest.h>

#include <set>

#include "core/base/identifier.hpp"

namespace sitepower::rules_test {
namespace {

TEST(Rules, StandInTheOrderOfTheirIdsWithUniqueNames) {
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < rules().size(); ++i) {
        const Rule& rule = rules()[i];
        EXPECT_EQ(static_cast<std::size_t>(rule.id), i) << rule.name;
        EXPECT_TRUE(is_identifier(rule.name));
        EXPECT_TRUE(is_identifier(rule.type));
        EXPECT_TRUE(names.insert(rule.name).second) << rule.name;
        EXPECT_EQ(find_rule(rule.name), &rule);
    }
    EXPECT_EQ(static_cast<std::size_t>(RuleId::model_drift) + 1, rules().size());
}

TEST(Rules, SayEverythingAReaderNeeds) {
    for (const Rule& rule : rules()) {
        EXPECT_FALSE(rule.message.empty()) << rule.name;
        EXPECT_FALSE(rule.advice.empty()) << rule.name;
        EXPECT_FALSE(rule.basis.empty()) << rule.name;
        EXPECT_EQ(rule.kind == RuleKind::condition, rule.measure.empty()) << rule.name;
        EXPECT_EQ(rule.kind == RuleKind::condition, !rule.warning && !rule.critical) << rule.name;
    }
}

TEST(Rules, AreOverriddenByName) {
    AlertRuleSettings row;
    row.type = "temperature_high";
    row.warning = 38;
    row.delay = Duration{1'000};
    AlertRuleSettings off;
    off.type = "string_imbalance";
    off.enabled = false;
    const RuleSet set(std::vector<AlertRuleSettings>{row, off});
    EXPECT_EQ(set[RuleId::temperature_high].warning, 38);
    EXPECT_EQ(set[RuleId::temperature_high].critical, 50);
    EXPECT_EQ(set[RuleId::temperature_high].delay, Duration{1'000});
    EXPECT_FALSE(set.enabled(RuleId::string_imbalance));
    EXPECT_TRUE(set.enabled(RuleId::voltage_high));
}

}  // namespace
}  // namespace sitepower::rules_test
