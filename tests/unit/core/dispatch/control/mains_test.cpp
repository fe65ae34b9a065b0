#include "core/dispatch/control/mains.hpp"

#include <gtest/gtest.h>

namespace sitepower::dispatch::mains_test {
namespace {

using std::chrono::seconds;

TEST(MainsWatch, WhoFallsSilentInAnOutageHasNotSaidThatItIsOver) {
    MainsWatch mains;
    EXPECT_FALSE(mains.update(Mains::present, seconds{0}));
    EXPECT_FALSE(mains.are_returning(seconds{300}, seconds{0})) << "they have not been away";
    EXPECT_TRUE(mains.update(Mains::failed, seconds{1}));
    EXPECT_TRUE(mains.update(Mains::unknown, seconds{2}));
    EXPECT_TRUE(mains.update(Mains::unknown, seconds{1'000}));
    EXPECT_FALSE(mains.update(Mains::present, seconds{1'001}));
    EXPECT_TRUE(mains.are_returning(seconds{300}, seconds{1'300}));
    EXPECT_FALSE(mains.are_returning(seconds{300}, seconds{1'301}));
}

TEST(MainsWatch, MainsThatNobodyKnowsOfCountAsGoneAfterAWhile) {
    MainsWatch mains;
    EXPECT_FALSE(mains.update(Mains::unknown, seconds{1}));
    EXPECT_FALSE(mains.update(Mains::unknown, seconds{30}));
    EXPECT_TRUE(mains.update(Mains::unknown, seconds{31}));
    EXPECT_TRUE(mains.are_out());
}

}  // namespace
}  // namespace sitepower::dispatch::mains_test
