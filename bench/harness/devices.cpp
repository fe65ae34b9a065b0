#include "bench/harness/devices.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <deque>
#include <unordered_map>

#include "bench/harness/failure.hpp"

namespace sitepower::bench {
namespace {

constexpr int max_events = 64;

struct Connection {
    Descriptor socket;
    std::size_t gateway = 0;
    std::uint64_t opened = 0;  // tells a connection from an earlier one with the same descriptor
    std::vector<std::uint8_t> received;
};

// All answers have the same delay, so that the queue is in the order of their times.
struct PendingAnswer {
    SteadyTime due;
    int connection = 0;  // its descriptor
    std::uint64_t opened = 0;
    ReadRequest request;
};

timespec to_timespec(std::chrono::nanoseconds time) {
    const auto ns = std::max<std::int64_t>(time.count(), 0);
    return {.tv_sec = ns / 1'000'000'000, .tv_nsec = ns % 1'000'000'000};
}

}  // namespace

class Devices::Server {
  public:
    explicit Server(Devices& devices)
        : devices_(devices), epoll_(epoll_create1(EPOLL_CLOEXEC)), stop_(eventfd(0, EFD_CLOEXEC)) {
        const auto& settings = devices.settings_;
        watch(stop_.get());
        for (int gateway = 0; gateway < settings.gateways; ++gateway) {
            listeners_.push_back(listen_on_loopback());
            watch(listeners_.back().socket.get());
            for (int unit = 1; unit <= settings.units_per_gateway; ++unit) {
                images_.emplace_back(settings.image,
                                     static_cast<std::uint32_t>(gateway * 1000 + unit) * 2'654'435'761U);
            }
        }
    }

    const std::vector<Listener>& listeners() const { return listeners_; }
    void ask_to_stop() { eventfd_write(stop_.get(), 1); }

    void run() {
        // The kernel's default lets a timer be 50 us late, a tenth of what is measured here.
        prctl(PR_SET_TIMERSLACK, 1);
        std::array<epoll_event, max_events> events{};
        for (bool stopping = false; !stopping;) {
            const int count = wait(events);
            for (int i = 0; i < count; ++i) {
                stopping = stopping || events[i].data.fd == stop_.get();
                on_readable(events[i].data.fd);
            }
            send_due();
        }
    }

  private:
    void watch(int fd) {
        epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
        if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
            throw Failure("epoll refuses a descriptor");
        }
    }

    int wait(std::array<epoll_event, max_events>& events) {
        if (pending_.empty()) {
            return epoll_wait(epoll_.get(), events.data(), max_events, -1);
        }
        const auto left = to_timespec(pending_.front().due - SteadyClock::now());
        return epoll_pwait2(epoll_.get(), events.data(), max_events, &left, nullptr);
    }

    void on_readable(int fd) {
        const auto listener = std::ranges::find_if(
            listeners_, [fd](const Listener& entry) { return entry.socket.get() == fd; });
        if (listener != listeners_.end()) {
            accept_from(*listener, static_cast<std::size_t>(listener - listeners_.begin()));
        } else if (const auto found = connections_.find(fd); found != connections_.end()) {
            receive(found->second);
        }
    }

    void accept_from(const Listener& listener, std::size_t gateway) {
        if (auto socket = accept_one(listener)) {
            const int fd = socket.get();
            watch(fd);
            ++opened_;
            connections_[fd] = Connection{
                .socket = std::move(socket), .gateway = gateway, .opened = opened_, .received = {}};
        }
    }

    void receive(Connection& connection) {
        std::array<std::uint8_t, 1024> bytes{};
        const auto count = recv(connection.socket.get(), bytes.data(), bytes.size(), 0);
        if (count <= 0) {
            connections_.erase(connection.socket.get());
            return;
        }
        auto& received = connection.received;
        received.insert(received.end(), bytes.begin(), bytes.begin() + count);
        while (received.size() >= request_bytes) {
            const auto request = parse_request(received);
            if (!request) {
                connections_.erase(connection.socket.get());
                return;
            }
            received.erase(received.begin(), received.begin() + request_bytes);
            take(connection, *request);
        }
    }

    void take(Connection& connection, const ReadRequest& request) {
        const auto& settings = devices_.settings_;
        const bool silent =
            connection.gateway == 0 && request.unit == devices_.silent_unit_.load(std::memory_order_relaxed);
        if (silent || request.unit < 1 || request.unit > settings.units_per_gateway) {
            return;
        }
        if (settings.answer_delay.count() == 0) {
            send_answer(connection, request);
        } else {
            pending_.push_back({.due = SteadyClock::now() + settings.answer_delay,
                                .connection = connection.socket.get(),
                                .opened = connection.opened,
                                .request = request});
        }
    }

    void send_due() {
        while (!pending_.empty() && pending_.front().due <= SteadyClock::now()) {
            const auto answer = pending_.front();
            pending_.pop_front();
            const auto found = connections_.find(answer.connection);
            if (found != connections_.end() && found->second.opened == answer.opened) {
                send_answer(found->second, answer.request);
            }
        }
    }

    void send_answer(Connection& connection, const ReadRequest& request) {
        const auto unit = connection.gateway * devices_.settings_.units_per_gateway + request.unit - 1U;
        const auto bytes = images_[unit].answer(request, SteadyClock::now());
        if (send(connection.socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(bytes.size())) {
            devices_.answers_.fetch_add(1, std::memory_order_relaxed);
        }
    }

    Devices& devices_;
    Descriptor epoll_;
    Descriptor stop_;
    std::vector<Listener> listeners_;
    std::vector<RegisterImage> images_;  // gateway by gateway
    std::unordered_map<int, Connection> connections_;
    std::deque<PendingAnswer> pending_;
    std::uint64_t opened_ = 0;
};

Devices::Devices(DeviceSettings settings) : settings_(settings), server_(std::make_unique<Server>(*this)) {
    std::ranges::transform(server_->listeners(), std::back_inserter(ports_), &Listener::port);
    thread_ = std::jthread([this] { server_->run(); });
}

Devices::~Devices() {
    server_->ask_to_stop();
}

}  // namespace sitepower::bench
