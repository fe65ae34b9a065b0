#include "daemon/publish/reconciler.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace sitepower {
namespace {

// The retained topics of the topic table, but for `status` and `site`, which are never without an owner.
constexpr std::array<std::string_view, 8> kinds{"device/+/state", "battery/+/state", "string/+/state",
                                                "ups/+/state",    "alert/+",         "forecast/+",
                                                "plan/+",         "scaling/+"};

// MQTT does not say where the retained messages end: silence for this long does.
constexpr auto quiet = std::chrono::seconds(2);
constexpr auto at_most = std::chrono::seconds(30);

}  // namespace

Reconciler::Reconciler(std::string root, Steady begins) : root_(std::move(root)), next_(begins) {
    for (const auto kind : kinds) filters_.push_back(root_ + std::string(kind));
}

void Reconciler::turn(MqttLink& link, Steady now) {
    if (phase_ == Phase::done || now < next_) return;
    if (phase_ == Phase::waiting) {
        phase_ = Phase::listening;
        next_ = now + quiet;
        latest_ = now + at_most;
        link.subscribe(filters_, SubscribeMode::retained_ones);
    } else {
        phase_ = Phase::done;
        link.unsubscribe(filters_);
    }
}

std::optional<Steady> Reconciler::due() const {
    return phase_ == Phase::done ? std::nullopt : std::optional<Steady>(next_);
}

std::optional<std::string> Reconciler::judge(const ReceivedMessage& message, const RetainedMessages& held,
                                             Steady now) {
    if (phase_ != Phase::listening || !message.retained || message.payload.empty()) return std::nullopt;
    if (!message.topic.starts_with(root_)) return std::nullopt;
    next_ = std::min(now + quiet, latest_);
    std::string topic = message.topic.substr(root_.size());
    if (!held.should_be_cleared(topic)) return std::nullopt;
    return topic;
}

}  // namespace sitepower
