#include "drivers/modbus/complete.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sitepower::modbus::complete_test {
namespace {

constexpr auto good = Quality::good;
constexpr auto absent = Quality::not_implemented;

struct Completed {
    std::vector<double> values;
    std::vector<Quality> quality;
};

Completed complete_with(const PollGroup& group, std::vector<double> values,
                        std::vector<Quality> quality = {}) {
    quality.resize(values.size(), good);
    complete(group, values, quality);
    return {values, quality};
}

// Two points and what is worked out from them.
PollGroup two_points(DerivedPoint derived) {
    PollGroup group;
    group.points.resize(2);
    derived.operands = {0, 1};
    group.derived = {std::move(derived)};
    return group;
}

TEST(Complete, WorksOutEveryOperation) {
    const std::vector<std::pair<Operation, double>> expected{
        {Operation::sum, 8}, {Operation::sub, 4}, {Operation::mul, 12}, {Operation::div, 3},
        {Operation::min, 2}, {Operation::max, 6}, {Operation::mean, 4}};
    for (const auto& [operation, value] : expected) {
        const auto result = complete_with(two_points({.operation = operation}), {6, 2});
        EXPECT_EQ(result.values, (std::vector<double>{6, 2, value}));
        EXPECT_EQ(result.quality[2], good);
    }
}

TEST(Complete, AppliesWeightsScaleOffsetAndRange) {
    const auto hours = complete_with(two_points({.weights = {24, 1}}), {10, 5});
    EXPECT_EQ(hours.values[2], 245);
    const auto scaled =
        complete_with(two_points({.operation = Operation::mul, .scale = 0.01, .offset = 1}), {50, 80});
    EXPECT_EQ(scaled.values[2], 41);
    const auto outside = complete_with(two_points({.maximum = 7}), {6, 2});
    EXPECT_EQ(outside.quality[2], Quality::out_of_range);
    EXPECT_EQ(outside.values[2], 0);
}

TEST(Complete, DecimalsStayDecimals) {
    EXPECT_EQ(complete_with(two_points({}), {0.1, 0.2}).values[2], 0.3);
    EXPECT_EQ(complete_with(two_points({.operation = Operation::sub}), {541.2, 0.1}).values[2], 541.1);
}

TEST(Complete, ADivisionByZeroIsOutOfRange) {
    const auto result = complete_with(two_points({.operation = Operation::div}), {6, 0});
    EXPECT_EQ(result.quality[2], Quality::out_of_range);
    EXPECT_EQ(result.values[2], 0);
}

TEST(Complete, ABadOperandIsTheReason) {
    for (const auto reason : {Quality::comm_error, Quality::out_of_range, Quality::invalid_scale, absent}) {
        const auto result = complete_with(two_points({}), {6, 0}, {good, reason});
        EXPECT_EQ(result.quality[2], reason);
    }
}

TEST(Complete, AbsentOperandsAreLeftOutWhereTheProfileSaysSo) {
    const auto one =
        complete_with(two_points({.operation = Operation::min, .skip_absent = true}), {0, 7}, {absent, good});
    EXPECT_EQ(one.values[2], 7);
    EXPECT_EQ(one.quality[2], good);
    const auto none = complete_with(two_points({.skip_absent = true}), {0, 0}, {absent, absent});
    EXPECT_EQ(none.quality[2], absent);
    const auto failed = complete_with(two_points({.skip_absent = true}), {1, 0}, {good, Quality::comm_error});
    EXPECT_EQ(failed.quality[2], Quality::comm_error);
}

// Point 0 exists while point 1, which is hidden, is at least 3.
PollGroup guarded() {
    PollGroup group;
    group.points.resize(2);
    group.hidden = 1;
    group.presences = {{.point = 0, .other = 1, .minimum = 3}};
    return group;
}

TEST(Complete, APointIsThereOnlyWhileAnotherSaysSo) {
    EXPECT_EQ(complete_with(guarded(), {5, 3}).values, std::vector<double>{5});
    EXPECT_EQ(complete_with(guarded(), {5, 3}).quality, std::vector{good});
    const auto below = complete_with(guarded(), {5, 2});
    EXPECT_EQ(below.values, std::vector<double>{0});
    EXPECT_EQ(below.quality, std::vector{absent});
}

TEST(Complete, NothingIsKnownWhereTheOtherIsMissing) {
    EXPECT_EQ(complete_with(guarded(), {5, 0}, {good, Quality::comm_error}).quality,
              std::vector{Quality::comm_error});
    EXPECT_EQ(complete_with(guarded(), {5, 0}, {good, Quality::out_of_range}).quality, std::vector{absent});
}

TEST(Complete, DerivedValuesMayUseHiddenPointsAndEarlierOnes) {
    PollGroup group;
    group.points.resize(3);
    group.hidden = 1;
    group.derived = {{.operation = Operation::mul, .operands = {0, 2}},
                     {.operation = Operation::sum, .operands = {3, 1}}};
    const auto result = complete_with(group, {2, 5, 10});
    EXPECT_EQ(result.values, (std::vector<double>{2, 5, 20, 25}));
}

TEST(Complete, LeavesAPlainGroupAlone) {
    PollGroup group;
    group.points.resize(2);
    const auto result = complete_with(group, {1, 2}, {good, absent});
    EXPECT_EQ(result.values, (std::vector<double>{1, 2}));
    EXPECT_EQ(result.quality, (std::vector{good, absent}));
}

}  // namespace
}  // namespace sitepower::modbus::complete_test
