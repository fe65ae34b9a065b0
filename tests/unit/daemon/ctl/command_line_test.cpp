#include <gmock/gmock.h>

#include "daemon/ctl/command.hpp"
#include "daemon/operation/table.hpp"

namespace sitepower::ctl::command_line_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

const Time now = *parse_time("2026-11-22T06:00:00Z");

Command good(std::vector<std::string> arguments) {
    auto read = read_command_line(std::move(arguments), now);
    const auto* end = std::get_if<EndNow>(&read);
    EXPECT_EQ(end, nullptr) << end->error;
    return std::get<Command>(std::move(read));
}

AskCommand asked(std::vector<std::string> arguments) {
    return std::get<AskCommand>(good(std::move(arguments)).what);
}

EndNow ended(std::vector<std::string> arguments) {
    auto read = read_command_line(std::move(arguments), now);
    EXPECT_TRUE(std::holds_alternative<EndNow>(read));
    return std::holds_alternative<EndNow>(read) ? std::get<EndNow>(read) : EndNow{};
}

TEST(CommandLine, WritesToADeviceOnlyWhatIsSpelledOut) {
    const auto parameters =
        asked({"command", "D", "charge.limit", "--value", "-1.5", "--simulate"}).parameters;
    EXPECT_THAT(parameters,
                testing::UnorderedElementsAre(Pair("device_id", "D"), Pair("command", "charge.limit"),
                                              Pair("value", "-1.5"), Pair("simulate", "true")));
    EXPECT_EQ(ended({"command", "D"}).code, ExitCode::usage);
}

TEST(CommandLine, ChecksSeveralProfiles) {
    const auto command = std::get<FieldCommand>(good({"profile", "check", "a.toml", "b.toml"}).what);
    EXPECT_THAT(command.profiles_to_check, ElementsAre("a.toml", "b.toml"));
    EXPECT_EQ(ended({"profile", "check"}).code, ExitCode::usage);
}

TEST(CommandLine, NamesTheOperationOfEachCommand) {
    const std::vector<std::pair<std::vector<std::string>, std::string>> commands{
        {{"status"}, "system.status"},
        {{"devices"}, "devices"},
        {{"ups"}, "upses"},
        {{"ups", "UPS-01"}, "ups"},
        {{"commands", "--device", "D"}, "commands"},
        {{"command", "D", "charge.limit", "--value", "60"}, "device.command"},
        {{"batteries"}, "batteries"},
        {{"battery", "B"}, "battery"},
        {{"battery", "replace", "B", "--serial", "S"}, "battery.replace"},
        {{"battery", "test", "B"}, "battery.test"},
        {{"battery", "result", "B", "--ah", "91"}, "battery.test_result"},
        {{"alerts"}, "alerts"},
        {{"alert", "show", "A"}, "alert"},
        {{"alert", "ack", "A"}, "alert.acknowledge"},
        {{"alert", "resolve", "A"}, "alert.resolve"},
        {{"history", "ups-1.load_kw"}, "history"},
        {{"history", "--battery", "B"}, "telemetry"},
        {{"locations"}, "locations"},
        {{"plan"}, "plan"},
        {{"control"}, "control"},
        {{"control", "execute"}, "dispatch.execute"},
        {{"allocation"}, "allocation"},
        {{"allocation", "simulate", "--risk", "0.5"}, "allocate"},
        {{"allocation", "bid", "training", "[]", "--until", "2026-12-01"}, "bids"},
        {{"allocation", "cycle"}, "full_cycle"},
        {{"scaling"}, "scaling.status"},
        {{"scaling", "web"}, "scaling.status"},
        {{"scaling", "decisions", "--status", "failed"}, "scaling.decisions"},
        {{"scaling", "manual", "web", "4", "--reason", "r", "--until", "2026-12-01"}, "scaling.manual"},
        {{"prices", "energy_price", "--ahead", "24"}, "prices"},
        {{"inventory"}, "inventory"},
        {{"forecast"}, "forecast"},
        {{"forecast", "load", "--hours", "48"}, "forecast"},
        {{"predictions"}, "predictions.current"},
        {{"predicted", "load"}, "predictions.history"},
        {{"accuracy", "load", "--window", "7d"}, "accuracy"},
        {{"events"}, "events"},
        {{"event", "create", "holiday", "--until", "2026-12-26T00:00:00Z"}, "event.create"},
        {{"event", "cancel", "EV-1"}, "event.cancel"},
        {{"models"}, "models"},
        {{"model", "show", "load"}, "model"},
        {{"model", "retrain", "load", "--days", "30"}, "models.retrain"},
        {{"model", "activate", "load", "3"}, "model.activate"},
        {{"jobs"}, "jobs"},
        {{"maintenance", "start", "--why", "x"}, "maintenance.start"},
        {{"maintenance", "end", "W"}, "maintenance.end"},
        {{"maintenance", "list"}, "maintenance"},
        {{"reload"}, "config.reload"},
        {{"call", "points"}, "points"}};
    for (const auto& [arguments, operation] : commands) {
        EXPECT_EQ(asked(arguments).operation, operation);
        EXPECT_NE(find_operation(operation), nullptr) << operation;
    }
}

