// Queries of the store: a read-only connection of its own, for the worker's thread. Each call keeps the
// database open for reading for at most a slice of 50 ms, so that checkpoints are never held up for long.
// Owned by whoever asks; one thread at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/alert/alert.hpp"
#include "core/base/result.hpp"
#include "daemon/message/message.hpp"
#include "daemon/store/series.hpp"
#include "daemon/store/store.hpp"

namespace sitepower {

struct OutboxBatch {
    // As they were live, in the order of their keys.
    std::vector<std::shared_ptr<const Message>> messages;
    // Frames that a damaged disk has taken: tell Store::delivered, or they are asked for again and again.
    std::vector<MessageKey> unreadable;
    // When they were measured, at most: of their blocks, or where one is gone of its neighbours.
    Time unreadable_from{};
    Time unreadable_to{};
    // The database itself is: tell Store::found_damaged. There are no messages then.
    bool is_damaged = false;
};

struct OutboxSummary {
    std::uint64_t count = 0;
    std::optional<Time> oldest;
};

// All that are set must hold.
struct AlertQuery {
    std::optional<Time> from{};  // triggered in [from, to)
    std::optional<Time> to{};
    std::vector<Subject> subjects{};  // any of these; empty: of all
    std::optional<Severity> severity{};
    std::string type{};
    std::optional<bool> active{};
    std::optional<bool> acknowledged{};
    std::size_t skip = 0;
    std::size_t limit = 100;
};

struct AlertPage {
    std::vector<Alert> alerts;  // newest first
    std::uint64_t total = 0;    // without skip and limit
};

// The frames of one block, in the order in which they were stored; their layouts are those of then.
struct FramePage {
    std::vector<FramePtr> frames{};
    MessageKey last{};        // where the next page goes on
    bool is_damaged = false;  // the block, or a part of it: what is left of it is in `frames`
    bool at_end = false;      // no more blocks
};

struct StoredSeries;  // daemon/forecast/rows.hpp, as those below
struct MatchedQuestion;
struct MatchedAnswer;
struct SeriesEvent;
struct Job;
namespace forecast {
struct ClosedStep;
struct ModelVersion;
}  // namespace forecast

class Reader {
  public:
    // path: Store::path().
    static Result<std::unique_ptr<Reader>> open(const std::string& path);
    ~Reader();
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

    // Undelivered messages with keys above `after`, at most `limit` and at most what one slice of time gives;
    // an empty batch means that there are none.
    Result<OutboxBatch> outbox_batch(MessageKey after, std::size_t limit);
    Result<OutboxSummary> outbox_summary();

    // Answered in slices; an Error when it takes longer than ten seconds. Roll-ups reach up to the last
    // minute or quarter of an hour that is over.
    Result<SeriesAnswer> series(const SeriesQuery& query);
    // Told in [from, to), oldest first; `keep`: which of more than the limit.
    Result<std::vector<ToldBatteryState>> battery_states(const std::string& battery, Time from, Time to,
                                                         std::size_t limit, Keep keep = Keep::oldest);
    // Those of [from, to) in the next block behind `after`.
    Result<FramePage> frames(MessageKey after, Time from, Time to);
    // When the history begins; nothing yet: empty.
    Result<std::optional<Time>> begins();

    Result<AlertPage> alerts(const AlertQuery& query);
    Result<std::optional<Alert>> alert(const std::string& id);
    // Prices of [from, to) in the order in which they became known, at most `limit`: the latest ones.
    Result<std::vector<PriceRow>> prices(Time from, Time to, std::size_t limit);
    // In [from, to), newest first.
    Result<std::vector<PlanRow>> plans(std::string_view kind, Time from, Time to, std::size_t limit);
    Result<std::vector<AuditRow>> audit(Time from, Time to, std::size_t limit);

    // Of forecasts; see forecast_tables.hpp.
    Result<StoredSeries> stored_series(const std::string& series, Time from);
    Result<std::vector<forecast::ClosedStep>> series_steps(const std::string& series, Time from, Time to);
    Result<MatchedAnswer> matched_forecasts(const MatchedQuestion& question);
    Result<std::vector<forecast::ModelVersion>> models();
    Result<std::vector<SeriesEvent>> known_events();
    Result<std::vector<Job>> jobs(std::size_t limit);

    class Connection;  // shared by the queries in this folder

  private:
    explicit Reader(std::unique_ptr<Connection> connection);
    // The answer, or why the connection has failed meanwhile.
    template <class T>
    Result<T> checked(T answer);
    Result<SeriesAnswer> run_series(const SeriesQuery& query, std::chrono::steady_clock::time_point give_up);

    std::unique_ptr<Connection> connection_;
};

}  // namespace sitepower
