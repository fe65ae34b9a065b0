// What the handlers of operations may use of the daemon: the only way from an operation to the site, the
// store and the configuration. Implemented by the executor and the app; everything here is called on the loop
// thread, and answers come back on it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/site/effects.hpp"
#include "core/site/event.hpp"
#include "daemon/control/command_desk.hpp"
#include "daemon/control/control_view.hpp"
#include "daemon/operation/history.hpp"
#include "daemon/operation/site_view.hpp"
#include "daemon/operation/unique_function.hpp"
#include "daemon/planner/planner_view.hpp"
#include "daemon/price/book.hpp"
#include "daemon/publish/publisher.hpp"
#include "daemon/scaling/scaling_view.hpp"
#include "daemon/store/store.hpp"
#include "drivers/modbus/bus.hpp"

namespace sitepower {

class SeriesBook;
class SeriesMemory;

struct BusView {
    std::string id;
    std::string kind;  // "tcp", "rtu", "rtu over tcp"
    modbus::BusCounters counters;
};

// The forecast thread, seen from the loop.
struct ForecasterView {
    std::size_t series = 0;              // configured; 0: there is nothing to forecast
    std::uint64_t turns = 0;             // taken since the start
    std::uint64_t refused = 0;           // of questions and turns, for it was busy or stopping
    std::optional<Time> last_success{};  // the end of its last turn
    std::optional<double> latency_ms{};  // of that turn, with the time it waited
    std::string reason{};                // why it is behind; empty: it is not
};

// The daemon's own condition, as plain counters; what they mean is decided in rows/system.
struct SystemView {
    std::string environment;  // as configured, "production"
    Time started_at{};
    bool ready = false;  // configuration loaded, store open, loop running
    std::string not_ready_reason;
    StoreCounters store;
    std::string store_reason;  // why unhealthy, for people; empty: healthy
    bool broker_enabled = true;
    ConnectionState broker;
    PublisherCounters publisher;
    ForecasterView forecaster;
    std::vector<BusView> buses;
    std::size_t live_clients = 0;           // connections to the local API
    std::uint64_t requests_per_minute = 0;  // Dispatcher::requests_per_minute()
};

// One finding about the configuration.
struct ConfigurationProblem {
    std::string file;
    int line = 0;    // 0: the file as a whole
    int column = 0;  // from 1
    std::string key;
    std::string message;  // what is wrong, and what may stand there
};

struct ConfigurationVerdict {
    bool accepted = false;
    bool applied = false;              // of a reload: in force now, whole
    std::vector<std::string> changes;  // what differs from what is in force, for people
    std::vector<ConfigurationProblem> problems;
};

// A question for the worker thread. It runs there, and what it returns is run on the loop thread.
using Completion = UniqueFunction<void()>;
using Query = UniqueFunction<Completion(History&)>;
using ForecastQuery = UniqueFunction<Completion(SeriesBook&, SeriesMemory&)>;

class Context {
  public:
    virtual ~Context() = default;

    virtual Time now() const = 0;
    virtual std::chrono::steady_clock::time_point steady_now() const = 0;

    virtual const SiteView& site() const = 0;
    virtual SystemView system() const = 0;
    virtual const PriceBook& prices() const = 0;
    virtual PlannerView& planner() = 0;
    virtual modbus::UnitCounters unit_counters(DeviceIndex device) const = 0;

    virtual ControlView& control() = 0;
    virtual ScalingView& scaling() = 0;

    // The only way to a write to a device.
    virtual CommandDesk& commands() = 0;

    // Hands the event to the engine and carries out its effects; gives them back. An Error is the engine's
    // refusal, and then nothing has changed.
    virtual Result<Effects> apply(const Event& event) = 0;
    virtual void audit(AuditRow row) = 0;

    // False when the worker's queue is full or it is stopping; `query` is then dropped.
    [[nodiscard]] virtual bool query(Query query) = 0;

    // A question for the forecast thread, likewise; what it changes of the book is carried out before the
    // completion. False when that thread's queue is full or it is stopping.
    [[nodiscard]] virtual bool forecasts(ForecastQuery query) = 0;

    // Reads the configuration files again: check says what a reload would do, reload does it, whole or not
    // at all. Answered later, on the loop thread.
    virtual void check_configuration(UniqueFunction<void(ConfigurationVerdict)> done) = 0;
    virtual void reload(UniqueFunction<void(ConfigurationVerdict)> done) = 0;
};

}  // namespace sitepower
