#include "tests/support/fake_context.hpp"

#include <algorithm>
#include <utility>

#include "tests/support/fake_memory.hpp"

namespace sitepower::support {
namespace {

using namespace std::chrono_literals;

Alert old_outage() {
    Alert alert;
    alert.id = "A-outage";
    alert.type = "ups_on_battery";
    alert.severity = Severity::warning;
    alert.subject = {SubjectKind::ups, "ups-1"};
    alert.message = "ups-1 runs from its batteries";
    alert.triggered_at = fake_now - std::chrono::days{3};
    alert.resolved_at = alert.triggered_at + 4min;
    alert.resolved_by = "condition_cleared";
    return alert;
}

}  // namespace

FakeHistory::FakeHistory() : stored_alerts{old_outage()}, first_row(fake_now - std::chrono::days{73}) {}

// Three rows a minute apart from the start on: good, half of it bad, good again.
Result<ValueAnswer> FakeHistory::values(const ValueQuestion& question) {
    last_question = question;
    if (failure) return *failure;
    ValueAnswer answer;
    answer.resolution = question.resolution == Resolution::automatic ? Resolution::raw : question.resolution;
    for (int i = 0; i < 3; ++i) {
        PastRow row;
        row.time = question.from + i * 1min;
        for (std::size_t p = 0; p < question.points.size(); ++p) {
            PastValue value{.point = p, .value = 10.0 + i + static_cast<double>(p)};
            if (i == 1 && p == 0) value = {.point = p, .value = std::nullopt, .quality = Quality::comm_error};
            row.values.push_back(value);
        }
        if (row.time < question.to && answer.rows.size() < question.limit) answer.rows.push_back(row);
    }
    return answer;
}

Result<std::vector<PastEstimate>> FakeHistory::estimates(const std::string& /*battery*/, Time from,
                                                         Time /*to*/, std::size_t /*limit*/) {
    if (failure) return *failure;
    return std::vector<PastEstimate>{{from + 30s, 98.5, std::nullopt}};
}

Result<std::vector<Alert>> FakeHistory::alerts(const AlertQuestion& question) {
    if (failure) return *failure;
    std::vector<Alert> found;
    std::ranges::copy_if(stored_alerts, std::back_inserter(found), [&](const Alert& alert) {
        return alert.triggered_at >= question.from && alert.triggered_at < question.to &&
               (question.type.empty() || question.type == alert.type);
    });
    return found;
}

Result<std::optional<Alert>> FakeHistory::alert(const std::string& id) {
    if (failure) return *failure;
    const auto found = std::ranges::find(stored_alerts, id, &Alert::id);
    if (found == stored_alerts.end()) return std::optional<Alert>();
    return std::optional(*found);
}

Result<std::optional<Time>> FakeHistory::begins() {
    if (failure) return *failure;
    return first_row;
}

namespace {

PriceBook made_up_prices() {
    TariffPeriod day{.value = 0.21, .from = 7h, .to = 21h};
    TariffPeriod night{.value = 0.12};
    PriceSettings energy;
    energy.id = "energy_price";
    energy.currency = "EUR";
    energy.source = Tariff{.periods = {day, night}, .zone = {}};
    PriceSettings hash;
    hash.id = "hash_price";
    hash.currency = "EUR";
    hash.unit = PriceUnit::other;
    hash.source = PriceFile{.path = "/srv/hash.csv", .columns = {}};
    PriceBook book({energy, hash}, fake_now - 26h);
    std::vector<PriceStep> steps;
    const auto hour = std::chrono::floor<std::chrono::hours>(fake_now);
    for (int i = 0; i < 6; ++i) steps.push_back({hour - (5 - i) * 1h, hour - (4 - i) * 1h, 50.0 + i});
    if (const auto look = book.next_look(fake_now - 30s)) book.take(*look, steps, fake_now - 30s);
    book.tick(fake_now, [](PointRef) -> const LatestValue* { return nullptr; });
    return book;
}

}  // namespace

FakeCommandDesk::FakeCommandDesk() {
    DeviceCommand limit{.name = "charge.limit",
                        .label = "Limit the charging current",
                        .unit = "A",
                        .verify = "charge.limit_a",
                        .value = CommandValue{.scale = 0.1, .highest = 200, .tolerance = 0.05},
                        .order = {.request = {.unit = 3, .address = 100}}};
    limit.order.read_back = modbus::ReadBack{.unit = 3, .point = {.address = 100, .scale = 0.1}};
    const DeviceCommand start{.name = "battery.test.start",
                              .order = {.request = {.unit = 3, .address = 7, .words = {1}}}};
    known = {{DeviceIndex{1}, true, limit}, {DeviceIndex{1}, false, start}};
}

Status FakeCommandDesk::order(OrderedCommand planned, Done done) {
    if (refusal) return *refusal;
    ordered.push_back(planned.order);
    done(report);
    return sitepower::Done{};
}

FakeContext::FakeContext() : world(std::make_shared<ForecastWorld>()) {
    price_book = made_up_prices();
    system_view.environment = "test";
    system_view.started_at = fake_now - 26h;
    system_view.ready = true;
    system_view.store.rows = 1000;
    system_view.store.outbox = 7;
    system_view.store.last_commit = fake_now - 3s;
    system_view.store.commit_ms = 4.25;
    system_view.broker.connected = true;
    system_view.publisher.acknowledged = 990;
    system_view.publisher.refused = 10;
    system_view.publisher.last_acknowledged = fake_now - 1s;
    system_view.publisher.latency_ms = 1.5;
    BusView tcp{"tcp-1", "tcp", {}};
    tcp.counters.requests = 1000;
    tcp.counters.answers = 990;
    tcp.counters.timeouts = 10;
    tcp.counters.connected = true;
    BusView rtu{"rtu-1", "rtu", {}};
    rtu.counters.requests = 20;
    rtu.counters.timeouts = 20;
    rtu.counters.missed_polls = 3;
    system_view.buses = {tcp, rtu};
    system_view.live_clients = 2;
    verdict.accepted = true;
    verdict.applied = true;
    verdict.changes = {"device meter-2 added"};
}

modbus::UnitCounters FakeContext::unit_counters(DeviceIndex device) const {
    return {.polls = 100, .failures = position(device), .exceptions = 0, .timeouts = position(device)};
}

void FakeContext::live_ten_days() {
    auto& [latest, book, memory] = *world;
    constexpr Duration hour{3'600'000};
    ForecastSettings settings;
    settings.series.push_back({.id = "site-load",
                               .unit = "kW",
                               .step = hour,
                               .resolution = 0.5,
                               .clock = {},
                               .price = {},
                               .metric = {}});
    settings.series.push_back({.id = "requests",
                               .kind = forecast::SeriesKind::service,
                               .unit = "1/s",
                               .clock = {},
                               .price = {},
                               .metric = "web/requests"});
    const Time begin = from_ms(to_ms(present) / hour.count() * hour.count()) - 240 * hour;
    book.configure(settings, memory, begin);
    for (int i = 0; i <= 240; ++i) {
        const std::vector<SeriesSample> samples{{.series = 0, .time = begin + i * hour, .value = 42}};
        book.take(samples, begin + i * hour);
        if (i % 48 == 47) book.work(memory, begin + i * hour);
        memory.keep(book.take_effects().rows);
    }
    const Time yesterday = present - 24 * hour;
    static_cast<void>(book.add_event({.event = {.id = {},
                                                .type = "holiday",
                                                .name = "Sunday",
                                                .source = "calendar",
                                                .start = present + 30 * hour,
                                                .end = present + 40 * hour},
                                      .series = {"site-load"},
                                      .metadata = "{}",
                                      .realised = {}},
                                     memory, yesterday));
    static_cast<void>(book.retrain("requests", 2, yesterday));
    memory.keep(book.take_effects().rows);
}

bool FakeContext::forecasts(ForecastQuery query) {
    if (forecasts_refused) return false;
    auto& [latest, book, memory] = *world;
    if (book.names().empty() && !without_series) live_ten_days();
    auto completion = query(book, memory);
    memory.keep(book.take_effects().rows);
    completion();
    return true;
}

bool FakeContext::query(Query query) {
    if (queries_run_at_once) {
        query(history)();
        return true;
    }
    if (queries.size() >= query_capacity) return false;
    queries.push_back(std::move(query));
    return true;
}

void FakeContext::run_queries() {
    while (!queries.empty()) {
        auto query = std::move(queries.front());
        queries.pop_front();
        query(history)();
    }
}

Result<Effects> FakeContext::apply(const Event& event) {
    if (refusal) return *refusal;
    applied.push_back(event);
    Effects effects;
    const auto change = [&](const std::string& id, AlertTransition transition, auto edit) {
        auto found = std::ranges::find(fake_site.alerts, id, &Alert::id);
        edit(*found);
        effects.alerts.push_back({transition, *found});
        if (!found->is_active()) fake_site.alerts.erase(found);
    };
    if (const auto* acknowledge = std::get_if<AcknowledgeAlert>(&event)) {
        change(acknowledge->alert_id, AlertTransition::acknowledged, [&](Alert& alert) {
            alert.acknowledged_at = present;
            alert.acknowledged_by = acknowledge->who;
            alert.acknowledgment_note = acknowledge->note;
        });
    } else if (const auto* resolve = std::get_if<ResolveAlert>(&event)) {
        change(resolve->alert_id, AlertTransition::resolved, [&](Alert& alert) {
            alert.resolved_at = present;
            alert.resolved_by = resolve->who;
        });
    } else if (const auto* replace = std::get_if<ReplaceBattery>(&event)) {
        const auto& batteries = fake_site.model().batteries;
        for (std::size_t i = 0; i < batteries.size(); ++i) {
            if (batteries[i].id != replace->subject.id) continue;
            effects.batteries_replaced.push_back({.battery = static_cast<BatteryIndex>(i),
                                                  .old_serial_number = batteries[i].serial_number,
                                                  .serial_number = replace->serial_number,
                                                  .model = replace->model,
                                                  .date = replace->date,
                                                  .who = replace->who,
                                                  .retired = {}});
        }
    } else if (const auto* tested = std::get_if<RecordCapacityTest>(&event)) {
        CapacityTest test = tested->test;
        test.rated_ah = 100;
        effects.capacity_tests.push_back({.battery = BatteryIndex{0},
                                          .test = test,
                                          .lasted = tested->lasted,
                                          .health_pct = test.delivered_ah,
                                          .passed = test.delivered_ah >= 80,
                                          .who = tested->who});
    } else if (const auto* start = std::get_if<StartMaintenance>(&event)) {
        fake_site.maintenance_windows.push_back(start->window);
        effects.windows_started.push_back(start->window);
        if (start->window.id.empty()) effects.windows_started.back().id = "maintenance-1";
    } else if (const auto* end = std::get_if<EndMaintenance>(&event)) {
        std::erase_if(fake_site.maintenance_windows,
                      [&](const MaintenanceWindow& window) { return window.id == end->window_id; });
    }
    return effects;
}

}  // namespace sitepower::support
