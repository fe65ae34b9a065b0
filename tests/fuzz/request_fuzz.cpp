// Fuzzes the way of a request from its bytes to an operation: method, path, query and body are routed,
// checked and executed against a made-up site. Input: four lines (method, path, query, content), the last
// one as long as it likes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "daemon/operation/dispatcher.hpp"
#include "daemon/operation/route.hpp"
#include "tests/support/fake_context.hpp"

namespace {

using namespace sitepower;

std::string_view take_line(std::string_view& input) {
    const auto end = input.find('\n');
    const auto line = input.substr(0, end);
    input.remove_prefix(end == std::string_view::npos ? input.size() : end + 1);
    return line;
}

// "a=b&c": as the HTTP server hands them over, but not percent-decoded.
void add_query(std::string_view query, RawParameters& raw) {
    while (!query.empty()) {
        const auto item = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(query.size(), item.size() + 1));
        const auto equals = item.find('=');
        raw.texts.emplace_back(item.substr(0, equals),
                               equals == std::string_view::npos ? "" : item.substr(equals + 1));
    }
}

// Whatever was asked: one answer, and it is an envelope.
void expect_envelope(const std::string& body) {
    const auto json = Json::parse(body, nullptr, false);
    if (!json.is_object() || !json.contains("meta") || json.contains("data") == json.contains("error"))
        std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view input(reinterpret_cast<const char*>(data), size);
    const auto method = take_line(input);
    const auto path = take_line(input);
    const auto query = take_line(input);

    support::FakeContext context;
    Dispatcher dispatcher(context, 1);
    execute_mqtt_request(dispatcher, path, input, expect_envelope);
    context.run_queries();
    const auto route = find_route(method, path);
    const auto* match = std::get_if<Match>(&route);
    auto raw = read_body(input);
    auto* parameters = std::get_if<RawParameters>(&raw);
    if (match == nullptr || parameters == nullptr) return 0;
    parameters->texts = match->path_parameters;
    add_query(query, *parameters);
    int answers = 0;
    dispatcher.execute(*match->operation, *parameters, {Role::admin, "fuzz", "fuzz"},
                       [&](const Answer& answer) {
                           expect_envelope(answer.body);
                           ++answers;
                       });
    context.run_queries();
    if (answers != 1) std::abort();
    return 0;
}
