#include "daemon/ctl/table.hpp"

#include <algorithm>

namespace sitepower::ctl {
namespace {

constexpr std::string_view gap = "  ";
constexpr std::size_t narrowest = 6;  // a column is not cut below this

// Length of the well-formed UTF-8 character at the front of `text`; 0: not well-formed.
std::size_t character_length(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const auto first = byte(0);
    if (first < 0x80) return 1;
    const std::size_t length = first >= 0xF0 && first < 0xF5 ? 4 : first >= 0xE0 ? 3 : first >= 0xC2 ? 2 : 0;
    if (first >= 0xF5 || length == 0 || text.size() < length) return 0;
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xC0) != 0x80) return 0;
    }
    return length;
}

// ASCII and C1 control characters.
bool is_control(std::string_view character) {
    const auto first = static_cast<unsigned char>(character[0]);
    if (character.size() == 1) return first < 0x20 || first == 0x7F;
    return character.size() == 2 && first == 0xC2 && static_cast<unsigned char>(character[1]) < 0xA0;
}

std::string padded(const std::string& text, std::size_t width, Align align) {
    const auto missing = width - std::min(width, display_width(text));
    if (align == Align::right) return std::string(missing, ' ') + text;
    return text + std::string(missing, ' ');
}

}  // namespace

std::string printable(std::string_view text) {
    std::string result;
    while (!text.empty()) {
        const auto length = character_length(text);
        const auto character = text.substr(0, std::max<std::size_t>(length, 1));
        if (length == 0 || is_control(character)) {
            result += '?';
        } else {
            result += character;
        }
        text.remove_prefix(character.size());
    }
    return result;
}

std::size_t display_width(std::string_view text) {
    // Every byte but the followers of a character begins one.
    return static_cast<std::size_t>(
        std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string cut(std::string_view text, std::size_t width) {
    if (display_width(text) <= width || width == 0) return std::string(text);
    std::string result;
    for (std::size_t taken = 0; taken + 1 < width; ++taken) {
        const auto length = std::max<std::size_t>(character_length(text), 1);
        result += text.substr(0, length);
        text.remove_prefix(length);
    }
    return result + '~';
}

std::string cut_start(std::string_view text, std::size_t width) {
    const auto all = display_width(text);
    if (all <= width || width == 0) return std::string(text);
    for (std::size_t left_out = 0; left_out < all - width + 1; ++left_out) {
        text.remove_prefix(std::max<std::size_t>(character_length(text), 1));
    }
    return '~' + std::string(text);
}

namespace {

// The front of a printable text, `count` characters of it or all.
std::string_view first_characters(std::string_view text, std::size_t count) {
    std::size_t bytes = 0;
    for (; count > 0 && bytes < text.size(); --count) {
        bytes += std::max<std::size_t>(character_length(text.substr(bytes)), 1);
    }
    return text.substr(0, bytes);
}

}  // namespace

std::string wrapped(std::string_view text, std::size_t width, std::size_t indent) {
    const auto margin = std::min(text.find_first_not_of(' '), text.size());
    std::string result(margin, ' ');
    text.remove_prefix(margin);
    std::size_t column = margin;
    bool line_is_empty = true;
    while (!text.empty()) {
        const auto space = text.find(' ');
        auto word = text.substr(0, space);
        text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
        const auto word_width = display_width(word);
        if (!line_is_empty && column + 1 + word_width > width) {
            result += '\n' + std::string(indent, ' ');
            column = indent;
        } else if (!line_is_empty) {
            result += ' ';
            ++column;
        }
        // A word that no line holds is broken where the line ends.
        while (column + display_width(word) > width && column < width && indent < width) {
            const auto piece = first_characters(word, width - column);
            result.append(piece).append("\n").append(indent, ' ');
            word.remove_prefix(piece.size());
            column = indent;
        }
        result += word;
        column += display_width(word);
        line_is_empty = false;
    }
    return result;
}

std::string wrapped_lines(std::string_view text, std::size_t width, std::size_t indent) {
    std::string result;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = std::min(text.find('\n', at), text.size());
        result += wrapped(text.substr(at, end - at), width, indent) + '\n';
        at = end + 1;
    }
    return result;
}

void Table::add(std::vector<std::string> cells, std::string_view note) {
    cells.resize(columns_.size());
    for (auto& cell : cells) cell = printable(cell);
    rows_.push_back({std::move(cells), printable(note)});
}

std::size_t Table::shrink(std::vector<Shown>& shown, bool whole, bool first, std::size_t excess) const {
    while (excess > 0) {
        Shown* widest = nullptr;
        for (auto& column : shown) {
            const bool is_whole = columns_[column.column].fit == Fit::whole;
            if ((column.column == 0) != first || is_whole != whole || column.width <= narrowest) continue;
            if (widest == nullptr || column.width > widest->width) widest = &column;
        }
        if (widest == nullptr) break;
        --widest->width;
        --excess;
    }
    return excess;
}

std::vector<Table::Shown> Table::shown_columns(std::size_t width) const {
    std::vector<Shown> shown;
    std::size_t total = 0;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
        std::size_t widest = 0;
        for (const auto& row : rows_) widest = std::max(widest, display_width(row.cells[c]));
        if (widest == 0) continue;
        widest = std::max(widest, columns_[c].title.size());
        total += widest + (shown.empty() ? 0 : gap.size());
        shown.push_back({c, widest});
    }
    auto excess = shrink(shown, false, false, total > width ? total - width : 0);
    excess = shrink(shown, true, false, excess);
    // Wider than the terminal would be worse.
    for (const bool whole : {false, true}) excess = shrink(shown, whole, true, excess);
    return shown;
}

std::string Table::text(std::size_t width) const {
    const auto shown = shown_columns(width);
    if (shown.empty()) return {};
    std::string result;
    const auto append_line = [&](const auto& cell_of) {
        std::string line;
        for (const auto& [column, column_width] : shown) {
            if (!line.empty()) line += gap;
            const auto fit = columns_[column].fit;
            const auto cell = fit == Fit::cut_start ? cut_start(cell_of(column), column_width)
                                                    : cut(cell_of(column), column_width);
            line += padded(cell, column_width, columns_[column].align);
        }
        line.erase(line.find_last_not_of(' ') + 1);
        result += line + '\n';
    };
    append_line([&](std::size_t c) { return columns_[c].title; });
    for (const auto& row : rows_) {
        append_line([&](std::size_t c) { return row.cells[c]; });
        if (!row.note.empty()) result += wrapped("    " + row.note, width, 4) + '\n';
    }
    return result;
}

}  // namespace sitepower::ctl
