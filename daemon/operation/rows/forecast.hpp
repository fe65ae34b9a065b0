// What the rows about forecasts share: an answer is made on the forecast thread and sent from the loop.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/forecast/series_book.hpp"
#include "daemon/operation/operation.hpp"

namespace sitepower {

// What an answer may look at. `request` and the book are the forecast thread's while it runs.
struct ForecastQuestion {
    const Request& request;
    Time now;
    SeriesBook& book;
    SeriesMemory& memory;
};

using ForecastAnswer = Outcome (*)(const ForecastQuestion&);

// Asks, and answers on the loop; "performance" and "batch_stats" of the answer learn how long it took.
void ask_forecasts(Request request, Context& context, Reply reply, ForecastAnswer answer);

template <ForecastAnswer answer>
void from_forecasts(Request request, Context& context, Reply reply) {
    ask_forecasts(std::move(request), context, std::move(reply), answer);
}

// Why there is no MASE where there is an error: no value differs from that of the day before.
inline constexpr const char* no_naive_error = "no_naive_error_to_compare_with";

Failure no_series(const SeriesBook& book, std::string_view series);
// The one that is asked for; without a name the first price, else the first series. Empty: there is none.
std::string series_or_default(const SeriesBook& book, const std::optional<std::string>& name);

// Rows, by the files of this subject.
std::vector<Operation> prediction_rows();
std::vector<Operation> forecast_history_rows();
std::vector<Operation> known_event_rows();
std::vector<Operation> model_rows();

}  // namespace sitepower
