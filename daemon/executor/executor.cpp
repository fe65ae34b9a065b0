#include "daemon/executor/executor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "daemon/executor/alert_line.hpp"
#include "daemon/journal/journal.hpp"
#include "daemon/journal/messages.hpp"

namespace sitepower {
namespace {

// Retained states are repeated every 15 minutes; a subscriber should not meet one that nobody has confirmed
// for three of those.
constexpr Duration state_expiry{45 * 60'000};
// A refusal by the broker is over when none came for this long.
constexpr Duration refusal_is_over{10 * 60'000};
// What it refused is offered again after this time: it may have been over its quota, or its rules be mended.
constexpr Duration retry_refused_after{5 * 60'000};
// While a string discharges, and when that begins or ends.
constexpr Duration remember_discharge_interval{30'000};
constexpr Duration least_remember_interval{5'000};
static_assert(retry_refused_after < refusal_is_over);

// The retained topics that the parts of a site have.
std::set<std::string> state_topics(const SiteModel& model) {
    std::set<std::string> topics;
    for (const auto& device : model.devices) topics.insert("device/" + device.id + "/state");
    for (const auto& battery : model.batteries) topics.insert("battery/" + battery.id + "/state");
    for (const auto& string : model.strings) topics.insert("string/" + string.id + "/state");
    for (const auto& ups : model.upses) {
        topics.insert("ups/" + model.devices[position(ups.device)].id + "/state");
    }
    return topics;
}

}  // namespace

Executor::Executor(Site site, Epoch epoch, ExecutorOutlets& outlets)
    : site_(std::move(site)), maker_(site_.model().id, epoch), outlets_(outlets) {
    told_.resize(site_.model().devices.size(), DeviceStatus::unknown);
}

void Executor::begin(const Snapshot& snapshot, Time now) {
    effects_.clear();
    site_.restore(snapshot, now, effects_);
    tell_site(now);
    carry_out(now);
    for (const auto& alert : site_.open_alerts()) {
        if (!alert.held) {
            tell_alert({.transition = AlertTransition::changed, .alert = alert}, now);
        }
    }
}

void Executor::replace_site(std::shared_ptr<const SiteModel> model, SiteSettings settings, Time now) {
    auto vanished = state_topics(site_.model());
    const auto before = std::exchange(site_, Site(std::move(model), std::move(settings)));
    effects_.clear();
    site_.take_over(before, now, effects_);
    // The journal has heard of those that go on as they stood.
    const auto told_before = std::exchange(told_, {});
    for (const auto& state : site_.devices()) {
        const auto& id = site_.model().devices[position(state.device)].id;
        const auto old = std::ranges::find(before.model().devices, id, &DeviceModel::id);
        const bool goes_on = old != before.model().devices.end() && state.status != DeviceStatus::unknown;
        told_.push_back(goes_on ? told_before[static_cast<std::size_t>(old - before.model().devices.begin())]
                                : DeviceStatus::unknown);
    }
    // Who reports a condition does so when it begins and ends, not at each reload.
    for (const auto& [type, condition] : conditions_) site_.handle(condition, now, effects_);
    tell_site(now);
    carry_out(now);
    for (const auto& topic : state_topics(site_.model())) vanished.erase(topic);
    for (const auto& topic : vanished) take_off(topic);
}

void Executor::publisher_exchanged(Time now) {
    pump_.disconnected();
    connection_.reset();
    acknowledged_ = no_subscriber_ = 0;
    set_nobody_subscribes(false, now);
    condition("broker_unreachable", false, "", now);
    condition("broker_session_taken_over", false, "", now);
    tell_site(now);
    for (const auto& state : site_.devices()) {
        if (state.status != DeviceStatus::unknown) tell_device(state, now);
    }
    for (const auto& state : site_.batteries()) tell_battery(state, now);
    for (const auto& state : site_.strings()) tell_string(state, now);
    for (const auto& state : site_.upses()) tell_ups(state, now);
    for (const auto& [series, report] : told_forecasts_) tell_forecast(*report, now);
    for (const auto& alert : site_.open_alerts()) {
        if (!alert.held) tell_alert_topic({.transition = AlertTransition::changed, .alert = alert}, now);
    }
}

void Executor::handle(const Event& event, Time now) {
    if (const auto* condition = std::get_if<SystemCondition>(&event)) {
        if (condition->holds) {
            conditions_[condition->type] = *condition;
            if (condition->type == store_condition_type::set_aside) keep_what_is_open();
        } else {
            conditions_.erase(condition->type);
        }
    }
    // Readings leave before the engine works on them: what follows from them comes behind them either way.
    if (const auto* frame = std::get_if<FramePtr>(&event)) {
        tell_readings(*frame);
    }
    effects_.clear();
    site_.handle(event, now, effects_);
    if (!effects_.empty()) {
        carry_out(now);
    }
}

Result<Effects> Executor::apply(const Event& event, Time now) {
    effects_.clear();
    site_.handle(event, now, effects_);
    if (effects_.refusal) {
        return *effects_.refusal;
    }
    carry_out(now);
    return effects_;
}

// The copy that a fresh database was filled from may be a day old.
void Executor::keep_what_is_open() {
    for (const auto& alert : site_.open_alerts()) outlets_.append(AlertRow{alert});
    for (const auto& window : site_.windows()) outlets_.append(WindowRow{.window = window, .ended = false});
}

void Executor::carry_out(Time now) {
    for (const auto& state : effects_.devices) {
        tell_device(state, now);
    }
    for (const auto& state : effects_.batteries) {
        tell_battery(state, now);
    }
    for (const auto& state : effects_.strings) {
        tell_string(state, now);
    }
    for (const auto& state : effects_.upses) {
        tell_ups(state, now);
    }
    for (const auto& change : effects_.alerts) {
        tell_alert(change, now);
    }
    for (const auto& window : effects_.windows_started) {
        outlets_.append(WindowRow{.window = window, .ended = false});
        tell_window(window, "started", now);
    }
    for (const auto& window : effects_.windows_ended) {
        outlets_.append(WindowRow{.window = window, .ended = true});
        tell_window(window, "ended", now);
    }
    for (const auto& replaced : effects_.batteries_replaced) {
        tell_replaced(replaced, now);
    }
    for (const auto& report : effects_.capacity_tests) {
        tell_tested(report, now);
    }
    // At once: a restart must neither bring an old memory back nor lose a test.
    if (!effects_.batteries_replaced.empty() || !effects_.capacity_tests.empty()) {
        remember();
    }
    if (!effects_.batteries_replaced.empty()) {
        tell_site(now);
    }
}

void Executor::tell_readings(FramePtr frame) {
    ++counters_.frames;
    auto message = maker_.readings(std::move(frame));
    const bool live = outlets_.publish(message);
    if (!live && connection_ && connection_->connected) {
        pump_.left_behind(message->key);
    }
    if (!outlets_.append(MessageRow{std::move(message)})) {
        ++counters_.readings_refused;
    }
}

void Executor::send(std::shared_ptr<const Message> message) {
    if (message->retained) not_taken_off_.erase(message->topic);  // it is in use again
    const bool live = outlets_.publish(message);
    if (!live && connection_ && connection_->connected) {
        pump_.left_behind(message->key);
    }
    outlets_.append(MessageRow{std::move(message)});
}

void Executor::tell_device(const DeviceState& state, Time now) {
    const auto& device = site_.model().devices[position(state.device)];
    send(maker_.retained(MessageKind::state, "device/" + device.id + "/state", now, state_expiry,
                         [&](const PayloadHead& head) { return device_state_json(head, device, state); }));
    auto& told = told_[position(state.device)];
    if (state.status == DeviceStatus::offline && told != DeviceStatus::offline) {
        journal::log(journal::device_offline, fmt::format("{} is offline: {}", device.id, state.reason),
                     {{"DEVICE", device.id}, {"BUS", device.bus}, {"REASON", state.reason}});
    } else if (state.status == DeviceStatus::online && told != DeviceStatus::online) {
        journal::log(journal::device_online, fmt::format("{} answers", device.id),
                     {{"DEVICE", device.id}, {"BUS", device.bus}});
    }
    told = state.status;
}

void Executor::tell_battery(const BatteryState& state, Time now) {
    const auto& battery = site_.model().batteries[position(state.battery)];
    send(maker_.retained(
        MessageKind::state, "battery/" + battery.id + "/state", now, state_expiry,
        [&](const PayloadHead& head) { return battery_state_json(head, site_.model(), state); }));
    outlets_.append(BatteryStateRow{.battery = battery.id, .state = state});
}

void Executor::tell_string(const StringState& state, Time now) {
    const auto& string = site_.model().strings[position(state.string)];
    send(maker_.retained(
        MessageKind::state, "string/" + string.id + "/state", now, state_expiry,
        [&](const PayloadHead& head) { return string_state_json(head, site_.model(), state); }));
}

void Executor::tell_ups(const UpsState& state, Time now) {
    const auto& device = site_.model().devices[position(site_.model().upses[position(state.ups)].device)];
    send(
        maker_.retained(MessageKind::state, "ups/" + device.id + "/state", now, state_expiry,
                        [&](const PayloadHead& head) { return ups_state_json(head, site_.model(), state); }));
}

void Executor::tell_alert(const AlertChange& change, Time now) {
    const auto& alert = change.alert;
    outlets_.append(AlertRow{alert});
    if (alert.held) {
        return;
    }
    send(maker_.text(MessageKind::event, "event/alert", now,
                     [&](const PayloadHead& head) { return alert_event_json(head, change); }));
    if (alert.is_active()) {
        tell_alert_topic(change, now);
    } else {
        const auto topic = "alert/" + alert.id;
        take_off(topic);
        maker_.forget(topic);
    }
    auto kind = alert_kind(change);
    kind.priority = alert_priority(change);
    journal::log(kind, alert_line(change),
                 {{"ALERT", alert.id},
                  {"TYPE", alert.type},
                  {"SEVERITY", to_string(alert.severity)},
                  {"SUBJECT", alert.subject.id}});
}

void Executor::tell_alert_topic(const AlertChange& change, Time now) {
    send(maker_.retained(MessageKind::alert, "alert/" + change.alert.id, now, std::nullopt,
                         [&](const PayloadHead& head) { return alert_json(head, change); }));
}

void Executor::tell_window(const MaintenanceWindow& window, std::string_view transition, Time now) {
    send(maker_.text(MessageKind::event, "event/maintenance", now,
                     [&](const PayloadHead& head) { return maintenance_json(head, window, transition); }));
}

// What was known of the old battery stays in the store under its own serial number.
void Executor::tell_replaced(const BatteryReplaced& replaced, Time now) {
    auto retired = replaced.retired;
    retired.battery += "@" + replaced.old_serial_number;
    outlets_.append(std::move(retired));
    send(maker_.text(MessageKind::event, "event/battery", now, [&](const PayloadHead& head) {
        return battery_replaced_json(head, site_.model(), replaced);
    }));
}

void Executor::tell_tested(const CapacityReport& report, Time now) {
    send(maker_.text(MessageKind::event, "event/capacity_test", now, [&](const PayloadHead& head) {
        return capacity_test_json(head, site_.model(), report);
    }));
}

void Executor::tell_retained(const std::string& topic, const Json& body, Time now) {
    send(maker_.retained(MessageKind::state, topic, now, state_expiry,
                         [&](const PayloadHead& head) { return payload_json(head, to_text(body)); }));
}

void Executor::tell_event(const std::string& topic, const Json& body, Time now) {
    send(maker_.text(MessageKind::event, topic, now,
                     [&](const PayloadHead& head) { return payload_json(head, to_text(body)); }));
}

void Executor::clear(const std::string& topic) {
    take_off(topic);
    maker_.forget(topic);
}

// In no outbox: what found no room is to be said again, or the publisher repeats the topic's last message for
// ever. At the limit it does so until the next start.
void Executor::take_off(const std::string& topic) {
    if (outlets_.publish(maker_.cleared(topic))) return;
    if (not_taken_off_.size() < not_taken_off_limit) not_taken_off_.insert(topic);
}

void Executor::take_off_again() {
    while (!not_taken_off_.empty() && outlets_.publish(maker_.cleared(*not_taken_off_.begin()))) {
        not_taken_off_.erase(not_taken_off_.begin());
    }
}

void Executor::tell_site(Time now) {
    send(maker_.retained(MessageKind::state, "site", now, std::nullopt,
                         [&](const PayloadHead& head) { return site_json(head, site_.model()); }));
}

void Executor::connection_changed(const ConnectionState& state, Time now) {
    tell_connection(state);
    if (state.connected) {
        pump_.connected(maker_.newest());
        // The end of an outage's backlog is not to wait for the commit interval. What was said while the
        // first connection came up is on its way live.
        if (connection_) outlets_.commit_soon();
    } else {
        pump_.disconnected();
        set_nobody_subscribes(false, now);
    }
    connection_ = state;
    condition("broker_unreachable", !state.connected, state.reason, now);
    condition("broker_session_taken_over", state.taken_over_twice,
              state.note.empty() ? state.reason : state.note, now);
}

// In the journal: each connection, each new reason why there is none, and a fight for the session.
void Executor::tell_connection(const ConnectionState& state) {
    const bool was_connected = connection_ && connection_->connected;
    const std::string note = state.note.empty() ? "" : " (" + state.note + ")";
    if (state.connected && !was_connected) {
        const std::string_view protocol = state.protocol_5 ? "5" : "3.1.1";
        journal::log(journal::broker_connected,
                     fmt::format("broker {} connected, MQTT {}{}", state.broker, protocol, note),
                     {{"BROKER", state.broker}, {"PROTOCOL", protocol}});
    } else if (!state.connected && (was_connected || !connection_ || connection_->reason != state.reason)) {
        journal::log(journal::broker_lost, fmt::format("broker {}: {}{}", state.broker, state.reason, note),
                     {{"BROKER", state.broker}, {"REASON", state.reason}});
    }
    if (state.taken_over_twice && !(connection_ && connection_->taken_over_twice)) {
        journal::log(
            journal::broker_session_taken_over,
            fmt::format("another client takes our session at broker {} again and again: we stay away "
                        "for a while",
                        state.broker),
            {{"BROKER", state.broker}});
    }
}

void Executor::acknowledgements(std::uint64_t acknowledged, std::uint64_t no_subscriber, Time now) {
    // Counters that are smaller than before are those of another publisher, after a reload.
    if (acknowledged < acknowledged_) acknowledged_ = no_subscriber_ = 0;
    const auto answers = acknowledged - std::exchange(acknowledged_, acknowledged);
    const auto unheard = no_subscriber - std::exchange(no_subscriber_, no_subscriber);
    if (answers > 0) set_nobody_subscribes(unheard == answers, now);
}

void Executor::set_nobody_subscribes(bool holds, Time now) {
    if (std::exchange(nobody_subscribes_, holds) == holds) return;
    condition("broker_no_subscriber", holds, "", now);
}

// The random bits of an earlier start are not at hand, and without them an id would be another message's.
std::string Executor::name_of(MessageKey key) const {
    if (key == MessageKey{}) return "that clears a retained topic";
    if (key > maker_.epoch().key(0)) return message_id(maker_.site(), maker_.epoch().bits, key);
    return fmt::format("{} of an earlier start", sequence_of(key));
}

void Executor::message_refused(MessageKey key, int reason_code, Time now) {
    last_refusal_ = now;
    if (!retry_refused_at_) retry_refused_at_ = now + retry_refused_after;
    const auto id = name_of(key);
    const auto text = fmt::format("the broker refused message {} with reason 0x{:02x}", id, reason_code);
    journal::log(journal::broker_refused_message, text, {{"ID", id}});
    condition("broker_refused", true, text, now);
}

void Executor::readings_dropped(Time from, Time to, std::uint64_t frames, Time now) {
    const auto text = fmt::format("{} undelivered frames from {} to {} were given up for want of room",
                                  frames, format_time(from), format_time(to));
    tell_gap(from, to, frames, text, now);
    gave_up_ = true;
    condition("outbox_full", true, text, now);
}

void Executor::readings_unreadable(Time from, Time to, std::uint64_t frames, Time now) {
    tell_gap(
        from, to, frames,
        fmt::format("{} undelivered frames from {} to {} cannot be read any more: the disk has damaged them",
                    frames, format_time(from), format_time(to)),
        now);
}

void Executor::tell_gap(Time from, Time to, std::uint64_t frames, const std::string& text, Time now) {
    journal::log(journal::readings_given_up, text);
    send(maker_.text(MessageKind::event, "event/gap", now, [&](const PayloadHead& head) {
        return gap_json(head, {.from = from, .to = to, .frames = frames});
    }));
}

void Executor::condition(std::string_view type, bool holds, std::string message, Time now) {
    handle(SystemCondition{.type = std::string(type), .holds = holds, .message = std::move(message)}, now);
}

void Executor::backlog_wanted() {
    pump_.wanted();
    order_backlog();
}

void Executor::committed(std::uint64_t outbox_rows) {
    outbox_rows_ = outbox_rows;
    order_backlog();
}

void Executor::order_backlog() {
    if (const auto order = pump_.next(outbox_rows_)) {
        outlets_.read_outbox(*order);
    }
}

void Executor::backlog_read(std::vector<std::shared_ptr<const Message>> batch) {
    const bool wanted = batch.empty() ? pump_.read(std::nullopt) : pump_.read(batch.back()->key);
    if (wanted) {
        if (!outlets_.send_backlog(std::move(batch))) pump_.not_taken();
    }
}

void Executor::tick(std::uint64_t outbox_rows, Time now) {
    take_off_again();
    handle(Tick{}, now);
    // What a clock dated that was ahead, and has been set back since, counts from now on.
    if (last_refusal_) last_refusal_ = std::min(*last_refusal_, now);
    if (retry_refused_at_) retry_refused_at_ = std::min(*retry_refused_at_, now + retry_refused_after);
    if (last_refusal_ && now - *last_refusal_ > refusal_is_over) {
        last_refusal_.reset();
        condition("broker_refused", false, "no refusal for ten minutes", now);
    }
    if (gave_up_ && outbox_rows == 0) {
        gave_up_ = false;
        condition("outbox_full", false, "everything is delivered", now);
    }
    if (!drifted_.empty()) tell_drift(now);
    outbox_rows_ = outbox_rows;
    if (retry_refused_at_ && now >= *retry_refused_at_) {
        retry_refused_at_.reset();
        pump_.start_over(maker_.newest());
    }
    order_backlog();
    remember_discharge(now);
}

// Of the strings that discharge, or have just begun or ended to.
void Executor::remember_discharge(Time now) {
    const auto& strings = site_.model().strings;
    discharges_.resize(strings.size());
    for (const StringState& state : site_.strings()) {
        const double nominal_ah = strings[position(state.string)].nominal_capacity_ah;
        const bool flows = state.current_a.value.value_or(0) < -nominal_ah / 50;
        auto& known = discharges_[position(state.string)];
        const auto due = flows == known.flows ? remember_discharge_interval : least_remember_interval;
        if ((!flows && !known.flows) || std::chrono::abs(now - known.remembered_at) < due) continue;
        known = {flows, now};
        for (auto& memory : site_.memories(state.string)) outlets_.append(std::move(memory));
    }
}

void Executor::remember() {
    for (auto& memory : site_.snapshot().batteries) {
        outlets_.append(std::move(memory));
    }
}

}  // namespace sitepower
