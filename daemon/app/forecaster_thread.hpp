// The forecast thread, from the loop: once a second it takes what the loop has picked out of the readings,
// and does at most one refit; between these turns it answers questions. What is told it is taken in the order
// in which it came, and nothing of it is lost when the thread is behind, full of questions or ending. Owned
// by the app; loop thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "daemon/forecast/series_book.hpp"
#include "daemon/forecast/series_feed.hpp"
#include "daemon/operation/context.hpp"
#include "daemon/operation/worker.hpp"

namespace sitepower {

class ForecasterThread {
  public:
    // The thread has room for them and a turn.
    static constexpr std::size_t most_questions = 63;
    // So many turns that find the one before under way are news.
    static constexpr std::size_t behind_after = 4;

    struct Outlets {
        std::function<Time()> now;
        std::function<std::unique_ptr<SeriesMemory>()> memory;  // called on the forecast thread
        std::function<void(ForecastEffects)> take;
    };

    // `latest` must outlive it.
    ForecasterThread(LatestForecasts& latest, Outlets outlets);

    void start() { worker_.start(); }
    // In force from what is fed next on.
    void configure(const ForecastSettings& settings) { feed_.configure(settings); }
    SeriesFeed& feed() { return feed_; }
    // Once a second.
    void turn(const PriceBook& prices);
    // False at the limit and while it stops; the query is then dropped.
    [[nodiscard]] bool ask(ForecastQuery query);
    // Ends the thread, takes what it has done and what still waits for it, and keeps the states that a start
    // goes on from. Series that it has not begun yet begin with the next start.
    void stop();

    int fd() const { return worker_.fd(); }
    void deliver() { worker_.deliver(); }
    const Worker& worker() const { return worker_; }
    ForecasterView view() const;

  private:
    Completion take_turn(Time time, std::chrono::steady_clock::time_point asked);

    const Outlets outlets_;
    SeriesFeed feed_;
    SeriesBook book_;                // the forecast thread's while that runs
    std::vector<SeriesBatch> turn_;  // likewise while a turn is under way, else what it was refused with
    bool under_way_ = false;
    std::size_t behind_ = 0;
    std::size_t questions_ = 0;
    std::uint64_t told_left_out_ = 0;
    ForecasterView view_;
    Worker worker_;
};

}  // namespace sitepower
