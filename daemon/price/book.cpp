#include "daemon/price/book.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "daemon/price/quotations.hpp"

namespace sitepower {
namespace {

constexpr Duration tariff_interval{std::chrono::hours{1}};
constexpr Duration foresight{std::chrono::days{14}};
constexpr Duration quarter{std::chrono::minutes{15}};

bool is_feed(const PriceSettings& settings) {
    return std::holds_alternative<PriceFile>(settings.source) ||
           std::holds_alternative<PriceAddress>(settings.source);
}

// Also when the clock was set back.
bool is_over(const std::optional<Time>& since, Duration lasts, Time now) {
    return !since || now >= *since + lasts || now < *since;
}

// The series says the same of that time already; the mean of equal prices may differ in the last digit.
bool says(const PriceSeries& series, const PriceStep& step) {
    const auto known = series.mean(step.from, step.to);
    return known && std::abs(*known - step.value) <= 1e-12 * (1 + std::abs(step.value));
}

}  // namespace

void PriceBook::configure(std::vector<PriceSettings> settings, Time now) {
    entries_.clear();
    for (auto& each : settings) entries_.push_back({.settings = std::move(each)});
    started_ = now;
    ++generation_;
    ++revision_;
    for (auto& entry : entries_) entry.revision = revision_;
}

std::uint64_t PriceBook::revision(std::string_view id) const {
    const auto* entry = find(id);
    return entry != nullptr ? entry->revision : 0;
}

void PriceBook::restore(std::string_view id, std::span<const PriceStep> steps, Time now) {
    const auto entry = std::ranges::find(entries_, id, [](const Entry& e) { return e.settings.id; });
    if (entry == entries_.end() || std::holds_alternative<Tariff>(entry->settings.source)) return;
    PriceSeries restored;
    restored.merge(steps);
    restored.merge(entry->series.steps());
    entry->series = std::move(restored);
    keep(*entry, now);
}

void PriceBook::keep(Entry& entry, Time now) {
    if (const auto* tariff = std::get_if<Tariff>(&entry.settings.source)) {
        if (!is_over(entry.updated, tariff_interval, now)) return;
        entry.series = {};
        entry.series.merge(tariff_steps(*tariff, now - price_memory, now + price_memory));
        entry.updated = now;
        return;
    }
    entry.series.forget_before(now - price_memory);
}

void PriceBook::take_point(Entry& entry, const LatestValue* latest, Time now) {
    if (latest == nullptr || !latest->seen) {
        entry.trouble = "it was not read yet";
        return;
    }
    if (latest->quality != Quality::good || latest->time > now + quarter) {
        entry.trouble = fmt::format("the point is {}", to_string(latest->quality));
        return;
    }
    if (!(std::abs(latest->value) <= most_price)) {
        entry.trouble = fmt::format("the point says {:g}, which is no price", latest->value);
        return;
    }
    entry.trouble.clear();
    if (entry.updated == latest->time) return;
    entry.updated = latest->time;
    // One step per quarter of an hour, or per change. It reaches into the next quarter: the present is known
    // until the point is read again.
    const auto begins =
        std::chrono::floor<std::chrono::duration<std::int64_t, std::ratio<900>>>(latest->time);
    const auto value = price_value(entry.settings, latest->value);
    const auto& steps = entry.series.steps();
    const bool goes_on = !steps.empty() && steps.back().value == value && steps.back().from >= begins &&
                         steps.back().from <= latest->time;
    if (goes_on) return;
    const PriceStep step{latest->time, begins + 2 * quarter, value};
    learn(entry, {&step, 1}, now);
}

void PriceBook::learn(Entry& entry, std::span<const PriceStep> steps, Time now) {
    std::vector<PriceStep> wanted;
    for (const auto& step : steps) {
        if (step.to <= now - price_memory || step.from >= now + foresight || !std::isfinite(step.value))
            continue;
        wanted.push_back(step);
        if (says(entry.series, step)) continue;
        fresh_.push_back({entry.settings.id, step});
        entry.revision = ++revision_;
    }
    entry.series.merge(wanted);
}

std::optional<PriceBook::Look> PriceBook::next_look(Time now) {
    for (auto& entry : entries_) {
        if (!is_feed(entry.settings) || entry.looking) continue;
        if (!is_over(entry.looked, entry.settings.interval, now)) continue;
        entry.looked = now;
        entry.looking = true;
        return Look{entry.settings, generation_};
    }
    return std::nullopt;
}

void PriceBook::take(const Look& look, const Result<std::vector<PriceStep>>& found, Time now) {
    if (look.generation != generation_) return;
    const auto entry =
        std::ranges::find(entries_, look.settings.id, [](const Entry& e) { return e.settings.id; });
    if (entry == entries_.end()) return;
    entry->looking = false;
    if (!found) {
        entry->trouble = found.error().message;
        return;
    }
    entry->trouble.clear();
    entry->updated = now;
    learn(*entry, *found, now);
}

void PriceBook::hear(std::string_view topic, std::string_view payload, Time now) {
    for (auto& entry : entries_) {
        const auto* source = std::get_if<PriceTopic>(&entry.settings.source);
        if (source == nullptr || source->topic != topic) continue;
        const auto quotations = parse_quotations(payload, source->form, now);
        if (!quotations) {
            entry.trouble = quotations.error().message;
            continue;
        }
        entry.trouble.clear();
        entry.updated = now;
        // A single price is that of the present until the next one comes.
        learn(entry, steps_of(entry.settings, *quotations, entry.settings.stale_after), now);
    }
}

const PriceBook::Entry* PriceBook::find(std::string_view id) const {
    const auto entry = std::ranges::find(entries_, id, [](const Entry& e) { return e.settings.id; });
    return entry == entries_.end() ? nullptr : &*entry;
}

std::string PriceBook::why_stale(const Entry& entry, Time now) const {
    if (std::holds_alternative<Tariff>(entry.settings.source)) return {};
    const auto because = entry.trouble.empty() ? "" : ": " + entry.trouble;
    const auto since = entry.updated.value_or(started_);
    if (now - since > entry.settings.stale_after) {
        return entry.updated ? fmt::format("no news since {}{}", format_time(since), because)
                             : fmt::format("no news since the start{}", because);
    }
    const bool heard = std::holds_alternative<PriceTopic>(entry.settings.source) && entry.updated;
    const bool judged =
        heard || (is_feed(entry.settings) && entry.looked && !(entry.looking && !entry.updated));
    if (judged && !entry.series.at(now)) return "no price of the present" + because;
    return {};
}

std::string PriceBook::why_stale(Time now) const {
    std::string text;
    for (const auto& entry : entries_) {
        if (const auto why = why_stale(entry, now); !why.empty())
            text += (text.empty() ? "" : "; ") + entry.settings.id + ": " + why;
    }
    return text;
}

}  // namespace sitepower
