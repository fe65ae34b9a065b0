// Known events of the SeriesBook.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "daemon/forecast/series_book.hpp"

namespace sitepower {

namespace {

// Until then the last hour of an event has been matched.
constexpr Duration settled_after{std::chrono::hours{2}};

}  // namespace

Result<SeriesEvent> SeriesBook::add_event(SeriesEvent event, Time now) {
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
    // What one book of events takes, the others take: they hold types and limits alike.
    for (const auto& series : event.series) {
        if (const auto added = find_served(series)->events->add(event.event, now); !added)
            return added.error();
    }
    std::erase_if(events_, [&](const SeriesEvent& old) {
        return events_.size() >= forecast::EventBook::most_events && old.event.end <= now;
    });
    events_.push_back(event);
    effects_.rows.events.push_back(event);
    for (const auto& series : event.series) find_served(series)->tell = true;
    return event;
}

Result<SeriesEvent> SeriesBook::cancel_event(std::string_view id, Time now) {
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
    found->event.cancelled = true;
    for (const auto& series : found->series) {
        Served* served = find_served(series);
        if (served == nullptr) continue;
        static_cast<void>(served->events->cancel(id));
        served->tell = true;
    }
    effects_.rows.events.push_back(*found);
    return *found;
}

// An event that is over tells its type what it did, where forecasts from before it were matched.
void SeriesBook::close_events(Time now) {
    for (auto& served : series_) {
        for (auto at = served.in_event.begin(); at != served.in_event.end();) {
            const auto event =
                std::ranges::find(events_, at->first,
                                  [](const SeriesEvent& one) -> const std::string& { return one.event.id; });
            if (event == events_.end() || event->event.cancelled) {
                at = served.in_event.erase(at);
                continue;
            }
            if (now < event->event.end + settled_after) {
                ++at;
                continue;
            }
            std::vector<double> actual;
            std::vector<double> baseline;
            for (const auto& [came, said] : at->second) {
                actual.push_back(came);
                baseline.push_back(said);
            }
            const forecast::EventBook before = *served.events;
            if (served.events->close(at->first, actual, baseline)) {
                event->realised[served.settings.id] =
                    served.events->find(at->first)->realised_multiplier.value_or(1);
                effects_.rows.events.push_back(*event);
                served.series->clean_again(event->event.start, event->event.end, [&](Time time) {
                    return before.clean_factor_at(time) / served.events->clean_factor_at(time);
                });
                keep_state(served, now);
                served.tell = true;
            }
            at = served.in_event.erase(at);
        }
    }
}

}  // namespace sitepower
