// What the store's and the publisher's threads report, brought to where it belongs: acknowledgements straight
// to the store (no detour over the loop), everything else onto the loop. Owned by the app; outlives both
// threads.
#pragma once

#include <functional>
#include <span>
#include <string>

#include "daemon/loop/loop.hpp"
#include "daemon/publish/publisher.hpp"
#include "daemon/store/store.hpp"

namespace sitepower {

class PublisherEvents final : public PublisherObserver {
  public:
    // Called on the loop.
    struct Handlers {
        std::function<void(MessageKey, int)> refused;
        std::function<void(const ConnectionState&)> connection_changed;
        std::function<void()> backlog_wanted;
        std::function<void(MqttRequest)> request;
        std::function<void(const MetricValue&)> metric;
        std::function<void(const std::string& metric, const std::string& why)> metric_refused;
        std::function<void(const InboundMessage&)> inbound;
    };

    PublisherEvents(Loop& loop, Store& store) : loop_(loop), store_(store) {}
    void set_handlers(Handlers handlers) { handlers_ = std::move(handlers); }

    void delivered(std::span<const MessageKey> keys) override { store_.delivered(keys); }
    void refused(MessageKey key, int reason_code) override;
    void connection_changed(const ConnectionState& state) override;
    void backlog_wanted() override;
    void request(MqttRequest request) override;
    void metric(MetricValue value) override;
    void metric_refused(std::string metric, std::string why) override;
    void inbound(InboundMessage message) override;

  private:
    Loop& loop_;
    Store& store_;
    Handlers handlers_;
};

class StoreEvents final : public StoreObserver {
  public:
    // Called on the loop.
    struct Handlers {
        std::function<void(const std::string& type, bool holds, const std::string& message)> condition;
        std::function<void(Time from, Time to, std::uint64_t frames)> readings_dropped;
        std::function<void()> committed;
    };

    explicit StoreEvents(Loop& loop) : loop_(loop) {}
    void set_handlers(Handlers handlers) { handlers_ = std::move(handlers); }

    void store_condition(std::string type, bool holds, std::string message) override;
    void readings_dropped(Time from, Time to, std::uint64_t frames) override;
    void committed() override;

  private:
    Loop& loop_;
    Handlers handlers_;
};

}  // namespace sitepower
