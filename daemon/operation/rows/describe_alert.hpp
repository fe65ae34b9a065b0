// An alert as the rows about alerts show it, and the choice of alerts that a list asks for. Loop thread.
#pragma once

#include <string>
#include <vector>

#include "daemon/operation/rows/subject.hpp"

namespace sitepower {

Record describe_alert(const Alert& alert);
std::vector<Field> alert_fields();

// What a list of alerts is narrowed to; an empty optional lets all pass.
struct AlertChoice {
    std::optional<std::string> location_id{};
    std::optional<std::string> battery_id{};
    std::optional<std::string> device_id{};
    std::optional<std::string> severity{};
    std::optional<std::string> alert_type{};
    std::optional<bool> acknowledged{};
    bool active_only = true;
    Time from{};
    Time to{};
};

bool passes(const SiteModel& model, const AlertChoice& filter, const Alert& alert);

// What the store has and what is open now, each alert once as it is now, newest first.
std::vector<Alert> merged(std::vector<Alert> stored, std::span<const Alert> open);

}  // namespace sitepower
