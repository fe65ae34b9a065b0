// The adapter against a real store: what goes in as rows comes out as history.
#include "daemon/operation/store_history.hpp"

#include <gtest/gtest.h>

#include "tests/unit/daemon/store/fixture.hpp"

namespace sitepower::store_history_test {
namespace {

using namespace std::chrono_literals;

class StoreHistoryTest : public testing::Test {
  protected:
    StoreHistoryTest() {
        StoreSettings settings;
        settings.directory = directory_.path();
        auto store = Store::open(settings, observer_);
        EXPECT_TRUE(store);
        store_ = std::move(*store);
        store_->start();
    }

    void append_frame(int second, std::vector<std::int64_t> raw, Quality first_quality = Quality::good) {
        auto frame = *make_frame(layout_, at(second), std::move(raw));
        frame.quality[0] = first_quality;
        const auto sequence = ++sequence_;
        append(MessageRow{reading_message(store_->report().epoch, sequence, sequence,
                                          std::make_shared<const Frame>(std::move(frame)))});
    }
    void append(Row row) { EXPECT_TRUE(store_->append(std::move(row))); }

    // Commits what was appended and asks.
    StoreHistory& history() {
        store_->stop();
        auto reader = Reader::open(store_->path());
        EXPECT_TRUE(reader);
        reader_ = std::move(*reader);
        return history_.emplace(*reader_);
    }

    static Time at(int second) { return test_start + std::chrono::seconds{second}; }
    static Alert alert(const std::string& id, const std::string& type, int second) {
        Alert alert;
        alert.id = id;
        alert.type = type;
        alert.subject = {SubjectKind::site, "S"};
        alert.triggered_at = at(second);
        return alert;
    }

    TemporaryDirectory directory_;
    RecordingObserver observer_;
    std::unique_ptr<Store> store_;
    std::unique_ptr<Reader> reader_;
    std::optional<StoreHistory> history_;
    std::shared_ptr<const Layout> layout_ = make_layout("UPS-01", 2);
    std::uint64_t sequence_ = 0;
};

TEST_F(StoreHistoryTest, GivesValuesWithTheirQuality) {
    append_frame(0, {1000, 2000});
    append_frame(1, {0, 2001}, Quality::comm_error);
    append_frame(2, {1002, 2002});
    const auto answer = history().values({.points = {{"UPS-01", "p1"}, {"UPS-01", "p0"}},
                                          .from = at(0),
                                          .to = at(2),
                                          .limit = 10,
                                          .resolution = Resolution::raw});
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->resolution, Resolution::raw);
    ASSERT_EQ(answer->rows.size(), 2U);  // the end is exclusive
    EXPECT_EQ(answer->rows[1].time, at(1));
    for (const auto& value : answer->rows[1].values) {
        const bool is_bad = value.point == 1;
        EXPECT_EQ(value.quality, is_bad ? Quality::comm_error : Quality::good);
        EXPECT_EQ(value.value.has_value(), !is_bad);
    }
}

TEST_F(StoreHistoryTest, HasNoValuesOfABatteryWithoutSensors) {
    const auto answer = history().values({.points = {}, .from = at(0), .to = at(1), .limit = 10});
    ASSERT_TRUE(answer);
    EXPECT_TRUE(answer->rows.empty());
}

TEST_F(StoreHistoryTest, GivesEstimatesAsTheyWereTold) {
    BatteryState state;
    state.time = at(0);
    state.soc_pct.value = 98.5;
    state.soc_pct.status = EstimateStatus::ok;
    append(BatteryStateRow{"BAT-1", state});
    const auto estimates = history().estimates("BAT-1", at(-60), at(60), 10);
    ASSERT_TRUE(estimates);
    ASSERT_EQ(estimates->size(), 1U);
    EXPECT_EQ((*estimates)[0].soc_pct, 98.5);
    EXPECT_EQ((*estimates)[0].soh_pct, std::nullopt);
}

TEST_F(StoreHistoryTest, FindsAlertsByTimeAndType) {
    append(AlertRow{alert("A-1", "ups_on_battery", 0)});
    append(AlertRow{alert("A-2", "device_offline", 10)});
    append(AlertRow{alert("A-3", "ups_on_battery", 20)});
    auto& past = history();
    const auto all = past.alerts({.from = Time::min(), .to = Time::max(), .limit = 10});
    ASSERT_TRUE(all);
    ASSERT_EQ(all->size(), 3U);
    EXPECT_EQ(all->front().id, "A-3");
    const auto outages = past.alerts({.from = at(0), .to = at(20), .limit = 10, .type = "ups_on_battery"});
    ASSERT_EQ(outages->size(), 1U);
    EXPECT_EQ(outages->front().id, "A-1");
    EXPECT_EQ((*past.alert("A-2"))->type, "device_offline");
    EXPECT_FALSE(*past.alert("A-9"));
}

TEST_F(StoreHistoryTest, KnowsWhenItBegins) {
    append_frame(0, {1000, 2000});
    const auto begins = history().begins();
    ASSERT_TRUE(begins);
    ASSERT_TRUE(*begins);
    EXPECT_LE(**begins, at(0));
}

TEST(AskStore, AnswersWhereThereIsNoStoreToRead) {
    Result<std::optional<Time>> begins = std::optional<Time>();
    bool completed = false;
    Query query = [&](History& history) -> Completion {
        begins = history.begins();
        return [&completed] { completed = true; };
    };
    ask_store("/nowhere/sitepower.db", query)();
    EXPECT_TRUE(completed) << "what needs no history is known all the same";
    ASSERT_FALSE(begins);
    EXPECT_EQ(begins.error().code, ErrorCode::service_unavailable);
}

}  // namespace
}  // namespace sitepower::store_history_test
