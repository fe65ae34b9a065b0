// The rows that are neither messages nor frames: alerts, windows, memories, states of batteries, audit; those
// of forecasts are in forecast_tables.
// Written by RecordTables on the writer's thread; the reading functions serve the start of the store and
// Readers.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/alert/alert.hpp"
#include "core/site/site.hpp"
#include "daemon/store/bytes.hpp"
#include "daemon/store/sqlite.hpp"
#include "daemon/store/store.hpp"

namespace sitepower {

// Numbers for texts that are repeated a lot.
class WordTable {
  public:
    explicit WordTable(sqlite::Database& database);
    std::int64_t id_of(std::string_view word);
    void forget() { known_.clear(); }

  private:
    sqlite::Database& database_;
    sqlite::Statement find_;
    sqlite::Statement insert_;
    std::unordered_map<std::string, std::int64_t> known_;
};

class ForecastTables;

class RecordTables {
  public:
    explicit RecordTables(sqlite::Database& database);
    ~RecordTables();

    // Inside a transaction.
    void write(const AlertRow& row);
    void write(const WindowRow& row);
    void write(const AuditRow& row);
    void write(const BatteryMemory& memory);
    void write(const BatteryStateRow& row);
    void write(const PriceRow& row);
    void write(const PlanRow& row);
    void write(const ForecastRow& rows);
    void rolled_back() { words_.forget(); }

  private:
    void pack_estimate(const Estimate& estimate, Time time, ByteWriter& out);

    sqlite::Statement alert_;
    sqlite::Statement window_;
    sqlite::Statement audit_;
    sqlite::Statement memory_;
    sqlite::Statement battery_state_;
    sqlite::Statement price_;
    sqlite::Statement plan_;
    WordTable words_;
    std::unique_ptr<ForecastTables> forecasts_;
    Bytes packed_;
};

// The columns that read_alert expects, in its order.
inline constexpr std::string_view alert_columns =
    "id, type, severity, subject_kind, subject_id, message, threshold, actual, unit, triggered_ms, "
    "resolved_ms, resolved_by, resolution_note, acknowledged_ms, acknowledged_by, acknowledgment_note, "
    "affected, "
    "flaps, held";
Alert read_alert(const sqlite::Statement& row);

// Open alerts, those resolved by hand and not raised again since, windows that have not ended, all memories.
Snapshot read_snapshot(sqlite::Database& database);

Bytes pack_memory(const BatteryMemory& memory);
// nullopt: not a memory.
std::optional<BatteryMemory> unpack_memory(std::string battery, std::span<const std::uint8_t> data);

struct StoredEstimate {
    std::optional<double> value;
    double sigma = 0;
    EstimateStatus status = EstimateStatus::unknown;
    std::int64_t reason = 0;  // a word
    Time as_of{};
};

// What battery_states keeps of a BatteryState; its measured values are in the frames.
struct StoredBatteryState {
    Time time{};
    HealthStatus status = HealthStatus::unknown;
    std::int64_t status_reason = 0;  // a word
    StoredEstimate soc_pct;
    StoredEstimate soh_pct;
    StoredEstimate rul_days;
    StoredEstimate resistance_ratio;
    std::optional<LifeInterval> rul_interval;
};
std::optional<StoredBatteryState> unpack_battery_state(std::span<const std::uint8_t> data);

}  // namespace sitepower
