#include "daemon/lab/backtest/plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace sitepower::lab {
namespace {

constexpr double width = 1000;
constexpr double panel_height = 180;
constexpr double margin = 60;
constexpr std::size_t most_points = 2'000;

std::string escaped(const std::string& text) {
    std::string result;
    for (const char c : text) {
        result += c == '<' ? "&lt;" : c == '&' ? "&amp;" : std::string(1, c);
    }
    return result;
}

std::string panel_svg(const Panel& panel, double top) {
    double least = std::numeric_limits<double>::infinity();
    double most = -least;
    for (const double value : panel.values) {
        if (!std::isfinite(value)) continue;
        least = std::min(least, value);
        most = std::max(most, value);
    }
    std::string svg = fmt::format("<text x=\"{}\" y=\"{}\" font-size=\"13\">{}</text>\n", margin, top + 14,
                                  escaped(panel.title));
    if (least > most) return svg;
    const double height = panel_height - 40;
    const double bottom = top + 25 + height;
    const double scale = most > least ? height / (most - least) : 0;
    svg += fmt::format("<text x=\"4\" y=\"{:.1f}\" font-size=\"11\">{:.4g}</text>\n", bottom, least);
    svg +=
        fmt::format("<text x=\"4\" y=\"{:.1f}\" font-size=\"11\">{:.4g}</text>\n", bottom - height + 8, most);
    svg += R"(<polyline fill="none" stroke="#1f6fb2" stroke-width="1" points=")";
    const std::size_t stride = std::max<std::size_t>(1, panel.values.size() / most_points);
    for (std::size_t i = 0; i < panel.values.size(); i += stride) {
        if (!std::isfinite(panel.values[i])) continue;
        svg += fmt::format(
            "{:.1f},{:.1f} ",
            margin + (width - margin) * static_cast<double>(i) / static_cast<double>(panel.values.size()),
            bottom - (panel.values[i] - least) * scale);
    }
    return svg + "\"/>\n";
}

}  // namespace

std::string plot_svg(const std::vector<Panel>& panels) {
    std::string svg = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" font-family=\"sans-serif\">\n"
        "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
        width, panel_height * static_cast<double>(panels.size()));
    for (std::size_t i = 0; i < panels.size(); ++i)
        svg += panel_svg(panels[i], panel_height * static_cast<double>(i));
    return svg + "</svg>\n";
}

}  // namespace sitepower::lab
