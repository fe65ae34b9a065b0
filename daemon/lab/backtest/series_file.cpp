#include "daemon/lab/backtest/series_file.hpp"

#include <charconv>
#include <cmath>

namespace sitepower::lab {
namespace {

Error refused(std::size_t line, const std::string& what) {
    return {.code = ErrorCode::validation_error, .message = "line " + std::to_string(line) + ": " + what};
}

// The text up to the separator, which is taken off together with it.
std::string_view take(std::string_view& text, char separator) {
    const auto end = text.find(separator);
    const auto taken = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return taken;
}

std::optional<double> number(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
        return std::nullopt;
    return value;
}

Result<SeriesPoint> read_line(std::string_view line, std::size_t index) {
    std::string when(take(line, ','));
    if (when.size() > 10 && when[10] == ' ') when[10] = 'T';
    const auto time = parse_time(when);
    if (!time || when.size() < 13)
        return refused(index, "the first column must be a time such as 2026-01-01T00:00:00Z");
    std::string_view text = take(line, ',');
    if (text.ends_with('\r')) text.remove_suffix(1);
    const auto value = number(text);
    if (!value) return refused(index, "the second column must be a number");
    return SeriesPoint{*time, (when[11] - '0') * 10 + (when[12] - '0'), *value};
}

}  // namespace

Result<std::vector<SeriesPoint>> read_series(std::string_view text) {
    std::vector<SeriesPoint> points;
    take(text, '\n');
    for (std::size_t line = 2; !text.empty(); ++line) {
        const std::string_view row = take(text, '\n');
        if (row.empty() || row == "\r") continue;
        auto point = read_line(row, line);
        if (!point) return point.error();
        if (!points.empty() && point->time == points.back().time && point->value == points.back().value)
            continue;
        if (!points.empty() && point->time <= points.back().time) return refused(line, "times must rise");
        if (points.size() == max_series_points) return refused(line, "more than 1000000 values");
        points.push_back(*point);
    }
    if (points.empty()) return refused(1, "there are no values below the header");
    return points;
}

}  // namespace sitepower::lab
