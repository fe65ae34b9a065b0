#include "drivers/schema/document.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>

namespace sitepower::schema::document_test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string first_error(const Diagnostics& diagnostics) {
    return diagnostics.empty() ? "" : to_string(diagnostics.sorted().front());
}

std::string error_of(std::string_view text) {
    Diagnostics diagnostics;
    EXPECT_FALSE(parse_document(text, "a.toml", diagnostics));
    EXPECT_EQ(diagnostics.total(), 1U);
    return first_error(diagnostics);
}

TEST(Document, KeepsValuesKeysAndPlacesInTheOrderOfTheFile) {
    Diagnostics diagnostics;
    const auto document = parse_document(
        "zebra = 1\napple = 'x'\n[[bus]]\nid = \"a\"\n[[bus]]\nid = \"b\"\n[t]\nd = 2024-02-29\nf = 1.5\nb = "
        "true\n",
        "a.toml", diagnostics);
    ASSERT_TRUE(document) << first_error(diagnostics);
    const auto& members = *document->members();
    ASSERT_EQ(members.size(), 4U);
    EXPECT_EQ(members[0].key, "zebra");
    EXPECT_EQ(members[1].key, "apple");
    EXPECT_EQ(members[1].position.line, 2);
    EXPECT_EQ(members[1].node.position.column, 9);
    const auto& bus = *document->find("bus");
    ASSERT_TRUE(is_list_of_tables(bus));
    EXPECT_EQ(bus.list()->at(1).position.line, 5);
    EXPECT_EQ(std::get<std::string>(bus.list()->at(1).find("id")->value), "b");
    const auto& table = *document->find("t");
    EXPECT_EQ(std::get<Date>(table.find("d")->value).text, "2024-02-29");
    EXPECT_EQ(std::get<double>(table.find("f")->value), 1.5);
    EXPECT_TRUE(std::get<bool>(table.find("b")->value));
    EXPECT_EQ(table.find("nothing"), nullptr);
}

TEST(Document, SyntaxErrorsNameThePlace) {
    EXPECT_THAT(error_of("a = 1\nb = \n"), StartsWith("a.toml:2:"));
    EXPECT_THAT(error_of("a = 1\na = 2\n"), StartsWith("a.toml:2:"));
    EXPECT_THAT(error_of("a = \"\xff\xfe\"\n"), StartsWith("a.toml:1:"));
    EXPECT_THAT(error_of("a = 2023-02-30\n"), StartsWith("a.toml:1:"));
    EXPECT_THAT(error_of(std::string("a = 1\nb\0 = 2\n", 12)), StartsWith("a.toml:2:"));
}

TEST(Document, RefusesWhatIsTooLarge) {
    const std::string at_limit = "#" + std::string(max_document_bytes - 1, 'x');
    Diagnostics diagnostics;
    EXPECT_TRUE(parse_document(at_limit, "a.toml", diagnostics));
    EXPECT_EQ(error_of(at_limit + "x"), "a.toml: is larger than 4 MiB");
}

