#include "daemon/ctl/predict_csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <iterator>
#include <map>
#include <numeric>
#include <ostream>

#include "core/base/identifier.hpp"
#include "daemon/ctl/format.hpp"
#include "daemon/operation/table.hpp"

namespace sitepower::ctl {
namespace {

constexpr std::size_t rows_a_request = 1000;
constexpr double outlier_sigmas = 6;
constexpr double sigma_of_mean_deviation = 1.2533;
constexpr double sigma_of_mad = 1.4826;  // of a normal distribution

Error wrong(std::string message) {
    return {.code = ErrorCode::validation_error, .message = std::move(message), .detail = {}};
}

std::string_view trimmed(std::string_view text) {
    const auto begin = text.find_first_not_of(" \t\r");
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

// Of a field in quotes that begins the text: what it says, and the text without it (RFC 4180, within a line).
std::optional<std::string> take_quoted(std::string_view& text) {
    std::string field;
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (text[i] != '"') {
            field += text[i];
        } else if (i + 1 < text.size() && text[i + 1] == '"') {
            field += text[i++];
        } else {
            text = trimmed(text.substr(i + 1));
            return field;
        }
    }
    return std::nullopt;
}

// Nothing where quotes do not end, or end within a field.
std::optional<std::vector<std::string>> fields_of(std::string_view line) {
    std::vector<std::string> fields;
    for (;;) {
        line = trimmed(line);
        if (line.starts_with('"')) {
            auto field = take_quoted(line);
            if (!field || !(line.empty() || line.starts_with(','))) return std::nullopt;
            fields.emplace_back(trimmed(*field));
        } else {
            const auto field = line.substr(0, line.find(','));
            fields.emplace_back(trimmed(field));
            line.remove_prefix(field.size());
        }
        if (line.empty()) return fields;
        line.remove_prefix(1);
    }
}

struct Columns {
    std::optional<std::size_t> timestamp;
    std::optional<std::size_t> series;
    std::optional<std::size_t> value;
    std::size_t count = 0;  // with those that are left alone
};

Result<Columns> columns_of(std::string_view header) {
    Columns columns;
    const auto names = fields_of(header).value_or(std::vector<std::string>{});
    columns.count = names.size();
    for (std::size_t i = 0; i < names.size(); ++i) {
        auto* column = names[i] == "timestamp"                          ? &columns.timestamp
                       : names[i] == "series" || names[i] == "meter_id" ? &columns.series
                       : names[i] == "value"                            ? &columns.value
                                                                        : nullptr;
        if (column == nullptr) continue;
        if (*column) {
            return wrong(fmt::format("the first line names {} and {}: which one counts? leave one out",
                                     names[**column], names[i]));
        }
        *column = i;
    }
    if (!columns.timestamp || !columns.series)
        return wrong("the first line must name the columns timestamp and series (or meter_id)");
    return columns;
}

std::optional<double> number_of(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return {};
    return value;
}

void read_row(std::string_view line, const Columns& columns, CsvTable& table) {
    const auto read = fields_of(line);
    const auto fields = read.value_or(std::vector<std::string>{});
    const auto at = [&](std::size_t i) { return i < fields.size() ? fields[i] : std::string(); };
    CsvRow row{.timestamp = std::string(at(*columns.timestamp)),
               .series = std::string(at(*columns.series)),
               .value = {},
               .problem = {}};
    auto& quality = table.quality;
    ++quality.rows;
    const auto value = columns.value ? at(*columns.value) : std::string();
    if (!value.empty()) row.value = number_of(value);
    if (!read) {
        row.problem = "quotes do not match";
        ++quality.invalid;
    } else if (fields.size() > columns.count) {
        row.problem = fmt::format("{} fields, the first line names {}", fields.size(), columns.count);
        ++quality.invalid;
    } else if (row.timestamp.empty() || row.series.empty()) {
        row.problem = row.timestamp.empty() ? "no timestamp" : "no series";
        ++quality.missing;
    } else if (!parse_time(row.timestamp)) {
        row.problem = "timestamp is not an ISO 8601 time";
        ++quality.invalid;
    } else if (!is_identifier(row.series)) {
        row.problem = "series is not a name";
        ++quality.invalid;
    } else if (columns.value && value.empty()) {
        ++quality.missing;  // of a time to come nothing was measured: it is asked all the same
    } else if (columns.value && !row.value) {
        ++quality.invalid;
    }
    table.rows.push_back(std::move(row));
}

double median_of(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::ranges::nth_element(values, middle);
    return *middle;
}

std::size_t outliers_in(const std::vector<double>& values) {
    const double median = median_of(values);
    std::vector<double> distances;
    distances.reserve(values.size());
    for (const double value : values) distances.push_back(std::abs(value - median));
    double sigma = sigma_of_mad * median_of(distances);
    if (!(sigma > 0)) {
        // Most values are the same (Iglewicz and Hoaglin, How to Detect and Handle Outliers, 1993).
        sigma = sigma_of_mean_deviation * std::accumulate(distances.begin(), distances.end(), 0.0) /
                static_cast<double>(distances.size());
    }
    if (!(sigma > 0)) return 0;
    return static_cast<std::size_t>(
        std::ranges::count_if(distances, [&](double d) { return d > outlier_sigmas * sigma; }));
}

void count_outliers(CsvTable& table) {
    std::map<std::string, std::vector<double>> values;
    for (const auto& row : table.rows) {
        if (row.value) values[row.series].push_back(*row.value);
    }
    for (const auto& [series, of_series] : values) table.quality.outliers += outliers_in(of_series);
}

std::string quoted(const std::string& text) {
    if (text.find_first_of(",\"\n") == std::string::npos) return text;
    std::string out = "\"";
    for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
    return out + '"';
}

// Answers to rows: of each row that was asked what the daemon said.
using Answers = std::vector<Json>;

Result<Answers> ask_rows(const std::vector<CsvRow>& rows, const Command& command) {
    Answers answers(rows.size());
    for (std::size_t begin = 0; begin < rows.size(); begin += rows_a_request) {
        const auto end = std::min(begin + rows_a_request, rows.size());
        InputJson requests = InputJson::array();
        std::vector<std::size_t> asked;
        for (auto i = begin; i < end; ++i) {
            if (!rows[i].problem.empty()) continue;
            asked.push_back(i);
            requests.push_back({{"model", rows[i].series}, {"input", {{"timestamp", rows[i].timestamp}}}});
        }
        if (asked.empty()) continue;
        const auto response = ask(command.socket, *find_operation("batch.predict"),
                                  {{"requests", requests.dump()}}, command.at_most);
        if (!response) return response.error();
        const auto envelope = Json::parse(response->text, nullptr, false);
        const auto& results = member(envelope, "data.results");
        if (!results.is_array() || results.size() != asked.size()) {
            const auto& message = member(envelope, "error.message");
            return wrong(message.is_string() ? message.get<std::string>() : "what answers is not sitepowerd");
        }
        for (std::size_t i = 0; i < asked.size(); ++i) answers[asked[i]] = results[i];
    }
    return answers;
}

std::string line_of(const CsvRow& row, const Json& answer) {
    const auto& prediction = member(answer, "prediction");
    const auto number = [&](const char* name) {
        const auto& value = member(prediction, name);
        return value.is_null() ? std::string() : value.dump();
    };
    const auto& message = member(answer, "error.message");
    const auto problem = !row.problem.empty()  ? row.problem
                         : message.is_string() ? message.get<std::string>()
                                               : std::string();
    return fmt::format("{},{},{},{},{},{},{},{}\n", quoted(row.timestamp), quoted(row.series),
                       number("value"), number("lower95"), number("upper95"), number("hindcast"),
                       problem.empty() ? "ok" : "failed", quoted(problem));
}

}  // namespace

double CsvQuality::score() const {
    if (rows == 0) return 0;
    const double lost = static_cast<double>(missing + invalid) + 0.5 * static_cast<double>(outliers);
    return 100 * std::max(0.0, 1 - lost / static_cast<double>(rows));
}

Result<CsvTable> read_prediction_rows(std::string_view text) {
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);  // as spreadsheets write it
    const auto header = text.substr(0, text.find('\n'));
    const auto columns = columns_of(header);
    if (!columns) return columns.error();
    CsvTable table;
    while (!text.empty()) {
        const auto end = text.find('\n');
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        const auto line = trimmed(text.substr(0, text.find('\n')));
        if (line.empty()) continue;
        if (table.rows.size() >= most_prediction_rows) {
            return wrong(
                fmt::format("has more than {} rows: cut it into files of fewer", most_prediction_rows));
        }
        read_row(line, *columns, table);
    }
    if (table.rows.empty()) return wrong("has no row below the first line");
    count_outliers(table);
    return table;
}