TEST(CommandLine, PassesParametersThatTheOperationDeclares) {
    const auto check = [](const AskCommand& command) {
        const auto* operation = find_operation(command.operation);
        for (const auto& [name, value] : command.parameters) {
            EXPECT_NE(std::ranges::find(operation->parameters, name, &Parameter::name),
                      operation->parameters.end())
                << command.operation << " has no parameter " << name;
        }
    };
    check(asked({"devices", "--kind", "ups", "--bus", "b"}));
    check(asked({"batteries", "--location", "L", "--string", "S", "--status", "critical", "--limit", "5",
                 "--skip", "1"}));
    check(asked({"history", "--battery", "B", "--since", "2h", "--until", "2026-11-22", "--resolution", "1m",
                 "--limit", "7"}));
    check(asked({"history", "ups-1.load_kw", "--since", "2h"}));
    check(asked({"alerts", "--all", "--severity", "info", "--location", "L", "--limit", "3"}));
    check(asked({"alert", "ack", "A", "--note", "n"}));
    check(asked({"alert", "resolve", "A", "--note", "n"}));
    check(asked({"maintenance", "start", "ups-1", "--from", "2026-11-22", "--minutes", "5", "--why", "w"}));
    check(asked({"maintenance", "end", "W"}));
    check(asked({"scaling", "web"}));
    check(asked({"scaling", "decisions", "--service", "web", "--status", "failed", "--limit", "5"}));
    check(asked({"scaling", "manual", "web", "4", "--reason", "r", "--until", "2026-12-01"}));
    check(asked({"battery", "replace", "B", "--serial", "S", "--date", "2026-11-22", "--model", "m"}));
    check(asked({"battery", "replace", "--string", "S", "--serial", "L"}));
    check(asked(
        {"battery", "test", "--string", "S", "--from", "2026-11-22", "--minutes", "300", "--load", "12"}));
    check(asked({"battery", "result", "B", "--ah", "91", "--temperature", "24", "--minutes", "290", "--time",
                 "2026-11-22"}));
}

TEST(CommandLine, NamesTheReplacedBatteryOnce) {
    EXPECT_THAT(asked({"battery", "replace", "B", "--serial", "S"}).parameters,
                ElementsAre(Pair("battery_id", "B"), Pair("serial_number", "S")));
}

TEST(CommandLine, TurnsAnAgeIntoATime) {
    EXPECT_THAT(asked({"history", "a.b", "--since", "90m"}).parameters,
                ElementsAre(Pair("point", "a.b"), Pair("start", "2026-11-22T04:30:00.000Z")));
    EXPECT_THAT(asked({"history", "a.b", "--since", "7d"}).parameters,
                ElementsAre(Pair("point", "a.b"), Pair("start", "2026-11-15T06:00:00.000Z")));
    EXPECT_THAT(asked({"history", "a.b", "--until", "2h"}).parameters,
                ElementsAre(Pair("point", "a.b"), Pair("end", "2026-11-22T04:00:00.000Z")));
    EXPECT_THAT(asked({"history", "a.b", "--since", "2026-11-01"}).parameters,
                ElementsAre(Pair("point", "a.b"), Pair("start", "2026-11-01")));
}

TEST(CommandLine, SaysHowAnAgeIsWritten) {
    for (const auto* age : {"2w", "2x", "h", "-1h", "99999999999h"}) {
        for (const auto* option : {"--since", "--until"}) {
            const auto end = ended({"history", "a.b", option + ("=" + std::string(age))});
            EXPECT_EQ(end.code, ExitCode::usage) << age;
            EXPECT_THAT(end.error, HasSubstr(std::string(option) + ": is not a time")) << age;
            EXPECT_THAT(end.error, HasSubstr("2h")) << age;
        }
    }
}

