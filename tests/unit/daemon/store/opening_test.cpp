// Starting with a database that is not as it should be.
#include "daemon/store/opening.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "daemon/store/committer.hpp"
#include "daemon/store/damage.hpp"
#include "daemon/store/forecast_tables.hpp"
#include "daemon/store/precious_copy.hpp"
#include "daemon/store/schema.hpp"
#include "tests/unit/daemon/store/damaged_file.hpp"
#include "tests/unit/daemon/store/fixture.hpp"

namespace sitepower::opening_test {
namespace {

class OpeningTest : public ::testing::Test {
  protected:
    OpeningTest() { settings_.directory = directory_.path(); }

    std::string path() const { return database_path(settings_); }
    OpenedDatabase open() {
        auto opened = open_database(settings_, test_start);
        EXPECT_TRUE(opened) << opened.error().message;
        return std::move(*opened);
    }
    // 1000 undelivered frames in ten blocks, ten undelivered texts, an alert, a memory; all in the database
    // file.
    void fill() {
        auto opened = open();
        Committer committer(*opened.database, opened.report.epoch);
        const auto layout = make_layout("UPS-01", 20);
        std::uint64_t sequence = 0;
        for (int commit = 0; commit < 10; ++commit) {
            Batch batch;
            for (int i = 0; i < 100; ++i) {
                const auto seq = ++sequence;
                batch.rows.emplace_back(MessageRow{reading_message(
                    opened.report.epoch, seq, seq,
                    make_frame(layout, test_start + Duration{1000} * seq,
                               std::vector<std::int64_t>(20, static_cast<std::int64_t>(seq * seq))))});
            }
            batch.rows.emplace_back(MessageRow{
                text_message(opened.report.epoch, ++sequence, MessageKind::alert, "alert/A", "{}")});
            ASSERT_TRUE(committer.commit(batch, test_start));
        }
        Batch batch;
        Alert alert;
        alert.id = "A1";
        batch.rows.emplace_back(AlertRow{alert});
        BatteryMemory memory;
        memory.battery = "BAT-1";
        batch.rows.emplace_back(memory);
        ASSERT_TRUE(committer.commit(batch, test_start));
        EXPECT_TRUE(opened.database->checkpoint(sqlite::Database::Checkpoint::restart));
    }
    void overwrite(std::uint64_t offset, std::size_t bytes) { sitepower::overwrite(path(), offset, bytes); }
    // Rows of every kind. False: the database cannot be used.
    bool commit_some_of_all(OpenedDatabase& opened, const Epoch& epoch) {
        Batch batch;
        batch.rows.emplace_back(MessageRow{
            reading_message(epoch, 1, 1, make_frame(make_layout("UPS-02"), test_start, {1, 2, 3}))});
        batch.rows.emplace_back(MessageRow{text_message(epoch, 2, MessageKind::alert, "alert/B", "{}")});
        Alert alert;
        alert.id = "A2";
        batch.rows.emplace_back(AlertRow{alert});
        batch.rows.emplace_back(WindowRow{.window = {.id = "W1"}});
        BatteryMemory memory;
        memory.battery = "BAT-2";
        batch.rows.emplace_back(memory);
        batch.rows.emplace_back(AuditRow{.time = test_start, .who = "mia"});
        batch.rows.emplace_back(BatteryStateRow{.battery = "BAT-2"});
        batch.rows.emplace_back(PriceRow{
            .series = "P", .step = {.from = test_start, .to = test_start + Duration{1000}, .value = 1}});
        batch.rows.emplace_back(
            PlanRow{.time = test_start, .kind = "dispatch", .status = "optimal", .body = "{}"});
        batch.delivered.push_back(MessageKey{(std::int64_t{1} << 40) | 1});
        return Committer(*opened.database, epoch).commit(batch, test_start);
    }
    std::vector<std::string> files_like(const std::string& part) const {
        std::vector<std::string> names;
        for (const auto& entry : std::filesystem::directory_iterator(directory_.path())) {
            const auto name = entry.path().filename().string();
            if (name.find(part) != std::string::npos && !name.ends_with("-wal")) names.push_back(name);
        }
        return names;
    }

