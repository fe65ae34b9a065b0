// The JSON of messages about forecasts: forecast/<series>, and the events of anomalies, drift and new models.
// Pure; called on the loop thread. Pinned by tests/golden/payloads.
#pragma once

#include <string>

#include "daemon/forecast/report.hpp"
#include "daemon/message/payload.hpp"

namespace sitepower {

std::string forecast_json(const PayloadHead& head, const SeriesReport& report);
// event/prediction.anomaly
std::string anomaly_json(const PayloadHead& head, const AnomalyReport& anomaly);
// event/model.drift
std::string drift_json(const PayloadHead& head, const DriftReport& drift);
// event/model.retrained
std::string retrained_json(const PayloadHead& head, const RetrainReport& retrained);

// "errors_grew", "coverage_off", "level_shift"
std::string_view drift_name(const DriftReport& drift);

}  // namespace sitepower
