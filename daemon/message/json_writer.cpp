#include "daemon/message/json_writer.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

namespace sitepower {
namespace {

// The readings of meters have few decimals, and for those the digits are found with two multiplications
// instead of a shortest-digits search: n / 1e6 is correctly rounded, so when it gives back `value`, the
// decimal with the digits of n reads back to it, and no other decimal of 15 digits or less does.
constexpr std::int64_t millionths = 1'000'000;
constexpr double most_millionths = 1e15;

// Writes n / 1e6 without trailing zeros; returns the end.
char* write_millionths(char* at, char* end, std::int64_t n) {
    if (n < 0) {
        *at++ = '-';
        n = -n;
    }
    at = std::to_chars(at, end, n / millionths).ptr;
    auto rest = static_cast<int>(n % millionths);
    if (rest == 0) return at;
    *at++ = '.';
    for (int unit = millionths / 10; rest != 0; unit /= 10) {
        *at++ = static_cast<char>('0' + rest / unit);
        rest %= unit;
    }
    return at;
}

bool must_be_escaped(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
}

// Eight characters at once: a byte of the result is not zero where a character must be escaped.
std::uint64_t escape_mask(std::uint64_t word) {
    constexpr std::uint64_t ones = 0x0101010101010101U;
    constexpr std::uint64_t highs = 0x8080808080808080U;
    const auto zero_bytes = [](std::uint64_t v) { return (v - ones) & ~v & highs; };
    const std::uint64_t below_space = (word - ones * 0x20) & ~word & highs;
    return below_space | zero_bytes(word ^ (ones * '"')) | zero_bytes(word ^ (ones * '\\'));
}

bool is_plain(std::string_view text) {
    while (text.size() >= sizeof(std::uint64_t)) {
        std::uint64_t word = 0;
        std::memcpy(&word, text.data(), sizeof word);
        if (escape_mask(word) != 0) return false;
        text.remove_prefix(sizeof word);
    }
    for (const char c : text) {
        if (must_be_escaped(c)) return false;
    }
    return true;
}

void append_escaped(std::string& out, char c) {
    constexpr std::string_view hex = "0123456789abcdef";
    switch (c) {
        case '"':
            out += "\\\"";
            return;
        case '\\':
            out += "\\\\";
            return;
        case '\n':
            out += "\\n";
            return;
        case '\r':
            out += "\\r";
            return;
        case '\t':
            out += "\\t";
            return;
        default:
            break;
    }
    out += "\\u00";
    out += hex[static_cast<unsigned char>(c) >> 4U];
    out += hex[static_cast<unsigned char>(c) & 0xFU];
}

char* write_digits(char* at, unsigned value, int digits) {
    for (int i = digits; i-- > 0; value /= 10) at[i] = static_cast<char>('0' + value % 10);
    return at + digits;
}

}  // namespace

void append_number(std::string& out, double value) {
    if (!std::isfinite(value)) {
        out += "null";
        return;
    }
    std::array<char, 32> digits{};
    char* end = nullptr;
    const double scaled = value * static_cast<double>(millionths);
    if (std::fabs(scaled) < most_millionths) {
        const auto n = static_cast<std::int64_t>(scaled + (scaled < 0 ? -0.5 : 0.5));
        if (static_cast<double>(n) / static_cast<double>(millionths) == value)
            end = write_millionths(digits.data(), digits.data() + digits.size(), n);
    }
    if (end == nullptr) end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    out.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
}

void append_quoted(std::string& out, std::string_view text) {
    out += '"';
    if (is_plain(text)) {
        out += text;
    } else {
        for (const char c : text) {
            if (must_be_escaped(c))
                append_escaped(out, c);
            else
                out += c;
        }
    }
    out += '"';
}

void append_time(std::string& out, Time time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date{day};
    auto ms = static_cast<unsigned>((time - day).count());
    std::array<char, 24> text{};
    char* at = write_digits(text.data(), static_cast<unsigned>(int(date.year())), 4);
    *at++ = '-';
    at = write_digits(at, unsigned(date.month()), 2);
    *at++ = '-';
    at = write_digits(at, unsigned(date.day()), 2);
    *at++ = 'T';
    at = write_digits(at, ms / 3'600'000, 2);
    *at++ = ':';
    at = write_digits(at, ms / 60'000 % 60, 2);
    *at++ = ':';
    at = write_digits(at, ms / 1000 % 60, 2);
    *at++ = '.';
    at = write_digits(at, ms % 1000, 3);
    *at = 'Z';
    out.append(text.data(), text.size());
}

void JsonWriter::separate() {
    if (comma_) out_ += ',';
    comma_ = true;
}

void JsonWriter::begin_object() {
    separate();
    out_ += '{';
    comma_ = false;
}

void JsonWriter::end_object() {
    out_ += '}';
    comma_ = true;
}

void JsonWriter::begin_array() {
    separate();
    out_ += '[';
    comma_ = false;
}

void JsonWriter::end_array() {
    out_ += ']';
    comma_ = true;
}

void JsonWriter::key(std::string_view name) {
    separate();
    append_quoted(out_, name);
    out_ += ':';
    comma_ = false;
}

void JsonWriter::text(std::string_view value) {
    separate();
    append_quoted(out_, value);
}

void JsonWriter::text(std::string_view name, std::string_view value) {
    key(name);
    text(value);
}

void JsonWriter::number(double value) {
    separate();
    append_number(out_, value);
}

void JsonWriter::integer(std::int64_t value) {
    separate();
    std::array<char, 24> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    out_.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
}

void JsonWriter::boolean(bool value) {
    separate();
    out_ += value ? "true" : "false";
}

void JsonWriter::null() {
    separate();
    out_ += "null";
}

void JsonWriter::message_id(std::string_view site, std::uint64_t epoch_bits, std::uint64_t sequence) {
    separate();
    append_quoted(out_, site);
    std::array<char, 40> text{};
    char* at = text.data();
    *at++ = '-';
    for (int shift = 60; shift >= 0; shift -= 4) *at++ = "0123456789abcdef"[(epoch_bits >> shift) & 0xFU];
    *at++ = '-';
    at = std::to_chars(at, text.data() + text.size(), sequence).ptr;
    out_.back() = '-';  // in place of the quote that ended the site
    out_.append(text.data() + 1, static_cast<std::size_t>(at - text.data() - 1));
    out_ += '"';
}

void JsonWriter::time(Time value) {
    separate();
    out_ += '"';
    append_time(out_, value);
    out_ += '"';
}

}  // namespace sitepower