    TemporaryDirectory directory_;
    StoreSettings settings_;
};

TEST_F(OpeningTest, ANewerSchemaIsRefusedAndLeftAlone) {
    open().database->execute("PRAGMA user_version = " + std::to_string(schema_version() + 1));
    const auto opened = open_database(settings_, test_start);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::conflict);
    EXPECT_NE(opened.error().message.find("sitepower.db"), std::string::npos);
    EXPECT_TRUE(files_like(".damaged-").empty());
}

TEST_F(OpeningTest, ADirectoryThatCannotBeUsedIsAnError) {
    settings_.directory = "/proc/nothing";
    const auto opened = open_database(settings_, test_start);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::service_unavailable);
}

TEST_F(OpeningTest, WhatIsNotADatabaseIsSetAside) {
    std::ofstream(path())
        << "this is a text and not a database, and long enough to be looked at as a header....";
    const auto opened = open();
    EXPECT_EQ(opened.report.set_aside, path() + ".damaged-20261118T110640Z");
    EXPECT_TRUE(std::filesystem::exists(opened.report.set_aside));
    EXPECT_FALSE(opened.report.fresh);
    EXPECT_EQ(opened.report.salvaged, 0U);
}

TEST_F(OpeningTest, ADamagedDatabaseGivesBackWhatCanBeRead) {
    fill();
    ASSERT_TRUE(write_precious_copy(path(), directory_.path()));
    // A few pages among the newest: some blocks are gone, the rest is there.
    const auto pages = std::filesystem::file_size(path()) / 4096;
    overwrite((pages - 6) * 4096, 3UL * 4096);
    const auto opened = open();
    EXPECT_FALSE(opened.report.set_aside.empty());
    EXPECT_GE(opened.report.salvaged, 500U);
    EXPECT_LT(opened.report.salvaged, 1010U);
    ASSERT_EQ(opened.report.snapshot.open_alerts.size(), 1U);
    EXPECT_EQ(opened.report.snapshot.open_alerts[0].id, "A1");
    ASSERT_EQ(opened.report.snapshot.batteries.size(), 1U);
    EXPECT_EQ(opened.report.epoch.number, 2) << "no key is used twice";
    const auto messages = read_outbox(path());
    EXPECT_EQ(messages.size(), opened.report.salvaged);
    const auto* frame = std::get_if<FramePtr>(&messages.front()->body);
    ASSERT_NE(frame, nullptr);
    EXPECT_EQ((*frame)->layout->device, "UPS-01");
}

// Taken as new it would undo all that was learnt, and use keys twice.
TEST_F(OpeningTest, AnEmptyDatabaseIsDamageWhereThereIsACopy) {
    for (const bool gone : {false, true}) {
        for (const auto& entry : std::filesystem::directory_iterator(directory_.path()))
            std::filesystem::remove(entry.path());
        fill();
        ASSERT_TRUE(write_precious_copy(path(), directory_.path()));
        if (gone) {
            std::filesystem::remove(path());
        } else {
            std::filesystem::resize_file(path(), 0);
        }
        const auto opened = open();
        EXPECT_FALSE(opened.report.fresh);
        EXPECT_EQ(opened.report.set_aside.empty(), gone);
        const auto& text = opened.report.replaced;
        EXPECT_NE(text.find(gone ? "was gone" : "was empty"), std::string::npos) << text;
        EXPECT_NE(text.find("1 alerts, 0 windows, 1 batteries' memories and 0 audit rows were restored from "
                            "the copy of 20"),
                  std::string::npos)
            << text;
        EXPECT_EQ(opened.report.snapshot.batteries.size(), 1U);
        EXPECT_EQ(opened.report.epoch.number, 2);
    }
}

