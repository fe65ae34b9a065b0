#include "daemon/app/forecaster_thread.hpp"

#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "daemon/journal/journal.hpp"
#include "daemon/journal/messages.hpp"

namespace sitepower {

using std::chrono::steady_clock;

ForecasterThread::ForecasterThread(LatestForecasts& latest, Outlets outlets)
    : outlets_(std::move(outlets)), book_(latest), worker_(most_questions + 1) {}

void ForecasterThread::turn(const PriceBook& prices) {
    if (under_way_) {
        ++behind_;
    } else if (feed_.has_work() || !turn_.empty()) {
        behind_ = 0;
        feed_.prices(prices);
        if (turn_.empty()) turn_ = feed_.drain();
        under_way_ =
            worker_.submit([this, time = outlets_.now(), asked = steady_clock::now()]() -> Completion {
                return take_turn(time, asked);
            });
        if (!under_way_) ++view_.refused;
    }
    if (feed_.left_out() == told_left_out_) return;
    journal::log(journal::forecast_trouble,
                 fmt::format("the forecast thread is behind: {} values of series were left out",
                             feed_.left_out() - told_left_out_));
    told_left_out_ = feed_.left_out();
}

Completion ForecasterThread::take_turn(Time time, steady_clock::time_point asked) {
    const auto memory = outlets_.memory();
    for (const auto& batch : turn_) {
        if (batch.settings) book_.configure(*batch.settings, *memory, time);
        book_.take(batch.samples, time);
    }
    turn_.clear();
    book_.work(*memory, time);
    return [this, effects = book_.take_effects(), asked]() mutable {
        under_way_ = false;
        ++view_.turns;
        view_.last_success = outlets_.now();
        view_.latency_ms = std::chrono::duration<double, std::milli>(steady_clock::now() - asked).count();
        outlets_.take(std::move(effects));
    };
}

bool ForecasterThread::ask(ForecastQuery query) {
    const bool accepted =
        questions_ < most_questions &&
        worker_.submit([this, query = std::move(query)]() mutable -> Completion {
            const auto memory = outlets_.memory();
            auto completion = query(book_, *memory);
            return [this, effects = book_.take_effects(), completion = std::move(completion)]() mutable {
                --questions_;
                outlets_.take(std::move(effects));
                completion();
            };
        });
    if (accepted) {
        ++questions_;
    } else {
        ++view_.refused;
    }
    return accepted;
}

void ForecasterThread::stop() {
    worker_.finish();
    worker_.deliver();
    const Time time = outlets_.now();
    for (auto& batch : feed_.drain()) turn_.push_back(std::move(batch));
    for (const auto& batch : turn_) {
        if (batch.settings) break;
        book_.take(batch.samples, time);
    }
    turn_.clear();
    book_.keep_states(time);
    outlets_.take(book_.take_effects());
}

ForecasterView ForecasterThread::view() const {
    auto view = view_;
    if (behind_ >= behind_after) view.reason = "it is behind: values wait for it";
    return view;
}

}  // namespace sitepower
