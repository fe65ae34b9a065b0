// Maintenance windows: times in which alerts of a subject are recorded but not announced.
#include <fmt/format.h>

#include <algorithm>

#include "daemon/operation/rows/rows.hpp"
#include "daemon/operation/rows/subject.hpp"

namespace sitepower {
namespace {

constexpr double longest_window_min = 30 * 24 * 60;

Json describe(const MaintenanceWindow& window, Time now) {
    return {{"window_id", window.id},
            {"subject_kind", to_string(window.subject.kind)},
            {"subject_id", window.subject.id},
            {"from", format_time(window.from)},
            {"to", format_time(window.to)},
            {"who", window.who},
            {"why", window.why},
            {"is_in_force", window.from <= now && now < window.to}};
}

Outcome maintenance(const Request& request, Context& context) {
    return page(context.site().windows(), request.parameters,
                [&](const MaintenanceWindow& window) { return describe(window, context.now()); });
}

// The subject that is called `id`, of the kinds that a window may have; without one it is the site.
std::optional<Subject> find_subject(const SiteModel& model, const std::optional<std::string>& id) {
    if (!id || *id == model.id) return Subject{SubjectKind::site, model.id};
    if (find_device(model, *id)) return Subject{SubjectKind::device, *id};
    if (find_string(model, *id)) return Subject{SubjectKind::string, *id};
    if (find_battery(model, *id)) return Subject{SubjectKind::battery, *id};
    return std::nullopt;
}

// "MW-20261122-061428-123", with a suffix when two are started within a millisecond.
std::string new_window_id(const SiteView& site, Time now) {
    std::string digits;
    for (const char c : format_time(now)) {
        if (c >= '0' && c <= '9') digits += c;
    }
    const auto stem = fmt::format("MW-{}-{}-{}", digits.substr(0, 8), digits.substr(8, 6), digits.substr(14));
    auto id = stem;
    for (int n = 2; std::ranges::find(site.windows(), id, &MaintenanceWindow::id) != site.windows().end();
         ++n) {
        id = fmt::format("{}-{}", stem, n);
    }
    return id;
}

Failure past_window(Time to) {
    return wrong_parameter("from", "the window ends at " + format_time(to) + ", which is past",
                           "a window that ends in the future", "the window would be over before it begins");
}

Outcome start(const Request& request, Context& context) {
    const auto& parameters = request.parameters;
    const auto id = parameters.text("subject_id");
    const auto subject = find_subject(context.site().model(), id);
    if (!subject) return not_found("device, string or battery", *id, "devices, inventory or batteries");
    MaintenanceWindow window{.id = new_window_id(context.site(), context.now()),
                             .subject = *subject,
                             .from = parameters.time("from").value_or(context.now()),
                             .who = request.caller.who,
                             .why = parameters.required_text("why")};
    window.to = window.from + std::chrono::minutes{*parameters.integer("duration_min")};
    if (window.to <= context.now()) return past_window(window.to);
    const auto applied = context.apply(StartMaintenance{window});
    if (!applied) return failure_of(applied.error());
    return describe(window, context.now());
}

Outcome end(const Request& request, Context& context) {
    const auto id = request.parameters.required_text("window_id");
    const auto windows = context.site().windows();
    const auto found = std::ranges::find(windows, id, &MaintenanceWindow::id);
    if (found == windows.end()) return not_found("maintenance window", id, "maintenance");
    auto window = *found;
    const auto applied = context.apply(EndMaintenance{id, request.caller.who});
    if (!applied) return failure_of(applied.error());
    window.to = std::min(window.to, context.now());
    return describe(window, context.now());
}

std::vector<Field> window_fields() {
    return {{"window_id", "text", "", "identifier"},
            {"subject_kind", "text", "", "site, device, string or battery"},
            {"subject_id", "text", "", "whose alerts are held back"},
            {"from", "time", "", "begins"},
            {"to", "time", "", "ends"},
            {"who", "text", "", "who started it"},
            {"why", "text", "", "for what"},
            {"is_in_force", "boolean", "", "at this moment"}};
}

Operation start_row() {
    return {
        .name = "maintenance.start",
        .method = Method::post,
        .path = "/api/v1/maintenance",
        .role = Role::engineer,
        .summary = "Hold back the alerts of a device, string or battery, or of the whole site",
        .parameters = {identifier_parameter("subject_id", "what is worked on; default the whole site"),
                       {.name = "from", .type = ParameterType::time, .help = "begins; default now"},
                       {.name = "duration_min",
                        .type = ParameterType::integer,
                        .help = "how many minutes it lasts",
                        .fallback = "60",
                        .minimum = 1,
                        .maximum = longest_window_min},
                       {.name = "why", .help = "the work that is done", .required = true, .maximum = 200}},
        .result = window_fields(),
        .errors = {ErrorCode::not_found, ErrorCode::conflict, ErrorCode::service_unavailable},
        .handler = start};
}

}  // namespace

std::vector<Operation> maintenance_rows() {
    return {{.name = "maintenance",
             .path = "/api/v1/maintenance",
             .summary = "The maintenance windows, present and to come",
             .parameters = {skip_parameter(), limit_parameter()},
             .result = page_fields(window_fields()),
             .handler = maintenance},
            start_row(),
            {.name = "maintenance.end",
             .method = Method::post,
             .path = "/api/v1/maintenance/{window_id}/end",
             .role = Role::engineer,
             .summary = "End a maintenance window before its time",
             .parameters = {path_parameter("window_id", "the window")},
             .result = window_fields(),
             .errors = {ErrorCode::not_found, ErrorCode::conflict, ErrorCode::service_unavailable},
             .handler = end}};
}

}  // namespace sitepower
