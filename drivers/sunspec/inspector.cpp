#include "drivers/sunspec/inspector.hpp"

namespace sitepower::sunspec {

Reader reader_over(const modbus::Inspector::Read& read, int unit) {
    return [&read, unit](std::uint16_t address, std::uint16_t count) {
        const modbus::Question question{.unit = static_cast<std::uint8_t>(unit),
                                        .table = modbus::Table::holding,
                                        .address = address,
                                        .count = count};
        Reply reply{.words = std::vector<std::uint16_t>(count)};
        const auto answer = read(question, reply.words);
        if (answer.good()) {
            reply.kind = Reply::Kind::words;
            return reply;
        }
        reply.kind = answer.is_refusal() ? Reply::Kind::refused : Reply::Kind::failed;
        reply.detail = describe(question) + ": " + describe(answer);
        return reply;
    };
}

modbus::Inspection ChainInspector::inspect(const Read& read) const {
    using Verdict = modbus::Inspection::Verdict;
    const auto reader = reader_over(read, unit_);
    if (known_) {
        const auto found = recheck(reader, *known_);
        if (found == Recheck::same) return {.verdict = Verdict::same};
        if (found == Recheck::failed) return {.problem = "the SunSpec chain could not be read again"};
    }
    auto discovery = discover(reader, *models_);
    if (discovery.outcome != Discovery::Outcome::found) {
        return {.problem = "SunSpec discovery: " + discovery.detail};
    }
    if (known_ == discovery.chain) return {.verdict = Verdict::same};
    return {.verdict = Verdict::changed,
            .description = to_toml(discovery.chain),
            .problem = discovery.chain.problem};
}

}  // namespace sitepower::sunspec
