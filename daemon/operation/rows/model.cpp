// Models, their versions, and the jobs that make new ones.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "daemon/operation/rows/forecast.hpp"
#include "daemon/operation/rows/subject.hpp"

namespace sitepower {

using forecast::AccuracyWindow;
using forecast::HorizonClass;
using forecast::ModelStatus;
using forecast::ModelVersion;

namespace {

// Measured in bench/micro: a refit of sixty days of hours takes 39 to 57 ms, and one is done each second.
constexpr double seconds_a_job = 1.1;

std::string_view word_of(ModelStatus status) {
    switch (status) {
        case ModelStatus::candidate:
            return "candidate";
        case ModelStatus::active:
            return "active";
        case ModelStatus::retired:
            return "retired";
    }
    return "retired";
}

// 100 less what errors and intervals of the last week cost; only the version in force has lived forecasts.
void describe_health(Record& record, const ModelVersion& version, const ForecastQuestion& q) {
    const auto* served = q.book.find(version.name);
    if (served == nullptr || version.status != ModelStatus::active) {
        record.unknown("health_score", "only_of_the_version_in_force").unknown("health_factors", "no_score");
        return;
    }
    const auto figures = served->accuracy(HorizonClass::medium_60min, AccuracyWindow::week, q.now);
    if (!figures.mase || !figures.coverage95) {
        record.unknown("health_score", figures.mae ? no_naive_error : "fewer_than_30_actual_values")
            .unknown("health_factors", "no_score");
        return;
    }
    const double error = std::clamp(100 * (*figures.mase - 1), 0.0, 50.0);
    const double coverage = std::clamp(400 * std::abs(*figures.coverage95 - 0.95), 0.0, 50.0);
    record.set("health_score", Json(100 - error - coverage))
        .set("health_factors", Json{{"worse_than_naive", -error}, {"coverage_off_95", -coverage}});
}

Json describe(const ModelVersion& version, const ForecastQuestion& q) {
    const bool configured = q.book.find(version.name) != nullptr;
    Record metrics;
    const auto* too_little = "too_little_history_for_a_back_test";
    metrics.maybe("mase", version.metrics.mase, version.metrics.smape_pct ? no_naive_error : too_little)
        .maybe("smape_pct", version.metrics.smape_pct, too_little);
    Record record;
    record.set("name", Json(version.name))
        .set("kind", Json(version.kind))
        .set("version", Json(version.version))
        .set("algorithm", Json("combination of experts with conformal intervals"))
        .time("deployed_at", version.deployed_at, "never_in_force")
        .set("trained_from", version.trained_from)
        .set("trained_to", version.trained_to)
        .set("samples", Json(version.samples));
    if (configured) {
        record.set("features", Json(q.book.report(version.name, q.now).features));
    } else {
        record.unknown("features", "no_longer_configured");
    }
    record.set("metrics", metrics.take());
    describe_health(record, version, q);
    return record.set("status", Json(word_of(version.status))).take();
}

Outcome models(const ForecastQuestion& q) {
    const auto status = q.request.parameters.text("status");
    const auto kind = q.request.parameters.text("kind");
    std::vector<ModelVersion> found;
    for (const auto& version : q.book.models()) {
        if ((!status || *status == word_of(version.status)) && (!kind || *kind == version.kind)) {
            found.push_back(version);
        }
    }
    return page(found, q.request.parameters,
                [&](const ModelVersion& version) { return describe(version, q); });
}

Outcome model(const ForecastQuestion& q) {
    const auto name = q.request.parameters.required_text("model_name");
    Json versions = Json::array();
    for (const auto& version : q.book.models()) {
        if (version.name == name) versions.push_back(describe(version, q));
    }
    if (versions.empty()) {
        if (q.book.find(name) == nullptr) return no_series(q.book, name);
        return Failure{ErrorCode::insufficient_data,
                       fmt::format("{} has no model yet: it needs a whole day of hours", name)};
    }
    return Json{{"name", name}, {"versions", std::move(versions)}};
}

Json describe(const Job& job) {
    Record record;
    record.set("job_id", Json(job.id))
        .set("kind", Json(job.kind))
        .set("subject", Json(job.subject))
        .set("status", Json(to_string(job.status)))
        .set("progress", Json(job.ended_at ? 1 : 0))
        .set("created_at", job.created_at)
        .time("started_at", job.started_at, "not_started")
        .time("ended_at", job.ended_at, "not_ended");
    const bool failed = job.status == JobStatus::failed;
    record.text("result", failed ? std::string() : job.result, failed ? "failed" : "not_ended")
        .text("error", failed ? job.result : std::string(), "none");
    return record.take();
}

Outcome retrain(const ForecastQuestion& q) {
    const auto job = q.book.retrain(q.request.parameters.required_text("model_name"),
                                    q.request.parameters.integer("training_days"), q.now);
    if (!job) return failure_of(job.error());
    const auto queued = std::ranges::count(q.book.jobs(), JobStatus::queued, &Job::status);
    return Json{{"job_id", job->id},
                {"status", to_string(job->status)},
                {"estimated_duration_s", seconds_a_job * static_cast<double>(queued)}};
}

Outcome activate(const ForecastQuestion& q) {
    const auto& parameters = q.request.parameters;
    const auto active =
        q.book.activate(parameters.required_text("model_name"),
                        static_cast<std::uint32_t>(*parameters.integer("version")), q.memory, q.now);
    if (!active) return failure_of(active.error());
    return describe(active.value(), q);
}

Outcome jobs(const ForecastQuestion& q) {
    std::vector<Job> found(q.book.jobs().rbegin(), q.book.jobs().rend());
    if (const auto status = q.request.parameters.text("status")) {
        std::erase_if(found, [&](const Job& job) { return to_string(job.status) != *status; });
    }
    return page(found, q.request.parameters, [](const Job& job) { return describe(job); });
}

Outcome job(const ForecastQuestion& q) {
    const auto id = q.request.parameters.required_text("job_id");
    const auto found = std::ranges::find(q.book.jobs(), id, &Job::id);
    if (found == q.book.jobs().end()) return not_found("job", id, "jobs");
    return describe(*found);
}

Outcome cancel_job(const ForecastQuestion& q) {
    const auto cancelled = q.book.cancel_job(q.request.parameters.required_text("job_id"), q.now);
    if (!cancelled) return failure_of(cancelled.error());
    return describe(cancelled.value());
}

std::vector<Field> model_fields() {
    return {{"name", "text", "", "the series"},
            {"kind", "text", "", "series"},
            {"version", "integer", "", "counts up"},
            {"algorithm", "text", "", "how it forecasts"},
            {"deployed_at", "time", "", "in force since"},
            {"trained_from", "time", "", "of its data"},
            {"trained_to", "time", "", "of its data"},
            {"samples", "integer", "", "measured steps that it was fed with"},
            {"features[]", "text", "", "what it forecasts from"},
            {"metrics.mase", "number", "", "on its back-test; below 1 beats the naive"},
            {"metrics.smape_pct", "number", "%", "on its back-test"},
            {"health_score", "number", "", "0 to 100, of the version in force"},
            {"health_factors.*", "number", "", "what it loses, and to what"},
            {"status", "text", "", "candidate, active or retired"}};
}

std::vector<Field> job_fields() {
    return {{"job_id", "text", "", "identifier"},
            {"kind", "text", "", "retrain"},
            {"subject", "text", "", "the model"},
            {"status", "text", "", "queued, running, done, failed or cancelled"},
            {"progress", "number", "", "0 or 1: a job is one step"},
            {"created_at", "time", "", "asked for"},
            {"started_at", "time", "", "begun"},
            {"ended_at", "time", "", "over"},
            {"result", "text", "", "what came of it"},
            {"error", "text", "", "why it failed"}};
}

Operation retrain_row() {
    return {.name = "models.retrain",
            .method = Method::post,
            .path = "/api/v1/models/retrain",
            .role = Role::admin,
            .summary = "Fit a model again; it is put into force unless it is worse than the one that is",
            .parameters = {{.name = "model_name",
                            .type = ParameterType::identifier,
                            .help = "the series",
                            .required = true},
                           {.name = "training_days",
                            .type = ParameterType::integer,
                            .help = "from scratch on the last so many days; default what the model holds",
                            .minimum = 2,
                            .maximum = 400}},
            .result = {{"job_id", "text", "", "see the operation job"},
                       {"status", "text", "", "queued"},
                       {"estimated_duration_s", "number", "s", "until it is done"}},
            .errors = {ErrorCode::not_found, ErrorCode::insufficient_data, ErrorCode::conflict},
            .handler = from_forecasts<retrain>};
}

Operation activate_row() {
    return {.name = "model.activate",
            .method = Method::post,
            .path = "/api/v1/models/{model_name}/activate",
            .role = Role::admin,
            .summary = "Put a kept version into force, such as the one before",
            .parameters = {path_parameter("model_name", "the series"),
                           {.name = "version",
                            .type = ParameterType::integer,
                            .help = "which",
                            .required = true,
                            .minimum = 1,
                            .maximum = 4e9}},
            .result = model_fields(),
            .errors = {ErrorCode::not_found, ErrorCode::insufficient_data},
            .handler = from_forecasts<activate>};
}

}  // namespace

std::vector<Operation> model_rows() {
    return {{.name = "models",
             .path = "/api/v1/models",
             .summary = "Models and their versions",
             .parameters = {identifier_parameter("kind", "series; default all"),
                            {.name = "status",
                             .type = ParameterType::choice,
                             .help = "default all",
                             .allowed = "candidate, active, retired"},
                            skip_parameter(),
                            limit_parameter()},
             .result = page_fields(model_fields()),
             .handler = from_forecasts<models>},
            {.name = "model",
             .path = "/api/v1/models/{model_name}",
             .summary = "One model with all versions that are kept",
             .parameters = {path_parameter("model_name", "the series")},
             .result = joined({{"name", "text", "", "the series"}}, prefixed("versions[].", model_fields())),
             .errors = {ErrorCode::not_found, ErrorCode::insufficient_data},
             .handler = from_forecasts<model>},
            retrain_row(),
            activate_row(),
            {.name = "jobs",
             .path = "/api/v1/jobs",
             .summary = "What was asked for and takes a while, newest first",
             .parameters = {{.name = "status",
                             .type = ParameterType::choice,
                             .help = "default all",
                             .allowed = "queued, running, done, failed, cancelled"},
                            skip_parameter(),
                            limit_parameter()},
             .result = page_fields(job_fields()),
             .handler = from_forecasts<jobs>},
            {.name = "job",
             .path = "/api/v1/jobs/{job_id}",
             .summary = "One job",
             .parameters = {path_parameter("job_id", "the job")},
             .result = job_fields(),
             .errors = {ErrorCode::not_found},
             .handler = from_forecasts<job>},
            {.name = "job.cancel",
             .method = Method::post,
             .path = "/api/v1/jobs/{job_id}/cancel",
             .role = Role::admin,
             .summary = "Do not do what is still queued",
             .parameters = {path_parameter("job_id", "the job")},
             .result = job_fields(),
             .errors = {ErrorCode::not_found, ErrorCode::conflict},
             .handler = from_forecasts<cancel_job>}};
}

}  // namespace sitepower
