// The forecast thread as the app runs it: once a second it takes what the loop has picked out of the
// readings, and at most one refit.
#include <fmt/format.h>

#include <utility>

#include "daemon/app/parts.hpp"
#include "daemon/forecast/store_memory.hpp"
#include "daemon/journal/journal.hpp"
#include "daemon/journal/messages.hpp"

namespace sitepower {

void App::Parts::configure_forecasts() {
    feed_forecasts();  // what was read is of the series before
    feed_.configure(config_.forecasts);
    expected_loads_.configure(executor_.site().model(), config_.forecasts);
    const bool accepted = run_forecast_job([this, settings = config_.forecasts, time = now()] {
        StoreMemory memory(store_->path());
        book_.configure(settings, memory, time);
    });
    if (!accepted) journal::log(journal::forecast_trouble, "the forecast thread is busy: reload again");
}

void App::Parts::feed_forecasts() {
    if (!feed_.has_series() || forecast_turns_ >= most_forecast_turns) return;
    feed_.prices(prices_.book());
    ++forecast_turns_;
    const auto asked = steady_now();
    const bool accepted =
        forecast_worker_.submit([this, samples = feed_.drain(), time = now(), asked]() -> Completion {
            book_.take(samples, time);
            StoreMemory memory(store_->path());
            book_.work(memory, time);
            return [this, effects = book_.take_effects(), asked]() mutable {
                --forecast_turns_;
                ++forecaster_.turns;
                forecaster_.last_success = now();
                forecaster_.latency_ms =
                    std::chrono::duration<double, std::milli>(steady_now() - asked).count();
                take_forecasts(std::move(effects));
            };
        });
    if (!accepted) {
        // Stopping, or full of questions: then these values are lost.
        --forecast_turns_;
        ++forecaster_.refused;
    }
    if (feed_.left_out() > told_left_out_) {
        journal::log(journal::forecast_trouble,
                     fmt::format("the forecast thread is behind: {} values of series were left out",
                                 feed_.left_out() - told_left_out_));
        told_left_out_ = feed_.left_out();
    }
}

void App::Parts::take_forecasts(ForecastEffects effects) {
    executor_.forecasts(std::move(effects), now());
    for (ExpectedLoad& load : expected_loads_.changed(latest_forecasts_)) {
        executor_.handle(std::move(load), now());
    }
}

// Whatever is done on the forecast thread may bring something about.
bool App::Parts::run_forecast_job(UniqueFunction<void()> job) {
    return forecast_worker_.submit([this, job = std::move(job)]() mutable -> Completion {
        job();
        return [this, effects = book_.take_effects()]() mutable { take_forecasts(std::move(effects)); };
    });
}

bool App::Parts::forecasts(ForecastQuery query) {
    const bool accepted = forecast_worker_.submit([this, query = std::move(query)]() mutable -> Completion {
        StoreMemory memory(store_->path());
        auto completion = query(book_, memory);
        return [this, effects = book_.take_effects(), completion = std::move(completion)]() mutable {
            take_forecasts(std::move(effects));
            completion();
        };
    });
    if (!accepted) ++forecaster_.refused;
    return accepted;
}

// The thread has ended: what it had not said yet, and the states that a start goes on from.
void App::Parts::keep_forecasts() {
    forecast_worker_.stop();
    book_.take(feed_.drain(), now());
    book_.keep_states(now());
    executor_.forecasts(book_.take_effects(), now());
}

}  // namespace sitepower
