// A changed configuration: checked whole, then applied whole or not at all.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <system_error>
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

config::ConfigPaths checked(config::ConfigPaths paths, Time now) {
    paths.checked_at = now;
    return paths;
}

std::vector<std::string> list_of(const config::ConfigChanges& changes) {
    return changes.any() ? std::vector{config::to_string(changes)} : std::vector<std::string>{};
}

// What a running daemon cannot exchange without breaking its promises to subscribers and clients.
std::vector<ConfigurationProblem> needs_restart(const config::Config& running, const config::Config& next,
                                                const config::ConfigChanges& changes) {
    std::vector<ConfigurationProblem> problems;
    const auto refuse = [&](const std::string& key) {
        problems.push_back({.file = "",
                            .line = 0,
                            .column = 0,
                            .key = key,
                            .message = "cannot change while sitepowerd runs: systemctl restart sitepowerd"});
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

std::string refusal_of(const ConfigurationVerdict& verdict) {
    std::string text = verdict.accepted
                           ? "the changed configuration could not be taken into force:"
                           : "the changed configuration is refused, the previous one stays in force:";
    for (const auto& problem : verdict.problems) {
        const schema::Origin at{problem.file, problem.line, problem.column, problem.key};
        text += '\n' + schema::to_string(schema::Diagnostic{at, problem.message});
    }
    return text;
}

bool controls_anew(const config::ConfigChanges& changes) {
    return changes.dispatch || changes.prices || changes.model || !changes.buses_removed.empty() ||
           !changes.buses_changed.empty();
}

}  // namespace

void App::Parts::check_configuration(UniqueFunction<void(ConfigurationVerdict)> done) {
    schema::Diagnostics diagnostics;
    const auto next = config::load_config(checked(paths_, now()), diagnostics, config_.model.get());
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
    auto next = config::load_config(checked(paths_, now()), diagnostics, config_.model.get());
    ConfigurationVerdict verdict;
    verdict.problems = problems_of(diagnostics);
    if (next) {
        const auto changes = config::diff(config_, *next);
        verdict.changes = list_of(changes);
        verdict.problems = needs_restart(config_, *next, changes);
        verdict.accepted = verdict.problems.empty();
        if (verdict.accepted) {
            if (const auto applied = exchange(std::move(*next), changes); !applied) {
                verdict.problems.push_back({.message = applied.error().message});
            }
            verdict.applied = verdict.problems.empty();
        }
    }
    if (!verdict.applied) journal::log(journal::configuration_refused, refusal_of(verdict));
    done(std::move(verdict));
}

// What SunSpec devices said of themselves goes into the state directory, and from there into force; what else
// was edited since the last reload waits for the next.
void App::Parts::take_maps() {
    std::vector<MapChange> maps;
    inbox_.drain_maps(maps);
    bool saved = false;
    for (const auto& map : maps) {
        if (position(map.device) >= config_.model->devices.size()) continue;
        const auto& device = config_.model->devices[position(map.device)].id;
        if (!config::save_chain(config_.store.directory, device, map.description)) {
            journal::log(
                journal::sunspec_trouble,
                fmt::format("the SunSpec chain of {} cannot be kept in {}", device, config_.store.directory),
                {{"DEVICE", device}});
            continue;
        }
        saved = true;
        journal::log(journal::sunspec_found,
                     fmt::format("{} has told its SunSpec models{}{}", device,
                                 map.problem.empty() ? "" : "; it does not conform: ", map.problem),
                     {{"DEVICE", device}});
    }
    if (!saved) return;
    schema::Diagnostics diagnostics;
    auto next = config::with_what_devices_told(config_, paths_, diagnostics);
    ConfigurationVerdict verdict{.accepted = next.has_value(), .problems = problems_of(diagnostics)};
    if (next) {
        for (const auto& left_out : next->sunspec_left_out) {
            const bool is_news = std::ranges::any_of(maps, [&](const MapChange& map) {
                return position(map.device) < config_.model->devices.size() &&
                       config_.model->devices[position(map.device)].id == left_out.device;
            });
            if (!is_news) continue;
            journal::log(journal::sunspec_found,
                         fmt::format("{}: not read: {}", left_out.device, left_out.what),
                         {{"DEVICE", left_out.device}});
        }
        const auto changes = config::diff(config_, *next);
        if (const auto applied = exchange(std::move(*next), changes); !applied) {
            verdict.problems.push_back({.message = applied.error().message});
        }
    }
    if (!verdict.problems.empty()) journal::log(journal::configuration_refused, refusal_of(verdict));
}

// Whatever can fail comes before anything is ended. When the kernel has no thread left for what was made,
// parts of the site would go unread: then the daemon ends in order, and the service manager starts it anew.
Status App::Parts::exchange(config::Config next, const config::ConfigChanges& changes) {
    std::vector<std::unique_ptr<modbus::Bus>> starting;
    try {
        starting = make_buses(next, changes);
    } catch (const std::system_error& error) {
        return Error{.code = ErrorCode::service_unavailable,
                     .message = fmt::format(
                         "no bus could be made for it, the previous one stays in force: {}", error.what())};
    }
    // A device that cannot be handed back would be nobody's in the new configuration.
    if (controls_anew(changes)) {
        hand_back_devices();
        if (!controller_.is_handed_back()) {
            const auto held = controller_.not_handed_back();
            controller_.configure(config_.control);
            return Error{
                .code = ErrorCode::conflict,
                .message = fmt::format("{} cannot be handed back now, the previous configuration stays "
                                       "in force: reload again when it answers, or restart sitepowerd, "
                                       "whose release program goes on trying",
                                       held)};
        }
    }
    try {
        put_into_force(std::move(next), changes, std::move(starting));
    } catch (const std::system_error& error) {
        loop_.quit(EXIT_FAILURE);
        return Error{.code = ErrorCode::service_unavailable,
                     .message = fmt::format("it is half in force, sitepowerd starts anew: {}", error.what())};
    }
    const auto text = config::to_string(changes);
    journal::log(changes.any() ? journal::configuration_applied : journal::configuration_unchanged, text,
                 {{"CHANGED", text}});
    return Done{};
}

std::vector<std::unique_ptr<modbus::Bus>> App::Parts::make_buses(const config::Config& next,
                                                                 const config::ConfigChanges& changes) const {
    std::vector<std::unique_ptr<modbus::Bus>> made;
    for (const auto& bus : next.buses) {
        const auto is_it = [&](const std::string& id) { return id == bus.settings.id; };
        if (std::ranges::any_of(changes.buses_added, is_it) ||
            std::ranges::any_of(changes.buses_changed, is_it)) {
            made.push_back(buses_.make(bus));
        }
    }
    return made;
}

void App::Parts::put_into_force(config::Config next, const config::ConfigChanges& changes,
                                std::vector<std::unique_ptr<modbus::Bus>> starting) {
    auto ending = changes.buses_removed;
    ending.insert(ending.end(), changes.buses_changed.begin(), changes.buses_changed.end());
    buses_.stop(ending);
    drain_inbox();  // what the ended buses still read belongs to the old model
    take_reports();
    // A map that was told and not yet taken names its device by the old model; its bus tells it again.
    std::vector<MapChange> told;
    inbox_.drain_maps(told);
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
    if (changes.prices || changes.model) {
        prices_.configure(config_.prices, now());
        restore_prices();
    }
    if (changes.dispatch || changes.prices || changes.model) planner_.configure(config_.dispatch, now());
    if (controls_anew(changes)) {
        controller_.configure(config_.control);
        caps_.configure(config_.control);
    }
    if (changes.publisher) {
        start_publisher();
        executor_.publisher_exchanged(now());
        planner_.tell_again(now());
        controller_.tell_again();
        caps_.tell_again();
        scaling_.tell_again();
    }
    if (changes.model || changes.forecasts) configure_forecasts();
    if (changes.scaling || changes.forecasts || changes.model) scaling_.configure(config_.scaling);
    for (auto& bus : starting) buses_.start(std::move(bus));
    watch_parts();
}

}  // namespace sitepower