// A state is megabytes, and the model can be fitted again from the steps.
TEST_F(OpeningTest, OfSeriesTheStepsAreRestoredAndNotTheirStates) {
    fill();
    {
        auto opened = open();
        Committer committer(*opened.database, opened.report.epoch);
        ForecastRows rows;
        rows.states.push_back({.series = "load@1", .model_version = 1, .saved_at = test_start, .state = {}});
        for (int day = 0; day < 100; ++day) {
            rows.steps.push_back({.series = "load@1",
                                  .step = {.begin = test_start - std::chrono::days{day},
                                           .value = static_cast<double>(day),
                                           .observed = day % 2 == 0}});
        }
        Batch batch;
        batch.rows.emplace_back(std::make_shared<const ForecastRows>(std::move(rows)));
        ASSERT_TRUE(committer.commit(batch, test_start));
        EXPECT_TRUE(opened.database->checkpoint(sqlite::Database::Checkpoint::restart));
    }
    ASSERT_TRUE(write_precious_copy(path(), directory_.path()));
    std::filesystem::remove(path());
    const auto opened = open();
    const auto stored = find_series(*opened.database, "load@1", test_start - std::chrono::days{400});
    EXPECT_FALSE(stored.state);
    ASSERT_EQ(stored.steps.size(), 71U);
    EXPECT_EQ(stored.steps.front().value, 70);
    EXPECT_FALSE(stored.steps[1].observed);
    EXPECT_EQ(stored.steps.back().value, 0);
}

TEST_F(OpeningTest, AnEmptyDatabaseWithoutACopyIsNew) {
    std::ofstream(path()).close();
    const auto opened = open();
    EXPECT_EQ(opened.report.replaced, "");
    EXPECT_EQ(opened.report.epoch.number, 1);
}

TEST_F(OpeningTest, WhatWasRestoredAndHowOldItWasIsTold) {
    fill();
    ASSERT_TRUE(write_precious_copy(path(), directory_.path()));
    const auto written = test_start - std::chrono::hours(2);
    std::filesystem::last_write_time(precious_copies(directory_.path()).front(),
                                     std::chrono::file_clock::from_sys(written));
    overwrite(4096, 2000);
    const auto text = open().report.replaced;
    EXPECT_NE(text.find("from the copy of 2026-11-18T09:06:40.000Z (120 minutes before)"), std::string::npos)
        << text;
    EXPECT_NE(text.find("was damaged and is now " + path() + ".damaged-"), std::string::npos) << text;
}

// Of a database that is looked at as a whole, and of one of which only parts are: there the rest shows in
// use.
TEST_F(OpeningTest, EveryDamagedPageIsSurvived) {
    fill();
    TemporaryDirectory backup;
    const auto kept = backup.path() + "/kept";
    std::filesystem::copy_file(path(), kept);
    const auto pages = std::filesystem::file_size(path()) / page_bytes;
    ASSERT_GT(pages, 20U);
    for (const bool large : {false, true}) {
        int met_in_use = 0;
        std::vector<std::uint64_t> saved_little;
        for (std::uint64_t page = 0; page < pages; ++page) {
            for (const auto& entry : std::filesystem::directory_iterator(directory_.path())) {
                std::filesystem::remove(entry.path());
            }
            std::filesystem::copy_file(kept, path());
            if (large) enlarge(path());
            damage_page(path(), page);
            auto opened = open_database(settings_, test_start);
            ASSERT_TRUE(opened) << page << ": " << opened.error().message;
            ASSERT_NE(opened->database, nullptr) << page << ": " << opened->report.trouble->message;
            const auto epoch = opened->report.epoch;
            if (!commit_some_of_all(*opened, epoch)) {
                ++met_in_use;
                ASSERT_EQ(opened->database->failure()->trouble, sqlite::Trouble::damaged) << page;
                opened->database.reset();
                std::unique_ptr<sqlite::Database> none;
                opened = open_again(settings_, epoch, test_start, {}, none, Known::damaged);
                ASSERT_TRUE(opened && opened->database) << page;
                EXPECT_FALSE(opened->report.set_aside.empty()) << page;
                ASSERT_TRUE(commit_some_of_all(*opened, epoch)) << page;
            }
            opened->database.reset();
            const auto messages = read_outbox(path());
            EXPECT_LE(messages.size(), 1011U) << page;
            if (messages.size() < 500) saved_little.push_back(page);
            EXPECT_TRUE(!messages.empty() && messages.back()->key == epoch.key(2)) << page;
        }
        EXPECT_EQ(met_in_use > 0, large) << met_in_use;
        EXPECT_LE(saved_little.size(), 7U) << "the schema, and the roots of streams, blocks and pending: "
                                           << ::testing::PrintToString(saved_little);
    }
}

