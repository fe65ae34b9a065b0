// Prices as others write them, and files of time zones: any text ends as prices in the order of their times,
// or as an error that says something.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/base/time_zone.hpp"
#include "daemon/price/quotations.hpp"

namespace {

using namespace sitepower;

void expect_sound(const Result<std::vector<Quotation>>& found) {
    if (!found) {
        if (found.error().message.empty()) std::abort();
        return;
    }
    if (found->empty()) std::abort();
    for (std::size_t i = 0; i < found->size(); ++i) {
        if (!std::isfinite((*found)[i].price)) std::abort();
        if (i > 0 && (*found)[i - 1].from >= (*found)[i].from) std::abort();
    }
    PriceSeries series;
    series.merge(steps_of(PriceSettings{}, *found, Duration{60'000}));
    if (series.steps().size() > PriceSeries::most_steps) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    expect_sound(parse_quotations(text, PriceColumns{}));
    expect_sound(parse_quotations(text, PricePointers{.list = "/l", .time = "/t", .price = "/p"}, Time{}));
    expect_sound(parse_quotations(text, PricePointers{.list = {}, .time = "/t", .price = "/p"}, Time{}));
    expect_sound(parse_quotations(text, PricePointers{.list = {}, .time = "", .price = "/p"}, Time{}));
    if (const auto zone = TimeZone::parse({data, size})) {
        for (const std::int64_t ms : {-1'000'000'000'000, 0L, 1'795'330'800'000, 4'000'000'000'000})
            static_cast<void>(zone->local(from_ms(ms)));
    }
    return 0;
}
