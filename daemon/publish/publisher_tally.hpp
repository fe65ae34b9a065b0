// The publisher's counters while they are being counted: written on its thread, read on any.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "daemon/publish/publisher.hpp"

namespace sitepower {

struct PublisherTally {
    std::atomic<std::uint64_t> published_live{0};
    std::atomic<std::uint64_t> published_backlog{0};
    std::atomic<std::uint64_t> acknowledged{0};
    std::atomic<std::uint64_t> refused{0};
    std::atomic<std::uint64_t> no_subscriber{0};
    std::atomic<std::uint64_t> left_to_backlog{0};
    std::atomic<std::uint64_t> requests{0};
    std::atomic<std::uint64_t> requests_dropped{0};
    std::atomic<std::uint64_t> metrics{0};
    std::atomic<std::uint64_t> metrics_refused{0};
    std::atomic<std::uint64_t> inbound{0};
    std::atomic<std::uint64_t> inbound_dropped{0};
    std::atomic<std::uint64_t> connects{0};
    std::atomic<std::size_t> in_flight{0};
    std::atomic<std::int64_t> last_acknowledged_ms{0};  // since 1970; 0: nothing was acknowledged yet
    std::atomic<std::int64_t> latency_us{0};            // of that acknowledgement

    PublisherCounters read() const {
        PublisherCounters counters{.published_live = published_live,
                                   .published_backlog = published_backlog,
                                   .acknowledged = acknowledged,
                                   .refused = refused,
                                   .no_subscriber = no_subscriber,
                                   .left_to_backlog = left_to_backlog,
                                   .requests = requests,
                                   .requests_dropped = requests_dropped,
                                   .metrics = metrics,
                                   .metrics_refused = metrics_refused,
                                   .inbound = inbound,
                                   .inbound_dropped = inbound_dropped,
                                   .connects = connects,
                                   .in_flight = in_flight};
        if (const auto at_ms = last_acknowledged_ms.load(); at_ms != 0) {
            counters.last_acknowledged = from_ms(at_ms);
            counters.latency_ms = static_cast<double>(latency_us) / 1000;
        }
        return counters;
    }
};

}  // namespace sitepower
