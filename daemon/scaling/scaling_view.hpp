// What operations may see of scaling, and do to it, on the loop thread. Tests show made-up groups.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/dispatch/scaling/scaler.hpp"

namespace sitepower {

enum class ScalingStatus : std::uint8_t {
    stable,    // as many run as are needed
    scaling,   // a decision is under way
    held,      // other than needed, for a reason
    degraded,  // what must be known is not, or the last decision came to nothing
};
std::string_view to_string(ScalingStatus status);

struct ScalingGroupView {
    std::string id;
    ScalingStatus status = ScalingStatus::stable;
    std::string reason;              // of the status
    std::optional<int> instances{};  // running
    std::optional<int> needed{};     // by forecasts and measurements, within limits
    std::string need_reason{};       // why so many
    int least_instances = 1;
    int most_instances = 1;
    bool is_advice = true;  // nothing carries decisions out
    std::string actuator{};
    std::vector<dispatch::ScalingMetric> metrics{};
    std::optional<double> confidence{};  // of the forecasts together
    std::optional<double> utilisation{};
    std::optional<double> awarded_kw{};
    std::optional<dispatch::ManualOverride> manual{};
    std::optional<dispatch::ScalingDecision> last{};
};

struct GroupDecision {
    std::string group;
    dispatch::ScalingDecision decision;
};

class ScalingView {
  public:
    virtual ~ScalingView() = default;
    virtual std::vector<ScalingGroupView> groups() const = 0;
    // Of all groups, the newest first; at most 100 of each.
    virtual std::vector<GroupDecision> decisions() const = 0;
    // Holds until it expires. The decision that follows at once, if one does. NOT_FOUND without such a
    // group; VALIDATION_ERROR beyond its limits.
    virtual Result<std::optional<dispatch::ScalingDecision>> set_by_hand(const std::string& group,
                                                                         dispatch::ManualOverride manual) = 0;
};

}  // namespace sitepower
