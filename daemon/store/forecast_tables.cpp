#include "daemon/store/forecast_tables.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "daemon/store/interval_table.hpp"
#include "daemon/store/records.hpp"

namespace sitepower {

namespace {

using forecast::ClosedStep;
using forecast::HorizonClass;

constexpr std::uint8_t matched_version = 1;
constexpr int minute_bits = step_key_bits;  // of a day
constexpr int class_bits = matched_key_bits - minute_bits;

// Steps of one series and day lie side by side: a day of a series is read at once, and deleted with the
// others of that day.
std::int64_t step_key(std::int64_t day, std::int64_t member, std::int64_t minute) {
    return (IntervalKey{day, member}.number() << minute_bits) + minute;
}

std::int64_t step_key(Time time, std::int64_t member) {
    const auto day = interval_of(time, one_day);
    return step_key(day, member, interval_of(time, minute_length) - day * (one_day / minute_length));
}

Time time_of_step(std::int64_t key) {
    const auto day = IntervalKey::from(key >> minute_bits).interval;
    return start_of(day, one_day) + minute_length * (key & ((std::int64_t{1} << minute_bits) - 1));
}

std::optional<std::int64_t> member_of(sqlite::Database& database, const std::string& series) {
    sqlite::Statement word(database, "SELECT id FROM words WHERE word = ?");
    return word.query(series) ? std::optional(word.integer(0)) : std::nullopt;
}

// The days from `from` to `to` of which the table may hold rows; none: last is before first.
struct Days {
    std::int64_t first = 0;
    std::int64_t last = -1;
};

Days days_in(sqlite::Database& database, const std::string& table, int low_bits, Time from, Time to) {
    const auto oldest = database.integer("SELECT min(key) FROM " + table);
    const auto newest = database.integer("SELECT max(key) FROM " + table);
    if (!oldest || !newest) return {};
    return {.first = std::max(interval_of(from, one_day), IntervalKey::from(*oldest >> low_bits).interval),
            .last = std::min(interval_of(to, one_day), IntervalKey::from(*newest >> low_bits).interval)};
}

std::optional<std::int64_t> optional_ms(const std::optional<Time>& time) {
    return time ? std::optional(to_ms(*time)) : std::nullopt;
}

std::optional<Time> optional_time(std::optional<std::int64_t> ms) {
    return ms ? std::optional(from_ms(*ms)) : std::nullopt;
}

std::optional<MatchedForecastRow> unpack_matched(std::span<const std::uint8_t> body) {
    ByteReader in(body);
    if (in.byte() != matched_version) return std::nullopt;
    MatchedForecastRow row;
    row.match.issued_at = from_ms(in.zigzag());
    row.match.said.valid_at = from_ms(in.zigzag());
    row.model_version = static_cast<std::uint32_t>(in.varint());
    const auto flags = in.byte();
    auto& said = row.match.said.forecast;
    auto& q = said.quantiles;
    for (double* value : {&said.point, &q.p50, &q.p90, &q.p99, &q.lower95, &q.upper95, &row.match.baseline,
                          &row.match.actual}) {
        *value = in.fixed<double>();
    }
    q.calibrated = (flags & 1U) != 0;
    q.p99_calibrated = (flags & 2U) != 0;
    return in.at_end() ? std::optional(row) : std::nullopt;
}

std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (const auto& name : names) text += (text.empty() ? "" : " ") + name;
    return text;
}

std::vector<std::string> split(const std::string& text) {
    std::vector<std::string> names;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = std::min(text.find(' ', at), text.size());
        names.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return names;
}

}  // namespace

