#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <deque>
#include <optional>

#include "daemon/ctl/command.hpp"
#include "daemon/ctl/table.hpp"
#include "daemon/operation/parameter.hpp"
#include "daemon/operation/route.hpp"
#include "daemon/operation/table.hpp"

namespace sitepower::ctl {
namespace {

constexpr const char* description = "Ask sitepowerd how the site is, and tell it what to do.";
constexpr const char* footer = R"(
Examples:
  sitepowerctl status                            is everything well? (exit code 4: not quite)
  sitepowerctl batteries --status critical       which batteries need somebody
  sitepowerctl alert ack ALERT --note "seen"     take notice of an alert
  sitepowerctl history UPS-01/output.load_kw --since 2h   the last two hours of a point
  sitepowerctl history --battery BATTERY --json  telemetry of a battery, for a program
  sitepowerctl maintenance start UPS-01 --minutes 90 --why "fan exchange"
  sitepowerctl battery replace BATTERY --date 2026-11-20 --serial SN-1234
  sitepowerctl command BMS-01 charge.limit --value 60   where the site enables it
  sitepowerctl predict --csv times.csv > said.csv     what series will be, or were said to be, at these times
  sitepowerctl call points device_id=UPS-01       any operation by its name

Exit codes: 0 fine, 1 failed (the daemon refused, or check found mistakes), 2 usage,
3 no daemon answers, 4 not operational (status: a part is degraded or down, or a critical alert is open))";

// "90s", "15m", "2h", "7d": that long before `now`; all else as it is.
std::string age_or_time(const std::string& text, Time now) {
    std::int64_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc{} || end != text.data() + text.size() - 1 || count < 0 || count > 1'000'000)
        return text;
    switch (*end) {
        case 's':
            return format_time(now - std::chrono::seconds{count});
        case 'm':
            return format_time(now - std::chrono::minutes{count});
        case 'h':
            return format_time(now - std::chrono::hours{count});
        case 'd':
            return format_time(now - std::chrono::days{count});
        default:
            return text;
    }
}

// Whether a parameter may be given as an age.
bool is_age(std::string_view parameter) {
    return parameter == "start" || parameter == "end";
}

// Builds the command line of one program run, and the Command of what was given.
class CommandLine {
  public:
    explicit CommandLine(Time now) : now_(now), app_(description, "sitepowerctl") {
        app_.set_version_flag("--version", "sitepowerctl " SITEPOWER_VERSION);
        app_.require_subcommand(1);
        app_.fallthrough();
        app_.add_flag("--json", command_.json, "print the reply as it came");
        app_.add_option("--socket", command_.socket, "where sitepowerd listens")
            ->envname("SITEPOWER_SOCKET")
            ->capture_default_str();
        app_.add_option("--timeout", timeout_s_, "seconds to wait for the answer")
            ->check(CLI::Range(1, 3600))
            ->capture_default_str();
        add_reading();
        add_commands();
        add_alert();
        add_maintenance();
        add_forecasts();
        add_models();
        add_configuration();
        add_field();
        add_call();
        app_.footer(footer);  // after its commands, which would take it over
    }

    std::variant<Command, EndNow> read(std::vector<std::string> arguments) {
        const auto hint = command_hint(arguments);
        std::ranges::reverse(arguments);  // as CLI11 takes them
        try {
            app_.parse(std::move(arguments));
        } catch (const CLI::ParseError& end) {
            std::ostringstream output;
            std::ostringstream error;
            const bool fine = app_.exit(end, output, error) == 0;
            return EndNow{fine ? ExitCode::fine : ExitCode::usage, output.str(), error.str() + hint};
        }
        command_.at_most = std::chrono::seconds{timeout_s_};
        if (const auto problem = finish(); !problem.empty()) {
            return EndNow{ExitCode::usage, {}, wrapped_lines(problem, terminal_width, 4)};
        }
        return std::move(command_);
    }

  private:
    // A subcommand that asks `operation`.
    CLI::App* add_ask(CLI::App& parent, const char* name, const char* help, const char* operation) {
        auto* sub = parent.add_subcommand(name, help);
        sub->fallthrough();
        sub->callback([this, operation] { asked_.operation = operation; });
        return sub;
    }
    // An option of the command line that becomes a parameter of the operation.
    CLI::Option* add_parameter(CLI::App* sub, const std::string& option, std::string parameter,
                               const std::string& help) {
        auto& place = given_.emplace_back(Given{option, std::move(parameter), std::nullopt});
        return sub->add_option(option, place.value, help);
    }

