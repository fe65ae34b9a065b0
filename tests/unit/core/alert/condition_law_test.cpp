// The latch and the condition against a naive judge that looks at all that was ever read.
#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "core/alert/condition.hpp"

namespace sitepower::condition_law_test {
namespace {

struct Reading {
    Time time;
    double value;
};

// On after `delay` of readings beyond, without one that is not; off likewise, by the hysteresis.
class NaiveLatch {
  public:
    void read(Reading reading, bool asks, Duration delay, int readings) {
        if (!asks) {
            run_.clear();
            return;
        }
        if (readings > 1 && !run_.empty() && reading.time - run_.front().time > Latch::longest_run)
            run_.clear();
        run_.push_back(reading);
        if (run_.size() >= static_cast<std::size_t>(readings) && reading.time - run_.front().time >= delay) {
            on_ = !on_;
            run_.clear();
        }
    }
    bool is_on() const { return on_; }

  private:
    std::vector<Reading> run_;
    bool on_ = false;
};

class ConditionLaw : public testing::TestWithParam<unsigned> {};

TEST_P(ConditionLaw, AgreesWithANaiveJudge) {
    std::mt19937 random(GetParam());
    Rule rule;
    rule.kind = random() % 2 ? RuleKind::above : RuleKind::below;
    const bool above = rule.kind == RuleKind::above;
    rule.warning = above ? 50 : 40;
    if (random() % 3) rule.critical = above ? 60 : 30;
    rule.hysteresis = static_cast<double>(random() % 5);
    rule.delay = Duration{static_cast<std::int64_t>(random() % 4) * 10'000};
    rule.readings = 1 + static_cast<int>(random() % 3);
    const Limits limits(rule);
    const auto asks = [&](const NaiveLatch& latch, double value, double threshold) {
        if (latch.is_on())
            return above ? value <= threshold - rule.hysteresis : value >= threshold + rule.hysteresis;
        return above ? value > threshold : value < threshold;
    };

    Condition condition;
    NaiveLatch warning;
    NaiveLatch critical;
    Time now = from_ms(1'795'328'000'000);
    double value = 45;
    int raised = 0;
    for (int i = 0; i < 5000; ++i) {
        now += Duration{1000 + static_cast<std::int64_t>(random() % 5000)};
        if (random() % 200 == 0) now += std::chrono::hours(24 * 5);
        value += static_cast<double>(random() % 9) - 4 + (45 - value) * 0.05;
        condition.update(value, limits, now);
        const Reading reading{now, value};
        warning.read(reading, asks(warning, value, *rule.warning), rule.delay, rule.readings);
        if (rule.critical)
            critical.read(reading, asks(critical, value, *rule.critical), rule.delay, rule.readings);
        const auto expected = critical.is_on()  ? std::optional(Severity::critical)
                              : warning.is_on() ? std::optional(Severity::warning)
                                                : std::nullopt;
        ASSERT_EQ(condition.level(), expected) << i;
        raised += expected.has_value();
    }
    EXPECT_GT(raised, 0);
}

INSTANTIATE_TEST_SUITE_P(AnyRule, ConditionLaw, testing::Range(1U, 41U));

}  // namespace
}  // namespace sitepower::condition_law_test
