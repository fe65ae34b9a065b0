// Tables of numbers with a line of column names: the data sets that are scored and played. Reads whole files;
// any thread.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"

namespace sitepower::dataset {

inline constexpr std::size_t longest_csv_bytes = 256U << 20;

struct Csv {
    std::vector<std::string> names;
    std::vector<std::vector<double>> columns;  // beside names; NaN where a field is empty or no number

    const std::vector<double>* find(std::string_view name) const;
    std::size_t rows() const { return columns.empty() ? 0 : columns.front().size(); }
};

// An error names the file and the line. Fields in quotes are refused: no data set here has any.
Result<Csv> parse_csv(std::string_view text, std::string_view file);
Result<Csv> read_csv(const std::filesystem::path& path);

// Takes the next line off the text, without its line end; the fields between its commas, not trimmed.
std::string_view next_csv_line(std::string_view& text);
std::vector<std::string_view> csv_fields(std::string_view line);

// The files given, and the *.csv of the directories given, by name; an error where there is nothing.
Result<std::vector<std::filesystem::path>> csv_files(const std::vector<std::string>& datasets);

}  // namespace sitepower::dataset