TEST_F(OpeningTest, DamageThatOnlyTheStartMeetsIsReplacedAtOnce) {
    fill();
    damage_root(path(), "texts");
    enlarge(path());
    const auto opened = open();
    EXPECT_NE(opened.database, nullptr);
    EXPECT_FALSE(opened.report.set_aside.empty());
    EXPECT_EQ(opened.report.salvaged, 1000U) << "all but the texts";
    EXPECT_EQ(opened.report.epoch.number, 2);
}

// A kill in the midst of the salvage leaves the damaged database in its place, and half a replacement.
TEST_F(OpeningTest, ASalvageThatWasCutOffIsDoneAnew) {
    fill();
    overwrite(4096, 2000);
    std::filesystem::copy_file(path(), path() + ".building");
    std::ofstream(path() + ".building-wal") << "half a transaction";
    const auto opened = open();
    EXPECT_FALSE(opened.report.set_aside.empty());
    EXPECT_GE(opened.report.salvaged, 500U);
    EXPECT_EQ(read_outbox(path()).size(), opened.report.salvaged);
    EXPECT_TRUE(files_like(".building").empty());
    EXPECT_TRUE(files_like(".ready").empty());
}

TEST_F(OpeningTest, HalfAReplacementIsNotKeptBesideASoundDatabase) {
    fill();
    std::filesystem::copy_file(path(), path() + ".building");
    EXPECT_TRUE(open().report.set_aside.empty());
    EXPECT_TRUE(files_like(".building").empty());
    EXPECT_EQ(read_outbox(path()).size(), 1010U);
}

// One between the end of the salvage and its last step, with and without the damaged one's name taken.
TEST_F(OpeningTest, AReplacementThatWasReadyTakesItsPlace) {
    for (const bool in_place : {true, false}) {
        for (const auto& entry : std::filesystem::directory_iterator(directory_.path()))
            std::filesystem::remove(entry.path());
        fill();
        std::filesystem::rename(path(), path() + ".ready");
        if (in_place)
            std::ofstream(path()) << "its log is gone, what it holds is not all of it..............";
        const auto opened = open();
        EXPECT_EQ(opened.report.set_aside.empty(), !in_place);
        EXPECT_EQ(opened.report.salvaged, 1010U);
        EXPECT_EQ(read_outbox(path()).size(), 1010U);
        EXPECT_TRUE(files_like(".ready").empty());
    }
}

TEST_F(OpeningTest, ALongSalvageShowsProgress) {
    fill();
    overwrite(4096, 2000);
    int progress = 0;
    std::unique_ptr<sqlite::Database> none;
    const auto replaced = replace_database(
        settings_, test_start, [&] { ++progress; }, none);
    ASSERT_TRUE(replaced) << replaced.error().message;
    EXPECT_GE(progress, 10) << "at each block";
}

TEST_F(OpeningTest, TheTwoNewestThatWereSetAsideAreKept) {
    for (int i = 0; i < 4; ++i) {
        std::ofstream(path()) << std::string(5000, 'x');
        ASSERT_NE(set_aside(path(), test_start + std::chrono::hours(i)), "");
    }
    EXPECT_EQ(files_like(".damaged-").size(), 2U);
    EXPECT_EQ(files_like(".damaged-20261118T14").size(), 1U);
}

TEST_F(OpeningTest, CopiesTakeTurnsAndADamagedOneIsPassedOver) {
    fill();
    EXPECT_TRUE(precious_copy_due(directory_.path()));
    ASSERT_TRUE(write_precious_copy(path(), directory_.path()));
    EXPECT_FALSE(precious_copy_due(directory_.path()));
    ASSERT_TRUE(write_precious_copy(path(), directory_.path()));
    EXPECT_EQ(files_like("precious").size(), 2U);
    std::ofstream(directory_.path() + "/precious-2.db") << "no database";
    std::ofstream(path())
        << "no database either, but long enough to be taken for one with a wrong header.......";
    EXPECT_EQ(open().report.snapshot.open_alerts.size(), 1U);
}

