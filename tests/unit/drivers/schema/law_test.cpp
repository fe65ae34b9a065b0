// What holds for any text, any key and any rule: nothing throws, every refusal names its place and what would
// be right, and what is written out reads back.
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <set>
#include <tuple>

#include "drivers/schema/depth.hpp"
#include "drivers/schema/table.hpp"

namespace sitepower::schema::law_test {
namespace {

std::vector<std::string> messages(const Diagnostics& diagnostics) {
    std::vector<std::string> all;
    for (const auto& diagnostic : diagnostics.sorted()) all.push_back(to_string(diagnostic));
    return all;
}

Node parsed(const std::string& text) {
    Diagnostics diagnostics;
    auto node = parse_document(text, "f", diagnostics);
    EXPECT_TRUE(node) << text << (diagnostics.empty() ? "" : messages(diagnostics).front());
    return node ? std::move(*node) : Node{};
}

Node value_of(const std::string& text) {
    return *parsed(text).find("k");
}

const std::string sample = R"(# a comment
name = "x \" y"
number = -1.5e3
day = 2024-05-31
list = [1, 2, [3, "four"]]
inline = {a = 1, b.c = true}
[table.inner]
key = '''
long
'''
[[bus]]
id = "one"
[[bus]]
id = "two" # [ not counted
)";

TEST(DocumentLaw, AnyTextIsATreeOrADiagnosticAndNeverBoth) {
    std::mt19937 random(1);
    const std::string characters = "[]{}=.,\"'#\n \\0aZ-_\xff\x01";
    int trees = 0;
    int errors = 0;
    for (int run = 0; run < 4000; ++run) {
        std::string text = sample;
        for (auto edits = random() % 5; edits > 0; --edits) {
            const auto at = random() % text.size();
            switch (random() % 4) {
                case 0:
                    text[at] = characters[random() % characters.size()];
                    break;
                case 1:
                    text.erase(at, 1 + random() % 5);
                    break;
                case 2:
                    text.insert(at, 1, characters[random() % characters.size()]);
                    break;
                default:
                    text.insert(at, text.substr(random() % text.size(), random() % 30));
                    break;
            }
        }
        Diagnostics diagnostics;
        const auto node = parse_document(text, "f.toml", diagnostics);
        ASSERT_NE(node.has_value(), !diagnostics.empty()) << text;
        node ? ++trees : ++errors;
        for (const auto& diagnostic : diagnostics.sorted()) {
            EXPECT_EQ(diagnostic.at.file, "f.toml");
            EXPECT_GT(diagnostic.at.line, 0) << text;
        }
        // The same text means the same, whatever was read before it.
        if (node) {
            EXPECT_EQ(canonical_text(*node), canonical_text(parsed(text)));
        }
    }
    EXPECT_GT(trees, 100);
    EXPECT_GT(errors, 100);
}

TEST(DepthLaw, TheLimitIsTheLastThatPasses) {
    for (const int limit : {1, 5, 16}) {
        const auto brackets = [](int n) { return "a = " + std::string(n, '[') + std::string(n, ']'); };
        EXPECT_FALSE(find_too_deep(brackets(limit), limit));
        EXPECT_TRUE(find_too_deep(brackets(limit + 1), limit));
        const auto dots = [](int n) {
            std::string key = "a";
            for (int i = 0; i < n; ++i) key += ".a";
            return "\n" + key + " = 1";
        };
        EXPECT_FALSE(find_too_deep(dots(limit), limit));
        const auto deep = find_too_deep(dots(limit + 1), limit);
        ASSERT_TRUE(deep);
        EXPECT_EQ(deep->line, 2);
        // As many one after the other as anybody likes.
        std::string flat;
        for (int i = 0; i < 1000; ++i) flat += brackets(limit).replace(0, 1, "k" + std::to_string(i)) + "\n";
        EXPECT_FALSE(find_too_deep(flat, limit));
    }
}

TEST(TomlText, ReadsBack) {
    std::mt19937_64 random(2);
    const auto read_back = [](const std::string& text) { return value_of("k = " + text).value; };
    for (int run = 0; run < 2000; ++run) {
        const auto integer = static_cast<std::int64_t>(random()) >> (random() % 63);
        EXPECT_EQ(std::get<std::int64_t>(read_back(toml_text(integer))), integer);
        const auto number = static_cast<double>(static_cast<std::int64_t>(random())) *
                            std::pow(10, static_cast<int>(random() % 40) - 20);
        EXPECT_EQ(std::get<double>(read_back(toml_text(number))), number) << toml_text(number);
        std::string text;
        for (auto n = random() % 12; n > 0; --n) text += static_cast<char>(' ' + random() % 95);
        EXPECT_EQ(std::get<std::string>(read_back(toml_text(text))), text);
    }
    EXPECT_EQ(std::get<double>(read_back(toml_text(1.0))), 1.0);
    EXPECT_TRUE(std::get<bool>(read_back(toml_text(true))));
}

TEST(CanonicalLaw, IsTheSameForAnyOrderAndDifferentForAnyOtherValue) {
    std::mt19937 random(3);
    std::vector<std::string> lines{"a = 1",          "b = 1.0",    "c = \"1\"",
                                   "d = true",       "e = [1, 2]", "f = {x = 1, y = 2}",
                                   "g = 2024-05-31", "h = \"\""};
    std::string text;
    for (const auto& line : lines) text += line + "\n";
    const auto canonical = canonical_text(parsed(text));
    for (int run = 0; run < 50; ++run) {
        std::ranges::shuffle(lines, random);
        std::string shuffled = "# other places\n\n";
        for (const auto& line : lines) shuffled += "  " + line + "\n";
        EXPECT_EQ(canonical_text(parsed(shuffled)), canonical);
    }
    std::set<std::string> all{canonical};
    for (const std::string other :
         {"a = 2", "a = 1.0", "a = \"1\"", "a = true", "a = [1]", "a = {b = 1}", "a = []", "a = {}",
          "a = \"1:1\"", "a = [\"1\", \"2\"]", "a = [\"12\"]", "a = [[1], 2]", "a = [[1, 2]]", "b = 2", "",
          "a = 2024-05-31", "a = \"2024-05-31 \""}) {
        EXPECT_TRUE(all.insert(canonical_text(parsed(other))).second) << other;
    }
}

TEST(MergeLaw, OfDisjointFilesIsTheirUnionInAnyOrder) {
    std::mt19937 random(4);
    for (int run = 0; run < 100; ++run) {
        std::vector<std::string> files(3);
        std::string all;
        for (int key = 0; key < 12; ++key) {
            files[random() % files.size()] += "[s" + std::to_string(key) + "]\nk = 1\n";
            all += "[s" + std::to_string(key) + "]\nk = 1\n";
        }
        std::ranges::shuffle(files, random);
        Diagnostics diagnostics;
        Node whole = parsed("");
        for (const auto& file : files) merge(whole, parsed(file), diagnostics);
        EXPECT_TRUE(diagnostics.empty());
        EXPECT_EQ(canonical_text(whole), canonical_text(parsed(all)));
    }
}

TEST(MergeLaw, EachKeyThatTwoFilesSetIsRefusedWithBothPlaces) {
    Diagnostics diagnostics;
    Node whole = parsed("[a]\nx = 1\ny = 2\n[b]\nz = 3\n[[l]]\nn = 1\n");
    Diagnostics unused;
    auto other = parse_document("[a]\ny = 5\n[b]\nz = 3\nw = 1\n[[l]]\nn = 2\n", "second.toml", unused);
    merge(whole, std::move(*other), diagnostics);
    const auto all = messages(diagnostics);
    ASSERT_EQ(all.size(), 2U);
    for (const auto& message : all) {
        EXPECT_NE(message.find("second.toml:"), std::string::npos) << message;
        EXPECT_NE(message.find("set already in f:"), std::string::npos) << message;
    }
    EXPECT_EQ(whole.find("l")->list()->size(), 2U);
    EXPECT_TRUE(whole.find("b")->find("w"));
}

// ---- rules ----------------------------------------------------------------------------------------------

Node value_node(std::variant<bool, std::int64_t, double, std::string> value) {
    Node node;
    node.position = {std::make_shared<const std::string>("f"), 3, 7};
    std::visit([&](auto& v) { node.value = v; }, value);
    return node;
}

TEST(RuleLaw, ANumberPassesExactlyWithinItsRange) {
    std::mt19937_64 random(5);
    for (int run = 0; run < 3000; ++run) {
        ValueRule rule{ValueType::integer, false, "", {}};
        const auto a = static_cast<double>(static_cast<std::int64_t>(random() % 2001) - 1000);
        const auto b = static_cast<double>(static_cast<std::int64_t>(random() % 2001) - 1000);
        if (random() % 4) rule.rule.range = Range{std::min(a, b), std::max(a, b)};
        const auto value = random() % 5 == 0 ? static_cast<std::int64_t>(random())
                                             : static_cast<std::int64_t>(random() % 2401) - 1200;
        const bool fits = !rule.rule.range || (static_cast<double>(value) >= rule.rule.range->minimum &&
                                               static_cast<double>(value) <= rule.rule.range->maximum);
        Diagnostics diagnostics;
        std::int64_t out = 77;
        EXPECT_EQ(read_value(value_node(value), "k", rule, diagnostics, out), fits);
        EXPECT_EQ(out, fits ? value : 77) << "untouched after an error";
        EXPECT_EQ(diagnostics.empty(), fits);
        if (!fits) {
            EXPECT_EQ(messages(diagnostics).front(),
                      "f:3:7: k: expected " + expected(rule) + ", not " + std::to_string(value));
        }
        // The ends themselves pass.
        if (rule.rule.range) {
            rule.type = ValueType::number;
            double number = 0;
            for (const double end : {rule.rule.range->minimum, rule.rule.range->maximum}) {
                EXPECT_TRUE(read_value(value_node(end), "k", rule, diagnostics, number));
            }
        }
    }
    ValueRule any{ValueType::number, false, "", {}};
    Diagnostics diagnostics;
    double out = 5;
    for (const double number : {std::nan(""), HUGE_VAL, -HUGE_VAL}) {
        EXPECT_FALSE(read_value(value_node(number), "k", any, diagnostics, out));
    }
    EXPECT_EQ(out, 5);
}

TEST(RuleLaw, EveryTypeRefusesTheOthersAndSaysWhatItWants) {
    const std::vector<Node> nodes{value_node(true),
                                  value_node(std::int64_t{1}),
                                  value_node(1.5),
                                  value_node(std::string("text")),
                                  value_of("k = 2024-05-31"),
                                  value_of("k = [1]"),
                                  value_of("[k]\na = 1")};
    const auto accepted = [&](ValueType type, auto out) {
        std::string pattern;
        for (const auto& node : nodes) {
            Diagnostics diagnostics;
            const bool fits = read_value(node, "k", {type, false, "", {}}, diagnostics, out);
            EXPECT_EQ(fits, diagnostics.empty());
            if (!fits) {
                EXPECT_NE(messages(diagnostics)[0].find("expected " + expected({type, false, "", {}})),
                          std::string::npos);
            }
            pattern += fits ? 'x' : '.';
        }
        return pattern;
    };
    EXPECT_EQ(accepted(ValueType::boolean, bool{}), "x......");
    EXPECT_EQ(accepted(ValueType::integer, std::int64_t{}), ".x.....");
    EXPECT_EQ(accepted(ValueType::number, double{}), ".xx....");
    EXPECT_EQ(accepted(ValueType::text, std::string{}), "...x...");
    EXPECT_EQ(accepted(ValueType::date, Time{}), "....x..");
    EXPECT_EQ(accepted(ValueType::integer_or_text, IntegerOrText{}), ".x.x...");
}

TEST(RuleLaw, TextsAtTheirLimits) {
    const auto fits = [](const std::string& text, Format format) {
        Diagnostics diagnostics;
        std::string out;
        return read_value(value_node(text), "k", {ValueType::text, false, "", {.format = format}},
                          diagnostics, out);
    };
    EXPECT_TRUE(fits(std::string(1024, 'x'), Format::any));
    EXPECT_FALSE(fits(std::string(1025, 'x'), Format::any));
    EXPECT_FALSE(fits("", Format::any));
    EXPECT_TRUE(fits("", Format::optional));
    EXPECT_TRUE(fits(std::string(64, 'x'), Format::identifier));
    EXPECT_FALSE(fits(std::string(65, 'x'), Format::identifier));
    EXPECT_TRUE(fits(std::string(253, 'x'), Format::host));
    EXPECT_FALSE(fits(std::string(254, 'x'), Format::host));
    EXPECT_TRUE(fits("fe80::1", Format::host));
    EXPECT_FALSE(fits("a b", Format::host));
    EXPECT_FALSE(fits("10.0.0.1:502", Format::host)) << "with the port";
    EXPECT_FALSE(fits("gateway:502", Format::host));
    EXPECT_FALSE(fits("300.1.1.1", Format::host));
    EXPECT_FALSE(fits("10.0.1", Format::host));
    EXPECT_TRUE(fits("10.0.0.1", Format::host));
    EXPECT_TRUE(fits("10-0-0-1.example", Format::host));
    EXPECT_TRUE(fits("/etc", Format::path));
    EXPECT_FALSE(fits("etc", Format::path));
    for (int c = 0; c < 0x20; ++c) {
        EXPECT_FALSE(fits(std::string("a") + static_cast<char>(c), Format::any)) << c;
        EXPECT_FALSE(fits(std::string("/a") + static_cast<char>(c), Format::path)) << c;
    }
}

TEST(ClosestLaw, OneSlipIsAlwaysSeenThrough) {
    const std::vector<std::string_view> known{"broker",           "commit_interval_s", "response_timeout_ms",
                                              "retries",          "topic_prefix",      "latitude",
                                              "keep_frames_days", "max_items"};
    std::mt19937 random(6);
    for (int run = 0; run < 3000; ++run) {
        const auto meant = known[random() % known.size()];
        std::string written(meant);
        const auto at = random() % written.size();
        switch (random() % 4) {
            case 0:
                written.erase(at, 1);
                break;
            case 1:
                written.insert(at, 1, static_cast<char>('a' + random() % 26));
                break;
            case 2:
                written[at] = static_cast<char>('a' + random() % 26);
                break;
            default:
                if (at + 1 < written.size()) std::swap(written[at], written[at + 1]);
        }
        EXPECT_EQ(closest(written, known), meant) << written;
    }
    EXPECT_EQ(closest("xyzzy", known), "");
    EXPECT_EQ(closest("timeout", known), "response_timeout_ms");
    EXPECT_EQ(closest(std::string(5000, 'x'), known), "");
    EXPECT_EQ(closest("broker", {}), "");
}

struct Small {
    std::int64_t number = 0;
};

TEST(TableLaw, AKeyIsShownShortAndHarmless) {
    const auto table = Table<Small>("small", "A table.").key("number", &Small::number, {}, "A number.");
    for (const std::string& key :
         {std::string("\\u001b[31mred"), std::string(3000, 'k'), std::string("\\n")}) {
        Diagnostics diagnostics;
        (void)table.read(parsed("\"" + key + "\" = 1\n"), diagnostics);
        const auto all = messages(diagnostics);
        ASSERT_EQ(all.size(), 1U);
        EXPECT_LT(all[0].size(), 200U);
        for (const char c : all[0]) EXPECT_GE(static_cast<unsigned char>(c), 0x20) << all[0];
        EXPECT_NE(all[0].find("is not a known key"), std::string::npos);
    }
}

TEST(DiagnosticsLaw, KeepsThePlacesInOrderAndCountsBeyondItsLimit) {
    std::mt19937 random(7);
    for (int run = 0; run < 50; ++run) {
        const std::size_t limit = random() % 20;
        const std::size_t count = random() % 40;
        Diagnostics diagnostics(limit);
        for (std::size_t i = 0; i < count; ++i) {
            diagnostics.add({random() % 2 ? "a" : "b", static_cast<int>(random() % 9),
                             static_cast<int>(random() % 9), ""},
                            "m");
        }
        EXPECT_EQ(diagnostics.total(), count);
        const auto sorted = diagnostics.sorted();
        EXPECT_EQ(sorted.size(), std::min(limit, count));
        EXPECT_EQ(diagnostics.omitted(), count - sorted.size());
        EXPECT_TRUE(std::ranges::is_sorted(
            sorted, {}, [](const Diagnostic& d) { return std::tuple(d.at.file, d.at.line, d.at.column); }));
    }
}

}  // namespace
}  // namespace sitepower::schema::law_test
