#include "core/site/rest_watch.hpp"

#include <algorithm>
#include <cmath>

namespace sitepower {
namespace {

double seconds(Duration duration) {
    return std::chrono::duration<double>(duration).count();
}

}  // namespace

RestWatch::RestWatch(const SiteModel& model) : model_(model), paths_(model.strings.size()) {
    for (std::size_t i = 0; i < paths_.size(); ++i) {
        paths_[i].anchors.resize(model.strings[i].batteries.size());
        paths_[i].told_at.resize(model.strings[i].batteries.size());
    }
}

bool RestWatch::is_watched(const StringModel& string) const {
    const bool tells = string.chemistry == Chemistry::nmc || string.chemistry == Chemistry::nca;
    return tells && string.cell_model && string.current_a && string.nominal_capacity_ah > 0;
}

void RestWatch::update(StringIndex string, const Batteries& batteries, const Moment& moment,
                       std::vector<RestEvidence>& shown) {
    const StringModel& model = model_.strings[position(string)];
    if (!is_watched(model)) return;
    Path& path = paths_[position(string)];
    const Measurement& current = batteries.strings()[position(string)].current_a;
    const Duration elapsed = path.updated_at ? moment.elapsed - *path.updated_at : longest_gap + Duration{1};
    path.updated_at = moment.elapsed;
    if (!current.value || elapsed > longest_gap) {
        path.resting_since.reset();
        path.anchored_at.reset();
        return;
    }
    path.flowed_ah += *current.value * seconds(elapsed) / 3600;
    if (std::abs(*current.value) > rest_c * model.nominal_capacity_ah) {
        path.resting_since.reset();
        return;
    }
    if (!path.resting_since) {
        path.resting_since = moment.elapsed;
        path.rest_sum_as = 0;
        path.looked_at.reset();
    }
    path.rest_sum_as += *current.value * seconds(elapsed);
    // And again while it lasts, so that the next path begins where it ends.
    if (moment.elapsed - path.looked_at.value_or(*path.resting_since) >= rest_after) {
        look(string, path, batteries, moment, shown);
    }
}

void RestWatch::look(StringIndex string, Path& path, const Batteries& batteries, const Moment& moment,
                     std::vector<RestEvidence>& shown) const {
    const StringModel& model = model_.strings[position(string)];
    const bool is_path = path.anchored_at && moment.elapsed - *path.anchored_at <= longest_path;
    const double hours = is_path ? seconds(moment.elapsed - *path.anchored_at) / 3600 : 0;
    const double moved_ah = path.flowed_ah - path.offset_a * hours;
    for (std::size_t place = 0; place < model.batteries.size(); ++place) {
        const BatteryIndex battery = model.batteries[place];
        const auto before = path.anchors[place];
        const auto now = anchor_of(battery, model, batteries);
        path.anchors[place] = now;
        if (!is_path || !before || !now) continue;
        if (std::abs(now->temperature_c - before->temperature_c) > longest_jump_c) continue;
        auto& told_at = path.told_at[place];
        if (told_at && moment.elapsed - *told_at < told_interval) continue;
        if ((now->soc - before->soc) * moved_ah <= 0) continue;
        const auto evidence =
            evidence_of(PartialDischarge{.time = moment.wall,
                                         .delivered_ah = std::abs(moved_ah),
                                         .rated_ah = model.nominal_capacity_ah,
                                         .soc_from = std::max(before->soc, now->soc),
                                         .soc_to = std::min(before->soc, now->soc),
                                         .soc_sigma = std::max(before->sigma, now->sigma),
                                         .temperature_c = (before->temperature_c + now->temperature_c) / 2},
                        model);
        if (!evidence || evidence->sigma > worst_sigma) continue;
        shown.push_back({battery, *evidence});
        told_at = moment.elapsed;
    }
    path.looked_at = moment.elapsed;
    path.anchored_at = moment.elapsed;
    path.flowed_ah = 0;
    path.offset_a = path.rest_sum_as / seconds(moment.elapsed - *path.resting_since);
}

std::optional<RestWatch::Anchor> RestWatch::anchor_of(BatteryIndex battery, const StringModel& string,
                                                      const Batteries& batteries) const {
    const Measurement& voltage = batteries.batteries()[position(battery)].voltage_v;
    if (!voltage.value) return std::nullopt;
    const CellModel& kind = *string.cell_model;
    const double scale =
        scale_to(kind.parameters(), string.nominal_voltage_v, string.nominal_capacity_ah).voltage;
    const double temperature_c = batteries.temperature_of(battery).value_or(25);
    const double cell_v = *voltage.value / scale;
    const double soc = kind.soc_of_rest(cell_v, temperature_c);
    const CellPoint here = kind.at(soc, temperature_c);
    const bool is_in_table = std::abs(here.ocv_v - cell_v) < rest_sigma_v;  // else beyond an end of it
    if (!is_in_table || !(here.ocv_slope_v > 0)) return std::nullopt;
    return Anchor{soc, rest_sigma_v / here.ocv_slope_v, temperature_c};
}

void RestWatch::forget(BatteryIndex battery) {
    for (std::size_t i = 0; i < paths_.size(); ++i) {
        const auto& batteries = model_.strings[i].batteries;
        const auto found = std::ranges::find(batteries, battery);
        if (found == batteries.end()) continue;
        const auto place = static_cast<std::size_t>(found - batteries.begin());
        paths_[i].anchors[place].reset();
        paths_[i].told_at[place].reset();
    }
}

}  // namespace sitepower
