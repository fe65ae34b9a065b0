// Decisions and groups as JSON: for topics, events, operations and the store, and back from the store.
// Pure; loop thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/operation/json.hpp"
#include "daemon/scaling/scaling_view.hpp"
#include "daemon/store/store.hpp"

namespace sitepower {

// What the store keeps them as: rows of plans, one for each change of a decision and each override.
inline constexpr std::string_view scaling_row_kind = "scaling";

Json describe_decision(const std::string& group, const dispatch::ScalingDecision& decision);
Json describe_group(const ScalingGroupView& group);

PlanRow decision_row(const std::string& group, const dispatch::ScalingDecision& decision, Time now);
PlanRow override_row(const std::string& group, const dispatch::ManualOverride& manual, Time now);

// What rows, the newest first, say of one group; rows that nobody can read are left out.
struct KeptScaling {
    std::vector<dispatch::ScalingDecision> decisions;  // as they were last, oldest first
    std::optional<dispatch::ManualOverride> manual;
};
KeptScaling kept_scaling(const std::vector<PlanRow>& rows, const std::string& group);

}  // namespace sitepower