TEST_F(OpeningTest, ACopyFromTheFutureIsNotTheNewest) {
    fill();
    ASSERT_TRUE(write_precious_copy(path(), directory_.path()));
    const auto stale = precious_copies(directory_.path()).front();
    std::filesystem::last_write_time(
        stale, std::filesystem::file_time_type::clock::now() + std::chrono::days(10 * 365));
    EXPECT_TRUE(precious_copy_due(directory_.path()));
    {
        auto opened = open();
        BatteryMemory memory;
        memory.battery = "BAT-2";
        Batch batch;
        batch.rows.emplace_back(memory);
        ASSERT_TRUE(Committer(*opened.database, opened.report.epoch).commit(batch, test_start));
    }
    ASSERT_TRUE(write_precious_copy(path(), directory_.path()));
    EXPECT_FALSE(precious_copy_due(directory_.path())) << "not at every look";
    const auto copies = precious_copies(directory_.path());
    ASSERT_EQ(copies.size(), 2U);
    EXPECT_EQ(copies.back(), stale);
    std::filesystem::resize_file(path(), 0);
    EXPECT_EQ(open().report.snapshot.batteries.size(), 2U);
    ASSERT_TRUE(write_precious_copy(path(), directory_.path()));
    EXPECT_EQ(precious_copies(directory_.path()).front(), stale) << "overwritten by then";
}

// A box without a battery-backed clock starts long before its copies were written.
TEST_F(OpeningTest, OfTwoCopiesFromTheFutureTheLaterIsTheNewest) {
    fill();
    for (int i = 0; i < 2; ++i) ASSERT_TRUE(write_precious_copy(path(), directory_.path()));
    const auto now = std::filesystem::file_time_type::clock::now();
    for (const int later : {1, 2}) {
        const auto file = directory_.path() + "/precious-" + std::to_string(later) + ".db";
        const auto other = directory_.path() + "/precious-" + std::to_string(3 - later) + ".db";
        std::filesystem::last_write_time(file, now + std::chrono::days(366));
        std::filesystem::last_write_time(other, now + std::chrono::days(365));
        EXPECT_EQ(precious_copies(directory_.path()).front(), file);
    }
}

TEST_F(OpeningTest, AFlippedBitInABlockCostsThatBlockOnly) {
    fill();
    {
        auto opened = open();
        // In the middle of the body of one block, where SQLite itself does not look.
        ASSERT_TRUE(opened.database->execute(
            "UPDATE blocks SET body = substr(body, 1, 500) || x'00FF' || substr(body, 503) "
            "WHERE key = (SELECT key FROM blocks ORDER BY key LIMIT 1 OFFSET 4)"));
    }
    EXPECT_TRUE(open().report.set_aside.empty());
    auto reader = Reader::open(path());
    ASSERT_TRUE(reader);
    const auto batch = (*reader)->outbox_batch(MessageKey{0}, 2000);
    ASSERT_TRUE(batch);
    EXPECT_EQ(batch->messages.size(), 910U);
    EXPECT_EQ(batch->unreadable.size(), 100U);
    sqlite::Database database(path(), sqlite::Access::read_only);
    const auto time = [&](const std::string& column) {
        return from_ms(
            database.integer("SELECT " + column + " FROM blocks ORDER BY key LIMIT 1 OFFSET 4").value_or(0));
    };
    EXPECT_EQ(batch->unreadable_from, time("first_ms"));
    EXPECT_EQ(batch->unreadable_to, time("last_ms"));
    const auto answer = (*reader)->series(
        {{{"UPS-01", "p0"}}, test_start, test_start + std::chrono::hours(1), 10'000, SeriesResolution::raw});
    EXPECT_EQ(answer->rows.size(), 900U);
}

}  // namespace
}  // namespace sitepower::opening_test
