// The codes of failed operations: one table of name and HTTP status. Pure; any thread.
#pragma once

#include <span>
#include <string_view>

#include "core/base/result.hpp"

namespace sitepower {

struct ErrorRow {
    ErrorCode code;
    std::string_view name;  // "VALIDATION_ERROR", as in the reply
    int http_status;
    std::string_view meaning;
};

// Every code once; several codes share a status (409), so a client goes by the name.
std::span<const ErrorRow> error_table();
const ErrorRow& error_row(ErrorCode code);
std::string_view to_string(ErrorCode code);
int http_status(ErrorCode code);

}  // namespace sitepower