    void add_reading();
    void add_commands();
    void add_battery();
    void add_history();
    void add_allocation();
    void add_control();
    void add_scaling();
    void add_alert();
    void add_maintenance();
    void add_forecasts();
    void add_models();
    void add_configuration();
    void add_field();
    CLI::App* add_field_command(CLI::App& parent, const char* name, const char* help,
                                FieldCommand::What what);
    void add_call();
    std::string command_hint(const std::vector<std::string>& arguments) const;
    std::string finish();
    std::string finish_call();
    std::string wrong_values() const;

    Time now_;
    CLI::App app_;
    Command command_;
    AskCommand asked_;
    CheckCommand check_;
    PredictCommand predict_;
    bool offline_check_ = false;
    FieldCommand field_;
    bool field_command_ = false;
    int response_timeout_ms_ = 0;
    bool all_alerts_ = false;
    bool simulate_ = false;
    int timeout_s_ = 30;
    std::vector<std::string> call_arguments_;
    struct Given {
        std::string option;
        std::string parameter;
        std::optional<std::string> value;
    };
    std::deque<Given> given_;  // a deque, because options keep references into it
};

void CommandLine::add_reading() {
    add_ask(app_, "status", "the condition of the daemon and its parts", "system.status");
    auto* devices = add_ask(app_, "devices", "the devices and how they answer", "devices");
    add_parameter(devices, "--kind", "kind", "ups, battery_monitor, bms, meter or other");
    add_parameter(devices, "--bus", "bus", "only those on that bus");
    auto* ups = app_.add_subcommand("ups", "the UPSs, or everything about one");
    ups->fallthrough();
    auto* id = add_parameter(ups, "ID", "ups_id", "only this one");
    ups->callback([this, id] { asked_.operation = id->count() > 0 ? "ups" : "upses"; });
    auto* batteries = add_ask(app_, "batteries", "the batteries and their latest values", "batteries");
    add_parameter(batteries, "--location", "location_id", "only those at that location");
    add_parameter(batteries, "--string", "string_id", "only those of that string");
    add_parameter(batteries, "--status", "status", "healthy, warning, critical or unknown");
    add_parameter(batteries, "--skip", "skip", "how many to leave out at the start");
    add_parameter(batteries, "--limit", "limit", "how many at most");
    add_battery();
    add_history();
    auto* prices = add_ask(app_, "prices", "prices, past, present and ahead", "prices");
    add_parameter(prices, "SERIES", "series", "a series; default energy_price");
    add_parameter(prices, "--back", "hours_back", "how many hours back; default 24");
    add_parameter(prices, "--ahead", "hours_ahead", "how many hours ahead; default 0");
    add_ask(app_, "plan", "when batteries should charge and discharge, and why", "plan");
    add_control();
    add_allocation();
    add_scaling();
    add_ask(app_, "locations", "the locations of the site", "locations");
    add_ask(app_, "inventory", "power and stored energy", "inventory");
}

void CommandLine::add_commands() {
    auto* commands = add_ask(app_, "commands", "what could be written to devices", "commands");
    add_parameter(commands, "--device", "device_id", "only those of that device");
    auto* command = add_ask(app_, "command", "write to a device, and read back what came of it; admins only",
                            "device.command");
    add_parameter(command, "DEVICE", "device_id", "the device")->required();
    add_parameter(command, "COMMAND", "command", "as listed by `commands`")->required();
    add_parameter(command, "--value", "value", "for a command that sets one, in its unit");
    command->add_flag("--simulate", simulate_, "say what would be written, and write nothing");
}

