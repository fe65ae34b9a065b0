#include "core/forecast/counter.hpp"

#include <algorithm>
#include <cmath>

namespace sitepower::forecast {

Counter::Counted Counter::read(Time time, double register_value) {
    if (!std::isfinite(register_value) || register_value < 0) return {};
    if (last_ && time <= last_->time) return {};
    const auto before = last_;
    last_ = {.time = time, .value = register_value};
    if (!before) return {.kind = CounterStep::first};
    Counted counted{
        .kind = CounterStep::counted, .amount = register_value - before->value, .over = time - before->time};
    if (*counted.amount >= 0) return counted;
    const double wrapped = *counted.amount + settings_.wraps_at;
    const double seconds = static_cast<double>(counted.over.count()) / 1000;
    const bool possible = settings_.wraps_at > 0 && wrapped >= 0 &&
                          (settings_.largest_rate <= 0 || wrapped <= settings_.largest_rate * seconds);
    if (!possible) return {.kind = CounterStep::reset, .amount = std::nullopt, .over = counted.over};
    counted.kind = CounterStep::rolled_over;
    counted.amount = wrapped;
    return counted;
}

void Counter::save(BlobWriter& writer) const {
    writer.put(last_.has_value());
    const Observation last = last_.value_or(Observation{});
    writer.put(to_ms(last.time));
    writer.put(last.value);
}

void Counter::load(BlobReader& reader) {
    const bool known = reader.get<std::uint8_t>() != 0;
    const Time time = from_ms(reader.get<std::int64_t>());
    const auto value = reader.get<double>();
    last_ = known ? std::optional(Observation{.time = time, .value = value}) : std::nullopt;
}

std::vector<double> spread(double amount, std::span<const double> profile) {
    double total = 0;
    for (const double share : profile) total += std::isfinite(share) ? std::max(share, 0.0) : 0;
    std::vector<double> steps;
    const auto n = static_cast<double>(profile.size());
    double rest = amount;
    for (std::size_t i = 0; i < profile.size(); ++i) {
        const double share = std::isfinite(profile[i]) ? std::max(profile[i], 0.0) : 0;
        // The last step takes what rounding left.
        const bool last = i + 1 == profile.size();
        steps.push_back(last ? rest : total > 0 ? amount * share / total : amount / n);
        rest -= steps.back();
    }
    return steps;
}

}  // namespace sitepower::forecast
