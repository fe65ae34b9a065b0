// Time zones and price series.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "daemon/config/build.hpp"
#include "daemon/config/ids.hpp"
#include "daemon/config/point_finder.hpp"
#include "daemon/config/quarters.hpp"
#include "drivers/schema/document.hpp"

namespace sitepower::config {

using schema::Diagnostics;
using schema::Origin;

namespace {

constexpr std::array<std::string_view, 3> reserved_ids{"timestamp", "volatility_24h", "reasons"};

TimeZone read_zone(const std::string& directory, const std::string& name, const Origin& at,
                   Diagnostics& diagnostics) {
    if (name == "UTC") return {};
    Diagnostics unreadable;
    const auto text = schema::read_text(directory + '/' + name, unreadable).value_or("");
    const std::vector<std::uint8_t> bytes(text.begin(), text.end());
    if (bytes.empty()) {
        diagnostics.add(at, fmt::format("there is no time zone \"{}\" in {} (the Debian package is tzdata)",
                                        name, directory));
        return {};
    }
    auto zone = TimeZone::parse(bytes);
    if (zone) return std::move(*zone);
    diagnostics.add(at, fmt::format("the time zone \"{}\" cannot be used: {}", name, zone.error().message));
    return {};
}

TariffPeriod period_of(const PriceEntry& entry, const PricePeriodEntry& from_file) {
    auto period = make_period(from_file.months, from_file.weekdays, from_file.from, from_file.to);
    period.value = entry.unit == PriceUnit::per_mwh ? from_file.price / 1000 : from_file.price;
    return period;
}

Tariff tariff_of(const PriceEntry& entry, TimeZone zone, Diagnostics& diagnostics) {
    Tariff tariff;
    tariff.zone = std::move(zone);
    for (std::size_t i = 0; i < entry.periods.size(); ++i) {
        const auto period = period_of(entry, entry.periods[i]);
        const bool last = i + 1 == entry.periods.size();
        if (fits_always(period) != last) {
            diagnostics.add(
                entry.periods[i].origins.table(),
                last ? "is the last period and must fit always: expected one with a price only, so "
                       "that no time is without a price"
                     : "fits always: the periods behind it would never count");
        }
        tariff.periods.push_back(period);
    }
    return tariff;
}

PriceColumns columns_of(const PriceEntry& entry) {
    PriceColumns columns;
    if (!entry.time_column.empty()) columns.time = entry.time_column;
    if (!entry.price_column.empty()) columns.price = entry.price_column;
    return columns;
}

PriceAddress address_of(const PriceEntry& entry, const std::string& credentials_directory,
                        Diagnostics& diagnostics) {
    PriceAddress address;
    address.url = entry.url;
    if (entry.price_pointer.empty()) {
        address.form = columns_of(entry);
    } else {
        address.form = PricePointers{entry.list_pointer, entry.time_pointer, entry.price_pointer};
    }
    address.key_header = entry.key_header;
    address.ca_file = entry.ca_file;
    if (!entry.key_credential.empty()) {
        address.key = find_credential(credentials_directory, entry.key_credential,
                                      entry.origins.of("key_credential"), diagnostics);
        if (address.key.find_first_of("\r\n") != std::string::npos)
            diagnostics.add(entry.origins.of("key_credential"), "holds more than one line");
    }
    return address;
}

}  // namespace

std::vector<TimeZone> build_time_zones(const SiteFile& file, const std::string& directory,
                                       const SiteModel& model, Diagnostics& diagnostics) {
    std::vector<TimeZone> zones(model.locations.size());
    for (std::size_t i = 0; i < file.locations.size(); ++i) {
        const auto& entry = file.locations[i];
        zones.at(i) = read_zone(directory, entry.time_zone, entry.origins.of("time_zone"), diagnostics);
    }
    return zones;
}

std::vector<PriceSettings> build_prices(const SiteFile& file, const ConfigPaths& paths,
                                        const std::vector<TimeZone>& zones, const SiteModel& model,
                                        Diagnostics& diagnostics) {
    std::vector<PriceSettings> prices;
    Ids ids("price", diagnostics);
    const PointFinder points(model, diagnostics);
    for (const auto& entry : file.prices) {
        ids.add(entry.id, entry.origins.of("id"));
        if (std::ranges::find(reserved_ids, entry.id) != reserved_ids.end())
            diagnostics.add(entry.origins.of("id"), "is the name of another field of the operation prices");
        PriceSettings settings;
        settings.id = entry.id;
        settings.currency = entry.currency;
        settings.unit = entry.unit;
        settings.factor = entry.factor;
        settings.surcharge = entry.surcharge;
        settings.interval = entry.interval;
        settings.stale_after = entry.stale_after;
        switch (entry.source) {
            case PriceKind::tariff: {
                const auto location =
                    find_location(model, entry.location, entry.origins.of("location"), diagnostics);
                settings.source = tariff_of(entry, zones.at(position(location)), diagnostics);
                break;
            }
            case PriceKind::file:
                settings.source = PriceFile{entry.path, columns_of(entry)};
                break;
            case PriceKind::address:
                settings.source = address_of(entry, paths.credentials_directory, diagnostics);
                break;
            case PriceKind::mqtt:
                if (!file.broker.enabled)
                    diagnostics.add(entry.origins.of("topic"), "needs a broker, and broker.enabled is false");
                settings.source =
                    PriceTopic{entry.topic, {entry.list_pointer, entry.time_pointer, entry.price_pointer}};
                break;
            case PriceKind::point: {
                const auto point = points.resolve(entry.point, entry.origins.of("point"));
                settings.source = PricePoint{point.value_or(PointRef{}), entry.point};
                break;
            }
        }
        prices.push_back(std::move(settings));
    }
    return prices;
}

}  // namespace sitepower::config
