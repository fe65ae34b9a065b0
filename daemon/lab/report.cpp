#include "daemon/lab/report.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstdio>

namespace sitepower {
namespace {

// Four significant digits, without an exponent for anything that a person would call a number.
std::string number(double value) {
    const double size = std::abs(value);
    if (size >= 1000 || value == std::round(value)) {
        return fmt::format("{:.0f}", value);
    }
    return size >= 100  ? fmt::format("{:.1f}", value)
           : size >= 10 ? fmt::format("{:.2f}", value)
                        : fmt::format("{:.4g}", value);
}

}  // namespace

bool Goal::holds(double value) const {
    return direction == Direction::at_least ? value >= limit : value <= limit;
}

std::string Goal::text() const {
    return (direction == Direction::at_least ? ">= " : "<= ") + number(limit);
}

std::string json_line(const Figure& figure) {
    const auto& goal = figure.goal;
    return fmt::format(R"({{"measure":"{}","value":{},"unit":"{}","goal":{},"holds":{}}})", figure.measure,
                       std::isfinite(figure.value) ? fmt::format("{}", figure.value) : "null", figure.unit,
                       goal ? '"' + goal->text() + '"' : "null",
                       goal ? fmt::format("{}", goal->holds(figure.value)) : "null");
}

std::string table_line(const Figure& figure) {
    const std::string verdict = !figure.goal ? "" : figure.goal->holds(figure.value) ? "holds" : "MISSED";
    return fmt::format("{:<44} {:>12} {:<18} {:>12} {}", figure.measure,
                       std::isfinite(figure.value) ? number(figure.value) : "unknown", figure.unit,
                       figure.goal ? figure.goal->text() : "", verdict);
}

void Report::add(const Figure& figure) {
    if (form_ == ReportForm::json_lines) {
        fmt::print("{}\n", json_line(figure));
    } else {
        if (figures_ == 0) {
            fmt::print("{:<44} {:>12} {:<18} {:>12}\n", "measure", "value", "unit", "goal");
        }
        fmt::print("{}\n", table_line(figure));
    }
    std::fflush(stdout);
    ++figures_;
    failed_ += figure.goal && !figure.goal->holds(figure.value) ? 1 : 0;
}

void Report::progress(std::string_view what) const {
    if (form_ == ReportForm::table) {
        fmt::print(stderr, "... {}\n", what);
    }
}

}  // namespace sitepower
