#include "core/dispatch/scaling/scaler.hpp"

#include <cmath>

namespace sitepower::dispatch::scaler_test {
namespace {

using testing::HasSubstr;

struct ScalerTest : testing::Test {
    Scaler scaler{{.group = "web", .least_instances = 2, .most_instances = 50, .kw_per_instance = 2}};
    ScalingInput input{.instances = 10, .metrics = {{"requests", 700, 650, 100}}, .utilisation = 0.6};
    Time now = from_ms(1'767'225'600'000);

    std::optional<ScalingDecision> evaluate() { return scaler.evaluate(input, now); }
    // What is forecast; a little less is there already.
    void demand(double value) {
        input.metrics[0].forecast = value;
        input.metrics[0].measured = 0.9 * value;
    }
    void execute(const ScalingDecision& decision) {
        scaler.report_executed(decision.id, now);
        input.instances = decision.to;
    }
    // A need that stays for so long, evaluated every 30 s.
    std::optional<ScalingDecision> wait(Duration time) {
        std::optional<ScalingDecision> last;
        for (const Time end = now + time; now < end && !last;) {
            now += Duration{30'000};
            last = evaluate();
        }
        return last;
    }
};

TEST_F(ScalerTest, GoesUpAtOnceAndSaysWhy) {
    demand(1000);
    const auto decision = evaluate();
    ASSERT_TRUE(decision);
    EXPECT_EQ(decision->from, 10);
    EXPECT_EQ(decision->to, 15);  // 1000 / (100 * 0.7)
    EXPECT_EQ(decision->state, ScalingState::pending);
    EXPECT_THAT(decision->reason, HasSubstr("requests of 1000 (p90 forecast)"));
}

TEST_F(ScalerTest, TheNeediestMetricDecides) {
    input.metrics.push_back({"memory", 90, 80, 5});
    const auto decision = evaluate();
    ASSERT_TRUE(decision);
    EXPECT_EQ(decision->to, 20) << "26 are needed, but at most twice as many at once";
    EXPECT_THAT(decision->reason, HasSubstr("memory"));
}

TEST_F(ScalerTest, AnEventMultipliesTheForecast) {
    demand(600);
    input.event = "flash_sale";
    input.event_multiplier = 2;
    const auto decision = evaluate();
    ASSERT_TRUE(decision);
    EXPECT_EQ(decision->to, 18);
    EXPECT_THAT(decision->reason, HasSubstr("flash_sale x2"));
}

TEST_F(ScalerTest, GoesDownOnlyToTheMostOfTheWindowAndByAFifthAtMost) {
    demand(690);
    EXPECT_FALSE(evaluate());
    demand(140);
    const auto decision = wait(Duration{600'000});
    ASSERT_TRUE(decision) << scaler.holding();
    EXPECT_GE(now - from_ms(1'767'225'600'000), Duration{300'000});
    EXPECT_EQ(decision->to, 8);
}

TEST_F(ScalerTest, StaysWithinTheMargin) {
    demand(640);  // 10 needed
    EXPECT_FALSE(wait(Duration{900'000}));
    EXPECT_EQ(scaler.holding(), "within the margin");
}

TEST_F(ScalerTest, AnUncertainForecastNeverGoesDownAndUpOnMeasuredLoadOnly) {
    input.confidence = 0.3;
    input.metrics[0].forecast = 5000;
    EXPECT_FALSE(wait(Duration{900'000})) << "measured 650 needs no more than 10";
    demand(1);
    EXPECT_FALSE(wait(Duration{900'000}));
    EXPECT_THAT(scaler.holding(), HasSubstr("never down"));
    input.metrics[0].measured = 1000;
    const auto decision = evaluate();
    ASSERT_TRUE(decision);
    EXPECT_EQ(decision->to, 15);
    EXPECT_THAT(decision->reason, HasSubstr("measured"));
}

TEST_F(ScalerTest, AStaleForecastIsAnUncertainOne) {
    input.forecast_age = Duration{601'000};
    demand(1);
    EXPECT_FALSE(wait(Duration{900'000}));
}

TEST_F(ScalerTest, ALoadThatIsThereCountsWhateverIsForecast) {
    input.metrics[0].forecast = 400;
    input.metrics[0].measured = 900;
    const auto decision = evaluate();
    ASSERT_TRUE(decision);
    EXPECT_EQ(decision->to, 13);
    EXPECT_THAT(decision->reason, HasSubstr("requests of 900 (measured)"));
    execute(*decision);
    EXPECT_FALSE(wait(Duration{900'000})) << "nor down below it";
}

// One sample of a dip after an hour of silence is no window.
TEST_F(ScalerTest, AfterAGapTheWindowOfTheWayDownBeginsAnew) {
    demand(690);
    EXPECT_FALSE(wait(Duration{600'000}));
    now += Duration{3'600'000};
    demand(140);
    EXPECT_FALSE(evaluate());
    EXPECT_EQ(scaler.holding(), "the window of the way down is not full yet");
    EXPECT_FALSE(wait(Duration{270'000}));
    EXPECT_TRUE(wait(Duration{60'000}));
}

TEST_F(ScalerTest, NeverDownWhileAMetricIsNotKnown) {
    input.metrics.push_back({"memory", std::nullopt, std::nullopt, 5});
    demand(140);
    EXPECT_FALSE(wait(Duration{900'000}));
    EXPECT_THAT(scaler.holding(), HasSubstr("a metric is not known"));
    input.metrics[1].measured = 1;
    EXPECT_TRUE(wait(Duration{900'000}));
}

TEST_F(ScalerTest, TheBudgetOfTurnsOutlivesTheProcess) {
    std::vector<ScalingDecision> before;
    for (int i = 0; i < 6; ++i) {
        const int from = i % 2 == 0 ? 10 : 12;
        before.push_back({.id = "web-" + std::to_string(i),
                          .from = from,
                          .to = 22 - from,
                          .state = ScalingState::verified,
                          .created = now + i * Duration{300'000}});
    }
    now += Duration{2'400'000};
    scaler.restore(before, std::nullopt, now);
    demand(1000);
    EXPECT_FALSE(evaluate());
    EXPECT_TRUE(scaler.is_flapping());
    now += Duration{2'400'000};
    EXPECT_TRUE(evaluate()) << "an hour later it may turn again";
}

TEST_F(ScalerTest, NamesTheLimitThatBinds) {
    demand(1000);
    input.awarded_kw = 24;
    auto decision = evaluate();
    ASSERT_TRUE(decision);
    EXPECT_EQ(decision->to, 12);
    EXPECT_THAT(decision->reason, HasSubstr("limited to 12 by the awarded 24 kW"));
}

TEST_F(ScalerTest, CoolsDownBetweenActions) {
    demand(1000);
    execute(*evaluate());
    demand(1500);
    now += Duration{59'000};
    EXPECT_FALSE(evaluate());
    EXPECT_EQ(scaler.holding(), "cooling down");
    now += Duration{1'000};
    EXPECT_TRUE(evaluate());
}

TEST_F(ScalerTest, APendingDecisionIsNotOvertaken) {
    demand(1000);
    const auto decision = evaluate();
    now += Duration{600'000};
    EXPECT_FALSE(evaluate());
    scaler.report_failed(decision->id, "no answer");
    EXPECT_TRUE(evaluate());
}

TEST_F(ScalerTest, VerifiesWhatWorked) {
    demand(1000);
    execute(*evaluate());
    now += Duration{119'000};
    EXPECT_FALSE(scaler.verify(input, now));
    EXPECT_EQ(scaler.decisions().back().state, ScalingState::executed);
    now += Duration{1'000};
    EXPECT_FALSE(scaler.verify(input, now));
    EXPECT_EQ(scaler.decisions().back().state, ScalingState::verified);
}

TEST_F(ScalerTest, TakesBackOnceWhatDidNotWork) {
    demand(1000);
    const auto decision = evaluate();
    scaler.report_executed(decision->id, now);
    now += Duration{120'000};
    const auto rollback = scaler.verify(input, now);
    ASSERT_TRUE(rollback);
    EXPECT_EQ(rollback->to, 10);
    EXPECT_EQ(scaler.decisions()[0].state, ScalingState::rolled_back);
    scaler.report_executed(rollback->id, now);
    now += Duration{30'000};
    EXPECT_FALSE(evaluate()) << "no retry inside the cool-down";
    input.instances = 12;
    now += Duration{120'000};
    EXPECT_FALSE(scaler.verify(input, now)) << "one roll-back, not a row of them";
    EXPECT_EQ(scaler.decisions().back().state, ScalingState::failed);
}

TEST_F(ScalerTest, GoesBackOnlyWhereThatHelps) {
    input.utilisation = 0.99;  // up, and still too much: fewer would be worse
    demand(1000);
    execute(*evaluate());
    now += Duration{120'000};
    EXPECT_FALSE(scaler.verify(input, now));
    EXPECT_EQ(scaler.decisions().back().state, ScalingState::verified);
    EXPECT_EQ(scaler.decisions().back().outcome, "15 instances run, the utilisation is 99 %");
    demand(1500);
    execute(*evaluate());
    input.utilisation = 0.05;  // for nothing
    now += Duration{120'000};
    const auto rollback = scaler.verify(input, now);
    ASSERT_TRUE(rollback);
    EXPECT_THAT(rollback->reason, HasSubstr("5 %, out of its band"));
}

TEST_F(ScalerTest, WithoutAUtilisationTheCountDecides) {
    input.utilisation.reset();
    demand(1000);
    execute(*evaluate());
    now += Duration{120'000};
    EXPECT_FALSE(scaler.verify(input, now));
    EXPECT_EQ(scaler.decisions().back().state, ScalingState::verified);
}

TEST_F(ScalerTest, WaitsForWhatIsUnderWayAndSettlesWhatIsOvertaken) {
    demand(1000);
    scaler.report_executed(evaluate()->id, now);
    input.instances = 12;  // they still come
    now += Duration{90'000};
    EXPECT_FALSE(evaluate());
    EXPECT_EQ(scaler.holding(), "a decision is under way");
    demand(1500);
    ASSERT_TRUE(evaluate());
    EXPECT_EQ(scaler.decisions()[0].state, ScalingState::failed);
    EXPECT_EQ(scaler.decisions()[0].outcome, "12 instances run, and another decision follows");
}

TEST_F(ScalerTest, AnUnknownNumberTellsNothingAgainstADecision) {
    demand(1000);
    scaler.report_executed(evaluate()->id, now);
    input.instances.reset();
    now += Duration{900'000};
    EXPECT_FALSE(scaler.verify(input, now));
    EXPECT_EQ(scaler.decisions().back().state, ScalingState::executed);
}

TEST_F(ScalerTest, KeepsWhatItWasDecidedBy) {
    demand(1000);
    const auto decision = evaluate();
    ASSERT_TRUE(decision);
    EXPECT_EQ(decision->demand, 1000);
    EXPECT_DOUBLE_EQ(*decision->threshold, 700);
    EXPECT_EQ(scaler.needed(), 15);
}

TEST_F(ScalerTest, GoesOnFromWhatAnEarlierProcessDecided) {
    std::vector<ScalingDecision> before(2);
    before[0] = {.id = "web-1", .from = 5, .to = 6, .state = ScalingState::executed, .created = now};
    before[0].executed = now;
    before[1] = {.id = "web-2", .from = 6, .to = 10, .created = now + Duration{1'000}};
    now += Duration{2'000};
    scaler.restore(before, ManualOverride{12, now + Duration{60'000}, "test"}, now);
    EXPECT_EQ(scaler.decisions().back().state, ScalingState::failed);
    EXPECT_THAT(scaler.decisions().back().outcome, HasSubstr("started anew"));
    EXPECT_FALSE(evaluate());
    EXPECT_EQ(scaler.holding(), "cooling down");
    now += Duration{59'000};
    const auto decision = evaluate();
    ASSERT_TRUE(decision);
    EXPECT_TRUE(decision->is_manual);
    EXPECT_EQ(decision->to, 12);
}

TEST_F(ScalerTest, CarryingOutTwiceChangesNothing) {
    demand(1000);
    const auto decision = evaluate();
    scaler.report_executed(decision->id, now);
    scaler.report_executed(decision->id, now + Duration{60'000});
    scaler.report_failed(decision->id, "no answer");
    scaler.report_executed("no such decision", now);
    EXPECT_EQ(scaler.decisions().back().executed, now);
    EXPECT_EQ(scaler.decisions().back().state, ScalingState::executed);
}

TEST_F(ScalerTest, HoldsWhenItTurnsTooOften) {
    int actions = 0;
    for (int i = 0; i < 200; ++i) {
        now += Duration{15'000};
        demand(i / 24 % 2 == 0 ? 1400 : 140);
        if (const auto decision = evaluate()) {
            execute(*decision);
            ++actions;
        }
    }
    EXPECT_TRUE(scaler.is_flapping());
    EXPECT_GT(actions, 4);
    now += Duration{3'700'000};
    evaluate();
    EXPECT_FALSE(scaler.is_flapping()) << "an hour later it may turn again";
}

TEST_F(ScalerTest, AHandSetNumberHoldsUntilItExpires) {
    scaler.override_manually({100, now + Duration{600'000}, "campaign"});
    const auto decision = evaluate();
    ASSERT_TRUE(decision);
    EXPECT_EQ(decision->to, 50) << "clamped to the maximum";
    EXPECT_THAT(decision->reason, HasSubstr("campaign"));
    execute(*decision);
    EXPECT_FALSE(evaluate());
    EXPECT_EQ(scaler.holding(), "set by hand");
    now += Duration{600'000};
    EXPECT_TRUE(wait(Duration{900'000})) << "expired: down again";
}

TEST_F(ScalerTest, UnknownIsNotZero) {
    input.instances.reset();
    EXPECT_FALSE(evaluate());
    EXPECT_THAT(scaler.holding(), HasSubstr("unknown"));
    input.instances = 10;
    input.metrics = {{"requests", NAN, std::nullopt, 100}};
    EXPECT_FALSE(evaluate());
    EXPECT_EQ(scaler.holding(), "no metric is known");
}

}  // namespace
}  // namespace sitepower::dispatch::scaler_test
