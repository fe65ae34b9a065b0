// What operations may use of the daemon.
#include <chrono>
#include <utility>

#include "daemon/app/parts.hpp"
#include "daemon/operation/store_history.hpp"
#include "daemon/store/reader.hpp"
#include "drivers/modbus/link.hpp"

namespace sitepower {

Time App::Parts::now() const {
    return std::chrono::floor<Duration>(std::chrono::system_clock::now());
}

std::chrono::steady_clock::time_point App::Parts::steady_now() const {
    return std::chrono::steady_clock::now();
}

SystemView App::Parts::system() const {
    SystemView view;
    view.environment = config_.environment;
    // Counted back from now: a box without a battery-backed clock starts in another year than it runs in.
    view.started_at = now() - std::chrono::duration_cast<Duration>(steady_now() - started_);
    view.ready = ready_;
    view.not_ready_reason = ready_ ? "" : "starting or stopping";
    view.store = store_->counters();
    view.store_reason = store_reason();
    view.broker_enabled = publisher_ != nullptr;
    if (publisher_) {
        view.broker = publisher_->connection();
        view.publisher = publisher_->counters();
    }
    view.forecaster = forecaster_.view();
    view.forecaster.series = config_.forecasts.series.size();
    for (const auto& bus : buses_.all()) {
        view.buses.push_back({.id = bus->settings().id,
                              .kind = modbus::describe_endpoint(bus->settings()),
                              .counters = bus->counters()});
    }
    view.live_clients = http_ ? http_->connections() : 0;  // requests over the broker outlive it in a stop
    view.requests_per_minute = dispatcher_.requests_per_minute();
    return view;
}

modbus::UnitCounters App::Parts::unit_counters(DeviceIndex device) const {
    const auto& model = executor_.site().model().devices[position(device)];
    const auto* bus = buses_.find(model.bus);
    return bus == nullptr ? modbus::UnitCounters{} : bus->counters(device);
}

std::string App::Parts::store_reason() const {
    std::string reason;
    for (const auto& [type, message] : store_reasons_) {
        reason += (reason.empty() ? "" : "; ") + message;
    }
    return reason;
}

// What somebody is told is done must outlive the process.
Result<Effects> App::Parts::apply(const Event& event) {
    if (!store_->counters().healthy) {
        const auto reason = store_reason();
        return Error{ErrorCode::service_unavailable,
                     "nothing was done, for it could not be kept: " +
                         (reason.empty() ? "the database cannot be written" : reason),
                     "free space or check the disk of the state directory, then ask again"};
    }
    return executor_.apply(event, now());
}

void App::Parts::audit(AuditRow row) {
    store_->append(std::move(row));
}

bool App::Parts::query(Query query) {
    // A connection per question: questions are rare, and one that has failed is gone with its job.
    return question_worker_.submit(
        [path = store_->path(), query = std::move(query)]() mutable { return ask_store(path, query); });
}

bool App::Parts::forecasts(ForecastQuery query) {
    return forecaster_.ask(std::move(query));
}

}  // namespace sitepower
