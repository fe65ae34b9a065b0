#include "daemon/operation/error_table.hpp"

#include <algorithm>
#include <array>
#include <cassert>

namespace sitepower {
namespace {

constexpr std::array<ErrorRow, 12> rows{{
    {ErrorCode::validation_error, "VALIDATION_ERROR", 422, "a parameter is wrong; each is listed in details"},
    {ErrorCode::bad_request, "BAD_REQUEST", 400, "the request is malformed"},
    {ErrorCode::unauthorized, "UNAUTHORIZED", 401, "the caller is not known"},
    {ErrorCode::forbidden, "FORBIDDEN", 403, "the caller's role does not allow it"},
    {ErrorCode::not_found, "NOT_FOUND", 404, "there is nothing of that name"},
    {ErrorCode::conflict, "CONFLICT", 409, "it was done before, or contradicts the present state"},
    {ErrorCode::insufficient_data, "INSUFFICIENT_DATA", 409, "what is missing is listed in details"},
    {ErrorCode::payload_too_large, "PAYLOAD_TOO_LARGE", 413, "the request body is over the limit"},
    {ErrorCode::unsupported_media_type, "UNSUPPORTED_MEDIA_TYPE", 415, "the body must be application/json"},
    {ErrorCode::rate_limited, "RATE_LIMITED", 429, "too many requests; wait a moment"},
    {ErrorCode::internal_error, "INTERNAL_ERROR", 500, "a fault of the daemon; see its journal"},
    {ErrorCode::service_unavailable, "SERVICE_UNAVAILABLE", 503, "not ready, busy or stopping; try again"},
}};

}  // namespace

std::span<const ErrorRow> error_table() {
    return rows;
}

const ErrorRow& error_row(ErrorCode code) {
    const auto* row = std::ranges::find(rows, code, &ErrorRow::code);
    assert(row != rows.end());
    return *row;
}

std::string_view to_string(ErrorCode code) {
    return error_row(code).name;
}

int http_status(ErrorCode code) {
    return error_row(code).http_status;
}

}  // namespace sitepower
