#include "daemon/publish/worker.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace sitepower {
namespace {

constexpr std::size_t command_queue = 4096;
// libmosquitto wants to be called once a second, for its keep-alive.
constexpr auto tick = std::chrono::seconds(1);
// How long live messages wait for the first connection; later ones find it at hand or are left to the outbox.
constexpr auto first_attempt_limit = std::chrono::seconds(2);
// Waking for each acknowledgement would be half of the thread's work at a few hundred messages a second.
constexpr auto gather_acknowledgements = std::chrono::milliseconds(5);
// Of the time that stop() was given, what is kept for `offline` and its acknowledgement.
constexpr auto farewell = std::chrono::milliseconds(500);
constexpr std::string_view note_311 =
    "MQTT 3.1.1: the broker acknowledges also what its access rules discard, and does not say when nobody "
    "subscribes";

constexpr std::string_view note_closed_soon =
    "closed again and again soon after the broker had accepted: another client may use our client id";

Steady steady_now() {
    return std::chrono::steady_clock::now();
}

Now now_on_both_clocks() {
    return {.steady = steady_now(), .time = std::chrono::floor<Duration>(std::chrono::system_clock::now())};
}

Steady from_count(Steady::rep count) {
    return Steady(Steady::duration(count));
}

int milliseconds_until(Steady due, Steady now) {
    if (due <= now) return 0;
    return static_cast<int>(
        std::chrono::ceil<std::chrono::milliseconds>(std::min(due - now, Steady::duration(tick))).count());
}

}  // namespace

Publisher::Worker::Worker(PublisherSettings settings, std::string site, std::uint64_t epoch_bits,
                          PublisherObserver& observer, std::uint64_t status_seq)
    : settings_(std::move(settings)),
      site_(std::move(site)),
      root_(settings_.topic_prefix + "/" + site_ + "/"),
      observer_(observer),
      live_mailbox_(std::max<std::size_t>(settings_.queue / 2, 1)),
      commands_mailbox_(command_queue),
      status_(site_, epoch_bits, status_seq),
      retained_(settings_.retained_topics),
      dialer_(settings_, settings_.client_id.empty() ? "sitepower-" + site_ : settings_.client_id) {
    start_mqtt_library();
    if (!settings_.brokers.empty()) plan_.emplace(settings_, epoch_bits, steady_now());
}

Publisher::Worker::~Worker() {
    stop(Duration{0});
    stop_mqtt_library();
}

void Publisher::Worker::start() {
    if (!settings_.enabled || !plan_ || thread_.joinable()) return;
    started_ = steady_now();
    progress_ = started_.time_since_epoch().count();
    first_attempt_ = true;
    thread_ = std::thread([this] { run(); });
}

void Publisher::Worker::stop(Duration at_most) {
    if (!thread_.joinable()) return;
    stop_by_ = (steady_now() + at_most).time_since_epoch().count();
    commands_mailbox_.wake();
    thread_.join();
}

bool Publisher::Worker::publish(std::shared_ptr<const Message> message) {
    if (!thread_.joinable()) return false;
    const bool connected = connected_.load(std::memory_order_relaxed);
    if (message->retained) {
        const bool in_outbox = !is_clear(*message);
        return commands_mailbox_.push(Command(std::move(message))) && (connected || !in_outbox);
    }
    if (!connected && !first_attempt_.load(std::memory_order_relaxed)) return false;
    if (live_mailbox_.push(std::move(message))) return true;
    ++tally_.left_to_backlog;
    left_behind_ = true;
    return false;
}

bool Publisher::Worker::backlog(std::vector<std::shared_ptr<const Message>> batch) {
    return commands_mailbox_.push(Command(BacklogCommand{.messages = std::move(batch)}));
}

// A reply that finds no room is lost: whoever asked asks again.

void Publisher::Worker::reply(const MqttRequest& request, std::string payload) {
    [[maybe_unused]] const bool fits =
        commands_mailbox_.push(Command(ReplyCommand{.request = request, .payload = std::move(payload)}));
}

