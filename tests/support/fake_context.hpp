// A small made-up site and the daemon around it, for tests of operations and of the faces that serve them:
// one UPS, one battery monitor with a string of three jars, one meter that never answered.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "daemon/operation/context.hpp"

namespace sitepower::support {

// 2026-11-22T06:14:28.123Z: the present of all golden files.
inline constexpr Time fake_now = from_ms(1'795'328'068'123);

class FakeSite : public SiteView {
  public:
    FakeSite();

    const SiteModel& model() const override { return model_; }
    std::span<const LatestValue> latest(DeviceIndex device) const override {
        return latest_values[position(device)];
    }
    std::span<const DeviceState> devices() const override { return device_states; }
    std::span<const BatteryState> batteries() const override { return battery_states; }
    std::span<const StringState> strings() const override { return string_states; }
    std::span<const UpsState> upses() const override { return ups_states; }
    std::span<const Alert> open_alerts() const override { return alerts; }
    std::span<const MaintenanceWindow> windows() const override { return maintenance_windows; }

    std::vector<std::vector<LatestValue>> latest_values;
    std::vector<DeviceState> device_states;
    std::vector<BatteryState> battery_states;
    std::vector<StringState> string_states;
    std::vector<UpsState> ups_states;
    std::vector<Alert> alerts;
    std::vector<MaintenanceWindow> maintenance_windows;

  private:
    SiteModel model_;
};

// Its UPS says whether it is on battery.
class SiteWithMains final : public FakeSite {
  public:
    SiteWithMains() : model_(FakeSite::model()) { model_.upses[0].on_battery = PointRef{DeviceIndex{0}, 1}; }
    const SiteModel& model() const override { return model_; }

  private:
    SiteModel model_;
};

class FakeHistory final : public History {
  public:
    FakeHistory();

    Result<ValueAnswer> values(const ValueQuestion& question) override;
    Result<std::vector<PastEstimate>> estimates(const std::string& battery, Time from, Time to,
                                                std::size_t limit) override;
    Result<std::vector<Alert>> alerts(const AlertQuestion& question) override;
    Result<std::optional<Alert>> alert(const std::string& id) override;
    Result<std::optional<Time>> begins() override;

    std::vector<Alert> stored_alerts;
    std::optional<Time> first_row;
    std::optional<Error> failure;  // answers every question
    ValueQuestion last_question;
};

// One battery, planned for six steps of an hour.
class FakePlanner final : public PlannerView {
  public:
    FakePlanner();

    const DispatchSettings* settings() const override { return planned ? &dispatch : nullptr; }
    const std::optional<PlanReport>& report() const override { return plan; }
    const std::string& trouble() const override { return last_trouble; }
    std::uint64_t attempts() const override { return 10; }
    std::uint64_t failures() const override { return last_trouble.empty() ? 0 : 1; }
    const std::optional<AllocationReport>& allocation() const override { return allocated; }
    const std::string& allocation_trouble() const override { return last_trouble; }
    Result<AllocationReport> allocate_by(const PlanReport& of, Time now) const override;
    void cycle(const CycleOverrides& overrides, bool adopt, Time now,
               UniqueFunction<void(const Result<PlanReport>&)> done) override;
    Status bid(const std::string& load_class, Bid bid, Time now) override;

    bool planned = true;
    DispatchSettings dispatch;
    std::optional<PlanReport> plan;
    std::string last_trouble;
    std::optional<AllocationReport> allocated;
    std::map<std::string, Bid> bids;
    CycleOverrides last_overrides;
    bool last_adopted = false;
};

// One device with a command that sets a value (enabled) and one of fixed words (not enabled).
class FakeCommandDesk final : public CommandDesk {
  public:
    FakeCommandDesk();

    std::span<const config::CommandConfig> commands() const override { return known; }
    Status order(OrderedCommand planned, Done done) override;

