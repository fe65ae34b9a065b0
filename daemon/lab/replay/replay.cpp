#include "daemon/lab/replay/replay.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/config/check.hpp"
#include "daemon/config/shipped.hpp"
#include "daemon/store/opening.hpp"

namespace sitepower::lab {
namespace {

// Frames of equal times are the same numbers to the last bit; what is worked out once a day depends on the
// millisecond in which it was.
constexpr double soc_goal_pct = 0.001;
constexpr double soh_goal_pct = 0.05;
constexpr double rul_goal_days = 1;
constexpr double resistance_goal = 0.001;

struct Arguments {
    std::string config;
    std::string store;
    std::string profiles = config::shipped("devices").string();
    std::string from;
    std::string to;
};

// A battery's states of about an hour are looked at together: many batteries need no more memory than that.
constexpr std::size_t states_at_once = 60;
constexpr std::size_t alerts_at_once = 1'000;
constexpr std::size_t most_named = 20;  // of the alerts that only one of both raised

Status expect_more(Reader& reader, Time to, std::vector<Time>& from, ReplayedSite& site) {
    for (std::size_t i = 0; i < from.size(); ++i) {
        if (!site.states()[i].wants_more() || from[i] >= to) continue;
        auto told = reader.battery_states(site.site().model().batteries[i].id, from[i], to, states_at_once);
        if (!told) return told.error();
        from[i] = told->empty() ? to : told->back().time + Duration{1};
        site.states()[i].expect(std::move(*told));
    }
    return Done{};
}

Result<std::vector<Alert>> alerts_until(Reader& reader, Time to) {
    std::vector<Alert> alerts;
    for (;;) {
        auto page = reader.alerts({.to = to, .skip = alerts.size(), .limit = alerts_at_once});
        if (!page) return page.error();
        if (page->alerts.empty()) return alerts;
        std::ranges::move(page->alerts, std::back_inserter(alerts));
    }
}

std::int64_t start_of(MessageKey key) {
    return static_cast<std::int64_t>(key) >> 40;
}

bool read_time(const std::string& text, const char* option, Time& time) {
    if (text.empty()) return true;
    const auto parsed = parse_time(text);
    if (parsed) {
        time = *parsed;
        return true;
    }
    fmt::print(stderr, "replay: {} is no time: expected such as 2026-11-26T00:00:00Z\n", option);
    return false;
}

void tell(const std::string& battery, const char* what, const Estimate& estimate, const char* unit,
          Report& report) {
    if (!estimate.value) return;
    report.add(
        {.measure = fmt::format("replay.{}.{}", battery, what), .value = *estimate.value, .unit = unit});
}

void tell(const std::string& battery, const char* what, const Difference& difference, double goal,
          const char* unit, Report& report) {
    if (difference.unlike > 0) {
        report.add({.measure = fmt::format("replay.{}.{}.unlike", battery, what),
                    .value = static_cast<double>(difference.unlike),
                    .unit = ""});
    }
    if (difference.compared == 0) return;
    report.add({.measure = fmt::format("replay.{}.{}.difference", battery, what),
                .value = difference.largest,
                .unit = unit,
                .goal = at_most(goal)});
}

void name(const std::vector<std::string>& alerts, const char* who) {
    for (std::size_t i = 0; i < std::min(alerts.size(), most_named); ++i) {
        fmt::print(stderr, "replay: only {} raised {}\n", who, alerts[i]);
    }
    if (alerts.size() > most_named) {
        fmt::print(stderr, "replay: only {} raised {} more\n", who, alerts.size() - most_named);
    }
}

ExitCode run(const Arguments& arguments, Report& report) {
    ReplaySpan span;
    if (!read_time(arguments.from, "--from", span.from) || !read_time(arguments.to, "--to", span.to)) {
        return ExitCode::usage;
    }
    schema::Diagnostics diagnostics;
    const auto config =
        config::load_config(config::config_paths(arguments.config, arguments.profiles), diagnostics);
    if (!config) {
        fmt::print(stderr, "{}", config::error_report(diagnostics));
        return ExitCode::failed;
    }
    StoreSettings store = config->store;
    if (!arguments.store.empty()) store.directory = arguments.store;
    auto reader = Reader::open(database_path(store));
    if (!reader) {
        fmt::print(stderr, "replay: {}\n", reader.error().message);
        return ExitCode::failed;
    }
    const auto outcome = replay(**reader, *config, span);
    if (!outcome) {
        fmt::print(stderr, "replay: {}\n", outcome.error().message);
        return ExitCode::failed;
    }
    if (outcome->frames == 0) {
        fmt::print(stderr, "replay: {} holds no frames of that time and configuration\n",
                   database_path(store));
        return ExitCode::failed;
    }
    tell_outcome(*outcome, *config->model, report);
    return report.failed() == 0 ? ExitCode::fine : ExitCode::failed;
}

}  // namespace

Result<ReplayOutcome> replay(Reader& reader, const config::Config& config, const ReplaySpan& span) {
    ReplayedSite site(config.model, config.settings);
    std::vector<Time> told_from(config.model->batteries.size(), span.from);
    ReplayOutcome outcome;
    for (MessageKey after{};;) {
        const auto page = reader.frames(after, span.from, span.to);
        if (!page) return page.error();
        if (page->at_end) break;
        after = page->last;
        outcome.damaged_blocks += page->is_damaged ? 1 : 0;
        for (const FramePtr& frame : page->frames) {
            const auto told = expect_more(reader, span.to, told_from, site);
            if (!told) return told.error();
            if (!site.handle(frame, start_of(page->last))) {
                ++outcome.skipped;
                continue;
            }
            ++outcome.frames;
            if (!outcome.first) outcome.first = frame->time;
            outcome.last = frame->time;
        }
    }
    site.end();
    const auto alerts = alerts_until(reader, span.to);
    if (!alerts) return alerts.error();
    outcome.alerts = site.alerts().compare(*alerts);
    outcome.batteries.assign(site.site().batteries().begin(), site.site().batteries().end());
    outcome.differences = site.differences();
    return outcome;
}

void tell_outcome(const ReplayOutcome& outcome, const SiteModel& model, Report& report) {
    const auto count = [&](std::string_view what, std::size_t value, std::optional<Goal> goal = {}) {
        report.add({.measure = fmt::format("replay.{}", what),
                    .value = static_cast<double>(value),
                    .unit = "",
                    .goal = goal});
    };
    count("frames", outcome.frames);
    count("skipped", outcome.skipped);
    count("damaged_blocks", outcome.damaged_blocks);
    count("alerts.compared", outcome.alerts.compared);
    count("alerts.unlike", outcome.alerts.unlike(), at_most(0));
    name(outcome.alerts.only_told, "the daemon");
    name(outcome.alerts.only_replayed, "the replay");
    for (std::size_t i = 0; i < outcome.batteries.size(); ++i) {
        const std::string& battery = model.batteries[i].id;
        const BatteryState& state = outcome.batteries[i];
        const BatteryDifference& difference = outcome.differences[i];
        tell(battery, "soc_pct", state.soc_pct, "%", report);
        tell(battery, "soh_pct", state.soh_pct, "%", report);
        tell(battery, "rul_days", state.rul_days, "d", report);
        count(battery + ".compared", difference.compared, at_least(1));
        count(battery + ".unlike", difference.unlike, at_most(0));
        tell(battery, "soc_pct", difference.soc_pct, soc_goal_pct, "%", report);
        tell(battery, "soh_pct", difference.soh_pct, soh_goal_pct, "%", report);
        tell(battery, "rul_days", difference.rul_days, rul_goal_days, "d", report);
        tell(battery, "resistance_ratio", difference.resistance_ratio, resistance_goal, "", report);
    }
}

Run describe_replay(CLI::App& command) {
    const auto arguments = std::make_shared<Arguments>();
    command.add_option("--config", arguments->config, "site file, or directory with sitepower.toml");
    command.add_option("--store", arguments->store, "directory of the database, instead of the site file's");
    command.add_option("--profiles", arguments->profiles,
                       "directory of device profiles, instead of the shipped one");
    command.add_option("--from", arguments->from, "frames from this time on: 2026-11-26T00:00:00Z");
    command.add_option("--to", arguments->to, "and before this one");
    return [arguments](Report& report) { return run(*arguments, report); };
}

}  // namespace sitepower::lab
