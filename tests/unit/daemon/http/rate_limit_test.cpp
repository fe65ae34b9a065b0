#include "daemon/http/rate_limit.hpp"

#include <gtest/gtest.h>

namespace sitepower::rate_limit_test {
namespace {

using namespace std::chrono_literals;

TEST(UserRateLimit, AllowsABurstAndThenASteadyRate) {
    RateLimit limit(10, 3);
    RateLimit::Moment now{};
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(limit.take(1, now));
    EXPECT_FALSE(limit.take(1, now));
    EXPECT_FALSE(limit.take(1, now + 90ms));
    EXPECT_TRUE(limit.take(1, now + 110ms));
    EXPECT_FALSE(limit.take(1, now + 120ms));
}

TEST(UserRateLimit, KeepsUsersApart) {
    RateLimit limit(1, 1);
    EXPECT_TRUE(limit.take(1, {}));
    EXPECT_FALSE(limit.take(1, {}));
    EXPECT_TRUE(limit.take(2, {}));
}

TEST(UserRateLimit, SavesUpNoMoreThanABurst) {
    RateLimit limit(1000, 2);
    const RateLimit::Moment later{1h};
    limit.take(1, {});
    EXPECT_TRUE(limit.take(1, later));
    EXPECT_TRUE(limit.take(1, later));
    EXPECT_FALSE(limit.take(1, later));
}

TEST(UserRateLimit, RemembersABoundedNumberOfUsers) {
    RateLimit limit(1, 1);
    RateLimit::Moment now{};
    for (uid_t uid = 0; uid < 1000; ++uid) EXPECT_TRUE(limit.take(uid, now += 1ms));
    EXPECT_EQ(limit.users(), RateLimit::most_users);
    EXPECT_FALSE(limit.take(999, now));
}

}  // namespace
}  // namespace sitepower::rate_limit_test
