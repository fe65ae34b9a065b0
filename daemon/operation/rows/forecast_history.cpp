// What was forecast, and how good it was.
#include <fmt/format.h>

#include <array>
#include <cmath>

#include "daemon/operation/rows/forecast.hpp"
#include "daemon/operation/rows/subject.hpp"

namespace sitepower {

using forecast::AccuracyWindow;
using forecast::HorizonClass;

namespace {

constexpr const char* too_few = "fewer_than_30_matched_forecasts";
constexpr const char* too_few_values = "fewer_than_30_actual_values";

Json describe(const std::string& series, const MatchedForecastRow& row) {
    const auto& said = row.match.said;
    Record record;
    record
        .set("id",
             Json(fmt::format("{}-{}-{}", series, to_string(row.match.horizon), to_ms(said.valid_at) / 1000)))
        .set("service_name", Json(series))
        .set("horizon_minutes", Json(minutes_of(row.match.horizon)))
        .set("predicted_value", Json(said.forecast.quantiles.p50))
        .set("lower95", Json(said.forecast.quantiles.lower95))
        .set("upper95", Json(said.forecast.quantiles.upper95))
        .set("actual_value", Json(row.match.actual));
    if (row.match.actual == 0) {
        record.unknown("error_percentage", "the_actual_value_is_zero");
    } else {
        record.set("error_percentage",
                   Json(100 * (said.forecast.quantiles.p50 - row.match.actual) / std::abs(row.match.actual)));
    }
    record.set("timestamp", said.valid_at)
        .set("issued_at", row.match.issued_at)
        .set("model_version", Json(row.model_version));
    return record.take();
}

Json accuracy_of(const std::vector<MatchedForecastRow>& rows) {
    forecast::AccuracySums sums;
    for (const auto& row : rows) sums.add(row.match.said.forecast, row.match.actual);
    const auto figures = sums.figures(std::nullopt);
    Record record;
    return record.maybe("mape", figures.mape_pct, figures.mae ? "the_actual_values_are_all_zero" : too_few)
        .maybe("rmse", figures.rmse, too_few)
        .maybe("mae", figures.mae, too_few)
        .set("n", Json(figures.n))
        .take();
}

Outcome past_forecasts(const ForecastQuestion& q) {
    const auto& parameters = q.request.parameters;
    const auto series = parameters.required_text("service");
    if (q.book.find(series) == nullptr) return no_series(q.book, series);
    const auto to = parameters.time("end_time").value_or(q.now);
    const auto from = parameters.time("start_time").value_or(to - one_day);
    if (from >= to) {
        return wrong_parameter("start_time", fmt::format("is not before the end, {}", format_time(to)),
                               "a time before end_time");
    }
    MatchedQuestion question{.series = stored_name(*q.book.settings(series)),
                             .horizons = {},
                             .from = from,
                             .to = to,
                             .limit = static_cast<std::size_t>(*parameters.integer("limit"))};
    const auto wanted = parameters.text("horizon");
    for (const auto horizon : forecast::horizon_classes) {
        if (!wanted || *wanted == to_string(horizon)) question.horizons.push_back(horizon);
    }
    const auto found = q.memory.matched_forecasts(question);
    if (!found) return failure_of(found.error());
    Json items = Json::array();
    for (const auto& row : found->matched) items.push_back(describe(series, row));
    return Json{{"items", std::move(items)},
                {"total_count", found->total},
                {"accuracy", accuracy_of(found->matched)}};
}

AccuracyWindow window_of(std::string_view word) {
    if (word == "1h") return AccuracyWindow::hour;
    if (word == "24h") return AccuracyWindow::day;
    return word == "7d" ? AccuracyWindow::week : AccuracyWindow::month;
}

Json describe(const forecast::AccuracyFigures& figures) {
    Record record;
    return record
        .maybe("mape", figures.mape_pct, figures.mae ? "the_actual_values_are_all_zero" : too_few_values)
        .maybe("rmse", figures.rmse, too_few_values)
        .maybe("mae", figures.mae, too_few_values)
        .maybe("r2", figures.r2, figures.mae ? "the_actual_values_are_all_the_same" : too_few_values)
        .maybe("mase", figures.mase, figures.mae ? no_naive_error : too_few_values)
        .maybe("coverage", figures.coverage95, too_few_values)
        .maybe("bias", figures.bias, too_few_values)
        .maybe("pinball_p50", figures.pinball50, too_few_values)
        .maybe("pinball_p90", figures.pinball90, too_few_values)
        .maybe("pinball_p99", figures.pinball99, too_few_values)
        .set("n", Json(figures.n))
        .set("actual_values", Json(figures.n_actual))
        .take();
}

Outcome accuracy(const ForecastQuestion& q) {
    const auto series = series_or_default(q.book, q.request.parameters.text("series"));
    const auto* served = q.book.find(series);
    if (served == nullptr) return no_series(q.book, series);
    const auto word = q.request.parameters.required_text("window");
    Json answer{{"series", series}};
    std::uint64_t count = 0;
    for (const auto horizon : forecast::horizon_classes) {
        const auto figures = served->accuracy(horizon, window_of(word), q.now);
        count += figures.n;
        answer[std::string(to_string(horizon))] = describe(figures);
    }
    answer["window"] = word;
    answer["sample_count"] = count;
    return answer;
}

std::vector<Field> figure_fields(const std::string& horizon) {
    return prefixed(
        horizon + ".",
        {{"mape", "number", "%", "mean absolute percentage error, of actual values that are not 0"},
         {"rmse", "number", "", "root mean square error"},
         {"mae", "number", "", "mean absolute error"},
         {"r2", "number", "", "share of the variance that is explained"},
         {"mase", "number", "", "error over that of the seasonal naive forecast"},
         {"coverage", "number", "", "share inside the 95 % interval"},
         {"bias", "number", "", "mean of forecast less actual"},
         {"pinball_p50", "number", "", "pinball loss"},
         {"pinball_p90", "number", "", "pinball loss"},
         {"pinball_p99", "number", "", "pinball loss"},
         {"n", "integer", "", "matched forecasts; long: of all leads, 1 to 48 h"},
         {"actual_values", "integer", "", "that they are of; below 30 nothing is claimed"}});
}

}  // namespace

std::vector<Operation> forecast_history_rows() {
    return {
        {.name = "predictions.history",
         .path = "/api/v1/predictions/history",
         .summary = "Forecasts of the past beside what came, newest first",
         .parameters =
             {{.name = "service", .type = ParameterType::identifier, .help = "the series", .required = true},
              {.name = "horizon",
               .type = ParameterType::choice,
               .help = "default all",
               .allowed = "short, medium, long"},
              {.name = "start_time", .type = ParameterType::time, .help = "default 24 h before the end"},
              {.name = "end_time", .type = ParameterType::time, .help = "default now"},
              limit_parameter("100", 10'000)},
         .result = {{"items[].id", "text", "", "of the forecast"},
                    {"items[].service_name", "text", "", "the series"},
                    {"items[].horizon_minutes", "integer", "min", "15, 60 or 2880"},
                    {"items[].predicted_value", "number", "", "p50"},
                    {"items[].lower95", "number", "", "of the 95 % interval"},
                    {"items[].upper95", "number", "", "of the 95 % interval"},
                    {"items[].actual_value", "number", "", "what came"},
                    {"items[].error_percentage", "number", "%", "of the actual value"},
                    {"items[].timestamp", "time", "", "valid at"},
                    {"items[].issued_at", "time", "", "when it was said"},
                    {"items[].model_version", "integer", "", "that said it"},
                    {"total_count", "integer", "", "without the limit"},
                    {"accuracy.mape", "number", "%", "of those listed"},
                    {"accuracy.rmse", "number", "", "of those listed"},
                    {"accuracy.mae", "number", "", "of those listed"},
                    {"accuracy.n", "integer", "", "listed"}},
         .errors = {ErrorCode::not_found},
         .handler = from_forecasts<past_forecasts>},
        {.name = "accuracy",
         .path = "/api/v1/metrics/accuracy",
         .summary = "How good the forecasts of a series were, by horizon",
         .parameters = {identifier_parameter("series", "which; default the first price, else the first"),
                        {.name = "window",
                         .type = ParameterType::choice,
                         .help = "how far back: so many clock hours, the last ones that are over",
                         .fallback = "24h",
                         .allowed = "1h, 24h, 7d, 30d"}},
         .result = joined(joined(joined({{"series", "text", "", "name"}}, figure_fields("short")),
                                 joined(figure_fields("medium"), figure_fields("long"))),
                          {{"window", "text", "", "as asked"},
                           {"sample_count", "integer", "", "matched forecasts of all horizons"}}),
         .errors = {ErrorCode::not_found},
         .handler = from_forecasts<accuracy>}};
}

}  // namespace sitepower
