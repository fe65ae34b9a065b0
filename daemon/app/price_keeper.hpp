// Keeps the price book up to date: orders looks at feeds on a thread of their own, takes what they found, and
// says when a series goes stale. A feed that never answers holds up other feeds only; the watchdog does not
// look at this thread, for a network disk that hangs is no reason to restart the daemon. Owned by the app;
// loop thread.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/operation/worker.hpp"
#include "daemon/price/book.hpp"
#include "daemon/store/store.hpp"

namespace sitepower {

class PriceKeeper {
  public:
    struct Outlets {
        std::function<const LatestValue*(PointRef)> latest;  // null: unknown
        std::function<void(PriceRow)> keep;
        std::function<void(bool holds, const std::string& message)> stale;
        // A source gives nothing of use, for another reason than before.
        std::function<void(const std::string& series, const std::string& why)> trouble;
    };

    explicit PriceKeeper(Outlets outlets) : outlets_(std::move(outlets)) {}

    void start(std::vector<PriceSettings> settings, Time now);
    void configure(std::vector<PriceSettings> settings, Time now);
    // Rows of the store from before the start.
    void restore(const std::vector<PriceRow>& rows, Time now);
    // Due every second.
    void tick(Time now);
    // A message on a topic that prices come from; others are left alone.
    void hear(std::string_view topic, std::string_view payload, Time now) {
        book_.hear(topic, payload, now);
        keep_news();
    }
    // Lets the look that is under way end within about a second; stop() waits for that.
    void interrupt() { stopping_ = true; }
    void stop();

    int fd() const { return worker_.fd(); }  // readable while deliver() has something to do
    void deliver() { worker_.deliver(); }

    const PriceBook& book() const { return book_; }

  private:
    void order_looks(Time now);
    void keep_news();
    void tell(Time now);
    void tell_trouble(Time now);

    Outlets outlets_;
    PriceBook book_;
    // More looks than there may be series: a refused one would never be answered.
    Worker worker_{64};
    std::atomic<bool> stopping_{false};
    std::vector<std::string> told_;  // the series that were told stale
    struct Trouble {
        std::string why;
        std::optional<Time> told;
    };
    std::map<std::string, Trouble> troubles_;
};

}  // namespace sitepower
