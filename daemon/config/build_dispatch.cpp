// Plans.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "daemon/config/build.hpp"
#include "daemon/config/ids.hpp"
#include "daemon/config/point_finder.hpp"
#include "daemon/config/quarters.hpp"

namespace sitepower::config {

using schema::Diagnostics;
using schema::Origin;

namespace {

class DispatchBuilder {
  public:
    DispatchBuilder(const SiteModel& model, Diagnostics& diagnostics)
        : model_(model), diagnostics_(diagnostics), points_(model, diagnostics) {}

    DispatchSettings build(const DispatchEntry& entry, const std::vector<SeriesEntry>& series,
                           const std::vector<PriceSettings>& prices, const std::vector<TimeZone>& zones) {
        DispatchSettings settings;
        settings.import_price = entry.import_price;
        settings.export_price = entry.export_price;
        settings.site = static_cast<const dispatch::SiteLimits&>(entry);
        settings.step = entry.step;
        settings.horizon = entry.horizon;
        const auto* bought = price_of(prices, entry.import_price, entry.origins.of("import_price"));
        if (bought != nullptr) settings.currency = bought->currency;
        if (!entry.export_price.empty()) {
            const auto at = entry.origins.of("export_price");
            const auto* sold = price_of(prices, entry.export_price, at);
            if (sold != nullptr && bought != nullptr && differ(sold->currency, bought->currency)) {
                diagnostics_.add(
                    at, fmt::format("is in {}, and import_price in {}", sold->currency, bought->currency));
            }
        }
        settings.load = power(entry.load, entry.origins.of("load"));
        settings.load_series = load_series(entry, series);
        const auto priced = std::ranges::find(series, entry.import_price, &SeriesEntry::price);
        if (priced != series.end()) settings.price_series = priced->id;
        settings.pv = power(entry.pv, entry.origins.of("pv"));
        for (const auto& name : settings.pv.names) {
            if (!contains(settings.load.names, name)) continue;
            diagnostics_.add(entry.origins.of("pv"),
                             fmt::format("\"{}\" is in load already: what is drawn and what is generated are "
                                         "two points, take it out of one of them",
                                         name));
        }
        settings.import = power(entry.import, entry.origins.of("import"));
        settings.demand_window =
            make_period(entry.demand_months, entry.demand_weekdays, entry.demand_from, entry.demand_to);
        const auto location =
            find_location(model_, entry.location, entry.origins.of("location"), diagnostics_);
        settings.zone = zones.at(position(location));
        Ids ids("battery", diagnostics_);
        for (const auto& battery : entry.batteries) {
            ids.add(battery.id, battery.origins.of("id"));
            settings.batteries.push_back(planned(battery));
        }
        Ids classes("load class", diagnostics_);
        for (const auto& load_class : entry.load_classes) {
            classes.add(load_class.id, load_class.origins.of("id"));
            if (load_class.id == "cooling") {
                diagnostics_.add(load_class.origins.of("id"),
                                 "is what follows from the classes by their COP: choose another name");
            }
            if (ids.find(load_class.id)) {
                diagnostics_.add(load_class.origins.of("id"),
                                 fmt::format("\"{}\" is the id of a battery, whose topic control/{} it would "
                                             "share: choose another name",
                                             load_class.id, load_class.id));
            }
            settings.load_classes.push_back(bidding(load_class, prices, settings.currency));
        }
        return settings;
    }

  private:
    // One that is missing or no currency is told by itself.
    static bool differ(const std::string& one, const std::string& other) {
        return !one.empty() && !other.empty() && one != other;
    }

    std::string load_series(const DispatchEntry& entry, const std::vector<SeriesEntry>& all) {
        if (entry.load_series.empty()) {
            const auto found = std::ranges::find_if(all, [&](const SeriesEntry& series) {
                return entry.load.size() == 1 && series.point == entry.load.front() && !series.counter;
            });
            return found == all.end() ? "" : found->id;
        }
        const auto at = entry.origins.of("load_series");
        Ids ids("series", diagnostics_);
        for (const auto& series : all) ids.add(ids.find(series.id) ? "" : series.id, {});
        const auto found = ids.resolve(entry.load_series, at);
        if (!found) return {};
        const auto& series = all[*found];
        // Of a register of kWh the rate is in kW.
        if (!series.price.empty() || (!series.metric.empty() && series.unit != "kW")) {
            diagnostics_.add(at, fmt::format("\"{}\" is not in kW", series.id));
        } else if (!series.point.empty()) {
            static_cast<void>(points_.resolve(series.point, series.counter ? "kWh" : "kW", at));
        }
        return series.id;
    }

