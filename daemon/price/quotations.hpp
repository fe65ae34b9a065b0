// The texts that prices arrive in: CSV and JSON, as exchanges, suppliers and gateways write them. Pure; any
// thread. Others write these texts: anything may stand in them.
#pragma once

#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/price/series.hpp"
#include "daemon/price/settings.hpp"

namespace sitepower {

inline constexpr std::size_t most_quotations = 100'000;

// As it is quoted, per MWh or in its own unit. A kWh costs some thousands at most in any currency; a number
// beyond this is a mistake, which would throw every plan.
inline constexpr double most_price = 1e9;

// A price from a moment on; NaN: from then on there is none (yet).
struct Quotation {
    Time from{};
    double price = 0;
};

// Rising in time. A time is ISO 8601 with its zone, or seconds or milliseconds since 1970. Lines that repeat
// the one before them count once; of two prices for one moment the later one counts. Errors name the line.
Result<std::vector<Quotation>> parse_quotations(std::string_view text, const PriceColumns& columns);
// The same; errors name the pointer and the element. A single number is the price from `now` on.
Result<std::vector<Quotation>> parse_quotations(std::string_view text, const PricePointers& pointers,
                                                Time now);

// Each lasts until the next, the last as long as the one before it; a single one for `alone`. Nothing lasts
// longer than a day, nor into what is quoted without a price: that stays unknown.
std::vector<PriceStep> steps_of(const PriceSettings& settings, const std::vector<Quotation>& quotations,
                                Duration alone);

}  // namespace sitepower
