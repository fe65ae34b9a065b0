#include "daemon/lab/replay/replay.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
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

struct Arguments {
    std::string config;
    std::string store;
    std::string profiles = config::shipped("devices").string();
    std::string from;
    std::string to;
};

// A battery's states of about an hour are looked at together: many batteries need no more memory than that.
constexpr std::size_t states_at_once = 60;

Status expect_more(Reader& reader, Time to, std::vector<Time>& from, ReplayedSite& site) {
    for (std::size_t i = 0; i < from.size(); ++i) {
        const auto battery = static_cast<BatteryIndex>(i);
        if (site.is_expecting(battery) || from[i] >= to) continue;
        auto told = reader.battery_states(site.site().model().batteries[i].id, from[i], to, states_at_once);
        if (!told) return told.error();
        from[i] = told->empty() ? to : told->back().time + Duration{1};
        site.expect(battery, std::move(*told));
    }
    return Done{};
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
    if (difference.compared == 0) return;
    report.add({.measure = fmt::format("replay.{}.{}.difference", battery, what),
                .value = difference.largest,
                .unit = unit,
                .goal = at_most(goal)});
}

void tell(const ReplayOutcome& outcome, const SiteModel& model, Report& report) {
    const auto count = [&](const char* what, std::size_t value) {
        report.add(
            {.measure = fmt::format("replay.{}", what), .value = static_cast<double>(value), .unit = ""});
    };
    count("frames", outcome.frames);
    count("skipped", outcome.skipped);
    count("damaged_blocks", outcome.damaged_blocks);
    for (std::size_t i = 0; i < outcome.batteries.size(); ++i) {
        const std::string& battery = model.batteries[i].id;
        const BatteryState& state = outcome.batteries[i];
        const BatteryDifference& difference = outcome.differences[i];
        tell(battery, "soc_pct", state.soc_pct, "%", report);
        tell(battery, "soh_pct", state.soh_pct, "%", report);
        tell(battery, "rul_days", state.rul_days, "d", report);
        count((battery + ".compared").c_str(), difference.soc_pct.compared);
        count((battery + ".unlike").c_str(), difference.soc_pct.unlike);
        tell(battery, "soc_pct", difference.soc_pct, soc_goal_pct, "%", report);
        tell(battery, "soh_pct", difference.soh_pct, soh_goal_pct, "%", report);
        tell(battery, "rul_days", difference.rul_days, rul_goal_days, "d", report);
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
    tell(*outcome, *config->model, report);
    return report.failed() == 0 ? ExitCode::fine : ExitCode::failed;
}

}  // namespace

Result<ReplayOutcome> replay(Reader& reader, const config::Config& config, const ReplaySpan& span) {
    ReplayedSite site(config.model, config.settings);
    std::vector<Time> told_from(config.model->batteries.size(), span.from);
    ReplayOutcome outcome;
    for (MessageKey after{};;) {
        const auto told = expect_more(reader, span.to, told_from, site);
        if (!told) return told.error();
        const auto page = reader.frames(after, span.from, span.to);
        if (!page) return page.error();
        if (page->at_end) break;
        after = page->last;
        outcome.damaged_blocks += page->is_damaged ? 1 : 0;
        for (const FramePtr& frame : page->frames) {
            if (!site.handle(frame, start_of(page->last))) {
                ++outcome.skipped;
                continue;
            }
            ++outcome.frames;
            if (!outcome.first) outcome.first = frame->time;
            outcome.last = frame->time;
        }
    }
    outcome.batteries.assign(site.site().batteries().begin(), site.site().batteries().end());
    outcome.differences = site.differences();
    return outcome;
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
