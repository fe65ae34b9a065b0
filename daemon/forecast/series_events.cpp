// Known events of the SeriesBook.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "daemon/forecast/series_book.hpp"

namespace sitepower {

namespace {

// Until then the last hour of an event has been matched.
constexpr Duration settled_after{std::chrono::hours{2}};
// No model holds more, and nobody plans further.
constexpr std::int64_t most_days_ago = 60;
constexpr std::int64_t most_days_ahead = 400;

// Far enough from now to be a slip of the pen.
std::optional<Error> implausible(const forecast::Event& event, Time now) {
    const auto refuse = [](std::string message) {
        return Error{.code = ErrorCode::validation_error, .message = std::move(message), .detail = {}};
    };
    const Time earliest = now - one_day * most_days_ago;
    const Time latest = now + one_day * most_days_ahead;
    if (event.start < earliest) {
        return refuse(
            fmt::format("start_time {} is more than {} days ago; models hold no more: begin at {} or later",
                        format_time(event.start), most_days_ago, format_time(earliest)));
    }
    if (event.end > latest) {
        return refuse(fmt::format(
            "end_time {} is more than {} days ahead; end at {} or before, and tell of the rest later",
            format_time(event.end), most_days_ahead, format_time(latest)));
    }
    return std::nullopt;
}

}  // namespace

Result<SeriesEvent> SeriesBook::add_event(SeriesEvent event, SeriesMemory& memory, Time now) {
    if (!read_) return not_read_yet();
    if (auto refused = implausible(event.event, now)) return *refused;
    if (event.series.empty()) event.series = names();
    event.event.id = new_id("EV", now);
    for (const auto& series : event.series) {
        if (find_served(series) != nullptr) continue;
        return Error{
            .code = ErrorCode::not_found,
            .message = fmt::format("there is no series {}; there are {}", series, fmt::join(names(), ", ")),
            .detail = {}};
    }
    if (event.series.empty()) {
        return Error{.code = ErrorCode::conflict,
                     .message = "no series is configured that an event could concern",
                     .detail = {}};
    }
    // All of them take it, or none.
    std::vector<forecast::EventBook> with;
    for (const auto& series : event.series) {
        with.push_back(*find_served(series)->events);
        if (const auto added = with.back().add(event.event, now); !added) return added.error();
    }
    for (std::size_t i = 0; i < with.size(); ++i) *find_served(event.series[i])->events = std::move(with[i]);
    std::erase_if(events_, [&](const SeriesEvent& old) {
        return events_.size() >= forecast::EventBook::most_events && old.event.end <= now;
    });
    events_.push_back(event);
    effects_.rows.events.push_back(event);
    for (const auto& series : event.series) {
        Served& served = *find_served(series);
        served.tell = true;
        forecast::EventBook before = *served.events;
        static_cast<void>(before.cancel(event.event.id, event.event.start));
        if (event.event.start < now) {
            // What it did until now then stays unknown; it is cleaned by what is expected of it.
            if (const auto read = read_in_event(served, memory, event.event.id); !read) {
                effects_.troubles.push_back(fmt::format("what {} did to series {} cannot be read: {}",
                                                        event.event.id, series, read.error().message));
            }
        }
        clean_again(served, event.event, before, now);
    }
    return event;
}

Result<SeriesEvent> SeriesBook::cancel_event(std::string_view id, Time now) {
    if (!read_) return not_read_yet();
    const auto found = std::ranges::find(
        events_, id, [](const SeriesEvent& event) -> std::string_view { return event.event.id; });
    if (found == events_.end()) {
        return Error{
            .code = ErrorCode::not_found, .message = fmt::format("there is no event {}", id), .detail = {}};
    }
    const auto status = found->event.status_at(now);
    if (status == forecast::EventStatus::ended || status == forecast::EventStatus::cancelled) {
        return Error{.code = ErrorCode::conflict,
                     .message = fmt::format("event {} is {} already", id,
                                            status == forecast::EventStatus::ended ? "over" : "cancelled"),
                     .detail = {}};
    }
    found->event.cancelled_at = now;
    for (const auto& series : found->series) {
        Served* served = find_served(series);
        if (served == nullptr) continue;
        const forecast::EventBook before = *served->events;
        static_cast<void>(served->events->cancel(id, now));
        const auto steps = served->in_event.extract(std::string(id));
        if (!steps.empty() && served->events->close(id, steps.mapped()))
            found->realised[series] = *served->events->find(id)->realised_multiplier;
        clean_again(*served, found->event, before, now);
        served->tell = true;
    }
    effects_.rows.events.push_back(*found);
    return *found;
}

// What was learnt inside the event was divided by what events did as they stood `before`.
void SeriesBook::clean_again(Served& served, const forecast::Event& event, const forecast::EventBook& before,
                             Time now) {
    const auto& forecaster = served.series->forecaster();
    const Duration step = served.settings.step;
    if (forecaster.samples() == 0 || forecaster.newest() + step <= event.start) return;
    served.series->clean_again(event.start, event.end, [&](Time time) {
        return before.effect_on(time, step).multiplier / served.events->effect_on(time, step).multiplier;
    });
    keep_state(served, now);
}

// An event that is over tells its type what it did, where forecasts from before it were matched.
void SeriesBook::close_events(Time now) {
    for (auto& served : series_) {
        for (auto at = served.in_event.begin(); at != served.in_event.end();) {
            const auto event =
                std::ranges::find(events_, at->first,
                                  [](const SeriesEvent& one) -> const std::string& { return one.event.id; });
            if (event == events_.end() || event->event.cancelled_at) {
                at = served.in_event.erase(at);
                continue;
            }
            if (now < event->event.end + settled_after) {
                ++at;
                continue;
            }
            const forecast::EventBook before = *served.events;
            if (served.events->close(at->first, at->second)) {
                event->realised[served.settings.id] =
                    served.events->find(at->first)->realised_multiplier.value_or(1);
                effects_.rows.events.push_back(*event);
                clean_again(served, event->event, before, now);
                served.tell = true;
            }
            at = served.in_event.erase(at);
        }
    }
}

}  // namespace sitepower