// Without a subcommand it shows the battery.
void CommandLine::add_battery() {
    auto* battery =
        app_.add_subcommand("battery", "everything about one battery; or it was replaced, is tested");
    battery->fallthrough();
    add_parameter(battery, "ID", "battery_id", "the battery");
    battery->callback([this, battery] {
        if (battery->get_subcommands().empty()) asked_.operation = "battery";
    });
    auto* replace = add_ask(*battery, "replace", "a battery or a string was replaced", "battery.replace");
    auto* id = add_parameter(replace, "ID", "battery_id", "the battery");
    add_parameter(replace, "--string", "string_id", "instead: all batteries of that string")->excludes(id);
    add_parameter(replace, "--date", "date", "when; default today");
    add_parameter(replace, "--serial", "serial_number", "of the new battery, or of the lot")->required();
    add_parameter(replace, "--model", "model", "of the maker; default as before");
    auto* test =
        add_ask(*battery, "test", "a capacity test is planned: hold back its alerts", "battery.test");
    id = add_parameter(test, "ID", "battery_id", "the battery");
    add_parameter(test, "--string", "string_id", "instead: a whole string, through its UPS")->excludes(id);
    add_parameter(test, "--from", "from", "a time; default now");
    add_parameter(test, "--minutes", "duration_min", "until it is charged again; default 480");
    add_parameter(test, "--load", "load_kw", "the planned load in kW, for the record");
    auto* result = add_ask(*battery, "result", "what a capacity test gave", "battery.test_result");
    add_parameter(result, "ID", "battery_id", "the battery that reached its end voltage")->required();
    add_parameter(result, "--ah", "delivered_ah", "Ah that it delivered until then")->required();
    add_parameter(result, "--temperature", "temperature_c", "mean of the battery in degrees Celsius");
    add_parameter(result, "--minutes", "minutes", "how long it took; needed of lead-acid");
    add_parameter(result, "--time", "time", "when; default now");
}

// Without a subcommand it shows the allocation in force.
void CommandLine::add_allocation() {
    auto* allocation = app_.add_subcommand("allocation", "who gets how much power, and why");
    allocation->fallthrough();
    allocation->callback([this, allocation] {
        if (allocation->get_subcommands().empty()) asked_.operation = "allocation";
    });
    auto* simulate = add_ask(*allocation, "simulate", "what it would be now; changes nothing", "allocate");
    add_parameter(simulate, "--hours", "forecast_periods", "how far the schedule looks ahead");
    add_parameter(simulate, "--risk", "risk_aversion", "0 to 1");
    add_parameter(simulate, "--wear", "lambda_deg", "per kWh through the cells");
    auto* bid = add_ask(*allocation, "bid", "tell what power is worth to a class", "bids");
    add_parameter(bid, "CLASS", "class", "the load class")->required();
    add_parameter(bid, "SEGMENTS", "segments", R"('[{"value_per_kwh": 0.25, "kw": 40}]')")->required();
    add_parameter(bid, "--until", "valid_until", "when it runs out, a time")->required();
    auto* cycle = add_ask(*allocation, "cycle", "schedule and auction once, now", "full_cycle");
    add_parameter(cycle, "--simulate", "simulate", "true (default) or false: put it in force");
}

// Without a subcommand it shows the services.
void CommandLine::add_scaling() {
    auto* scaling = app_.add_subcommand("scaling", "how many instances of services run, and why");
    scaling->fallthrough();
    add_parameter(scaling, "SERVICE", "service", "only that service");
    scaling->callback([this, scaling] {
        if (scaling->get_subcommands().empty()) asked_.operation = "scaling.status";
    });
    auto* decisions =
        add_ask(*scaling, "decisions", "what was decided and what came of it", "scaling.decisions");
    add_parameter(decisions, "--service", "service", "only of that service");
    add_parameter(decisions, "--status", "status", "pending, executed, verified, failed or rolled_back");
    add_parameter(decisions, "--limit", "limit", "how many at most");
    auto* manual =
        add_ask(*scaling, "manual", "set a number by hand until it expires; admins only", "scaling.manual");
    add_parameter(manual, "SERVICE", "service_name", "the service")->required();
    add_parameter(manual, "INSTANCES", "target_instances", "how many")->required();
    add_parameter(manual, "--reason", "reason", "why")->required();
    add_parameter(manual, "--until", "expires_at", "when it expires, a time")->required();
}

// Without a subcommand it shows the devices that follow the plan.
void CommandLine::add_control() {
    auto* control = app_.add_subcommand("control", "the devices that follow the plan");
    control->fallthrough();
    control->callback([this, control] {
        if (control->get_subcommands().empty()) asked_.operation = "control";
    });
    auto* execute = add_ask(*control, "execute", "carry the plan in force out at once", "dispatch.execute");
    add_parameter(execute, "--simulate", "simulate", "true or false (default)");
}

void CommandLine::add_history() {
    auto* history = app_.add_subcommand("history", "past values of a point or a battery");
    history->fallthrough();
    history->callback([this] { asked_.operation = "history"; });
    auto* point = add_parameter(history, "POINT", "point", "device/point, as listed by `call points`");
    auto* battery = add_parameter(history, "--battery", "battery_id", "telemetry of that battery");
    point->excludes(battery);
    add_parameter(history, "--since", "start", "90s, 15m, 2h, 7d or a time; default 24h");
    add_parameter(history, "--until", "end", "likewise; default now");
    add_parameter(history, "--resolution", "resolution", "auto, raw, 1m or 15m");
    add_parameter(history, "--limit", "limit", "how many rows at most");
}

