// The disk fails in every way and at every moment: what was committed stays, what was not is kept and written
// later, and nothing is half there.
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "daemon/store/committer.hpp"
#include "daemon/store/opening.hpp"
#include "daemon/store/rollup_writer.hpp"
#include "tests/support/faulty_vfs.hpp"
#include "tests/unit/daemon/store/damaged_file.hpp"
#include "tests/unit/daemon/store/fixture.hpp"

namespace sitepower::fault_test {
namespace {

using support::FaultyVfs;

Batch make_batch(const Epoch& epoch, const std::shared_ptr<const Layout>& layout, Time start) {
    Batch batch;
    for (std::uint64_t i = 1; i <= 200; ++i) {
        const auto frame = make_frame(layout, start + Duration{700} * i,
                                      {static_cast<std::int64_t>(i), 2, static_cast<std::int64_t>(i * i)});
        batch.rows.emplace_back(MessageRow{reading_message(epoch, i, i, frame)});
    }
    batch.rows.emplace_back(MessageRow{text_message(epoch, 201, MessageKind::alert, "alert/A1", "{}")});
    Alert alert;
    alert.id = "A" + std::to_string(epoch.number);
    batch.rows.emplace_back(AlertRow{alert});
    return batch;
}

constexpr std::uint64_t messages_of_batch = 201;

// One start of the daemon with one commit. True: the commit was confirmed.
bool run_once(const StoreSettings& settings, const std::shared_ptr<const Layout>& layout, Time start) {
    auto opened = open_database(settings, start);
    if (!opened || !opened->database) return false;
    EXPECT_EQ(opened->report.set_aside, "");
    auto& database = *opened->database;
    Committer committer(database, opened->report.epoch);
    RollupWriter rollups(database);
    const auto batch = make_batch(opened->report.epoch, layout, start);
    if (!database.ok() || !committer.commit(batch, start)) return false;
    rollups.add(committer.entries(), committer.last_block());
    rollups.write_when_due();
    database.clear_failure();
    database.checkpoint(sqlite::Database::Checkpoint::restart);
    return true;
}

TEST(StoreFault, EveryOperationMayFailAndLeavesTheOldOrTheNewState) {
    const auto layout = make_layout("UPS-01");
    for (const int code : {SQLITE_IOERR_WRITE, SQLITE_FULL}) {
        bool struck = true;
        int strikes = 0;
        for (std::int64_t n = 1; struck; ++n) {
            TemporaryDirectory directory;
            StoreSettings settings;
            settings.directory = directory.path();
            FaultyVfs vfs;
            ASSERT_TRUE(run_once(settings, layout, test_start));
            vfs.fail_nth(n, code);
            const bool confirmed = run_once(settings, layout, test_start + std::chrono::hours(1));
            struck = vfs.struck();
            vfs.heal();
            strikes += struck ? 1 : 0;

            const auto found = read_outbox(settings.directory + "/sitepower.db", 50);
            const bool old_state = found.size() == messages_of_batch;
            const bool new_state = found.size() == 2 * messages_of_batch;
            EXPECT_TRUE(old_state || new_state) << "n " << n << " found " << found.size();
            EXPECT_TRUE(!confirmed || new_state) << n;
            // And it goes on from there.
            EXPECT_TRUE(run_once(settings, layout, test_start + std::chrono::hours(2))) << n;
        }
        EXPECT_GT(strikes, 10) << "the faults reached nothing";
    }
}

class FullDisk : public ::testing::Test {
  protected:
    void start(const std::string& directory) {
        settings_.directory = directory;
        settings_.commit_interval = Duration{10};
        auto opened = Store::open(settings_, observer_);
        ASSERT_TRUE(opened) << opened.error().message;
        store_ = std::move(*opened);
        store_->start();
    }
    bool append() {
        ++sequence_;
        const auto time = test_start + Duration{1000} * sequence_;
        return store_->append(MessageRow{reading_message(store_->report().epoch, sequence_, sequence_,
                                                         make_frame(layout_, time, {1, 2, 3}))});
    }
    bool told(std::string_view type, bool holds) const {
        const auto conditions = observer_.conditions();
        return !conditions.empty() && conditions.back().type == type && conditions.back().holds == holds;
    }

