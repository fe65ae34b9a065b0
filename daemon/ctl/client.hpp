// One request to the daemon over its Unix socket. Blocks until the answer is there; for programs, not for the
// daemon.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/base/result.hpp"
#include "daemon/operation/operation.hpp"

namespace sitepower::ctl {

struct Response {
    int http_status = 0;
    std::string text;  // the envelope
};

using NamedValues = std::vector<std::pair<std::string, std::string>>;

// SERVICE_UNAVAILABLE when nobody answers at `socket`; the message names the cure.
Result<Response> ask(const std::string& socket, const Operation& operation, const NamedValues& parameters,
                     Duration at_most);

}  // namespace sitepower::ctl
