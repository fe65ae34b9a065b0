#include "daemon/message/json_writer.hpp"

#include <gtest/gtest.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <random>

#include "daemon/message/message.hpp"

namespace sitepower::json_writer_test {
namespace {

std::string number(double value) {
    std::string out;
    append_number(out, value);
    return out;
}

std::string in_quotes(std::string_view text) {
    std::string out;
    append_quoted(out, text);
    return out;
}

TEST(AppendNumber, WritesFewDecimalsPlainly) {
    EXPECT_EQ(number(0), "0");
    EXPECT_EQ(number(229.8), "229.8");
    EXPECT_EQ(number(-0.05), "-0.05");
    EXPECT_EQ(number(13.001), "13.001");
    EXPECT_EQ(number(0.00421), "0.00421");
    EXPECT_EQ(number(-0.000001), "-0.000001");
    EXPECT_EQ(number(100'000), "100000");
    EXPECT_EQ(number(-7), "-7");
}

TEST(AppendNumber, WritesManyDigitsAsShortestText) {
    EXPECT_EQ(number(0.1 + 0.2), "0.30000000000000004");
    EXPECT_EQ(number(1e300), "1e+300");
    EXPECT_EQ(number(1.25e-7), "1.25e-07");
    EXPECT_EQ(number(5e-324), "5e-324");
}

TEST(AppendNumber, WritesNullForWhatIsNoNumber) {
    EXPECT_EQ(number(std::nan("")), "null");
    EXPECT_EQ(number(std::numeric_limits<double>::infinity()), "null");
    EXPECT_EQ(number(-std::numeric_limits<double>::infinity()), "null");
}

double read_back(const std::string& text) {
    double value = std::nan("");
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

TEST(AppendNumber, ReadsBackToTheSameDouble) {
    std::mt19937_64 random(1);
    std::uniform_real_distribution<double> mantissa(-1, 1);
    std::uniform_int_distribution<int> exponent(-40, 60);
    std::uniform_int_distribution<std::int64_t> raw(-2'000'000'000'000, 2'000'000'000'000);
    for (int i = 0; i < 20'000; ++i) {
        const double any = std::ldexp(mantissa(random), exponent(random));
        const double scaled = static_cast<double>(raw(random)) * 0.001;
        EXPECT_EQ(read_back(number(any)), any);
        EXPECT_EQ(read_back(number(scaled)), scaled);
    }
}

TEST(AppendNumber, HasNoMoreDigitsThanTheShortestText) {
    std::mt19937_64 random(2);
    std::uniform_int_distribution<int> raw(-9'999'999, 9'999'999);
    for (int i = 0; i < 20'000; ++i) {
        const double value = raw(random) / 100000.0;
        std::array<char, 400> fixed{};
        const auto end = std::to_chars(fixed.begin(), fixed.end(), value, std::chars_format::fixed).ptr;
        EXPECT_EQ(number(value), std::string(fixed.begin(), end));
    }
}

TEST(AppendQuoted, EscapesWhereverTheCharacterStands) {
    for (std::size_t at = 0; at < 20; ++at) {
        std::string text(20, 'x');
        text[at] = '"';
        std::string expected = "\"" + std::string(at, 'x') + "\\\"" + std::string(19 - at, 'x') + "\"";
        EXPECT_EQ(in_quotes(text), expected);
    }
}

TEST(AppendQuoted, EscapesControlCharactersAndLeavesUtf8Alone) {
    EXPECT_EQ(in_quotes(std::string_view("a\\b\n\r\t\x01\x1f", 8)), R"("a\\b\n\r\t\u0001\u001f")");
    EXPECT_EQ(in_quotes("Zählerraum Süd, 22 °C"), "\"Zählerraum Süd, 22 °C\"");
}

TEST(AppendTime, WritesWhatFormatTimeWrites) {
    for (const std::int64_t ms : {std::int64_t{0}, std::int64_t{1'763'794'468'123},
                                  std::int64_t{951'782'400'000}, std::int64_t{4'102'444'799'999}}) {
        std::string out;
        append_time(out, from_ms(ms));
        EXPECT_EQ(out, format_time(from_ms(ms)));
    }
}

TEST(JsonWriter, PlacesCommasAndBraces) {
    std::string out;
    JsonWriter json(out);
    json.begin_object();
    json.key("a");
    json.integer(-1);
    json.key("b");
    json.begin_array();
    json.null();
    json.boolean(true);
    json.begin_object();
    json.end_object();
    json.end_array();
    json.key("c");
    json.text("d");
    json.end_object();
    EXPECT_EQ(out, R"({"a":-1,"b":[null,true,{}],"c":"d"})");
}

TEST(JsonWriter, WritesTheMessageId) {
    const Epoch epoch{.bits = 0x0123456789abcdef, .number = 2};
    std::string out;
    JsonWriter json(out);
    json.message_id("DC-CNX-01", epoch.bits, sequence_of(epoch.key(77)));
    EXPECT_EQ(out, "\"" + message_id("DC-CNX-01", epoch.bits, epoch.key(77)) + "\"");
}

}  // namespace
}  // namespace sitepower::json_writer_test
