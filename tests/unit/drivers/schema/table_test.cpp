#include "drivers/schema/table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sitepower::schema::table_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

enum class Colour { red, green };

struct Tls {
    std::string ca_file;
    bool verify = true;
};

struct Bus {
    Origins origins;
    std::string id;
    std::uint16_t port = 502;
    Duration timeout{3000};
    Colour colour = Colour::green;
    std::vector<std::uint16_t> barriers;
};

struct Rating {
    std::string name;
    double warning = 0;
};

struct Settings {
    std::string name = "default";
    std::optional<double> latitude;
    std::optional<Time> installed;
    std::vector<std::string> tags{"a"};
    IntegerOrText address = std::int64_t{0};
    Tls tls;
    std::optional<Tls> other_tls;
    std::vector<Bus> buses;
    std::vector<Rating> ratings;
    std::vector<std::pair<std::string, std::int64_t>> words;
};

Table<Tls> tls_table() {
    return Table<Tls>("tls", "Encryption.")
        .key("ca_file", &Tls::ca_file, {.format = Format::path}, "Trusted certificates.")
        .key("verify", &Tls::verify, {}, "Whether the host name must match.");
}

Table<Bus> bus_table() {
    return Table<Bus>("bus", "A link.")
        .origins(&Bus::origins)
        .key("id", &Bus::id, {.format = Format::identifier, .required = true}, "Its name.")
        .key("port", &Bus::port, {.range = Range{1, 65535}}, "TCP port.")
        .key("timeout_s", &Bus::timeout, {.range = Range{1, 60}}, "How long to wait.")
        .choice("colour", &Bus::colour, {{"red", Colour::red}, {"green", Colour::green}}, "Its colour.")
        .key("barriers", &Bus::barriers, {.max_items = 2}, "Addresses.");
}

Table<Settings> settings_table() {
    return Table<Settings>("settings", "All of it.")
        .key("name", &Settings::name, {}, "A name.")
        .key("latitude", &Settings::latitude, {.range = Range{-90, 90}}, "North is positive.")
        .key("installed", &Settings::installed, {}, "The day.")
        .key("tags", &Settings::tags, {.format = Format::identifier}, "Tags.")
        .key("address", &Settings::address, {.range = Range{0, 65535}}, "Number or formula.")
        .table("tls", &Settings::tls, tls_table(), {}, "Encryption.")
        .table("other_tls", &Settings::other_tls, tls_table(), {}, "More of it.")
        .tables("bus", &Settings::buses, bus_table(), {.max_items = 3}, "The links.")
        .named_tables("rating", &Settings::ratings, &Rating::name,
                      Table<Rating>("rating", "One rule.").key("warning", &Rating::warning, {}, "Threshold."),
                      {.choices = {"voltage_high", "voltage_low"}}, "The rules.")
        .named_values("words", &Settings::words, {.format = Format::identifier}, {.range = Range{0, 9}},
                      "Numbers by name.");
}

struct Outcome {
    Settings settings;
    std::vector<std::string> errors;
};

Outcome read(std::string_view text) {
    Diagnostics diagnostics;
    Outcome outcome;
    const auto document = parse_document(text, "f", diagnostics);
    if (document) outcome.settings = settings_table().read(*document, diagnostics);
    for (const auto& error : diagnostics.sorted()) outcome.errors.push_back(to_string(error));
    return outcome;
}

TEST(Table, ReadsEveryKindOfMember) {
    const auto [settings, errors] = read(R"(
name = "x"
latitude = 18
installed = 2024-05-31
tags = ["b", "c"]
address = "100*n"
tls = {ca_file = "/etc/ca.pem", verify = false}
[other_tls]
[[bus]]
id = "one"
port = 1502
timeout_s = 2
colour = "red"
barriers = [10, 20]
[[bus]]
id = "two"
[rating.voltage_low]
warning = 12.5
[words]
beta = 2
alpha = 1
)");
    EXPECT_THAT(errors, IsEmpty());
    EXPECT_EQ(settings.name, "x");
    EXPECT_EQ(settings.latitude, 18.0);
    EXPECT_EQ(settings.installed, parse_time("2024-05-31"));
    EXPECT_THAT(settings.tags, ElementsAre("b", "c"));
    EXPECT_EQ(std::get<std::string>(settings.address), "100*n");
    EXPECT_EQ(settings.tls.ca_file, "/etc/ca.pem");
    EXPECT_FALSE(settings.tls.verify);
    EXPECT_TRUE(settings.other_tls);
    ASSERT_EQ(settings.buses.size(), 2U);
    EXPECT_EQ(settings.buses[0].port, 1502);
    EXPECT_EQ(settings.buses[0].timeout, Duration{2000});
    EXPECT_EQ(settings.buses[0].colour, Colour::red);
    EXPECT_THAT(settings.buses[0].barriers, ElementsAre(10, 20));
    EXPECT_EQ(settings.buses[1].port, 502);
    ASSERT_EQ(settings.ratings.size(), 1U);
    EXPECT_EQ(settings.ratings[0].name, "voltage_low");
    EXPECT_EQ(settings.ratings[0].warning, 12.5);
    EXPECT_THAT(settings.words, ElementsAre(std::pair("beta", 2), std::pair("alpha", 1)));
}

