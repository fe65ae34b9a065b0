// Expected failures as values: a Result holds either what was asked for or an Error that says what went
// wrong. Exceptions are for starting up only. Whoever receives an Error handles it or returns it, never both.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>

namespace sitepower {

// The codes that leave the program, in the replies of operations; names and HTTP status live in
// daemon/operation.
enum class ErrorCode : std::uint8_t {
    validation_error,        // a value is of the wrong form or out of range
    bad_request,             // the request cannot be read at all
    unauthorized,            // nobody knows who is asking
    forbidden,               // who asks may not
    not_found,               // there is nothing of that name
    conflict,                // done before, or against the present state; also a database of a newer schema
    insufficient_data,       // an answer would be a guess
    payload_too_large,       // too many bytes, or too long a question
    unsupported_media_type,  // not JSON
    rate_limited,            // too often
    internal_error,          // a fault of ours
    service_unavailable,     // not now: starting, stopping, busy, or the disk or a peer does not answer
};

struct Error {
    ErrorCode code = ErrorCode::internal_error;
    std::string message;  // one sentence that names the subject and, where there is one, the cure
    std::string detail;   // may be empty; for people, never parsed
};

template <class T>
class [[nodiscard]] Result {
  public:
    // Both implicit, so that a function returns what it has found, or why it has not.
    // NOLINTBEGIN(google-explicit-constructor)
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}
    // NOLINTEND(google-explicit-constructor)

    explicit operator bool() const { return state_.index() == 0; }

    // Asking for what it does not hold is a bug: std::bad_variant_access, which no caller handles, rather
    // than a read of what is not there.
    T& value() & { return std::get<0>(state_); }
    const T& value() const& { return std::get<0>(state_); }
    T&& value() && { return std::get<0>(std::move(state_)); }
    const Error& error() const { return std::get<1>(state_); }

    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }

  private:
    std::variant<T, Error> state_;
};

// A Result without a value: success, or an Error.
struct Done {};
using Status = Result<Done>;

}  // namespace sitepower
