// The small notations of the configuration: "host:port", "DEVICE/point", "jar{n:03}". Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "daemon/publish/settings.hpp"

namespace sitepower::config {

// "broker.example:8883", "[::1]:1883".
std::optional<BrokerAddress> parse_host_and_port(std::string_view text);
bool is_host_and_port(std::string_view text);

// "MON-01/string1.current_a"
struct PointPath {
    std::string_view device;
    std::string_view point;
};
std::optional<PointPath> parse_point_path(std::string_view text);
bool is_point_path(std::string_view text);

// "SERVICE/NAME" of a metric.
bool is_metric(std::string_view text);

// Puts the number n for "{n}", with leading zeros for "{n:03}", and the string's id for "{string}". nullopt
// where something else stands in braces.
std::optional<std::string> fill_pattern(std::string_view pattern, std::string_view string_id, int n);
// The pattern differs from number to number.
bool has_number(std::string_view pattern);

}  // namespace sitepower::config
