#include "drivers/sim/command.hpp"

#include <gtest/gtest.h>

namespace sitepower::sim::command_test {
namespace {

template <class Kind>
Kind parsed(std::string_view text) {
    const auto command = parse_command(text);
    if (!command) {
        ADD_FAILURE() << text << ": " << command.error().message;
        return {};
    }
    const auto* kind = std::get_if<Kind>(&*command);
    if (kind == nullptr) {
        ADD_FAILURE() << text << " is another command";
        return {};
    }
    return *kind;
}

TEST(Command, Mains) {
    EXPECT_FALSE(parsed<SetMains>("mains fail").present);
    EXPECT_TRUE(parsed<SetMains>("  mains \t restore\n").present);
}

TEST(Command, Jars) {
    const auto hot = parsed<SetJarTemperature>("jar 1 7 temperature 48.5");
    EXPECT_EQ(hot.string, 1);
    EXPECT_EQ(hot.jar, 7);
    EXPECT_EQ(hot.celsius, 48.5);
    EXPECT_FALSE(parsed<SetJarTemperature>("jar 2 36 temperature normal").celsius);
    const auto aged = parsed<AgeJar>("jar 2 36 age 1.6");
    EXPECT_EQ(aged.string, 2);
    EXPECT_EQ(aged.jar, 36);
    EXPECT_EQ(aged.factor, 1.6);
}

TEST(Command, Devices) {
    EXPECT_EQ(parsed<SetBehaviour>("device BMS-01 drop").behaviour, Behaviour::dropped);
    EXPECT_EQ(parsed<SetBehaviour>("device BMS-01 hang").behaviour, Behaviour::hung);
    const auto late = parsed<SetBehaviour>("device BMS-01 late 0.45");
    EXPECT_EQ(late.device, "BMS-01");
    EXPECT_EQ(late.behaviour, Behaviour::normal);
    EXPECT_EQ(late.lateness, std::chrono::milliseconds(450));
    EXPECT_EQ(parsed<SetBehaviour>("device BMS-01 return").lateness.count(), 0);
}

TEST(Command, EveryExampleOfTheHelpIsACommand) {
    std::string_view help = command_help();
    int count = 0;
    for (auto end = help.find('\n'); end != help.npos; end = help.find('\n')) {
        const std::string_view line = help.substr(0, end);
        help.remove_prefix(end + 1);
        if (!line.starts_with("  ")) continue;
        const std::string_view command = line.substr(2, line.find("  ", 2) - 2);
        EXPECT_TRUE(parse_command(command)) << command;
        ++count;
    }
    EXPECT_GE(count, 8);
}

struct Wrong {
    const char* text;
    const char* message;
};

TEST(Command, WrongWordsSayWhatIsAllowed) {
    for (const Wrong& wrong : {
             Wrong{"", "mains, jar, device or status"},
             Wrong{"main fail", "\"main\" is not known"},
             Wrong{"mains off", "mains fail"},
             Wrong{"mains fail now", "mains fail"},
             Wrong{"jar 3 7 age 1.6", "string \"3\": expected 1 to 2"},
             Wrong{"jar 1 37 age 1.6", "jar \"37\": expected 1 to 36"},
             Wrong{"jar 1 x age 1.6", "expected 1 to 36"},
             Wrong{"jar 1 7 age 9", "expected a factor of 1"},
             Wrong{"jar 1 7 age nan", "expected a factor of 1"},
             Wrong{"jar 1 7 temperature hot", "expected -20 to 110, or normal"},
             Wrong{"jar 1 7 colour red", "expected temperature or age"},
             Wrong{"jar 1 7", "jar STRING JAR"},
             Wrong{"device", "device ID drop"},
             Wrong{"device BMS-01 explode", "expected drop, hang"},
             Wrong{"device BMS-01 late", "0 to 60"},
             Wrong{"device BMS-01 late soon", "0 to 60"},
             Wrong{"status now", "\"status\" is not known"},
         }) {
        const auto command = parse_command(wrong.text);
        ASSERT_FALSE(command) << wrong.text;
        EXPECT_EQ(command.error().code, ErrorCode::validation_error);
        EXPECT_NE(command.error().message.find(wrong.message), std::string::npos) << command.error().message;
    }
}

}  // namespace
}  // namespace sitepower::sim::command_test
