#include "daemon/price/settings.hpp"

#include <type_traits>

namespace sitepower {

bool tells_the_same(const PriceSettings& one, const PriceSettings& other) {
    if (one.id != other.id || one.currency != other.currency || one.unit != other.unit ||
        one.factor != other.factor || one.surcharge != other.surcharge ||
        one.source.index() != other.source.index())
        return false;
    return std::visit(
        [&](const auto& source) {
            using Source = std::decay_t<decltype(source)>;
            if constexpr (std::is_same_v<Source, Tariff>) {
                return false;
            } else {
                return source == std::get<Source>(other.source);
            }
        },
        one.source);
}

bool is_of_the_present(const PriceSettings& settings) {
    const PricePointers* form = nullptr;
    if (const auto* topic = std::get_if<PriceTopic>(&settings.source)) form = &topic->form;
    if (const auto* address = std::get_if<PriceAddress>(&settings.source))
        form = std::get_if<PricePointers>(&address->form);
    return form != nullptr && !form->list && form->time.empty();
}

double price_value(const PriceSettings& settings, double of_source) {
    const double applies = of_source * settings.factor + settings.surcharge;
    return settings.unit == PriceUnit::per_mwh ? applies / 1000 : applies;
}

double shown_price(PriceUnit unit, double value) {
    return unit == PriceUnit::other ? value : 1000 * value;
}

}  // namespace sitepower
