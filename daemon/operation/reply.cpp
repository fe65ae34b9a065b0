#include "daemon/operation/reply.hpp"

#include <fmt/format.h>

#include <cassert>
#include <cmath>
#include <utility>

#include "daemon/operation/error_table.hpp"

namespace sitepower {

Failure failure_of(const Error& error) {
    Failure failure{error.code, error.message};
    if (!error.detail.empty()) failure.details.push_back({{"problem", error.detail}});
    return failure;
}

Failure wrong_parameter(std::string_view field, std::string_view problem, std::string_view allowed,
                        std::string message) {
    if (message.empty()) message = fmt::format("{} {}", field, problem);
    Failure failure{ErrorCode::validation_error, std::move(message)};
    failure.details.push_back({{"field", field}, {"problem", problem}, {"allowed", allowed}});
    return failure;
}

std::string envelope(Outcome outcome, const Meta& meta) {
    Json body = Json::object();
    if (auto* data = std::get_if<Json>(&outcome)) {
        body["data"] = std::move(*data);
    } else {
        auto& failure = std::get<Failure>(outcome);
        body["error"] = {{"code", to_string(failure.code)},
                         {"message", std::move(failure.message)},
                         {"details", std::move(failure.details)}};
    }
    // A thousandth of a millisecond is as fine as the figure deserves.
    body["meta"] = {{"timestamp", format_time(meta.timestamp)},
                    {"request_id", meta.request_id},
                    {"processing_time_ms", std::round(meta.processing_time_ms * 1000) / 1000}};
    return to_text(body);
}

Reply::~Reply() {
    if (!send_) return;
    (*this)(
        Failure{ErrorCode::service_unavailable, "the daemon is too busy or stopping; ask again in a moment"});
}

void Reply::operator()(Outcome outcome) {
    assert(send_);
    auto send = std::exchange(send_, Send());
    send(std::move(outcome));
}

}  // namespace sitepower
