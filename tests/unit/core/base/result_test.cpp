#include "core/base/result.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace sitepower::result_test {
namespace {

Error refusal() {
    return {.code = ErrorCode::conflict, .message = "it is done", .detail = "twice"};
}

TEST(Result, HoldsWhatWasAskedFor) {
    Result<std::string> name(std::string("UPS-01"));
    ASSERT_TRUE(name);
    EXPECT_EQ(*name, "UPS-01");
    EXPECT_EQ(name->size(), 6U);
    name.value() += "A";
    const Result<std::string>& seen = name;
    EXPECT_EQ(seen.value(), "UPS-01A");
}

TEST(Result, HoldsWhyThereIsNothing) {
    const Result<int> nothing(refusal());
    ASSERT_FALSE(nothing);
    EXPECT_EQ(nothing.error().code, ErrorCode::conflict);
    EXPECT_EQ(nothing.error().detail, "twice");
}

TEST(Result, GivesAwayWhatCannotBeCopied) {
    Result<std::unique_ptr<int>> owner(std::make_unique<int>(7));
    const std::unique_ptr<int> taken = std::move(owner).value();
    EXPECT_EQ(*taken, 7);
}

TEST(Result, AskingForWhatItDoesNotHoldIsNeverARead) {
    const Result<int> nothing(refusal());
    const Result<int> something(1);
    EXPECT_THROW((void)nothing.value(), std::bad_variant_access);
    EXPECT_THROW((void)something.error(), std::bad_variant_access);
}

}  // namespace
}  // namespace sitepower::result_test
