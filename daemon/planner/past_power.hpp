// The history of measured powers in quarters of an hour, read from the store once and then only as far as it
// is new. Belongs to the planner's worker thread.
#pragma once

#include <map>
#include <string>

#include "core/dispatch/planning/load_forecast.hpp"
#include "daemon/operation/history.hpp"
#include "daemon/planner/settings.hpp"

namespace sitepower {

class PastPower {
  public:
    // A billing month and a day.
    static constexpr Duration memory{std::chrono::days{32}};

    // The sum of the points up to `now`, with what they say at present (`live_kw`, empty: not known) in the
    // quarter that is not over. A quarter in which one of them is not known is not known. Without points: 0.
    Result<dispatch::QuarterHistory> sum(History& history, const MeasuredPower& power,
                                         std::optional<double> live_kw, Time now);

  private:
    Result<const dispatch::QuarterHistory*> read(History& history, const std::string& name, Time now);

    std::map<std::string, dispatch::QuarterHistory> known_;  // by "DEVICE/point"; at most those configured
};

}  // namespace sitepower
