// Values that others publish on metric/<service>/<name> below the site's root, for series that are made of
// them: only of declared metrics, at a bounded rate. Owned by the session; publisher's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/publish/clock.hpp"
#include "daemon/publish/mqtt_link.hpp"
#include "daemon/publish/publisher.hpp"
#include "daemon/publish/token_bucket.hpp"

namespace sitepower {

// A payload is a number, or a JSON object: {"value": 12.5, "time": "2026-11-22T06:14:28Z"}, with "time_ms"
// (since 1970) instead of "time", or neither: then it is of the moment it arrived. Other fields are ignored.
// An Error says what is wrong with it.
Result<MetricValue> parse_metric(std::string metric, const std::string& payload, Time arrived);

class MetricGate {
  public:
    static constexpr std::size_t longest_payload = 1024;
    static constexpr double values_per_second = 1000;

    // root: "sitepower/v1/<site>/"; metrics: "service/name".
    MetricGate(const std::string& root, const std::vector<std::string>& metrics, Steady now);

    std::vector<std::string> filters() const { return {topics_.begin(), topics_.end()}; }
    bool concerns(const std::string& topic) const { return topics_.contains(topic); }

    struct Judged {
        std::optional<MetricValue> value;  // empty: refused
        std::string metric;
        std::string complaint;  // why; only the first time for each metric
    };
    Judged judge(const ReceivedMessage& message, Steady now, Time arrived);

  private:
    std::string prefix_;
    std::set<std::string> topics_;
    std::set<std::string> complained_;  // of these metrics
    TokenBucket rate_;
};

}  // namespace sitepower
