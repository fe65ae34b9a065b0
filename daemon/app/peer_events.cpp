#include "daemon/app/peer_events.hpp"

#include <tuple>
#include <utility>

namespace sitepower {

// The loop's queue holds 65536 callbacks. When it is full the loop hangs, the watchdog is not fed and the
// service is started again; a report more or less does not matter then.

void PublisherEvents::refused(MessageKey key, int reason_code) {
    std::ignore = loop_.post([this, key, reason_code] { handlers_.refused(key, reason_code); });
}

void PublisherEvents::connection_changed(const ConnectionState& state) {
    std::ignore = loop_.post([this, state] { handlers_.connection_changed(state); });
}

void PublisherEvents::backlog_wanted() {
    std::ignore = loop_.post([this] { handlers_.backlog_wanted(); });
}

void PublisherEvents::request(MqttRequest request) {
    std::ignore = loop_.post([this, request = std::move(request)] { handlers_.request(request); });
}

void PublisherEvents::metric(MetricValue value) {
    std::ignore = loop_.post([this, value = std::move(value)] { handlers_.metric(value); });
}

void PublisherEvents::metric_refused(std::string metric, std::string why) {
    std::ignore = loop_.post(
        [this, metric = std::move(metric), why = std::move(why)] { handlers_.metric_refused(metric, why); });
}

void PublisherEvents::inbound(InboundMessage message) {
    std::ignore = loop_.post([this, message = std::move(message)] { handlers_.inbound(message); });
}

void StoreEvents::store_condition(std::string type, bool holds, std::string message) {
    std::ignore = loop_.post([this, type = std::move(type), holds, message = std::move(message)] {
        handlers_.condition(type, holds, message);
    });
}

void StoreEvents::committed() {
    std::ignore = loop_.post([this] { handlers_.committed(); });
}

void StoreEvents::readings_dropped(Time from, Time to, std::uint64_t frames) {
    std::ignore = loop_.post([this, from, to, frames] { handlers_.readings_dropped(from, to, frames); });
}

}  // namespace sitepower
