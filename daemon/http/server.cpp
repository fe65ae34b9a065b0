#include "daemon/http/server.hpp"

#include <fmt/format.h>
#include <microhttpd.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <list>
#include <utility>

#include "daemon/http/exchange.hpp"
#include "daemon/http/rate_limit.hpp"

namespace sitepower {

using SteadyClock = std::chrono::steady_clock;

namespace {

bool watch(int epoll, int fd) {
    epoll_event event{};
    event.events = EPOLLIN;
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

}  // namespace

class HttpServer::Engine {
  public:
    Engine(const HttpSettings& settings, Dispatcher& dispatcher)
        : settings_(settings),
          dispatcher_(dispatcher),
          rate_(settings.limits.requests_per_second, settings.limits.request_burst) {}
    ~Engine();
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    bool open(int listen_fd);
    int fd() const { return epoll_.get(); }
    void run();
    std::size_t connections() const { return connections_.size(); }

  private:
    class Descriptor {
      public:
        explicit Descriptor(int fd) : fd_(fd) {}
        ~Descriptor() {
            if (fd_ >= 0) close(fd_);
        }
        Descriptor(const Descriptor&) = delete;
        Descriptor& operator=(const Descriptor&) = delete;
        int get() const { return fd_; }

      private:
        int fd_;
    };

    // What libmicrohttpd calls; `engine` is this.
    static MHD_Result on_request(void* engine, MHD_Connection* connection, const char* url,
                                 const char* method, const char* version, const char* upload,
                                 std::size_t* upload_size, void** context);
    static void on_completed(void* engine, MHD_Connection* connection, void** context,
                             MHD_RequestTerminationCode code);
    static void on_connection(void* engine, MHD_Connection* connection, void** context,
                              MHD_ConnectionNotificationCode code);

    HttpConnection& connection_of(MHD_Connection* connection) const;
    MHD_Result begin(MHD_Connection* connection, const char* url, const char* method, void** context);
    MHD_Result refuse(MHD_Connection* connection, Failure failure);
    MHD_Result refuse_method(MHD_Connection* connection, const char* method, const WrongMethod& wrong);
    void take_body(Exchange& exchange, std::string_view chunk) const;
    MHD_Result execute(Exchange& exchange);
    void dispatch(Exchange& exchange, const RawParameters& raw);
    void take_answer(Exchange& exchange, Answer answer);
    MHD_Result answer(Exchange& exchange);
    void opened(MHD_Connection* connection, void** context);
    void wake_at_once() { arm(std::chrono::nanoseconds{1}); }
    void arm(std::chrono::nanoseconds delay) const;
    std::optional<Duration> next_timeout() const;
    void hurry(HttpConnection& connection) const {
        connection.deadline = SteadyClock::now() + settings_.limits.patience;
    }
    void close_late_connections();

