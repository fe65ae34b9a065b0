#include "daemon/config/ids.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "drivers/schema/rule.hpp"

namespace sitepower::config {

void Ids::add(const std::string& id, schema::Origin at) {
    const auto [entry, fresh] = positions_.emplace(id, origins_.size());
    if (!fresh && !id.empty()) {
        const auto& first = origins_[entry->second];
        diagnostics_.add(
            at, fmt::format("the {} \"{}\" is there already, in {}:{}", what_, id, first.file, first.line));
    }
    origins_.push_back(std::move(at));
}

std::optional<std::size_t> Ids::find(const std::string& id) const {
    const auto found = positions_.find(id);
    return found == positions_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::size_t> Ids::resolve(const std::string& id, schema::Origin at) const {
    if (id.empty()) return std::nullopt;
    if (const auto found = find(id)) return found;
    std::vector<std::string_view> known;
    known.reserve(positions_.size());
    for (const auto& [name, position] : positions_) known.push_back(name);
    // In order, so that the suggestion does not depend on the hash.
    std::sort(known.begin(), known.end());
    const auto suggestion = schema::closest(id, known);
    auto message = fmt::format("there is no {} \"{}\"", what_, id);
    if (!suggestion.empty()) message += fmt::format("; did you mean \"{}\"?", suggestion);
    diagnostics_.add(std::move(at), std::move(message));
    return std::nullopt;
}

}  // namespace sitepower::config
