#include "daemon/app/price_keeper.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include "daemon/price/feed.hpp"

namespace sitepower {

void PriceKeeper::start(std::vector<PriceSettings> settings, Time now) {
    stopping_ = false;
    worker_.start();
    configure(std::move(settings), now);
}

void PriceKeeper::configure(std::vector<PriceSettings> settings, Time now) {
    std::erase_if(troubles_, [&](const auto& each) {
        return std::ranges::find(settings, each.first, &PriceSettings::id) == settings.end();
    });
    book_.configure(std::move(settings), now);
    tick(now);
}

void PriceKeeper::restore(const std::vector<PriceRow>& rows, Time now) {
    for (const auto& entry : book_.entries()) {
        std::vector<PriceStep> steps;
        for (const auto& row : rows) {
            if (row.series == entry.settings.id) steps.push_back(row.step);
        }
        book_.restore(entry.settings.id, steps, now);
    }
}

void PriceKeeper::tick(Time now) {
    book_.tick(now, outlets_.latest);
    order_looks(now);
    keep_news();
    tell(now);
    tell_trouble(now);
}

void PriceKeeper::keep_news() {
    for (auto& fresh : book_.take_fresh()) {
        outlets_.keep({.series = std::move(fresh.id), .step = fresh.step});
    }
}

void PriceKeeper::order_looks(Time now) {
    while (auto look = book_.next_look(now)) {
        const bool accepted = worker_.submit([this, look = *look, now]() mutable -> Completion {
            auto found = read_feed(look.settings, now, stopping_);
            return [this, look = std::move(look), found = std::move(found)] {
                const auto then = std::chrono::floor<Duration>(std::chrono::system_clock::now());
                book_.take(look, found, then);
                keep_news();
            };
        });
        if (accepted) continue;
        // Only after several reloads in half a minute: each leaves looks behind that nobody waits for.
        book_.take(*look, Error{ErrorCode::service_unavailable, "too many looks are under way", ""}, now);
    }
}

void PriceKeeper::tell(Time now) {
    std::vector<std::string> stale;
    for (const auto& entry : book_.entries()) {
        // The first look after a start or a reload decides.
        if (entry.looking && !entry.updated && !told_.empty()) return;
        if (!book_.why_stale(entry, now).empty()) stale.push_back(entry.settings.id);
    }
    if (stale == told_) return;
    outlets_.stale(!stale.empty(), book_.why_stale(now));
    told_ = std::move(stale);
}

// The device of a point tells its own trouble. Who publishes nonsense does so again and again.
void PriceKeeper::tell_trouble(Time now) {
    constexpr Duration between{std::chrono::minutes{1}};
    for (const auto& entry : book_.entries()) {
        if (std::holds_alternative<PricePoint>(entry.settings.source)) continue;
        auto& trouble = troubles_[entry.settings.id];
        if (trouble.why == entry.trouble) continue;
        const bool is_soon = trouble.told && now >= *trouble.told && now < *trouble.told + between;
        if (!entry.trouble.empty()) {
            if (is_soon) continue;
            outlets_.trouble(entry.settings.id, entry.trouble);
            trouble.told = now;
        }
        trouble.why = entry.trouble;
    }
}

void PriceKeeper::stop() {
    stopping_ = true;
    worker_.stop();
}

}  // namespace sitepower
