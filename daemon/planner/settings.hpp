// What is planned and within which limits, as configured: [dispatch] and below. Plain values; immutable.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/base/time_zone.hpp"
#include "core/dispatch/auction/auction.hpp"
#include "core/dispatch/planning/outlook.hpp"
#include "core/price/tariff.hpp"
#include "core/site/model.hpp"

namespace sitepower {

// Power that points measure together, kW.
struct MeasuredPower {
    std::vector<PointRef> points;
    std::vector<std::string> names;  // "DEVICE/point", beside them
};

struct PlannedBattery {
    dispatch::BatteryLimits limits;
    std::variant<StringIndex, PointRef> charge;  // our estimate of a string, or a point in %
    MeasuredPower critical_load;                 // that it backs up; without points: nothing
    MeasuredPower power;  // what its inverter does, charging positive; without points: not known
};

// A kind of load that takes what power it is given: training, mining, inference.
struct LoadClass {
    std::string id;
    std::optional<double> cop;  // of its cooling; empty: its heat is not removed by the site
    double entitlement_kw = 0;
    int priority = 0;
    std::vector<dispatch::ValueSegment> segments;  // values falling; or else
    std::string value_series;                      // a price series
    double yield_per_kwh = 0;                      // times this, of its unit per kWh
    double most_kw = 0;
    MeasuredPower power;  // what it draws; without points it counts as nothing of the load
    bool bids_by_topic = false;
};

struct DispatchSettings {
    std::string import_price;  // ids of price series
    std::string export_price;  // empty: what is exported earns nothing
    std::string currency;
    dispatch::SiteLimits site;
    MeasuredPower load;  // without the batteries
    // Series whose forecasts are planned with while they are fresh; empty: there is none.
    std::string load_series;
    std::string price_series;  // of the import price, beyond what is published
    MeasuredPower pv;
    MeasuredPower import;  // from the grid; without points it is worked out from load, pv and batteries
    Duration step{900'000};
    Duration horizon{std::chrono::hours{36}};
    TariffPeriod demand_window;  // its value means nothing
    TimeZone zone;               // of the demand window and of the billing month
    std::vector<PlannedBattery> batteries;
    std::vector<LoadClass> load_classes;

    std::size_t steps() const { return static_cast<std::size_t>(horizon / step); }
};

}  // namespace sitepower
