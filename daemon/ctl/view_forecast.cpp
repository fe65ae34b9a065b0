// Forecasts, models and jobs.
#include <fmt/format.h>

#include "daemon/ctl/format.hpp"
#include "daemon/ctl/table.hpp"
#include "daemon/ctl/view.hpp"

namespace sitepower::ctl {

std::string view_forecast(const Json& data, Time /*now*/) {
    Table table({{"HOUR"},
                 {"P50", Align::right},
                 {"P90", Align::right},
                 {"P99", Align::right},
                 {"95 % FROM", Align::right},
                 {"TO", Align::right}});
    for (const auto& step : member(data, "forecast")) {
        table.add({short_time_text(member(step, "timestamp")), value_text(member(step, "p50"), {}, 3),
                   value_text(member(step, "p90"), {}, 3), value_text(member(step, "p99"), {}, 3),
                   value_text(member(step, "lower_bound"), {}, 3),
                   value_text(member(step, "upper_bound"), {}, 3)});
    }
    return table.text() + fmt::format("{} in {}, model version {}, {}\n",
                                      value_text(member(data, "metadata.series")),
                                      value_text(member(data, "metadata.unit")),
                                      value_text(member(data, "metadata.model_version")),
                                      value_text(member(data, "metadata.model_type")));
}

std::string view_predictions(const Json& data, Time /*now*/) {
    Table table({{"SERIES"},
                 {"HORIZON"},
                 {"VALID AT"},
                 {"P50", Align::right},
                 {"P90", Align::right},
                 {"P99", Align::right},
                 {"UNIT"},
                 {"CONFIDENCE", Align::right}});
    for (const auto& item : member(data, "items")) {
        table.add(
            {value_text(member(item, "service_name")), value_text(member(item, "horizon_type")),
             short_time_text(member(item, "timestamp")), value_text(member(item, "prediction_p50"), {}, 3),
             value_text(member(item, "prediction_p90"), {}, 3),
             value_text(member(item, "prediction_p99"), {}, 3), value_text(member(item, "unit")),
             value_text(member(item, "confidence_score"), {}, 2)},
            reason_text(item, "prediction_p50"));
    }
    return table.text();
}

std::string view_models(const Json& data, Time now) {
    Table table({{"MODEL"},
                 {"VERSION", Align::right},
                 {"STATUS"},
                 {"TRAINED", Align::right},
                 {"SAMPLES", Align::right},
                 {"MASE", Align::right},
                 {"HEALTH", Align::right}});
    const auto& list = data.contains("versions") ? member(data, "versions") : member(data, "items");
    for (const auto& model : list) {
        table.add({value_text(member(model, "name")), value_text(member(model, "version")),
                   value_text(member(model, "status")), age_text(member(model, "trained_to"), now),
                   value_text(member(model, "samples")), value_text(member(model, "metrics.mase"), {}, 3),
                   value_text(member(model, "health_score"), {}, 0)});
    }
    return table.text() + (data.contains("versions") ? std::string() : rest_of_list(data));
}

std::string view_jobs(const Json& data, Time now) {
    Table table({{"JOB"}, {"MODEL"}, {"STATUS"}, {"ASKED", Align::right}, {"RESULT", Align::left, Fit::cut}});
    if (member(data, "items").empty()) return "no jobs\n";
    for (const auto& job : member(data, "items")) {
        const bool failed = member(job, "error").is_string();
        table.add({value_text(member(job, "job_id")), value_text(member(job, "subject")),
                   value_text(member(job, "status")), age_text(member(job, "created_at"), now),
                   value_text(member(job, failed ? "error" : "result"))});
    }
    return table.text() + rest_of_list(data);
}

std::string view_events(const Json& data, Time /*now*/) {
    Table table({{"EVENT"},
                 {"TYPE"},
                 {"STATUS"},
                 {"FROM"},
                 {"TO"},
                 {"TIMES", Align::right},
                 {"NAME", Align::left, Fit::cut}});
    if (member(data, "items").empty()) return "no events\n";
    for (const auto& event : member(data, "items")) {
        table.add({value_text(member(event, "id")), value_text(member(event, "event_type")),
                   value_text(member(event, "status")), short_time_text(member(event, "start_time")),
                   short_time_text(member(event, "end_time")),
                   value_text(member(event, "expected_impact_multiplier"), {}, 2),
                   value_text(member(event, "name"))});
    }
    return table.text() + rest_of_list(data);
}

}  // namespace sitepower::ctl
