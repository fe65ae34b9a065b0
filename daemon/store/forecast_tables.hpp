// The tables of forecasts: steps of series, matched forecasts, states, models, known events, jobs. Written on
// the writer's thread, inside its transaction; the reading functions serve Readers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "daemon/forecast/rows.hpp"
#include "daemon/store/bytes.hpp"
#include "daemon/store/sqlite.hpp"

namespace sitepower {

class WordTable;

// Keys begin with day and member (IntervalKey); below them lie so many bits.
inline constexpr int step_key_bits = 11;
inline constexpr int matched_key_bits = 13;

class ForecastTables {
  public:
    // `words` must outlive it.
    ForecastTables(sqlite::Database& database, WordTable& words);
    void write(const ForecastRows& rows);

  private:
    void write(const SeriesStepRow& row);
    void write(const MatchedForecastRow& row);
    void write(const SeriesStateRow& row);
    void write(const ModelRows& rows);
    void write(const SeriesEvent& event);
    void write(const Job& job);

    sqlite::Statement step_;
    sqlite::Statement matched_;
    sqlite::Statement state_;
    sqlite::Statement forget_models_;
    sqlite::Statement model_;
    sqlite::Statement event_;
    sqlite::Statement job_;
    WordTable& words_;
    Bytes packed_;
};

// The state, if there is one, and the steps after it; of a series without a state those from `from` on.
StoredSeries find_series(sqlite::Database& database, const std::string& series, Time from);
// Steps that begin in [from, to), oldest first.
std::vector<forecast::ClosedStep> find_steps(sqlite::Database& database, const std::string& series, Time from,
                                             Time to);
MatchedAnswer find_matched(sqlite::Database& database, const MatchedQuestion& question);
std::vector<forecast::ModelVersion> find_models(sqlite::Database& database);
std::vector<SeriesEvent> find_events(sqlite::Database& database);
// The newest, oldest first.
std::vector<Job> find_jobs(sqlite::Database& database, std::size_t limit);

}  // namespace sitepower
