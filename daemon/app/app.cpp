#include "daemon/app/app.hpp"

#include <fmt/format.h>
#include <malloc.h>
#include <poll.h>

#include <algorithm>
#include <csignal>
#include <random>
#include <stdexcept>
#include <utility>

#include "daemon/app/parts.hpp"
#include "daemon/app/status_line.hpp"
#include "daemon/forecast/store_memory.hpp"
#include "daemon/http/peer.hpp"
#include "daemon/journal/journal.hpp"
#include "daemon/journal/messages.hpp"
#include "daemon/notify/notify.hpp"
#include "daemon/operation/store_history.hpp"
#include "daemon/scaling/report.hpp"
#include "daemon/store/reader.hpp"

namespace sitepower {
namespace {

using std::chrono::seconds;

constexpr Duration tick_interval = seconds{1};
constexpr Duration status_interval = seconds{5};
// What the batteries have learnt is a few hundred bytes each; a power cut costs at most this much of it.
constexpr Duration remember_interval = std::chrono::minutes{5};
constexpr std::size_t most_restored_prices = 100'000;
constexpr Duration scaling_memory = std::chrono::hours{31 * 24};
constexpr std::size_t most_restored_decisions = 5'000;
constexpr std::size_t most_restored_bids = 5'000;
// Together they keep the stop within 5 s: what is not acknowledged by then is in the outbox.
constexpr Duration publisher_stop_limit = seconds{2};
constexpr Duration hand_back_limit = std::chrono::milliseconds{1500};
// Somebody who bids wrongly does so again and again.
constexpr auto between_refused_bids = std::chrono::minutes{1};
constexpr std::size_t most_refused_bids = 64;  // classes told of within that time

std::unique_ptr<Store> open_store(const StoreSettings& settings, StoreObserver& observer) {
    auto store = Store::open(settings, observer);
    if (!store) {
        throw std::runtime_error(store.error().message);
    }
    return std::move(store).value();
}

std::unique_ptr<HttpServer> open_http(const std::string& socket, Dispatcher& dispatcher) {
    const auto listening = open_local_socket(socket);
    if (!listening) {
        throw std::runtime_error(listening.error().message);
    }
    auto server = HttpServer::start(*listening, {.groups = find_role_groups(), .limits = {}}, dispatcher);
    if (!server) {
        throw std::runtime_error(server.error().message);
    }
    return std::move(server).value();
}

// Undelivered messages in order; empty when there are none, or when the store cannot be read just now (then
// the executor asks again at its next tick).
OutboxBatch outbox_batch(const std::string& database, const BacklogPump::Order& order) {
    const auto reader = Reader::open(database);
    if (!reader) {
        return {};
    }
    auto batch = (*reader)->outbox_batch(order.after, order.limit);
    if (!batch) {
        return {};
    }
    std::erase_if(batch->messages, [&](const auto& message) { return message->key > order.up_to; });
    return std::move(batch).value();
}

// Readings are made on one thread and freed on another, which costs the C library more with an arena per
// thread than one lock for all: a sixth less processor time in "bench cpu", and less memory. Before the first
// thread.
void use_one_arena() {
    mallopt(M_ARENA_MAX, 1);
}

}  // namespace

App::App(config::ConfigPaths paths, config::Config config)
    : parts_((use_one_arena(), std::make_unique<Parts>(std::move(paths), std::move(config)))) {}

App::~App() = default;

int App::run() {
    return parts_->run();
}

App::Parts::Parts(config::ConfigPaths paths, config::Config config)
    : paths_(std::move(paths)),
      config_(std::move(config)),
      started_(steady_now()),
      store_events_(loop_),
      store_(open_store(config_.store, store_events_)),
      publisher_events_(loop_, *store_),
      forecaster_(latest_forecasts_,
                  {.now = [this] { return now(); },
                   .memory = [this] { return std::make_unique<StoreMemory>(store_->path()); },
                   .take = [this](ForecastEffects effects) { take_forecasts(std::move(effects)); }}),
      outlets_(*store_, [this](BacklogPump::Order order) { read_outbox(order); }),
      executor_(Site(config_.model, config_.settings), store_->report().epoch, outlets_),
      buses_(inbox_),
      commands_(config_, buses_),
      site_view_(executor_.site()),
      dispatcher_(*this, std::random_device{}()),
      http_(open_http(config_.http_socket, dispatcher_)),
      prices_({.latest = [this](PointRef point) -> const LatestValue* {
                   return &executor_.site().latest(point.device)[point.slot];
               },
               .keep = [this](PriceRow row) { store_->append(std::move(row)); },
               .stale =
                   [this](bool holds, const std::string& message) {
                       executor_.handle(
                           SystemCondition{.type = "price_stale", .holds = holds, .message = message}, now());
                   },
               .trouble =
                   [](const std::string& series, const std::string& why) {
                       journal::log(journal::price_trouble,
                                    fmt::format("the price series {} has no news: {}", series, why),
                                    {{"SERIES", series}});
                   }}),
      planner_(site_view_, prices_.book(),
               {.work = [this](Query query) { return plan(std::move(query)); },
                .forecast_of = [this](const std::string& series) { return latest_forecasts_.find(series); },
                .tell_retained = [this](const std::string& topic,
                                        const Json& body) { executor_.tell_retained(topic, body, now()); },
                .clear = [this](const std::string& topic) { executor_.clear(topic); },
                .tell_event = [this](const std::string& topic,
                                     const Json& body) { executor_.tell_event(topic, body, now()); },
                .keep = [this](PlanRow row) { executor_.keep(std::move(row)); },
                .condition =
                    [this](std::string_view type, bool holds, const std::string& message) {
                        executor_.handle(
                            SystemCondition{.type = std::string(type), .holds = holds, .message = message},
                            now());
                    },
                .follows = [this](std::size_t battery) { return controller_.may_follow(battery); }}),
      controller_(site_view_, planner_, commands_, control_outlets()),
      actuators_(commands_,
                 {.connected = [this] { return publisher_ && publisher_->connection().connected; },
                  .tell_event = [this](const std::string& topic,
                                       const Json& body) { executor_.tell_event(topic, body, now()); }}),
      caps_(site_view_, planner_, actuators_, cap_outlets()),
      controlled_(controller_, caps_),
      scaling_(site_view_, latest_forecasts_, planner_, actuators_, scaling_outlets()) {}

void App::Parts::configure_forecasts() {
    forecaster_.configure(config_.forecasts);
    expected_loads_.configure(executor_.site().model(), config_.forecasts);
    forecaster_.turn(prices_.book());
}

void App::Parts::take_forecasts(ForecastEffects effects) {
    executor_.forecasts(std::move(effects), now());
    for (ExpectedLoad& load : expected_loads_.changed(latest_forecasts_)) {
        executor_.handle(std::move(load), now());
    }
}

CapSender::Outlets App::Parts::cap_outlets() {
    auto outlets = control_outlets();
    return {.now = std::move(outlets.now),
            .tell_retained = std::move(outlets.tell_retained),
            .clear = std::move(outlets.clear),
            .condition = std::move(outlets.condition)};
}

Scaling::Outlets App::Parts::scaling_outlets() {
    auto outlets = control_outlets();
    return {.now = std::move(outlets.now),
            .steady = std::move(outlets.steady),
            .tell_retained = std::move(outlets.tell_retained),
            .clear = std::move(outlets.clear),
            .tell_event = std::move(outlets.tell_event),
            .keep = [this](PlanRow row) { executor_.keep(std::move(row)); },
            .condition = std::move(outlets.condition)};
}

Controller::Outlets App::Parts::control_outlets() {
    return {
        .now = [this] { return now(); },
        .steady = [this] { return std::chrono::duration_cast<Duration>(steady_now().time_since_epoch()); },
        .tell_retained = [this](const std::string& topic,
                                const Json& body) { executor_.tell_retained(topic, body, now()); },
        .clear = [this](const std::string& topic) { executor_.clear(topic); },
        .tell_event = [this](const std::string& topic,
                             const Json& body) { executor_.tell_event(topic, body, now()); },
        .condition =
            [this](std::string_view type, bool holds, const std::string& message) {
                executor_.handle(
                    SystemCondition{.type = std::string(type), .holds = holds, .message = message}, now());
            },
        .keep_releases =
            [this](const std::vector<ReleaseWrite>& writes) {
                return keep_releases(config_.store.directory + "/" + release_file_name, writes);
            }};
}

int App::Parts::run() {
    start();
    const int status = loop_.run();
    stop();
    return status;
}

void App::Parts::start() {
    journal::set_level(config_.journal_level);
    outlets_.deliver_later(config_.publisher.enabled);
    report_opening();
    store_events_.set_handlers(
        {.condition = [this](const std::string& type, bool holds,
                             const std::string& message) { store_condition(type, holds, message); },
         .readings_dropped =
             [this](Time from, Time to, std::uint64_t frames) {
                 executor_.readings_dropped(from, to, frames, now());
             },
         .committed = [this] { executor_.committed(store_->counters().outbox); }});
    publisher_events_.set_handlers(
        {.refused = [this](MessageKey key, int reason) { executor_.message_refused(key, reason, now()); },
         .connection_changed =
             [this](const ConnectionState& state) {
                 // What the last publisher still said before a reload took the broker away is past.
                 if (publisher_) executor_.connection_changed(state, now());
             },
         .backlog_wanted = [this] { executor_.backlog_wanted(); },
         .request =
             [this](const MqttRequest& request) {
                 execute_mqtt_request(dispatcher_, request.operation, request.payload,
                                      [this, request](std::string reply) {
                                          if (publisher_) {
                                              publisher_->reply(request, std::move(reply));
                                          }
                                      });
             },
         .metric =
             [this](const MetricValue& value) {
                 forecaster_.feed().metric(value.metric, value.time, value.value);
                 scaling_.metric(value.metric, value.time, value.value);
             },
         .metric_refused =
             [](const std::string& metric, const std::string& why) {
                 journal::log(journal::metric_refused,
                              fmt::format("a value of metric/{} is left out, it {}", metric, why),
                              {{"METRIC", metric}});
             },
         .inbound = [this](const InboundMessage& message) { take_inbound(message); }});
    store_->start();
    worker_.start();
    question_worker_.start();
    prices_.start(config_.prices, now());
    restore_prices();
    planner_worker_.start();
    forecaster_.start();
    start_publisher();
    executor_.begin(store_->report().snapshot, now());
    planner_.configure(config_.dispatch, now());
    controller_.configure(config_.control);
    caps_.configure(config_.control);
    configure_forecasts();
    scaling_.configure(config_.scaling);
    restore_scaling();
    restore_bids();
    arm_timers();
    for (const auto& bus : config_.buses) {
        buses_.start(buses_.make(bus));
    }
    watch_parts();
    ready_ = true;
    journal::log(journal::started,
                 fmt::format("sitepowerd {} runs site {}: {} devices on {} buses, {} batteries",
                             SITEPOWER_VERSION, config_.model->id, config_.model->devices.size(),
                             config_.buses.size(), config_.model->batteries.size()),
                 {{"VERSION", SITEPOWER_VERSION},
                  {"SITE", config_.model->id},
                  {"EPOCH", fmt::format("{:016x}", store_->report().epoch.bits)}});
    notify::ready();
    tell_status();
    feed_watchdog();
}

void App::Parts::report_opening() {
    const auto& report = store_->report();
    if (report.replaced.empty()) {
        return;
    }
    journal::log(journal::store_set_aside, report.replaced, {{"PATH", report.set_aside}});
    executor_.handle(
        SystemCondition{
            .type = std::string(store_condition_type::set_aside), .holds = true, .message = report.replaced},
        now());
}

void App::Parts::store_condition(const std::string& type, bool holds, const std::string& message) {
    if (type == store_condition_type::set_aside) {
        journal::log(journal::store_set_aside, message, {{"PATH", store_->path()}});
    } else {
        journal::log(holds ? journal::store_trouble : journal::store_recovered, message,
                     {{"PATH", store_->path()}});
    }
    if (type == store_condition_type::full || type == store_condition_type::error) {
        if (holds) {
            store_reasons_[type] = message;
        } else {
            store_reasons_.erase(type);
        }
    }
    executor_.handle(SystemCondition{.type = type, .holds = holds, .message = message}, now());
    // Younger than what the copy has given back.
    if (type == store_condition_type::set_aside) executor_.remember();
}

void App::Parts::report_unkept(const Unkept& unkept) {
    if (unkept.readings + unkept.others == 0) {
        return;
    }
    journal::log(journal::rows_not_kept,
                 fmt::format("{} readings and {} other rows could not be kept: {}", unkept.readings,
                             unkept.others, unkept.reason.empty() ? "the database was busy" : unkept.reason),
                 {{"PATH", store_->path()}});
}

void App::Parts::start_publisher() {
    outlets_.deliver_later(config_.publisher.enabled);
    if (!config_.publisher.enabled) {
        return;
    }
    publisher_ = std::make_unique<Publisher>(config_.publisher, config_.model->id,
                                             store_->report().epoch.bits, publisher_events_, status_seq_);
    publisher_->start();
    outlets_.use(publisher_.get());
}

void App::Parts::stop_publisher(Duration at_most) {
    outlets_.use(nullptr);
    if (publisher_) {
        publisher_->stop(at_most);
        status_seq_ = publisher_->status_seq();
        publisher_.reset();
    }
}

void App::Parts::arm_timers() {
    for (const int signal : {SIGTERM, SIGINT}) {
        sources_.push_back(loop_.on_signal(signal, [this] { loop_.quit(0); }));
    }
    // SIGHUP reloads too, for those who are used to it; the verdict is in the journal.
    sources_.push_back(loop_.on_signal(SIGHUP, [this] {
        reload([this](const ConfigurationVerdict& verdict) {
            audit({.time = now(),
                   .who = "unknown",  // who sends a signal is not told
                   .from = "SIGHUP",
                   .what = "config.reload",
                   .result = verdict.applied ? "ok" : "refused"});
        });
    }));
    inbox_source_ = loop_.on_readable(inbox_.fd(), [this] { take_readings(); });
    inbox_pause_ = loop_.after(WakeModeration::pause, [this] { take_readings(); });
    sources_.push_back(loop_.on_readable(inbox_.maps_fd(), [this] { take_maps(); }));
    sources_.push_back(loop_.on_readable(inbox_.reports_fd(), [this] { take_reports(); }));
    sources_.push_back(loop_.on_readable(worker_.fd(), [this] { worker_.deliver(); }));
    sources_.push_back(loop_.on_readable(question_worker_.fd(), [this] { question_worker_.deliver(); }));
    sources_.push_back(loop_.on_readable(prices_.fd(), [this] { prices_.deliver(); }));
    sources_.push_back(loop_.on_readable(planner_worker_.fd(), [this] { planner_worker_.deliver(); }));
    sources_.push_back(loop_.on_readable(forecaster_.fd(), [this] { forecaster_.deliver(); }));
    sources_.push_back(loop_.on_readable(http_->fd(), [this] { http_->run(); }));
    sources_.push_back(loop_.every(tick_interval, [this] { tick(); }));
    sources_.push_back(loop_.every(remember_interval, [this] { executor_.remember(); }));
    sources_.push_back(loop_.every(status_interval, [this] { tell_status(); }));
    if (const auto interval = notify::watchdog_interval(); interval > Duration{0}) {
        sources_.push_back(loop_.every(interval / 3, [this] { feed_watchdog(); }));
    }
}

void App::Parts::watch_parts() {
    watchdog_.forget("");
    watchdog_.watch(
        "store writer", [this] { return store_->since_progress(); },
        [this] { return store_->progress_limit(); });
    watchdog_.watch(
        "worker", [this] { return worker_.since_progress(); }, [this] { return worker_.progress_limit(); });
    watchdog_.watch(
        "questions", [this] { return question_worker_.since_progress(); },
        [this] { return question_worker_.progress_limit(); });
    watchdog_.watch(
        "planner", [this] { return planner_worker_.since_progress(); },
        [this] { return planner_worker_.progress_limit(); });
    watchdog_.watch(
        "forecasts", [this] { return forecaster_.worker().since_progress(); },
        [this] { return forecaster_.worker().progress_limit(); });
    if (publisher_) {
        watchdog_.watch(
            "publisher", [this] { return publisher_->since_progress(); },
            [this] { return publisher_->progress_limit(); });
    }
    for (const auto& bus : buses_.all()) {
        watchdog_.watch(
            "bus " + bus->settings().id, [&bus = *bus] { return bus.since_progress(); },
            [&bus = *bus] { return bus.progress_limit(); });
    }
}

void App::Parts::feed_watchdog() {
    if (const auto hanging = watchdog_.hanging()) {
        journal::log(journal::watchdog_withheld, *hanging, {{"PART", *hanging}});
        return;
    }
    notify::feed_watchdog();
}

// From the loop: many at once while they come in a stream.
void App::Parts::take_readings() {
    const bool pause = moderation_.taken(drain_inbox(), steady_now());
    inbox_source_.enable(!pause);
    if (pause) {
        inbox_pause_.arm(WakeModeration::pause);
    }
}

std::size_t App::Parts::drain_inbox() {
    inbox_.drain(events_);
    const auto time = now();
    for (const auto& event : events_) {
        if (const auto* frame = std::get_if<FramePtr>(&event)) forecaster_.feed().take(**frame);
        executor_.handle(event, time);
    }
    const auto count = events_.size();
    events_.clear();
    return count;
}

void App::Parts::take_reports() {
    std::vector<modbus::WriteReport> reports;
    inbox_.drain_reports(reports);
    for (auto& report : reports) commands_.finished(std::move(report));
}

void App::Parts::tick() {
    executor_.tick(store_->counters().outbox, now());
    prices_.tick(now());
    planner_.tick(now());
    controller_.tick();
    actuators_.tick(now());
    caps_.tick();
    scaling_.tick();
    forecaster_.turn(prices_.book());
    if (publisher_) {
        const auto counters = publisher_->counters();
        executor_.acknowledgements(counters.acknowledged, counters.no_subscriber, now());
    }
    if (const auto given_up = inbox_.given_up() + executor_.counters().readings_refused;
        given_up > told_given_up_) {
        journal::log(journal::readings_refused,
                     fmt::format("{} readings were refused at a queue's limit", given_up - told_given_up_));
        told_given_up_ = given_up;
    }
}

void App::Parts::tell_status() {
    StatusFacts facts;
    for (const auto& device : executor_.site().devices()) {
        facts.devices_online += device.status == DeviceStatus::online ? 1U : 0U;
    }
    facts.devices = executor_.site().devices().size();
    facts.broker_enabled = publisher_ != nullptr;
    facts.broker_connected = publisher_ && publisher_->connection().connected;
    const auto counters = store_->counters();
    facts.outbox = counters.outbox;
    facts.store_healthy = counters.healthy;
    facts.alerts = executor_.site().open_alerts().size();
    auto line = status_line(facts);
    if (line != told_status_) {
        notify::status(line);
        told_status_ = std::move(line);
    }
}

void App::Parts::read_outbox(BacklogPump::Order order) {
    const auto replacements = store_->replacements();
    const bool accepted = worker_.submit([this, order, replacements]() -> Completion {
        auto batch = outbox_batch(store_->path(), order);
        return [this, replacements, batch = std::move(batch)]() mutable {
            if (batch.is_damaged) store_->found_damaged(replacements);
            // Until the next commit they are read again and again.
            if (!batch.unreadable.empty() && batch.unreadable.back() > told_unreadable_) {
                told_unreadable_ = batch.unreadable.back();
                executor_.readings_unreadable(batch.unreadable_from, batch.unreadable_to,
                                              batch.unreadable.size(), now());
            }
            if (!batch.unreadable.empty()) store_->delivered(batch.unreadable);
            executor_.backlog_read(std::move(batch.messages));
        };
    });
    if (!accepted) {
        executor_.backlog_read({});  // the worker is busy: asked again at the next tick
    }
}

bool App::Parts::plan(Query query) {
    return planner_worker_.submit(
        [path = store_->path(), query = std::move(query)]() mutable { return ask_store(path, query); });
}

// What was known of prices before the start or under other settings: feeds rarely tell the past.
void App::Parts::restore_prices() {
    if (config_.prices.empty()) return;
    const bool accepted =
        worker_.submit([this, from = now() - price_memory, to = Time::max()]() -> Completion {
            const auto reader = Reader::open(store_->path());
            if (!reader) return [] {};
            auto rows = (*reader)->prices(from, to, most_restored_prices);
            if (!rows) return [] {};
            return [this, rows = std::move(*rows)] { prices_.restore(rows, now()); };
        });
    static_cast<void>(accepted);  // the next news come all the same
}

// Nothing is decided before what an earlier process had decided is known, or cannot be read.
void App::Parts::restore_scaling() {
    const bool accepted = worker_.submit([this, from = now() - scaling_memory]() -> Completion {
        std::vector<PlanRow> rows;
        if (const auto reader = Reader::open(store_->path())) {
            if (auto found = (*reader)->plans(scaling_row_kind, from, Time::max(), most_restored_decisions))
                rows = std::move(*found);
        }
        return [this, rows = std::move(rows)] { scaling_.restore(rows); };
    });
    static_cast<void>(accepted);  // the queue of a daemon that starts has room
}

void App::Parts::restore_bids() {
    const bool accepted = worker_.submit([this, now = now()]() -> Completion {
        std::map<std::string, Bid> bids;
        if (const auto reader = Reader::open(store_->path())) {
            if (const auto rows =
                    (*reader)->plans(bid_row_kind, now - longest_bid, Time::max(), most_restored_bids))
                bids = kept_bids(*rows, now);
        }
        return [this, bids = std::move(bids), now] { planner_.restore_bids(bids, now); };
    });
    static_cast<void>(accepted);  // the queue of a daemon that starts has room
}

// Answers to commands and bids are below the root; prices may be anywhere.
void App::Parts::take_inbound(const InboundMessage& message) {
    prices_.hear(message.topic, message.payload, now());
    const auto root = config_.publisher.topic_prefix + "/" + config_.model->id + "/";
    const std::string_view topic = message.topic;
    if (!topic.starts_with(root)) return;
    const auto below = topic.substr(root.size());
    if (actuators_.answered(below, message.payload)) return;
    constexpr std::string_view bids = "bid/";
    if (!below.starts_with(bids)) return;
    const std::string load_class(below.substr(bids.size()));
    execute_mqtt_bid(dispatcher_, load_class, message.payload, [this, load_class](const std::string& reason) {
        std::erase_if(told_bids_at_, [now = steady_now()](const auto& told) {
            return now - told.second >= between_refused_bids;
        });
        if (told_bids_at_.size() >= most_refused_bids) return;
        if (!told_bids_at_.emplace(load_class, steady_now()).second) return;
        journal::log(journal::bid_refused, fmt::format("the bid of {} is refused: {}", load_class, reason),
                     {{"CLASS", load_class}});
    });
}

// What does not answer in time is left to the service manager's program.
void App::Parts::hand_back_devices() {
    controller_.end();
    const auto until = steady_now() + hand_back_limit;
    while (!controller_.is_handed_back() && steady_now() < until) {
        pollfd reports{.fd = inbox_.reports_fd(), .events = POLLIN, .revents = 0};
        const auto left = std::chrono::duration_cast<Duration>(until - steady_now());
        ::poll(&reports, 1, static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 100)));
        take_reports();
        drain_inbox();
    }
}

void App::Parts::stop() {
    notify::stopping();
    journal::log(journal::stopping, "stopping");
    ready_ = false;
    prices_.interrupt();
    http_.reset();
    hand_back_devices();
    caps_.end();
    buses_.stop_all();
    drain_inbox();
    take_reports();  // so that the audit trail says what became of each command
    executor_.remember();
    forecaster_.stop();
    sources_.clear();
    inbox_source_ = {};
    inbox_pause_ = {};
    // Acknowledgements that still come go straight to the store, so it ends after the publisher.
    stop_publisher(publisher_stop_limit);
    loop_.run_posted();  // gaps and conditions told so far are still kept
    const auto unkept = store_->stop();
    loop_.run_posted();  // those of the last commit are at least in the journal
    report_unkept(unkept);
    // Last: a question of somebody may take ten seconds, and nothing that is to be kept may wait for it.
    worker_.stop();
    question_worker_.stop();
    planner_worker_.stop();
    prices_.stop();
}

}  // namespace sitepower
