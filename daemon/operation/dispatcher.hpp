// Executes operations for every face: checks role and parameters, calls the handler, wraps its outcome into
// the envelope, audits changes of state. Owned by the app; loop thread only. Outlives all Replies in flight:
// the worker and the HTTP server stop first.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "daemon/operation/operation.hpp"
#include "daemon/operation/rate_meter.hpp"

namespace sitepower {

class Dispatcher {
  public:
    using Send = UniqueFunction<void(Answer)>;

    // `seed` makes the request ids of this start differ from those of the last: random bits.
    Dispatcher(Context& context, std::uint32_t seed) : context_(&context), seed_(seed) {}
    Dispatcher(const Dispatcher&) = delete;
    Dispatcher& operator=(const Dispatcher&) = delete;

    // Calls `send` exactly once, now or later. In this order: FORBIDDEN below the row's role,
    // VALIDATION_ERROR with every wrong field, then the handler's answer. A change of state is audited with
    // its outcome, a refused role included; wrong parameters are not, since nothing was attempted.
    void execute(const Operation& operation, const RawParameters& raw, Caller caller, Send send);

    // The answer to a request that never became an operation: unknown path, malformed body, ...
    Answer refuse(Failure failure);

    std::uint64_t requests_per_minute() const { return rate_.last_minute(context_->steady_now()); }

  private:
    struct Call;
    // Answers `call`: envelope, status, audit.
    static void finish(Call& call, Outcome outcome);
    std::string next_request_id();

    Context* context_;
    std::uint32_t seed_;
    std::uint64_t count_ = 0;
    RateMeter rate_;
};

// An MQTT 5 request: operation by name, parameters as a JSON object (an empty payload is none). Answers with
// the envelope. Only reading operations, always as a viewer.
void execute_mqtt_request(Dispatcher& dispatcher, std::string_view operation, std::string_view payload,
                          UniqueFunction<void(std::string)> reply);

// A bid that somebody publishes: the operation `bids` for that class, as an engineer. Nobody is answered;
// `refused` is called with the reason where it is not taken.
void execute_mqtt_bid(Dispatcher& dispatcher, std::string_view load_class, std::string_view payload,
                      UniqueFunction<void(std::string)> refused);

// Reads a request body or payload (its size is bounded by the face that took it) into `raw.body`; the Failure
// says what is malformed.
std::variant<RawParameters, Failure> read_body(std::string_view text);

}  // namespace sitepower
