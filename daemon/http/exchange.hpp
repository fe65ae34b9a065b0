// One HTTP request on its way through the daemon, and one connection. Values of the server; loop thread.
#pragma once

#include <microhttpd.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "daemon/http/peer.hpp"
#include "daemon/operation/route.hpp"

namespace sitepower {

struct HttpConnection {
    int fd = -1;
    Peer peer;
    bool turned_away = false;  // what it had sent before is not heard either
    // When the client must have sent its request or taken its reply; empty while we owe it an answer.
    std::optional<std::chrono::steady_clock::time_point> deadline;
};

struct Exchange {
    std::uint64_t id = 0;
    MHD_Connection* connection = nullptr;
    HttpConnection* peer_connection = nullptr;
    Match match;
    std::string body;
    bool body_too_large = false;
    bool suspended = false;
    std::optional<Answer> answer;
};

// The exchanges whose clients are still there. Shared with the replies in flight, which may outlive both the
// exchange and the server, and then answer nobody.
using Exchanges = std::unordered_map<std::uint64_t, std::unique_ptr<Exchange>>;

// What is wrong with a request's headers, before its body is read; empty: nothing.
std::optional<Failure> check_headers(MHD_Connection* connection, std::size_t body_limit);

// The parameters of path and query string.
std::vector<std::pair<std::string, std::string>> text_parameters(MHD_Connection* connection,
                                                                 const Match& match);

// Queues `answer` as JSON. `allow` names the methods of a 405.
MHD_Result send_answer(MHD_Connection* connection, const Answer& answer, const std::string& allow = {});

}  // namespace sitepower
