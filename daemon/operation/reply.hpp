// The answer of an operation on its way back: outcome, envelope, and the move-only Reply that a handler calls
// exactly once. Loop thread.
#pragma once

#include <string>
#include <variant>

#include "core/base/result.hpp"
#include "core/base/time.hpp"
#include "daemon/operation/json.hpp"
#include "daemon/operation/unique_function.hpp"

namespace sitepower {

struct Failure {
    ErrorCode code = ErrorCode::internal_error;
    std::string message;           // one sentence that names the subject and the cure
    Json details = Json::array();  // objects; of a validation error {field, problem, allowed}
};

// The data of a success, or a failure.
using Outcome = std::variant<Json, Failure>;

Failure failure_of(const Error& error);
// A parameter with a value that cannot be: which one, what is wrong with it, what could be there. Without a
// message the sentence is made of the first two.
Failure wrong_parameter(std::string_view field, std::string_view problem, std::string_view allowed,
                        std::string message = "");

struct Meta {
    Time timestamp{};
    std::string request_id;
    double processing_time_ms = 0;
};

// {"data", "meta"} or {"error": {"code", "message", "details"}, "meta"}.
std::string envelope(Outcome outcome, const Meta& meta);

// What a face sends back.
struct Answer {
    int http_status = 200;
    std::string body;  // the envelope
};

// Owed to the caller: whoever holds it answers once. A Reply that is dropped unanswered (a full queue, a
// daemon that stops) answers SERVICE_UNAVAILABLE by itself, so that nobody waits for ever.
class Reply {
  public:
    using Send = UniqueFunction<void(Outcome)>;

    explicit Reply(Send send) : send_(std::move(send)) {}
    Reply(Reply&&) noexcept = default;
    Reply& operator=(Reply&&) = delete;
    Reply(const Reply&) = delete;
    Reply& operator=(const Reply&) = delete;
    ~Reply();

    void operator()(Outcome outcome);

  private:
    Send send_;
};

}  // namespace sitepower
