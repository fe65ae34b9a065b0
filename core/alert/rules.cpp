#include "core/alert/rules.hpp"

#include <algorithm>

namespace sitepower {
namespace {

void apply(const AlertRuleSettings& settings, Rule& rule) {
    if (settings.warning) rule.warning = settings.warning;
    if (settings.critical) rule.critical = settings.critical;
    if (settings.hysteresis) rule.hysteresis = *settings.hysteresis;
    if (settings.delay) rule.delay = *settings.delay;
}

}  // namespace

const Rule* find_rule(std::string_view name) {
    const auto found = std::ranges::find(rules(), name, &Rule::name);
    return found == rules().end() ? nullptr : &*found;
}

RuleSet::RuleSet(std::span<const AlertRuleSettings> settings)
    : rules_(rules().begin(), rules().end()), enabled_(rules_.size(), true) {
    for (const AlertRuleSettings& row : settings) {
        const Rule* rule = find_rule(row.type);
        if (rule == nullptr) continue;  // refused by the configuration checker before it comes here
        const auto index = static_cast<std::size_t>(rule->id);
        enabled_[index] = row.enabled;
        apply(row, rules_[index]);
    }
}

}  // namespace sitepower
