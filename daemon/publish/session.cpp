#include "daemon/publish/session.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "daemon/message/payload.hpp"

namespace sitepower {
namespace {

constexpr int no_matching_subscribers = 0x10;
constexpr int first_refusal = 0x80;
constexpr std::size_t most_own_messages = 4096;
constexpr Duration retained_scan_interval{10'000};
constexpr Duration check_interval{1000};

std::size_t allowed(const PublisherSettings& settings, std::size_t receive_maximum) {
    return std::max<std::size_t>(1, std::min(settings.window, receive_maximum));
}

// A tenth of a second's worth may go at once.
TokenBucket backlog_bucket(const PublisherSettings& settings, Steady now) {
    const auto rate = static_cast<double>(std::max<std::size_t>(settings.backlog_per_second, 1));
    return {rate, std::max(1.0, rate / 10), now};
}

}  // namespace

Session::Session(SessionEnvironment environment, MqttLink& link, bool protocol_5, std::size_t receive_maximum,
                 Steady reconcile_at, Now now)
    : environment_(environment),
      link_(link),
      in_flight_(allowed(environment.settings, receive_maximum)),
      backlog_rate_(backlog_bucket(environment.settings, now.steady)),
      reconciler_(environment.root, reconcile_at),
      since_(now.time),
      status_due_(now.steady),
      retained_due_(now.steady + retained_scan_interval),
      check_due_(now.steady + check_interval) {
    for (auto& topic : environment_.retained.topics()) states_.insert(std::move(topic));
    if (protocol_5 && environment_.settings.requests_enabled) {
        gate_.emplace(environment_.root, environment_.settings.requests_per_minute, now.steady);
        const std::array<std::string, 1> filters{gate_->filter()};
        link_.subscribe(filters, SubscribeMode::new_messages);
    }
    if (!environment_.settings.metrics.empty()) {
        metrics_.emplace(environment_.root, environment_.settings.metrics, now.steady);
        link_.subscribe(metrics_->filters(), SubscribeMode::new_messages);
    }
    if (!environment_.settings.inbound.empty()) {
        inbound_.emplace(environment_.settings.inbound, now.steady);
        if (const auto fresh = inbound_->filters(false); !fresh.empty())
            link_.subscribe(fresh, SubscribeMode::new_messages);
        if (const auto kept = inbound_->filters(true); !kept.empty())
            link_.subscribe(kept, SubscribeMode::with_retained);
    }
}

void Session::live(std::shared_ptr<const Message> message) {
    live_.push_back(std::move(message));
}

// At the limits a message stays in the outbox until the next connect.
void Session::retained(std::shared_ptr<const Message> message) {
    const std::string& topic = message->topic;
    const auto before = environment_.retained.remember(message);
    const bool was_waiting = states_.erase(topic) > 0;
    if (before && was_waiting) send_late(before);
    if (is_clear(*message))
        queue_clear(topic, message);
    else if (environment_.retained.find(topic) == message)
        states_.insert(topic);
    else if (live_.size() < most_own_messages)
        live_.push_back(std::move(message));  // not remembered: the table is full
}

// A state that was replaced before it could be sent still happened.
void Session::send_late(std::shared_ptr<const Message> message) {
    if (own_.size() >= most_own_messages) {
        backlog_.settled(message->key);  // stays in the outbox until the next connect
        return;
    }
    own_.push_back({.topic = environment_.root + "backlog/" + message->topic,
                    .payload = std::string(payload_of(*message)),
                    .source = message});
}

void Session::queue_clear(std::string topic, std::shared_ptr<const Message> source) {
    // At the limit it is lost, for the store has none; the next connect reconciles.
    if (own_.size() >= most_own_messages) return;
    own_.push_back(
        {.topic = environment_.root + topic, .payload = {}, .retained = true, .source = std::move(source)});
}

void Session::backlog(std::vector<std::shared_ptr<const Message>> batch, Steady now) {
    // Read before the commit that removes it: what the broker has need not be sent, nor waited for.
    std::erase_if(batch, [this](const auto& message) {
        const auto held = environment_.retained.find(message->topic);
        const bool has =
            held && held->key == message->key && environment_.retained.is_delivered(message->topic);
        if (has) delivered_.push_back(message->key);
        return has;
    });
    std::vector<MessageKey> on_their_way;
    in_flight_.append_keys(on_their_way);
    for (const auto& message : live_) on_their_way.push_back(message->key);
    for (const auto& own : own_) {
        if (own.source) on_their_way.push_back(own.source->key);
    }
    for (const auto& topic : states_) {
        if (const auto message = environment_.retained.find(topic)) on_their_way.push_back(message->key);
    }
    std::ranges::sort(on_their_way);
    backlog_.replace(std::move(batch), on_their_way, now);
}

void Session::reply(const MqttRequest& request, std::string payload) {
    if (own_.size() >= most_own_messages) return;
    own_.push_back({.topic = request.response_topic,
                    .payload = std::move(payload),
                    .correlation_data = request.correlation_data});
}

void Session::acknowledged(const Acknowledgement& acknowledgement, Now now) {
    const auto entry = in_flight_.take(acknowledgement.mid);
    if (!entry) return;
    if (entry->origin == Origin::backlog) --backlog_in_flight_;
    if (acknowledgement.reason_code >= first_refusal) {
        refuse(*entry, acknowledgement.reason_code);
        return;
    }
    ++environment_.tally.acknowledged;
    environment_.tally.last_acknowledged_ms = to_ms(now.time);
    environment_.tally.latency_us =
        std::chrono::duration_cast<std::chrono::microseconds>(now.steady - entry->sent).count();
    if (acknowledgement.reason_code == no_matching_subscribers) ++environment_.tally.no_subscriber;
    settle(*entry);
    if (entry->report) delivered_.push_back(entry->key);
}

void Session::refuse(const InFlightMessage& entry, int reason_code) {
    ++environment_.tally.refused;
    backlog_.settled(entry.key);
    if (!entry.report) return;
    environment_.observer.refused(entry.key, reason_code);
}

void Session::settle(const InFlightMessage& entry) {
    if (entry.retained) environment_.retained.delivered(*entry.retained);
    backlog_.settled(entry.key);
}

void Session::received(ReceivedMessage message, Now now) {
    if (const auto topic = reconciler_.judge(message, environment_.retained, now.steady)) {
        queue_clear(*topic, nullptr);
        return;
    }
    if (metrics_ && metrics_->concerns(message.topic)) {
        auto judged = metrics_->judge(message, now.steady, now.time);
        ++(judged.value ? environment_.tally.metrics : environment_.tally.metrics_refused);
        if (judged.value) environment_.observer.metric(std::move(*judged.value));
        if (!judged.complaint.empty()) environment_.observer.metric_refused(judged.metric, judged.complaint);
        return;
    }
    if (inbound_ && inbound_->concerns(message.topic)) {
        auto accepted = inbound_->judge(std::move(message), now.steady);
        ++(accepted ? environment_.tally.inbound : environment_.tally.inbound_dropped);
        if (accepted) environment_.observer.inbound(std::move(*accepted));
        return;
    }
    if (!gate_ || message.retained) return;
    JudgedRequest judged = gate_->judge(std::move(message), now.steady);
    if (judged.verdict == RequestVerdict::accepted) {
        ++environment_.tally.requests;
        environment_.observer.request(std::move(judged.request));
        return;
    }
    ++environment_.tally.requests_dropped;
    if (judged.verdict == RequestVerdict::limited) reply(judged.request, rate_limited_reply(now.time));
}

void Session::turn(Now now) {
    repeat(now);
    reconciler_.turn(link_, now.steady);
    finish_if_due(now);
    send_waiting(now);
    report();
    check_acknowledgements(now.steady);
    environment_.tally.in_flight = in_flight_.size();
    if (const auto ask_at = backlog_.ask_at(); ask_at && *ask_at <= now.steady && !finish_at_) {
        backlog_.asked(now.steady);
        environment_.observer.backlog_wanted();
    }
}

void Session::repeat(Now now) {
    if (finish_at_) return;
    if (now.steady >= status_due_) {
        status_due_ = now.steady + environment_.settings.status_interval;
        own_.push_back({.topic = environment_.root + "status",
                        .payload = environment_.status.online(now.time, since_),
                        .retained = true,
                        .expiry = 3 * environment_.settings.status_interval});
    }
    if (now.steady >= retained_due_) {
        retained_due_ =
            now.steady + std::min(retained_scan_interval, environment_.settings.retained_interval);
        const auto before = now.steady - environment_.settings.retained_interval;
        for (auto& topic : environment_.retained.not_sent_since(before)) states_.insert(std::move(topic));
    }
}

void Session::finish(Steady force_at) {
    finish_at_ = force_at;
}

void Session::finish_if_due(Now now) {
    if (!finish_at_ || offline_sent_) return;
    const bool drained = own_.empty() && states_.empty() && live_.empty();
    if (!drained && now.steady < *finish_at_) return;
    offline_sent_ = true;
    own_.push_front({.topic = environment_.root + "status",
                     .payload = environment_.status.offline(now.time),
                     .retained = true});
}

void Session::send_waiting(Now now) {
    const std::size_t waiting = own_.size() + states_.size() + live_.size();
    const bool burst = in_flight_.room() > 1 && (waiting > 1 || backlog_.has_next());
    if (burst) link_.begin_burst();
    while (in_flight_.room() > 0 && !complaint_) {
        const bool sent = send_own(now.steady) || send_state(now.steady) || send_live(now.steady) ||
                          send_backlog(now.steady);
        if (!sent) break;
    }
    if (burst) link_.end_burst();
}

// Each send_* takes one message off its queue and is false when there is none that may go now.
bool Session::send_own(Steady now) {
    if (own_.empty()) return false;
    const OwnMessage own = std::move(own_.front());
    own_.pop_front();
    InFlightMessage entry{.origin = Origin::own, .sent = now};
    if (own.source) {
        entry.key = own.source->key;
        entry.report = true;
    }
    send({.topic = own.topic,
          .payload = own.payload,
          .retained = own.retained,
          .expiry = own.expiry,
          .correlation_data = own.correlation_data},
         std::move(entry));
    return true;
}

bool Session::send_state(Steady now) {
    if (states_.empty()) return false;
    auto chosen = states_.upper_bound(last_state_);
    if (chosen == states_.end()) chosen = states_.begin();
    const std::string& topic = last_state_ = *chosen;
    states_.erase(chosen);
    auto message = environment_.retained.find(topic);
    if (!message) return true;
    environment_.retained.sent(topic, now);
    topic_.assign(environment_.root).append(topic);
    const bool report = !environment_.retained.is_delivered(topic);
    InFlightMessage entry{.key = message->key, .origin = Origin::own, .report = report, .sent = now};
    entry.retained = message;
    const OutgoingMessage outgoing{
        .topic = topic_, .payload = payload_of(*message), .retained = true, .expiry = message->expiry};
    if (send(outgoing, std::move(entry)) && report) ++environment_.tally.published_live;
    return true;
}

bool Session::send_live(Steady now) {
    if (live_.empty()) return false;
    const auto message = std::move(live_.front());
    live_.pop_front();
    topic_.assign(environment_.root).append(message->topic);
    const OutgoingMessage outgoing{.topic = topic_,
                                   .payload = payload_of(*message),
                                   .retained = message->retained,
                                   .expiry = message->expiry};
    if (send(outgoing, {.key = message->key, .origin = Origin::live, .report = true, .sent = now}))
        ++environment_.tally.published_live;
    return true;
}

bool Session::send_backlog(Steady now) {
    if (!backlog_.has_next() || finish_at_ || backlog_room() == 0 || !backlog_rate_.take(now)) return false;
    const auto message = backlog_.next();
    const auto payload = payload_of(*message);
    if (payload.empty()) {
        clear_late(*message, now);
        return true;
    }
    topic_.assign(environment_.root).append("backlog/").append(message->topic);
    const InFlightMessage entry{.key = message->key, .origin = Origin::backlog, .report = true, .sent = now};
    backlog_.next_sent();
    if (send({.topic = topic_, .payload = payload}, entry)) {
        ++backlog_in_flight_;
        ++environment_.tally.published_backlog;
    }
    return true;
}

// A clear that could not be sent in time is still due, unless the topic has got a new message since.
void Session::clear_late(const Message& message, Steady now) {
    const MessageKey key = message.key;
    topic_.assign(environment_.root).append(message.topic);
    if (environment_.retained.find(message.topic)) {
        backlog_.next_settled();
        delivered_.push_back(key);
        return;
    }
    backlog_.next_sent();
    send({.topic = topic_, .payload = {}, .retained = true},
         {.key = key, .origin = Origin::own, .report = true, .sent = now});
}

bool Session::send(const OutgoingMessage& message, InFlightMessage entry) {
    const SendResult result = link_.publish(message);
    if (result.outcome == SendOutcome::refused) {
        refuse(entry, result.reason_code);
        return false;
    }
    if (result.outcome == SendOutcome::ended) {
        complaint_ = "the connection ended";
        return false;
    }
    if (!in_flight_.put(result.mid, std::move(entry))) {
        complaint_ = "the broker has not acknowledged a message for too long";
        return false;
    }
    return true;
}

// Frames become JSON here, in a buffer that is reused: valid until the next call.
std::string_view Session::payload_of(const Message& message) {
    if (const auto* text = std::get_if<std::string>(&message.body)) return *text;
    const Frame& frame = *std::get<FramePtr>(message.body);
    buffer_.clear();
    append_readings_json({.site = environment_.site,
                          .epoch_bits = message.epoch_bits,
                          .key = message.key,
                          .seq = message.seq,
                          .time = frame.time},
                         frame, buffer_);
    return buffer_;
}

// Half of the window at most, so that a live message never waits behind a whole window of backlog.
std::size_t Session::backlog_room() const {
    const std::size_t most = std::max<std::size_t>(1, in_flight_.window() / 2);
    return backlog_in_flight_ >= most ? 0 : most - backlog_in_flight_;
}

bool Session::may_gather_acknowledgements() const {
    const auto size = in_flight_.size();
    return size > 0 && 2 * size < in_flight_.window() && !gate_ && !finish_at_;
}

void Session::report() {
    if (delivered_.empty()) return;
    environment_.observer.delivered(delivered_);
    delivered_.clear();
}

void Session::check_acknowledgements(Steady now) {
    if (now < check_due_) return;
    check_due_ = now + check_interval;
    const auto oldest = in_flight_.oldest();
    if (oldest && now - *oldest > environment_.settings.acknowledge_timeout)
        complaint_ = "the broker does not acknowledge what it is sent";
}

Steady Session::next_due(Steady now) {
    if (finish_at_) return offline_sent_ ? check_due_ : std::min(check_due_, std::max(*finish_at_, now));
    Steady due = std::min({status_due_, retained_due_, check_due_});
    if (const auto at = reconciler_.due()) due = std::min(due, *at);
    if (const auto at = backlog_.ask_at()) due = std::min(due, *at);
    if (backlog_.has_next() && backlog_room() > 0 && in_flight_.room() > 0)
        due = std::min(due, backlog_rate_.next(now));
    return due;
}

}  // namespace sitepower
