#include "daemon/publish/reconnect_plan.hpp"

#include <algorithm>

namespace sitepower {
namespace {

// A connection that lasts shorter is no success: a broker that accepts and closes must not be hammered.
constexpr Duration stable_after{10'000};
// Two takeovers this close are a fight, and a connection that lasts this long ends it.
constexpr Duration takeover_memory{60'000};
// A broker spoken to in 3.1.1 is asked for MQTT 5 again at the first reconnect after this time: its early
// close may have been a restart.
constexpr Duration downgrade_memory{std::chrono::hours{24}};
constexpr unsigned most_doublings = 16;

}  // namespace

ReconnectPlan::ReconnectPlan(const PublisherSettings& settings, std::uint64_t seed, Steady now)
    : settings_(settings),
      random_(static_cast<std::minstd_rand::result_type>(seed ^ (seed >> 32U))),
      brokers_(settings.brokers.size()),
      due_(now) {}

bool ReconnectPlan::speaks_5(const BrokerMemory& memory) const {
    if (settings_.version != MqttVersion::automatic) return settings_.version == MqttVersion::v5;
    return !memory.downgraded || due_ - *memory.downgraded > downgrade_memory;
}

Attempt ReconnectPlan::attempt() const {
    return {.broker = broker_, .protocol_5 = speaks_5(brokers_[broker_])};
}

void ReconnectPlan::accepted(Steady now) {
    BrokerMemory& memory = brokers_[broker_];
    if (speaks_5(memory)) {
        memory.worked_with_5 = true;
        memory.downgraded.reset();
    }
    accepted_at_ = now;
}

bool ReconnectPlan::try_other_version(EndKind kind, Steady now) {
    if (settings_.version != MqttVersion::automatic) return false;
    BrokerMemory& memory = brokers_[broker_];
    if (speaks_5(memory)) {
        // One that has spoken MQTT 5 closed for another reason, a restart most likely.
        const bool about_version =
            kind == EndKind::version_refused || (kind == EndKind::closed_early && !memory.worked_with_5);
        if (about_version) {
            memory.downgraded = now;
            due_ = now;
        }
        return about_version;
    }
    // 3.1.1 is no better: next time from the start.
    if (kind == EndKind::version_refused || kind == EndKind::closed_early) memory.downgraded.reset();
    return false;
}

void ReconnectPlan::ended(EndKind kind, Steady now) {
    const bool was_accepted = accepted_at_.has_value();
    const Duration lasted =
        was_accepted ? std::chrono::duration_cast<Duration>(now - *accepted_at_) : Duration{0};
    if (was_accepted && lasted >= takeover_memory) taken_over_twice_ = false;
    accepted_at_.reset();
    if (!was_accepted) {
        // The broker was away: that explains why the connection before had ended.
        if (kind == EndKind::failed && !taken_over_twice_) last_takeover_.reset();
        if (!try_other_version(kind, now)) next_broker(now);
        return;
    }
    if (lasted >= stable_after) rounds_ = 0;
    tried_in_round_ = 0;
    retry_after(settings_.reconnect_min * (1U << std::min(rounds_, most_doublings)), now);
    ++rounds_;
    if (kind == EndKind::taken_over)
        note_takeover(settings_.takeover_pause, now);
    else if (lasted < stable_after)
        note_takeover(settings_.takeover_pause / 5, now);
}

void ReconnectPlan::next_broker(Steady now) {
    broker_ = (broker_ + 1) % brokers_.size();
    if (++tried_in_round_ < brokers_.size()) {
        retry_after(settings_.reconnect_min / 4, now);
        return;
    }
    tried_in_round_ = 0;
    retry_after(settings_.reconnect_min * (1U << std::min(rounds_, most_doublings)), now);
    ++rounds_;
}

void ReconnectPlan::note_takeover(Duration pause, Steady now) {
    if (taken_over_twice_ || (last_takeover_ && now - *last_takeover_ < takeover_memory)) {
        taken_over_twice_ = true;
        due_ = now + jittered(pause);
    }
    last_takeover_ = now;
}

bool ReconnectPlan::taken_over_twice(Steady now) const {
    return taken_over_twice_ && !(accepted_at_ && now - *accepted_at_ >= takeover_memory);
}

void ReconnectPlan::retry_after(Duration delay, Steady now) {
    due_ = now + jittered(std::min(delay, settings_.reconnect_max));
}

// Between half and all of it, so that two hundred boxes do not come back in the same moment.
Duration ReconnectPlan::jittered(Duration delay) {
    const auto ms = delay.count();
    return Duration{std::uniform_int_distribution<Duration::rep>(ms / 2, ms)(random_)};
}

}  // namespace sitepower
