#include "drivers/dataset/csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <limits>
#include <sstream>

namespace sitepower::dataset {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

Error bad_input(std::string message) {
    return {ErrorCode::validation_error, std::move(message), ""};
}

// Words are columns too (cells' names); they are no numbers.
double number(std::string_view field) {
    double value = 0;
    const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
    const bool whole = error == std::errc{} && end == field.data() + field.size();
    return whole ? value : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

const std::vector<double>* Csv::find(std::string_view name) const {
    const auto found = std::ranges::find(names, name);
    return found == names.end() ? nullptr : &columns[static_cast<std::size_t>(found - names.begin())];
}

std::string_view next_csv_line(std::string_view& text) {
    const auto end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

std::vector<std::string_view> csv_fields(std::string_view line) {
    std::vector<std::string_view> fields;
    for (;;) {
        const auto comma = line.find(',');
        fields.push_back(line.substr(0, comma));
        if (comma == std::string_view::npos) return fields;
        line.remove_prefix(comma + 1);
    }
}

Result<Csv> parse_csv(std::string_view text, std::string_view file) {
    Csv csv;
    if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    for (const std::string_view name : csv_fields(next_csv_line(text))) csv.names.emplace_back(name);
    if (csv.names.size() < 2) return bad_input(fmt::format("{}:1: expected column names in a CSV", file));
    csv.columns.resize(csv.names.size());
    for (int line = 2; !text.empty(); ++line) {
        const std::string_view row = next_csv_line(text);
        if (row.empty()) continue;
        if (row.find('"') != std::string_view::npos) {
            return bad_input(fmt::format("{}:{}: fields in quotes are not read", file, line));
        }
        const auto fields = csv_fields(row);
        if (fields.size() != csv.names.size()) {
            return bad_input(fmt::format("{}:{}: expected {} fields as in line 1, not {}", file, line,
                                         csv.names.size(), fields.size()));
        }
        for (std::size_t i = 0; i < fields.size(); ++i) csv.columns[i].push_back(number(fields[i]));
    }
    if (csv.rows() == 0) return bad_input(fmt::format("{}: has no rows", file));
    return csv;
}

Result<Csv> read_csv(const fs::path& path) {
    std::error_code error;
    const auto size = fs::file_size(path, error);
    if (error) return bad_input(fmt::format("{}: {}", path.string(), error.message()));
    if (size > longest_csv_bytes) return bad_input(path.string() + ": is larger than 256 MiB");
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    if (!in || !(text << in.rdbuf())) return bad_input(path.string() + ": cannot be read, or is empty");
    return parse_csv(text.view(), path.string());
}

Result<std::vector<fs::path>> csv_files(const std::vector<std::string>& datasets) {
    std::vector<fs::path> files;
    for (const auto& dataset : datasets) {
        std::error_code error;
        if (!fs::is_directory(dataset, error)) {
            if (!fs::exists(dataset, error)) return bad_input(dataset + ": there is no such file");
            files.emplace_back(dataset);
            continue;
        }
        const auto before = files.size();
        for (const auto& entry : fs::directory_iterator(dataset, error)) {
            if (entry.path().extension() == ".csv") files.push_back(entry.path());
        }
        if (files.size() == before) return bad_input(dataset + ": holds no *.csv");
    }
    std::ranges::sort(files);
    return files;
}

}  // namespace sitepower::dataset