    HttpSettings settings_;
    Dispatcher& dispatcher_;
    RateLimit rate_;
    std::list<HttpConnection> connections_;
    std::shared_ptr<Exchanges> exchanges_ = std::make_shared<Exchanges>();
    std::uint64_t exchange_count_ = 0;
    MHD_Daemon* daemon_ = nullptr;
    Descriptor timer_{timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)};
    Descriptor epoll_{epoll_create1(EPOLL_CLOEXEC)};
};

bool HttpServer::Engine::open(int listen_fd) {
    const auto& limits = settings_.limits;
    daemon_ =
        MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, nullptr, nullptr, &Engine::on_request,
                         this, MHD_OPTION_LISTEN_SOCKET, listen_fd, MHD_OPTION_CONNECTION_LIMIT,
                         static_cast<unsigned>(limits.connections), MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                         limits.head_bytes, MHD_OPTION_NOTIFY_COMPLETED, &Engine::on_completed, this,
                         MHD_OPTION_NOTIFY_CONNECTION, &Engine::on_connection, this, MHD_OPTION_END);
    return daemon_ != nullptr && watch(epoll_.get(), timer_.get()) &&
           watch(epoll_.get(), MHD_get_daemon_info(daemon_, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd);
}

HttpServer::Engine::~Engine() {
    if (daemon_ == nullptr) return;
    // libmicrohttpd aborts the process when it is stopped with suspended connections.
    for (auto& [id, exchange] : *exchanges_) {
        if (!exchange->suspended) continue;
        exchange->answer = dispatcher_.refuse({ErrorCode::service_unavailable, "sitepowerd is stopping"});
        exchange->suspended = false;
        MHD_resume_connection(exchange->connection);
    }
    MHD_run(daemon_);
    MHD_run(daemon_);  // the first turn resumes, the second writes
    MHD_stop_daemon(daemon_);
}

void HttpServer::Engine::run() {
    close_late_connections();
    const bool was_full = connections_.size() >= settings_.limits.connections;
    MHD_run(daemon_);
    // Once it was full, libmicrohttpd listens again only at the beginning of a later turn.
    if (was_full && connections_.size() < settings_.limits.connections) MHD_run(daemon_);
    const auto timeout = next_timeout();
    arm(timeout ? std::max<std::chrono::nanoseconds>(*timeout, std::chrono::nanoseconds{1})
                : std::chrono::nanoseconds{0});
}

// Makes fd() readable after `delay`; 0: not at all.
void HttpServer::Engine::arm(std::chrono::nanoseconds delay) const {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(delay);
    itimerspec when{};
    when.it_value.tv_sec = seconds.count();
    when.it_value.tv_nsec = (delay - seconds).count();
    timerfd_settime(timer_.get(), 0, &when, nullptr);
}

void HttpServer::Engine::close_late_connections() {
    const auto now = SteadyClock::now();
    for (auto& connection : connections_) {
        if (!connection.deadline || *connection.deadline > now) continue;
        // libmicrohttpd sees the end of the connection and cleans up.
        shutdown(connection.fd, SHUT_RDWR);
        connection.deadline.reset();
    }
}

std::optional<Duration> HttpServer::Engine::next_timeout() const {
    std::optional<Duration> timeout;
    MHD_UNSIGNED_LONG_LONG due_ms = 0;
    if (MHD_get_timeout(daemon_, &due_ms) == MHD_YES) timeout = Duration(static_cast<std::int64_t>(due_ms));
    const auto now = SteadyClock::now();
    for (const auto& connection : connections_) {
        if (!connection.deadline) continue;
        const auto left = std::max(Duration{0}, std::chrono::ceil<Duration>(*connection.deadline - now));
        timeout = std::min(timeout.value_or(left), left);
    }
    return timeout;
}

HttpConnection& HttpServer::Engine::connection_of(MHD_Connection* connection) const {
    const auto* info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return *static_cast<HttpConnection*>(info->socket_context);
}

void HttpServer::Engine::opened(MHD_Connection* connection, void** context) {
    auto& record = connections_.emplace_back();
    *context = &record;
    record.fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    hurry(record);
    auto peer = peer_of(record.fd);
    if (peer) record.peer = std::move(*peer);
    const auto of_user = std::ranges::count_if(
        connections_, [&](const HttpConnection& other) { return other.peer.uid == record.peer.uid; });
    if (!peer || of_user > static_cast<std::ptrdiff_t>(settings_.limits.connections_per_user)) {
        record.turned_away = true;
        shutdown(record.fd, SHUT_RDWR);
    }
}

void HttpServer::Engine::on_connection(void* engine, MHD_Connection* connection, void** context,
                                       MHD_ConnectionNotificationCode code) {
    auto* self = static_cast<Engine*>(engine);
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        self->opened(connection, context);
    } else {
        const auto* closed = static_cast<HttpConnection*>(*context);
        std::erase_if(self->connections_, [closed](const HttpConnection& other) { return &other == closed; });
    }
}

MHD_Result HttpServer::Engine::on_request(void* engine, MHD_Connection* connection, const char* url,
                                          const char* method, const char* /*version*/, const char* upload,
                                          std::size_t* upload_size, void** context) {
    auto* self = static_cast<Engine*>(engine);
    if (*context == nullptr) return self->begin(connection, url, method, context);
    auto& exchange = *static_cast<Exchange*>(*context);
    if (*upload_size > 0) {
        self->take_body(exchange, {upload, *upload_size});
        *upload_size = 0;
        return MHD_YES;
    }
    return exchange.answer ? self->answer(exchange) : self->execute(exchange);
}

void HttpServer::Engine::on_completed(void* engine, MHD_Connection* /*connection*/, void** context,
                                      MHD_RequestTerminationCode /*code*/) {
    auto* self = static_cast<Engine*>(engine);
    auto* exchange = static_cast<Exchange*>(*context);
    if (exchange == nullptr) return;
    self->hurry(*exchange->peer_connection);
    self->exchanges_->erase(exchange->id);
    *context = nullptr;
}

// The request line and the headers are there, the body is not.
MHD_Result HttpServer::Engine::begin(MHD_Connection* connection, const char* url, const char* method,
                                     void** context) {
    auto& record = connection_of(connection);
    if (record.turned_away) return MHD_NO;
    if (!rate_.take(record.peer.uid, SteadyClock::now())) {
        return refuse(connection, {ErrorCode::rate_limited,
                                   fmt::format("more than {} requests a second from this user; wait a moment",
                                               settings_.limits.requests_per_second)});
    }
    auto route = find_route(method, url);
    if (const auto* unknown = std::get_if<UnknownPath>(&route)) {
        return refuse(connection, {ErrorCode::not_found,
                                   fmt::format("nothing is at {}; did you mean {}?",
                                               std::string_view(url).substr(0, 200), unknown->hint)});
    }
    if (const auto* wrong = std::get_if<WrongMethod>(&route))
        return refuse_method(connection, method, *wrong);
    if (auto failure = check_headers(connection, settings_.limits.body_bytes)) {
        return refuse(connection, std::move(*failure));
    }
    auto exchange = std::make_unique<Exchange>();
    exchange->id = ++exchange_count_;
    exchange->connection = connection;
    exchange->peer_connection = &record;
    exchange->match = std::get<Match>(std::move(route));
    *context = exchange.get();
    exchanges_->emplace(exchange->id, std::move(exchange));
    return MHD_YES;
}

