#include "daemon/lab/score/series.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <numeric>

namespace sitepower::lab {
namespace {

constexpr double seconds_per_hour = 3600;
constexpr double least_interval_s = 1e-3;

// The first that fits.
constexpr std::array<SeriesKind, 5> kinds{{{"18650pf", "nca-18650pf"},
                                           {"18650_20r", "nmc-18650-20r"},
                                           {"bboxx", "vrla-12v17-bboxx"},
                                           {"vrla", "vrla-12v", true},
                                           {"lfp", "lfp", true}}};

Error bad_series(const std::string& name, std::string_view why) {
    return {ErrorCode::validation_error, fmt::format("{}: {}", name, why), ""};
}

// The number that stands before `unit` in the name: "_25degC", "v17ah", "_2.3ah".
std::optional<double> number_before(std::string_view name, std::string_view unit) {
    const auto end = name.find(unit);
    if (end == std::string_view::npos) return std::nullopt;
    auto begin = end;
    const auto belongs = [](char each) { return (each >= '0' && each <= '9') || each == '.'; };
    while (begin > 0 && belongs(name[begin - 1])) --begin;
    double value = 0;
    const auto [_, error] = std::from_chars(name.data() + begin, name.data() + end, value);
    if (begin == end || error != std::errc{}) return std::nullopt;
    return begin > 0 && name[begin - 1] == '-' ? -value : value;
}

struct Columns {
    const std::vector<double>* t_s;
    const std::vector<double>* voltage_v;
    const std::vector<double>* current_a;
    const std::vector<double>* temperature_c;  // nullptr: none
};

Columns columns_of(const dataset::Csv& csv) {
    return {csv.find("t_s"), csv.find("voltage_v"), csv.find("current_a"), csv.find("temp_c")};
}

bool is_complete(const Columns& columns) {
    return columns.t_s != nullptr && columns.voltage_v != nullptr && columns.current_a != nullptr;
}

Series start(const std::string& name, std::shared_ptr<const CellModel> model) {
    Series series{.name = name, .model = std::move(model)};
    if (const auto chamber_c = number_before(name, "degC")) series.chamber_c = static_cast<int>(*chamber_c);
    series.capacity_ah = series.model->parameters().nominal_capacity_ah;
    if (const auto* kind = series_kind(name)) {
        series.battery = kind->part;
        const auto nominal_ah = number_before(name, "ah");
        if (kind->is_scaled && nominal_ah && *nominal_ah > 0) series.capacity_ah = *nominal_ah;
    }
    return series;
}

// A run of one moment cannot be scored.
Result<Series> checked(Series series) {
    if (series.samples.size() < 2) return bad_series(series.name, "has fewer than two usable rows");
    return series;
}

// Rows in the order of time, without those that lack a number.
std::vector<std::size_t> usable_rows(const Columns& columns) {
    std::vector<std::size_t> rows;
    for (std::size_t i = 0; i < columns.t_s->size(); ++i) {
        const bool finite = std::isfinite((*columns.t_s)[i]) && std::isfinite((*columns.voltage_v)[i]) &&
                            std::isfinite((*columns.current_a)[i]);
        if (finite) rows.push_back(i);
    }
    std::ranges::stable_sort(rows, {}, [&](std::size_t row) { return (*columns.t_s)[row]; });
    return rows;
}

void append(Series& series, const Columns& columns, std::size_t row, double& last_t_s, double soc) {
    const double t_s = (*columns.t_s)[row];
    const bool first = series.samples.empty();
    if (!first && t_s - last_t_s < least_interval_s) return;
    SeriesSample sample{.elapsed_s = first ? 0 : t_s - last_t_s,
                        .voltage_v = (*columns.voltage_v)[row],
                        .current_a = (*columns.current_a)[row],
                        .soc = soc};
    if (columns.temperature_c != nullptr && std::isfinite((*columns.temperature_c)[row])) {
        sample.temperature_c = (*columns.temperature_c)[row];
    }
    last_t_s = t_s;
    series.samples.push_back(sample);
}

// Net Ah by row, from the file's column or counted.
std::vector<double> net_ah(const dataset::Csv& csv, const Columns& columns,
                           const std::vector<std::size_t>& rows) {
    std::vector<double> result(columns.t_s->size());
    const auto* given = csv.find("ah");
    double counted = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (i > 0) {
            const double dt_s = (*columns.t_s)[rows[i]] - (*columns.t_s)[rows[i - 1]];
            const double mean_a = ((*columns.current_a)[rows[i]] + (*columns.current_a)[rows[i - 1]]) / 2;
            counted += mean_a * dt_s / seconds_per_hour;
        }
        result[rows[i]] = given != nullptr ? (*given)[rows[i]] : counted;
    }
    return result;
}

Result<Series> calce_series(const dataset::Csv& csv, Series series) {
    const Columns columns = columns_of(csv);
    const auto& step = *csv.find("step");
    const auto& charge_ah = *csv.find("charge_ah");
    const auto& discharge_ah = *csv.find("discharge_ah");
    std::optional<double> full_ah;
    const auto rows = usable_rows(columns);
    for (const std::size_t row : rows) {
        const double net = charge_ah[row] - discharge_ah[row];
        if (step[row] <= 3 && std::isfinite(net)) full_ah = net;
    }
    if (!full_ah) return bad_series(series.name, "has no step 1 to 3, at the end of which the cell is full");
    double last_t_s = 0;
    for (const std::size_t row : rows) {
        const double net = charge_ah[row] - discharge_ah[row];
        if (!(step[row] > 3) || !std::isfinite(net)) continue;
        append(series, columns, row, last_t_s, 1 + (net - *full_ah) / series.capacity_ah);
    }
    return checked(std::move(series));
}

}  // namespace

