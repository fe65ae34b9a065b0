#include "daemon/store/schema.hpp"

#include <fmt/format.h>

#include <array>

namespace sitepower {

namespace {

constexpr std::array migrations = {
    // 1: the main job.
    R"sql(
CREATE TABLE epochs (number INTEGER PRIMARY KEY, bits INTEGER NOT NULL, started_ms INTEGER NOT NULL);
CREATE TABLE streams (id INTEGER PRIMARY KEY, device TEXT NOT NULL, topic TEXT NOT NULL, expiry_ms INTEGER,
                      layout BLOB NOT NULL);
CREATE INDEX streams_by_device ON streams (device);
CREATE TABLE blocks (key INTEGER PRIMARY KEY, last_key INTEGER NOT NULL, first_ms INTEGER NOT NULL,
                     last_ms INTEGER NOT NULL, frames INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE hours (hour INTEGER PRIMARY KEY, first_key INTEGER NOT NULL, last_key INTEGER NOT NULL);
CREATE TABLE pending (block INTEGER PRIMARY KEY, bits BLOB NOT NULL);
CREATE TABLE texts (key INTEGER PRIMARY KEY, epoch_bits INTEGER NOT NULL, seq INTEGER NOT NULL,
                    kind INTEGER NOT NULL, topic TEXT NOT NULL, retained INTEGER NOT NULL, expiry_ms INTEGER,
                    stored_ms INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE minutes (key INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE quarters (key INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE rollup_state (id INTEGER PRIMARY KEY CHECK (id = 1), from_key INTEGER NOT NULL,
                           through_key INTEGER NOT NULL, boundary_ms INTEGER NOT NULL);
CREATE TABLE words (id INTEGER PRIMARY KEY, word TEXT NOT NULL UNIQUE);
CREATE TABLE battery_states (key INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE alerts (id TEXT PRIMARY KEY, type TEXT NOT NULL, severity INTEGER NOT NULL,
                     subject_kind INTEGER NOT NULL, subject_id TEXT NOT NULL, message TEXT NOT NULL,
                     threshold REAL, actual REAL, unit TEXT NOT NULL, triggered_ms INTEGER NOT NULL,
                     resolved_ms INTEGER, resolved_by TEXT NOT NULL, resolution_note TEXT NOT NULL, acknowledged_ms INTEGER,
                     acknowledged_by TEXT NOT NULL, acknowledgment_note TEXT NOT NULL,
                     affected INTEGER NOT NULL, flaps INTEGER NOT NULL, held INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX alerts_by_time ON alerts (triggered_ms);
CREATE INDEX alerts_open ON alerts (id) WHERE resolved_ms IS NULL;
CREATE TABLE windows (id TEXT PRIMARY KEY, subject_kind INTEGER NOT NULL, subject_id TEXT NOT NULL,
                      from_ms INTEGER NOT NULL, to_ms INTEGER NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL,
                      ended INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE memories (battery TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE audit (id INTEGER PRIMARY KEY, time_ms INTEGER NOT NULL, who TEXT NOT NULL,
                    origin TEXT NOT NULL, what TEXT NOT NULL, result TEXT NOT NULL);
CREATE INDEX audit_by_time ON audit (time_ms);
)sql",
    // 2: prices.
    R"sql(
CREATE TABLE prices (id INTEGER PRIMARY KEY, series TEXT NOT NULL, from_ms INTEGER NOT NULL,
                     to_ms INTEGER NOT NULL, value REAL NOT NULL);
CREATE UNIQUE INDEX prices_by_time ON prices (from_ms, series);
)sql",
    // 3: what the start and the retention look for, so that neither walks through all of the history.
    R"sql(
CREATE INDEX alerts_by_subject ON alerts (type, subject_kind, subject_id, triggered_ms);
CREATE INDEX alerts_by_end ON alerts (resolved_ms) WHERE resolved_ms IS NOT NULL;
CREATE INDEX alerts_by_hand ON alerts (resolved_ms)
    WHERE resolved_ms IS NOT NULL AND resolved_by NOT IN ('condition_cleared', 'configuration');
CREATE INDEX windows_by_end ON windows (to_ms) WHERE ended = 1;
CREATE INDEX windows_open ON windows (id) WHERE ended = 0;
CREATE INDEX prices_by_end ON prices (to_ms);
)sql",
    // 4: plans.
    R"sql(
CREATE TABLE plans (id INTEGER PRIMARY KEY, time_ms INTEGER NOT NULL, kind TEXT NOT NULL, status TEXT NOT NULL,
                    body TEXT NOT NULL);
CREATE INDEX plans_by_time ON plans (time_ms);
)sql",
    // 5: forecasts of series.
    R"sql(
CREATE TABLE series_steps (key INTEGER PRIMARY KEY, value REAL NOT NULL, observed INTEGER NOT NULL);
CREATE TABLE series_forecasts (key INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE series_states (id TEXT PRIMARY KEY, model_version INTEGER NOT NULL, saved_ms INTEGER NOT NULL,
                            body BLOB NOT NULL);
CREATE TABLE models (name TEXT NOT NULL, version INTEGER NOT NULL, kind TEXT NOT NULL, status INTEGER NOT NULL,
                     checksum INTEGER NOT NULL, trained_from_ms INTEGER NOT NULL,
                     trained_to_ms INTEGER NOT NULL, deployed_ms INTEGER, samples INTEGER NOT NULL, mase REAL,
                     smape_pct REAL, coverage95 REAL, PRIMARY KEY (name, version)) WITHOUT ROWID;
CREATE TABLE known_events (id TEXT PRIMARY KEY, type TEXT NOT NULL, name TEXT NOT NULL, source TEXT NOT NULL,
                           start_ms INTEGER NOT NULL, end_ms INTEGER NOT NULL, ramp_ms INTEGER NOT NULL,
                           multiplier REAL, cancelled INTEGER NOT NULL, series TEXT NOT NULL,
                           metadata TEXT NOT NULL, realised BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE jobs (id TEXT PRIMARY KEY, kind TEXT NOT NULL, subject TEXT NOT NULL, status INTEGER NOT NULL,
                   training_days INTEGER NOT NULL, created_ms INTEGER NOT NULL, started_ms INTEGER,
                   ended_ms INTEGER, result TEXT NOT NULL) WITHOUT ROWID;
)sql",
};

}  // namespace

int schema_version() {
    return static_cast<int>(migrations.size());
}

Error error_of(const sqlite::Failure& failure, std::string_view path) {
    return {ErrorCode::service_unavailable, fmt::format("database {}: {}", path, failure.message),
            fmt::format("SQLite code {}", failure.code)};
}

Status migrate(sqlite::Database& database) {
    const auto& path = database.path();
    const auto version = database.integer("PRAGMA user_version");
    if (!database.ok()) return error_of(*database.failure(), path);
    if (version > schema_version()) {
        return Error{ErrorCode::conflict,
                     fmt::format("database {} has schema {}, this program knows up to {}: install the newer "
                                 "version again, or move the file away",
                                 path, *version, schema_version()),
                     ""};
    }
    for (auto next = static_cast<std::size_t>(version.value_or(0)); next < migrations.size(); ++next) {
        sqlite::Transaction transaction(database);
        database.execute(migrations.at(next));
        database.execute(fmt::format("PRAGMA user_version = {}", next + 1));
        if (!transaction.commit()) return error_of(*database.failure(), path);
    }
    return Done{};
}

}  // namespace sitepower
