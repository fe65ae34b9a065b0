#include "daemon/http/exchange.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace sitepower {
namespace {

std::optional<std::string_view> header(MHD_Connection* connection, const char* name) {
    const char* value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
    if (value == nullptr) return std::nullopt;
    return value;
}

// "application/json", also with a charset behind it, in any case.
bool is_json(std::string_view content_type) {
    constexpr std::string_view json = "application/json";
    content_type = content_type.substr(0, content_type.find(';'));
    while (content_type.ends_with(' ')) content_type.remove_suffix(1);
    return std::ranges::equal(content_type, json, [](char a, char b) {
        return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
    });
}

// 0 when there is no body, empty when its length is not known before it is read.
std::optional<std::uint64_t> announced_length(MHD_Connection* connection) {
    if (header(connection, MHD_HTTP_HEADER_TRANSFER_ENCODING)) return std::nullopt;
    const auto text = header(connection, MHD_HTTP_HEADER_CONTENT_LENGTH);
    if (!text) return 0;
    std::uint64_t length = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), length);
    if (error != std::errc{} || end != text->data() + text->size()) return std::nullopt;
    return length;
}

MHD_Result add_parameter(void* into, MHD_ValueKind /*kind*/, const char* name, std::size_t name_size,
                         const char* value, std::size_t value_size) {
    auto& parameters = *static_cast<std::vector<std::pair<std::string, std::string>>*>(into);
    parameters.emplace_back(std::string(name, name_size),
                            value == nullptr ? std::string() : std::string(value, value_size));
    return MHD_YES;
}

}  // namespace

std::optional<Failure> check_headers(MHD_Connection* connection, std::size_t body_limit) {
    const auto length = announced_length(connection);
    if (length == 0U) return std::nullopt;
    if (length && *length > body_limit) {
        return Failure{ErrorCode::payload_too_large,
                       fmt::format("the body has {} bytes, at most {} are taken", *length, body_limit)};
    }
    const auto type = header(connection, MHD_HTTP_HEADER_CONTENT_TYPE);
    if (type && is_json(*type)) return std::nullopt;
    return Failure{ErrorCode::unsupported_media_type,
                   "the body must be JSON: send it with Content-Type: application/json"};
}

std::vector<std::pair<std::string, std::string>> text_parameters(MHD_Connection* connection,
                                                                 const Match& match) {
    auto parameters = match.path_parameters;
    MHD_get_connection_values_n(connection, MHD_GET_ARGUMENT_KIND, add_parameter, &parameters);
    return parameters;
}

MHD_Result send_answer(MHD_Connection* connection, const Answer& answer, const std::string& allow) {
    auto* response = MHD_create_response_from_buffer(
        answer.body.size(), const_cast<char*>(answer.body.data()), MHD_RESPMEM_MUST_COPY);
    if (response == nullptr) return MHD_NO;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    if (!allow.empty()) MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, allow.c_str());
    const auto queued = MHD_queue_response(connection, static_cast<unsigned>(answer.http_status), response);
    MHD_destroy_response(response);
    return queued;
}

}  // namespace sitepower
