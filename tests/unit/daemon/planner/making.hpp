// What the tests of the planner share: a history of loads that is a function of time, and settings of a small
// site.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "daemon/operation/history.hpp"
#include "daemon/planner/settings.hpp"
#include "tests/support/fake_context.hpp"

namespace sitepower {

// Quarters of an hour from `begins_at` until the last one that is over.
class LoadHistory final : public History {
  public:
    Result<ValueAnswer> values(const ValueQuestion& question) override {
        ++questions;
        last = question;
        if (failure) return *failure;
        ValueAnswer answer{.resolution = question.resolution, .rows = {}};
        const std::chrono::minutes quarter{15};
        for (auto time = std::max(question.from, begins_at); time + quarter <= question.to; time += quarter) {
            if (answer.rows.size() == question.limit) break;
            answer.rows.push_back({.time = time, .values = {{.point = 0, .value = of(question)(time)}}});
        }
        return answer;
    }
    Result<std::vector<PastEstimate>> estimates(const std::string&, Time, Time, std::size_t) override {
        return std::vector<PastEstimate>{};
    }
    Result<std::vector<Alert>> alerts(const AlertQuestion&) override { return std::vector<Alert>{}; }
    Result<std::optional<Alert>> alert(const std::string&) override { return std::optional<Alert>{}; }
    Result<std::optional<Time>> begins() override { return std::optional<Time>{}; }

    using Past = std::function<std::optional<double>(Time)>;
    Past load = [](Time) { return 40.0; };
    std::map<std::string, Past> others;  // by device
    Time begins_at{};
    std::optional<Error> failure;
    int questions = 0;
    ValueQuestion last;

  private:
    const Past& of(const ValueQuestion& question) const {
        const auto other = others.find(question.points.front().device);
        return other == others.end() ? load : other->second;
    }
};

// One battery on STR-01 of the made-up site, load measured by its UPS, hourly steps for a day.
inline std::shared_ptr<DispatchSettings> small_site() {
    auto settings = std::make_shared<DispatchSettings>();
    settings->import_price = "energy_price";
    settings->currency = "EUR";
    settings->site.import_limit_kw = 100;
    settings->step = std::chrono::hours{1};
    settings->horizon = std::chrono::hours{24};
    settings->load = {.points = {PointRef{DeviceIndex{0}, 0}}, .names = {"ups-1/load_kw"}};
    PlannedBattery battery;
    battery.limits = {.id = "LIB-01", .capacity_kwh = 100, .charge_max_kw = 30, .discharge_max_kw = 30};
    battery.charge = StringIndex{0};
    settings->batteries.push_back(battery);
    return settings;
}

}  // namespace sitepower