ForecastTables::ForecastTables(sqlite::Database& database, WordTable& words)
    : step_(database, "INSERT OR REPLACE INTO series_steps (key, value, observed) VALUES (?, ?, ?)"),
      matched_(database, "INSERT OR REPLACE INTO series_forecasts (key, body) VALUES (?, ?)"),
      state_(database,
             "INSERT OR REPLACE INTO series_states (id, model_version, saved_ms, body) VALUES (?, ?, ?, ?)"),
      forget_models_(database, "DELETE FROM models WHERE name = ?"),
      model_(
          database,
          "INSERT INTO models (name, version, kind, status, checksum, trained_from_ms, trained_to_ms, "
          "deployed_ms, samples, mase, smape_pct, coverage95) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
      event_(
          database,
          "INSERT OR REPLACE INTO known_events (id, type, name, source, start_ms, end_ms, ramp_ms, "
          "multiplier, cancelled, series, metadata, realised) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
      job_(database,
           "INSERT OR REPLACE INTO jobs (id, kind, subject, status, training_days, created_ms, started_ms, "
           "ended_ms, result) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"),
      words_(words) {}

void ForecastTables::write(const ForecastRows& rows) {
    for (const auto& row : rows.steps) write(row);
    for (const auto& row : rows.matched) write(row);
    for (const auto& row : rows.states) write(row);
    for (const auto& row : rows.models) write(row);
    for (const auto& event : rows.events) write(event);
    for (const auto& job : rows.jobs) write(job);
}

void ForecastTables::write(const SeriesStepRow& row) {
    step_.run(step_key(row.step.begin, words_.id_of(row.series)), row.step.value, row.step.observed ? 1 : 0);
}

void ForecastTables::write(const MatchedForecastRow& row) {
    const auto& said = row.match.said;
    const auto& q = said.forecast.quantiles;
    packed_.clear();
    ByteWriter out(packed_);
    out.byte(matched_version);
    out.zigzag(to_ms(row.match.issued_at));
    out.zigzag(to_ms(said.valid_at));
    out.varint(row.model_version);
    out.byte(static_cast<std::uint8_t>((q.calibrated ? 1U : 0U) | (q.p99_calibrated ? 2U : 0U)));
    for (const double value : {said.forecast.point, q.p50, q.p90, q.p99, q.lower95, q.upper95,
                               row.match.baseline, row.match.actual}) {
        out.fixed(value);
    }
    const auto key = (step_key(said.valid_at, words_.id_of(row.series)) << class_bits) +
                     static_cast<std::int64_t>(row.match.horizon);
    matched_.run(key, packed_);
}

void ForecastTables::write(const SeriesStateRow& row) {
    const std::span body(reinterpret_cast<const std::uint8_t*>(row.state.data()), row.state.size());
    state_.run(row.series, row.model_version, to_ms(row.saved_at), body);
}

void ForecastTables::write(const ModelRows& rows) {
    forget_models_.run(rows.name);
    for (const auto& v : rows.versions) {
        model_.run(v.name, v.version, v.kind, static_cast<int>(v.status), v.checksum, to_ms(v.trained_from),
                   to_ms(v.trained_to), optional_ms(v.deployed_at), v.samples, v.metrics.mase,
                   v.metrics.smape_pct, v.metrics.coverage95);
    }
}

void ForecastTables::write(const SeriesEvent& event) {
    const auto& e = event.event;
    packed_.clear();
    ByteWriter out(packed_);
    for (const auto& [series, multiplier] : event.realised) {
        out.text(series);
        out.fixed(multiplier);
    }
    event_.run(e.id, e.type, e.name, e.source, to_ms(e.start), to_ms(e.end),
               static_cast<std::int64_t>(e.ramp.count()), e.expected_multiplier,
               e.cancelled_at ? to_ms(*e.cancelled_at) : 0, joined(event.series), event.metadata, packed_);
}

void ForecastTables::write(const Job& job) {
    job_.run(job.id, job.kind, job.subject, static_cast<int>(job.status), job.training_days,
             to_ms(job.created_at), optional_ms(job.started_at), optional_ms(job.ended_at), job.result);
}

StoredSeries find_series(sqlite::Database& database, const std::string& series, Time from) {
    StoredSeries stored;
    sqlite::Statement state(database, "SELECT model_version, saved_ms, body FROM series_states WHERE id = ?");
    if (state.query(series)) {
        const auto body = std::as_bytes(state.blob(2));
        stored.state = SeriesStateRow{.series = series,
                                      .model_version = static_cast<std::uint32_t>(state.integer(0)),
                                      .saved_at = from_ms(state.integer(1)),
                                      .state = {body.begin(), body.end()}};
    }
    state.finish();
    stored.steps = find_steps(database, series, from, Time::max());
    return stored;
}

std::vector<ClosedStep> find_steps(sqlite::Database& database, const std::string& series, Time from,
                                   Time to) {
    std::vector<ClosedStep> steps;
    const auto member = member_of(database, series);
    if (!member) return steps;
    sqlite::Statement rows(database,
                           "SELECT key, value, observed FROM series_steps WHERE key >= ? AND key < ? "
                           "ORDER BY key");
    const auto days = days_in(database, "series_steps", step_key_bits, from, to);
    for (auto day = days.first; day <= days.last; ++day) {
        for (bool more = rows.query(step_key(day, *member, 0), step_key(day, *member + 1, 0)); more;
             more = rows.step()) {
            const Time begin = time_of_step(rows.integer(0));
            if (begin < from || begin >= to) continue;
            steps.push_back({.begin = begin, .value = rows.real(1), .observed = rows.integer(2) != 0});
        }
        rows.finish();
    }
    return steps;
}

MatchedAnswer find_matched(sqlite::Database& database, const MatchedQuestion& question) {
    MatchedAnswer answer;
    const auto member = member_of(database, question.series);
    if (!member || question.to <= question.from) return answer;
    sqlite::Statement rows(
        database, "SELECT key, body FROM series_forecasts WHERE key >= ? AND key < ? ORDER BY key DESC");
    const auto days = days_in(database, "series_forecasts", matched_key_bits, question.from, question.to);
    for (auto day = days.last; day >= days.first; --day) {
        for (bool more = rows.query(step_key(day, *member, 0) << class_bits, step_key(day, *member + 1, 0)
                                                                                 << class_bits);
             more; more = rows.step()) {
            const auto horizon = static_cast<HorizonClass>(rows.integer(0) & ((1 << class_bits) - 1));
            if (std::ranges::find(question.horizons, horizon) == question.horizons.end()) continue;
            auto row = unpack_matched(rows.blob(1));
            if (!row) continue;
            const Time valid_at = row->match.said.valid_at;
            if (valid_at < question.from || valid_at >= question.to) continue;
            ++answer.total;
            if (answer.matched.size() >= question.limit) continue;
            row->series = question.series;
            row->match.horizon = horizon;
            answer.matched.push_back(std::move(*row));
        }
        rows.finish();
    }
    return answer;
}

std::vector<forecast::ModelVersion> find_models(sqlite::Database& database) {
    std::vector<forecast::ModelVersion> models;
    sqlite::Statement rows(database,
                           "SELECT name, version, kind, status, checksum, trained_from_ms, trained_to_ms, "
                           "deployed_ms, samples, mase, smape_pct, coverage95 FROM models "
                           "ORDER BY name, version DESC");
    for (bool more = rows.query(); more; more = rows.step()) {
        models.push_back({.name = rows.text(0),
                          .kind = rows.text(2),
                          .version = static_cast<std::uint32_t>(rows.integer(1)),
                          .status = static_cast<forecast::ModelStatus>(rows.integer(3)),
                          .checksum = static_cast<std::uint64_t>(rows.integer(4)),
                          .trained_from = from_ms(rows.integer(5)),
                          .trained_to = from_ms(rows.integer(6)),
                          .deployed_at = optional_time(rows.optional_integer(7)),
                          .samples = static_cast<std::uint64_t>(rows.integer(8)),
                          .metrics = {.mase = rows.optional_real(9),
                                      .smape_pct = rows.optional_real(10),
                                      .coverage95 = rows.optional_real(11)}});
    }
    return models;
}

std::vector<SeriesEvent> find_events(sqlite::Database& database) {
    std::vector<SeriesEvent> events;
    sqlite::Statement rows(database,
                           "SELECT id, type, name, source, start_ms, end_ms, ramp_ms, multiplier, cancelled, "
                           "series, metadata, realised FROM known_events ORDER BY start_ms, id");
    for (bool more = rows.query(); more; more = rows.step()) {
        SeriesEvent event{
            .event = {.id = rows.text(0),
                      .type = rows.text(1),
                      .name = rows.text(2),
                      .source = rows.text(3),
                      .start = from_ms(rows.integer(4)),
                      .end = from_ms(rows.integer(5)),
                      .ramp = Duration{rows.integer(6)},
                      .expected_multiplier = rows.optional_real(7),
                      .cancelled_at =
                          rows.integer(8) != 0 ? std::optional(from_ms(rows.integer(8))) : std::nullopt},
            .series = split(rows.text(9)),
            .metadata = rows.text(10),
            .realised = {}};
        ByteReader in(rows.blob(11));
        while (!in.at_end() && !in.failed()) {
            auto series = in.text();
            const auto multiplier = in.fixed<double>();
            if (!in.failed()) event.realised[std::move(series)] = multiplier;
        }
        events.push_back(std::move(event));
    }
    return events;
}

std::vector<Job> find_jobs(sqlite::Database& database, std::size_t limit) {
    std::vector<Job> jobs;
    sqlite::Statement rows(
        database,
        "SELECT id, kind, subject, status, training_days, created_ms, started_ms, ended_ms, "
        "result FROM jobs ORDER BY created_ms DESC, id DESC LIMIT ?");
    for (bool more = rows.query(limit); more; more = rows.step()) {
        jobs.push_back({.id = rows.text(0),
                        .kind = rows.text(1),
                        .subject = rows.text(2),
                        .status = static_cast<JobStatus>(rows.integer(3)),
                        .training_days = rows.integer(4),
                        .created_at = from_ms(rows.integer(5)),
                        .started_at = optional_time(rows.optional_integer(6)),
                        .ended_at = optional_time(rows.optional_integer(7)),
                        .result = rows.text(8)});
    }
    std::ranges::reverse(jobs);
    return jobs;
}

}  // namespace sitepower
