// From an HTTP request line to a row of the table, and back. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "daemon/operation/operation.hpp"

namespace sitepower {

inline constexpr std::string_view api_root = "/api/v1";

struct Match {
    const Operation* operation = nullptr;
    std::vector<std::pair<std::string, std::string>> path_parameters;
};
struct UnknownPath {
    std::string hint;  // the nearest path of the table
};
struct WrongMethod {
    std::string allow;  // "GET, POST"
};

using Route = std::variant<Match, UnknownPath, WrongMethod>;

// `method` as in the request line; HEAD counts as GET. `path` without query string, percent-decoded.
Route find_route(std::string_view method, std::string_view path);

// The request target of an operation: path parameters filled in, the others as a query string, all
// percent-encoded. For clients; a missing path parameter is a bug.
std::string request_target(const Operation& operation,
                           const std::vector<std::pair<std::string, std::string>>& parameters);

// How many single-character edits lead from one text to the other; for "did you mean".
std::size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace sitepower