    std::vector<config::CommandConfig> known;
    std::vector<modbus::WriteOrder> ordered;
    std::optional<Error> refusal;
    modbus::WriteReport report{.outcome = modbus::WriteOutcome::verified, .read_back = 60, .reason = ""};
};

// A battery whose inverter follows, a class whose cap is ignored.
class FakeControl final : public ControlView {
  public:
    std::vector<ControlStatus> controlled() const override { return devices; }
    void act(Time) override { ++acted; }

    std::vector<ControlStatus> devices{
        {.id = "LIB-01",
         .device_id = "inverter-1",
         .state = dispatch::ControlState::controlling,
         .wanted_kw = -12.5,
         .setpoint_kw = -12.5,
         .measured_kw = -12.3},
        {.id = "training",
         .subject = ControlSubject::load_class,
         .device_id = "rack-1",
         .state = dispatch::ControlState::suspended,
         .trouble = dispatch::ControlTrouble::ignores,
         .reason = "20.0 kW were set and acknowledged, 31.0 kW are measured after 20.0 s",
         .wanted_kw = 20,
         .measured_kw = 31,
         .is_failed = true}};
    int acted = 0;
};
// A service that has just been scaled up, and one whose number nobody tells.
class FakeScaling final : public ScalingView {
  public:
    FakeScaling();
    std::vector<ScalingGroupView> groups() const override { return services; }
    std::vector<GroupDecision> decisions() const override { return decided; }
    Result<std::optional<dispatch::ScalingDecision>> set_by_hand(const std::string& group,
                                                                 dispatch::ManualOverride manual) override;

    std::vector<ScalingGroupView> services;
    std::vector<GroupDecision> decided;  // the newest first
    std::optional<dispatch::ManualOverride> last_manual;
};

struct ForecastWorld;

class FakeContext final : public Context {
  public:
    FakeContext();

    Time now() const override { return present; }
    std::chrono::steady_clock::time_point steady_now() const override { return steady; }
    const SiteView& site() const override { return fake_site; }
    SystemView system() const override { return system_view; }
    const PriceBook& prices() const override { return price_book; }
    PlannerView& planner() override { return fake_planner; }
    modbus::UnitCounters unit_counters(DeviceIndex device) const override;
    CommandDesk& commands() override { return desk; }
    ControlView& control() override { return fake_control; }
    ScalingView& scaling() override { return fake_scaling; }
    // Acknowledges, resolves and keeps windows as the engine does; `refusal` refuses everything.
    Result<Effects> apply(const Event& event) override;
    void audit(AuditRow row) override { audited.push_back(std::move(row)); }
    bool query(Query query) override;
    // At once, on this thread. The first time ten days of a constant series, an event and a job come before:
    // numbers that are the same on every machine.
    bool forecasts(ForecastQuery query) override;
    void check_configuration(UniqueFunction<void(ConfigurationVerdict)> done) override { done(verdict); }
    void reload(UniqueFunction<void(ConfigurationVerdict)> done) override { done(verdict); }

    void live_ten_days();

    // Runs the queries that wait, as the worker and the loop would.
    void run_queries();

    Time present = fake_now;
    std::chrono::steady_clock::time_point steady{};
    FakeSite fake_site;
    FakeHistory history;
    FakeCommandDesk desk;
    SystemView system_view;
    // A tariff "energy_price" of two prices, and a file "hash_price" with six hours of them.
    PriceBook price_book;
    FakePlanner fake_planner;
    FakeControl fake_control;
    FakeScaling fake_scaling;
    ConfigurationVerdict verdict;
    std::optional<Error> refusal;
    std::vector<AuditRow> audited;
    std::vector<Event> applied;
    std::deque<Query> queries;
    // The book of series and what it remembers; ForecastWorld is in fake_memory.hpp.
    std::shared_ptr<ForecastWorld> world;
    bool without_series = false;  // or with those that a test has configured
    bool forecasts_refused = false;
    std::size_t query_capacity = 64;
    bool queries_run_at_once = false;  // for faces, whose tests do not look at the worker
};

}  // namespace sitepower::support
