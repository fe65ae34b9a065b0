// Feeds events to the engine and carries out its effects: messages with their identity to the publisher
// (live) and the store (until delivered), rows for history, lines in the journal. The place where a reading's
// way can be read from top to bottom. Owned by the app; loop thread only.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/site/site.hpp"
#include "daemon/executor/backlog_pump.hpp"
#include "daemon/executor/message_maker.hpp"
#include "daemon/message/message.hpp"
#include "daemon/operation/json.hpp"
#include "daemon/publish/publisher.hpp"
#include "daemon/store/store.hpp"

namespace sitepower {

// Where the executor's messages and rows go: the real publisher and store, or a test.
class ExecutorOutlets {
  public:
    virtual ~ExecutorOutlets() = default;
    // Live. False: no connection or no room, it comes back as backlog. Of a message that clears a topic,
    // which is in no backlog: no room, it is to be published again.
    virtual bool publish(std::shared_ptr<const Message> message) = 0;
    // False at the store's limit (readings only).
    virtual bool append(Row row) = 0;
    // Rows appended so far are to be committed now; Executor::committed says when they are.
    virtual void commit_soon() = 0;
    // Undelivered messages that are to be sent again. False: no room, they are read again.
    virtual bool send_backlog(std::vector<std::shared_ptr<const Message>> batch) = 0;
    // Read from the outbox on the worker; the answer comes back through Executor::backlog_read.
    virtual void read_outbox(BacklogPump::Order order) = 0;
};

struct ExecutorCounters {
    std::uint64_t frames = 0;
    std::uint64_t readings_refused = 0;  // by the store, at its limit
};

struct ForecastEffects;  // daemon/forecast/report.hpp
struct SeriesReport;

class Executor {
  public:
    // Topics to be cleared for which the publisher had no room.
    static constexpr std::size_t not_taken_off_limit = 4096;

    Executor(Site site, Epoch epoch, ExecutorOutlets& outlets);

    // What was open before the start; tells the site and every present state once.
    void begin(const Snapshot& snapshot, Time now);
    // A changed configuration: the engine is exchanged, its memory and the daemon's own conditions carried
    // over; retained topics of parts that have left the site are cleared.
    void replace_site(std::shared_ptr<const SiteModel> model, SiteSettings settings, Time now);

    // A reload has put another publisher in the old one's place. It remembers no retained topic, and would
    // clear those of open alerts from the broker: everything retained is told once more.
    void publisher_exchanged(Time now);

    void handle(const Event& event, Time now);
    // A request of somebody: what followed from it, or the engine's refusal.
    Result<Effects> apply(const Event& event, Time now);

    void connection_changed(const ConnectionState& state, Time now);
    void message_refused(MessageKey key, int reason_code, Time now);
    // The publisher's counters as they stand, every second: while the broker says of every message that
    // nobody subscribes (PUBACK 0x10; MQTT 5 only), the condition broker_no_subscriber holds.
    void acknowledgements(std::uint64_t acknowledged, std::uint64_t no_subscriber, Time now);
    void readings_dropped(Time from, Time to, std::uint64_t frames, Time now);
    // Undelivered ones that the disk has damaged.
    void readings_unreadable(Time from, Time to, std::uint64_t frames, Time now);
    void backlog_wanted();
    // What was appended before the connection began is in the outbox, as far as it is not delivered.
    void committed(std::uint64_t outbox_rows);
    void backlog_read(std::vector<std::shared_ptr<const Message>> batch);
    // What the forecast thread has found out.
    void forecasts(ForecastEffects effects, Time now);
    // Due every second: time passes for the engine, and the backlog goes on.
    void tick(std::uint64_t outbox_rows, Time now);
    // What another part of the daemon has to say: a payload of the usual head and the members of `body`.
    void tell_retained(const std::string& topic, const Json& body, Time now);
    void tell_event(const std::string& topic, const Json& body, Time now);
    // Takes a retained topic off the broker.
    void clear(const std::string& topic);
    void keep(Row row) { outlets_.append(std::move(row)); }
    // Rows of what the batteries have learnt; due every few minutes and before the store stops. While a
    // string discharges the executor does so by itself: a memory of minutes ago would be far off.
    void remember();

    const Site& site() const { return site_; }
    const MessageMaker& messages() const { return maker_; }
    ExecutorCounters counters() const { return counters_; }

  private:
    void keep_what_is_open();
    void remember_discharge(Time now);
    void carry_out(Time now);
    void tell_readings(FramePtr frame);
    void tell_device(const DeviceState& state, Time now);
    void tell_battery(const BatteryState& state, Time now);
    void tell_string(const StringState& state, Time now);
    void tell_ups(const UpsState& state, Time now);
    void tell_alert(const AlertChange& change, Time now);
    void tell_alert_topic(const AlertChange& change, Time now);
    void tell_window(const MaintenanceWindow& window, std::string_view transition, Time now);
    void order_backlog();
    void tell_replaced(const BatteryReplaced& replaced, Time now);
    void tell_tested(const CapacityReport& report, Time now);
    void tell_site(Time now);
    void tell_forecast(const SeriesReport& report, Time now);
    void tell_drift(Time now);
    void send(std::shared_ptr<const Message> message);
    void take_off(const std::string& topic);
    void take_off_again();
    std::string name_of(MessageKey key) const;
    void set_nobody_subscribes(bool holds, Time now);
    void tell_connection(const ConnectionState& state);
    void condition(std::string_view type, bool holds, std::string message, Time now);
    void tell_gap(Time from, Time to, std::uint64_t frames, const std::string& text, Time now);

    Site site_;
    MessageMaker maker_;
    ExecutorOutlets& outlets_;
    BacklogPump pump_;
    std::uint64_t outbox_rows_ = 0;  // at the last tick or commit
    Effects effects_;
    ExecutorCounters counters_;
    std::vector<DeviceStatus> told_;                     // by DeviceIndex: what the journal has heard
    std::map<std::string, SystemCondition> conditions_;  // that hold, by type; at most one per rule
    std::set<std::string> not_taken_off_;                // topics; tried again at each tick
    std::map<std::string, std::shared_ptr<const SeriesReport>> told_forecasts_;  // the last of each series
    std::map<std::string, Time> drifted_;                                        // series, and when
    struct Discharge {
        bool flows = false;  // when it was last remembered
        Time remembered_at{};
    };
    std::vector<Discharge> discharges_;  // by string
    std::optional<ConnectionState> connection_;
    std::optional<Time> last_refusal_;
    std::optional<Time> retry_refused_at_;  // what the broker refused is in the outbox and is offered again
    std::uint64_t acknowledged_ = 0;        // as last counted, of this publisher
    std::uint64_t no_subscriber_ = 0;
    bool nobody_subscribes_ = false;
    bool gave_up_ = false;  // readings were dropped and the outbox has not been empty since
};

}  // namespace sitepower
