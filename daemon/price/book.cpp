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
// The shortest step of a plan. Of what is said of the present more often only the last counts, so that the
// whole memory fits into a series.
constexpr Duration finest{std::chrono::minutes{5}};
constexpr Duration longest_present{std::chrono::hours{24}};
static_assert((price_memory / finest) < static_cast<std::int64_t>(PriceSeries::most_steps));

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
    const auto former = std::exchange(entries_, {});
    for (auto& each : settings) {
        Entry entry{.settings = std::move(each)};
        const auto& id = entry.settings.id;
        const auto before = std::ranges::find(former, id, [](const Entry& e) { return e.settings.id; });
        if (before != former.end()) {
            entry.is_redefined = before->settings.currency != entry.settings.currency ||
                                 before->settings.unit != entry.settings.unit;
            if (tells_the_same(before->settings, entry.settings)) {
                entry.series = before->series;
                entry.updated = before->updated;
                entry.trouble = before->trouble;
                entry.is_redefined = before->is_redefined;
            }
        }
        entries_.push_back(std::move(entry));
    }
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
    if (entry->is_redefined || steps.empty()) return;
    PriceSeries restored;
    restored.merge(steps);
    restored.merge(entry->series.steps());
    entry->series = std::move(restored);
    entry->revision = ++revision_;
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
    learn_present(entry, latest->time, price_value(entry.settings, latest->value), quarter, now);
}

// A price that holds from `time` on and is said again or replaced within `lasts`. While it stays the same its
// step grows by quarters of an hour: each of them is news, not each word.
void PriceBook::learn_present(Entry& entry, Time time, double value, Duration lasts, Time now) {
    PriceStep step{time, floor_to(time, quarter) + quarter + lasts, value};
    const auto& steps = entry.series.steps();
    const auto next = std::ranges::upper_bound(steps, time, {}, &PriceStep::from);
    if (next != steps.begin() && std::prev(next)->to >= time) {
        const auto before = *std::prev(next);
        const bool is_same = before.value == value && time < before.from + longest_present;
        if (is_same && before.to >= step.to) return;
        if (is_same || before.from >= floor_to(time, finest)) step.from = before.from;
        // A restart would bring it back.
        if (before.from < step.from && before.to > step.to)
            fresh_.push_back({entry.settings.id, {before.from, step.from, before.value}});
    }
    entry.series.forget_from(step.from);
    learn(entry, {&step, 1}, now);
}

void PriceBook::learn(Entry& entry, std::span<const PriceStep> steps, Time now) {
    if (steps.size() > PriceSeries::most_steps) steps = steps.last(PriceSeries::most_steps);
    const auto& known = entry.series.steps();
    // What a full series has dropped is not news again.
    const auto since = known.size() < PriceSeries::most_steps ? Time::min() : known.front().from;
    std::vector<PriceStep> wanted;
    for (const auto& step : steps) {
        if (step.from < since) continue;
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
    hear(*entry, *found, now);
}

// Only what reaches the present is news: a source whose times are wrong must go stale.
void PriceBook::hear(Entry& entry, std::span<const PriceStep> steps, Time now) {
    const auto last = std::ranges::max_element(steps, {}, &PriceStep::to);
    if (last == steps.end() || last->to <= now) {
        entry.trouble = last == steps.end() ? "there is no price in it"
                                            : "the prices that it tells end at " + format_time(last->to);
    } else {
        entry.trouble.clear();
        entry.updated = now;
    }
    if (is_of_the_present(entry.settings) && !steps.empty()) {
        learn_present(entry, steps.front().from, steps.front().value, entry.settings.stale_after, now);
    } else {
        learn(entry, steps, now);
    }
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
        hear(entry, steps_of(entry.settings, *quotations, entry.settings.stale_after), now);
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
    const bool heard = std::holds_alternative<PriceTopic>(entry.settings.source) &&
                       (entry.updated || !entry.trouble.empty());
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
