#include "daemon/lab/forecast/plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>

#include "core/forecast/long_forecaster.hpp"
#include "daemon/lab/forecast/learn_prior.hpp"
#include "daemon/lab/forecast/score_m4.hpp"

namespace sitepower::lab {
namespace {

using namespace forecast;

constexpr double width = 960;
constexpr double height = 400;
constexpr double margin = 48;
constexpr std::size_t drawn_steps = 48;
constexpr std::size_t drawn_history = 168;

struct Scale {
    double low = 0;
    double high = 1;
    std::size_t steps = 1;

    double x(std::size_t step) const {
        return margin + (width - 2 * margin) * static_cast<double>(step) / static_cast<double>(steps);
    }
    double y(double value) const {
        return height - margin - (height - 2 * margin) * (value - low) / (high - low);
    }
};

Scale scale_of(const Fan& fan) {
    Scale scale{.low = 1e300, .high = -1e300, .steps = fan.history.size() + fan.point.size()};
    for (const auto* values : {&fan.history, &fan.point, &fan.lower95, &fan.upper95, &fan.p99, &fan.actual}) {
        for (const double value : *values) {
            if (!std::isfinite(value)) continue;
            scale.low = std::min(scale.low, value);
            scale.high = std::max(scale.high, value);
        }
    }
    if (scale.low > scale.high) scale = {.low = 0, .high = 1, .steps = scale.steps};
    if (scale.low == scale.high) scale.high = scale.low + 1;
    scale.steps = std::max<std::size_t>(scale.steps, 1);
    return scale;
}

std::string points(const Scale& scale, std::size_t first, const std::vector<double>& values,
                   bool back = false) {
    std::string text;
    for (std::size_t i = 0; i < values.size(); ++i) {
        const std::size_t at = back ? values.size() - 1 - i : i;
        if (!std::isfinite(values[at])) continue;
        text += fmt::format("{:.1f},{:.1f} ", scale.x(first + at), scale.y(values[at]));
    }
    return text;
}

std::string line(const Scale& scale, std::size_t first, const std::vector<double>& values,
                 std::string_view style) {
    return fmt::format("<polyline fill=\"none\" {} points=\"{}\"/>\n", style, points(scale, first, values));
}

std::string escaped(std::string_view text) {
    std::string result;
    for (const char c : text) {
        result += c == '<' ? "&lt;" : c == '&' ? "&amp;" : c == '>' ? "&gt;" : std::string(1, c);
    }
    return result;
}

// The history's end (before `point`) and the fan: what the plot shows of a fitted forecaster.
Fan fan_of(const std::string& title, const std::vector<double>& history, const std::vector<double>& actual,
           const std::shared_ptr<const PriorLibrary>& prior) {
    const bool non_negative = std::ranges::all_of(history, [](double value) { return !(value < 0); });
    LongForecaster forecaster({.domain = non_negative ? Domain::log : Domain::asinh, .prior = prior},
                              non_negative);
    const std::vector<std::uint8_t> learnable(history.size(), 1);
    forecaster.fit(history, learnable, plain_slots(history.size() + drawn_steps));
    Fan fan{.title = title,
            .history = history,
            .point = {},
            .p90 = {},
            .p99 = {},
            .lower95 = {},
            .upper95 = {},
            .actual = actual};
    if (history.size() > drawn_history)
        fan.history.erase(fan.history.begin(), fan.history.end() - drawn_history);
    if (!forecaster.fitted()) return fan;
    std::vector<IssuedStep> steps(drawn_steps);
    forecaster.forecast(steps);
    for (const auto& step : steps) {
        fan.point.push_back(step.point);
        fan.p90.push_back(step.quantiles.p90);
        fan.p99.push_back(step.quantiles.p99);
        fan.lower95.push_back(step.quantiles.lower95);
        fan.upper95.push_back(step.quantiles.upper95);
    }
    return fan;
}

// The series asked for: from M4 files by id, from tables by column, as hourly means.
std::optional<Fan> find(const std::vector<SeriesFile>& files, const PlotOptions& options,
                        const std::shared_ptr<const PriorLibrary>& prior) {
    std::optional<std::vector<double>> history;
    std::vector<double> actual;
    std::string name = options.series;
    for (const auto& file : files) {
        if (file.layout == SeriesLayout::m4) {
            for (std::size_t i = 0; i < file.values.size(); ++i) {
                if (name.empty()) name = file.first_column[i];
                if (file.first_column[i] != name) continue;
                std::vector<double> values = file.values[i];
                if (!history || values.size() > history->size()) {
                    if (history) actual = *history;
                    history = std::move(values);
                } else {
                    actual = std::move(values);
                }
            }
            continue;
        }
        for (std::size_t column = 0; column < file.values.size() && !history; ++column) {
            if (!name.empty() && file.header[column + 1] != name) continue;
            const auto observations = observations_of(file, column);
            if (!observations) continue;
            auto grid = to_grid(*observations, Duration{3'600'000}, Aggregation::mean);
            if (!grid) continue;
            interpolate_gaps(*grid, drawn_steps);
            name = file.header[column + 1];
            history = std::move(grid->values);
            std::erase_if(*history, [](double v) { return !std::isfinite(v); });
        }
    }
    if (!history) return std::nullopt;
    return fan_of(name, *history, actual, prior);
}

}  // namespace

std::string to_svg(const Fan& fan) {
    const Scale scale = scale_of(fan);
    const std::size_t first = fan.history.size();
    std::string svg = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" font-family=\"sans-serif\" "
        "font-size=\"12\">\n<rect width=\"{0}\" height=\"{1}\" fill=\"white\"/>\n<text x=\"{2}\" "
        "y=\"24\">{3}</text>\n",
        width, height, margin, escaped(fan.title));
    for (int tick = 0; tick <= 4; ++tick) {
        const double value = scale.low + (scale.high - scale.low) * tick / 4;
        svg += fmt::format("<text x=\"4\" y=\"{:.1f}\">{:.4g}</text>\n", scale.y(value) + 4, value);
    }
    svg += fmt::format("<polygon fill=\"#cfe0f5\" points=\"{}{}\"/>\n", points(scale, first, fan.upper95),
                       points(scale, first, fan.lower95, true));
    svg += line(scale, 0, fan.history, "stroke=\"#444\"");
    svg += line(scale, first, fan.p99, R"(stroke="#7aa6de" stroke-dasharray="2 3")");
    svg += line(scale, first, fan.p90, "stroke=\"#7aa6de\"");
    svg += line(scale, first, fan.point, R"(stroke="#1f5fb0" stroke-width="2")");
    svg += line(scale, first, fan.actual, "stroke=\"#c33\"");
    return svg + "</svg>\n";
}

ExitCode plot(const PlotOptions& options) {
    const auto refuse = [](const std::string& why) {
        fmt::print(stderr, "sitepower-lab: {}\n", why);
        return ExitCode::failed;
    };
    const auto files = read_data_sets(options.data_sets);
    if (!files) return refuse(files.error().message);
    std::shared_ptr<const PriorLibrary> prior;
    if (!options.prior.empty()) {
        auto read = read_prior(options.prior);
        if (!read) return refuse(read.error().message);
        prior = *read;
    }
    const auto fan = find(*files, options, prior);
    if (!fan) return refuse("there is no series \"" + options.series + "\" in these files");
    if (fan->point.empty()) {
        return refuse(fmt::format("series \"{}\" has {} values, of hours: a forecast needs a day of them",
                                  fan->title, fan->history.size()));
    }
    std::ofstream stream(options.output, std::ios::trunc);
    stream << to_svg(*fan);
    stream.close();
    return stream ? ExitCode::fine : refuse(options.output + ": cannot be written");
}

}  // namespace sitepower::lab
