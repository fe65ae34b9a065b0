#include "daemon/store/records.hpp"

#include <fmt/format.h>

#include "daemon/store/ageing_codec.hpp"
#include "daemon/store/forecast_tables.hpp"
#include "daemon/store/interval_table.hpp"

namespace sitepower {

namespace {

// 1: without ageing and what models of the voltage keep; 2: without a replacement; 3: without cycles;
// 4: without the mean current; 5 and 6: without the discharge that goes on; 7: without the time of the
// baseline.
constexpr std::uint8_t memory_version = 8;
// 1: without the interval of the remaining life.
constexpr std::uint8_t battery_state_version = 2;
// More words than batteries and reasons together ever are.
constexpr std::size_t known_words_limit = 100'000;

std::optional<std::int64_t> optional_ms(const std::optional<Time>& time) {
    return time ? std::optional(to_ms(*time)) : std::nullopt;
}

std::optional<Time> optional_time(std::optional<std::int64_t> ms) {
    return ms ? std::optional(from_ms(*ms)) : std::nullopt;
}

void pack_optional(std::optional<double> value, ByteWriter& out) {
    out.byte(value ? 1 : 0);
    if (value) out.fixed(*value);
}

std::optional<double> unpack_optional(ByteReader& in) {
    return in.byte() != 0 ? std::optional(in.fixed<double>()) : std::nullopt;
}

void pack_discharge(const DischargeMemory& memory, ByteWriter& out) {
    out.zigzag(to_ms(memory.as_of));
    out.zigzag(memory.lasted.count());
    out.zigzag(memory.rested.count());
    out.fixed(memory.delivered_ah);
    out.fixed(memory.delivered_by_flowed_ah);
    out.byte(memory.has_gap ? 1 : 0);
    out.byte(memory.is_planned ? 1 : 0);
    out.byte(memory.was_full ? 1 : 0);
    out.byte(memory.below_since ? 1 : 0);
    if (memory.below_since) out.zigzag(to_ms(*memory.below_since));
    out.zigzag(memory.below_after.count());
    out.fixed(memory.below_ah);
    out.byte(memory.ended_after ? 1 : 0);
    if (memory.ended_after) out.zigzag(memory.ended_after->count());
    out.fixed(memory.ended_ah);
    out.fixed(memory.temperature_sum);
    out.fixed(memory.temperature_s);
}

DischargeMemory unpack_discharge(ByteReader& in) {
    DischargeMemory memory;
    memory.as_of = from_ms(in.zigzag());
    memory.lasted = Duration{in.zigzag()};
    memory.rested = Duration{in.zigzag()};
    memory.delivered_ah = in.fixed<double>();
    memory.delivered_by_flowed_ah = in.fixed<double>();
    memory.has_gap = in.byte() != 0;
    memory.is_planned = in.byte() != 0;
    memory.was_full = in.byte() != 0;
    if (in.byte() != 0) memory.below_since = from_ms(in.zigzag());
    memory.below_after = Duration{in.zigzag()};
    memory.below_ah = in.fixed<double>();
    if (in.byte() != 0) memory.ended_after = Duration{in.zigzag()};
    memory.ended_ah = in.fixed<double>();
    memory.temperature_sum = in.fixed<double>();
    memory.temperature_s = in.fixed<double>();
    return memory;
}

std::vector<Alert> read_alerts(sqlite::Database& database, std::string_view condition) {
    std::vector<Alert> alerts;
    sqlite::Statement rows(database,
                           fmt::format("SELECT {} FROM alerts a WHERE {}", alert_columns, condition));
    for (bool more = rows.query(); more; more = rows.step()) alerts.push_back(read_alert(rows));
    return alerts;
}

StoredEstimate unpack_estimate(ByteReader& in, Time time) {
    StoredEstimate estimate;
    estimate.status = static_cast<EstimateStatus>(in.byte());
    estimate.value = unpack_optional(in);
    if (estimate.value) estimate.sigma = in.fixed<double>();
    estimate.reason = static_cast<std::int64_t>(in.varint());
    estimate.as_of = time + Duration{in.zigzag()};
    return estimate;
}

}  // namespace

WordTable::WordTable(sqlite::Database& database)
    : database_(database),
      find_(database, "SELECT id FROM words WHERE word = ?"),
      insert_(database, "INSERT INTO words (word) VALUES (?) RETURNING id") {}

std::int64_t WordTable::id_of(std::string_view word) {
    const auto it = known_.find(std::string(word));
    if (it != known_.end()) return it->second;
    auto* found = &find_;
    if (!find_.query(word)) {
        insert_.query(word);
        found = &insert_;
    }
    if (!database_.ok()) return 0;
    const auto id = found->integer(0);
    while (found->step()) {
    }
    found->finish();
    if (known_.size() >= known_words_limit) known_.clear();
    known_.emplace(word, id);
    return id;
}

RecordTables::RecordTables(sqlite::Database& database)
    : alert_(database, fmt::format("INSERT OR REPLACE INTO alerts ({}) VALUES "
                                   "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                                   alert_columns)),
      window_(
          database,
          "INSERT OR REPLACE INTO windows (id, subject_kind, subject_id, from_ms, to_ms, who, why, ended) "
          "VALUES (?, ?, ?, ?, ?, ?, ?, ?)"),
      audit_(database, "INSERT INTO audit (time_ms, who, origin, what, result) VALUES (?, ?, ?, ?, ?)"),
      memory_(database, "INSERT OR REPLACE INTO memories (battery, body) VALUES (?, ?)"),
      battery_state_(database, "INSERT OR REPLACE INTO battery_states (key, body) VALUES (?, ?)"),
      price_(database, "INSERT OR REPLACE INTO prices (series, from_ms, to_ms, value) VALUES (?, ?, ?, ?)"),
      plan_(database, "INSERT INTO plans (time_ms, kind, status, body) VALUES (?, ?, ?, ?)"),
      words_(database),
      forecasts_(std::make_unique<ForecastTables>(database, words_)) {}

RecordTables::~RecordTables() = default;

void RecordTables::write(const ForecastRow& rows) {
    forecasts_->write(*rows);
}

void RecordTables::write(const AlertRow& row) {
    const auto& a = row.alert;
    alert_.run(a.id, a.type, static_cast<int>(a.severity), static_cast<int>(a.subject.kind), a.subject.id,
               a.message, a.threshold, a.actual, a.unit, to_ms(a.triggered_at), optional_ms(a.resolved_at),
               a.resolved_by, a.resolution_note, optional_ms(a.acknowledged_at), a.acknowledged_by,
               a.acknowledgment_note, a.affected, a.flaps, a.held ? 1 : 0);
}

void RecordTables::write(const WindowRow& row) {
    const auto& w = row.window;
    window_.run(w.id, static_cast<int>(w.subject.kind), w.subject.id, to_ms(w.from), to_ms(w.to), w.who,
                w.why, row.ended ? 1 : 0);
}

void RecordTables::write(const AuditRow& row) {
    audit_.run(to_ms(row.time), row.who, row.from, row.what, row.result);
}

void RecordTables::write(const PriceRow& row) {
    price_.run(row.series, to_ms(row.step.from), to_ms(row.step.to), row.step.value);
}

void RecordTables::write(const PlanRow& row) {
    plan_.run(to_ms(row.time), row.kind, row.status, row.body);
}

void RecordTables::write(const BatteryMemory& memory) {
    packed_ = pack_memory(memory);
    memory_.run(memory.battery, packed_);
}

void RecordTables::pack_estimate(const Estimate& estimate, Time time, ByteWriter& out) {
    out.byte(static_cast<std::uint8_t>(estimate.status));
    pack_optional(estimate.value, out);
    if (estimate.value) out.fixed(estimate.sigma);
    out.varint(static_cast<std::uint64_t>(words_.id_of(estimate.reason)));
    out.zigzag((estimate.as_of - time).count());
}

void RecordTables::write(const BatteryStateRow& row) {
    const auto& state = row.state;
    packed_.clear();
    ByteWriter out(packed_);
    out.byte(battery_state_version);
    out.zigzag(to_ms(state.time));
    out.byte(static_cast<std::uint8_t>(state.status));
    out.varint(static_cast<std::uint64_t>(words_.id_of(state.status_reason)));
    for (const auto* estimate : {&state.soc_pct, &state.soh_pct, &state.rul_days, &state.resistance_ratio}) {
        pack_estimate(*estimate, state.time, out);
    }
    out.byte(state.rul_interval ? 1 : 0);
    if (state.rul_interval) {
        out.fixed(state.rul_interval->p10);
        out.fixed(state.rul_interval->p90);
        out.byte(state.rul_interval->censored ? 1 : 0);
    }
    const IntervalKey key{interval_of(state.time, minute_length), words_.id_of(row.battery)};
    battery_state_.run(key.number(), packed_);
}

Alert read_alert(const sqlite::Statement& row) {
    Alert alert;
    alert.id = row.text(0);
    alert.type = row.text(1);
    alert.severity = static_cast<Severity>(row.integer(2));
    alert.subject = {static_cast<SubjectKind>(row.integer(3)), row.text(4)};
    alert.message = row.text(5);
    alert.threshold = row.optional_real(6);
    alert.actual = row.optional_real(7);
    alert.unit = row.text(8);
    alert.triggered_at = from_ms(row.integer(9));
    alert.resolved_at = optional_time(row.optional_integer(10));
    alert.resolved_by = row.text(11);
    alert.resolution_note = row.text(12);
    alert.acknowledged_at = optional_time(row.optional_integer(13));
    alert.acknowledged_by = row.text(14);
    alert.acknowledgment_note = row.text(15);
    alert.affected = static_cast<std::uint32_t>(row.integer(16));
    alert.flaps = static_cast<std::uint32_t>(row.integer(17));
    alert.held = row.integer(18) != 0;
    return alert;
}

Snapshot read_snapshot(sqlite::Database& database) {
    Snapshot snapshot;
    // With a plus SQLite sorts the few, instead of walking through all alerts in that order.
    snapshot.open_alerts = read_alerts(database, "resolved_ms IS NULL ORDER BY +triggered_ms, id");
    snapshot.resolved_by_hand =
        read_alerts(database,
                    "resolved_ms IS NOT NULL AND resolved_by NOT IN ('condition_cleared', 'configuration') "
                    "AND NOT EXISTS "
                    "(SELECT 1 FROM alerts b WHERE b.type = a.type AND b.subject_kind = a.subject_kind AND "
                    "b.subject_id = "
                    "a.subject_id AND b.triggered_ms > a.triggered_ms) ORDER BY resolved_ms DESC LIMIT 1000");
    sqlite::Statement windows(database,
                              "SELECT id, subject_kind, subject_id, from_ms, to_ms, who, why FROM windows "
                              "WHERE ended = 0 ORDER BY +id");
    for (bool more = windows.query(); more; more = windows.step()) {
        snapshot.windows.push_back({windows.text(0),
                                    {static_cast<SubjectKind>(windows.integer(1)), windows.text(2)},
                                    from_ms(windows.integer(3)),
                                    from_ms(windows.integer(4)),
                                    windows.text(5),
                                    windows.text(6)});
    }
    sqlite::Statement memories(database, "SELECT battery, body FROM memories ORDER BY battery");
    for (bool more = memories.query(); more; more = memories.step()) {
        if (auto memory = unpack_memory(memories.text(0), memories.blob(1))) {
            snapshot.batteries.push_back(std::move(*memory));
        }
    }
    return snapshot;
}

Bytes pack_memory(const BatteryMemory& memory) {
    Bytes data;
    ByteWriter out(data);
    out.byte(memory_version);
    out.text(memory.serial_number);
    pack_optional(memory.charge_ah, out);
    out.fixed(memory.charge_sigma_ah);
    out.byte(memory.charge_as_of ? 1 : 0);
    if (memory.charge_as_of) out.zigzag(to_ms(*memory.charge_as_of));
    out.zigzag(memory.full_charge_held.count());
    out.byte(memory.charge_has_gap ? 1 : 0);
    pack_optional(memory.baseline_resistance_ohm, out);
    out.varint(memory.baseline_readings_ohm.size());
    for (const double reading : memory.baseline_readings_ohm) out.fixed(reading);
    out.fixed(memory.charge_v1_v);
    out.fixed(memory.charge_v2_v);
    out.fixed(memory.current_offset_a);
    pack_optional(memory.current_offset_sigma_a, out);
    out.fixed(memory.mean_current_a);
    out.fixed(memory.mean_square_current_a2);
    out.fixed(memory.discharging_s);
    out.byte(memory.discharge_is_from_full ? 1 : 0);
    out.fixed(memory.charge_moved);
    out.fixed(memory.capacity_share);
    out.fixed(memory.capacity_sigma);
    pack_optional(memory.usual_float_current_a, out);
    pack_ageing(memory.ageing, out);
    out.byte(memory.replacement ? 1 : 0);
    if (memory.replacement) {
        out.text(memory.replacement->configured_serial);
        out.zigzag(to_ms(memory.replacement->date));
        out.text(memory.replacement->model);
    }
    out.byte(memory.discharge ? 1 : 0);
    if (memory.discharge) pack_discharge(*memory.discharge, out);
    out.byte(memory.baseline_learnt_until ? 1 : 0);
    if (memory.baseline_learnt_until) out.zigzag(to_ms(*memory.baseline_learnt_until));
    return data;
}

std::optional<BatteryMemory> unpack_memory(std::string battery, std::span<const std::uint8_t> data) {
    ByteReader in(data);
    const auto version = in.byte();
    if (version < 1 || version > memory_version) return std::nullopt;
    BatteryMemory memory;
    memory.battery = std::move(battery);
    memory.serial_number = in.text();
    memory.charge_ah = unpack_optional(in);
    memory.charge_sigma_ah = in.fixed<double>();
    if (in.byte() != 0) memory.charge_as_of = from_ms(in.zigzag());
    memory.full_charge_held = Duration{in.zigzag()};
    memory.charge_has_gap = in.byte() != 0;
    memory.baseline_resistance_ohm = unpack_optional(in);
    const auto readings = in.varint();
    if (in.failed() || readings > in.left() / sizeof(double)) return std::nullopt;
    for (std::uint64_t i = 0; i < readings; ++i) memory.baseline_readings_ohm.push_back(in.fixed<double>());
    if (version >= 2) {
        memory.charge_v1_v = in.fixed<double>();
        memory.charge_v2_v = in.fixed<double>();
        memory.current_offset_a = in.fixed<double>();
        memory.current_offset_sigma_a = unpack_optional(in);
        if (version >= 5) {
            memory.mean_current_a = in.fixed<double>();
            memory.mean_square_current_a2 = in.fixed<double>();
            if (version >= 6) {
                memory.discharging_s = in.fixed<double>();
                memory.discharge_is_from_full = in.byte() != 0;
                memory.charge_moved = in.fixed<double>();
            }
            memory.capacity_share = in.fixed<double>();
            memory.capacity_sigma = in.fixed<double>();
            memory.usual_float_current_a = unpack_optional(in);
        }
        memory.ageing = unpack_ageing(in, version >= 4);
    }
    if (version >= 3 && in.byte() != 0) {
        BatteryReplacement& replacement = memory.replacement.emplace();
        replacement.configured_serial = in.text();
        replacement.date = from_ms(in.zigzag());
        replacement.model = in.text();
    }
    if (version >= 7 && in.byte() != 0) memory.discharge = unpack_discharge(in);
    if (version >= 8 && in.byte() != 0) memory.baseline_learnt_until = from_ms(in.zigzag());
    if (!in.at_end()) return std::nullopt;
    return memory;
}

std::optional<StoredBatteryState> unpack_battery_state(std::span<const std::uint8_t> data) {
    ByteReader in(data);
    const auto version = in.byte();
    if (version < 1 || version > battery_state_version) return std::nullopt;
    StoredBatteryState state;
    state.time = from_ms(in.zigzag());
    state.status = static_cast<HealthStatus>(in.byte());
    state.status_reason = static_cast<std::int64_t>(in.varint());
    for (auto* estimate : {&state.soc_pct, &state.soh_pct, &state.rul_days, &state.resistance_ratio}) {
        *estimate = unpack_estimate(in, state.time);
    }
    if (version >= 2 && in.byte() != 0) {
        LifeInterval& interval = state.rul_interval.emplace();
        interval.p10 = in.fixed<double>();
        interval.p90 = in.fixed<double>();
        interval.censored = in.byte() != 0;
    }
    return in.at_end() ? std::optional(state) : std::nullopt;
}

}  // namespace sitepower
