// What an alert says to people.
#pragma once

#include <string>

namespace sitepower {

struct Observation;
struct Rule;

// One sentence: "Temperature is too high: 51.3 C, limit 50 C". Numbers have at most 4 digits that count.
std::string alert_message(const Rule& rule, const Observation& observation);

}  // namespace sitepower