void CommandLine::add_alert() {
    auto* alerts = add_ask(app_, "alerts", "the open alerts", "alerts");
    alerts->add_flag("--all", all_alerts_, "also those that are resolved");
    add_parameter(alerts, "--severity", "severity", "info, warning or critical");
    add_parameter(alerts, "--location", "location_id", "only those at that location");
    add_parameter(alerts, "--limit", "limit", "how many at most");
    auto* alert = app_.add_subcommand("alert", "one alert: show it, take notice of it, close it");
    alert->require_subcommand(1);
    alert->fallthrough();
    auto* show = add_ask(*alert, "show", "everything about it", "alert");
    add_parameter(show, "ID", "alert_id", "the alert")->required();
    auto* acknowledge = add_ask(*alert, "ack", "take notice of it", "alert.acknowledge");
    add_parameter(acknowledge, "ID", "alert_id", "the alert")->required();
    add_parameter(acknowledge, "--note", "note", "for the record");
    auto* resolve = add_ask(*alert, "resolve", "close it by hand", "alert.resolve");
    add_parameter(resolve, "ID", "alert_id", "the alert")->required();
    add_parameter(resolve, "--note", "note", "for the record");
}

void CommandLine::add_maintenance() {
    auto* maintenance = app_.add_subcommand("maintenance", "hold back alerts while somebody works");
    maintenance->require_subcommand(0, 1);
    maintenance->fallthrough();
    maintenance->callback([this, maintenance] {
        if (maintenance->get_subcommands().empty()) asked_.operation = "maintenance";
    });
    auto* start = add_ask(*maintenance, "start", "begin a window", "maintenance.start");
    add_parameter(start, "SUBJECT", "subject_id", "device, string or battery; default the whole site");
    add_parameter(start, "--from", "from", "a time; default now");
    add_parameter(start, "--minutes", "duration_min", "how long; default 60");
    add_parameter(start, "--why", "why", "the work that is done")->required();
    auto* end = add_ask(*maintenance, "end", "end a window before its time", "maintenance.end");
    add_parameter(end, "ID", "window_id", "the window")->required();
    add_ask(*maintenance, "list", "the windows, present and to come", "maintenance");
}

void CommandLine::add_forecasts() {
    auto* forecast = add_ask(app_, "forecast", "the hours to come of a series", "forecast");
    add_parameter(forecast, "SERIES", "series", "which; default the first price, else the first series");
    add_parameter(forecast, "--hours", "periods", "how many, up to 48; default 24");
    auto* predict = app_.add_subcommand(
        "predict",
        "predictions for the times and series of a CSV file, as CSV; how good the file is, on stderr");
    predict->fallthrough();
    predict->add_option("--csv", predict_.csv, "with the columns timestamp, series and, if measured, value")
        ->required()
        ->check(CLI::ExistingFile);
    auto* now = add_ask(app_, "predictions", "the forecasts in force, 15 min, 60 min and 48 h ahead",
                        "predictions.current");
    add_parameter(now, "SERIES", "service", "only this one");
    auto* past = add_ask(app_, "predicted", "past forecasts beside what came", "predictions.history");
    add_parameter(past, "SERIES", "service", "which")->required();
    add_parameter(past, "--horizon", "horizon", "short, medium or long");
    add_parameter(past, "--limit", "limit", "how many at most");
    auto* accuracy = add_ask(app_, "accuracy", "how good the forecasts of a series were", "accuracy");
    add_parameter(accuracy, "SERIES", "series", "which; default the first price, else the first series");
    add_parameter(accuracy, "--window", "window", "1h, 24h, 7d or 30d; default 24h");
    auto* events = add_ask(app_, "events", "known events, present and to come", "events");
    add_parameter(events, "--all", "all", "true: also those that are over");
    auto* event = app_.add_subcommand("event", "an event that will multiply series for a while");
    event->require_subcommand(1);
    event->fallthrough();
    auto* create = add_ask(*event, "create", "tell of one", "event.create");
    add_parameter(create, "TYPE", "event_type", "holiday, flash_sale, ...; a wrong one names all")
        ->required();
    add_parameter(create, "--until", "end_time", "a time")->required();
    add_parameter(create, "--from", "start_time", "a time; default now");
    add_parameter(create, "--series", "series", "the one it concerns; default all");
    add_parameter(create, "--times", "expected_impact_multiplier", "default as believed of its type");
    add_parameter(create, "--ramp", "ramp_min", "minutes to its whole effect, and back");
    add_parameter(create, "--name", "name", "for people");
    auto* cancel = add_ask(*event, "cancel", "it will not be", "event.cancel");
    add_parameter(cancel, "ID", "event_id", "the event")->required();
}