ConnectionState Publisher::Worker::connection() const {
    const std::lock_guard lock(state_mutex_);
    return state_;
}

Duration Publisher::Worker::since_progress() const {
    if (!thread_.joinable()) return Duration{0};
    return std::chrono::duration_cast<Duration>(steady_now() - from_count(progress_));
}

void Publisher::Worker::run() {
    while (true) {
        const Now now = now_on_both_clocks();
        progress_.store(now.steady.time_since_epoch().count(), std::memory_order_relaxed);
        take_commands(now.steady);
        if (now.steady >= started_ + first_attempt_limit) first_attempt_ = false;
        take_live();
        drive(now);
        if (is_finished(now.steady)) break;
        wait(steady_now());
    }
    connected_ = false;
    session_.reset();
    dialer_.drop();
}

bool Publisher::Worker::is_finished(Steady now) {
    const auto stop_by = stop_by_.load();
    if (stop_by == 0) return false;
    const Steady deadline = from_count(stop_by);
    if (!session_ || now >= deadline) return true;
    if (!finishing_) {
        finishing_ = true;
        connected_ = false;
        session_->finish(std::max(now, deadline - farewell));
        return false;
    }
    if (!session_->done()) return false;
    dialer_.connection()->disconnect();
    return true;
}

void Publisher::Worker::wait(Steady now) {
    std::array<pollfd, 4> polls{};
    MqttConnection* connection = dialer_.connection();
    const bool gather = session_ && now < gather_until_ && session_->may_gather_acknowledgements();
    polls[0] = {.fd = connection != nullptr ? connection->socket() : -1, .events = 0, .revents = 0};
    if (!gather) polls[0].events |= POLLIN;
    if (connection != nullptr && connection->wants_write()) polls[0].events |= POLLOUT;
    polls[1] = {.fd = commands_mailbox_.fd(), .events = POLLIN, .revents = 0};
    // While live messages wait for room in the window, or for the first connection, those behind them wait in
    // the mailbox.
    const bool hold_back = session_ ? session_->has_live() : first_attempt_.load();
    polls[2] = {.fd = hold_back ? -1 : live_mailbox_.fd(), .events = POLLIN, .revents = 0};
    polls[3] = {.fd = dialer_.lookup_fd(), .events = POLLIN, .revents = 0};
    const Steady due = gather ? std::min(next_due(now), gather_until_) : next_due(now);
    poll(polls.data(), polls.size(), milliseconds_until(due, now));
    socket_poll_ = polls[0];
    commands_wait_ = polls[1].revents != 0;
    live_waits_ = polls[2].fd < 0 || polls[2].revents != 0;
}

Steady Publisher::Worker::next_due(Steady now) {
    if (const auto stop_by = stop_by_.load(); stop_by != 0 && !finishing_) return now;
    Steady due = now + tick;
    if (finishing_) due = std::min(due, from_count(stop_by_));
    if (session_) return std::min(due, session_->next_due(now));
    return std::min(due, dialer_.active() ? dialer_.deadline() : plan_->due());
}

void Publisher::Worker::take_commands(Steady now) {
    if (commands_wait_) {
        commands_mailbox_.drain(commands_);
        for (auto& command : commands_) {
            std::visit([&](auto& of_its_kind) { obey(of_its_kind, now); }, command);
        }
        commands_.clear();
    }
    if (left_behind_.exchange(false) && session_) session_->left_behind(now);
}

void Publisher::Worker::obey(LiveMessage& message, Steady /*now*/) {
    if (session_)
        session_->retained(std::move(message));
    else
        retained_.remember(std::move(message));
}

void Publisher::Worker::obey(BacklogCommand& command, Steady now) {
    if (!session_) return;
    // What was pushed live before this batch was read must be known to be on its way.
    live_mailbox_.drain(live_);
    for (auto& message : live_) session_->live(std::move(message));
    live_.clear();
    session_->backlog(std::move(command.messages), now);
}

