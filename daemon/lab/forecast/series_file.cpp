#include "daemon/lab/forecast/series_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <limits>
#include <optional>

namespace sitepower::lab {
namespace {

constexpr std::size_t most_values = 4'000'000;

Error wrong(const std::filesystem::path& path, std::size_t line, std::string_view what) {
    return {.code = ErrorCode::validation_error,
            .message = fmt::format("{}:{}: {}", path.string(), line, what),
            .detail = {}};
}

std::optional<double> number(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::vector<std::string_view> split(std::string_view line) {
    std::vector<std::string_view> fields;
    while (true) {
        const auto comma = line.find(',');
        fields.push_back(line.substr(0, comma));
        if (comma == std::string_view::npos) return fields;
        line.remove_prefix(comma + 1);
    }
}

std::string_view next_line(std::string_view& text) {
    const auto end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    return line;
}

SeriesLayout layout_of(const std::vector<std::string>& header) {
    const auto has = [&](std::string_view name) { return std::ranges::find(header, name) != header.end(); };
    if (has("window_start")) return SeriesLayout::nab_labels;
    if (has("real_price")) return SeriesLayout::price_peers;
    if (has("price")) return SeriesLayout::price;
    if (has("demand_mwh_per_half_hour")) return SeriesLayout::load;
    if (header.size() == 2 && header[0] == "timestamp" && header[1] == "value") return SeriesLayout::nab;
    return SeriesLayout::service;
}

Status add_m4_row(SeriesFile& file, const std::vector<std::string_view>& fields, std::size_t line) {
    std::vector<double> row;
    for (std::size_t i = 1; i < fields.size(); ++i) {
        if (fields[i].empty()) continue;
        const auto value = number(fields[i]);
        if (!value) return wrong(file.path, line, fmt::format("\"{}\" is no number", fields[i]));
        row.push_back(*value);
    }
    file.first_column.emplace_back(fields[0]);
    file.values.push_back(std::move(row));
    return Done{};
}

Status add_table_row(SeriesFile& file, const std::vector<std::string_view>& fields, std::size_t line) {
    if (fields.size() != file.header.size()) {
        return wrong(file.path, line,
                     fmt::format("{} fields, the header has {}", fields.size(), file.header.size()));
    }
    file.first_column.emplace_back(fields[0]);
    if (file.layout == SeriesLayout::nab_labels) {
        file.texts.emplace_back(fields.begin() + 1, fields.end());
        return Done{};
    }
    for (std::size_t i = 1; i < fields.size(); ++i) {
        const auto value = fields[i].empty() ? std::numeric_limits<double>::quiet_NaN() : number(fields[i]);
        if (!value) return wrong(file.path, line, fmt::format("\"{}\" is no number", fields[i]));
        file.values[i - 1].push_back(*value);
    }
    return Done{};
}

std::optional<Time> time_of(std::string text) {
    if (const auto seconds = number(text)) {
        if (!(std::abs(*seconds) < 1e11)) return std::nullopt;
        return from_ms(static_cast<std::int64_t>(*seconds * 1000));
    }
    if (text.size() > 10 && text[10] == ' ') text[10] = 'T';
    return text.size() > 10 ? parse_time(text + "Z") : parse_time(text);
}

}  // namespace

Result<SeriesFile> parse_series_file(const std::filesystem::path& path, std::string_view text) {
    SeriesFile file;
    file.path = path;
    std::size_t line_number = 0;
    std::size_t values = 0;
    while (!text.empty()) {
        const std::string_view line = next_line(text);
        ++line_number;
        if (line.empty()) continue;
        const auto fields = split(line);
        values += fields.size();
        if (values > most_values) return wrong(path, line_number, "more than 4 million values");
        if (line_number == 1 && (fields.size() < 2 || !number(fields[1]))) {
            file.header.assign(fields.begin(), fields.end());
            file.layout = layout_of(file.header);
            file.values.resize(fields.size() - 1);
            continue;
        }
        const Status added = file.header.empty() ? add_m4_row(file, fields, line_number)
                                                 : add_table_row(file, fields, line_number);
        if (!added) return added.error();
    }
    if (file.first_column.empty()) return wrong(path, line_number, "there is no row of data");
    return file;
}

Result<SeriesFile> read_series_file(const std::filesystem::path& path) {
    std::ifstream stream(path, std::ios::binary);
    if (!stream) {
        return Error{.code = ErrorCode::not_found,
                     .message = fmt::format("{}: cannot be opened", path.string()),
                     .detail = {}};
    }
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    return parse_series_file(path, text);
}

Result<std::vector<SeriesFile>> read_data_sets(const std::vector<std::string>& arguments) {
    std::vector<std::filesystem::path> paths;
    for (const auto& argument : arguments) {
        std::error_code error;
        if (!std::filesystem::is_directory(argument, error)) {
            paths.emplace_back(argument);
            continue;
        }
        for (const auto& entry : std::filesystem::recursive_directory_iterator(argument, error)) {
            if (entry.path().extension() == ".csv") paths.push_back(entry.path());
        }
    }
    std::ranges::sort(paths);
    std::vector<SeriesFile> files;
    for (const auto& path : paths) {
        auto file = read_series_file(path);
        if (!file) return file.error();
        files.push_back(std::move(*file));
    }
    return files;
}

Result<std::vector<forecast::Observation>> observations_of(const SeriesFile& file, std::size_t column) {
    std::vector<forecast::Observation> observations;
    for (std::size_t row = 0; row < file.first_column.size(); ++row) {
        const auto time = time_of(file.first_column[row]);
        if (!time) {
            return wrong(file.path, row + 2, fmt::format("\"{}\" is no time", file.first_column[row]));
        }
        observations.push_back({.time = *time, .value = file.values[column][row]});
    }
    return observations;
}

}  // namespace sitepower::lab
