#include "daemon/loop/loop.hpp"

#include <systemd/sd-event.h>

#include <chrono>
#include <csignal>
#include <string>
#include <system_error>
#include <utility>

namespace sitepower {
namespace {

void check(int result, const char* what) {
    if (result < 0) {
        throw std::system_error(-result, std::generic_category(), what);
    }
}

std::uint64_t microseconds(Duration duration) {
    return static_cast<std::uint64_t>(std::chrono::microseconds(duration).count());
}

}  // namespace

// What sd-event hands back to a callback. Lives as long as its source, at a fixed address.
struct LoopSource::Handler {
    Loop::Callback callback;
    std::uint64_t period_us = 0;  // 0: not periodic

    static int on_io(sd_event_source* /*source*/, int /*fd*/, std::uint32_t /*events*/, void* self) {
        static_cast<Handler*>(self)->callback();
        return 0;
    }
    static int on_signal(sd_event_source* /*source*/, const struct signalfd_siginfo* /*info*/, void* self) {
        static_cast<Handler*>(self)->callback();
        return 0;
    }
    static int on_post(sd_event_source* /*source*/, void* self) {
        static_cast<Handler*>(self)->callback();
        return 0;
    }
    static int on_time(sd_event_source* source, std::uint64_t deadline_us, void* self) {
        auto* handler = static_cast<Handler*>(self);
        if (handler->period_us > 0) {
            handler->arm_next(source, deadline_us);
        }
        handler->callback();
        return 0;
    }

    // From the previous deadline, so that the period does not drift; deadlines that a long stall (a suspended
    // machine) has swallowed are skipped.
    void arm_next(sd_event_source* source, std::uint64_t deadline_us) const {
        std::uint64_t now_us = 0;
        sd_event_now(sd_event_source_get_event(source), CLOCK_MONOTONIC, &now_us);
        auto next = deadline_us + period_us;
        if (next <= now_us) {
            next += (now_us - next) / period_us * period_us + period_us;
        }
        sd_event_source_set_time(source, next);
        sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
    }
};

LoopSource::LoopSource() noexcept = default;

LoopSource::LoopSource(sd_event_source* source, std::unique_ptr<Handler> handler)
    : source_(source), handler_(std::move(handler)) {}

LoopSource::~LoopSource() {
    if (source_ != nullptr) {
        sd_event_source_disable_unref(source_);
    }
}

LoopSource::LoopSource(LoopSource&& other) noexcept
    : source_(std::exchange(other.source_, nullptr)), handler_(std::move(other.handler_)) {}

LoopSource& LoopSource::operator=(LoopSource&& other) noexcept {
    if (this != &other) {
        if (source_ != nullptr) {
            sd_event_source_disable_unref(source_);
        }
        source_ = std::exchange(other.source_, nullptr);
        handler_ = std::move(other.handler_);
    }
    return *this;
}

void LoopSource::enable(bool enabled) {
    if (source_ != nullptr) {
        sd_event_source_set_enabled(source_, enabled ? SD_EVENT_ON : SD_EVENT_OFF);
    }
}

void LoopSource::arm(Duration delay) {
    if (source_ != nullptr) {
        sd_event_source_set_time_relative(source_, microseconds(delay));
        sd_event_source_set_enabled(source_, SD_EVENT_ONESHOT);
    }
}

Loop::Loop() {
    check(sd_event_new(&event_), "sd_event_new");
    posted_source_ = on_readable(posted_.fd(), [this] { run_posted(); });
}

Loop::~Loop() {
    posted_source_ = {};
    sd_event_unref(event_);
}

LoopSource Loop::on_readable(int fd, Callback callback) {
    auto handler = std::make_unique<LoopSource::Handler>();
    handler->callback = std::move(callback);
    sd_event_source* source = nullptr;
    check(sd_event_add_io(event_, &source, fd, EPOLLIN, &LoopSource::Handler::on_io, handler.get()),
          "sd_event_add_io");
    return {source, std::move(handler)};
}

LoopSource Loop::every(Duration period, Callback callback) {
    auto handler = std::make_unique<LoopSource::Handler>();
    handler->callback = std::move(callback);
    handler->period_us = microseconds(period);
    sd_event_source* source = nullptr;
    check(sd_event_add_time_relative(event_, &source, CLOCK_MONOTONIC, handler->period_us, 1000,
                                     &LoopSource::Handler::on_time, handler.get()),
          "sd_event_add_time_relative");
    return {source, std::move(handler)};
}

LoopSource Loop::after(Duration delay, Callback callback) {
    auto handler = std::make_unique<LoopSource::Handler>();
    handler->callback = std::move(callback);
    sd_event_source* source = nullptr;
    check(sd_event_add_time_relative(event_, &source, CLOCK_MONOTONIC, microseconds(delay), 1000,
                                     &LoopSource::Handler::on_time, handler.get()),
          "sd_event_add_time_relative");
    return {source, std::move(handler)};
}

LoopSource Loop::on_signal(int signal, Callback callback) {
    auto handler = std::make_unique<LoopSource::Handler>();
    handler->callback = std::move(callback);
    sd_event_source* source = nullptr;
    check(sd_event_add_signal(event_, &source, signal, &LoopSource::Handler::on_signal, handler.get()),
          "sd_event_add_signal");
    return {source, std::move(handler)};
}

LoopSource Loop::each_turn(Callback callback) {
    auto handler = std::make_unique<LoopSource::Handler>();
    handler->callback = std::move(callback);
    sd_event_source* source = nullptr;
    check(sd_event_add_post(event_, &source, &LoopSource::Handler::on_post, handler.get()),
          "sd_event_add_post");
    return {source, std::move(handler)};
}

bool Loop::post(Callback callback) {
    return posted_.push(std::move(callback));
}

void Loop::run_posted() {
    posted_.drain(running_);
    for (auto& callback : running_) {
        callback();
    }
    running_.clear();
}

int Loop::run() {
    const int code = sd_event_loop(event_);
    check(code, "sd_event_loop");
    return code;
}

void Loop::run_once(Duration at_most) {
    check(sd_event_run(event_, microseconds(at_most)), "sd_event_run");
}

void Loop::quit(int code) {
    sd_event_exit(event_, code);
}

void Loop::block_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
        sigaddset(&signals, signal);
    }
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
}

}  // namespace sitepower
