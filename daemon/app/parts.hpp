// Everything that sitepowerd consists of, in the order in which it is built; ended in the reverse order.
// Private to daemon/app; loop thread.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/app/all_controlled.hpp"
#include "daemon/app/app.hpp"
#include "daemon/app/bus_commands.hpp"
#include "daemon/app/bus_set.hpp"
#include "daemon/app/expected_loads.hpp"
#include "daemon/app/forecaster_thread.hpp"
#include "daemon/app/live_outlets.hpp"
#include "daemon/app/peer_events.hpp"
#include "daemon/app/price_keeper.hpp"
#include "daemon/app/wake_moderation.hpp"
#include "daemon/app/watchdog.hpp"
#include "daemon/config/config.hpp"
#include "daemon/config/diff.hpp"
#include "daemon/control/actuator_desk.hpp"
#include "daemon/control/controller.hpp"
#include "daemon/executor/bus_inbox.hpp"
#include "daemon/executor/executor.hpp"
#include "daemon/forecast/latest_forecasts.hpp"
#include "daemon/http/local_socket.hpp"
#include "daemon/http/server.hpp"
#include "daemon/loop/loop.hpp"
#include "daemon/operation/context.hpp"
#include "daemon/operation/dispatcher.hpp"
#include "daemon/operation/worker.hpp"
#include "daemon/planner/planner.hpp"
#include "daemon/publish/publisher.hpp"
#include "daemon/scaling/scaling.hpp"
#include "daemon/store/store.hpp"

namespace sitepower {

class App::Parts final : private Context {
  public:
    Parts(config::ConfigPaths paths, config::Config config);
    ~Parts() override = default;
    Parts(const Parts&) = delete;
    Parts& operator=(const Parts&) = delete;

    int run();

  private:
    // In the order of their calls; app.cpp.
    void start();
    void stop();
    void report_opening();
    void store_condition(const std::string& type, bool holds, const std::string& message);
    void report_unkept(const Unkept& unkept);
    void start_publisher();
    void stop_publisher(Duration at_most);
    void watch_parts();
    void arm_timers();
    std::size_t drain_inbox();  // how many events there were
    void take_readings();
    void take_reports();
    void tick();
    void feed_watchdog();
    void tell_status();
    void restore_prices();
    // Waits for the devices, but not for long.
    void hand_back_devices();
    Controller::Outlets control_outlets();
    CapSender::Outlets cap_outlets();
    Scaling::Outlets scaling_outlets();
    void restore_scaling();
    void restore_bids();
    void take_inbound(const InboundMessage& message);
    bool plan(Query query);
    void read_outbox(BacklogPump::Order order);

    void configure_forecasts();
    void take_forecasts(ForecastEffects effects);

    // What operations may use; context.cpp.
    Time now() const override;
    std::chrono::steady_clock::time_point steady_now() const override;
    const SiteView& site() const override { return site_view_; }
    SystemView system() const override;
    std::string store_reason() const;
    const PriceBook& prices() const override { return prices_.book(); }
    PlannerView& planner() override { return planner_; }
    modbus::UnitCounters unit_counters(DeviceIndex device) const override;
    CommandDesk& commands() override { return commands_; }
    ControlView& control() override { return controlled_; }
    ScalingView& scaling() override { return scaling_; }
    Result<Effects> apply(const Event& event) override;
    void audit(AuditRow row) override;
    bool query(Query query) override;
    bool forecasts(ForecastQuery query) override;

    // A changed configuration; reload.cpp.
    void check_configuration(UniqueFunction<void(ConfigurationVerdict)> done) override;
    void reload(UniqueFunction<void(ConfigurationVerdict)> done) override;
    void take_maps();
    Status exchange(config::Config next, const config::ConfigChanges& changes);
    std::vector<std::unique_ptr<modbus::Bus>> make_buses(const config::Config& next,
                                                         const config::ConfigChanges& changes) const;
    void put_into_force(config::Config next, const config::ConfigChanges& changes,
                        std::vector<std::unique_ptr<modbus::Bus>> starting);

    const config::ConfigPaths paths_;
    config::Config config_;
    const std::chrono::steady_clock::time_point started_;

    Loop loop_;
    StoreEvents store_events_;
    std::unique_ptr<Store> store_;
    PublisherEvents publisher_events_;
    std::unique_ptr<Publisher> publisher_;  // null without a broker
    MessageKey told_unreadable_{};
    Worker worker_;               // what the daemon itself asks of its store: the outbox, the past
    Worker question_worker_{16};  // what people ask: theirs must not hold up the outbox
    LatestForecasts latest_forecasts_;
    ForecasterThread forecaster_;
    ExpectedLoads expected_loads_;
    LiveOutlets outlets_;
    Executor executor_;
    BusInbox inbox_;
    BusSet buses_;
    BusCommands commands_;
    LiveSiteView site_view_;
    Dispatcher dispatcher_;
    std::unique_ptr<HttpServer> http_;
    PriceKeeper prices_;
    Worker planner_worker_{4};
    Planner planner_;
    Controller controller_;
    ActuatorDesk actuators_;
    CapSender caps_;
    AllControlled controlled_;
    Scaling scaling_;
    Watchdog watchdog_;

    std::vector<LoopSource> sources_;
    LoopSource inbox_source_;
    LoopSource inbox_pause_;
    WakeModeration moderation_;
    std::vector<Event> events_;                         // drained from the inbox; kept for its memory
    std::map<std::string, std::string> store_reasons_;  // why the store cannot be written, by condition
    std::string told_status_;
    std::map<std::string, std::chrono::steady_clock::time_point> told_bids_at_;  // by class
    std::uint64_t told_given_up_ = 0;
    std::uint64_t status_seq_ = 0;  // of the last `status` that an earlier publisher has published
    bool ready_ = false;
};

}  // namespace sitepower
