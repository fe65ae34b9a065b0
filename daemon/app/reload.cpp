// A changed configuration: checked whole, then applied whole or not at all.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "daemon/app/parts.hpp"
#include "daemon/config/sunspec_shelf.hpp"
#include "daemon/journal/journal.hpp"
#include "daemon/journal/messages.hpp"

namespace sitepower {
namespace {

constexpr Duration publisher_exchange_limit{1000};

std::vector<ConfigurationProblem> problems_of(const schema::Diagnostics& diagnostics) {
    std::vector<ConfigurationProblem> problems;
    for (const auto& found : diagnostics.sorted()) {
        problems.push_back({.file = found.at.file,
                            .line = found.at.line,
                            .column = found.at.column,
                            .key = found.at.key,
                            .message = found.message});
    }
    return problems;
}

std::vector<std::string> list_of(const config::ConfigChanges& changes) {
    return changes.any() ? std::vector{config::to_string(changes)} : std::vector<std::string>{};
}

// What a running daemon cannot exchange without breaking its promises to subscribers and clients.
std::vector<ConfigurationProblem> needs_restart(const config::Config& running, const config::Config& next,
                                                const config::ConfigChanges& changes) {
    std::vector<ConfigurationProblem> problems;
    const auto refuse = [&](std::string key) {
        problems.push_back(
            {.file = "",
             .line = 0,
             .column = 0,
             .key = key,
             .message = key + " cannot change while sitepowerd runs: systemctl restart sitepowerd"});
    };
    if (running.model->id != next.model->id) {
        refuse("site.id");
    }
    if (changes.store) {
        refuse("store");
    }
    if (changes.http) {
        refuse("http.socket");
    }
    return problems;
}

}  // namespace

void App::Parts::check_configuration(UniqueFunction<void(ConfigurationVerdict)> done) {
    schema::Diagnostics diagnostics;
    const auto next = config::load_config(paths_, diagnostics, config_.model.get());
    ConfigurationVerdict verdict;
    verdict.problems = problems_of(diagnostics);
    if (next) {
        const auto changes = config::diff(config_, *next);
        verdict.changes = list_of(changes);
        verdict.problems = needs_restart(config_, *next, changes);
    }
    verdict.accepted = verdict.problems.empty();
    done(std::move(verdict));
}

void App::Parts::reload(UniqueFunction<void(ConfigurationVerdict)> done) {
    schema::Diagnostics diagnostics;
    auto next = config::load_config(paths_, diagnostics, config_.model.get());
    ConfigurationVerdict verdict;
    verdict.problems = problems_of(diagnostics);
    if (next) {
        const auto changes = config::diff(config_, *next);
        verdict.changes = list_of(changes);
        verdict.problems = needs_restart(config_, *next, changes);
        verdict.accepted = verdict.problems.empty();
        if (verdict.accepted) {
            exchange(std::move(*next), changes);
            verdict.applied = true;
            const auto text = config::to_string(changes);
            journal::log(changes.any() ? journal::configuration_applied : journal::configuration_unchanged,
                         text, {{"CHANGED", text}});
        }
    }
    if (!verdict.applied) {
        std::string text = "the changed configuration is refused, the previous one stays in force:";
        for (const auto& problem : verdict.problems) {
            text += fmt::format("\n{}:{}: {}: {}", problem.file, problem.line, problem.key, problem.message);
        }
        journal::log(journal::configuration_refused, text);
    }
    done(std::move(verdict));
}

// What SunSpec devices said of themselves goes into the state directory, and from there into force like any
// other change of the configuration.
void App::Parts::take_maps() {
    std::vector<MapChange> changes;
    inbox_.drain_maps(changes);
    bool saved = false;
    for (const auto& change : changes) {
        if (position(change.device) >= config_.model->devices.size()) continue;
        const auto& device = config_.model->devices[position(change.device)].id;
        if (!config::save_chain(config_.store.directory, device, change.description)) {
            journal::log(
                journal::sunspec_trouble,
                fmt::format("the SunSpec chain of {} cannot be kept in {}", device, config_.store.directory),
                {{"DEVICE", device}});
            continue;
        }
        saved = true;
        journal::log(journal::sunspec_found,
                     fmt::format("{} has told its SunSpec models{}{}", device,
                                 change.problem.empty() ? "" : "; it does not conform: ", change.problem),
                     {{"DEVICE", device}});
    }
    if (saved) reload([](const ConfigurationVerdict&) {});
}

void App::Parts::exchange(config::Config next, const config::ConfigChanges& changes) {
    auto ending = changes.buses_removed;
    ending.insert(ending.end(), changes.buses_changed.begin(), changes.buses_changed.end());
    buses_.stop(ending);
    drain_inbox();  // what the ended buses still read belongs to the old model
    if (changes.publisher) {
        stop_publisher(publisher_exchange_limit);
    }
    config_ = std::move(next);
    if (changes.journal) {
        journal::set_level(config_.journal_level);
    }
    if (changes.model || changes.settings) {
        executor_.replace_site(config_.model, config_.settings, now());
    }
    if (changes.publisher) {
        start_publisher();
        executor_.publisher_exchanged(now());
    }
    auto starting = changes.buses_added;
    starting.insert(starting.end(), changes.buses_changed.begin(), changes.buses_changed.end());
    for (const auto& bus : config_.buses) {
        if (std::find(starting.begin(), starting.end(), bus.settings.id) != starting.end()) {
            buses_.start(bus);
        }
    }
    watch_parts();
}

}  // namespace sitepower