ExitCode predict_csv(const PredictCommand& predict, const Command& command, std::ostream& out,
                     std::ostream& err) {
    std::ifstream stream(predict.csv, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    if (!stream.is_open() || text.size() > longest_prediction_csv) {
        err << "sitepowerctl: " << predict.csv
            << (stream.is_open() ? fmt::format(" is larger than {} MiB: cut it into files of fewer rows\n",
                                               longest_prediction_csv >> 20U)
                                 : " cannot be read\n");
        return ExitCode::usage;
    }
    const auto table = read_prediction_rows(text);
    if (!table) {
        err << "sitepowerctl: " << predict.csv << ": " << table.error().message << '\n';
        return ExitCode::usage;
    }
    const auto answers = ask_rows(table->rows, command);
    if (!answers) {
        err << "sitepowerctl: " << answers.error().message << '\n';
        return answers.error().code == ErrorCode::service_unavailable ? ExitCode::unreachable
                                                                      : ExitCode::failed;
    }
    std::size_t failed = 0;
    out << "timestamp,series,prediction,lower95,upper95,hindcast,status,error\n";
    for (std::size_t i = 0; i < table->rows.size(); ++i) {
        const auto& row = table->rows[i];
        failed += row.problem.empty() && member((*answers)[i], "status") == "ok" ? 0U : 1U;
        out << line_of(row, (*answers)[i]);
    }
    const auto& quality = table->quality;
    err << fmt::format("{} rows, {} missing, {} invalid, {} outliers, score {:.1f}; {} predicted\n",
                       quality.rows, quality.missing, quality.invalid, quality.outliers, quality.score(),
                       quality.rows - failed);
    return failed == 0 ? ExitCode::fine : ExitCode::failed;
}

}  // namespace sitepower::ctl
