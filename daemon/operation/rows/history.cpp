// The past: telemetry of a battery, values of any point.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "daemon/operation/rows/describe_battery.hpp"
#include "daemon/operation/rows/rows.hpp"

namespace sitepower {
namespace {

constexpr std::chrono::hours default_range{24};

struct Range {
    Time from{};
    Time to{};
};

std::variant<Range, Failure> read_range(const Parameters& parameters, Time now) {
    Range range;
    range.to = parameters.time("end").value_or(now);
    range.from = parameters.time("start").value_or(range.to - default_range);
    if (range.from < range.to) return range;
    return wrong_parameter("start", "is not before end", "a time before " + format_time(range.to));
}

ValueQuestion make_question(const Parameters& parameters, const Range& range, std::vector<PointName> points) {
    return {.points = std::move(points),
            .from = range.from,
            .to = range.to,
            .limit = static_cast<std::size_t>(*parameters.integer("limit")),
            .resolution = *parse_resolution(parameters.required_text("resolution"))};
}

Json describe_answer(const ValueAnswer& answer, const std::vector<std::string>& names) {
    return {{"data", describe_rows(answer.rows, names)},
            {"count", answer.rows.size()},
            {"cut_off", answer.cut_off},
            {"resolution", to_string(answer.resolution)}};
}

// The estimates as rows of their own: values number `first` (SOC) and `first + 1` (SOH).
std::vector<PastRow> rows_of(const std::vector<PastEstimate>& estimates, std::size_t first) {
    std::vector<PastRow> rows;
    rows.reserve(estimates.size());
    for (const auto& estimate : estimates) {
        PastRow row{.time = estimate.time};
        if (estimate.soc_pct) row.values.push_back({.point = first, .value = estimate.soc_pct});
        if (estimate.soh_pct) row.values.push_back({.point = first + 1, .value = estimate.soh_pct});
        if (!row.values.empty()) rows.push_back(std::move(row));
    }
    return rows;
}

// Both kinds of rows in order of time; the newest when there are more than `limit`.
std::vector<PastRow> merged(std::vector<PastRow> measured, std::vector<PastRow> estimated,
                            std::size_t limit) {
    std::vector<PastRow> all;
    all.reserve(measured.size() + estimated.size());
    std::ranges::merge(std::make_move_iterator(measured.begin()), std::make_move_iterator(measured.end()),
                       std::make_move_iterator(estimated.begin()), std::make_move_iterator(estimated.end()),
                       std::back_inserter(all), {}, &PastRow::time, &PastRow::time);
    if (all.size() > limit) all.erase(all.begin(), all.end() - static_cast<std::ptrdiff_t>(limit));
    return all;
}

// Runs on the worker thread.
Outcome find_telemetry(History& history, const std::string& battery, const ValueQuestion& question,
                       std::vector<std::string> names) {
    auto measured = history.values(question);
    if (!measured) return failure_of(measured.error());
    auto estimates = history.estimates(battery, question.from, question.to, question.limit + 1);
    if (!estimates) return failure_of(estimates.error());
    const auto first_estimate = names.size();
    names.insert(names.end(), {"soc_pct", "soh_pct"});
    auto told = rows_of(*estimates, first_estimate);
    measured->cut_off = measured->cut_off || measured->rows.size() + told.size() > question.limit;
    measured->rows = merged(std::move(measured->rows), std::move(told), question.limit);
    return describe_answer(*measured, names);
}

void telemetry(Request request, Context& context, Reply reply) {
    const auto& model = context.site().model();
    auto id = request.parameters.required_text("battery_id");
    const auto battery = find_battery(model, id);
    if (!battery) {
        reply(not_found("battery", id, "batteries"));
        return;
    }
    auto range = read_range(request.parameters, context.now());
    if (auto* failure = std::get_if<Failure>(&range)) {
        reply(std::move(*failure));
        return;
    }
    std::vector<PointName> points;
    std::vector<std::string> names;
    for (auto& point : telemetry_points(model, *battery)) {
        points.push_back(std::move(point.source));
        names.emplace_back(point.name);
    }
    auto question = make_question(request.parameters, std::get<Range>(range), std::move(points));
    answer_from_history(
        context, std::move(reply),
        [id = std::move(id), question = std::move(question), names = std::move(names)](
            History& history) -> Outcome { return find_telemetry(history, id, question, names); });
}

// "device/point", as in the configuration, or "device.point": a point's own name may hold dots, a device's
// holds neither. An alias stands for the point's name, by which it is stored.
std::variant<PointName, Failure> read_point(const SiteModel& model, const std::string& text) {
    const auto dot = text.find_first_of("/.");
    const auto device_id = text.substr(0, dot);
    const auto device = find_device(model, device_id);
    if (!device) return not_found("device", device_id, "devices");
    PointName name{device_id, dot == std::string::npos ? std::string() : text.substr(dot + 1)};
    const auto& points = model.devices[position(*device)].points;
    if (std::ranges::find(points, name.point, &PointModel::name) != points.end()) return name;
    const auto known =
        name.point.empty() ? points.end() : std::ranges::find(points, name.point, &PointModel::alias);
    if (known != points.end()) return PointName{device_id, known->name};
    if (name.point.empty()) {
        return Failure{
            ErrorCode::validation_error,
            fmt::format("{} is a device: name one of its points, as {}/{}; the operation points lists them",
                        device_id, device_id, points.empty() ? "POINT" : points.front().name)};
    }
    return not_found("point of " + device_id, name.point, "points");
}

void history(Request request, Context& context, Reply reply) {
    const auto text = request.parameters.required_text("point");
    auto point = read_point(context.site().model(), text);
    auto range = read_range(request.parameters, context.now());
    for (auto* failure : {std::get_if<Failure>(&point), std::get_if<Failure>(&range)}) {
        if (failure == nullptr) continue;
        reply(std::move(*failure));
        return;
    }
    auto question =
        make_question(request.parameters, std::get<Range>(range), {std::get<PointName>(std::move(point))});
    answer_from_history(context, std::move(reply),
                        [text, question = std::move(question)](History& store) -> Outcome {
                            auto found = store.values(question);
                            if (!found) return failure_of(found.error());
                            return describe_answer(*found, {text});
                        });
}

std::vector<Parameter> range_parameters(Parameter subject) {
    return {
        subject,
        {.name = "start", .type = ParameterType::time, .help = "from when; default 24 hours before end"},
        {.name = "end", .type = ParameterType::time, .help = "until when, exclusive; default now"},
        limit_parameter("100", 10'000),
        {.name = "resolution",
         .type = ParameterType::choice,
         .help =
             "raw readings or means; auto is the finest that fits the limit, and raw before there are means",
         .fallback = "auto",
         .allowed = "auto, raw, 1m, 15m"}};
}

std::vector<Field> row_fields() {
    return {{"data[].timestamp", "time", "", "of the reading, or the start of the mean's interval"},
            {"data[].values.*", "number", "", "by name; null when its quality is not good"},
            {"data[].quality.*", "text", "", "of each value that is not good: why"},
            {"count", "integer", "", "length of data"},
            {"cut_off", "boolean", "", "older rows of the range went over the limit; data are the newest"},
            {"resolution", "text", "", "raw, 1m or 15m"}};
}

}  // namespace

std::vector<Operation> history_rows() {
    return {{.name = "telemetry",
             .path = "/api/v1/batteries/{battery_id}/telemetry",
             .summary = "Past values of one battery: measured and estimated",
             .parameters = range_parameters(path_parameter("battery_id", "the battery")),
             .result = row_fields(),
             .errors = {ErrorCode::not_found, ErrorCode::service_unavailable},
             .handler = telemetry},
            {.name = "history",
             .path = "/api/v1/history",
             .summary = "Past values of one point of a device",
             .parameters = range_parameters({.name = "point",
                                             .type = ParameterType::text,
                                             .help = "device/point, as in the configuration",
                                             .required = true,
                                             .maximum = 200}),
             .result = row_fields(),
             .errors = {ErrorCode::not_found, ErrorCode::service_unavailable},
             .handler = history}};
}

}  // namespace sitepower
