#include "core/base/scaling.hpp"

#include <gtest/gtest.h>

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

namespace sitepower::scaling_test {
namespace {

std::string shortest(double value) {
    std::array<char, 64> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    return {text.data(), end.ptr};
}

// The decimal text of number / 10^decimals, made of whole numbers only.
std::string decimal_text(std::int64_t number, int decimals) {
    std::string digits = std::to_string(number < 0 ? -number : number);
    while (std::ssize(digits) <= decimals) digits.insert(0, "0");
    const auto point = digits.size() - static_cast<std::size_t>(decimals);
    std::string text = digits.substr(0, point);
    std::string fraction = digits.substr(point);
    while (!fraction.empty() && fraction.back() == '0') fraction.pop_back();
    if (!fraction.empty()) text += "." + fraction;
    return (number < 0 ? "-" : "") + text;
}

struct Decimal {
    double scale;
    double offset;
    std::int64_t factor;  // over 10^decimals
    std::int64_t shift;
    int decimals;
};

const std::vector<Decimal> decimals{{1, 0, 1, 0, 0},
                                    {0.1, 0, 1, 0, 1},
                                    {0.01, 0, 1, 0, 2},
                                    {0.001, 0, 1, 0, 3},
                                    {0.0001, 0, 1, 0, 4},
                                    {-0.1, 0, -1, 0, 1},
                                    {0.5, 0, 5, 0, 1},
                                    {0.05, 0, 5, 0, 2},
                                    {0.25, 0, 25, 0, 2},
                                    {0.3, 0, 3, 0, 1},
                                    {10, 0, 10, 0, 0},
                                    {100, 0, 100, 0, 0},
                                    {0.1, -40, 1, -400, 1},
                                    {1, -273.15, 100, -27315, 2},
                                    {0.1, -273.15, 10, -27315, 2},
                                    {0.01, 0.005, 10, 5, 3},
                                    {-0.1, 3200, -1, 32000, 1},
                                    {0.000001, 0, 1, 0, 6}};

TEST(Scaling, PrintsAsOnPaper) {
    EXPECT_EQ(shortest(Scaling(0.1, 0).value(4914)), "491.4");
    EXPECT_EQ(shortest(Scaling(0.1, -40).value(653)), "25.3");
    EXPECT_EQ(shortest(Scaling(1, -273.15).value(298)), "24.85");
    EXPECT_EQ(shortest(Scaling(1, 0).value(4914, -3)), "4.914");
    EXPECT_EQ(shortest(Scaling(0.1, 0).value(4914, -1)), "49.14");
    EXPECT_EQ(shortest(Scaling(0.001, 0).value(4914, 2)), "491.4");
}

TEST(Scaling, IsTheNearestDoubleOfTheTrueDecimal) {
    std::mt19937_64 random(1);
    for (const auto& each : decimals) {
        const Scaling scaling(each.scale, each.offset);
        for (int i = 0; i < 2000; ++i) {
            const auto raw = static_cast<std::int32_t>(random());
            const std::string text = decimal_text(raw * each.factor + each.shift, each.decimals);
            const double value = scaling.value(raw);
            EXPECT_EQ(value, std::strtod(text.c_str(), nullptr)) << each.scale << " * " << raw;
            EXPECT_EQ(shortest(value), text);
        }
    }
}

TEST(Scaling, FactorsOfTenStayExact) {
    std::mt19937_64 random(2);
    for (const auto& each : decimals) {
        const Scaling scaling(each.scale, each.offset);
        for (int exponent = -5; exponent <= 0; ++exponent) {
            const auto raw = static_cast<std::int16_t>(random());
            std::int64_t shift = each.shift;
            for (int i = exponent; i < 0; ++i) shift *= 10;
            const auto text = decimal_text(raw * each.factor + shift, each.decimals - exponent);
            EXPECT_EQ(scaling.value(raw, exponent), std::strtod(text.c_str(), nullptr)) << text;
        }
    }
}

TEST(Scaling, RoundTripsEveryRawNumber) {
    std::mt19937_64 random(3);
    for (const auto& each : decimals) {
        const Scaling scaling(each.scale, each.offset);
        for (int i = 0; i < 2000; ++i) {
            const double raw = static_cast<std::int32_t>(random());
            EXPECT_EQ(std::nearbyint(scaling.raw(scaling.value(raw))), raw);
            const double small = static_cast<std::int16_t>(random());
            for (const int exponent : {-6, -2, 3, 10}) {
                EXPECT_EQ(std::nearbyint(scaling.raw(scaling.value(small, exponent), exponent)), small);
            }
        }
    }
}

TEST(Scaling, BinaryFractionsAreExact) {
    for (const int bits : {5, 6, 7, 8, 9}) {
        const double scale = std::exp2(-bits);
        for (int raw = -32768; raw < 65536; raw += 7) {
            EXPECT_EQ(Scaling(scale, 0).value(raw), std::ldexp(raw, -bits));
        }
    }
}

TEST(Scaling, OtherScalesAreMultiplied) {
    const double third = 1.0 / 3.0;
    EXPECT_EQ(Scaling(third, 0).value(7), 7 * third);
    EXPECT_EQ(Scaling(1e300, 0).value(2), 2e300);
    EXPECT_EQ(Scaling(1e-300, 1).value(2), 1);
}

TEST(Scaling, ZeroHasNoSignAndHugeIsInfinite) {
    EXPECT_FALSE(std::signbit(Scaling(-0.1, 0).value(0)));
    EXPECT_FALSE(std::signbit(Scaling(-1, 0).value(0)));
    EXPECT_TRUE(std::isinf(Scaling(10, 0).value(1e308)));
}

}  // namespace
}  // namespace sitepower::scaling_test
