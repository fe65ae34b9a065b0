#include <algorithm>

#include "tests/support/fake_context.hpp"

namespace sitepower::support {

FakeScaling::FakeScaling() {
    dispatch::ScalingDecision up{.id = "inference-1795328000000-2",
                                 .from = 8,
                                 .to = 10,
                                 .state = dispatch::ScalingState::executed,
                                 .confidence = 0.87,
                                 .reason =
                                     "requests of 690 (p90 forecast) with flash_sale at 100 per "
                                     "instance and 70 % needs 10",
                                 .demand = 690,
                                 .threshold = 560,
                                 .event = "flash_sale",
                                 .created = fake_now - std::chrono::seconds{68},
                                 .executed = fake_now - std::chrono::seconds{66}};
    dispatch::ScalingDecision down{
        .id = "inference-1795320000000-1",
        .from = 9,
        .to = 8,
        .state = dispatch::ScalingState::failed,
        .confidence = 0.9,
        .reason = "requests of 500 (measured) at 100 per instance and 70 % needs 8",
        .outcome = "nobody has acknowledged it in time",
        .created = fake_now - std::chrono::hours{2}};
    decided = {{"inference", up}, {"inference", down}};
    services = {{.id = "inference",
                 .status = ScalingStatus::scaling,
                 .reason = up.reason,
                 .instances = 8,
                 .needed = 10,
                 .need_reason = up.reason,
                 .least_instances = 2,
                 .most_instances = 40,
                 .is_advice = false,
                 .actuator = "command/scaling/inference",
                 .metrics = {{"requests", 690, 600, 100}},
                 .confidence = 0.87,
                 .utilisation = 0.75,
                 .awarded_kw = 60,
                 .last = up},
                {.id = "batch",
                 .status = ScalingStatus::degraded,
                 .reason = "no metric is known",
                 .most_instances = 5,
                 .metrics = {{"queue", std::nullopt, std::nullopt, 20}},
                 .manual = dispatch::ManualOverride{3, fake_now + std::chrono::hours{1}, "tests"}}};
}

Result<std::optional<dispatch::ScalingDecision>> FakeScaling::set_by_hand(const std::string& group,
                                                                          dispatch::ManualOverride manual) {
    const auto found = std::ranges::find(services, group, &ScalingGroupView::id);
    if (found == services.end()) return Error{ErrorCode::not_found, "no service \"" + group + "\"", ""};
    if (manual.instances > found->most_instances) return Error{ErrorCode::validation_error, "2 to 40", ""};
    last_manual = manual;
    if (manual.instances == found->instances) return std::optional<dispatch::ScalingDecision>();
    return std::optional(dispatch::ScalingDecision{.id = "inference-1795328068123-3",
                                                   .from = found->instances.value_or(0),
                                                   .to = manual.instances,
                                                   .is_manual = true,
                                                   .confidence = 1,
                                                   .reason = "set by hand: " + manual.reason,
                                                   .created = fake_now});
}

}  // namespace sitepower::support
