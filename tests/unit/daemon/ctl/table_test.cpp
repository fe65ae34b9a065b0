#include "daemon/ctl/table.hpp"

#include <gmock/gmock.h>

#include <sstream>

namespace sitepower::ctl::table_test {
namespace {

using testing::HasSubstr;
using testing::Not;

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

TEST(Table, AlignsColumns) {
    Table table({{"NAME"}, {"VALUE", Align::right}, {"NOTE"}});
    table.add({"a", "1.5 V", "x"});
    table.add({"longer", "13.52 V", "-"});
    EXPECT_EQ(table.text(),
              "NAME      VALUE  NOTE\n"
              "a         1.5 V  x\n"
              "longer  13.52 V  -\n");
}

TEST(Table, LeavesOutEmptyColumnsAndAnEmptyTable) {
    Table table({{"A"}, {"B"}, {"C"}});
    EXPECT_EQ(table.text(), "");
    table.add({"1", "", "3"});
    EXPECT_EQ(table.text(), "A  C\n1  3\n");
}

TEST(Table, FitsHundredColumnsByCuttingTheWidest) {
    Table table({{"ID"}, {"MESSAGE", Align::left, Fit::cut}, {"STATE"}});
    table.add({"BAT-DC-CNX-01-UPS-01-STR-01-001", std::string(300, 'm'), "critical"});
    for (const auto& line : lines_of(table.text())) EXPECT_LE(line.size(), 100U);
    EXPECT_THAT(table.text(), HasSubstr("BAT-DC-CNX-01-UPS-01-STR-01-001"));
    EXPECT_THAT(table.text(), HasSubstr("m~  critical"));
}

TEST(Table, CutsNamesOnlyWhenNothingElseIsLeftToCut) {
    Table table({{"ID"}, {"MESSAGE", Align::left, Fit::cut}});
    table.add({std::string(90, 'i'), "message"});
    EXPECT_THAT(table.text(), HasSubstr(std::string(90, 'i') + "  message"));
    table.add({std::string(99, 'i'), "message"});
    EXPECT_THAT(table.text(), HasSubstr("i~  messa~"));
    for (const auto& line : lines_of(table.text())) EXPECT_LE(line.size(), 100U);
}

TEST(Table, PutsNotesBelowTheirRows) {
    Table table({{"A"}});
    table.add({"1"}, "because of\nthat");
    table.add({"2"});
    EXPECT_EQ(table.text(), "A\n1\n    because of?that\n2\n");
}

TEST(Table, CountsCharactersAndNotBytes) {
    Table table({{"CITY"}, {"N", Align::right}});
    table.add({"Köln", "1"});
    table.add({"Bern", "22"});
    EXPECT_EQ(table.text(), "CITY   N\nKöln   1\nBern  22\n");
}

TEST(Printable, HidesWhatATerminalWouldObey) {
    EXPECT_EQ(printable("a\x1b[31mb\nc\x7f"), "a?[31mb?c?");
    EXPECT_EQ(printable("\xc2\x9b"
                        "31m"),
              "?31m");  // the 8-bit form of the same
    EXPECT_EQ(printable("\xff\xfe"
                        "x\xc3"),
              "??x?");
    EXPECT_EQ(printable("naïve 電池 🔋"), "naïve 電池 🔋");
}

TEST(Cut, MarksWhatIsMissingAndKeepsCharactersWhole) {
    EXPECT_EQ(cut("abcdef", 6), "abcdef");
    EXPECT_EQ(cut("abcdef", 4), "abc~");
    EXPECT_EQ(cut("äöüß", 3), "äö~");
}

TEST(Cut, KeepsTheEndWhereIdsDiffer) {
    EXPECT_EQ(cut_start("BAT-STR-01-007", 8), "~-01-007");
    EXPECT_EQ(cut_start("abc", 3), "abc");
    EXPECT_EQ(cut_start("\xC3\xA4\xC3\xB6\xC3\xBC", 2), "~\xC3\xBC");
    Table table({{"ALERT"}, {"SUBJECT", Align::left, Fit::cut_start}});
    table.add({std::string(90, 'x'), "BAT-DC-CNX-01-UPS-01-STR-02-007"});
    EXPECT_NE(table.text().find("~-02-007"), std::string::npos) << table.text();
}

TEST(Wrapped, BreaksBetweenWords) {
    EXPECT_EQ(wrapped("one two three", 8, 2), "one two\n  three");
    EXPECT_EQ(wrapped("  one two", 7, 4), "  one\n    two");
    EXPECT_EQ(wrapped("unbreakable", 4, 2), "unbr\n  ea\n  ka\n  bl\n  e");
    EXPECT_THAT(wrapped("short", 100, 4), Not(HasSubstr("\n")));
}

}  // namespace
}  // namespace sitepower::ctl::table_test
