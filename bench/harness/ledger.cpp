#include "bench/harness/ledger.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <string_view>

#include "bench/harness/payload.hpp"
#include "bench/harness/register_image.hpp"

namespace sitepower::bench {

void Ledger::receive(const Delivery& delivery) {
    const auto counter = number_member(delivery.payload, "counter");
    const auto hash = std::hash<std::string_view>{}(delivery.payload);
    const std::lock_guard lock(mutex_);
    const auto [entry, fresh] = content_.emplace(text_member(delivery.payload, "id"), hash);
    repeated_ += fresh ? 0 : 1;
    changed_ += entry->second == hash ? 0 : 1;
    if (counter) {
        numbers_[std::string(text_member(delivery.payload, "device"))].insert(
            static_cast<std::uint64_t>(*counter));
    }
    if (delivery.topic.find("/backlog/") == std::string_view::npos) {
        live_.push_back(arrival(delivery));
    } else if (in_outage_) {
        take_backlog(delivery);
    }
}

void Ledger::begin_outage() {
    const std::lock_guard lock(mutex_);
    in_outage_ = true;
}

std::size_t Ledger::lost() const {
    const std::lock_guard lock(mutex_);
    std::size_t missing = 0;
    for (const auto& [device, numbers] : numbers_) {
        missing += *numbers.rbegin() - *numbers.begin() + 1 - numbers.size();
    }
    return missing;
}

std::size_t Ledger::longest_gap() const {
    const std::lock_guard lock(mutex_);
    std::uint64_t longest = 0;
    for (const auto& [device, numbers] : numbers_) {
        for (auto at = numbers.begin(), next = std::next(at); next != numbers.end(); at = next++) {
            longest = std::max(longest, *next - *at - 1);
        }
    }
    return longest;
}

std::vector<double> Ledger::live_delays(SteadyTime since, SteadyTime until) const {
    const std::lock_guard lock(mutex_);
    std::vector<double> delays;
    for (const auto& entry : live_) {
        if (entry.arrived >= since && entry.arrived <= until) {
            delays.push_back(
                std::chrono::duration<double, std::micro>(entry.arrived - entry.answered).count());
        }
    }
    return delays;
}

std::size_t Ledger::late_backlog(SteadyTime time) const {
    const std::lock_guard lock(mutex_);
    return static_cast<std::size_t>(
        std::ranges::count_if(backlog_, [time](const Arrival& entry) { return entry.answered > time; }));
}

Ledger::Arrival Ledger::arrival(const Delivery& delivery) {
    const auto stamped = static_cast<std::uint32_t>(number_member(delivery.payload, "stamp").value_or(0));
    return {.arrived = delivery.arrived,
            .answered = delivery.arrived - since_stamp(stamped, delivery.arrived)};
}

void Ledger::take_backlog(const Delivery& delivery) {
    drain_.first = drain_.frames == 0 ? delivery.arrived : drain_.first;
    drain_.last = delivery.arrived;
    ++drain_.frames;
    backlog_.push_back(arrival(delivery));
}

}  // namespace sitepower::bench
