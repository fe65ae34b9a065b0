// What is small and precious: written with any content, it comes back as it was, also after a restart.
#include "daemon/store/records.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "tests/unit/daemon/store/threadless_store.hpp"

namespace sitepower::records_test {
namespace {

std::string any_text(std::mt19937_64& random) {
    static const std::vector<std::string> pieces{"a", "'", "\"", "\n", "ü", ";--", std::string("\0", 1),
                                                 "%", ""};
    std::string text;
    for (auto n = random() % 6; n > 0; --n) text += pieces[random() % pieces.size()];
    return text;
}

Time any_time(std::mt19937_64& random) {
    return test_start + Duration{static_cast<std::int64_t>(random() % 1'000'000'000)};
}

std::optional<double> any_optional(std::mt19937_64& random) {
    if (random() % 3 == 0) return std::nullopt;
    return static_cast<double>(static_cast<std::int64_t>(random())) / 1024;
}

Alert any_alert(std::mt19937_64& random, std::string id) {
    Alert alert;
    alert.id = std::move(id);
    alert.type = "type" + std::to_string(random() % 3);
    alert.severity = static_cast<Severity>(random() % 3);
    alert.subject = {static_cast<SubjectKind>(random() % 5), "S" + std::to_string(random() % 4)};
    alert.message = any_text(random);
    alert.threshold = any_optional(random);
    alert.actual = any_optional(random);
    alert.unit = any_text(random);
    alert.triggered_at = any_time(random);
    if (random() % 2) {
        alert.resolved_at = any_time(random);
        alert.resolved_by = random() % 2 ? "condition_cleared" : "eve";
    }
    alert.resolution_note = any_text(random);
    if (random() % 2) alert.acknowledged_at = any_time(random);
    alert.acknowledged_by = any_text(random);
    alert.acknowledgment_note = any_text(random);
    alert.affected = static_cast<std::uint32_t>(random());
    alert.flaps = static_cast<std::uint32_t>(random());
    alert.held = random() % 2 == 0;
    return alert;
}

void expect_same(const Alert& a, const Alert& b) {
    EXPECT_EQ(a.id, b.id);
    EXPECT_EQ(a.type, b.type);
    EXPECT_EQ(a.severity, b.severity);
    EXPECT_EQ(a.subject, b.subject);
    EXPECT_EQ(a.message, b.message);
    EXPECT_EQ(a.threshold, b.threshold);
    EXPECT_EQ(a.actual, b.actual);
    EXPECT_EQ(a.unit, b.unit);
    EXPECT_EQ(a.triggered_at, b.triggered_at);
    EXPECT_EQ(a.resolved_at, b.resolved_at);
    EXPECT_EQ(a.resolved_by, b.resolved_by);
    EXPECT_EQ(a.resolution_note, b.resolution_note);
    EXPECT_EQ(a.acknowledged_at, b.acknowledged_at);
    EXPECT_EQ(a.acknowledged_by, b.acknowledged_by);
    EXPECT_EQ(a.acknowledgment_note, b.acknowledgment_note);
    EXPECT_EQ(a.affected, b.affected);
    EXPECT_EQ(a.flaps, b.flaps);
    EXPECT_EQ(a.held, b.held);
}

class AlertLaw : public ::testing::TestWithParam<unsigned> {
  protected:
    void write_alerts() {
        for (int i = 0; i < 120; ++i) {
            Batch batch;
            for (auto n = 1 + random_() % 3; n > 0; --n) {
                // Now and then a known one, as it is by then.
                const auto alert = any_alert(random_, "A" + std::to_string(random_() % 80));
                alerts_[alert.id] = alert;
                batch.rows.emplace_back(AlertRow{alert});
            }
            ASSERT_TRUE(store_.commit(batch));
        }
    }
    bool passes(const Alert& alert, const AlertQuery& query) const {
        return (!query.from || alert.triggered_at >= *query.from) &&
               (!query.to || alert.triggered_at < *query.to) &&
               (query.subjects.empty() ||
                std::ranges::find(query.subjects, alert.subject) != query.subjects.end()) &&
               (!query.severity || alert.severity == *query.severity) &&
               (query.type.empty() || alert.type == query.type) &&
               (!query.active || alert.is_active() == *query.active) &&
               (!query.acknowledged || alert.acknowledged_at.has_value() == *query.acknowledged);
    }
    AlertQuery any_query() {
        AlertQuery query;
        if (random_() % 3 == 0) query.from = any_time(random_);
        if (random_() % 3 == 0) query.to = any_time(random_);
        if (random_() % 3 == 0) query.subjects = {{SubjectKind::device, "S1"}, {SubjectKind::ups, "S2"}};
        if (random_() % 3 == 0) query.severity = static_cast<Severity>(random_() % 3);
        if (random_() % 3 == 0) query.type = "type1";
        if (random_() % 3 == 0) query.active = random_() % 2 == 0;
        if (random_() % 3 == 0) query.acknowledged = random_() % 2 == 0;
        query.skip = random_() % 10;
        query.limit = random_() % 20;
        return query;
    }

    std::mt19937_64 random_{GetParam()};
    ThreadlessStore store_;
    std::map<std::string, Alert> alerts_;
};

TEST_P(AlertLaw, EachComesBackAsItWasLastWritten) {
    write_alerts();
    store_.restart();
    auto reader = store_.reader();
    for (const auto& [id, alert] : alerts_) {
        const auto found = reader->alert(id);
        ASSERT_TRUE(found);
        ASSERT_TRUE(*found);
        expect_same(**found, alert);
    }
    EXPECT_EQ(reader->alert("nobody").value(), std::nullopt);
    // What is open is there at the start, the oldest first.
    const auto& open = store_.report().snapshot.open_alerts;
    EXPECT_EQ(open.size(), static_cast<std::size_t>(std::ranges::count_if(
                               alerts_, [](const auto& entry) { return entry.second.is_active(); })));
    EXPECT_TRUE(std::ranges::is_sorted(open, {}, &Alert::triggered_at));
    for (const auto& muted : store_.report().snapshot.resolved_by_hand) {
        EXPECT_EQ(muted.resolved_by, "eve");
        for (const auto& [id, other] : alerts_) {
            if (other.type != muted.type || other.subject != muted.subject) continue;
            EXPECT_LE(other.triggered_at, muted.triggered_at) << "it has risen again since";
        }
    }
}

TEST_P(AlertLaw, AQueryGivesExactlyWhatPassesNewestFirst) {
    write_alerts();
    auto reader = store_.reader();
    for (int question = 0; question < 80; ++question) {
        const auto query = any_query();
        std::vector<Alert> expected;
        for (const auto& [id, alert] : alerts_) {
            if (passes(alert, query)) expected.push_back(alert);
        }
        std::ranges::stable_sort(
            expected, [](const Alert& a, const Alert& b) { return a.triggered_at > b.triggered_at; });
        const auto page = reader->alerts(query);
        ASSERT_TRUE(page);
        EXPECT_EQ(page->total, expected.size());
        expected.erase(expected.begin(),
                       expected.begin() + static_cast<std::ptrdiff_t>(std::min(query.skip, expected.size())));
        if (expected.size() > query.limit) expected.resize(query.limit);
        ASSERT_EQ(page->alerts.size(), expected.size());
        for (std::size_t i = 0; i < expected.size(); ++i) expect_same(page->alerts[i], expected[i]);
    }
}

INSTANTIATE_TEST_SUITE_P(AnyContent, AlertLaw, ::testing::Range(1U, 5U));

BatteryMemory any_memory(std::mt19937_64& random, std::string battery) {
    BatteryMemory memory;
    memory.battery = std::move(battery);
    memory.serial_number = any_text(random);
    memory.charge_ah = any_optional(random);
    memory.charge_sigma_ah = static_cast<double>(random() % 1000) / 7;
    if (random() % 2) memory.charge_as_of = any_time(random);
    memory.full_charge_held = Duration{static_cast<std::int64_t>(random() % 100'000'000)};
    memory.charge_has_gap = random() % 2 == 0;
    memory.mean_current_a = static_cast<double>(random() % 1000) / 7 - 50;
    memory.capacity_share = static_cast<double>(random() % 100) / 90;
    memory.capacity_sigma = static_cast<double>(random() % 100) / 900;
    memory.usual_float_current_a = any_optional(random);
    memory.mean_square_current_a2 = static_cast<double>(random() % 1000) / 7;
    memory.discharging_s = static_cast<double>(random() % 1000) / 7;
    memory.discharge_is_from_full = random() % 2 == 0;
    memory.charge_moved = -static_cast<double>(random() % 100) / 90;
    memory.baseline_resistance_ohm = any_optional(random);
    for (auto n = random() % 31; n > 0; --n)
        memory.baseline_readings_ohm.push_back(0.001 * static_cast<double>(n));
    if (random() % 2) memory.baseline_learnt_until = any_time(random);
    if (random() % 2) {
        memory.replacement = BatteryReplacement{any_text(random), any_time(random), any_text(random)};
    }
    if (random() % 2) {
        DischargeMemory& discharge = memory.discharge.emplace();
        discharge.as_of = any_time(random);
        discharge.lasted = Duration{static_cast<std::int64_t>(random() % 100'000'000)};
        discharge.rested = Duration{static_cast<std::int64_t>(random() % 60'000)};
        discharge.delivered_ah = static_cast<double>(random() % 1000) / 7;
        discharge.delivered_by_flowed_ah = static_cast<double>(random() % 1000) / 7;
        discharge.has_gap = random() % 2 == 0;
        discharge.is_planned = random() % 2 == 0;
        discharge.was_full = random() % 2 == 0;
        if (random() % 2) discharge.below_since = any_time(random);
        discharge.below_after = Duration{static_cast<std::int64_t>(random() % 100'000'000)};
        discharge.below_ah = static_cast<double>(random() % 1000) / 7;
        if (random() % 2) discharge.ended_after = discharge.below_after;
        discharge.ended_ah = static_cast<double>(random() % 1000) / 7;
        discharge.temperature_sum = static_cast<double>(random() % 1000) / 7;
        discharge.temperature_s = static_cast<double>(random() % 1000) / 7;
    }
    return memory;
}

TEST(MemoryLaw, ComesBackAfterARestartAndEveryCutIsNoticed) {
    std::mt19937_64 random(3);
    ThreadlessStore store;
    std::map<std::string, BatteryMemory> memories;
    Batch batch;
    for (int i = 0; i < 60; ++i) {
        auto memory = any_memory(random, "BAT-" + std::to_string(random() % 40));
        memories[memory.battery] = memory;
        batch.rows.emplace_back(memory);
        const auto packed = pack_memory(memory);
        for (std::size_t size = 0; size < packed.size(); size += 1 + random() % 4) {
            EXPECT_FALSE(unpack_memory("B", std::span(packed).first(size))) << size;
        }
    }
    ASSERT_TRUE(store.commit(batch));
    store.crash();
    const auto& found = store.report().snapshot.batteries;
    ASSERT_EQ(found.size(), memories.size());
    for (const auto& memory : found) {
        const auto& wanted = memories.at(memory.battery);
        EXPECT_EQ(memory.serial_number, wanted.serial_number);
        EXPECT_EQ(memory.charge_ah, wanted.charge_ah);
        EXPECT_EQ(memory.charge_sigma_ah, wanted.charge_sigma_ah);
        EXPECT_EQ(memory.charge_as_of, wanted.charge_as_of);
        EXPECT_EQ(memory.full_charge_held, wanted.full_charge_held);
        EXPECT_EQ(memory.charge_has_gap, wanted.charge_has_gap);
        EXPECT_EQ(memory.mean_current_a, wanted.mean_current_a);
        EXPECT_EQ(memory.capacity_share, wanted.capacity_share);
        EXPECT_EQ(memory.capacity_sigma, wanted.capacity_sigma);
        EXPECT_EQ(memory.usual_float_current_a, wanted.usual_float_current_a);
        EXPECT_EQ(memory.mean_square_current_a2, wanted.mean_square_current_a2);
        EXPECT_EQ(memory.discharging_s, wanted.discharging_s);
        EXPECT_EQ(memory.discharge_is_from_full, wanted.discharge_is_from_full);
        EXPECT_EQ(memory.charge_moved, wanted.charge_moved);
        EXPECT_EQ(memory.baseline_resistance_ohm, wanted.baseline_resistance_ohm);
        EXPECT_EQ(memory.baseline_readings_ohm, wanted.baseline_readings_ohm);
        EXPECT_EQ(memory.discharge, wanted.discharge);
        EXPECT_EQ(memory.baseline_learnt_until, wanted.baseline_learnt_until);
        ASSERT_EQ(memory.replacement.has_value(), wanted.replacement.has_value());
        if (!wanted.replacement) continue;
        EXPECT_EQ(memory.replacement->configured_serial, wanted.replacement->configured_serial);
        EXPECT_EQ(memory.replacement->date, wanted.replacement->date);
        EXPECT_EQ(memory.replacement->model, wanted.replacement->model);
    }
}

TEST(BatteryStates, OfEachMinuteTheLastIsKept) {
    std::mt19937_64 random(4);
    ThreadlessStore store;
    std::map<std::int64_t, BatteryState> last;  // by minute
    Time now = test_start;
    for (int i = 0; i < 400; ++i) {
        now += Duration{static_cast<std::int64_t>(random() % 40'000)};
        BatteryState state;
        state.time = now;
        state.status = static_cast<HealthStatus>(random() % 4);
        if (random() % 2)
            state.soc_pct = {static_cast<double>(random() % 101), 1.5, EstimateStatus::ok, "", now};
        else
            state.soc_pct.reason = "no_current_sensor";
        if (random() % 2) {
            state.rul_days = {static_cast<double>(random() % 5000), 90, EstimateStatus::ok, "", now};
            state.rul_interval =
                LifeInterval{*state.rul_days.value / 2, 2 * *state.rul_days.value, random() % 2 == 1};
        }
        last[now.time_since_epoch() / std::chrono::minutes(1)] = state;
        Batch batch;
        batch.rows.emplace_back(BatteryStateRow{"BAT-1", state});
        batch.rows.emplace_back(BatteryStateRow{"BAT-2", {}});
        ASSERT_TRUE(store.commit(batch));
        if (random() % 60 == 0) store.restart();
    }
    const auto found = store.reader()->battery_states("BAT-1", test_start, now + Duration{1}, 10'000);
    ASSERT_TRUE(found);
    ASSERT_EQ(found->size(), last.size());
    auto wanted = last.begin();
    for (const auto& state : *found) {
        EXPECT_EQ(state.time, wanted->second.time);
        EXPECT_EQ(state.status, wanted->second.status);
        EXPECT_EQ(state.soc_pct.value, wanted->second.soc_pct.value);
        EXPECT_EQ(state.soc_pct.reason, wanted->second.soc_pct.reason);
        EXPECT_EQ(state.rul_days.value, wanted->second.rul_days.value);
        const auto& interval = wanted->second.rul_interval;
        ASSERT_EQ(state.rul_interval.has_value(), interval.has_value());
        if (interval) {
            EXPECT_EQ(state.rul_interval->p10, interval->p10);
            EXPECT_EQ(state.rul_interval->p90, interval->p90);
            EXPECT_EQ(state.rul_interval->censored, interval->censored);
        }
        ++wanted;
    }
}

TEST(PriceRows, ComeBackInTheOrderInWhichTheyBecameKnown) {
    using namespace std::chrono_literals;
    ThreadlessStore store;
    Batch batch;
    const PriceRow first{"energy_price", {test_start, test_start + 1h, -0.02}};
    const PriceRow second{"hash_price", {test_start, test_start + 1h, 55}};
    const PriceRow revised{"energy_price", {test_start, test_start + 30min, 0.31}};
    for (const auto& row : {first, second, revised}) batch.rows.emplace_back(row);
    ASSERT_TRUE(store.commit(batch));
    const auto found = store.reader()->prices(test_start, test_start + 1ms, 10);
    ASSERT_TRUE(found) << found.error().message;
    ASSERT_EQ(found->size(), 2U) << "a revised price stands in place of the first";
    EXPECT_EQ((*found)[0].series, "hash_price");
    EXPECT_EQ((*found)[1].series, "energy_price");
    EXPECT_EQ((*found)[1].step, revised.step);
    EXPECT_EQ(store.reader()->prices(test_start, test_start + 1ms, 1)->at(0).series, "energy_price")
        << "at the limit the latest ones";
    EXPECT_TRUE(store.reader()->prices(test_start + 1ms, test_start + 24h, 10)->empty());
}

// As rows were before they held the interval of the remaining life.
TEST(BatteryStates, OfTheFirstVersionAreRead) {
    Bytes row;
    ByteWriter out(row);
    out.byte(1);
    out.zigzag(to_ms(test_start));
    out.byte(static_cast<std::uint8_t>(HealthStatus::healthy));
    out.varint(0);
    for (int estimate = 0; estimate < 4; ++estimate) {
        out.byte(static_cast<std::uint8_t>(EstimateStatus::ok));
        out.byte(1);
        out.fixed(10.0 + estimate);
        out.fixed(0.5);
        out.varint(3);
        out.zigzag(0);
    }
    const auto state = unpack_battery_state(row);
    ASSERT_TRUE(state);
    EXPECT_EQ(state->rul_days.value, 12);
    EXPECT_FALSE(state->rul_interval);
    row.front() = 2;
    EXPECT_FALSE(unpack_battery_state(row)) << "the second version says whether there is an interval";
    row.push_back(0);
    EXPECT_TRUE(unpack_battery_state(row));
    row.front() = 3;
    EXPECT_FALSE(unpack_battery_state(row)) << "of a version to come";
}

TEST(PlanRows, ComeBackNewestFirstAndByTheirKind) {
    using namespace std::chrono_literals;
    ThreadlessStore store;
    Batch batch;
    for (int i = 0; i < 3; ++i) {
        batch.rows.emplace_back(
            PlanRow{test_start + i * 5min, "dispatch", i == 1 ? "relaxed" : "optimal", "{}"});
        batch.rows.emplace_back(PlanRow{test_start + i * 5min, "allocation", "served", "[]"});
    }
    ASSERT_TRUE(store.commit(batch));
    const auto found = store.reader()->plans("dispatch", test_start, test_start + 10min, 10);
    ASSERT_TRUE(found) << found.error().message;
    ASSERT_EQ(found->size(), 2U);
    EXPECT_EQ((*found)[0].status, "relaxed");
    EXPECT_EQ((*found)[1].time, test_start);
    EXPECT_EQ(store.reader()->plans("allocation", test_start, test_start + 1h, 1)->at(0).body, "[]");
}

}  // namespace
}  // namespace sitepower::records_test
