#include "daemon/publish/token_bucket.hpp"

#include <gtest/gtest.h>

namespace sitepower::token_bucket_test {
namespace {

const Steady start{};

TEST(TokenBucket, GivesTheBurstAndThenTheRate) {
    TokenBucket bucket(10, 5, start);
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(bucket.take(start));
    EXPECT_FALSE(bucket.take(start));
    int taken = 0;
    for (int ms = 1; ms <= 2000; ++ms) taken += bucket.take(start + std::chrono::milliseconds(ms)) ? 1 : 0;
    EXPECT_NEAR(taken, 20, 1);
}

TEST(TokenBucket, SaysWhenTheNextOneIsThere) {
    TokenBucket bucket(10, 1, start);
    EXPECT_EQ(bucket.next(start), start);
    ASSERT_TRUE(bucket.take(start));
    const Steady next = bucket.next(start);
    EXPECT_EQ(next, start + std::chrono::milliseconds(100));
    EXPECT_TRUE(bucket.take(next));
}

TEST(TokenBucket, SavesNoMoreThanTheBurst) {
    TokenBucket bucket(10, 3, start);
    const Steady later = start + std::chrono::hours(1);
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(bucket.take(later));
    EXPECT_FALSE(bucket.take(later));
}

}  // namespace
}  // namespace sitepower::token_bucket_test
