// What the start, the retention and the questions of each minute ask of the database must not grow with its
// history: none of their statements walks through a whole table.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>
#include <initializer_list>
#include <string>
#include <vector>

#include "daemon/store/committer.hpp"
#include "daemon/store/opening.hpp"
#include "daemon/store/outbox_query.hpp"
#include "daemon/store/retention.hpp"
#include "tests/unit/daemon/store/fixture.hpp"

namespace sitepower::query_plan_test {
namespace {

class QueryPlanTest : public ::testing::Test {
  protected:
    QueryPlanTest() {
        settings_.directory = directory_.path();
        auto opened = open_database(settings_, test_start);
        EXPECT_TRUE(opened) << opened.error().message;
        opened_ = std::move(*opened);
        sqlite3_trace_v2(database().handle(), SQLITE_TRACE_STMT, remember, &statements_);
    }
    sqlite::Database& database() { return *opened_.database; }

    // Of tables that grow with the time that a site is in use; through an index of a few of its rows, or one
    // that a limit ends, is no walk.
    static bool walks(const std::string& step) {
        for (const char* table : {"a", "b", "alerts", "windows", "audit", "prices", "texts", "blocks"}) {
            const std::string scan = std::string("SCAN ") + table;
            if (step == scan || step.starts_with(scan + " ")) {
                return std::ranges::none_of(
                    std::initializer_list<const char*>{"alerts_open", "alerts_by_hand", "alerts_by_end",
                                                       "windows_open", "windows_by_end"},
                    [&](const char* index) { return step.find(index) != std::string::npos; });
            }
        }
        return false;
    }
    void expect_no_walk() {
        sqlite3_trace_v2(database().handle(), 0, nullptr, nullptr);
        EXPECT_FALSE(statements_.empty());
        for (const auto& sql : statements_) {
            if (!sql.starts_with("SELECT") && !sql.starts_with("DELETE")) continue;
            sqlite::Statement plan(database(), "EXPLAIN QUERY PLAN " + sql);
            for (bool more = plan.query(); more; more = plan.step()) {
                EXPECT_FALSE(walks(plan.text(3))) << plan.text(3) << "\nof " << sql;
            }
        }
        EXPECT_TRUE(database().ok()) << database().failure()->message;
    }

    TemporaryDirectory directory_;
    StoreSettings settings_;
    OpenedDatabase opened_;
    std::vector<std::string> statements_;

  private:
    static int remember(unsigned /*type*/, void* statements, void* statement, void* /*text*/) {
        char* sql = sqlite3_expanded_sql(static_cast<sqlite3_stmt*>(statement));
        if (sql != nullptr) static_cast<std::vector<std::string>*>(statements)->emplace_back(sql);
        sqlite3_free(sql);
        return 0;
    }
};

TEST_F(QueryPlanTest, TheStart) {
    read_snapshot(database());
    expect_no_walk();
}

TEST_F(QueryPlanTest, TheRetention) {
    Outbox outbox(database());
    Retention retention(database(), outbox, settings_);
    statements_.clear();  // the outbox is counted once
    ASSERT_TRUE(retention.run(test_start, std::chrono::steady_clock::now()));
    expect_no_walk();
}

TEST_F(QueryPlanTest, TheAgeOfTheOutbox) {
    Committer committer(database(), opened_.report.epoch);
    Batch batch;
    for (std::uint64_t i = 1; i <= 3; ++i) {
        batch.rows.emplace_back(
            MessageRow{text_message(opened_.report.epoch, i, MessageKind::alert, "alert/A", "{}")});
    }
    ASSERT_TRUE(committer.commit(batch, test_start));
    statements_.clear();
    EXPECT_EQ(summarise_outbox(database()).oldest, test_start);
    std::erase_if(statements_, [](const std::string& sql) { return sql.starts_with("SELECT count(*)"); });
    expect_no_walk();
}

}  // namespace
}  // namespace sitepower::query_plan_test
