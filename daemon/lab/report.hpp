// The figures of a run: a table for people, or one JSON line per figure for programs. Each figure is printed
// as soon as it is known. Main thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace sitepower {

struct Goal {
    enum class Direction { at_least, at_most };
    Direction direction = Direction::at_least;
    double limit = 0;

    bool holds(double value) const;
    std::string text() const;  // ">= 97"
};

inline Goal at_least(double limit) {
    return {Goal::Direction::at_least, limit};
}
inline Goal at_most(double limit) {
    return {Goal::Direction::at_most, limit};
}

struct Figure {
    std::string measure;  // "polling.2ms.ratio": bench, case, what
    double value = 0;
    std::string unit;
    std::optional<Goal> goal{};  // empty: printed beside the others, promised to nobody
};

enum class ReportForm { table, json_lines };

// One line without its end: {"measure","value","unit","goal","holds"}; without a goal the last two are null.
std::string json_line(const Figure& figure);
// One line of the table, without its end.
std::string table_line(const Figure& figure);

class Report {
  public:
    explicit Report(ReportForm form) : form_(form) {}

    void add(const Figure& figure);
    // For people only, to stderr: which round is running.
    void progress(std::string_view what) const;

    std::size_t figures() const { return figures_; }
    std::size_t failed() const { return failed_; }  // goals that do not hold

  private:
    ReportForm form_;
    std::size_t figures_ = 0;
    std::size_t failed_ = 0;
};

}  // namespace sitepower
