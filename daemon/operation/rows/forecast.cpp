// Forecasts of series: for single times, for a horizon, and as they stand.
#include "daemon/operation/rows/forecast.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iterator>
#include <limits>

#include "daemon/operation/error_table.hpp"
#include "daemon/operation/rows/rows.hpp"
#include "daemon/operation/rows/subject.hpp"

namespace sitepower {

using forecast::AccuracyWindow;
using forecast::HorizonClass;

namespace {

constexpr std::size_t most_predictions = 10'000;
constexpr std::size_t most_requests = 1000;
constexpr double longest_list = 400'000;  // bytes; a body may hold 1 MiB

double milliseconds(std::chrono::steady_clock::duration spent) {
    return std::chrono::duration<double, std::milli>(spent).count();
}

void stamp(Outcome& outcome, double spent_ms) {
    auto* json = std::get_if<Json>(&outcome);
    if (json == nullptr) return;
    if (const auto found = json->find("performance"); found != json->end()) {
        (*found)["processing_time_ms"] = spent_ms;
    }
    const auto stats = json->find("batch_stats");
    if (stats == json->end()) return;
    const auto total = stats->at("total").get<double>();
    (*stats)["total_time_ms"] = spent_ms;
    (*stats)["average_time_ms"] = total > 0 ? spent_ms / total : 0;
    (*stats)["per_second"] = spent_ms > 0 ? Json(1000 * total / spent_ms) : Json();
    if (!(spent_ms > 0)) (*stats)["reasons"]["per_second"] = "too_fast_to_measure";
    for (auto& result : (*json)["results"]) result["processing_time_ms"] = spent_ms / total;
}

// One time of one series.
struct Predicted {
    double value = 0;
    double lower95 = 0;
    double upper95 = 0;
    std::uint32_t model_version = 0;
    bool hindcast = false;
    bool substituted = false;  // a covariate was not known, and made up
};

// The covariates that are given, in the order in which the series declares them.
std::optional<Failure> take_context(const SeriesSettings& series, const InputJson& given,
                                    std::vector<double>& values) {
    if (!given.is_object()) return std::nullopt;
    values.assign(series.covariates.size(), std::numeric_limits<double>::quiet_NaN());
    for (const auto& [name, value] : given.items()) {
        if (value.is_null()) continue;
        const auto found = std::ranges::find(series.covariates, name, &forecast::Covariate::name);
        if (found == series.covariates.end()) {
            std::string declared;
            for (const auto& one : series.covariates) declared += (declared.empty() ? "" : ", ") + one.name;
            return wrong_parameter("context_features",
                                   fmt::format("{} is not declared by {}", name, series.id),
                                   declared.empty() ? "none: this series declares no covariates" : declared);
        }
        if (!value.is_number()) {
            return wrong_parameter("context_features", fmt::format("{} holds what is no number", name),
                                   "numbers, and null where nothing is known");
        }
        values[static_cast<std::size_t>(found - series.covariates.begin())] = value.get<double>();
    }
    return std::nullopt;
}

// Of steps what was said an hour before; of the hours of a price that is published ahead, which nobody
// forecasts then, what was said of them at last.
std::variant<Predicted, Failure> hindcast(const ForecastQuestion& q, const std::string& series, Time time) {
    const auto& settings = *q.book.settings(series);
    std::vector<HorizonClass> horizons{HorizonClass::medium_60min};
    if (settings.step == one_hour) horizons.push_back(HorizonClass::long_48h);
    const auto found = q.memory.matched_forecasts({.series = stored_name(settings),
                                                   .horizons = horizons,
                                                   .from = time,
                                                   .to = time + Duration{1},
                                                   .limit = horizons.size()});
    if (!found) return failure_of(found.error());
    if (found->matched.empty()) {
        return Failure{ErrorCode::insufficient_data,
                       fmt::format("no forecast of {} for {} was kept: there is one of each step that was "
                                   "forecast an hour before, as far back as forecasts are kept",
                                   series, format_time(time))};
    }
    const auto medium = std::ranges::find(found->matched, HorizonClass::medium_60min,
                                          [](const auto& row) { return row.match.horizon; });
    const auto& row = medium == found->matched.end() ? found->matched.front() : *medium;
    const auto& said = row.match.said.forecast.quantiles;
    return Predicted{said.p50, said.lower95, said.upper95, row.model_version, true, false};
}

// `given`: covariates of that hour, by name; null where nothing is given.
std::variant<Predicted, Failure> predict_one(const ForecastQuestion& q, const std::string& series, Time time,
                                             const InputJson& given) {
    const auto* served = q.book.find(series);
    if (served == nullptr) return no_series(q.book, series);
    const auto* settings = q.book.settings(series);
    std::vector<double> covariates;
    if (auto refused = take_context(*settings, given, covariates)) return *refused;
    if (to_ms(time) % settings->step.count() != 0) {
        return wrong_parameter("timestamps",
                               fmt::format("{} is off the grid of {}", format_time(time), series),
                               fmt::format("multiples of {} s, in UTC", settings->step.count() / 1000));
    }
    if (const auto known = q.book.known(series, time)) {
        return Predicted{*known, *known, *known, q.book.model_version(series), false, false};
    }
    const auto& forecaster = served->forecaster();
    if (forecaster.samples() > 0 && time <= forecaster.newest()) return hindcast(q, series, time);
    // The middle of the step: forecasts of the long horizon are means of hours.
    const Time middle = settings->step < one_hour ? time + settings->step / 2 : time;
    const auto said = served->forecast_at(middle, covariates);
    if (!said) return failure_of(said.error());
    const auto& quantiles = said->quantiles;
    return Predicted{quantiles.p50,
                     quantiles.lower95,
                     quantiles.upper95,
                     q.book.model_version(series),
                     false,
                     served->substituted_at(middle, covariates)};
}

// The elements of a list, all of them texts; of times, as times.
std::optional<std::vector<std::string>> texts_of(const InputJson& list) {
    std::vector<std::string> texts;
    for (const auto& element : list) {
        if (!element.is_string()) return std::nullopt;
        texts.push_back(element.get<std::string>());
    }
    return texts;
}

// One list for each covariate, with a number or null for each pair.
std::optional<Failure> check_context(const InputJson& context, std::size_t pairs) {
    for (const auto& [name, values] : context.items()) {
        if (!values.is_array() || values.size() != pairs) {
            return wrong_parameter("context_features",
                                   fmt::format("holds no list of {} values of {}", pairs, name),
                                   "as many as timestamps");
        }
    }
    return std::nullopt;
}

InputJson context_of(const InputJson& context, std::size_t pair) {
    InputJson given = InputJson::object();
    for (const auto& [name, values] : context.items()) given[name] = values[pair];
    return given;
}

Outcome predict(const ForecastQuestion& q) {
    const auto times = texts_of(q.request.parameters.json("timestamps").value_or(InputJson::array()));
    const auto meters = texts_of(q.request.parameters.json("meter_ids").value_or(InputJson::array()));
    if (!times) return wrong_parameter("timestamps", "does not hold texts only", "ISO 8601 times");
    if (!meters) return wrong_parameter("meter_ids", "does not hold texts only", "names of series");
    if (times->size() != meters->size()) {
        return wrong_parameter("meter_ids",
                               fmt::format("holds {} names for {} timestamps", meters->size(), times->size()),
                               "as many as timestamps: they are pairs");
    }
    if (times->size() > most_predictions) {
        return wrong_parameter("timestamps", "holds too many",
                               fmt::format("at most {} times", most_predictions));
    }
    const auto context = q.request.parameters.json("context_features").value_or(InputJson::object());
    if (auto refused = check_context(context, times->size())) return *refused;
    Json predictions = Json::array();
    Json intervals = Json::array();
    Json hindcasts = Json::array();
    Json substituted = Json::array();
    Json versions = Json::object();
    for (std::size_t i = 0; i < times->size(); ++i) {
        const auto time = parse_time((*times)[i]);
        if (!time) {
            return wrong_parameter("timestamps",
                                   fmt::format("holds \"{}\" at {}, which is no time", (*times)[i], i),
                                   "ISO 8601 times such as 2026-11-22T06:00:00Z");
        }
        auto said = predict_one(q, (*meters)[i], *time, context_of(context, i));
        if (auto* failure = std::get_if<Failure>(&said)) {
            failure->message =
                fmt::format("pair {}, {} at {}: {}", i, (*meters)[i], (*times)[i], failure->message);
            return std::move(*failure);
        }
        const auto& predicted = std::get<Predicted>(said);
        predictions.push_back(predicted.value);
        intervals.push_back({predicted.lower95, predicted.upper95});
        hindcasts.push_back(predicted.hindcast);
        substituted.push_back(predicted.substituted);
        versions[(*meters)[i]] = predicted.model_version;
    }
    Json features = Json::array();
    if (!meters->empty()) {
        for (const auto& feature : q.book.report(meters->front(), q.now).features)
            features.push_back(feature);
    }
    return Json{{"predictions", std::move(predictions)}, {"confidence_intervals", std::move(intervals)},
                {"hindcast", std::move(hindcasts)},      {"covariate_substituted", std::move(substituted)},
                {"model_version", std::move(versions)},  {"features_used", std::move(features)}};
}

// "prediction" or "error"; the stamp says how long it took.
Json batch_entry(const ForecastQuestion& q, std::size_t index, const InputJson& asked) {
    Json entry{{"index", index}};
    const auto fail = [&](std::string_view code, const std::string& message) {
        entry["error"] = {{"code", code}, {"message", message}};
        entry["status"] = "failed";
        return entry;
    };
    const bool shaped = asked.is_object() && asked.contains("model") && asked["model"].is_string() &&
                        asked.contains("input") && asked["input"].is_object() &&
                        asked["input"].contains("timestamp") && asked["input"]["timestamp"].is_string();
    if (!shaped) {
        return fail("VALIDATION_ERROR", R"(a request is {"model": NAME, "input": {"timestamp": TIME}})");
    }
    const auto model = asked["model"].get<std::string>();
    entry["model"] = model;
    const auto time = parse_time(asked["input"]["timestamp"].get<std::string>());
    if (!time) return fail("VALIDATION_ERROR", "input.timestamp is not an ISO 8601 time");
    const auto given = asked["input"].find("context_features");
    auto said = predict_one(q, model, *time, given == asked["input"].end() ? InputJson() : *given);
    if (const auto* failure = std::get_if<Failure>(&said)) {
        std::string message = failure->message;
        // An entry has no details: what could be there stands in its sentence.
        for (const auto& detail : failure->details) {
            if (const auto& allowed = detail.value("allowed", Json()); allowed.is_string())
                message += "; allowed: " + allowed.get<std::string>();
        }
        return fail(to_string(failure->code), message);
    }
    const auto& predicted = std::get<Predicted>(said);
    entry["prediction"] = {{"value", predicted.value},
                           {"lower95", predicted.lower95},
                           {"upper95", predicted.upper95},
                           {"hindcast", predicted.hindcast},
                           {"covariate_substituted", predicted.substituted}};
    entry["status"] = "ok";
    return entry;
}

Outcome batch_predict(const ForecastQuestion& q) {
    const auto requests = q.request.parameters.json("requests").value_or(InputJson::array());
    if (requests.size() > most_requests) {
        return wrong_parameter("requests", "holds too many",
                               fmt::format("at most {} requests", most_requests));
    }
    Json results = Json::array();
    std::size_t successful = 0;
    for (std::size_t i = 0; i < requests.size(); ++i) {
        results.push_back(batch_entry(q, i, requests[i]));
        successful += results.back()["status"] == "ok" ? 1U : 0U;
    }
    const auto total = requests.size();
    Record stats;
    stats.set("total", Json(total))
        .set("successful", Json(successful))
        .set("failed", Json(total - successful));
    if (total > 0) {
        stats.set("success_rate", Json(static_cast<double>(successful) / static_cast<double>(total)));
    } else {
        stats.unknown("success_rate", "no_requests");
    }
    return Json{{"results", std::move(results)}, {"batch_stats", stats.take()}};
}

// Mean, and standard deviation over mean, of what is forecast.
void describe_steps(Record& record, const std::vector<forecast::ForecastStep>& steps) {
    double sum = 0;
    double square = 0;
    for (const auto& step : steps) sum += step.forecast.quantiles.p50;
    const double mean = sum / static_cast<double>(steps.size());
    for (const auto& step : steps) {
        square += (step.forecast.quantiles.p50 - mean) * (step.forecast.quantiles.p50 - mean);
    }
    record.set("average", Json(mean));
    if (mean == 0) {
        record.unknown("volatility", "the_mean_is_zero");
    } else {
        record.set("volatility",
                   Json(std::sqrt(square / static_cast<double>(steps.size())) / std::abs(mean)));
    }
}

Outcome forecast_series(const ForecastQuestion& q) {
    const auto& parameters = q.request.parameters;
    const auto name = series_or_default(q.book, parameters.text("series"));
    const auto* served = q.book.find(name);
    if (served == nullptr) return no_series(q.book, name);
    auto report = q.book.report(name, q.now);
    auto& longest = report.by_horizon[static_cast<std::size_t>(HorizonClass::long_48h)];
    const auto periods = static_cast<std::size_t>(*parameters.integer("periods"));
    if (parameters.flag("use_advanced").value_or(false)) {
        // Fitted anew with all experts and back-test, for this answer only.
        auto refit = served->refit();
        if (!refit) return failure_of(refit.error());
        auto steps = served->forecast_by(*refit->forecaster, HorizonClass::long_48h, periods);
        if (!steps) return failure_of(steps.error());
        longest.steps = q.book.after_known(name, std::move(steps.value()), q.now);
        report.method = method_of(*refit->forecaster);
    }
    if (longest.steps.empty()) return Failure{ErrorCode::insufficient_data, longest.reason};
    if (longest.steps.size() > periods) longest.steps.resize(periods);
    Json list = Json::array();
    for (const auto& step : longest.steps) {
        const auto& s = step.forecast.quantiles;
        list.push_back(
            {{"timestamp", format_time(step.valid_at)},
             {"predicted", s.p50},
             {"lower_bound", s.lower95},
             {"upper_bound", s.upper95},
             {"uncertainty", (s.upper95 - s.lower95) / 2},
             {"p50", s.p50},
             {"p90", s.p90},
             {"p99", s.p99},
             {"method",
              report.known_until && step.valid_at < *report.known_until ? "published" : report.method}});
    }
    Record metadata;
    metadata.set("series", Json(name))
        .set("unit", Json(report.unit))
        .set("periods", Json(longest.steps.size()))
        .set("model_type", Json(report.method))
        .set("model_version", Json(report.model_version))
        .time("issued_at", report.issued_at, "no_step_is_over")
        .set("features_used", Json(report.features));
    describe_steps(metadata, longest.steps);
    const auto figures = served->accuracy(HorizonClass::long_48h, AccuracyWindow::month, q.now);
    Record performance;
    performance.set("processing_time_ms", Json())
        .maybe("accuracy_mape", figures.mape_pct,
               figures.mae ? "the_actual_values_are_all_zero" : "fewer_than_30_actual_values")
        .maybe("accuracy_mase", figures.mase, figures.mae ? no_naive_error : "fewer_than_30_actual_values")
        .maybe("confidence", longest.confidence, "fewer_than_30_matched_forecasts");
    return Json{
        {"forecast", std::move(list)}, {"metadata", metadata.take()}, {"performance", performance.take()}};
}

Json describe_current(const SeriesReport& report, HorizonClass horizon) {
    const auto& one = report.of(horizon);
    Record record;
    record.set("service_name", Json(report.series))
        .set("horizon_minutes", Json(minutes_of(horizon)))
        .set("horizon_type", Json(to_string(horizon)))
        .set("unit", Json(report.unit));
    if (one.steps.empty()) {
        for (const char* name : {"prediction_p50", "prediction_p90", "prediction_p99", "timestamp"}) {
            record.unknown(name, one.reason);
        }
    } else {
        const auto& q = one.steps.back().forecast.quantiles;
        record.set("prediction_p50", Json(q.p50))
            .set("prediction_p90", Json(q.p90))
            .set("prediction_p99", Json(q.p99))
            .set("timestamp", one.steps.back().valid_at);
    }
    record.maybe("confidence_score", one.confidence, "fewer_than_30_matched_forecasts")
        .set("features_used", Json(report.features))
        .set("model_version", Json(report.model_version));
    return record.take();
}

Outcome current(const ForecastQuestion& q) {
    const auto service = q.request.parameters.text("service");
    const auto wanted = q.request.parameters.text("horizon");
    if (service && q.book.find(*service) == nullptr) return no_series(q.book, *service);
    Json items = Json::array();
    for (const auto& name : q.book.names()) {
        if (service && *service != name) continue;
        const auto report = q.book.report(name, q.now);
        for (const auto horizon : forecast::horizon_classes) {
            if (!wanted || *wanted == to_string(horizon)) items.push_back(describe_current(report, horizon));
        }
    }
    return Json{{"items", std::move(items)}, {"generated_at", format_time(q.now)}};
}

Parameter series_parameter(std::string_view help) {
    return identifier_parameter("series", help);
}

Operation predict_row() {
    return {.name = "predict",
            .method = Method::post,
            .path = "/api/v1/predict",
            .summary = "What series will be at given times; of past times what was said of them",
            .parameters = {{.name = "timestamps",
                            .type = ParameterType::list,
                            .help = "at most 10,000 ISO 8601 times on the grid of the series",
                            .required = true,
                            .maximum = longest_list},
                           {.name = "meter_ids",
                            .type = ParameterType::list,
                            .help = "the series of each time",
                            .required = true,
                            .maximum = longest_list},
                           {.name = "context_features",
                            .type = ParameterType::object,
                            .help = "by name of a declared covariate, numbers or null for each time: they go "
                                    "before what is known of that hour"}},
            .result = {{"predictions[]", "number", "", "p50 of each pair"},
                       {"confidence_intervals[][]", "number", "", "95 % of each pair: [lower, upper]"},
                       {"hindcast[]", "boolean", "",
                        "whether it is what was said of a past time, an hour before it"},
                       {"covariate_substituted[]", "boolean", "", "a covariate was not known, and made up"},
                       {"model_version.*", "integer", "", "by series"},
                       {"features_used[]", "text", "", "of the first series"}},
            .errors = {ErrorCode::not_found, ErrorCode::insufficient_data},
            .only_reads = true,
            .handler = from_forecasts<predict>};
}

Operation batch_row() {
    return {.name = "batch.predict",
            .method = Method::post,
            .path = "/api/v1/batch/predict",
            .summary = "Many single predictions in one go, each with its own success",
            .parameters = {{.name = "requests",
                            .type = ParameterType::list,
                            .help = R"(at most 1000 of {"model": series, "input": {"timestamp": time}}; )"
                                    "an input may hold context_features {name: number}",
                            .required = true,
                            .maximum = longest_list}},
            .result = {{"results[].index", "integer", "", "of the request"},
                       {"results[].model", "text", "", "as asked"},
                       {"results[].prediction.value", "number", "", "p50; in a failed one \"error\" instead"},
                       {"results[].prediction.lower95", "number", "", "of the 95 % interval"},
                       {"results[].prediction.upper95", "number", "", "of the 95 % interval"},
                       {"results[].prediction.hindcast", "boolean", "", "it is what was said of a past time"},
                       {"results[].prediction.covariate_substituted", "boolean", "",
                        "a covariate was not known, and made up"},
                       {"results[].processing_time_ms", "number", "ms", "its share of the batch's"},
                       {"results[].status", "text", "", "ok or failed"},
                       {"batch_stats.total", "integer", "", "requests"},
                       {"batch_stats.successful", "integer", "", "of them"},
                       {"batch_stats.failed", "integer", "", "of them"},
                       {"batch_stats.success_rate", "number", "", "share; null without a request"},
                       {"batch_stats.total_time_ms", "number", "ms", "for all"},
                       {"batch_stats.average_time_ms", "number", "ms", "for one"},
                       {"batch_stats.per_second", "number", "1/s", "at this pace"}},
            .only_reads = true,
            .handler = from_forecasts<batch_predict>};
}

Operation forecast_row() {
    return {.name = "forecast",
            .method = Method::post,
            .path = "/api/v1/ml/forecast",
            .summary = "The hours to come of one series",
            .parameters = {series_parameter("which; default the first price, else the first series"),
                           {.name = "periods",
                            .type = ParameterType::integer,
                            .help = "how many hours",
                            .fallback = "24",
                            .minimum = 1,
                            .maximum = 48},
                           {.name = "use_advanced",
                            .type = ParameterType::boolean,
                            .help = "fit all experts anew for this answer",
                            .fallback = "false"}},
            .result = {{"forecast[].timestamp", "time", "", "the hour begins"},
                       {"forecast[].predicted", "number", "", "p50"},
                       {"forecast[].lower_bound", "number", "", "of the 95 % interval"},
                       {"forecast[].upper_bound", "number", "", "of the 95 % interval"},
                       {"forecast[].uncertainty", "number", "", "half of its width"},
                       {"forecast[].p50", "number", "", "median"},
                       {"forecast[].p90", "number", "", "exceeded once in 10"},
                       {"forecast[].p99", "number", "", "exceeded once in 100"},
                       {"forecast[].method", "text", "", "metadata.model_type; published: known in advance"},
                       {"metadata.series", "text", "", "name"},
                       {"metadata.unit", "text", "", "of the values"},
                       {"metadata.periods", "integer", "", "hours"},
                       {"metadata.model_type", "text", "",
                        "the expert of the most weight, or the naive forecast that stands in for all"},
                       {"metadata.model_version", "integer", "", "0: none was trained"},
                       {"metadata.issued_at", "time", "", "now, or the end of the newest step that is over"},
                       {"metadata.features_used[]", "text", "", "what it was made from"},
                       {"metadata.average", "number", "", "of the medians"},
                       {"metadata.volatility", "number", "", "their standard deviation over the mean"},
                       {"performance.processing_time_ms", "number", "ms", "for this answer"},
                       {"performance.accuracy_mape", "number", "%", "of the last 30 days"},
                       {"performance.accuracy_mase", "number", "",
                        "of the last 30 days; below 1 beats the naive"},
                       {"performance.confidence", "number", "", "share of the last 100 within a tenth"}},
            .errors = {ErrorCode::not_found, ErrorCode::insufficient_data},
            .only_reads = true,
            .handler = from_forecasts<forecast_series>};
}

Operation current_row() {
    return {
        .name = "predictions.current",
        .path = "/api/v1/predictions/current",
        .summary = "The forecasts in force, by series and horizon",
        .parameters = {identifier_parameter("service", "one series; default all"),
                       {.name = "horizon",
                        .type = ParameterType::choice,
                        .help = "default all",
                        .allowed = "short, medium, long"}},
        .result = {{"items[].service_name", "text", "", "the series"},
                   {"items[].horizon_minutes", "integer", "min", "15, 60 or 2880"},
                   {"items[].horizon_type", "text", "", "short, medium or long"},
                   {"items[].unit", "text", "", "of the values"},
                   {"items[].prediction_p50", "number", "", "median"},
                   {"items[].prediction_p90", "number", "", "exceeded once in 10"},
                   {"items[].prediction_p99", "number", "", "exceeded once in 100"},
                   {"items[].timestamp", "time", "", "valid at"},
                   {"items[].confidence_score", "number", "", "high 0.8, medium 0.5; below 30 matches null"},
                   {"items[].features_used[]", "text", "", "what it was made from"},
                   {"items[].model_version", "integer", "", "0: none was trained"},
                   {"generated_at", "time", "", "now"}},
        .errors = {ErrorCode::not_found},
        .handler = from_forecasts<current>};
}

}  // namespace

void ask_forecasts(Request request, Context& context, Reply reply, ForecastAnswer answer) {
    const auto now = context.now();
    const auto started = context.steady_now();
    const bool accepted =
        context.forecasts([&context, request = std::move(request), reply = std::move(reply), answer, now,
                           started](SeriesBook& book, SeriesMemory& memory) mutable -> Completion {
            auto outcome = answer({.request = request, .now = now, .book = book, .memory = memory});
            return [&context, reply = std::move(reply), outcome = std::move(outcome), started]() mutable {
                stamp(outcome, milliseconds(context.steady_now() - started));
                reply(std::move(outcome));
            };
        });
    // A refused question is dropped with its Reply, which then answers SERVICE_UNAVAILABLE by itself.
    static_cast<void>(accepted);
}

Failure no_series(const SeriesBook& book, std::string_view series) {
    if (book.names().empty()) {
        return {ErrorCode::not_found, "no series is configured: declare one as [[series]] in sitepower.toml"};
    }
    return {ErrorCode::not_found,
            fmt::format("there is no series {}; there are {}", series, fmt::join(book.names(), ", "))};
}

std::string series_or_default(const SeriesBook& book, const std::optional<std::string>& name) {
    if (name) return *name;
    const auto names = book.names();
    for (const auto& one : names) {
        if (book.settings(one)->kind == forecast::SeriesKind::price) return one;
    }
    return names.empty() ? std::string() : names.front();
}

std::vector<Operation> prediction_rows() {
    return {predict_row(), batch_row(), forecast_row(), current_row()};
}

std::vector<Operation> forecast_rows() {
    std::vector<Operation> rows;
    for (auto* part : {prediction_rows, forecast_history_rows, known_event_rows, model_rows}) {
        std::ranges::move(part(), std::back_inserter(rows));
    }
    // All of them wait for the forecast thread.
    for (auto& row : rows) row.errors.push_back(ErrorCode::service_unavailable);
    return rows;
}

}  // namespace sitepower
