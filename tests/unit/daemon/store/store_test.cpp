#include "daemon/store/store.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "daemon/store/precious_copy.hpp"
#include "tests/unit/daemon/store/damaged_file.hpp"
#include "tests/unit/daemon/store/fixture.hpp"

namespace sitepower::store_test {
namespace {

class StoreTest : public ::testing::Test {
  protected:
    StoreTest() {
        settings_.directory = directory_.path();
        settings_.commit_interval = Duration{60'000};
        open();
    }

    void open() {
        store_.reset();
        auto opened = Store::open(settings_, observer_);
        ASSERT_TRUE(opened) << opened.error().message;
        store_ = std::move(*opened);
        epoch_ = store_->report().epoch;
        sequence_ = 0;
        store_->start();
    }
    std::shared_ptr<const Message> append_reading(std::int64_t raw) {
        const auto seq = ++sequence_;
        auto message =
            reading_message(epoch_, seq, seq,
                            make_frame(layout_, test_start + Duration{1000} * seq, {raw, raw + 1, raw * 2}));
        EXPECT_TRUE(store_->append(MessageRow{message}));
        return message;
    }
    std::shared_ptr<const Message> append_text(MessageKind kind, const std::string& body) {
        auto message = text_message(epoch_, ++sequence_, kind, "battery/B/state", body);
        EXPECT_TRUE(store_->append(MessageRow{message}));
        return message;
    }
    void commit() {
        const auto before = store_->counters().commits;
        store_->commit_soon();
        ASSERT_TRUE(eventually([&] { return store_->counters().commits > before; }));
    }

    TemporaryDirectory directory_;
    StoreSettings settings_;
    RecordingObserver observer_;
    std::unique_ptr<Store> store_;
    std::shared_ptr<const Layout> layout_ = make_layout("UPS-01");
    Epoch epoch_;
    std::uint64_t sequence_ = 0;
};

TEST_F(StoreTest, SaysWhenWhatWasAskedForIsCommitted) {
    append_reading(1);
    store_->commit_soon();
    ASSERT_TRUE(eventually([this] { return observer_.commits() == 1; }));
    EXPECT_EQ(store_->counters().outbox, 1U);
    store_->commit_soon();
    EXPECT_TRUE(eventually([this] { return observer_.commits() == 2; })) << "although nothing waited";
}

// How many audit rows and memories the copies hold.
std::pair<std::int64_t, std::int64_t> most_in_copies(const std::string& directory) {
    std::pair<std::int64_t, std::int64_t> most{0, 0};
    for (const auto& path : precious_copies(directory)) {
        sqlite::Database copy(path, sqlite::Access::read_only);
        most.first = std::max(most.first, copy.integer("SELECT count(*) FROM audit").value_or(0));
        most.second = std::max(most.second, copy.integer("SELECT count(*) FROM memories").value_or(0));
    }
    return most;
}

TEST_F(StoreTest, TheCopyIsWrittenSoonAfterSomebodyHasChangedSomething) {
    append_reading(1);
    commit();
    ASSERT_TRUE(eventually([&] { return precious_copies(directory_.path()).size() == 1; }))
        << "the daily one";
    ASSERT_TRUE(store_->append(AuditRow{.time = test_start, .who = "mia"}));
    EXPECT_TRUE(eventually([&] { return most_in_copies(directory_.path()).first == 1; }));
    // Not at each of many changes; the stop makes up for it.
    ASSERT_TRUE(store_->append(AuditRow{.time = test_start, .who = "mia"}));
    ASSERT_TRUE(eventually([&] { return store_->counters().rows == 3; }));
    const auto before = observer_.commits();
    store_->commit_soon();
    ASSERT_TRUE(eventually([&] { return observer_.commits() > before; }));
    EXPECT_EQ(most_in_copies(directory_.path()).first, 1);
    store_->stop();
    EXPECT_EQ(most_in_copies(directory_.path()).first, 2);
}

TEST_F(StoreTest, ACleanStopCopiesWhatWasLearnt) {
    append_reading(1);
    commit();
    ASSERT_TRUE(eventually([&] { return precious_copies(directory_.path()).size() == 1; }));
    BatteryMemory memory;
    memory.battery = "BAT-1";
    ASSERT_TRUE(store_->append(memory));
    store_->stop();
    EXPECT_EQ(most_in_copies(directory_.path()).second, 1);
}

TEST_F(StoreTest, ADatabaseThatIsDeletedUnderItIsNoticedAndNothingOfItIsLost) {
    append_reading(1);
    BatteryMemory memory;
    memory.battery = "BAT-1";
    ASSERT_TRUE(store_->append(memory));
    commit();
    // The copy, too, is written by then.
    ASSERT_TRUE(eventually([&] { return observer_.commits() == 1; }));
    for (const auto& entry : std::filesystem::directory_iterator(directory_.path())) {
        std::filesystem::remove_all(entry.path());
    }
    append_reading(2);
    commit();
    const auto conditions = observer_.conditions();
    ASSERT_FALSE(conditions.empty());
    EXPECT_EQ(conditions.back().type, "database_set_aside");
    EXPECT_NE(conditions.back().message.find("was gone"), std::string::npos) << conditions.back().message;
    EXPECT_EQ(read_outbox(store_->path()).size(), 2U);
    open();
    EXPECT_EQ(store_->report().snapshot.batteries.size(), 1U);
    EXPECT_EQ(store_->report().epoch.number, 2);
    EXPECT_EQ(store_->report().replaced, "");
}

// The start looks at parts of a large database only, and compares no index with its table.
TEST_F(StoreTest, DamageThatOnlyUseMeetsIsToldAndTheDatabaseReplaced) {
    for (const std::string where : {"audit", "audit_by_time"}) {
        ASSERT_TRUE(store_->append(AuditRow{.time = test_start, .who = "mia"}));
        commit();
        const auto path = store_->path();
        store_.reset();
        damage_root(path, where);
        enlarge(path);
        const auto before = observer_.conditions().size();
        settings_.commit_interval = Duration{10};  // what was refused is tried again with the next
        open();
        EXPECT_EQ(store_->report().replaced, "") << where;
        EXPECT_FALSE(store_->report().trouble) << where;
        ASSERT_TRUE(store_->append(AuditRow{.time = test_start, .who = "eve"}));
        commit();
        ASSERT_TRUE(eventually([&] { return observer_.conditions().size() >= before + 3; })) << where;
        const auto conditions = observer_.conditions();
        EXPECT_EQ(conditions.size(), before + 3) << where;
        EXPECT_EQ(conditions[before].type, "store_error");
        EXPECT_NE(conditions[before].message.find("malformed"), std::string::npos)
            << conditions[before].message;
        EXPECT_EQ(conditions[before + 1].type, "database_set_aside");
        EXPECT_EQ(conditions[before + 2].type, "store_error");
        EXPECT_FALSE(conditions[before + 2].holds);
        EXPECT_TRUE(eventually([&] { return store_->counters().healthy; }));
        auto reader = Reader::open(path);
        ASSERT_TRUE(reader);
        const auto audit = (*reader)->audit(test_start - Duration{1}, test_start + Duration{1}, 10);
        ASSERT_TRUE(audit);
        EXPECT_EQ(std::ranges::count(*audit, "eve", &AuditRow::who), where == "audit" ? 1 : 2);
    }
}

// The writer appends and never looks back; whoever delivers does. The outbox must not stand still for ever.
TEST_F(StoreTest, DamageThatOnlyTheReaderOfTheOutboxMeetsHasTheDatabaseReplacedToo) {
    append_text(MessageKind::event, "undelivered");
    ASSERT_TRUE(store_->append(AuditRow{.time = test_start, .who = "mia"}));
    commit();
    const auto path = store_->path();
    store_.reset();  // the log is copied into the file
    open();
    damage_root(path, "texts");
    {
        auto reader = Reader::open(path);
        ASSERT_TRUE(reader);
        const auto batch = (*reader)->outbox_batch(MessageKey{0}, 100);
        ASSERT_TRUE(batch) << batch.error().message;
        EXPECT_TRUE(batch->is_damaged);
        EXPECT_TRUE(batch->messages.empty());
    }
    const auto before = observer_.conditions().size();
    const auto replacements = store_->replacements();
    store_->found_damaged(replacements);
    ASSERT_TRUE(eventually([&] { return observer_.conditions().size() >= before + 3; }));
    const auto conditions = observer_.conditions();
    EXPECT_EQ(conditions[before].type, "store_error");
    EXPECT_EQ(conditions[before + 1].type, "database_set_aside");
    EXPECT_FALSE(conditions[before + 2].holds);
    ASSERT_TRUE(eventually([&] { return store_->counters().healthy; }));
    auto reader = Reader::open(path);
    ASSERT_TRUE(reader);
    EXPECT_FALSE((*reader)->outbox_batch(MessageKey{0}, 100)->is_damaged);
    const auto audit = (*reader)->audit(test_start, test_start + Duration{1}, 10);
    EXPECT_GE(audit->size(), 1U) << "what is precious is restored or saved";

    // Who had read the old one meanwhile says nothing of the new one.
    EXPECT_EQ(store_->replacements(), replacements + 1);
    store_->found_damaged(replacements);
    ASSERT_TRUE(store_->append(AuditRow{.time = test_start, .who = "zoe"}));
    commit();
    EXPECT_EQ(observer_.conditions().size(), before + 3);
    EXPECT_EQ(store_->replacements(), replacements + 1);
}

// A disk that keeps readings and refuses the copy is no store that cannot be written.
TEST_F(StoreTest, TellsOfADailyCopyThatCannotBeWrittenApartFromTheStore) {
    store_.reset();
    const auto two_days_ago = std::filesystem::file_time_type::clock::now() - std::chrono::hours(48);
    for (const char* name : {"/precious-1.db", "/precious-2.db"}) {
        std::filesystem::remove(directory_.path() + name);
        std::filesystem::create_directories(directory_.path() + name + "/in the way");
        std::filesystem::last_write_time(directory_.path() + name, two_days_ago);
    }
    open();
    append_reading(1);
    commit();
    ASSERT_TRUE(eventually([this] { return !observer_.conditions().empty(); }));
    EXPECT_EQ(observer_.conditions().front().type, "store_copy_failed");
    EXPECT_TRUE(observer_.conditions().front().holds);
    EXPECT_TRUE(store_->counters().healthy);
}

TEST_F(StoreTest, DrawsANewEpochAtEachStart) {
    const auto first = store_->report().epoch;
    EXPECT_TRUE(store_->report().fresh);
    open();
    EXPECT_FALSE(store_->report().fresh);
    EXPECT_EQ(store_->report().epoch.number, first.number + 1);
    EXPECT_NE(store_->report().epoch.bits, first.bits);
}

TEST_F(StoreTest, GivesBackUndeliveredMessagesInOrderAsTheyWere) {
    std::vector<std::shared_ptr<const Message>> sent;
    for (int i = 0; i < 7; ++i) {
        sent.push_back(append_reading(13'000 + i));
        sent.push_back(append_text(MessageKind::state, "{\"n\":" + std::to_string(i) + "}"));
    }
    commit();
    for (const std::size_t limit : {1U, 3U, 100U}) {
        const auto found = read_outbox(store_->path(), limit);
        ASSERT_EQ(found.size(), sent.size()) << limit;
        for (std::size_t i = 0; i < sent.size(); ++i) expect_same_message(*found[i], *sent[i]);
    }
    EXPECT_EQ(store_->counters().outbox, sent.size());
}

TEST_F(StoreTest, DeliveredBeforeTheCommitNeverEntersTheOutbox) {
    const auto reading = append_reading(1);
    const auto text = append_text(MessageKind::state, "{}");
    const auto kept = append_reading(2);
    store_->delivered(std::vector{text->key, reading->key});
    commit();
    const auto found = read_outbox(store_->path());
    ASSERT_EQ(found.size(), 1U);
    expect_same_message(*found[0], *kept);
}

TEST_F(StoreTest, DeliveredBeforeTheAppendNeverEntersTheOutbox) {
    append_reading(1);
    store_->delivered(std::vector{epoch_.key(2)});
    commit();
    append_reading(2);
    commit();
    ASSERT_EQ(read_outbox(store_->path()).size(), 1U);
    EXPECT_EQ(store_->counters().outbox, 1U);
}

TEST_F(StoreTest, DeliveredAfterTheCommitLeavesTheOutboxAlsoFromEarlierStarts) {
    std::vector<MessageKey> keys;
    for (int i = 0; i < 5; ++i) keys.push_back(append_reading(i)->key);
    keys.push_back(append_text(MessageKind::alert, "{}")->key);
    commit();
    open();
    EXPECT_EQ(store_->counters().outbox, 6U);
    store_->delivered(std::vector{keys[1], keys[3], keys[5], keys[5], MessageKey{12345}});
    commit();
    const auto found = read_outbox(store_->path());
    ASSERT_EQ(found.size(), 3U);
    EXPECT_EQ(found[0]->key, keys[0]);
    EXPECT_EQ(found[1]->key, keys[2]);
    EXPECT_EQ(found[2]->key, keys[4]);
    EXPECT_EQ(store_->counters().outbox, 3U);
    store_->delivered(keys);
    commit();
    EXPECT_EQ(store_->counters().outbox, 0U);
    EXPECT_TRUE(read_outbox(store_->path()).empty());
}

TEST_F(StoreTest, SummarisesTheOutbox) {
    auto reader = Reader::open(store_->path());
    ASSERT_TRUE(reader);
    EXPECT_EQ((*reader)->outbox_summary()->count, 0U);
    EXPECT_EQ((*reader)->outbox_summary()->oldest, std::nullopt);
    append_reading(1);
    append_reading(2);
    commit();
    EXPECT_EQ((*reader)->outbox_summary()->count, 2U);
    EXPECT_EQ((*reader)->outbox_summary()->oldest, test_start + Duration{1000});
}

TEST_F(StoreTest, SaysWhenItLastCommittedAndHowLongThatTook) {
    EXPECT_EQ(store_->counters().last_commit, std::nullopt);
    EXPECT_EQ(store_->counters().commit_ms, std::nullopt);
    append_reading(1);
    const auto before = std::chrono::floor<Duration>(std::chrono::system_clock::now());
    commit();
    ASSERT_TRUE(store_->counters().last_commit);
    EXPECT_GE(*store_->counters().last_commit, before);
    EXPECT_GT(store_->counters().commit_ms.value(), 0);
}

TEST_F(StoreTest, CommitsUrgentRowsAtOnceAndAllBeforeThem) {
    append_reading(1);
    append_text(MessageKind::alert, "{}");
    ASSERT_TRUE(eventually([&] { return store_->counters().rows == 2; }));
}

TEST_F(StoreTest, StopCommitsWhatWaits) {
    append_reading(1);
    store_->stop();
    EXPECT_EQ(read_outbox(store_->path()).size(), 1U);
}

TEST_F(StoreTest, RefusesReadingsAtTheLimitButNothingElse) {
    settings_.queue = 4;
    open();
    store_->stop();  // nobody takes rows out any more
    for (int i = 0; i < 4; ++i) append_reading(i);
    EXPECT_FALSE(store_->append(
        MessageRow{reading_message(epoch_, 9, 9, make_frame(layout_, test_start, {1, 2, 3}))}));
    append_text(MessageKind::state, "{}");
    append_text(MessageKind::alert, "{}");
    EXPECT_EQ(store_->counters().refused, 1U);
}

TEST_F(StoreTest, RefusesMessagesWhoseBodyDoesNotSuit) {
    auto message = std::make_shared<Message>();
    message->kind = MessageKind::readings;
    message->body = "text";
    EXPECT_FALSE(store_->append(MessageRow{message}));
    EXPECT_FALSE(store_->append(MessageRow{nullptr}));
    auto frame = std::make_shared<Frame>(*make_frame(layout_, test_start, {1, 2, 3}));
    frame->values.pop_back();
    EXPECT_FALSE(store_->append(MessageRow{reading_message(epoch_, 1, 1, frame)}));
}

}  // namespace
}  // namespace sitepower::store_test
