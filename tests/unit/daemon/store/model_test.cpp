// The whole store against a model that fits in a line: what was committed and not acknowledged is in the
// outbox, in order, as it was; whatever fails, and whenever the process dies.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <map>
#include <random>

#include "tests/support/faulty_vfs.hpp"
#include "tests/unit/daemon/store/threadless_store.hpp"

namespace sitepower::model_test {
namespace {

using Sent = std::shared_ptr<const Message>;

class StoreModel : public ::testing::TestWithParam<unsigned> {
  protected:
    Sent any_message() {
        if (random_() % 4 == 0) return store_.text(static_cast<MessageKind>(1 + random_() % 3));
        const auto& layout = layouts_.at(random_() % layouts_.size());
        std::vector<std::int64_t> raw(layout->points.size());
        for (auto& n : raw) n = static_cast<std::int64_t>(random_() % 100'000);
        time_ += Duration{static_cast<std::int64_t>(random_() % 2000)};
        return store_.reading(layout, time_, std::move(raw));
    }
    void add_acknowledgements(Batch& batch, const std::vector<Sent>& fresh) {
        for (const auto& [key, message] : outbox_) {
            if (random_() % 3 == 0) batch.delivered.push_back(key);
        }
        for (const auto& message : fresh) {
            if (random_() % 3 == 0) batch.delivered.push_back(message->key);
        }
        batch.delivered.push_back(MessageKey{static_cast<std::int64_t>(random_())});  // nobody's
        std::ranges::shuffle(batch.delivered, random_);
    }
    void commit_something() {
        Batch batch;
        std::vector<Sent> fresh;
        for (auto n = random_() % 30; n > 0; --n) {
            fresh.push_back(any_message());
            batch.rows.emplace_back(MessageRow{fresh.back()});
        }
        add_acknowledgements(batch, fresh);
        if (random_() % 4 == 0)
            vfs_.fail_nth(1 + random_() % 12, random_() % 2 ? SQLITE_FULL : SQLITE_IOERR_WRITE);
        const bool confirmed = store_.commit(batch);
        vfs_.heal();
        if (!confirmed) {
            ++refused_;
            ASSERT_TRUE(store_.commit(batch)) << "the same batch, once the disk is well";
        }
        for (const auto& message : fresh) outbox_[message->key] = message;
        for (const auto key : batch.delivered) outbox_.erase(key);
    }
    void expect_outbox_as_modelled() {
        EXPECT_EQ(store_.committer().outbox(), outbox_.size());
        const auto found = read_outbox(store_.path(), 1 + random_() % 50);
        ASSERT_EQ(found.size(), outbox_.size());
        auto wanted = outbox_.begin();
        for (const auto& message : found) expect_same_message(*message, *(wanted++)->second);
    }

    support::FaultyVfs vfs_;
    std::mt19937 random_{GetParam()};
    ThreadlessStore store_;
    std::vector<std::shared_ptr<const Layout>> layouts_{make_layout("UPS-01", 2), make_layout("BM-01", 5),
                                                        make_layout("M-01", 1)};
    std::map<MessageKey, Sent> outbox_;
    Time time_ = test_start;
    int refused_ = 0;
};

TEST_P(StoreModel, HoldsThroughFailuresRestartsAndKills) {
    for (int step = 0; step < 60; ++step) {
        commit_something();
        const auto fate = random_() % 12;
        if (fate == 0) store_.restart();
        if (fate == 1) store_.crash();
        if (fate < 4) expect_outbox_as_modelled();
        EXPECT_EQ(store_.report().set_aside, "");
        if (HasFatalFailure()) return;
    }
    expect_outbox_as_modelled();
    EXPECT_GT(refused_, 0) << "the faults reached nothing";
}

INSTANTIATE_TEST_SUITE_P(AnyOrder, StoreModel, ::testing::Range(1U, 13U));

}  // namespace
}  // namespace sitepower::model_test
