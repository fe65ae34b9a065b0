#include "daemon/ctl/client.hpp"

#include <curl/curl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "daemon/operation/json.hpp"
#include "daemon/operation/route.hpp"

namespace sitepower::ctl {
namespace {

constexpr std::size_t longest_reply = 64U << 20;  // a daemon would never send more

std::size_t collect(const char* data, std::size_t size, std::size_t count, void* into) {
    auto& text = *static_cast<std::string*>(into);
    if (text.size() + size * count > longest_reply) return 0;
    text.append(data, size * count);
    return size * count;
}

Error unreachable(const std::string& socket, const std::string& why) {
    std::string cure = "is sitepowerd running? (systemctl status sitepowerd)";
    if (access(socket.c_str(), F_OK) != 0) {
        if (errno == EACCES)
            cure = "this user may not look there; ask as root or as a member of group sitepower";
    } else if (access(socket.c_str(), W_OK) != 0) {
        cure = "this user may not connect; ask as root or as a member of group sitepower";
    }
    return {ErrorCode::service_unavailable, fmt::format("no answer at {}: {}", socket, cure), why};
}

// Lists and objects are too long for the request line: they become the body, and the rest stays in `target`.
std::string body_of(const Operation& operation, const NamedValues& parameters, NamedValues& target) {
    InputJson body = InputJson::object();
    for (const auto& [name, value] : parameters) {
        const auto declared = std::ranges::find(operation.parameters, name, &Parameter::name);
        const bool long_one =
            operation.method == Method::post && declared != operation.parameters.end() &&
            (declared->type == ParameterType::list || declared->type == ParameterType::object);
        auto parsed = long_one ? InputJson::parse(value, nullptr, false) : InputJson();
        if (long_one && !parsed.is_discarded()) {
            body[name] = std::move(parsed);
        } else {
            target.emplace_back(name, value);
        }
    }
    return body.empty() ? "" : body.dump();
}

}  // namespace

Result<Response> ask(const std::string& socket, const Operation& operation, const NamedValues& parameters,
                     Duration at_most) {
    const std::unique_ptr<CURL, void (*)(CURL*)> curl(curl_easy_init(), curl_easy_cleanup);
    if (!curl) return Error{ErrorCode::internal_error, "libcurl cannot be used", {}};
    Response response;
    NamedValues in_target;
    const auto body = body_of(operation, parameters, in_target);
    const std::unique_ptr<curl_slist, void (*)(curl_slist*)> headers(
        curl_slist_append(nullptr, "Content-Type: application/json"), curl_slist_free_all);
    const auto url = "http://localhost" + request_target(operation, in_target);
    curl_easy_setopt(curl.get(), CURLOPT_UNIX_SOCKET_PATH, socket.c_str());
    curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl.get(), CURLOPT_PROXY, "");
    curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT_MS, static_cast<long>(at_most.count()));
    curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &response.text);
    if (operation.method == Method::post) curl_easy_setopt(curl.get(), CURLOPT_COPYPOSTFIELDS, body.c_str());
    if (!body.empty()) curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
    const auto code = curl_easy_perform(curl.get());
    if (code != CURLE_OK) return unreachable(socket, curl_easy_strerror(code));
    long status = 0;
    curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
    response.http_status = static_cast<int>(status);
    return response;
}

}  // namespace sitepower::ctl
