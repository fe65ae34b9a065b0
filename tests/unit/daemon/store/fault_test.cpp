// The disk fails in every way and at every moment: what was committed stays, what was not is kept and written
// later, and nothing is half there.
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <unistd.h>

#include <fstream>

#include "daemon/store/committer.hpp"
#include "daemon/store/opening.hpp"
#include "daemon/store/rollup_writer.hpp"
#include "tests/support/faulty_vfs.hpp"
#include "tests/unit/daemon/store/fixture.hpp"

namespace sitepower {
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
    if (!opened) return false;
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

}  // namespace
}  // namespace sitepower
