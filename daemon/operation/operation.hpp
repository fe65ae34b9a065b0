// A row of the table of operations: everything that HTTP, MQTT 5 requests, sitepowerctl and the reference
// page know about an operation. Declared in rows/, read everywhere; immutable, any thread. Handlers run on
// the loop thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/result.hpp"
#include "daemon/operation/caller.hpp"
#include "daemon/operation/context.hpp"
#include "daemon/operation/json.hpp"
#include "daemon/operation/parameter.hpp"
#include "daemon/operation/reply.hpp"

namespace sitepower {

enum class Method : std::uint8_t { get, post };

constexpr std::string_view to_string(Method method) {
    return method == Method::get ? "GET" : "POST";
}

// A field of the result. `path` is dotted; "items[].battery_id" is in each element of a list,
// "components.*.status" in each member of an object whose names depend on the site.
struct Field {
    std::string path;
    std::string_view type;  // "text", "number", "integer", "boolean", "time", "object", "list"
    std::string_view unit;  // "" for none
    std::string_view help;
};

struct Request {
    Parameters parameters;
    Caller caller;
};

// A handler either answers at once or keeps the Reply for later.
using Immediate = Outcome (*)(const Request&, Context&);
using Deferred = void (*)(Request, Context&, Reply);

struct Operation {
    std::string_view name;  // "alert.acknowledge"
    Method method = Method::get;
    std::string_view path;  // "/api/v1/alerts/{alert_id}/acknowledge"; {x} is the parameter x
    Role role = Role::viewer;
    std::string_view summary;
    std::vector<Parameter> parameters{};
    std::vector<Field> result{};
    std::vector<ErrorCode> errors{};  // besides those that any operation may answer with
    bool only_reads = false;          // a POST whose parameters are too many for a query: it changes nothing
    std::variant<Immediate, Deferred> handler;

    bool changes_state() const { return method != Method::get && !only_reads; }
};

}  // namespace sitepower
