// What a check and a reload look at beyond the text: the clock and the files of this machine.
#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <system_error>

#include "daemon/config/build.hpp"

namespace sitepower::config {

using schema::Diagnostics;
using schema::Origin;

namespace {

// A date has no time zone: where it is tomorrow already, that is no mistake.
constexpr auto other_zones = std::chrono::hours{14};

void check_date(const std::optional<Time>& date, Time now, const schema::Origins& origins,
                Diagnostics& diagnostics) {
    if (!date || *date <= now + other_zones) return;
    diagnostics.add(origins.of("installed_date"),
                    "is in the future: give the day on which the batteries were put in");
}

void check_file(const std::string& path, const Origin& at, Diagnostics& diagnostics) {
    if (path.empty()) return;
    std::error_code error;
    const bool exists = std::filesystem::exists(path, error);
    // A directory that this user may not look into tells nothing.
    if (exists || (error && error != std::errc::no_such_file_or_directory)) return;
    diagnostics.add(at, fmt::format("there is no file {}", path));
}

}  // namespace

void check_present(const SiteFile& file, Time now, Diagnostics& diagnostics) {
    for (const auto& string : file.strings) {
        check_date(string.installed_date, now, string.origins, diagnostics);
        for (const auto& battery : string.batteries) {
            check_date(battery.installed_date, now, battery.origins, diagnostics);
        }
    }
    const auto tls_key = [&](const char* name) {
        auto at = file.broker.origins.of("tls");
        at.key += std::string(".") + name;
        return at;
    };
    check_file(file.broker.tls.ca_file, tls_key("ca_file"), diagnostics);
    check_file(file.broker.tls.certificate_file, tls_key("certificate_file"), diagnostics);
    for (const auto& price : file.prices) check_file(price.ca_file, price.origins.of("ca_file"), diagnostics);
}

}  // namespace sitepower::config
