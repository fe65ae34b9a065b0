#include "drivers/profile/probe_inspector.hpp"

#include <fmt/format.h>

namespace sitepower {
namespace {

modbus::Question question_for(const ProfileProbe& row, const modbus::RegisterPoint& registers, int unit) {
    modbus::Question question{.unit = static_cast<std::uint8_t>(unit),
                              .table = registers.table,
                              .address = registers.address,
                              .count = static_cast<std::uint16_t>(registers.registers())};
    if (row.object) {
        question.identity = {.first = static_cast<std::uint8_t>(row.object_from.value_or(*row.object)),
                             .object = static_cast<std::uint8_t>(*row.object)};
    }
    return question;
}

}  // namespace

std::vector<modbus::Question> probe_questions(const Profile& profile, int unit) {
    const auto rows = probe_registers(profile);
    std::vector<modbus::Question> questions;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        questions.push_back(question_for(profile.probe[row], rows[row], unit));
    }
    return questions;
}

Result<RegisterImage> read_probe(const Profile& profile, int unit, const modbus::Inspector::Read& read) {
    RegisterImage image;
    const auto questions = probe_questions(profile, unit);
    for (std::size_t row = 0; row < questions.size(); ++row) {
        const auto& probe = profile.probe[row];
        const auto& question = questions[row];
        std::vector<std::uint16_t> words(question.count);
        const auto answer = read(question, words);
        if (answer.is_refusal()) continue;
        if (!answer.good()) {
            return Error{.code = ErrorCode::service_unavailable,
                         .message = fmt::format("{}: {}", describe(question), describe(answer))};
        }
        const int place = probe.object ? identity_unit(*probe.object) : own_unit;
        for (std::size_t i = 0; i < words.size(); ++i) {
            image.set(place, question.table, question.address + static_cast<int>(i), words[i]);
        }
    }
    return image;
}

modbus::Inspection ProbeInspector::inspect(const Read& read) const {
    const auto image = read_probe(profile_, unit_, read);
    if (!image) return {.problem = image.error().message};
    const auto results = check_probe(profile_, *image);
    if (is_match(results)) return {.verdict = modbus::Inspection::Verdict::same};
    const auto questions = probe_questions(profile_, unit_);
    std::string differs;
    for (std::size_t i = 0; i < results.size(); ++i) {
        if (results[i].matches) continue;
        differs += fmt::format("{}{} is {} instead of {}", differs.empty() ? "" : "; ",
                               describe(questions[i]), results[i].found, results[i].wanted);
    }
    return {.problem =
                fmt::format(R"(it is not what the profile "{}" is for: {}. Choose the profile by )"
                            "\"sitepowerctl scan\", or set skip_probe = true to believe it all the same",
                            profile_.id, differs)};
}

}  // namespace sitepower