    StoreSettings settings_;
    RecordingObserver observer_;
    std::unique_ptr<Store> store_;
    std::shared_ptr<const Layout> layout_ = make_layout("UPS-01");
    std::uint64_t sequence_ = 0;
};

TEST_F(FullDisk, KeepsRowsInMemoryAndWritesThemWhenThereIsRoomAgain) {
    TemporaryDirectory directory;
    FaultyVfs vfs;
    settings_.queue = 50;
    start(directory.path());
    append();
    ASSERT_TRUE(eventually([&] { return store_->counters().rows == 1; }));

    vfs.fail_all(SQLITE_FULL);
    append();
    ASSERT_TRUE(eventually([&] { return told("store_full", true); }));
    EXPECT_NE(observer_.conditions().back().message.find("sitepower.db"), std::string::npos);
    EXPECT_FALSE(store_->counters().healthy);
    std::uint64_t taken = 1;
    while (append()) ++taken;
    EXPECT_EQ(taken, 50U);
    // What must not be lost still fits.
    EXPECT_TRUE(store_->append(
        MessageRow{text_message(store_->report().epoch, 999, MessageKind::alert, "alert/A", "{}")}));

    vfs.heal();
    ASSERT_TRUE(eventually([&] { return told("store_full", false); }));
    EXPECT_TRUE(store_->counters().healthy);
    EXPECT_EQ(read_outbox(store_->path()).size(), 52U);
    store_.reset();
}

TEST_F(FullDisk, TriesAgainWithPatience) {
    TemporaryDirectory directory;
    FaultyVfs vfs;
    start(directory.path());
    vfs.fail_all(SQLITE_IOERR_WRITE);
    append();
    ASSERT_TRUE(eventually([&] { return told("store_error", true); }));
    vfs.heal();
    ASSERT_TRUE(eventually([&] { return told("store_error", false); }));
    EXPECT_EQ(observer_.conditions().size(), 2U) << "said once, not with each try";
    store_.reset();
}

TEST_F(FullDisk, RecoversOnARealFileSystemWithoutRoom) {
    TemporaryDirectory directory;
    if (geteuid() != 0 || mount("tmpfs", directory.path().c_str(), "tmpfs", 0, "size=8m") != 0) {
        GTEST_SKIP() << "mounting a small file system needs root";
    }
    start(directory.path());
    append();
    ASSERT_TRUE(eventually([&] { return store_->counters().rows == 1; }));
    const auto ballast = directory.path() + "/ballast";
    {
        std::ofstream file(ballast);
        const std::string block(4096, 'x');
        while (file.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
        }
    }
    // The log has room for a few commits in the file that it has already.
    ASSERT_TRUE(eventually([&] {
        append();
        return told("store_full", true);
    }));
    std::filesystem::remove(ballast);
    ASSERT_TRUE(eventually([&] { return told("store_full", false); }));
    // It is told with the first batch that fits; what was appended meanwhile follows with the next.
    ASSERT_TRUE(eventually([&] { return store_->counters().rows == sequence_; }));
    EXPECT_EQ(read_outbox(store_->path(), 1000).size(), sequence_);
    store_.reset();
    EXPECT_EQ(umount(directory.path().c_str()), 0);
}

TEST_F(FullDisk, AStartWithoutRoomReadsWhatIsThereAndWritesWhenThereIsRoom) {
    TemporaryDirectory directory;
    FaultyVfs vfs;
    settings_.queue = 50;
    start(directory.path());
    append();
    Alert alert;
    alert.id = "A1";
    ASSERT_TRUE(store_->append(AlertRow{alert}));
    store_.reset();

    vfs.fail_writes(SQLITE_FULL);
    sequence_ = 0;
    start(directory.path());
    const auto& report = store_->report();
    ASSERT_TRUE(report.trouble);
    EXPECT_EQ(report.trouble->condition, "store_full");
    EXPECT_EQ(report.trouble->message, "database " + store_->path() + ": database or disk is full");
    EXPECT_EQ(report.epoch.number, 2);
    ASSERT_EQ(report.snapshot.open_alerts.size(), 1U);
    EXPECT_TRUE(told("store_full", true)) << "at once, not with the first commit";
    EXPECT_FALSE(store_->counters().healthy);
    EXPECT_EQ(store_->counters().outbox, 1U);
    std::uint64_t taken = 0;
    while (append()) ++taken;
    EXPECT_EQ(taken, 50U);

    vfs.heal();
    ASSERT_TRUE(eventually([&] { return told("store_full", false); }));
    EXPECT_TRUE(store_->counters().healthy);
    EXPECT_TRUE(eventually([&] { return read_outbox(store_->path()).size() == 51U; }));
    store_.reset();
    start(directory.path());
    EXPECT_EQ(store_->report().epoch.number, 3);
    store_.reset();
}

TEST_F(FullDisk, TheFirstStartOfAllMayBeWithoutRoom) {
    TemporaryDirectory directory;
    FaultyVfs vfs;
    vfs.fail_writes(SQLITE_FULL);
    start(directory.path());
    ASSERT_TRUE(store_->report().trouble);
    EXPECT_TRUE(store_->report().fresh);
    append();
    vfs.heal();
    ASSERT_TRUE(eventually([&] { return told("store_full", false); }));
    EXPECT_TRUE(eventually([&] { return read_outbox(store_->path()).size() == 1U; }));
    store_.reset();
}

// Its keys lie beyond those that what is gone may have used, and what is precious comes from the copy.
TEST_F(FullDisk, ADatabaseThatIsGoneIsStartedFromItsCopyAndRestoredLater) {
    TemporaryDirectory directory;
    FaultyVfs vfs;
    start(directory.path());
    BatteryMemory memory;
    memory.battery = "BAT-1";
    ASSERT_TRUE(store_->append(memory));
    store_.reset();
    for (const char* suffix : {"", "-wal", "-shm"}) {
        std::filesystem::remove(directory.path() + "/sitepower.db" + suffix);
    }
    vfs.fail_writes(SQLITE_FULL);
    start(directory.path());
    ASSERT_TRUE(store_->report().trouble);
    EXPECT_GT(store_->report().epoch.number, 100'000);
    EXPECT_EQ(store_->report().snapshot.batteries.size(), 1U);
    append();
    vfs.heal();
    ASSERT_TRUE(eventually([&] { return told("store_full", false); }));
    const auto conditions = observer_.conditions();
    EXPECT_TRUE(std::ranges::any_of(
        conditions, [](const auto& condition) { return condition.type == "database_set_aside"; }));
    EXPECT_TRUE(eventually([&] { return read_outbox(store_->path()).size() == 1U; }));
    store_.reset();
    start(directory.path());
    EXPECT_EQ(store_->report().snapshot.batteries.size(), 1U);
    EXPECT_FALSE(store_->report().trouble);
    store_.reset();
}

// With damage that the look at it passes over, and without room for what would take its place: from the copy,
// and where there is none, with keys that were never drawn.
TEST_F(FullDisk, ADamagedDatabaseThatCannotBeReplacedYetIsNoReasonNotToStart) {
    for (const bool has_copy : {true, false}) {
        TemporaryDirectory directory;
        FaultyVfs vfs;
        start(directory.path());
        BatteryMemory memory;
        memory.battery = "BAT-1";
        ASSERT_TRUE(store_->append(memory));
        ASSERT_TRUE(store_->append(
            MessageRow{text_message(store_->report().epoch, 1, MessageKind::alert, "alert/A", "{}")}));
        store_.reset();
        damage_root(database_path(settings_), "texts");
        enlarge(database_path(settings_));
        if (!has_copy) {
            for (const char* name : {"/precious-1.db", "/precious-2.db"}) {
                std::filesystem::remove(directory.path() + name);
            }
        }
        vfs.fail_writes(SQLITE_FULL);
        sequence_ = 0;
        start(directory.path());
        ASSERT_TRUE(store_->report().trouble);
        EXPECT_EQ(store_->report().trouble->condition, "store_full");
        EXPECT_GT(store_->report().epoch.number, 100'000);
        EXPECT_EQ(store_->report().snapshot.batteries.size(), has_copy ? 1U : 0U);
        append();
        vfs.heal();
        ASSERT_TRUE(eventually([&] { return told("store_full", false) || told("store_error", false); }));
        EXPECT_TRUE(eventually([&] { return read_outbox(store_->path()).size() == 1U; }));
        store_.reset();
    }
}

TEST_F(FullDisk, AStopSaysWhatItCouldNotKeep) {
    TemporaryDirectory directory;
    FaultyVfs vfs;
    start(directory.path());
    vfs.fail_writes(SQLITE_FULL);
    append();
    append();
    ASSERT_TRUE(store_->append(AuditRow{.time = test_start, .who = "mia"}));
    const auto unkept = store_->stop();
    EXPECT_EQ(unkept.readings, 2U);
    EXPECT_EQ(unkept.others, 1U);
    EXPECT_NE(unkept.reason.find("full"), std::string::npos) << unkept.reason;
    vfs.heal();
    store_.reset();
    start(directory.path());
    const auto nothing = store_->stop();
    EXPECT_EQ(nothing.readings + nothing.others, 0U);
    store_.reset();
}

// Another connection to the same file, over the disk as it is.
class Elsewhere {
  public:
    explicit Elsewhere(const std::string& path) {
        EXPECT_EQ(sqlite3_open_v2(path.c_str(), &handle_, SQLITE_OPEN_READWRITE, "unix"), SQLITE_OK);
        sqlite3_busy_timeout(handle_, 5000);
    }
    ~Elsewhere() { sqlite3_close(handle_); }
    Elsewhere(const Elsewhere&) = delete;
    Elsewhere& operator=(const Elsewhere&) = delete;
    void execute(const char* sql) {
        EXPECT_EQ(sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr), SQLITE_OK)
            << sqlite3_errmsg(handle_);
    }

  private:
    sqlite3* handle_ = nullptr;
};

TEST_F(FullDisk, ABatchThatIsRefusedForGoodIsGivenUpAndItsReadingsAreTold) {
    TemporaryDirectory directory;
    settings_.directory = directory.path();
    settings_.commit_interval = Duration{10};
    auto opened = Store::open(settings_, observer_);
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = std::move(*opened);
    // In one batch, for the thread does not run yet.
    append();
    ASSERT_TRUE(store_->append(AuditRow{.time = test_start, .who = "mia"}));
    Elsewhere(store_->path()).execute("ALTER TABLE audit RENAME TO elsewhere");
    store_->start();
    ASSERT_TRUE(eventually([&] { return !observer_.gaps().empty(); }));
    EXPECT_EQ(observer_.gaps().front().frames, 1U);
    EXPECT_EQ(observer_.gaps().front().from, test_start + Duration{1000});
    EXPECT_EQ(store_->counters().refused, 2U);
    const auto conditions = observer_.conditions();
    EXPECT_TRUE(std::ranges::any_of(conditions, [](const auto& condition) {
        return condition.type == "store_error" && condition.holds &&
               condition.message.ends_with("; lost with it: 1 audit rows, 1 readings");
    })) << "somebody was told that the change is done";
    store_.reset();
}

TEST_F(FullDisk, FailuresOfAnotherKindDoNotCountAsRefusals) {
    TemporaryDirectory directory;
    FaultyVfs vfs;
    start(directory.path());
    append();
    ASSERT_TRUE(eventually([&] { return store_->counters().rows == 1; }));
    vfs.fail_writes(SQLITE_FULL);
    append();
    ASSERT_TRUE(store_->append(AuditRow{.time = test_start, .who = "mia"}));
    // Each failed commit is followed by a checkpoint, and both fail.
    ASSERT_TRUE(eventually([&] { return vfs.failed() > 15; }));
    {
        Elsewhere elsewhere(store_->path());
        elsewhere.execute("ALTER TABLE audit RENAME TO elsewhere");
        ASSERT_TRUE(eventually([&] { return told("store_error", true); }));
        elsewhere.execute("ALTER TABLE elsewhere RENAME TO audit");
    }
    vfs.heal();
    ASSERT_TRUE(eventually([&] { return store_->counters().rows == 3; }));
    EXPECT_EQ(store_->counters().refused, 0U);
    EXPECT_TRUE(observer_.gaps().empty());
    store_.reset();
}

TEST_F(FullDisk, StartsOnARealFileSystemWithoutRoomAndOnAReadOnlyOne) {
    TemporaryDirectory directory;
    if (geteuid() != 0 || mount("tmpfs", directory.path().c_str(), "tmpfs", 0, "size=8m") != 0) {
        GTEST_SKIP() << "mounting a small file system needs root";
    }
    start(directory.path());
    append();
    store_.reset();
    const auto ballast = directory.path() + "/ballast";
    {
        std::ofstream file(ballast);
        const std::string block(4096, 'x');
        while (file.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
        }
    }
    start(directory.path());
    ASSERT_TRUE(store_->report().trouble);
    EXPECT_EQ(store_->report().trouble->condition, "store_full");
    sequence_ = 1;
    append();
    std::filesystem::remove(ballast);
    ASSERT_TRUE(eventually([&] { return told("store_full", false); }));
    EXPECT_TRUE(eventually([&] { return read_outbox(store_->path()).size() == 2U; }));
    store_.reset();

    ASSERT_EQ(mount(nullptr, directory.path().c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr), 0);
    start(directory.path());
    ASSERT_TRUE(store_->report().trouble);
    EXPECT_EQ(store_->report().trouble->condition, "store_error");
    EXPECT_EQ(store_->report().trouble->message.find("COMMIT"), std::string::npos);
    EXPECT_EQ(store_->report().epoch.number, 3);
    append();
    ASSERT_EQ(mount(nullptr, directory.path().c_str(), nullptr, MS_REMOUNT, nullptr), 0);
    ASSERT_TRUE(eventually([&] { return told("store_error", false); }));
    EXPECT_TRUE(eventually([&] { return read_outbox(store_->path()).size() == 3U; }));
    store_.reset();
    EXPECT_EQ(umount(directory.path().c_str()), 0);
}

// The log has the room that it takes already: it is used anew, and nobody has to come.
TEST_F(FullDisk, AFullDiskWithALongLogRecoversByItself) {
    TemporaryDirectory directory;
    if (geteuid() != 0 || mount("tmpfs", directory.path().c_str(), "tmpfs", 0, "size=8m") != 0) {
        GTEST_SKIP() << "mounting a small file system needs root";
    }
    // A stop leaves all of the log in the database, which then has the room that it needs.
    start(directory.path());
    store_.reset();
    start(directory.path());
    std::uint64_t rows = 0;
    // Rewrites the same page of the database each time: the log grows and the database does not.
    const auto remember = [&] {
        BatteryMemory memory;
        memory.battery = "BAT-1";
        EXPECT_TRUE(store_->append(memory));
        ++rows;
        return eventually([&] { return store_->counters().rows == rows; });
    };
    for (int i = 0; i < 60; ++i) ASSERT_TRUE(remember());
    {
        std::ofstream file(directory.path() + "/ballast");
        const std::string block(4096, 'x');
        while (file.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
        }
    }
    for (int i = 0; i < 150; ++i) ASSERT_TRUE(remember()) << i;
    EXPECT_TRUE(std::ranges::any_of(observer_.conditions(),
                                    [](const auto& condition) { return condition.type == "store_full"; }));
    store_.reset();
    EXPECT_EQ(umount(directory.path().c_str()), 0);
}

}  // namespace
}  // namespace sitepower::fault_test