TEST(Table, LeavesDefaultsForAbsentKeys) {
    const auto [settings, errors] = read("");
    EXPECT_THAT(errors, IsEmpty());
    EXPECT_EQ(settings.name, "default");
    EXPECT_THAT(settings.tags, ElementsAre("a"));
    EXPECT_FALSE(settings.latitude);
    EXPECT_FALSE(settings.other_tls);
}

TEST(Table, ReportsAllErrorsAtOnceWithPlaceAndWhatIsAllowed) {
    const auto [settings, errors] = read(R"(name = 7
latitude = 95
installed = "yesterday"
tags = "a"
address = -1
tls = 3
[[bus]]
port = 65536
timeout_s = 61
colour = "blue"
barriers = [1, 2, 3]
[[bus]]
id = "a b"
barriers = [1, -1]
[rating.voltage_hihg]
[words]
x = 10
)");
    EXPECT_THAT(
        errors,
        ElementsAre(
            "f:1:8: name: expected a text of 1 to 1024 characters, not 7",
            "f:2:12: latitude: expected a number from -90 to 90, not 95",
            "f:3:13: installed: expected a date such as 2024-05-31, not \"yesterday\"",
            "f:4:8: tags: expected a list, each item an identifier (1 to 64 letters, digits, - or _), not a "
            "text",
            "f:5:11: address: expected an integer from 0 to 65535 or a text of 1 to 1024 characters, not -1",
            "f:6:7: tls: expected a table, not an integer",
            "f:7:1: bus[1].id: is missing: expected an identifier (1 to 64 letters, digits, - or _)",
            "f:8:8: bus[1].port: expected an integer from 1 to 65535, not 65536",
            "f:9:13: bus[1].timeout_s: expected an integer from 1 to 60 s, not 61",
            "f:10:10: bus[1].colour: expected one of \"red\", \"green\", not \"blue\"",
            "f:11:12: bus[1].barriers: expected 0 to 2 items, not 3",
            "f:13:6: bus[2].id: expected an identifier (1 to 64 letters, digits, - or _), not \"a b\"",
            "f:14:16: bus[2].barriers[2]: expected an integer from 0 to 65535, not -1",
            "f:15:9: rating.voltage_hihg: is not a known name; did you mean \"voltage_high\"?",
            "f:17:5: words.x: expected an integer from 0 to 9, not 10"));
}

