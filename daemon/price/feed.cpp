#include "daemon/price/feed.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <system_error>

#include "daemon/price/quotations.hpp"

namespace sitepower {
namespace {

constexpr long connect_limit_ms = 10'000;
constexpr long whole_limit_ms = 30'000;
constexpr std::string_view key_mark = "{key}";

struct Transfer {
    std::string text;
    bool too_long = false;
    const std::atomic<bool>* stop = nullptr;
};

std::size_t collect(const char* data, std::size_t size, std::size_t count, void* into) {
    auto& transfer = *static_cast<Transfer*>(into);
    transfer.too_long = transfer.text.size() + size * count > longest_price_reply;
    if (transfer.too_long) return 0;
    transfer.text.append(data, size * count);
    return size * count;
}

int check_stop(void* of, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return static_cast<Transfer*>(of)->stop->load() ? 1 : 0;
}

std::string with_key(std::string text, const std::string& key) {
    const auto at = text.find(key_mark);
    return at == std::string::npos ? text : text.replace(at, key_mark.size(), key);
}

Error failed(const std::string& where, const std::string& why) {
    return {.code = ErrorCode::service_unavailable, .message = where + ": " + why, .detail = {}};
}

Result<std::string> read_file(const PriceFile& file) {
    // A pipe that nobody writes to would keep its reader for ever.
    std::error_code error;
    if (std::filesystem::exists(file.path, error) && !std::filesystem::is_regular_file(file.path, error)) {
        return failed(file.path, "it is no regular file; put a file in its place");
    }
    std::ifstream stream(file.path, std::ios::binary);
    if (!stream) return failed(file.path, "the file cannot be opened");
    std::string text(longest_price_file + 1, '\0');
    stream.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (stream.bad()) return failed(file.path, "the file cannot be read");
    text.resize(static_cast<std::size_t>(stream.gcount()));
    if (text.size() > longest_price_file) return failed(file.path, "the file is larger than 16 MiB");
    return text;
}

// What libcurl says, without the address that it may repeat.
std::string trouble_of(CURLcode code, const Transfer& transfer) {
    if (transfer.too_long) return "the answer is longer than 4 MiB";
    return curl_easy_strerror(code);
}

Result<std::string> ask(const PriceAddress& address, const std::atomic<bool>& stop) {
    const std::unique_ptr<CURL, void (*)(CURL*)> curl(curl_easy_init(), curl_easy_cleanup);
    if (!curl) return failed(address.url, "libcurl cannot be used");
    std::unique_ptr<curl_slist, void (*)(curl_slist*)> headers(nullptr, curl_slist_free_all);
    if (!address.key_header.empty()) {
        headers.reset(curl_slist_append(nullptr, with_key(address.key_header, address.key).c_str()));
        curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
    }
    Transfer transfer;
    transfer.stop = &stop;
    curl_easy_setopt(curl.get(), CURLOPT_URL, with_key(address.url, address.key).c_str());
    curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, "http,https");
    // A redirection would take the key to wherever it points.
    curl_easy_setopt(curl.get(), CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl.get(), CURLOPT_CONNECTTIMEOUT_MS, connect_limit_ms);
    curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT_MS, whole_limit_ms);
    curl_easy_setopt(curl.get(), CURLOPT_USERAGENT, "sitepower/" SITEPOWER_VERSION);
    curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &transfer);
    curl_easy_setopt(curl.get(), CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl.get(), CURLOPT_XFERINFOFUNCTION, check_stop);
    curl_easy_setopt(curl.get(), CURLOPT_XFERINFODATA, &transfer);
    if (!address.ca_file.empty()) curl_easy_setopt(curl.get(), CURLOPT_CAINFO, address.ca_file.c_str());
    const auto code = curl_easy_perform(curl.get());
    if (code != CURLE_OK) return failed(address.url, trouble_of(code, transfer));
    long status = 0;
    curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
    if (status >= 300 && status < 400) {
        return failed(address.url, fmt::format("it answers {}, a redirection: configure the address that it "
                                               "leads to",
                                               status));
    }
    if (status != 200) return failed(address.url, fmt::format("it answers {}", status));
    return std::move(transfer.text);
}

Result<std::vector<PriceStep>> read_text(const PriceSettings& settings, const std::string& where,
                                         const Result<std::vector<Quotation>>& quotations) {
    if (!quotations) return failed(where, quotations.error().message);
    return steps_of(settings, *quotations, settings.stale_after);
}

}  // namespace

Result<std::vector<PriceStep>> read_feed(const PriceSettings& settings, Time now,
                                         const std::atomic<bool>& stop) {
    if (const auto* file = std::get_if<PriceFile>(&settings.source)) {
        const auto text = read_file(*file);
        if (!text) return text.error();
        return read_text(settings, file->path, parse_quotations(*text, file->columns));
    }
    const auto& address = std::get<PriceAddress>(settings.source);
    const auto text = ask(address, stop);
    if (!text) return text.error();
    if (const auto* columns = std::get_if<PriceColumns>(&address.form))
        return read_text(settings, address.url, parse_quotations(*text, *columns));
    return read_text(settings, address.url,
                     parse_quotations(*text, std::get<PricePointers>(address.form), now));
}

}  // namespace sitepower