TEST(Document, RefusesWhatIsTooDeep) {
    const auto nested = [](int depth) {
        return "a = " + std::string(std::size_t(depth), '[') + std::string(std::size_t(depth), ']');
    };
    Diagnostics diagnostics;
    EXPECT_TRUE(parse_document(nested(max_document_depth), "a.toml", diagnostics));
    EXPECT_EQ(error_of(nested(max_document_depth + 1)), "a.toml:1:21: nests deeper than 16 levels");
    EXPECT_THAT(error_of(nested(1'000'000)), HasSubstr("deeper"));
    std::string dotted = "a";
    for (int i = 0; i < 100'000; ++i) dotted += ".a";
    EXPECT_THAT(error_of("[" + dotted + "]\n"), HasSubstr("deeper"));
    EXPECT_THAT(error_of("x = {" + dotted + " = 1}\n"), HasSubstr("deeper"));
}

TEST(Document, DepthDoesNotCountStringsAndComments) {
    Diagnostics diagnostics;
    const std::string dots(40, '.');
    const std::string brackets(40, '[');
    const auto text = "# " + dots + brackets + "\na = \"\\\"" + dots + brackets + "\"\nb = '" + brackets +
                      "'\nc = \"\"\"\n" + brackets + "\n\"" + dots + "\"\"\"\nd = [" + "1.5, 2.5, 1.5]\n";
    EXPECT_TRUE(parse_document(text, "a.toml", diagnostics)) << first_error(diagnostics);
}

TEST(Document, MissingFilesAndDirectoriesAreErrors) {
    Diagnostics diagnostics;
    EXPECT_FALSE(read_document("/nonexistent/a.toml", diagnostics));
    EXPECT_EQ(first_error(diagnostics), "/nonexistent/a.toml: cannot be opened: No such file or directory");
    Diagnostics directory;
    EXPECT_FALSE(read_document("/", directory));
    EXPECT_THAT(first_error(directory), StartsWith("/: cannot be"));
}

TEST(Document, APipeIsRefusedAtOnce) {
    const auto path = testing::TempDir() + "/document_test_pipe.toml";
    std::filesystem::remove(path);
    ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
    Diagnostics diagnostics;
    EXPECT_FALSE(read_document(path, diagnostics));
    EXPECT_EQ(first_error(diagnostics),
              path + ": cannot be read: it is no regular file; put a file in its place");
    std::filesystem::remove(path);
}

Node parsed(std::string_view text, std::string_view file) {
    Diagnostics diagnostics;
    auto document = parse_document(text, file, diagnostics);
    EXPECT_TRUE(document) << first_error(diagnostics);
    return std::move(*document);
}

TEST(Merge, TablesMergeAndListsOfTablesAppend) {
    auto into = parsed("[broker]\nhost = 'a'\n[[bus]]\nid = 'a'\n", "1.toml");
    Diagnostics diagnostics;
    merge(into, parsed("[broker]\nport = 1\n[[bus]]\nid = 'b'\n[store]\nx = 1\n", "2.toml"), diagnostics);
    EXPECT_TRUE(diagnostics.empty()) << first_error(diagnostics);
    EXPECT_EQ(into.find("broker")->members()->size(), 2U);
    ASSERT_EQ(into.find("bus")->list()->size(), 2U);
    EXPECT_EQ(*into.find("bus")->list()->at(1).position.file, "2.toml");
    EXPECT_NE(into.find("store"), nullptr);
}

TEST(Merge, AKeySetTwiceNamesBothPlaces) {
    auto into = parsed("[broker]\nhost = 'a'\nlist = [1]\n", "1.toml");
    Diagnostics diagnostics;
    merge(into, parsed("[broker]\nlist = [2]\nhost = 'b'\n", "2.toml"), diagnostics);
    const auto errors = diagnostics.sorted();
    ASSERT_EQ(errors.size(), 2U);
    EXPECT_EQ(to_string(errors[0]), "2.toml:2:1: broker.list: is set already in 1.toml:3:1");
    EXPECT_EQ(to_string(errors[1]), "2.toml:3:1: broker.host: is set already in 1.toml:2:1");
}

TEST(Merge, ATableDoesNotMergeWithAValue) {
    auto into = parsed("broker = 1\n", "1.toml");
    Diagnostics diagnostics;
    merge(into, parsed("[broker]\nhost = 'b'\n", "2.toml"), diagnostics);
    EXPECT_EQ(diagnostics.total(), 1U);
}

TEST(CanonicalText, DoesNotDependOnPlaceAndOrder) {
    const auto text = [](std::string_view toml) { return canonical_text(parsed(toml, "f")); };
    EXPECT_EQ(text("a = 1\nb = [1.5, true]\n"), text("# x\nb = [ 1.5,\n true ]\na = 0x1\n"));
    EXPECT_EQ(text("[t]\na = 'x'\n"), text("t = {a = \"x\"}\n"));
    EXPECT_NE(text("a = 1\n"), text("a = 2\n"));
    EXPECT_NE(text("a = 1\n"), text("a = '1'\n"));
    EXPECT_NE(text("a = 1\n"), text("a = 1.0\n"));
    EXPECT_NE(text("a = ['b', 'c']\n"), text("a = ['bc', '']\n"));
    EXPECT_NE(text("a = true\n"), text("a = false\n"));
    EXPECT_NE(text("a = 2024-01-01\n"), text("a = 2024-01-02\n"));
}

}  // namespace
}  // namespace sitepower::schema::document_test
