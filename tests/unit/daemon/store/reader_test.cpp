#include "daemon/store/reader.hpp"

#include <gtest/gtest.h>

#include "daemon/store/committer.hpp"
#include "daemon/store/opening.hpp"
#include "daemon/store/rollup_writer.hpp"
#include "tests/unit/daemon/store/fixture.hpp"

namespace sitepower::reader_test {
namespace {

// A store without its thread: commits happen where the test says so.
class ReaderTest : public ::testing::Test {
  protected:
    ReaderTest() {
        settings_.directory = directory_.path();
        restart();
    }

    void restart() {
        rollups_.reset();
        committer_.reset();
        opened_.reset();
        auto opened = open_database(settings_, test_start);
        ASSERT_TRUE(opened) << opened.error().message;
        opened_.emplace(std::move(*opened));
        // Thousands of commits; power cuts are not the matter here.
        ASSERT_TRUE(opened_->database->execute("PRAGMA synchronous = OFF"));
        committer_.emplace(*opened_->database, opened_->report.epoch);
        rollups_.emplace(*opened_->database);
        sequence_ = 0;
    }
    void append(const std::shared_ptr<const Layout>& layout, Time time, std::vector<std::int64_t> raw) {
        const auto seq = ++sequence_;
        batch_.rows.emplace_back(MessageRow{
            reading_message(opened_->report.epoch, seq, seq, make_frame(layout, time, std::move(raw)))});
    }
    void commit() {
        ASSERT_TRUE(committer_->commit(batch_, test_start));
        rollups_->add(committer_->entries(), committer_->last_block());
        ASSERT_TRUE(rollups_->write_when_due()) << opened_->database->failure()->message;
        batch_.clear();
    }
    SeriesAnswer ask(SeriesQuery query) {
        auto reader = Reader::open(database_path(settings_));
        EXPECT_TRUE(reader);
        auto answer = (*reader)->series(query);
        EXPECT_TRUE(answer) << answer.error().message;
        return *answer;
    }
    static Time at(int seconds) { return quarter_start + std::chrono::seconds(seconds); }

    static constexpr Time quarter_start{std::chrono::minutes(15) * 1'994'400};

