#include "daemon/message/forecast_payload.hpp"

#include <string_view>

#include "daemon/message/json_writer.hpp"
#include "daemon/message/payload_head.hpp"

namespace sitepower {
namespace {

void write_number(JsonWriter& json, std::string_view name, std::optional<double> value) {
    json.key(name);
    if (value) {
        json.number(*value);
    } else {
        json.null();
    }
}

void write_flag(JsonWriter& json, std::string_view name, bool value) {
    json.key(name);
    json.boolean(value);
}

void write_time(JsonWriter& json, std::string_view name, std::optional<Time> value) {
    json.key(name);
    if (value) {
        json.time(*value);
    } else {
        json.null();
    }
}

void write_integer(JsonWriter& json, std::string_view name, std::int64_t value) {
    json.key(name);
    json.integer(value);
}

void write_step(JsonWriter& json, const forecast::ForecastStep& step) {
    const auto& q = step.forecast.quantiles;
    json.begin_object();
    write_time(json, "valid_at", step.valid_at);
    write_number(json, "p50", q.p50);
    write_number(json, "p90", q.p90);
    write_number(json, "p99", q.p99);
    write_number(json, "lower95", q.lower95);
    write_number(json, "upper95", q.upper95);
    write_flag(json, "calibrated", q.calibrated);
    json.end_object();
}

// {"steps", "confidence"}; steps is null with its reason where nothing can be said.
void write_horizon(JsonWriter& json, forecast::HorizonClass horizon, const HorizonReport& report) {
    json.key(to_string(horizon));
    json.begin_object();
    write_integer(json, "horizon_minutes", minutes_of(horizon));
    json.key("steps");
    if (report.steps.empty()) {
        json.null();
        json.text("steps_reason", report.reason);
    } else {
        json.begin_array();
        for (const auto& step : report.steps) write_step(json, step);
        json.end_array();
    }
    write_number(json, "confidence", report.confidence);
    if (!report.confidence) json.text("confidence_reason", "fewer than 30 matched forecasts");
    json.end_object();
}

}  // namespace

std::string forecast_json(const PayloadHead& head, const SeriesReport& report) {
    std::string out;
    JsonWriter json(out);
    json.begin_object();
    write_head(json, head, {.kind = "series", .id = report.series});
    json.text("kind", to_string(report.kind));
    json.text("unit", report.unit);
    write_time(json, "issued_at", report.issued_at);
    if (!report.issued_at) json.text("issued_at_reason", "no step is over yet");
    write_integer(json, "step_s", report.step.count() / 1000);
    write_integer(json, "model_version", report.model_version);
    json.text("method", report.method);
    json.key("features_used");
    json.begin_array();
    for (const auto& feature : report.features) json.text(feature);
    json.end_array();
    write_flag(json, "degraded", report.degraded);
    write_flag(json, "safeguarded", report.safeguarded);
    write_flag(json, "covariate_substituted", report.covariate_substituted);
    json.key("horizons");
    json.begin_object();
    for (const auto horizon : forecast::horizon_classes) write_horizon(json, horizon, report.of(horizon));
    json.end_object();
    json.end_object();
    return out;
}

std::string anomaly_json(const PayloadHead& head, const AnomalyReport& anomaly) {
    std::string out;
    JsonWriter json(out);
    json.begin_object();
    write_head(json, head, {.kind = "series", .id = anomaly.series});
    json.text("unit", anomaly.unit);
    write_time(json, "step_at", anomaly.time);
    write_number(json, "actual", anomaly.actual);
    write_number(json, "expected", anomaly.expected);
    if (!anomaly.expected) json.text("expected_reason", "no forecast of this step");
    write_number(json, "severity", anomaly.severity);
    json.end_object();
    return out;
}

std::string_view drift_name(const DriftReport& drift) {
    if (drift.level_shift) return "level_shift";
    return drift.kind == forecast::Drift::coverage_off ? "coverage_off" : "errors_grew";
}

std::string drift_json(const PayloadHead& head, const DriftReport& drift) {
    std::string out;
    JsonWriter json(out);
    json.begin_object();
    write_head(json, head, {.kind = "series", .id = drift.series});
    write_time(json, "step_at", drift.time);
    json.text("drift", drift_name(drift));
    json.end_object();
    return out;
}

std::string retrained_json(const PayloadHead& head, const RetrainReport& retrained) {
    const auto& version = retrained.version;
    std::string out;
    JsonWriter json(out);
    json.begin_object();
    write_head(json, head, {.kind = "model", .id = version.name});
    json.text("kind", version.kind);
    write_integer(json, "version", version.version);
    write_flag(json, "in_force", retrained.in_force);
    json.text("why", retrained.why);
    write_time(json, "trained_from", version.trained_from);
    write_time(json, "trained_to", version.trained_to);
    write_number(json, "mase", version.metrics.mase);
    if (!version.metrics.mase) json.text("mase_reason", "too little history for a back-test");
    write_number(json, "smape_pct", version.metrics.smape_pct);
    if (!version.metrics.smape_pct) json.text("smape_pct_reason", "too little history for a back-test");
    json.end_object();
    return out;
}

}  // namespace sitepower