    LoadClass bidding(const LoadClassEntry& entry, const std::vector<PriceSettings>& prices,
                      const std::string& currency) {
        LoadClass load_class;
        load_class.id = entry.id;
        load_class.cop = entry.cop;
        load_class.entitlement_kw = entry.entitlement_kw;
        load_class.priority = entry.priority;
        for (const auto& segment : entry.segments)
            load_class.segments.push_back({segment.value_per_mwh / 1000, segment.kw});
        load_class.value_series = entry.value_series;
        load_class.yield_per_kwh = entry.yield_per_kwh;
        load_class.most_kw = entry.most_kw;
        load_class.power = power(entry.power, entry.origins.of("power"));
        load_class.bids_by_topic = entry.bids_by_topic;
        if (entry.value_series.empty()) return load_class;
        const auto at = entry.origins.of("value_series");
        Ids ids("price", diagnostics_);
        for (const auto& price : prices) ids.add(ids.find(price.id) ? "" : price.id, {});
        const auto found = ids.resolve(entry.value_series, at);
        if (found && differ(prices[*found].currency, currency)) {
            diagnostics_.add(
                at, fmt::format("is in {}, and import_price in {}", prices[*found].currency, currency));
        }
        if (found && prices[*found].unit != PriceUnit::other)
            diagnostics_.add(at, "is a price of energy: expected one whose unit is other");
        return load_class;
    }

    const PriceSettings* price_of(const std::vector<PriceSettings>& prices, const std::string& id,
                                  const Origin& at) {
        Ids ids("price", diagnostics_);
        for (const auto& price : prices) ids.add(ids.find(price.id) ? "" : price.id, {});
        const auto found = ids.resolve(id, at);
        if (!found) return nullptr;
        const auto& price = prices[*found];
        if (price.unit == PriceUnit::other)
            diagnostics_.add(at, fmt::format("\"{}\" is no price of energy: its unit is other", id));
        return &price;
    }

    static bool contains(const std::vector<std::string>& names, const std::string& name) {
        return std::ranges::find(names, name) != names.end();
    }

    MeasuredPower power(const std::vector<std::string>& paths, const Origin& at) {
        MeasuredPower measured;
        for (const auto& path : paths) {
            const auto point = points_.resolve(path, "kW", at);
            if (!point) continue;
            measured.points.push_back(*point);
            // By its own name, under which the store knows it.
            const auto& device = model_.devices[position(point->device)];
            auto name = device.id + '/' + device.points[point->slot].name;
            if (contains(measured.names, name)) {
                diagnostics_.add(at, fmt::format("\"{}\" is there twice and would be counted twice: "
                                                 "leave one of them out",
                                                 path));
            }
            measured.names.push_back(std::move(name));
        }
        return measured;
    }

    PlannedBattery planned(const DispatchBatteryEntry& entry) {
        PlannedBattery battery;
        battery.limits = static_cast<const dispatch::BatteryLimits&>(entry);
        battery.critical_load = power(entry.critical_load, entry.origins.of("critical_load"));
        if (entry.control) battery.power = power({entry.control->power}, entry.control->origins.of("power"));
        if (!entry.string.empty()) {
            Ids ids("string", diagnostics_);
            for (const auto& string : model_.strings) ids.add(ids.find(string.id) ? "" : string.id, {});
            const auto found = ids.resolve(entry.string, entry.origins.of("string"));
            battery.charge = StringIndex(std::uint32_t(found.value_or(0)));
        } else {
            const auto point = points_.resolve(entry.charge, "%", entry.origins.of("charge"));
            battery.charge = point.value_or(PointRef{});
        }
        return battery;
    }

    const SiteModel& model_;
    Diagnostics& diagnostics_;
    PointFinder points_;
};

}  // namespace

std::shared_ptr<const DispatchSettings> build_dispatch(const SiteFile& file,
                                                       const std::vector<PriceSettings>& prices,
                                                       const std::vector<TimeZone>& zones,
                                                       const SiteModel& model, Diagnostics& diagnostics) {
    if (!file.dispatch) return nullptr;
    return std::make_shared<const DispatchSettings>(
        DispatchBuilder(model, diagnostics).build(*file.dispatch, file.series, prices, zones));
}

}  // namespace sitepower::config
