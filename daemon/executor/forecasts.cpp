// What the forecast thread has said: messages, rows, conditions.
#include <fmt/format.h>

#include <utility>

#include "daemon/executor/executor.hpp"
#include "daemon/forecast/report.hpp"
#include "daemon/journal/journal.hpp"
#include "daemon/journal/messages.hpp"
#include "daemon/message/forecast_payload.hpp"

namespace sitepower {
namespace {

// Told every hour at least while its values come: a subscriber should not meet one that has missed three.
constexpr Duration forecast_expiry{3 * 3'600'000};
constexpr Duration drift_is_news{24 * 3'600'000};

}  // namespace

void Executor::forecasts(ForecastEffects effects, Time now) {
    for (auto& report : effects.reports) {
        tell_forecast(report, now);
        auto name = report.series;
        told_forecasts_[std::move(name)] = std::make_shared<const SeriesReport>(std::move(report));
    }
    for (const auto& series : effects.removed) {
        const auto topic = "forecast/" + series;
        told_forecasts_.erase(series);
        drifted_.erase(series);
        clear(topic);
    }
    for (const auto& anomaly : effects.anomalies) {
        send(maker_.text(MessageKind::event, "event/prediction.anomaly", now,
                         [&](const PayloadHead& head) { return anomaly_json(head, anomaly); }));
    }
    for (const auto& drift : effects.drifts) {
        drifted_[drift.series] = now;
        send(maker_.text(MessageKind::event, "event/model.drift", now,
                         [&](const PayloadHead& head) { return drift_json(head, drift); }));
    }
    for (const auto& retrained : effects.retrained) {
        send(maker_.text(MessageKind::event, "event/model.retrained", now,
                         [&](const PayloadHead& head) { return retrained_json(head, retrained); }));
    }
    for (const auto& trouble : effects.troubles) journal::log(journal::forecast_trouble, trouble);
    if (!effects.rows.empty()) outlets_.append(std::make_shared<const ForecastRows>(std::move(effects.rows)));
    if (effects.anomalous) {
        condition("prediction_anomaly", !effects.anomalous->empty(),
                  fmt::format("{}", fmt::join(*effects.anomalous, ", ")), now);
    }
    if (!effects.drifts.empty() || !effects.removed.empty()) tell_drift(now);
}

void Executor::tell_forecast(const SeriesReport& report, Time now) {
    send(maker_.retained(MessageKind::state, "forecast/" + report.series, now, forecast_expiry,
                         [&](const PayloadHead& head) { return forecast_json(head, report); }));
}

// Drift is news for a day: the model has long been fitted again.
void Executor::tell_drift(Time now) {
    std::erase_if(drifted_, [&](const auto& entry) { return now - entry.second >= drift_is_news; });
    std::string names;
    for (const auto& [series, time] : drifted_) names += (names.empty() ? "" : ", ") + series;
    const auto known = conditions_.find("model_drift");
    const std::string before = known == conditions_.end() ? "" : known->second.message;
    if (names != before) condition("model_drift", !names.empty(), names, now);
}

}  // namespace sitepower
