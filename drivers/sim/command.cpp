#include "drivers/sim/command.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>
#include <vector>

#include "drivers/sim/plant.hpp"

namespace sitepower::sim {
namespace {

using Words = std::vector<std::string_view>;

Words split(std::string_view text) {
    Words words;
    while (true) {
        const auto begin = text.find_first_not_of(" \t\r\n");
        if (begin == text.npos) return words;
        text.remove_prefix(begin);
        const auto end = std::min(text.find_first_of(" \t\r\n"), text.size());
        words.push_back(text.substr(0, end));
        text.remove_prefix(end);
    }
}

Error wrong(std::string message) {
    return {.code = ErrorCode::validation_error, .message = std::move(message), .detail = {}};
}

template <class Number>
std::optional<Number> parse_number(std::string_view word, Number lowest, Number highest) {
    Number value{};
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc{} || end != word.data() + word.size()) return std::nullopt;
    if (!(value >= lowest && value <= highest)) return std::nullopt;
    return value;
}

Result<Command> parse_mains(const Words& words) {
    if (words.size() == 2 && words[1] == "fail") return Command(SetMains{.present = false});
    if (words.size() == 2 && words[1] == "restore") return Command(SetMains{.present = true});
    return wrong(R"(mains: expected "mains fail" or "mains restore")");
}

Result<Command> parse_jar(const Words& words) {
    if (words.size() != 5) {
        return wrong(
            R"(jar: expected "jar STRING JAR temperature C", "jar STRING JAR temperature normal" or )"
            R"("jar STRING JAR age FACTOR")");
    }
    const auto string = parse_number(words[1], 1, Plant::strings);
    const auto jar = parse_number(words[2], 1, VrlaParameters{}.jars);
    if (!string) return wrong(fmt::format("string \"{}\": expected 1 to {}", words[1], Plant::strings));
    if (!jar) return wrong(fmt::format("jar \"{}\": expected 1 to {}", words[2], VrlaParameters{}.jars));
    if (words[3] == "temperature") {
        if (words[4] == "normal") return Command(SetJarTemperature{*string, *jar, std::nullopt});
        const auto celsius = parse_number(words[4], -20.0, 110.0);
        if (!celsius)
            return wrong(fmt::format("temperature \"{}\": expected -20 to 110, or normal", words[4]));
        return Command(SetJarTemperature{*string, *jar, *celsius});
    }
    if (words[3] == "age") {
        const auto factor = parse_number(words[4], 1.0, 2.5);
        if (!factor) return wrong(fmt::format("age \"{}\": expected a factor of 1 (new) to 2.5", words[4]));
        return Command(AgeJar{*string, *jar, *factor});
    }
    return wrong(fmt::format("jar: \"{}\" is not known; expected temperature or age", words[3]));
}

constexpr std::array<std::pair<std::string_view, Manner>, 5> manners{{{"obey", Manner::obeys},
                                                                      {"ignore", Manner::ignores},
                                                                      {"lag", Manner::lags},
                                                                      {"saturate", Manner::saturates},
                                                                      {"lie", Manner::lies}}};

Result<Command> parse_device(const Words& words) {
    if (words.size() < 3) {
        return wrong(R"(device: expected "device ID drop", "hang", "late SECONDS" or "return")");
    }
    const auto* manner = std::ranges::find(manners, words[2], &std::pair<std::string_view, Manner>::first);
    if (words.size() == 3 && manner != manners.end())
        return Command(SetManner{.device = std::string(words[1]), .manner = manner->second});
    SetBehaviour command{.device = std::string(words[1])};
    if (words.size() == 3 && words[2] == "return") return Command(command);
    if (words.size() == 3 && words[2] == "drop") {
        command.behaviour = Behaviour::dropped;
        return Command(command);
    }
    if (words.size() == 3 && words[2] == "hang") {
        command.behaviour = Behaviour::hung;
        return Command(command);
    }
    if (words[2] == "late") {
        const auto seconds = words.size() == 4 ? parse_number(words[3], 0.0, 60.0) : std::nullopt;
        if (!seconds) return wrong("late: expected the seconds by which answers come late, 0 to 60");
        command.lateness = std::chrono::microseconds(static_cast<std::int64_t>(*seconds * 1e6));
        return Command(command);
    }
    return wrong(fmt::format(
        "device: \"{}\" is not known; expected drop, hang, late SECONDS or return; of an inverter "
        "obey, ignore, lag, saturate or lie",
        words[2]));
}

}  // namespace

Result<Command> parse_command(std::string_view text) {
    const Words words = split(text);
    if (words.empty()) return wrong("expected a command: mains, jar, device or status");
    if (words[0] == "mains") return parse_mains(words);
    if (words[0] == "jar") return parse_jar(words);
    if (words[0] == "device") return parse_device(words);
    if (words[0] == "status" && words.size() == 1) return Command(ShowStatus{});
    return wrong(fmt::format("\"{}\" is not known; expected mains, jar, device or status", words[0]));
}

std::string_view command_help() {
    return R"(Commands of `tell`:
  mains fail                  the supply fails: the UPS runs on its batteries
  mains restore               and comes back
  jar 1 7 temperature 48      string 1, jar 7 is at 48 C from now on
  jar 1 7 temperature normal  back to what its losses and the room give
  jar 1 7 age 1.6             1.6 times the resistance of a new jar, less capacity
  device BMS-01 drop          off the bus
  device BMS-01 hang          takes requests, never answers
  device BMS-01 late 0.45     answers 0.45 s late
  device BMS-01 return        well again
  device INV-01 ignore        acknowledges setpoints and goes on as before
  device INV-01 lag           follows them late
  device INV-01 saturate      stops at 4 kW
  device INV-01 lie           says that it follows, and does nothing
  device INV-01 obey          does as told
  status                      what the site is doing
)";
}

}  // namespace sitepower::sim
