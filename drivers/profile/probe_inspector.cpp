#include "drivers/profile/probe_inspector.hpp"

#include <fmt/format.h>

#include "drivers/modbus/link.hpp"

namespace sitepower {
namespace {

modbus::Question question_for(const modbus::RegisterPoint& registers, int unit) {
    return {.unit = static_cast<std::uint8_t>(unit),
            .table = registers.table,
            .address = registers.address,
            .count = static_cast<std::uint16_t>(registers.registers())};
}

}  // namespace

Result<RegisterImage> read_probe(const Profile& profile, int unit, const modbus::Inspector::Read& read) {
    RegisterImage image;
    for (const auto& registers : probe_registers(profile)) {
        const auto question = question_for(registers, unit);
        std::vector<std::uint16_t> words(question.count);
        const auto answer = read(question, words);
        if (answer.is_refusal()) continue;
        if (!answer.good()) {
            return Error{.code = ErrorCode::service_unavailable,
                         .message = fmt::format("{}: {}", describe(question), describe(answer))};
        }
        for (std::size_t i = 0; i < words.size(); ++i) {
            image.set(own_unit, registers.table, registers.address + static_cast<int>(i), words[i]);
        }
    }
    return image;
}

modbus::Inspection ProbeInspector::inspect(const Read& read) const {
    const auto image = read_probe(profile_, unit_, read);
    if (!image) return {.problem = image.error().message};
    const auto results = check_probe(profile_, *image);
    if (is_match(results)) return {.verdict = modbus::Inspection::Verdict::same};
    const auto registers = probe_registers(profile_);
    std::string differs;
    for (std::size_t i = 0; i < results.size(); ++i) {
        if (results[i].matches) continue;
        differs +=
            fmt::format("{}{} is {} instead of {}", differs.empty() ? "" : "; ",
                        describe(question_for(registers[i], unit_)), results[i].found, results[i].wanted);
    }
    return {.problem =
                fmt::format(R"(it is not what the profile "{}" is for: {}. Choose the profile by )"
                            "\"sitepowerctl scan\", or set skip_probe = true to believe it all the same",
                            profile_.id, differs)};
}

}  // namespace sitepower
