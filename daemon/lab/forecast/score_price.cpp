#include "daemon/lab/forecast/score_price.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "core/forecast/scores.hpp"
#include "daemon/lab/forecast/day_ahead_run.hpp"
#include "daemon/lab/forecast/day_files.hpp"

namespace sitepower::lab {
namespace {

constexpr std::size_t training_days = 1456;
constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
constexpr std::string_view best_peer = "dnn_ensemble";

// One published forecast on the scored hours; NaN where it has none.
struct Peer {
    std::string name;
    std::vector<double> values;
};

using ValuesByTime = std::map<Time, double>;

std::vector<std::string> covariates_of(const SeriesFile& file) {
    std::vector<std::string> names(file.header.begin() + 1, file.header.end());
    std::erase(names, "price");
    return names;
}

Result<ValuesByTime> by_time(const std::vector<SeriesFile>& files, std::string_view column) {
    ValuesByTime values;
    for (const auto& file : files) {
        const auto found = std::ranges::find(file.header, column);
        if (found == file.header.end()) continue;
        auto rows = observations_of(file, static_cast<std::size_t>(found - file.header.begin()) - 1);
        if (!rows) return rows.error();
        for (const auto& row : *rows) {
            if (std::isfinite(row.value)) values[row.time] = row.value;
        }
    }
    return values;
}

Result<std::vector<Peer>> peers_on(const SeriesGroup& group, const DayAheadRun& run) {
    std::vector<Peer> peers;
    if (group.peers.empty()) return peers;
    const Duration step{Duration{std::chrono::hours{24}} / static_cast<std::int64_t>(run.slots)};
    for (const auto& column : group.peers.front().header) {
        if (column == group.peers.front().header.front() || column == "real_price") continue;
        auto values = by_time(group.peers, column);
        if (!values) return values.error();
        Peer peer{.name = column, .values = {}};
        for (const auto date : run.dates) {
            for (std::size_t slot = 0; slot < run.slots; ++slot) {
                const auto found = values->find(date + step * static_cast<std::int64_t>(slot));
                peer.values.push_back(found == values->end() ? unknown : found->second);
            }
        }
        peers.push_back(std::move(peer));
    }
    return peers;
}

// Days without a peer's forecast are not scored.
std::size_t first_scored(const SeriesGroup& group, const DayTable& table, const ValuesByTime& peer) {
    if (group.peers.empty() || peer.empty()) return std::min(training_days, table.days.size() * 2 / 3);
    const auto first = std::chrono::floor<std::chrono::days>(peer.begin()->first);
    const auto day = std::ranges::lower_bound(table.days, first, {}, &forecast::Day::date);
    return static_cast<std::size_t>(day - table.days.begin());
}

void drop_after(DayTable& table, const ValuesByTime& peer) {
    if (peer.empty()) return;
    const auto last = std::chrono::floor<std::chrono::days>(peer.rbegin()->first);
    std::erase_if(table.days, [last](const forecast::Day& day) { return day.date > last; });
}

void tell_errors(const std::string& name, const DayAheadRun& run, const std::vector<Peer>& peers,
                 Report& report) {
    const auto best = std::ranges::find(peers, best_peer, &Peer::name);
    const auto goal = [&](auto measure) -> std::optional<Goal> {
        if (best == peers.end()) return std::nullopt;
        return at_most(or_unknown(measure(run.actual, best->values)));
    };
    const auto tell = [&](const std::string& of, const std::vector<double>& values, bool with_goal) {
        report.add({.measure = name + ".mae" + of,
                    .value = or_unknown(forecast::mean_absolute_error(run.actual, values)),
                    .unit = "a MWh",
                    .goal = with_goal ? goal(forecast::mean_absolute_error) : std::nullopt});
        report.add({.measure = name + ".rmse" + of,
                    .value = or_unknown(forecast::root_mean_square_error(run.actual, values)),
                    .unit = "a MWh",
                    .goal = with_goal ? goal(forecast::root_mean_square_error) : std::nullopt});
    };
    tell("", run.p50, true);
    for (const auto& peer : peers) {
        tell("." + peer.name, peer.values, false);
    }
    tell(".naive_day", run.naive_day, false);
    tell(".naive_week", run.naive_week, false);
}

Status score_group(const SeriesGroup& group, Report& report) {
    const auto covariates = covariates_of(group.data.front());
    auto table = read_days(group.data, {.target = "price", .covariates = covariates, .holiday = {}});
    if (!table) return table.error();
    auto peer = by_time(group.peers, best_peer);
    if (!peer) return peer.error();
    drop_after(*table, *peer);
    const std::size_t first = first_scored(group, *table, *peer);
    std::vector<forecast::Covariate> declared;
    declared.reserve(declared.size() + covariates.size());
    for (const auto& name : covariates) {
        declared.push_back({.name = name});
    }
    auto run = run_day_ahead(forecast::price_setup(table->slots, declared), table->days, first, report);
    if (!run) return run.error();
    auto peers = peers_on(group, *run);
    if (!peers) return peers.error();
    report.add(
        {.measure = group.name + ".days", .value = static_cast<double>(run->dates.size()), .unit = ""});
    tell_errors(group.name, *run, *peers, report);
    tell_intervals(group.name, *run, report);
    return Done{};
}

}  // namespace

void score_price(const std::vector<std::filesystem::path>& files, Report& report) {
    const auto groups = read_groups(files);
    if (!groups) return tell_unusable("price", groups.error(), report);
    for (const auto& group : *groups) {
        if (group.data.empty()) {
            tell_unusable(
                group.name,
                {.message = group.name + ": there are peers' forecasts and no prices; name both files"},
                report);
            continue;
        }
        const Status scored = score_group(group, report);
        if (!scored) tell_unusable(group.name, scored.error(), report);
    }
}

}  // namespace sitepower::lab
