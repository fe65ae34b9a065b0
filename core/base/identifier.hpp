// Identifiers as sites write them, and the small integers that stand for them inside the engine.
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>

namespace sitepower {

// 1 to 64 characters of [A-Za-z0-9_-]. Anything else breaks topics on some brokers.
bool is_identifier(std::string_view text);

// Positions in the vectors of SiteModel. Distinct types, so that one cannot stand for another.
enum class DeviceIndex : std::uint32_t {};
enum class StringIndex : std::uint32_t {};
enum class BatteryIndex : std::uint32_t {};
enum class UpsIndex : std::uint32_t {};
enum class LocationIndex : std::uint32_t {};

template <class Index>
constexpr std::size_t position(Index index) {
    return static_cast<std::size_t>(index);
}

}  // namespace sitepower