TEST(CommandLine, FindsEachWrongValueBeforeItAsks) {
    const std::string long_text(100'000, 'x');
    const std::vector<std::pair<std::vector<std::string>, std::string>> wrong{
        {{"battery", ""}, "ID: is not an identifier; allowed: 1 to 64 of"},
        {{"battery", "a/../b"}, "ID: is not an identifier"},
        {{"battery", long_text}, "ID: is not an identifier"},
        {{"alert", "resolve", ""}, "ID: is not an identifier"},
        {{"alert", "ack", "A", "--note", long_text}, "--note: is too long"},
        {{"maintenance", "start", "--why", ""}, "--why: is empty; allowed: text of 1 to 200 bytes"},
        {{"maintenance", "start", "--why", long_text}, "--why: is too long"},
        {{"battery", "replace", "B", "--serial", ""}, "--serial: is empty; allowed: text of 1 to 56 bytes"},
        {{"history", ""}, "POINT: is empty"},
        {{"batteries", "--limit", "abc"}, "--limit: is not a whole number; allowed: 1 to 1000"},
        {{"batteries", "--status", "foo"}, "--status: is not one of the allowed words"},
        {{"call", "batteries", "limit=abc"}, "limit: is not a whole number"},
        {{"call", "batteries", "colour=red"}, "colour: is not a parameter of this operation"}};
    for (const auto& [arguments, problem] : wrong) {
        const auto end = ended(arguments);
        EXPECT_EQ(end.code, ExitCode::usage) << problem;
        EXPECT_THAT(end.error, HasSubstr(problem));
        EXPECT_LT(end.error.size(), 300U) << problem;
    }
    const auto two = ended({"batteries", "--limit", "abc", "--skip", "-1"}).error;
    EXPECT_THAT(two, HasSubstr("--limit: "));
    EXPECT_THAT(two, HasSubstr("--skip: "));
}

TEST(CommandLine, TakesOptionsBeforeAndAfterTheCommand) {
    EXPECT_TRUE(good({"--json", "status"}).json);
    const auto command = good({"alert", "ack", "A", "--json", "--socket", "/x", "--timeout", "5"});
    EXPECT_TRUE(command.json);
    EXPECT_EQ(command.socket, "/x");
    EXPECT_EQ(command.at_most, std::chrono::seconds{5});
    EXPECT_EQ(good({"status"}).socket, default_socket);
}

TEST(CommandLine, CallsAnyOperationByName) {
    EXPECT_THAT(asked({"call", "points", "device_id=ups-1", "limit=5"}).parameters,
                ElementsAre(Pair("device_id", "ups-1"), Pair("limit", "5")));
    EXPECT_THAT(ended({"call", "pionts"}).error, HasSubstr("did you mean points?"));
    EXPECT_THAT(ended({"call", "battery"}).error, HasSubstr("battery needs battery_id="));
    EXPECT_THAT(ended({"call", "points", "limit"}).error, HasSubstr("name=value"));
}

TEST(CommandLine, ChecksWithoutADaemon) {
    EXPECT_EQ(std::get<CheckCommand>(good({"check"}).what).configuration, "");
    EXPECT_EQ(std::get<CheckCommand>(good({"check", "--config", "x.toml"}).what).configuration, "x.toml");
}

TEST(CommandLine, EndsWithTwoWhenItIsWrong) {
    const std::vector<std::vector<std::string>> wrong{
        {},
        {"statsu"},
        {"status", "--bogus"},
        {"battery"},
        {"battery", "replace", "B"},
        {"battery", "result", "B"},
        {"battery", "replace", "B", "--string", "S", "--serial", "L"},
        {"alert"},
        {"alert", "ack"},
        {"history"},
        {"history", "a.b", "--battery", "B"},
        {"maintenance", "start"},
        {"status", "--timeout", "0"},
        {"call"}};
    for (const auto& arguments : wrong) {
        const auto end = ended(arguments);
        EXPECT_EQ(end.code, ExitCode::usage);
        EXPECT_THAT(end.output, IsEmpty());
        EXPECT_FALSE(end.error.empty());
    }
}

TEST(CommandLine, HintsAtTheCommandThatWasMeant) {
    EXPECT_THAT(ended({"statsu"}).error, HasSubstr("did you mean status?"));
    EXPECT_THAT(ended({"batery", "B"}).error, HasSubstr("did you mean battery?"));
    EXPECT_THAT(ended({"battery"}).error, testing::Not(HasSubstr("did you mean")));
}

TEST(CommandLine, HelpsWithExamples) {
    const auto help = ended({"--help"});
    EXPECT_EQ(help.code, ExitCode::fine);
    EXPECT_THAT(help.output, HasSubstr("Examples:"));
    EXPECT_THAT(help.output, HasSubstr("3 no daemon answers"));
    EXPECT_THAT(help.output, HasSubstr("UPS-01/output.load_kw")) << "as in the README";
    EXPECT_THAT(ended({"alert", "ack", "--help"}).output, HasSubstr("--note"));
    EXPECT_THAT(ended({"alert", "ack", "--help"}).output, testing::Not(HasSubstr("Examples:")));
    EXPECT_THAT(ended({"--version"}).output, HasSubstr(SITEPOWER_VERSION));
}

}  // namespace
}  // namespace sitepower::ctl::command_line_test