MHD_Result HttpServer::Engine::refuse(MHD_Connection* connection, Failure failure) {
    return send_answer(connection, dispatcher_.refuse(std::move(failure)));
}

MHD_Result HttpServer::Engine::refuse_method(MHD_Connection* connection, const char* method,
                                             const WrongMethod& wrong) {
    auto answer = dispatcher_.refuse(
        {ErrorCode::bad_request, fmt::format("{} is not possible here, only {}",
                                             std::string_view(method).substr(0, 20), wrong.allow)});
    answer.http_status = MHD_HTTP_METHOD_NOT_ALLOWED;
    return send_answer(connection, answer, wrong.allow);
}

void HttpServer::Engine::take_body(Exchange& exchange, std::string_view chunk) const {
    if (exchange.body.size() + chunk.size() > settings_.limits.body_bytes) {
        exchange.body_too_large = true;
        exchange.body.clear();
    }
    if (!exchange.body_too_large) exchange.body += chunk;
}

// The request is there as a whole.
MHD_Result HttpServer::Engine::execute(Exchange& exchange) {
    exchange.peer_connection->deadline.reset();
    if (exchange.body_too_large) {
        exchange.answer = dispatcher_.refuse(
            {ErrorCode::payload_too_large,
             fmt::format("at most {} bytes of body are taken", settings_.limits.body_bytes)});
        return answer(exchange);
    }
    auto raw = read_body(exchange.body);
    if (auto* failure = std::get_if<Failure>(&raw)) {
        exchange.answer = dispatcher_.refuse(std::move(*failure));
        return answer(exchange);
    }
    auto& parameters = std::get<RawParameters>(raw);
    parameters.texts = text_parameters(exchange.connection, exchange.match);
    dispatch(exchange, parameters);
    if (exchange.answer) return answer(exchange);
    MHD_suspend_connection(exchange.connection);
    exchange.suspended = true;
    return MHD_YES;
}

void HttpServer::Engine::dispatch(Exchange& exchange, const RawParameters& raw) {
    const auto& peer = exchange.peer_connection->peer;
    const auto& operation = *exchange.match.operation;
    Caller caller{role_of(peer, settings_.groups),
                  operation.changes_state() ? name_of(peer.uid) : fmt::format("uid={}", peer.uid),
                  fmt::format("unix:uid={},pid={}", peer.uid, peer.pid)};
    const std::weak_ptr<Exchanges> exchanges = exchanges_;
    dispatcher_.execute(operation, raw, std::move(caller),
                        [this, exchanges, id = exchange.id](Answer answer) {
                            const auto present = exchanges.lock();
                            if (!present) return;  // the server is gone
                            const auto found = present->find(id);
                            if (found != present->end()) take_answer(*found->second, std::move(answer));
                        });
}

void HttpServer::Engine::take_answer(Exchange& exchange, Answer answer) {
    exchange.answer = std::move(answer);
    if (!std::exchange(exchange.suspended, false)) return;
    MHD_resume_connection(exchange.connection);
    wake_at_once();  // libmicrohttpd takes notice in its next turn, and has no way to ask for one
}

MHD_Result HttpServer::Engine::answer(Exchange& exchange) {
    hurry(*exchange.peer_connection);
    return send_answer(exchange.connection, *exchange.answer);
}

Result<std::unique_ptr<HttpServer>> HttpServer::start(int listen_fd, const HttpSettings& settings,
                                                      Dispatcher& dispatcher) {
    auto engine = std::make_unique<Engine>(settings, dispatcher);
    if (!engine->open(listen_fd)) {
        close(listen_fd);
        return Error{ErrorCode::internal_error, "the HTTP server cannot be started",
                     "MHD_start_daemon failed"};
    }
    return std::unique_ptr<HttpServer>(new HttpServer(std::move(engine)));
}

HttpServer::HttpServer(std::unique_ptr<Engine> engine) : engine_(std::move(engine)) {}
HttpServer::~HttpServer() = default;

int HttpServer::fd() const {
    return engine_->fd();
}
void HttpServer::run() {
    engine_->run();
}
std::size_t HttpServer::connections() const {
    return engine_->connections();
}

}  // namespace sitepower