void CommandLine::add_models() {
    auto* models = add_ask(app_, "models", "the models of series and their versions", "models");
    add_parameter(models, "--status", "status", "candidate, active or retired");
    auto* model = app_.add_subcommand("model", "one model: show it, fit it again, go back to a version");
    model->require_subcommand(1);
    model->fallthrough();
    auto* show = add_ask(*model, "show", "its versions", "model");
    add_parameter(show, "NAME", "model_name", "the series")->required();
    auto* retrain = add_ask(*model, "retrain", "fit it again", "models.retrain");
    add_parameter(retrain, "NAME", "model_name", "the series")->required();
    add_parameter(retrain, "--days", "training_days", "from scratch on the last so many days");
    auto* activate = add_ask(*model, "activate", "put a version into force", "model.activate");
    add_parameter(activate, "NAME", "model_name", "the series")->required();
    add_parameter(activate, "VERSION", "version", "as `model show` lists them")->required();
    add_ask(app_, "jobs", "what was asked for and takes a while", "jobs");
}

void CommandLine::add_configuration() {
    auto* check = app_.add_subcommand("check", "check the configuration files, without the daemon");
    check->fallthrough();
    check->callback([this] { offline_check_ = true; });
    check->add_option("--config", check_.configuration, "a file, or the directory of sitepower.toml");
    check->add_option("--profiles", check_.profiles, "the directory of device profiles");
    add_ask(app_, "reload", "take the configuration files into force and wait for the verdict",
            "config.reload");
}