TEST(Table, SuggestsForUnknownKeys) {
    EXPECT_THAT(read("nmae = 'x'\n").errors,
                ElementsAre("f:1:1: nmae: is not a known key; did you mean \"name\"?"));
    EXPECT_THAT(read("[[bus]]\nid = 'a'\ntimeout = 3\n").errors,
                ElementsAre("f:3:1: bus[1].timeout: is not a known key; did you mean \"timeout_s\"?"));
    EXPECT_THAT(read("qqqqqq = 1\n").errors, ElementsAre("f:1:1: qqqqqq: is not a known key"));
    EXPECT_THAT(read(std::string(100'000, 'n') + " = 1\n").errors,
                ElementsAre(HasSubstr("is not a known key")));
}

TEST(Table, RefusesForbiddenKeysWithoutRepeatingTheirValue) {
    auto table = Table<Tls>("tls", "").forbidden("password", "it is a secret");
    Diagnostics diagnostics;
    table.read(*parse_document("password = 'hunter2'\n", "f", diagnostics), diagnostics);
    ASSERT_EQ(diagnostics.total(), 1U);
    EXPECT_EQ(to_string(diagnostics.sorted()[0]), "f:1:1: password: is refused: it is a secret");
}

TEST(Table, ShowsRefusedTextsShortAndPrintable) {
    EXPECT_THAT(read("[[bus]]\nid = \"a\\u0007b\"\n").errors, ElementsAre(HasSubstr("not \"a\\x07b\"")));
    EXPECT_THAT(read("[[bus]]\nid = '" + std::string(59, 'a') + "üü" + "'\n").errors,
                ElementsAre(HasSubstr("not \"" + std::string(59, 'a') + "...\"")));
}

TEST(Table, RefusesAValueWhereTablesBelong) {
    EXPECT_THAT(read("bus = 'one'\n").errors,
                ElementsAre("f:1:7: bus: expected a list of tables, each written [[bus]], not a text"));
    EXPECT_THAT(read("[bus]\nid = 'a'\n").errors,
                ElementsAre(HasSubstr("bus: expected a list of tables, each written [[bus]], not a table")));
    EXPECT_THAT(read("[[bus]]\nid='a'\n[[bus]]\nid='b'\n[[bus]]\nid='c'\n[[bus]]\nid='d'\n").errors,
                ElementsAre(HasSubstr("bus: expected 0 to 3 tables, not 4")));
}

TEST(Table, KeepsThePlacesOfKeysForLaterChecks) {
    const auto [settings, errors] = read("[[bus]]\nid = 'a'\n  port = 7\n");
    ASSERT_THAT(errors, IsEmpty());
    const auto& origins = settings.buses.at(0).origins;
    const auto port = origins.of("port");
    EXPECT_EQ(port.file, "f");
    EXPECT_EQ(port.line, 3);
    EXPECT_EQ(port.column, 3);
    EXPECT_EQ(port.key, "bus[1].port");
    EXPECT_TRUE(origins.has("port"));
    EXPECT_FALSE(origins.has("timeout_s"));
    EXPECT_EQ(origins.of("timeout_s").line, 1);
    EXPECT_EQ(origins.of("timeout_s").key, "bus[1].timeout_s");
}

TEST(Table, RunsConditionsOnlyOnTablesThatAreRight) {
    auto table = bus_table();
    int runs = 0;
    table.check([&](const Bus& bus, Diagnostics& diagnostics) {
        ++runs;
        if (bus.port == 1) diagnostics.add(bus.origins.of("port"), "is taken");
    });
    const auto errors_of = [&](std::string_view text) {
        Diagnostics diagnostics;
        table.read(*parse_document(text, "f", diagnostics), diagnostics);
        return diagnostics.total();
    };
    EXPECT_EQ(errors_of("id = 'a'\nport = 1\n"), 1U);
    EXPECT_EQ(runs, 1);
    EXPECT_EQ(errors_of("id = 'a'\nport = 0\n"), 1U);
    EXPECT_EQ(runs, 1);
}

TEST(Table, RefusesRowsThatNobodyCouldUse) {
    const auto row = [](std::string name, std::string help) {
        return Table<Bus>("bus", "").key(std::move(name), &Bus::timeout, {}, std::move(help));
    };
    EXPECT_NO_THROW(row("timeout_ms", "help"));
    EXPECT_THROW(row("timeout", "help"), std::logic_error);
    EXPECT_THROW(row("timeout_ms", ""), std::logic_error);
    EXPECT_THROW(bus_table().key("id", &Bus::id, {}, "again"), std::logic_error);
    EXPECT_THROW(Table<Bus>("bus", "").key("port", &Bus::port, {.range = Range{0, 65536}}, "help"),
                 std::logic_error);
}

TEST(Diagnostics, KeepsALimitedNumberAndCountsTheRest) {
    Diagnostics diagnostics(2);
    for (int i = 0; i < 5; ++i) diagnostics.add({"f", 5 - i, 1, "k"}, "wrong");
    EXPECT_EQ(diagnostics.total(), 5U);
    EXPECT_EQ(diagnostics.omitted(), 3U);
    ASSERT_EQ(diagnostics.sorted().size(), 2U);
    EXPECT_EQ(diagnostics.sorted()[0].at.line, 4);
}

TEST(ReferencePage, NamesEveryKeyWithItsDefault) {
    const auto page = reference_page(settings_table().description(), "Settings");
    EXPECT_THAT(page, HasSubstr("# Settings\n\nAll of it.\n"));
    EXPECT_THAT(page, HasSubstr("| `latitude` | a number from -90 to 90 |  | North is positive. |\n"));
    EXPECT_THAT(page,
                HasSubstr("| `tags` | a list, each item an identifier (1 to 64 letters, digits, - or _) | "
                          "`[\"a\"]` | Tags. |\n"));
    EXPECT_THAT(page, HasSubstr("\n## `[[bus]]`\n\nA link.\n"));
    EXPECT_THAT(
        page,
        HasSubstr("| `id` | an identifier (1 to 64 letters, digits, - or _) | required | Its name. |\n"));
    EXPECT_THAT(page, HasSubstr("| `timeout_s` | an integer from 1 to 60 s | `3` | How long to wait. |\n"));
    EXPECT_THAT(page, HasSubstr("| `colour` | one of \"red\", \"green\" | `\"green\"` | Its colour. |\n"));
    EXPECT_THAT(page, HasSubstr("\n## `[rating.NAME]`\n"));
}

TEST(ReferencePage, TellsARepeatedTableOnce) {
    TableDescription leaf{
        .title = "leaf", .help = "A leaf.", .keys = {{.name = "size", .help = "Its size."}}};
    TableDescription root{.title = "tree", .help = "A tree."};
    for (const char* name : {"oak", "elm"}) {
        root.keys.push_back({.name = name, .help = "Leaves.", .nesting = Nesting::tables, .table = {leaf}});
    }
    const auto page = reference_page(root, "Trees");
    EXPECT_THAT(page, HasSubstr("\n## `[[oak]]`\n\nA leaf.\n"));
    EXPECT_THAT(page, HasSubstr("\n## `[[elm]]`\n\nThe keys of `[[oak]]`.\n"));
    root.keys[1].table[0].keys[0].name = "weight";
    EXPECT_THAT(reference_page(root, "Trees"), HasSubstr("\n## `[[elm]]`\n\nA leaf.\n"));
}

}  // namespace
}  // namespace sitepower::schema::table_test
