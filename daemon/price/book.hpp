// What is known of every price series: tariffs worked out, feeds as they were last read, points as they are
// measured. Says which feed is to be read next and what has gone stale. Owned by the app; loop thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.hpp"
#include "core/price/series.hpp"
#include "core/site/latest_values.hpp"
#include "daemon/price/settings.hpp"

namespace sitepower {

// How far back prices are kept: the same hour of a week before stands in for what is not published yet.
inline constexpr Duration price_memory{std::chrono::days{8}};

class PriceBook {
  public:
    struct Entry {
        PriceSettings settings;
        PriceSeries series;
        std::optional<Time> updated;  // the last good news; of a tariff the last time it was worked out
        std::string trouble;          // why the last look gave nothing; empty: it did, or there was none
        std::optional<Time> looked;   // when a look was last ordered
        bool looking = false;
        bool is_redefined = false;  // by a reload: the prices of that id from before are of something else
        std::uint64_t revision = 0;
    };

    PriceBook() = default;
    PriceBook(std::vector<PriceSettings> settings, Time now) { configure(std::move(settings), now); }

    // The series as reconfigured: all are read anew. What is known of those that tell the same stays.
    void configure(std::vector<PriceSettings> settings, Time now);
    // What the store still knows of a series from before a restart or a reload. Newer news stays.
    void restore(std::string_view id, std::span<const PriceStep> steps, Time now);

    // Works tariffs out, forgets what is too old, reads points through `latest` (null: unknown). To be called
    // every second or so.
    template <class Latest>
    void tick(Time now, Latest latest) {
        for (auto& entry : entries_) {
            if (const auto* point = std::get_if<PricePoint>(&entry.settings.source))
                take_point(entry, latest(point->point), now);
            keep(entry, now);
        }
    }
    // A feed that is to be looked at now; whoever asks does so and answers through take().
    struct Look {
        PriceSettings settings;
        std::uint64_t generation = 0;  // of the configuration
    };
    std::optional<Look> next_look(Time now);
    // What came of a look; one from before a reload is dropped.
    void take(const Look& look, const Result<std::vector<PriceStep>>& found, Time now);
    // A message on a topic: to every series that comes from it.
    void hear(std::string_view topic, std::string_view payload, Time now);
    // Prices of feeds and points that were not known before, since the last call: for the store.
    struct Fresh {
        std::string id;
        PriceStep step;
    };
    std::vector<Fresh> take_fresh() { return std::exchange(fresh_, {}); }

    std::span<const Entry> entries() const { return entries_; }
    // Null: there is no such series.
    const Entry* find(std::string_view id) const;
    // Changes with every news of the series; another one in its place after a reload, too.
    std::uint64_t revision(std::string_view id) const;
    // With every news of any.
    std::uint64_t revision() const { return revision_; }

    // Why the series cannot be relied on: no news for too long, or nothing known of the present. Empty while
    // it can.
    std::string why_stale(const Entry& entry, Time now) const;
    // The same of all series in one text.
    std::string why_stale(Time now) const;

  private:
    static void keep(Entry& entry, Time now);
    void hear(Entry& entry, std::span<const PriceStep> steps, Time now);
    void learn(Entry& entry, std::span<const PriceStep> steps, Time now);
    void learn_present(Entry& entry, Time time, double value, Duration lasts, Time now);
    void take_point(Entry& entry, const LatestValue* latest, Time now);

    std::vector<Entry> entries_;
    std::vector<Fresh> fresh_;
    Time started_{};
    std::uint64_t generation_ = 0;
    std::uint64_t revision_ = 0;
};

}  // namespace sitepower