    TemporaryDirectory directory_;
    StoreSettings settings_;
    std::optional<OpenedDatabase> opened_;
    std::optional<Committer> committer_;
    std::optional<RollupWriter> rollups_;
    Batch batch_;
    std::uint64_t sequence_ = 0;
    std::shared_ptr<const Layout> ups_ = make_layout("UPS-01", 2);
    std::shared_ptr<const Layout> jar_ = make_layout("BM-01", 3);
};

TEST_F(ReaderTest, RawSeriesOfSeveralDevicesInTheOrderOfTime) {
    for (int i = 0; i < 20; ++i) {
        append(ups_, at(i), {1000 + i, 2000 + i});
        append(jar_, at(i) + Duration{500}, {i, 13'000 + i, 7});
        if (i % 5 == 4) commit();
    }
    append(ups_, at(2) + Duration{250}, {9999, 0});  // late, in a later block
    commit();
    const auto answer = ask({{{"BM-01", "p1"}, {"UPS-01", "p0"}}, at(1), at(4), 100, SeriesResolution::raw});
    EXPECT_EQ(answer.resolution, SeriesResolution::raw);
    ASSERT_EQ(answer.rows.size(), 7U);
    EXPECT_EQ(answer.rows[0].time, at(1));
    EXPECT_EQ(answer.rows[0].values[0].point, 1U);
    EXPECT_DOUBLE_EQ(answer.rows[0].values[0].value, 1.001);
    EXPECT_EQ(answer.rows[1].values[0].point, 0U);
    EXPECT_DOUBLE_EQ(answer.rows[1].values[0].value, 13.001);
    EXPECT_EQ(answer.rows[3].time, at(2) + Duration{250});
    EXPECT_DOUBLE_EQ(answer.rows[3].values[0].value, 9.999);
    EXPECT_EQ(answer.rows[6].time, at(3) + Duration{500});
}

TEST_F(ReaderTest, TheLimitKeepsTheNewestRowsAlsoWhenOneCameEarly) {
    append(ups_, at(4000), {-1, -1});
    commit();
    for (int i = 0; i < 3000; ++i) append(ups_, at(i), {i, i});
    commit();
    const auto answer = ask({{{"UPS-01", "p0"}}, at(0), at(5000), 3, SeriesResolution::raw});
    ASSERT_EQ(answer.rows.size(), 3U);
    EXPECT_EQ(answer.rows[0].time, at(2998));
    EXPECT_EQ(answer.rows[2].time, at(4000));
    EXPECT_TRUE(answer.cut_off);
}

TEST_F(ReaderTest, SaysWhetherOlderRowsWentOverTheLimit) {
    for (int i = 0; i < 20 * 60; ++i) {
        append(ups_, at(i), {i, i});
        if (i % 5 == 4) commit();
    }
    const auto cut_off = [&](std::size_t limit, SeriesResolution resolution) {
        return ask({{{"UPS-01", "p0"}}, at(0), at(600), limit, resolution}).cut_off;
    };
    EXPECT_FALSE(cut_off(600, SeriesResolution::raw));
    EXPECT_TRUE(cut_off(599, SeriesResolution::raw));
    EXPECT_FALSE(cut_off(10, SeriesResolution::minute));
    EXPECT_TRUE(cut_off(9, SeriesResolution::minute));
    const auto newest = ask({{{"UPS-01", "p0"}}, at(0), at(600), 2, SeriesResolution::minute});
    ASSERT_EQ(newest.rows.size(), 2U);
    EXPECT_EQ(newest.rows[0].time, at(480));
    EXPECT_EQ(newest.rows[1].time, at(540));
}

// A day is asked for, as by default, of a site that was started a moment ago.
TEST_F(ReaderTest, HasAnAnswerBeforeThereAreRollUps) {
    const auto day = [&](std::size_t limit) {
        return ask({{{"UPS-01", "p0"}}, at(-24 * 3600), at(3600), limit});
    };
    for (int i = 0; i < 50; ++i) append(ups_, at(i), {i, i});
    commit();
    EXPECT_EQ(day(100).rows.size(), 50U);
    EXPECT_EQ(day(20).rows.size(), 20U) << "no minute is over yet";
    EXPECT_EQ(day(20).rows.back().time, at(49));
    for (int i = 50; i < 200; ++i) {
        append(ups_, at(i), {i, i});
        if (i % 5 == 4) commit();
    }
    EXPECT_EQ(day(100).resolution, SeriesResolution::minute);
    EXPECT_FALSE(day(100).rows.empty());
}

// A device that is new on a site that has run for long.
TEST_F(ReaderTest, HasAnAnswerForADeviceThatIsYoungerThanItsRollUps) {
    for (int i = 0; i < 40 * 60; ++i) {
        append(ups_, at(i), {i, i});
        if (i % 5 == 4) commit();
    }
    const auto start = 40 * 60;
    for (int i = 0; i < 20; ++i) append(jar_, at(start + i), {i, i, i});
    commit();
    const auto answer = ask({{{"BM-01", "p0"}}, at(-23 * 3600), at(3600), 100});
    EXPECT_EQ(answer.resolution, SeriesResolution::raw);
    EXPECT_EQ(answer.rows.size(), 20U);
    EXPECT_TRUE(ask({{{"BM-09", "p0"}}, at(-23 * 3600), at(3600), 100}).rows.empty());
}

TEST_F(ReaderTest, UnknownDevicesAndPointsAreEmptyNotWrong) {
    append(ups_, at(0), {1, 2});
    commit();
    EXPECT_TRUE(ask({{{"UPS-02", "p0"}}, at(0), at(10), 10, SeriesResolution::raw}).rows.empty());
    EXPECT_TRUE(ask({{{"UPS-01", "nothing"}}, at(0), at(10), 10, SeriesResolution::raw}).rows.empty());
    EXPECT_TRUE(ask({{{"UPS-01", "p0"}}, at(0), at(10), 10, SeriesResolution::minute}).rows.empty());
}

TEST_F(ReaderTest, MinutesAndQuartersHoldWhatTheFramesHeld) {
    for (int i = 0; i < 35 * 60; ++i) {
        append(ups_, at(i), {i, -5});
        if (i % 5 == 4) commit();
    }
    const auto minutes = ask({{{"UPS-01", "p0"}}, at(0), at(3600), 100, SeriesResolution::minute});
    ASSERT_EQ(minutes.rows.size(), 34U);
    const auto& first = minutes.rows[0].values[0];
    EXPECT_EQ(minutes.rows[0].time, at(0));
    EXPECT_EQ(first.count, 60U);
    EXPECT_EQ(first.min, 0.0);
    EXPECT_DOUBLE_EQ(first.max, 0.059);
    EXPECT_DOUBLE_EQ(first.last, 0.059);
    EXPECT_DOUBLE_EQ(first.value, 0.0295);
    const auto quarters = ask({{{"UPS-01", "p0"}}, at(0), at(3600), 100, SeriesResolution::quarter});
    ASSERT_EQ(quarters.rows.size(), 2U);
    EXPECT_EQ(quarters.rows[1].time, at(900));
    EXPECT_EQ(quarters.rows[1].values[0].count, 900U);
    EXPECT_DOUBLE_EQ(quarters.rows[1].values[0].min, 0.9);
    EXPECT_DOUBLE_EQ(quarters.rows[1].values[0].max, 1.799);
}

// A mean of half an interval would stand for all of it, and be another one a minute later.
TEST_F(ReaderTest, AnIntervalThatIsNotOverIsLeftOutAfterARestartToo) {
    const auto fill = [&](int from, int to) {
        for (int i = from; i < to; ++i) {
            append(ups_, at(i), {i, -5});
            if (i % 5 == 4) commit();
        }
    };
    const auto ask_all = [&](SeriesResolution resolution) {
        return ask({{{"UPS-01", "p0"}}, at(0), at(3600), 100, resolution}).rows;
    };
    fill(0, 20 * 60);
    rollups_.emplace(*opened_->database);  // as a start does
    fill(20 * 60, 25 * 60);
    const auto quarters = ask_all(SeriesResolution::quarter);
    ASSERT_EQ(quarters.size(), 1U);
    EXPECT_EQ(quarters[0].values[0].count, 900U);
    EXPECT_EQ(ask_all(SeriesResolution::minute).size(), 24U);
    fill(25 * 60, 31 * 60);
    const auto later = ask_all(SeriesResolution::quarter);
    ASSERT_EQ(later.size(), 2U);
    EXPECT_EQ(later[1].values[0].count, 900U);
}

TEST_F(ReaderTest, RollUpsNeitherLoseNorDoubleOverRestartsAndLateFrames) {
    std::uint64_t sum = 0;
    for (int i = 0; i < 40 * 60; ++i) {
        const int shuffled = i % 7 == 3 && i > 100 ? i - 90 : i;  // now and then a frame of the minute before
        append(ups_, at(shuffled), {i, 1});
        sum += static_cast<std::uint64_t>(shuffled < 30 * 60 ? 1 : 0);
        if (i % 5 == 4) commit();
        if (i % 233 == 232) {
            commit();
            restart();
        }
    }
    std::uint64_t in_minutes = 0;
    for (const auto& row : ask({{{"UPS-01", "p1"}}, at(0), at(1800), 1000, SeriesResolution::minute}).rows) {
        in_minutes += row.values[0].count;
    }
    std::uint64_t in_quarters = 0;
    for (const auto& row : ask({{{"UPS-01", "p1"}}, at(0), at(1800), 1000, SeriesResolution::quarter}).rows) {
        in_quarters += row.values[0].count;
    }
    EXPECT_EQ(in_minutes, sum);
    EXPECT_EQ(in_quarters, sum);
}

TEST_F(ReaderTest, RollUpsSurviveAClockThatIsSetBack) {
    for (int i = 0; i < 20 * 60; ++i) {
        append(ups_, at(i), {1, 1});
        if (i % 5 == 4) commit();
    }
    restart();
    for (int i = 10 * 60; i < 40 * 60; ++i) {  // the clock goes back by ten minutes
        append(ups_, at(i), {1, 1});
        if (i % 5 == 4) commit();
    }
    const auto quarters = ask({{{"UPS-01", "p0"}}, at(0), at(1800), 10, SeriesResolution::quarter});
    ASSERT_EQ(quarters.rows.size(), 2U);
    EXPECT_EQ(quarters.rows[0].values[0].count, 900U + 300U);
    EXPECT_EQ(quarters.rows[1].values[0].count, 300U + 900U);
}

TEST_F(ReaderTest, ChoosesTheFinestResolutionThatFits) {
    for (int i = 0; i < 3 * 3600; i += 1) {
        append(ups_, at(i), {i, i});
        if (i % 300 == 299) commit();
    }
    const auto resolution = [&](int hours, std::size_t limit) {
        return ask({{{"UPS-01", "p0"}}, at(0), at(hours * 3600), limit}).resolution;
    };
    EXPECT_EQ(resolution(1, 4000), SeriesResolution::raw);
    EXPECT_EQ(resolution(3, 4000), SeriesResolution::minute);
    EXPECT_EQ(resolution(3, 100), SeriesResolution::quarter);
}

TEST_F(ReaderTest, AValueThatIsNotGoodIsNotInTheRollUp) {
    Frame frame = *make_frame(ups_, at(0), {100, 200});
    append(ups_, at(0), {100, 200});
    frame.time = at(1);
    frame.quality = {Quality::comm_error, Quality::good};
    frame.values = {0, 0.4};
    batch_.rows.emplace_back(MessageRow{reading_message(opened_->report.epoch, ++sequence_, sequence_,
                                                        std::make_shared<const Frame>(frame))});
    append(ups_, at(70), {0, 0});
    commit();
    append(ups_, at(140), {0, 0});
    commit();
    const auto raw = ask({{{"UPS-01", "p0"}}, at(1), at(2), 10, SeriesResolution::raw});
    ASSERT_EQ(raw.rows.size(), 1U);
    EXPECT_EQ(raw.rows[0].values[0].quality, Quality::comm_error);
    const auto minutes =
        ask({{{"UPS-01", "p0"}, {"UPS-01", "p1"}}, at(0), at(60), 10, SeriesResolution::minute});
    ASSERT_EQ(minutes.rows.size(), 1U);
    EXPECT_EQ(minutes.rows[0].values[0].count, 1U);
    EXPECT_EQ(minutes.rows[0].values[0].min, 0.1);
    EXPECT_EQ(minutes.rows[0].values[1].count, 2U);
}

TEST_F(ReaderTest, GivesTheStatesOfABatteryAsTold) {
    for (int i = 0; i < 5; ++i) {
        for (const std::string battery : {"BAT-1", "BAT-2"}) {
            BatteryState state;
            state.time = at(60 * i + 7);
            state.status = HealthStatus::warning;
            state.status_reason = "voltage_high";
            if (i != 2) {
                state.soc_pct = {battery == "BAT-1" ? 80.0 + i : 10.0, 1.5, EstimateStatus::ok, "",
                                 at(60 * i)};
            } else {
                state.soc_pct.reason = "no_current_sensor";
            }
            batch_.rows.emplace_back(BatteryStateRow{battery, state});
        }
    }
    commit();
    auto reader = Reader::open(database_path(settings_));
    const auto states = (*reader)->battery_states("BAT-1", at(60), at(250), 10);
    ASSERT_EQ(states->size(), 4U);
    const auto& first = states->front();
    EXPECT_EQ(first.time, at(67));
    EXPECT_EQ(first.status, HealthStatus::warning);
    EXPECT_EQ(first.status_reason, "voltage_high");
    EXPECT_EQ(first.soc_pct.value, 81.0);
    EXPECT_EQ(first.soc_pct.sigma, 1.5);
    EXPECT_EQ(first.soc_pct.as_of, at(60));
    EXPECT_EQ((*states)[1].soc_pct.value, std::nullopt);
    EXPECT_EQ((*states)[1].soc_pct.reason, "no_current_sensor");
    const auto all = (*reader)->battery_states("BAT-1", at(0), at(600), 10);
    const auto oldest = (*reader)->battery_states("BAT-1", at(0), at(600), 2);
    const auto newest = (*reader)->battery_states("BAT-1", at(0), at(600), 2, Keep::newest);
    ASSERT_EQ(oldest->size(), 2U);
    ASSERT_EQ(newest->size(), 2U);
    for (std::size_t i = 0; i < 2; ++i) {
        EXPECT_EQ((*oldest)[i].time, (*all)[i].time);
        EXPECT_EQ((*newest)[i].time, (*all)[all->size() - 2 + i].time);
    }
    EXPECT_TRUE((*reader)->battery_states("BAT-9", at(0), at(600), 2)->empty());
}

Alert make_alert(const std::string& id, Time triggered) {
    Alert alert;
    alert.id = id;
    alert.type = "voltage_high";
    alert.subject = {SubjectKind::battery, "BAT-1"};
    alert.message = "Voltage is high";
    alert.threshold = 14.4;
    alert.actual = 14.6;
    alert.unit = "V";
    alert.triggered_at = triggered;
    return alert;
}

TEST_F(ReaderTest, FindsAlertsByWhatIsAsked) {
    auto first = make_alert("A1", at(0));
    auto second = make_alert("A2", at(60));
    second.severity = Severity::critical;
    second.subject = {SubjectKind::ups, "UPS-01"};
    second.type = "ups_on_battery";
    auto third = make_alert("A3", at(120));
    third.acknowledged_at = at(130);
    third.acknowledged_by = "eve";
    third.acknowledgment_note = "seen";
    third.affected = 72;
    third.held = true;
    for (const auto& alert : {first, second, third}) batch_.rows.emplace_back(AlertRow{alert});
    commit();
    first.resolved_at = at(30);
    first.resolved_by = "condition_cleared";
    batch_.rows.emplace_back(AlertRow{first});
    commit();

    auto reader = Reader::open(database_path(settings_));
    const auto ids = [&](const AlertQuery& filter) {
        std::string text;
        const auto page = (*reader)->alerts(filter);
        for (const auto& alert : page->alerts) text += alert.id;
        return text;
    };
    EXPECT_EQ(ids({}), "A3A2A1");
    EXPECT_EQ(ids({.from = at(60)}), "A3A2");
    EXPECT_EQ(ids({.to = at(60)}), "A1");
    EXPECT_EQ(ids({.active = true}), "A3A2");
    EXPECT_EQ(ids({.active = false}), "A1");
    EXPECT_EQ(ids({.severity = Severity::critical}), "A2");
    EXPECT_EQ(ids({.type = "voltage_high"}), "A3A1");
    EXPECT_EQ(ids({.acknowledged = true}), "A3");
    EXPECT_EQ(ids({.subjects = {{SubjectKind::ups, "UPS-01"}}}), "A2");
    EXPECT_EQ(ids({.skip = 1, .limit = 1}), "A2");
    EXPECT_EQ((*reader)->alerts({.limit = 1})->total, 3U);
    const auto found = *(*reader)->alert("A3");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->acknowledged_at, at(130));
    EXPECT_EQ(found->acknowledgment_note, "seen");
    EXPECT_EQ(found->threshold, 14.4);
    EXPECT_EQ(found->affected, 72U);
    EXPECT_TRUE(found->held);
    EXPECT_EQ(*(*reader)->alert("A9"), std::nullopt);
}

TEST_F(ReaderTest, GivesTheAuditTrailNewestFirst) {
    batch_.rows.emplace_back(AuditRow{at(0), "eve", "unix:uid=1000", "alert.acknowledge A1", "ok"});
    batch_.rows.emplace_back(AuditRow{at(9), "root", "unix:uid=0", "reload", "refused"});
    commit();
    auto reader = Reader::open(database_path(settings_));
    const auto rows = *(*reader)->audit(at(0), at(100), 10);
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0].who, "root");
    EXPECT_EQ(rows[1].what, "alert.acknowledge A1");
}

TEST_F(ReaderTest, ASnapshotComesBackAfterARestart) {
    auto open = make_alert("A1", at(0));
    auto by_hand = make_alert("A2", at(1));
    by_hand.type = "temperature_high";
    by_hand.resolved_at = at(2);
    by_hand.resolved_by = "eve";
    by_hand.resolution_note = "sensor";
    auto cleared = make_alert("A3", at(1));
    cleared.type = "voltage_low";
    cleared.resolved_at = at(2);
    cleared.resolved_by = "condition_cleared";
    for (const auto& alert : {open, by_hand, cleared}) batch_.rows.emplace_back(AlertRow{alert});
    const MaintenanceWindow window{"W1", {SubjectKind::site, "S"}, at(0), at(9), "eve", "fan"};
    batch_.rows.emplace_back(WindowRow{window});
    batch_.rows.emplace_back(WindowRow{{"W2", {}, at(0), at(9), "eve", "done"}, true});
    BatteryMemory memory{.battery = "BAT-1",
                         .serial_number = "SN",
                         .charge_ah = 101.5,
                         .charge_sigma_ah = 2.5,
                         .charge_as_of = at(3),
                         .full_charge_held = Duration{77},
                         .charge_has_gap = true,
                         .baseline_resistance_ohm = 0.0031,
                         .baseline_readings_ohm = {0.003, 0.0032},
                         .charge_v1_v = -0.1,
                         .charge_v2_v = -0.2,
                         .current_offset_a = 0.3,
                         .current_offset_sigma_a = 0.4};
    memory.ageing.evidence.push_back({AgeingEvidence::Kind::capacity, at(2), 0.9, 0.02, {}});
    batch_.rows.emplace_back(memory);
    commit();
    restart();
    const auto& snapshot = opened_->report.snapshot;
    ASSERT_EQ(snapshot.open_alerts.size(), 1U);
    EXPECT_EQ(snapshot.open_alerts[0].id, "A1");
    ASSERT_EQ(snapshot.resolved_by_hand.size(), 1U);
    EXPECT_EQ(snapshot.resolved_by_hand[0].resolution_note, "sensor");
    ASSERT_EQ(snapshot.windows.size(), 1U);
    EXPECT_EQ(snapshot.windows[0].why, "fan");
    EXPECT_EQ(snapshot.windows[0].to, at(9));
    ASSERT_EQ(snapshot.batteries.size(), 1U);
    const auto& back = snapshot.batteries[0];
    EXPECT_EQ(back.charge_ah, 101.5);
    EXPECT_EQ(back.charge_as_of, at(3));
    EXPECT_EQ(back.full_charge_held, Duration{77});
    EXPECT_TRUE(back.charge_has_gap);
    EXPECT_EQ(back.baseline_resistance_ohm, 0.0031);
    EXPECT_EQ(back.baseline_readings_ohm, memory.baseline_readings_ohm);
    EXPECT_EQ(back.charge_v1_v, -0.1);
    EXPECT_EQ(back.charge_v2_v, -0.2);
    EXPECT_EQ(back.current_offset_a, 0.3);
    EXPECT_EQ(back.current_offset_sigma_a, 0.4);
    ASSERT_EQ(back.ageing.evidence.size(), 1U);
    EXPECT_EQ(back.ageing.evidence[0].value, 0.9);
}

}  // namespace
}  // namespace sitepower::reader_test
