// Tables and views against any content: never wider than a terminal, never a byte that a terminal obeys.
#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <sstream>

#include "daemon/ctl/command.hpp"
#include "daemon/ctl/table.hpp"
#include "daemon/ctl/view.hpp"
#include "daemon/operation/table.hpp"

namespace sitepower::ctl::law_test {
namespace {

const Time now = *parse_time("2026-11-22T06:14:28.123Z");

std::string random_text(std::mt19937& random, std::size_t longest) {
    static const std::vector<std::string> pieces{"a",    "UPS-01",
                                                 " ",    "ü",
                                                 "電",   "\x1b[31m",
                                                 "\xff", "\n",
                                                 "\t",   "\xc2\x9b",
                                                 "-",    "voltage is high",
                                                 "🔋",    std::string(40, 'w'),
                                                 ""};
    std::string text;
    while (text.size() < longest && random() % 6 != 0) text += pieces[random() % pieces.size()];
    return text;
}

void expect_fits_a_terminal(const std::string& text) {
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) {
        EXPECT_LE(display_width(line), terminal_width) << line;
        EXPECT_EQ(printable(line), line);
    }
    EXPECT_TRUE(text.empty() || text.ends_with('\n'));
}

TEST(TableLaw, FitsAndIsHarmlessWhateverStandsInIt) {
    std::mt19937 random(1);
    for (int run = 0; run < 500; ++run) {
        std::vector<Column> columns;
        for (auto n = 1 + random() % 9; n > 0; --n) {
            columns.push_back({"C" + std::to_string(n), random() % 2 ? Align::left : Align::right,
                               random() % 2 ? Fit::whole : Fit::cut});
        }
        const auto count = columns.size();
        Table table(std::move(columns));
        for (auto rows = random() % 8; rows > 0; --rows) {
            std::vector<std::string> cells;
            for (auto n = random() % (count + 1); n > 0; --n)
                cells.push_back(printable(random_text(random, 150)));
            table.add(std::move(cells), random() % 3 ? "" : random_text(random, 90));
        }
        expect_fits_a_terminal(table.text());
    }
}

TEST(TableLaw, EveryColumnBeginsAtOnePlace) {
    std::mt19937 random(2);
    for (int run = 0; run < 200; ++run) {
        Table table({{"NAME"}, {"STATE"}, {"NOTE", Align::left, Fit::cut}});
        for (int row = 0; row < 5; ++row) {
            table.add({std::string(1 + random() % 20, 'n'), std::string(1 + random() % 9, 's'),
                       std::string(1 + random() % 120, 'x')});
        }
        std::istringstream stream(table.text());
        std::string titles;
        std::getline(stream, titles);
        for (std::string line; std::getline(stream, line);) {
            for (const auto* title : {"STATE", "NOTE"}) {
                const auto at = titles.find(title);
                EXPECT_EQ(line.substr(at - 2, 2), "  ");
                EXPECT_NE(line[at], ' ');
            }
        }
    }
}

TEST(CutLaw, NeverWiderNeverHalfACharacter) {
    std::mt19937 random(3);
    for (int run = 0; run < 2000; ++run) {
        const auto text = printable(random_text(random, 80));
        EXPECT_EQ(printable(text), text) << "once is enough";
        const auto width = 1 + random() % 30;
        const auto short_text = cut(text, width);
        EXPECT_LE(display_width(short_text), width);
        EXPECT_EQ(printable(short_text), short_text);
        if (display_width(text) <= width) {
            EXPECT_EQ(short_text, text);
        }
    }
}

TEST(WrappedLaw, KeepsEveryWordInOrder) {
    std::mt19937 random(4);
    for (int run = 0; run < 500; ++run) {
        std::string text;
        for (auto words = 1 + random() % 30; words > 0; --words) {
            text += (text.empty() ? "" : " ") +
                    std::string(1 + random() % 12, static_cast<char>('a' + random() % 26));
        }
        const auto lines = wrapped(text, 40, 4);
        std::string words;
        std::istringstream stream(lines);
        for (std::string word; stream >> word;) words += (words.empty() ? "" : " ") + word;
        EXPECT_EQ(words, text);
        expect_fits_a_terminal(lines + '\n');
    }
}

Json golden(std::string_view operation) {
    std::ifstream file(SITEPOWER_SOURCE_DIR "/tests/golden/operations/" + std::string(operation) + ".json");
    return Json::parse(file)["data"];
}

// Replaces some leaves by anything that another version, or a hostile device name, might put there.
void spoil(Json& json, std::mt19937& random) {
    if (json.is_structured() && !json.empty()) {
        for (auto& item : json.items()) spoil(item.value(), random);
        return;
    }
    switch (random() % 8) {
        case 0:
            json = random_text(random, 300);
            break;
        case 1:
            json = nullptr;
            break;
        case 2:
            json = 1e300;
            break;
        case 3:
            json = -0.0;
            break;
        case 4:
            json = Json::array({1, "x"});
            break;
        default:
            break;
    }
}

TEST(ViewLaw, EveryViewFitsWhateverTheReplyHolds) {
    std::mt19937 random(5);
    for (const auto& operation : operations()) {
        for (int run = 0; run < 40; ++run) {
            auto data = golden(operation.name);
            spoil(data, random);
            SCOPED_TRACE(operation.name);
            expect_fits_a_terminal(view(operation.name, data, now));
        }
    }
}

// Something that the parameter may be.
std::string fit_for(const Parameter& parameter) {
    switch (parameter.type) {
        case ParameterType::text:
            return "a=b c";
        case ParameterType::identifier:
            return "a-b";
        case ParameterType::integer:
        case ParameterType::number:
            return std::to_string(static_cast<std::int64_t>(parameter.minimum) + 1);
        case ParameterType::boolean:
            return "true";
        case ParameterType::time:
            return "2026-11-22";
        case ParameterType::list:
            return "[]";
        case ParameterType::object:
            return "{}";
        case ParameterType::choice:
            break;
    }
    return std::string(parameter.allowed.substr(0, parameter.allowed.find(',')));
}

// Each operation's own parameters reach it through `call`, as they were written.
TEST(CommandLineLaw, CallsEveryOperationOfTheTable) {
    for (const auto& operation : operations()) {
        std::vector<std::string> arguments{"call", std::string(operation.name)};
        std::vector<std::pair<std::string, std::string>> given;
        for (const auto& parameter : operation.parameters) {
            given.emplace_back(parameter.name, fit_for(parameter));
            arguments.push_back(given.back().first + "=" + given.back().second);
        }
        auto read = read_command_line(arguments, now);
        ASSERT_TRUE(std::holds_alternative<Command>(read)) << operation.name;
        const auto& asked = std::get<AskCommand>(std::get<Command>(read).what);
        EXPECT_EQ(asked.operation, operation.name);
        EXPECT_EQ(asked.parameters, given);
    }
}

TEST(CommandLineLaw, AnyWordsAreACommandOrEndWithUsage) {
    std::mt19937 random(6);
    const std::vector<std::string> words{
        "status",  "alert",     "ack",         "A",     "--json", "--limit", "1",   "--",  "-h",
        "history", "a.b",       "--since",     "2h",    "call",   "points",  "x=y", "",    "--battery",
        "battery", "--timeout", "maintenance", "start", "--why",  "check",   "=",   "\xff"};
    for (int run = 0; run < 3000; ++run) {
        std::vector<std::string> arguments;
        for (auto n = random() % 6; n > 0; --n) arguments.push_back(words[random() % words.size()]);
        const auto read = read_command_line(arguments, now);
        if (const auto* end = std::get_if<EndNow>(&read)) {
            EXPECT_TRUE(end->code == ExitCode::usage || end->code == ExitCode::fine);
            EXPECT_FALSE(end->output.empty() && end->error.empty()) << "never without a word";
        }
    }
}

}  // namespace
}  // namespace sitepower::ctl::law_test
