#include "daemon/app/documents.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iostream>
#include <sstream>

#include "core/alert/rules.hpp"
#include "daemon/config/battery_file.hpp"
#include "daemon/config/check.hpp"
#include "daemon/journal/catalog.hpp"
#include "daemon/operation/reference.hpp"

namespace sitepower::documents {
namespace {

std::string configuration() {
    std::ostringstream out;
    config::run_reference(out);
    return out.str();
}

std::string json_schema() {
    std::ostringstream out;
    config::run_schema(out);
    return out.str();
}

std::string profiles() {
    std::ostringstream out;
    config::run_profile_reference(out);
    return out.str();
}

std::string profile_schema() {
    std::ostringstream out;
    config::run_profile_schema(out);
    return out.str();
}

std::string threshold(const std::optional<double>& value, std::string_view unit) {
    return value ? fmt::format("{} {}", *value, unit) : "-";
}

std::string wait(const Rule& rule) {
    if (rule.readings > 1) return fmt::format("{} readings", rule.readings);
    return fmt::format("{} s", rule.delay.count() / 1000);
}

std::string alerts() {
    std::string text =
        "# Alerts\n\n"
        "Made from the table in `core/alert/rules_table.cpp` by `./dev docs`. Each rule can be changed "
        "under\n"
        "`[alerts.NAME]` (see configuration.md). A condition has no thresholds. An alert rises when the "
        "condition has\n"
        "held for the delay, or in as many readings one after another, and clears when the value is back by "
        "the hysteresis\n"
        "for as long. What comes back within 10 min is triggered again under its id, and from then on is "
        "over only when it\n"
        "has stayed away for 10 min; `flaps` counts it. What somebody has resolved by hand is over: it "
        "comes back as a new one.\n\n"
        "| rule | alert | of | measured | warning | critical | back by | delay | what to do | basis |\n"
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n";
    for (const auto& rule : rules()) {
        const bool condition = rule.kind == RuleKind::condition;
        text += fmt::format(
            "| `{}` | {} | {} | {} | {} | {} | {} | {} | {} | {} |\n", rule.name, rule.type,
            to_string(rule.subject), rule.measure,
            condition ? std::string(to_string(rule.severity)) : threshold(rule.warning, rule.unit),
            condition ? "" : threshold(rule.critical, rule.unit),
            condition ? "" : threshold(rule.hysteresis, rule.unit), wait(rule), rule.advice, rule.basis);
    }
    return text;
}

std::string batteries() {
    return schema::reference_page(config::battery_file_table().description(), "Battery files");
}

constexpr std::array rows{
    Document{"configuration", "docs/configuration.md", &configuration},
    Document{"schema", "docs/sitepower.schema.json", &json_schema},
    Document{"profiles", "docs/profiles.md", &profiles},
    Document{"profile-schema", "docs/profile.schema.json", &profile_schema},
    Document{"batteries", "docs/batteries.md", &batteries},
    Document{"operations", "docs/operations.md", &operations_reference},
    Document{"alerts", "docs/alerts.md", &alerts},
    Document{"journal", "docs/journal.md", &journal::reference_page},
    Document{"catalog", "systemd/sitepower.catalog", &journal::catalog},
};

}  // namespace

std::span<const Document> all() {
    return rows;
}

std::string names() {
    std::string text;
    for (const auto& row : rows) {
        text += (text.empty() ? "" : ", ") + std::string(row.name);
    }
    return text;
}

bool print(std::string_view name, std::ostream& out) {
    const auto row =
        std::find_if(rows.begin(), rows.end(), [&](const Document& each) { return each.name == name; });
    if (row == rows.end()) {
        std::cerr << "no document '" << name << "'; there are: " << names() << '\n';
        return false;
    }
    out << row->text();
    return true;
}

}  // namespace sitepower::documents
