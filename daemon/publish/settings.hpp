// How to reach the broker. Filled from the configuration and systemd credentials.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/time.hpp"

namespace sitepower {

struct BrokerAddress {
    std::string host;
    std::uint16_t port = 1883;
};

struct TlsSettings {
    bool enabled = false;
    std::string ca_file;           // empty: the system's certificates
    std::string certificate_file;  // of this client, optional
    std::string key_file;
    bool verify_hostname = true;
};

enum class MqttVersion : std::uint8_t { automatic, v5, v311 };  // automatic: 5, then 3.1.1 after a refusal

// A topic that somebody else publishes on and the daemon listens to.
struct InboundTopic {
    std::string topic;             // the whole name, without wildcards
    bool may_be_retained = false;  // else what is retained is dropped: nobody knows how old it is
};

struct PublisherSettings {
    bool enabled = true;
    std::vector<BrokerAddress> brokers;  // tried in turn
    std::string client_id;               // empty: "sitepower-<site>"
    std::string user;                    // empty: anonymous
    std::string password;                // from a credential, never from the configuration file
    TlsSettings tls;
    MqttVersion version = MqttVersion::automatic;
    std::string topic_prefix = "sitepower/v1";
    Duration keepalive{30'000};
    Duration reconnect_min{1000};
    Duration reconnect_max{60'000};
    std::size_t window = 1000;   // messages sent and not yet acknowledged
    std::size_t queue = 20'000;  // live messages that may wait for the publisher's thread
    std::size_t backlog_per_second = 25'000;
    bool requests_enabled = false;  // MQTT 5 requests, reading operations only
    std::size_t requests_per_minute = 60;
    std::vector<std::string> metrics;   // "service/name": values that others publish for series
    std::vector<InboundTopic> inbound;  // what else is listened to

    // What follows has no key in the configuration; tests shorten it.
    Duration connect_timeout{10'000};      // from the first packet to the broker's acceptance
    Duration acknowledge_timeout{60'000};  // a broker that leaves a message unanswered so long is given up
    Duration takeover_pause{300'000};      // how long to stay away from whoever uses our client id
    Duration status_interval{60'000};      // `status` is told again
    Duration retained_interval{900'000};   // and so are the other retained topics
    Duration reconcile_delay{
        120'000};  // after the start, before retained topics without an owner are cleared
    std::size_t retained_topics = 4096;  // remembered at most; beyond it they are sent, but not repeated
};

}  // namespace sitepower
