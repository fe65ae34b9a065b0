// Broker, store and alert rules.
#include <fmt/format.h>

#include <filesystem>
#include <iterator>
#include <string>
#include <system_error>

#include "core/alert/rules.hpp"
#include "daemon/config/addresses.hpp"
#include "daemon/config/build.hpp"
#include "drivers/schema/document.hpp"
#include "drivers/schema/rule.hpp"

namespace sitepower::config {

using schema::Diagnostics;
using schema::Origin;

namespace {

constexpr std::size_t max_credential_bytes = 4096;

// Empty where there is none; an error only when the file names it and systemd gave credentials.
std::string read_credential(const std::string& directory, const std::string& name, const Origin& at,
                            Diagnostics& diagnostics) {
    auto text = schema::read_text(directory + '/' + name, diagnostics).value_or("");
    // An editor leaves a newline at the end.
    if (text.ends_with('\n')) text.pop_back();
    if (text.size() > max_credential_bytes || text.find('\0') != std::string::npos) {
        diagnostics.add(at, fmt::format("the credential \"{}\" is no password of at most {} bytes", name,
                                        max_credential_bytes));
        return "";
    }
    return text;
}

bool has_credential(const std::string& directory, const std::string& name) {
    std::error_code error;
    return !directory.empty() && std::filesystem::exists(directory + '/' + name, error);
}

void report_missing_credential(const Origin& at, const std::string& name, Diagnostics& diagnostics) {
    diagnostics.add(at, fmt::format("systemd gave no credential \"{}\": add LoadCredential={}:PATH "
                                    "to the unit",
                                    name, name));
}

}  // namespace

std::string find_credential(const std::string& directory, const std::string& name, const Origin& at,
                            Diagnostics& diagnostics) {
    if (directory.empty()) return "";
    if (has_credential(directory, name)) return read_credential(directory, name, at, diagnostics);
    report_missing_credential(at, name, diagnostics);
    return "";
}

PublisherSettings build_publisher(const SiteFile& file, const std::string& credentials_directory,
                                  Diagnostics& diagnostics) {
    const auto& broker = file.broker;
    PublisherSettings settings = static_cast<const PublisherSettings&>(broker);
    for (const auto& text : broker.addresses) {
        if (auto address = parse_host_and_port(text)) settings.brokers.push_back(std::move(*address));
    }
    // `check` on a desk has no credentials and says nothing about them.
    if (credentials_directory.empty()) return settings;
    if (has_credential(credentials_directory, broker.password_credential)) {
        settings.password = read_credential(credentials_directory, broker.password_credential,
                                            broker.origins.of("password_credential"), diagnostics);
    } else if (broker.origins.has("password_credential")) {
        report_missing_credential(broker.origins.of("password_credential"), broker.password_credential,
                                  diagnostics);
    }
    if (settings.tls.certificate_file.empty()) return settings;
    if (has_credential(credentials_directory, broker.key_credential)) {
        settings.tls.key_file = credentials_directory + '/' + broker.key_credential;
    } else {
        report_missing_credential(broker.origins.of("key_credential"), broker.key_credential, diagnostics);
    }
    return settings;
}

StoreSettings build_store(const SiteFile& file) {
    StoreSettings settings = static_cast<const StoreSettings&>(file.store);
    settings.max_bytes = file.store.max_size_mib << 20;
    return settings;
}

namespace {

void check_rule(const AlertEntry& entry, Diagnostics& diagnostics) {
    const auto* rule = find_rule(entry.type);
    if (!rule) return;  // the name is refused already
    if (rule->kind == RuleKind::condition) {
        for (const auto* key : {"warning", "critical", "hysteresis"}) {
            if (entry.origins.has(key)) {
                diagnostics.add(entry.origins.of(key),
                                fmt::format("the rule \"{}\" has no thresholds", entry.type));
            }
        }
        return;
    }
    // Which of the two is the worse one shows in the catalogue.
    if (!rule->warning || !rule->critical) return;
    const double warning = entry.warning.value_or(*rule->warning);
    const double critical = entry.critical.value_or(*rule->critical);
    const bool rising = *rule->critical > *rule->warning;
    if (rising ? critical < warning : critical > warning) {
        diagnostics.add(entry.origins.of(entry.critical ? "critical" : "warning"),
                        fmt::format("critical ({}) must not be {} warning ({})", critical,
                                    rising ? "below" : "above", warning));
    }
}

}  // namespace

SiteSettings build_settings(const SiteFile& file, Diagnostics& diagnostics) {
    SiteSettings settings = file.engine;
    settings.battery = file.estimation;
    for (const auto& entry : file.alerts) {
        check_rule(entry, diagnostics);
        settings.alert_rules.push_back(entry);
    }
    return settings;
}

}  // namespace sitepower::config
