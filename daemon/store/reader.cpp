#include "daemon/store/reader.hpp"

#include <algorithm>
#include <utility>

#include "daemon/store/alert_query.hpp"
#include "daemon/store/battery_state_query.hpp"
#include "daemon/store/forecast_tables.hpp"
#include "daemon/store/frame_query.hpp"
#include "daemon/store/outbox_query.hpp"
#include "daemon/store/reader_connection.hpp"
#include "daemon/store/schema.hpp"
#include "daemon/store/series_query.hpp"

namespace sitepower {

namespace {
constexpr auto longest_query = std::chrono::seconds(10);
}  // namespace

Result<std::unique_ptr<Reader>> Reader::open(const std::string& path) {
    auto connection = std::make_unique<Connection>(path);
    if (connection->database.ok()) connection->database.set_busy_timeout_ms(1000);
    const auto version = connection->database.integer("PRAGMA user_version");
    if (!connection->database.ok()) return connection->take_failure();
    if (version != schema_version()) {
        return Error{ErrorCode::service_unavailable, "database " + path + " is not of this program's schema",
                     ""};
    }
    return std::unique_ptr<Reader>(new Reader(std::move(connection)));
}

Reader::Reader(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}

Reader::~Reader() = default;

template <class T>
Result<T> Reader::checked(T answer) {
    if (!connection_->database.ok()) return connection_->take_failure();
    return answer;
}

Result<OutboxBatch> Reader::outbox_batch(MessageKey after, std::size_t limit) {
    auto batch = OutboxQuery(*connection_, after, limit).run();
    const auto& failure = connection_->database.failure();
    if (failure && failure->trouble == sqlite::Trouble::damaged) {
        batch = {};
        batch.is_damaged = true;
        connection_->database.clear_failure();
    }
    return checked(std::move(batch));
}

Result<OutboxSummary> Reader::outbox_summary() {
    return checked(summarise_outbox(connection_->database));
}

Result<SeriesAnswer> Reader::series(const SeriesQuery& query) {
    const auto give_up = std::chrono::steady_clock::now() + longest_query;
    auto answer = run_series(query, give_up);
    if (query.resolution != SeriesResolution::automatic) return answer;
    // What is too young for a roll-up is within the last hour of what was committed.
    SeriesQuery finer = query;
    if (const auto last = last_frame_time(connection_->database)) {
        finer.from = std::max(query.from, std::min(query.to, *last) - std::chrono::hours(1));
    }
    while (answer && answer->rows.empty() && answer->resolution != SeriesResolution::raw) {
        finer.resolution = answer->resolution == SeriesResolution::quarter ? SeriesResolution::minute
                                                                           : SeriesResolution::raw;
        answer = run_series(finer, give_up);
    }
    return answer;
}

Result<SeriesAnswer> Reader::run_series(const SeriesQuery& query,
                                        std::chrono::steady_clock::time_point give_up) {
    SeriesRunner runner(*connection_, query);
    while (!runner.step()) {
        if (std::chrono::steady_clock::now() > give_up) {
            return Error{
                ErrorCode::payload_too_large,
                "the question takes longer than ten seconds: ask for less time or a coarser resolution", ""};
        }
    }
    return checked(runner.take());
}

Result<std::vector<ToldBatteryState>> Reader::battery_states(const std::string& battery, Time from, Time to,
                                                             std::size_t limit, Keep keep) {
    return checked(find_battery_states(*connection_, battery, from, to, limit, keep));
}

Result<FramePage> Reader::frames(MessageKey after, Time from, Time to) {
    return checked(find_frames(*connection_, after, from, to));
}

Result<std::optional<Time>> Reader::begins() {
    auto& database = connection_->database;
    auto first = first_frame_time(database);
    for (const auto& other : {first_interval_time(database, "minutes", minute_length),
                              first_interval_time(database, "quarters", quarter_length)}) {
        if (other && (!first || *other < *first)) first = other;
    }
    return checked(first);
}

Result<AlertPage> Reader::alerts(const AlertQuery& query) {
    return checked(find_alerts(connection_->database, query));
}

Result<std::optional<Alert>> Reader::alert(const std::string& id) {
    return checked(find_alert(connection_->database, id));
}

Result<std::vector<AuditRow>> Reader::audit(Time from, Time to, std::size_t limit) {
    return checked(find_audit(connection_->database, from, to, limit));
}

Result<std::vector<PriceRow>> Reader::prices(Time from, Time to, std::size_t limit) {
    std::vector<PriceRow> found;
    sqlite::Statement rows(connection_->database,
                           "SELECT series, from_ms, to_ms, value FROM prices WHERE from_ms >= ? AND "
                           "from_ms < ? ORDER BY id DESC LIMIT ?");
    for (bool more = rows.query(to_ms(from), to_ms(to), limit); more; more = rows.step()) {
        found.push_back({rows.text(0), {from_ms(rows.integer(1)), from_ms(rows.integer(2)), rows.real(3)}});
    }
    rows.finish();
    std::ranges::reverse(found);
    return checked(std::move(found));
}

Result<std::vector<PlanRow>> Reader::plans(std::string_view kind, Time from, Time to, std::size_t limit) {
    std::vector<PlanRow> found;
    sqlite::Statement rows(connection_->database,
                           "SELECT time_ms, kind, status, body FROM plans WHERE time_ms >= ? AND time_ms < ? "
                           "AND kind = ? ORDER BY time_ms DESC, id DESC LIMIT ?");
    for (bool more = rows.query(to_ms(from), to_ms(to), kind, limit); more; more = rows.step())
        found.push_back({from_ms(rows.integer(0)), rows.text(1), rows.text(2), rows.text(3)});
    rows.finish();
    return checked(std::move(found));
}

Result<StoredSeries> Reader::stored_series(const std::string& series, Time from) {
    return checked(find_series(connection_->database, series, from));
}

Result<std::vector<forecast::ClosedStep>> Reader::series_steps(const std::string& series, Time from,
                                                               Time to) {
    return checked(find_steps(connection_->database, series, from, to));
}

Result<MatchedAnswer> Reader::matched_forecasts(const MatchedQuestion& question) {
    return checked(find_matched(connection_->database, question));
}

Result<std::vector<forecast::ModelVersion>> Reader::models() {
    return checked(find_models(connection_->database));
}

Result<std::vector<SeriesEvent>> Reader::known_events() {
    return checked(find_events(connection_->database));
}

Result<std::vector<Job>> Reader::jobs(std::size_t limit) {
    return checked(find_jobs(connection_->database, limit));
}

Error Reader::Connection::take_failure() {
    auto error = error_of(*database.failure(), database.path());
    database.clear_failure();
    return error;
}

}  // namespace sitepower
