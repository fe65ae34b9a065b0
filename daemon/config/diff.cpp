#include "daemon/config/diff.hpp"

#include <algorithm>

namespace sitepower::config {
namespace {

const BusConfig* find_bus(const Config& config, const std::string& id) {
    const auto found = std::find_if(config.buses.begin(), config.buses.end(),
                                    [&](const BusConfig& bus) { return bus.settings.id == id; });
    return found == config.buses.end() ? nullptr : &*found;
}

}  // namespace

bool ConfigChanges::any() const {
    return !buses_added.empty() || !buses_removed.empty() || !buses_changed.empty() || model || settings ||
           publisher || store || http || journal || prices || dispatch || forecasts || scaling;
}

ConfigChanges diff(const Config& before, const Config& after) {
    ConfigChanges changes;
    for (const auto& bus : after.buses) {
        const auto* old = find_bus(before, bus.settings.id);
        if (!old) {
            changes.buses_added.push_back(bus.settings.id);
        } else if (old->fingerprint != bus.fingerprint) {
            changes.buses_changed.push_back(bus.settings.id);
        }
    }
    for (const auto& bus : before.buses) {
        if (!find_bus(after, bus.settings.id)) changes.buses_removed.push_back(bus.settings.id);
    }
    const auto& a = before.fingerprints;
    const auto& b = after.fingerprints;
    changes.model = a.model != b.model;
    changes.settings = a.settings != b.settings;
    changes.publisher = a.publisher != b.publisher;
    changes.store = a.store != b.store;
    changes.http = a.http != b.http;
    changes.journal = a.journal != b.journal;
    changes.dispatch = a.dispatch != b.dispatch;
    changes.prices = a.prices != b.prices;
    changes.forecasts = a.forecasts != b.forecasts;
    changes.scaling = a.scaling != b.scaling;
    return changes;
}

std::string to_string(const ConfigChanges& changes) {
    std::string text;
    const auto add = [&](const std::string& part, const char* what) {
        text += (text.empty() ? "" : ", ") + part + what;
    };
    for (const auto& id : changes.buses_added) add("bus " + id, " added");
    for (const auto& id : changes.buses_removed) add("bus " + id, " removed");
    for (const auto& id : changes.buses_changed) add("bus " + id, " changed");
    if (changes.model) add("site", " changed");
    if (changes.settings) add("alerts and engine", " changed");
    if (changes.publisher) add("broker", " changed");
    if (changes.store) add("store", " changed");
    if (changes.http) add("http", " changed");
    if (changes.journal) add("journal", " changed");
    if (changes.prices) add("prices", " changed");
    if (changes.dispatch) add("dispatch", " changed");
    if (changes.forecasts) add("series", " changed");
    if (changes.scaling) add("scaling", " changed");
    return text.empty() ? "nothing changed" : text;
}

}  // namespace sitepower::config
