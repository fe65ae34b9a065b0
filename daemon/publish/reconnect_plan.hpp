// Which broker to try next, with which protocol version, and when: several addresses in turn, a growing and
// jittered wait after each round, and a long one when another client takes the session over again and again.
// Pure: time comes in as an argument. Owned by the publisher's worker.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "daemon/publish/clock.hpp"
#include "daemon/publish/settings.hpp"

namespace sitepower {

// How an attempt or a connection came to its end.
enum class EndKind : std::uint8_t {
    failed,           // before the broker accepted: unreachable, silent, TLS, not authorised
    version_refused,  // before the broker accepted, because of the protocol version
    closed_early,     // before the broker accepted, without a word
    lost,             // after it had accepted
    taken_over,       // after it had accepted, because another client has our id: some MQTT 5 brokers say so
};

struct ConnectionEnd {
    EndKind kind = EndKind::failed;
    std::string reason;  // one phrase for people
};

struct Attempt {
    std::size_t broker = 0;  // position in the settings
    bool protocol_5 = true;
};

class ReconnectPlan {
  public:
    // settings must outlive the plan and name at least one broker. seed: of the jitter.
    ReconnectPlan(const PublisherSettings& settings, std::uint64_t seed, Steady now);

    Attempt attempt() const;
    Steady due() const { return due_; }  // when the attempt may begin

    void accepted(Steady now);
    void ended(EndKind kind, Steady now);

    // Another client has used our id twice within a minute; or so it seems, when connections end soon after
    // they were accepted and the broker was there all the time: Mosquitto 2.0.11 closes without a word, and
    // MQTT 3.1.1 has no word for it. Until a connection has lasted for a minute.
    bool taken_over_twice(Steady now) const;

  private:
    struct BrokerMemory {
        bool worked_with_5 = false;
        std::optional<Steady> downgraded;  // since when it is spoken to in 3.1.1
    };

    bool speaks_5(const BrokerMemory& memory) const;
    void next_broker(Steady now);
    void retry_after(Duration delay, Steady now);
    void note_takeover(Duration pause, Steady now);
    bool try_other_version(EndKind kind, Steady now);
    Duration jittered(Duration delay);

    const PublisherSettings& settings_;
    std::minstd_rand random_;
    std::vector<BrokerMemory> brokers_;
    std::size_t broker_ = 0;
    std::size_t tried_in_round_ = 0;
    unsigned rounds_ = 0;  // without success
    Steady due_;
    std::optional<Steady> accepted_at_;
    std::optional<Steady> last_takeover_;
    bool taken_over_twice_ = false;
};

}  // namespace sitepower