void Publisher::Worker::obey(ReplyCommand& command, Steady /*now*/) {
    if (session_) session_->reply(command.request, std::move(command.payload));
}

void Publisher::Worker::take_live() {
    if (!live_waits_ || (session_ ? session_->has_live() : first_attempt_.load())) return;
    live_mailbox_.drain(live_);
    // Without a session they stay in the outbox.
    if (session_) {
        for (auto& message : live_) session_->live(std::move(message));
    }
    live_.clear();
}

void Publisher::Worker::drive(Now now) {
    if (MqttConnection* connection = dialer_.connection(); connection != nullptr) {
        const auto happened = std::exchange(socket_poll_.revents, 0);
        // What the broker said before it closed comes first: it names the reason.
        if ((happened & (POLLIN | POLLERR | POLLHUP)) != 0) {
            connection->on_readable();
            gather_until_ = now.steady + gather_acknowledgements;
        }
        if ((happened & POLLOUT) != 0) connection->on_writable();
        connection->on_tick();
        if (connection->accepted() && !session_ && !connection->end()) begin_session(*connection, now);
        if (session_) run_session(*connection, now);
    }
    if (!dialer_.active() && stop_by_ == 0 && now.steady >= plan_->due()) dial(now);
    if (const auto end = dialer_.turn(now.steady)) connection_ended(*end, now.steady);
    if (session_ && state_.taken_over_twice && !plan_->taken_over_twice(now.steady)) {
        ConnectionState state = connection();
        state.taken_over_twice = false;
        tell(state);
    }
}

void Publisher::Worker::dial(Now now) {
    dialer_.begin(plan_->attempt(), {.topic = root_ + "status", .payload = status_.will(now.time)},
                  now.steady);
}

void Publisher::Worker::begin_session(MqttConnection& connection, Now now) {
    plan_->accepted(now.steady);
    ++tally_.connects;
    const bool protocol_5 = connection.target().protocol_5;
    session_.emplace(SessionEnvironment{.settings = settings_,
                                        .site = site_,
                                        .root = root_,
                                        .status = status_,
                                        .retained = retained_,
                                        .observer = observer_,
                                        .tally = tally_},
                     connection, protocol_5, connection.receive_maximum(),
                     std::max(now.steady, started_ + settings_.reconcile_delay), now);
    connected_ = true;
    first_attempt_ = false;
    tell({.connected = true,
          .broker = address(),
          .reason = {},
          .protocol_5 = protocol_5,
          .taken_over_twice = plan_->taken_over_twice(now.steady),
          .note = protocol_5 ? std::string() : std::string(note_311)});
}

void Publisher::Worker::run_session(MqttConnection& connection, Now now) {
    connection.take_acknowledgements(acknowledgements_);
    for (const auto& acknowledgement : acknowledgements_) session_->acknowledged(acknowledgement, now);
    connection.take_messages(messages_);
    for (auto& message : messages_) session_->received(std::move(message), now);
    session_->turn(now);
    if (session_->complaint()) connection.give_up(EndKind::lost, *session_->complaint());
}

void Publisher::Worker::connection_ended(const ConnectionEnd& end, Steady now) {
    const std::string broker = address();
    plan_->ended(end.kind, now);
    connected_ = false;
    first_attempt_ = false;
    session_.reset();
    tally_.in_flight = 0;
    const bool taken_over = plan_->taken_over_twice(now);
    tell({.connected = false,
          .broker = broker,
          .reason = end.reason,
          .protocol_5 = false,
          .taken_over_twice = taken_over,
          .note = taken_over && end.kind == EndKind::lost ? std::string(note_closed_soon) : std::string()});
}

void Publisher::Worker::tell(const ConnectionState& state) {
    {
        const std::lock_guard lock(state_mutex_);
        state_ = state;
    }
    observer_.connection_changed(state);
}

std::string Publisher::Worker::address() const {
    const BrokerAddress& broker = settings_.brokers[plan_->attempt().broker];
    return broker.host + ":" + std::to_string(broker.port);
}

}  // namespace sitepower
