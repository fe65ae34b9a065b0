// Prices: what is known of the price series.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "daemon/operation/rows/rows.hpp"
#include "daemon/operation/rows/subject.hpp"

namespace sitepower {
namespace {

using Entry = PriceBook::Entry;

constexpr std::string_view energy_price = "energy_price";
constexpr double largest_hours = 168;
// Engineering default: what changes less from one day to the next is noise.
constexpr double steady_share = 0.02;

double shown(const Entry& entry, double value) {
    return shown_price(entry.settings.unit, value);
}

std::string_view unit_of(const Entry& entry) {
    return entry.settings.unit == PriceUnit::other ? "other" : "per_mwh";
}

// The standard deviation of the changes from hour to hour in the 24 hours before `time`, over their mean.
std::optional<double> volatility(const PriceSeries& series, Time time) {
    constexpr int hours = 24;
    std::vector<double> changes;
    double sum = 0;
    int known = 0;
    std::optional<double> before;
    for (int i = hours; i > 0; --i) {
        const auto price = series.mean(time - i * one_hour, time - (i - 1) * one_hour);
        if (price) {
            sum += *price;
            ++known;
            if (before) changes.push_back(*price - *before);
        }
        before = price;
    }
    if (changes.size() < hours / 2) return std::nullopt;
    const double mean = sum / known;
    double squares = 0;
    double drift = 0;
    for (const double change : changes) drift += change / static_cast<double>(changes.size());
    for (const double change : changes) squares += (change - drift) * (change - drift);
    const double deviation = std::sqrt(squares / static_cast<double>(changes.size()));
    // Over a mean near zero, or below, it would mean nothing.
    if (mean <= 1e-9) return std::nullopt;
    return deviation / mean;
}

// The last day against the one before.
Record& set_trend(Record& record, const PriceSeries& series, Time now) {
    constexpr std::chrono::hours day{24};
    const auto last = series.mean(now - day, now);
    const auto before = series.mean(now - 2 * day, now - day);
    if (!last || !before) return record.unknown("trend", "less_than_two_days_known");
    const double change = *last - *before;
    if (std::abs(change) <= steady_share * std::abs(*before)) return record.set("trend", "steady");
    return record.set("trend", change > 0 ? "rising" : "falling");
}

struct Span {
    Time from{};
    Time to{};
};

// What is planned with, else the series of that id, else the first that is a price of energy.
const Entry* find_energy(const PriceBook& book, const DispatchSettings* dispatch) {
    const auto* planned = dispatch == nullptr ? nullptr : book.find(dispatch->import_price);
    if (planned != nullptr) return planned;
    if (const auto* named = book.find(energy_price)) return named;
    const auto entries = book.entries();
    const auto found = std::ranges::find_if(
        entries, [](const Entry& entry) { return entry.settings.unit != PriceUnit::other; });
    return found == entries.end() ? nullptr : &*found;
}

Json describe_data(const PriceBook& book, const Entry* energy, const Entry& primary, const Span& span) {
    const auto entries = book.entries();
    std::set<Time> times;
    for (const auto& entry : entries) {
        for (const auto& step : entry.series.steps()) {
            if (step.to > span.from && step.from < span.to) times.insert(std::max(step.from, span.from));
        }
    }
    Json data = Json::array();
    for (const auto time : times) {
        Record record;
        record.set("timestamp", time);
        const auto set_price = [&](std::string_view name, const Entry* entry) {
            const auto price = entry == nullptr ? std::nullopt : entry->series.at(time);
            if (price) {
                record.set(name, shown(*entry, *price));
            } else {
                record.unknown(name, entry == nullptr ? "no_energy_series" : "not_known");
            }
        };
        set_price(energy_price, energy);
        for (const auto& entry : entries) {
            if (entry.settings.id != energy_price) set_price(entry.settings.id, &entry);
        }
        record.maybe("volatility_24h", volatility(primary.series, time),
                     "not_enough_hours_or_mean_not_positive");
        data.push_back(record.take());
    }
    return data;
}

Json describe_metadata(const Entry& primary, const PriceBook& book, const Span& span, std::size_t records,
                       Time now) {
    Record record;
    record.set("total_records", records).set("series", primary.settings.id);
    record.set("currency", primary.settings.currency).set("unit", unit_of(primary));
    const auto latest = primary.series.at(now);
    if (latest) {
        record.set("latest_price", shown(primary, *latest));
    } else {
        record.unknown("latest_price", "not_known");
    }
    std::optional<double> least, most;
    for (const auto& step : primary.series.steps()) {
        if (step.to <= span.from || step.from >= span.to) continue;
        least = std::min(least.value_or(step.value), step.value);
        most = std::max(most.value_or(step.value), step.value);
    }
    Record range;
    range.maybe("min", least ? std::optional(shown(primary, *least)) : std::nullopt, "not_known");
    range.maybe("max", most ? std::optional(shown(primary, *most)) : std::nullopt, "not_known");
    record.set("price_range", range.take());
    set_trend(record, primary.series, now);
    if (primary.updated) {
        record.set("age_s", std::chrono::duration_cast<std::chrono::seconds>(now - *primary.updated).count());
    } else {
        record.unknown("age_s", "not_read_yet");
    }
    record.time("known_until", latest ? std::optional(primary.series.known_until(now)) : std::nullopt,
                "not_known");
    record.text("trouble", primary.trouble, "no_trouble");
    const auto stale = book.why_stale(primary, now);
    return record.set("stale", !stale.empty()).because("stale", stale).take();
}

Outcome prices(const Request& request, Context& context) {
    const auto& book = context.prices();
    if (book.entries().empty()) {
        return Failure{ErrorCode::insufficient_data,
                       "no price series is configured: add [[price]] to the configuration"};
    }
    const auto id = request.parameters.text("series");
    const auto* energy = find_energy(book, context.planner().settings());
    const auto* primary = id ? book.find(*id) : energy;
    if (primary == nullptr && id) return not_found("price series", *id, "prices");
    if (primary == nullptr) primary = &book.entries().front();
    const auto now = context.now();
    const std::chrono::hours back{*request.parameters.integer("hours_back")};
    const std::chrono::hours ahead{*request.parameters.integer("hours_ahead")};
    const Span span{now - back, now + ahead + Duration{1}};
    auto data = describe_data(book, energy, *primary, span);
    auto metadata = describe_metadata(*primary, book, span, data.size(), now);
    return Json{{"data", std::move(data)}, {"metadata", std::move(metadata)}};
}

}  // namespace

std::vector<Operation> price_rows() {
    return {
        {.name = "prices",
         .path = "/api/v1/data/prices",
         .summary =
             "Prices of energy and of what the loads earn: past, present and as far ahead as published",
         .parameters = {{.name = "hours_back",
                         .type = ParameterType::integer,
                         .help = "how far back",
                         .fallback = "24",
                         .minimum = 1,
                         .maximum = largest_hours},
                        {.name = "hours_ahead",
                         .type = ParameterType::integer,
                         .help = "how far ahead, as far as it is known",
                         .fallback = "0",
                         .minimum = 0,
                         .maximum = largest_hours},
                        identifier_parameter(
                            "series", "what volatility and metadata are about; default the price of energy")},
         .result = {{"data[].timestamp", "time", "", "from then on"},
                    {"data[].energy_price", "number", "currency/MWh",
                     "the series that is planned with, else the one of that id, else the first of energy"},
                    {"data[].*", "number", "", "every other series, under its own id"},
                    {"data[].volatility_24h", "number", "",
                     "standard deviation of hourly changes of the day before over its mean"},
                    {"metadata.total_records", "integer", "", "length of data"},
                    {"metadata.series", "text", "", "what volatility and metadata are about"},
                    {"metadata.currency", "text", "", "ISO 4217"},
                    {"metadata.unit", "text", "", "per_mwh, or other: as the source quotes it"},
                    {"metadata.latest_price", "number", "currency/MWh", "of the present"},
                    {"metadata.price_range.min", "number", "currency/MWh", "of the time asked for"},
                    {"metadata.price_range.max", "number", "currency/MWh", "of the time asked for"},
                    {"metadata.trend", "text", "",
                     "the last day against the one before: rising, falling, or steady within 2 %"},
                    {"metadata.age_s", "integer", "s", "since the series had news"},
                    {"metadata.known_until", "time", "", "without a gap from now on"},
                    {"metadata.trouble", "text", "", "why the source gave nothing of use when last read"},
                    {"metadata.stale", "boolean", "", "not to be relied on; reasons say why"}},
         .errors = {ErrorCode::not_found, ErrorCode::insufficient_data},
         .handler = prices}};
}

}  // namespace sitepower
