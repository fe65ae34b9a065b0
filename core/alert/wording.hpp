// What an alert says to people.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sitepower {

struct Observation;
struct Rule;

// One sentence: "Temperature is too high: 51.3 C, limit 50 C". Numbers have at most 4 digits that count.
std::string alert_message(const Rule& rule, const Observation& observation);

// The detail of such a sentence, for a rule whose observations have no numbers.
std::string_view detail_of(const Rule& rule, std::string_view message);
// What a detail lists, with ", " between.
std::vector<std::string_view> parts_of(std::string_view list);

// Of an alert that is held open because it flaps, while its condition does not hold.
std::string quiet_message(const std::string& message, std::uint32_t flaps);
// The message without what quiet_message added.
std::string_view without_quiet(std::string_view message);

}  // namespace sitepower