CLI::App* CommandLine::add_field_command(CLI::App& parent, const char* name, const char* help,
                                         FieldCommand::What what) {
    auto* sub = parent.add_subcommand(name, help);
    sub->fallthrough();
    sub->callback([this, what] {
        field_command_ = true;
        field_.what = what;
    });
    if (what == FieldCommand::What::profile_check) {
        sub->add_option("FILE", field_.profiles_to_check, "the profile's file; several are checked in turn")
            ->required();
    } else if (what != FieldCommand::What::scan) {
        sub->add_option("FILE", field_.profile, "the profile's file")->required();
    }
    if (what != FieldCommand::What::profile_check) {
        sub->add_option(
               "--endpoint", field_.endpoint,
               "tcp:HOST:PORT, rtu:PATH:BAUD:8N1 or rtu_over_tcp:HOST:PORT; the daemon must not hold it")
            ->required();
        sub->add_option("--response-timeout-ms", response_timeout_ms_, "how long an answer may take")
            ->check(CLI::Range(10, 60'000));
    }
    return sub;
}

void CommandLine::add_field() {
    using What = FieldCommand::What;
    auto* profile = app_.add_subcommand("profile", "device profiles: check one, read a device by it");
    profile->require_subcommand(1);
    profile->fallthrough();
    add_field_command(*profile, "check", "check profiles and run their samples", What::profile_check);
    auto* probe =
        add_field_command(*profile, "probe", "read every point of a device once", What::profile_probe);
    auto* dump = add_field_command(*profile, "dump",
                                   "keep what a device answers as a sample, in a copy of the profile",
                                   What::profile_dump);
    for (auto* sub : {probe, dump}) {
        sub->add_option("--unit", field_.unit, "Modbus unit id")
            ->check(CLI::Range(0, 255))
            ->capture_default_str();
    }
    dump->add_option("--output", field_.output, "the copy; default NAME-with-sample.toml");
    dump->add_option("--about", field_.about, "where the device stands, for the sample's head");
    auto* scan = add_field_command(app_, "scan", "what is behind an endpoint: SunSpec, and profiles that fit",
                                   What::scan);
    scan->add_option("--units", field_.units, "unit ids to try, as 1-10,100")->capture_default_str();
    scan->add_option("--profiles", field_.profiles, "the directory of device profiles");
}

void CommandLine::add_call() {
    auto* call = app_.add_subcommand("call", "any operation by its name, see docs/operations.md");
    call->fallthrough();
    call->add_option("OPERATION", asked_.operation, "the operation")->required();
    call->add_option("PARAMETER", call_arguments_, "name=value");
    call->callback([this] { call_arguments_.insert(call_arguments_.begin(), ""); });
}

// "did you mean ...?" for a first word that is no command; empty when it is one.
std::string CommandLine::command_hint(const std::vector<std::string>& arguments) const {
    if (arguments.empty() || arguments.front().starts_with('-')) return {};
    const auto& word = arguments.front();
    std::string nearest;
    for (const auto* command : app_.get_subcommands(nullptr)) {
        const auto name = command->get_name();
        if (name == word) return {};
        if (nearest.empty() || edit_distance(word, name) < edit_distance(word, nearest)) nearest = name;
    }
    return fmt::format("no command is called {}; did you mean {}?\n", word, nearest);
}

// What is wrong with `call NAME name=value ...`; empty: nothing.
std::string CommandLine::finish_call() {
    const auto* operation = find_operation(asked_.operation);
    if (operation == nullptr) {
        return fmt::format("no operation is called {}; did you mean {}?", asked_.operation,
                           nearest_operation(asked_.operation));
    }
    for (const auto& argument : call_arguments_) {
        if (argument.empty()) continue;
        const auto equals = argument.find('=');
        if (equals == std::string::npos) return argument + ": parameters are given as name=value";
        asked_.parameters.emplace_back(argument.substr(0, equals), argument.substr(equals + 1));
    }
    for (const auto& parameter : operation->parameters) {
        const auto given = std::ranges::find(asked_.parameters, parameter.name,
                                             [](const auto& p) { return std::string_view(p.first); });
        if (parameter.required && given == asked_.parameters.end()) {
            return fmt::format("{} needs {}=...: {}", operation->name, parameter.name, parameter.help);
        }
    }
    return {};
}

// What the daemon would refuse, in the words of the command line; empty: nothing.
std::string CommandLine::wrong_values() const {
    RawParameters raw;
    raw.texts = asked_.parameters;
    const auto checked = check_parameters(find_operation(asked_.operation)->parameters, raw);
    const auto* errors = std::get_if<std::vector<FieldError>>(&checked);
    std::string text;
    if (errors == nullptr) return text;
    for (const auto& [field, problem, allowed] : *errors) {
        if (!text.empty()) text += '\n';
        const auto* ages =
            is_age(field) && call_arguments_.empty() ? "an age such as 90s, 15m, 2h, 7d, or " : "";
        text += fmt::format("{}: {}; allowed: {}{}", option_of(asked_, field), problem, ages, allowed);
    }
    return text;
}

// Turns what was given into the command; what is wrong with it, or nothing.
std::string CommandLine::finish() {
    if (offline_check_) {
        command_.what = check_;
        return {};
    }
    if (!predict_.csv.empty()) {
        command_.what = predict_;
        return {};
    }
    if (field_command_) {
        field_.response_timeout = Duration{response_timeout_ms_};
        command_.what = field_;
        return {};
    }
    for (const auto& [option, parameter, value] : given_) {
        if (!value) continue;
        asked_.parameters.emplace_back(parameter, is_age(parameter) ? age_or_time(*value, now_) : *value);
        asked_.options.emplace_back(parameter, option);
    }
    const auto has = [&](std::string_view name) {
        return std::ranges::any_of(asked_.parameters, [&](const auto& p) { return p.first == name; });
    };
    if (asked_.operation == "history" && call_arguments_.empty()) {
        if (has("battery_id")) {
            asked_.operation = "telemetry";
        } else if (!has("point")) {
            return "history needs a POINT (device/point) or --battery ID";
        }
    }
    if (asked_.operation == "battery" && call_arguments_.empty() && !has("battery_id")) {
        return "battery needs the ID of a battery, or one of replace, test, result";
    }
    if (simulate_) asked_.parameters.emplace_back("simulate", "true");
    if (all_alerts_) asked_.parameters.emplace_back("active_only", "false");
    if (!call_arguments_.empty()) {
        if (auto problem = finish_call(); !problem.empty()) return problem;
    }
    if (auto problem = wrong_values(); !problem.empty()) return problem;
    command_.what = std::move(asked_);
    return {};
}

}  // namespace

std::string_view option_of(const AskCommand& asked, std::string_view parameter) {
    const auto known = std::ranges::find(asked.options, parameter,
                                         [](const auto& option) { return std::string_view(option.first); });
    return known == asked.options.end() ? parameter : std::string_view(known->second);
}

std::variant<Command, EndNow> read_command_line(std::vector<std::string> arguments, Time now) {
    return CommandLine(now).read(std::move(arguments));
}

}  // namespace sitepower::ctl
