// What a subscriber got, told apart by the number that each device gives each of its answers: whether one is
// missing, whether one came twice or with another content, what came as backlog and when. Written on the
// subscriber's thread, read on the main one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "bench/harness/subscriber.hpp"
#include "bench/harness/waiting.hpp"

namespace sitepower::bench {

class Ledger final : public Receiver {
  public:
    struct Drain {
        std::size_t frames = 0;
        SteadyTime first;
        SteadyTime last;
    };

    void receive(const Delivery& delivery) override;
    // From now on what comes as backlog is the outage's.
    void begin_outage();

    // The answers missing between the first and the last that arrived of each device.
    std::size_t lost() const;
    // The longest run of answers of one device that are missing in a row.
    std::size_t longest_gap() const;
    std::size_t frames() const { return count(content_); }  // by id
    std::size_t heard() const { return count(numbers_); }   // devices
    std::size_t repeated() const { return locked(repeated_); }
    std::size_t changed() const { return locked(changed_); }  // one id with another content
    Drain drain() const { return locked(drain_); }
    // Of live messages that arrived after `since`, in microseconds.
    std::vector<double> live_delays(SteadyTime since, SteadyTime until) const;
    // Frames read after `time` that came as backlog all the same.
    std::size_t late_backlog(SteadyTime time) const;

  private:
    struct Arrival {
        SteadyTime arrived;
        SteadyTime answered;
    };

    static Arrival arrival(const Delivery& delivery);
    void take_backlog(const Delivery& delivery);
    template <class Container>
    std::size_t count(const Container& container) const {
        const std::lock_guard lock(mutex_);
        return container.size();
    }
    template <class Value>
    Value locked(const Value& value) const {
        const std::lock_guard lock(mutex_);
        return value;
    }

    mutable std::mutex mutex_;
    std::unordered_map<std::string, std::size_t> content_;  // id -> hash of the payload
    std::map<std::string, std::set<std::uint64_t>> numbers_;
    std::vector<Arrival> live_;
    std::vector<Arrival> backlog_;
    Drain drain_;
    bool in_outage_ = false;
    std::size_t repeated_ = 0;
    std::size_t changed_ = 0;
};

}  // namespace sitepower::bench