const SeriesKind* series_kind(std::string_view file_name) {
    const auto found = std::ranges::find_if(
        kinds, [&](const SeriesKind& kind) { return file_name.find(kind.part) != std::string_view::npos; });
    return found == kinds.end() ? nullptr : &*found;
}

Result<Series> soc_series(const dataset::Csv& csv, const std::string& name,
                          std::shared_ptr<const CellModel> model) {
    const Columns columns = columns_of(csv);
    if (!is_complete(columns)) return bad_series(name, "needs columns t_s, voltage_v and current_a");
    Series series = start(name, std::move(model));
    const bool calce = csv.find("step") != nullptr && csv.find("charge_ah") != nullptr &&
                       csv.find("discharge_ah") != nullptr;
    if (calce) return calce_series(csv, std::move(series));
    const auto* ah = csv.find("ah");
    if (ah == nullptr) return bad_series(name, "needs a column ah: net Ah since full charge");
    double last_t_s = 0;
    for (const std::size_t row : usable_rows(columns)) {
        if (!std::isfinite((*ah)[row])) continue;
        append(series, columns, row, last_t_s, 1 + (*ah)[row] / series.capacity_ah);
        series.samples.back().current_is_mean = true;  // of the bin of a second
    }
    return checked(std::move(series));
}

Result<Series> lead_acid_series(const dataset::Csv& csv, const std::string& name,
                                std::shared_ptr<const CellModel> model) {
    const Columns columns = columns_of(csv);
    if (!is_complete(columns)) return bad_series(name, "needs columns t_s, voltage_v and current_a");
    Series series = start(name, std::move(model));
    series.skip_s = 1800;
    const auto rows = usable_rows(columns);
    const auto ah = net_ah(csv, columns, rows);
    const double least_a = series.capacity_ah / 50;
    const auto discharging = [&](std::size_t row) { return (*columns.current_a)[row] < -least_a; };
    const auto first = std::ranges::find_if(rows, discharging);
    if (first == rows.end()) return bad_series(name, "holds no discharge");
    const auto end = std::ranges::find_if(first, rows.end(), [&](std::size_t row) {
        return (*columns.voltage_v)[row] <= 10.8 && discharging(row);
    });
    if (end == rows.end()) return bad_series(name, "holds no discharge down to 10.8 V");
    const auto begin = first == rows.begin() ? first : first - 1;
    const double delivered_ah = ah[*begin] - ah[*end];
    if (!(delivered_ah > 0)) return bad_series(name, "delivers no Ah down to 10.8 V");
    double last_t_s = 0;
    for (auto row = begin; row <= end; ++row) {
        append(series, columns, *row, last_t_s, 1 - (ah[*begin] - ah[*row]) / delivered_ah);
    }
    return checked(std::move(series));
}

}  // namespace sitepower::lab
