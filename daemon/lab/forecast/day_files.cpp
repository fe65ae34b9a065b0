#include "daemon/lab/forecast/day_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>

namespace sitepower::lab {
namespace {

constexpr std::string_view peer_mark = "_peer_forecasts";

bool is_year(std::string_view text) {
    return text.size() == 4 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

Error wrong(const SeriesFile& file, std::string_view what) {
    return {.code = ErrorCode::validation_error,
            .message = fmt::format("{}: {}", file.path.string(), what),
            .detail = {}};
}

std::optional<std::size_t> column_of(const SeriesFile& file, std::string_view name) {
    const auto found = std::ranges::find(file.header, name);
    if (name.empty() || found == file.header.end() || found == file.header.begin()) return std::nullopt;
    return static_cast<std::size_t>(found - file.header.begin()) - 1;
}

// The least distance of two rows.
Duration step_of(const std::vector<forecast::Observation>& rows) {
    Duration step = one_day;
    for (std::size_t i = 1; i < rows.size(); ++i) {
        const Duration distance = rows[i].time - rows[i - 1].time;
        if (distance > Duration{}) step = std::min(step, distance);
    }
    return step;
}

class DayMaker {
  public:
    DayMaker(Duration step, std::size_t covariates)
        : step_(step), slots_(static_cast<std::size_t>(one_day / step)), covariates_(covariates) {}

    void put(std::optional<std::size_t> covariate, const std::vector<forecast::Observation>& column) {
        for (const auto& row : column) {
            const auto [day, slot] = place_of(row.time);
            (covariate ? day->covariates[*covariate] : day->target)[slot] = row.value;
        }
    }
    void put_holidays(const std::vector<forecast::Observation>& column) {
        for (const auto& row : column) {
            if (row.value > 0) place_of(row.time).first->holiday = true;
        }
    }
    DayTable table() && {
        DayTable table{.slots = slots_, .days = {}};
        for (auto& [date, day] : days_) {
            table.days.push_back(std::move(day));
        }
        return table;
    }

  private:
    std::pair<forecast::Day*, std::size_t> place_of(Time time) {
        const auto date = std::chrono::floor<std::chrono::days>(time);
        auto [entry, is_new] = days_.try_emplace(date);
        if (is_new) {
            entry->second.date = date;
            entry->second.target.assign(slots_, forecast::no_value);
            entry->second.covariates.assign(covariates_, std::vector<double>(slots_, forecast::no_value));
        }
        const auto slot = static_cast<std::size_t>((time - date) / step_);
        return {&entry->second, std::min(slot, slots_ - 1)};
    }

    Duration step_;
    std::size_t slots_;
    std::size_t covariates_;
    std::map<std::chrono::sys_days, forecast::Day> days_;
};

}  // namespace

std::string series_name(const std::filesystem::path& path) {
    std::string name = path.stem().string();
    if (const auto mark = name.find(peer_mark); mark != std::string::npos) name.erase(mark, peer_mark.size());
    for (auto last = name.rfind('_');
         last != std::string::npos && is_year(std::string_view(name).substr(last + 1));
         last = name.rfind('_')) {
        name.erase(last);
    }
    return name;
}

Result<std::vector<SeriesGroup>> read_groups(const std::vector<std::filesystem::path>& files) {
    std::map<std::string, SeriesGroup> groups;
    for (const auto& path : files) {
        auto file = read_series_file(path);
        if (!file) return file.error();
        auto& group = groups[series_name(path)];
        (file->layout == SeriesLayout::price_peers ? group.peers : group.data).push_back(std::move(*file));
    }
    std::vector<SeriesGroup> result;
    for (auto& [name, group] : groups) {
        group.name = name;
        result.push_back(std::move(group));
    }
    return result;
}

Result<DayTable> read_days(const std::vector<SeriesFile>& files, const DayColumns& columns) {
    std::optional<DayMaker> maker;
    for (const auto& file : files) {
        std::vector<std::string> names{columns.target};
        names.insert(names.end(), columns.covariates.begin(), columns.covariates.end());
        for (std::size_t i = 0; i < names.size(); ++i) {
            const auto column = column_of(file, names[i]);
            if (!column) return wrong(file, fmt::format("there is no column \"{}\"", names[i]));
            auto rows = observations_of(file, *column);
            if (!rows) return rows.error();
            if (!maker) {
                const Duration step = step_of(*rows);
                if (one_day % step != Duration{}) return wrong(file, "the step does not divide a day");
                maker.emplace(step, columns.covariates.size());
            }
            maker->put(i == 0 ? std::nullopt : std::optional(i - 1), *rows);
        }
        if (const auto column = column_of(file, columns.holiday)) {
            auto rows = observations_of(file, *column);
            if (!rows) return rows.error();
            maker->put_holidays(*rows);
        }
    }
    if (!maker) return DayTable{};
    return std::move(*maker).table();
}

}  // namespace sitepower::lab
