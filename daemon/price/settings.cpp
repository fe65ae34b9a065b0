#include "daemon/price/settings.hpp"

namespace sitepower {

double price_value(const PriceSettings& settings, double of_source) {
    const double applies = of_source * settings.factor + settings.surcharge;
    return settings.unit == PriceUnit::per_mwh ? applies / 1000 : applies;
}

double shown_price(PriceUnit unit, double value) {
    return unit == PriceUnit::other ? value : 1000 * value;
}

}  // namespace sitepower
