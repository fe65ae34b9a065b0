#include "daemon/lab/score/capacity_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <fstream>
#include <optional>
#include <string_view>

namespace sitepower::lab {
namespace {

constexpr std::size_t most_cells = 10'000;

std::vector<std::string_view> fields_of(std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    std::vector<std::string_view> fields;
    for (std::size_t from = 0; from <= line.size();) {
        const auto comma = std::min(line.find(',', from), line.size());
        fields.push_back(line.substr(from, comma - from));
        from = comma + 1;
    }
    return fields;
}

std::optional<double> number(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value))
        return std::nullopt;
    return value;
}

struct Columns {
    std::size_t cell = 0;
    std::size_t cycle = 0;
    std::size_t capacity_ah = 0;
};

std::optional<Columns> columns_of(std::string_view header) {
    const auto names = fields_of(header);
    const auto find = [&](std::string_view name) {
        return static_cast<std::size_t>(std::ranges::find(names, name) - names.begin());
    };
    const Columns columns{find("cell"), find("cycle"), find("capacity_ah")};
    if (std::max({columns.cell, columns.cycle, columns.capacity_ah}) == names.size()) return std::nullopt;
    return columns;
}

// Empty when the row has been added; else what is wrong with it.
std::string add_row(std::string_view line, const Columns& columns, std::vector<CellHistory>& cells) {
    const auto fields = fields_of(line);
    if (std::max({columns.cell, columns.cycle, columns.capacity_ah}) >= fields.size())
        return "too few columns";
    const auto cycle = number(fields[columns.cycle]);
    const auto capacity_ah = number(fields[columns.capacity_ah]);
    if (!cycle || !capacity_ah || *capacity_ah <= 0) return "cycle and capacity_ah must be numbers, above 0";
    if (cells.empty() || cells.back().cell != fields[columns.cell]) {
        if (cells.size() == most_cells) return "more than 10000 cells";
        cells.push_back({std::string(fields[columns.cell]), {}, {}});
    }
    CellHistory& cell = cells.back();
    if (*cycle < 1 || (!cell.cycle.empty() && *cycle <= cell.cycle.back())) {
        return "cycles of a cell must ascend from 1";
    }
    cell.cycle.push_back(*cycle);
    cell.capacity_ah.push_back(*capacity_ah);
    return {};
}

}  // namespace

bool is_capacity_file(const std::filesystem::path& path) {
    std::ifstream in(path);
    std::string header;
    return std::getline(in, header) && columns_of(header);
}

Result<std::vector<CellHistory>> read_capacities(const std::filesystem::path& path) {
    const auto refuse = [&](std::size_t line, const std::string& why) {
        return Error{ErrorCode::validation_error, fmt::format("{}:{}: {}", path.string(), line, why), ""};
    };
    std::ifstream in(path);
    std::string line;
    if (!std::getline(in, line)) return refuse(1, "cannot be read, or is empty");
    const auto columns = columns_of(line);
    if (!columns) return refuse(1, "needs the columns cell, cycle and capacity_ah");
    std::vector<CellHistory> cells;
    for (std::size_t number = 2; std::getline(in, line); ++number) {
        if (line.empty()) continue;
        const auto wrong = add_row(line, *columns, cells);
        if (!wrong.empty()) return refuse(number, wrong);
    }
    if (cells.empty()) return refuse(1, "holds no row");
    return cells;
}

std::string group_of(const std::string& cell) {
    const auto last = cell.find_last_not_of("0123456789");
    if (last == std::string::npos) return {};
    const auto end = cell.find_last_not_of("-_# ", last);
    return end == std::string::npos ? std::string() : cell.substr(0, end + 1);
}

}  // namespace sitepower::lab
