// Text tables for terminals: aligned columns, at most 100 wide, safe for any bytes that a device or a person
// may have put into a name. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sitepower::ctl {

inline constexpr std::size_t terminal_width = 100;

enum class Align : std::uint8_t { left, right };

// Whether a cell may be cut when the table is too wide, and at which end: names that somebody types again may
// not, and ids of batteries differ at their end.
enum class Fit : std::uint8_t { whole, cut, cut_start };

struct Column {
    std::string title;
    Align align = Align::left;
    Fit fit = Fit::whole;
};

class Table {
  public:
    explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

    // One cell per column; missing ones are empty. `note` stands in lines of its own below the row.
    void add(std::vector<std::string> cells, std::string_view note = {});
    // Titles and rows, each ending with a newline. When it is too wide, the widest columns that may be cut
    // are cut, and only then others; what is cut ends with '~'. The first column, which somebody types again,
    // comes last. Columns that are empty in all rows are left out.
    std::string text(std::size_t width = terminal_width) const;

  private:
    struct Row {
        std::vector<std::string> cells;
        std::string note;
    };
    // A column that is shown, and how wide.
    struct Shown {
        std::size_t column = 0;
        std::size_t width = 0;
    };

    std::vector<Shown> shown_columns(std::size_t width) const;
    // Takes width from columns that may be cut, or from the whole ones (all but the first one, or that one
    // alone), the widest first, until `excess` is gone; what is left of it.
    std::size_t shrink(std::vector<Shown>& shown, bool whole, bool first, std::size_t excess) const;

    std::vector<Column> columns_;
    std::vector<Row> rows_;
};

// `text` with control characters (a terminal would obey them) and bytes that are not UTF-8 replaced by '?'.
std::string printable(std::string_view text);

// Characters of a printable text; each is taken to be one column wide.
std::size_t display_width(std::string_view text);

// The first characters of a printable text, the last one '~' if something was cut off.
std::string cut(std::string_view text, std::size_t width);
// The last characters of it, the first one '~'.
std::string cut_start(std::string_view text, std::size_t width);

// `text` broken between words into lines of at most `width`, each after the first indented by `indent`; the
// first keeps its own indent. A word that is longer than a line is broken, too.
std::string wrapped(std::string_view text, std::size_t width, std::size_t indent);

// Each line of `text` wrapped; the result ends with a newline, or is empty as the text was.
std::string wrapped_lines(std::string_view text, std::size_t width, std::size_t indent);

}  // namespace sitepower::ctl
