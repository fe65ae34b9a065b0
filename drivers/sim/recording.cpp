#include "drivers/sim/recording.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

namespace sitepower::sim {
namespace {

std::optional<double> known(const std::vector<double>* column, std::size_t row) {
    if (column == nullptr || !std::isfinite((*column)[row])) return std::nullopt;
    return (*column)[row];
}

}  // namespace

const Recording::Row* Recording::at(double elapsed_s) const {
    if (elapsed_s >= length_s()) return nullptr;
    const auto after = std::ranges::upper_bound(rows, elapsed_s, {}, &Row::elapsed_s);
    return after == rows.begin() ? &rows.front() : &*(after - 1);
}

double Recording::length_s() const {
    const double last_s = rows.back().elapsed_s;
    return rows.size() < 2 ? last_s + 1 : 2 * last_s - rows[rows.size() - 2].elapsed_s;
}

Result<Recording> recording_of(const dataset::Csv& csv, std::string_view file) {
    const auto* t_s = csv.find("t_s");
    const auto* voltage_v = csv.find("voltage_v");
    const auto* current_a = csv.find("current_a");
    if (t_s == nullptr || voltage_v == nullptr || current_a == nullptr) {
        return Error{ErrorCode::validation_error,
                     fmt::format("{}:1: a battery to play needs columns t_s, voltage_v and current_a", file),
                     ""};
    }
    const auto* temperature_c = csv.find("temp_c");
    const auto* ah = csv.find("ah");
    const auto* charge_ah = csv.find("charge_ah");
    const auto* discharge_ah = csv.find("discharge_ah");
    Recording recording;
    for (std::size_t i = 0; i < csv.rows(); ++i) {
        if (!known(t_s, i) || !known(voltage_v, i) || !known(current_a, i)) continue;
        Recording::Row row{.elapsed_s = (*t_s)[i],
                           .voltage_v = (*voltage_v)[i],
                           .current_a = (*current_a)[i],
                           .temperature_c = known(temperature_c, i),
                           .charge_ah = known(ah, i)};
        if (ah == nullptr && known(charge_ah, i) && known(discharge_ah, i)) {
            row.charge_ah = (*charge_ah)[i] - (*discharge_ah)[i];
        }
        recording.rows.push_back(row);
    }
    if (recording.rows.empty()) {
        return Error{ErrorCode::validation_error, fmt::format("{}: has no row with numbers", file), ""};
    }
    std::ranges::stable_sort(recording.rows, {}, &Recording::Row::elapsed_s);
    // Not std::ranges::unique: clang 14, which builds the fuzzers, cannot read it in this standard library.
    const auto repeated =
        std::unique(recording.rows.begin(), recording.rows.end(),
                    [](const auto& a, const auto& b) { return a.elapsed_s == b.elapsed_s; });
    recording.rows.erase(repeated, recording.rows.end());
    const double first_s = recording.rows.front().elapsed_s;
    for (Recording::Row& row : recording.rows) row.elapsed_s -= first_s;
    return recording;
}

Result<Recording> read_recording(const std::filesystem::path& path) {
    const auto csv = dataset::read_csv(path);
    if (!csv) return csv.error();
    return recording_of(*csv, path.string());
}

}  // namespace sitepower::sim
