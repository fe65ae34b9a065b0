#include "daemon/store/sqlite.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <fstream>

#include "tests/support/faulty_vfs.hpp"
#include "tests/unit/daemon/store/fixture.hpp"

namespace sitepower::sqlite::sqlite_test {
namespace {

class SqliteTest : public ::testing::Test {
  protected:
    std::string path() const { return directory_.path() + "/test.db"; }
    static std::int64_t rows(Database& database) {
        return database.integer("SELECT count(*) FROM t").value_or(-1);
    }

    TemporaryDirectory directory_;
};

TEST_F(SqliteTest, EveryTypeComesBackAndNothingIsMistakenForNull) {
    Database database(path(), Access::read_write);
    ASSERT_TRUE(database.execute("CREATE TABLE t (a, b, c, d, e)"));
    Statement insert(database, "INSERT INTO t VALUES (?, ?, ?, ?, ?)");
    const std::vector<std::uint8_t> bytes{0, 1, 255};
    const std::vector<std::uint8_t> no_bytes;
    ASSERT_TRUE(insert.run(INT64_MIN, 1.5, std::string("a\0b", 3), bytes, nullptr));
    ASSERT_TRUE(insert.run(UINT64_MAX, -0.0, "", no_bytes, std::optional<double>()));
    Statement select(database, "SELECT a, b, c, d, e FROM t");
    ASSERT_TRUE(select.query());
    EXPECT_EQ(select.integer(0), INT64_MIN);
    EXPECT_EQ(select.real(1), 1.5);
    EXPECT_EQ(select.text(2), std::string("a\0b", 3));
    EXPECT_EQ(std::vector(select.blob(3).begin(), select.blob(3).end()), bytes);
    EXPECT_TRUE(select.null(4));
    ASSERT_TRUE(select.step());
    EXPECT_EQ(static_cast<std::uint64_t>(select.integer(0)), UINT64_MAX);
    EXPECT_FALSE(select.null(2)) << "an empty text is a text";
    EXPECT_TRUE(select.blob(3).empty());
    EXPECT_EQ(select.optional_real(4), std::nullopt);
    EXPECT_FALSE(select.step());
    EXPECT_TRUE(database.ok());
}

TEST_F(SqliteTest, AFailureSticksUntilItIsCleared) {
    Database database(path(), Access::read_write);
    ASSERT_TRUE(database.execute("CREATE TABLE t (a INTEGER UNIQUE)"));
    Statement insert(database, "INSERT INTO t VALUES (?)");
    ASSERT_TRUE(insert.run(1));
    EXPECT_FALSE(insert.run(1));
    ASSERT_TRUE(database.failure());
    EXPECT_EQ(database.failure()->trouble, Trouble::refused);
    EXPECT_NE(database.failure()->message.find("INSERT INTO t"), std::string::npos)
        << "which statement it was";
    EXPECT_FALSE(insert.run(2)) << "nothing is done on a connection that has failed";
    EXPECT_EQ(database.integer("SELECT 1"), std::nullopt);
    database.fail(SQLITE_FULL, "later");
    EXPECT_EQ(database.failure()->trouble, Trouble::refused) << "the first failure stays";
    database.clear_failure();
    EXPECT_TRUE(insert.run(2));
    EXPECT_EQ(rows(database), 2);
}

TEST_F(SqliteTest, AStatementPreparedOnAFailedConnectionFindsNothingAndSaysSo) {
    Database database(path(), Access::read_write);
    ASSERT_TRUE(database.execute("CREATE TABLE t (a)"));
    database.fail(SQLITE_IOERR, "the disk is gone");
    Statement select(database, "SELECT a FROM t");
    EXPECT_FALSE(select.query());
    EXPECT_FALSE(select.run());
    EXPECT_FALSE(database.ok());
}

TEST_F(SqliteTest, ATransactionIsAllOrNothing) {
    Database database(path(), Access::read_write);
    ASSERT_TRUE(database.execute("CREATE TABLE t (a INTEGER UNIQUE)"));
    {
        Transaction transaction(database);
        database.execute("INSERT INTO t VALUES (1)");
        database.execute("INSERT INTO t VALUES (1)");
        database.execute("INSERT INTO t VALUES (2)");
        EXPECT_FALSE(transaction.commit());
    }
    database.clear_failure();
    EXPECT_FALSE(database.in_transaction());
    EXPECT_EQ(rows(database), 0);
    {
        const Transaction forgotten(database);
        database.execute("INSERT INTO t VALUES (3)");
    }
    EXPECT_EQ(rows(database), 0) << "what is not committed is undone";
    {
        Transaction transaction(database);
        database.execute("INSERT INTO t VALUES (4)");
        EXPECT_TRUE(transaction.commit());
    }
    EXPECT_EQ(rows(database), 1);
}

TEST_F(SqliteTest, TroubleIsToldByWhatCanBeDoneAboutIt) {
    Database database(path(), Access::read_write);
    const std::vector<std::pair<int, Trouble>> codes{
        {SQLITE_BUSY, Trouble::busy},          {SQLITE_BUSY_SNAPSHOT, Trouble::busy},
        {SQLITE_FULL, Trouble::full},          {SQLITE_IOERR_FSYNC, Trouble::io},
        {SQLITE_CANTOPEN_ISDIR, Trouble::io},  {SQLITE_READONLY, Trouble::io},
        {SQLITE_CORRUPT, Trouble::damaged},    {SQLITE_CORRUPT_VTAB, Trouble::damaged},
        {SQLITE_NOTADB, Trouble::damaged},     {SQLITE_ERROR, Trouble::refused},
        {SQLITE_CONSTRAINT, Trouble::refused}, {SQLITE_MISUSE, Trouble::refused}};
    for (const auto& [code, trouble] : codes) {
        database.fail(code, "here");
        EXPECT_EQ(database.failure()->trouble, trouble) << code;
        EXPECT_EQ(database.failure()->code, code);
        database.clear_failure();
    }
    database.fail_damaged("a block does not check out");
    EXPECT_EQ(database.failure()->trouble, Trouble::damaged);
}

TEST_F(SqliteTest, WhatCannotBeOpenedIsAFailureAndNoException) {
    const Database directory(directory_.path(), Access::read_write);
    EXPECT_FALSE(directory.ok());
    const Database missing(path(), Access::read_only);
    EXPECT_FALSE(missing.ok()) << "reading makes no file";
    EXPECT_FALSE(std::filesystem::exists(path()));
    std::ofstream(path()) << std::string(5000, 'x');
    Database text(path(), Access::read_write);
    EXPECT_EQ(text.integer("SELECT count(*) FROM sqlite_schema"), std::nullopt);
    ASSERT_TRUE(text.failure());
    EXPECT_EQ(text.failure()->trouble, Trouble::damaged);
}

TEST_F(SqliteTest, AReaderWritesNothing) {
    {
        Database database(path(), Access::read_write);
        ASSERT_TRUE(
            database.execute("PRAGMA journal_mode = WAL; CREATE TABLE t (a); INSERT INTO t VALUES (1)"));
    }
    Database reader(path(), Access::read_only);
    EXPECT_EQ(rows(reader), 1);
    EXPECT_FALSE(reader.execute("INSERT INTO t VALUES (2)"));
}

// Whichever operation of the disk fails, a transaction was confirmed and is there, or was not and is not half
// there.
TEST_F(SqliteTest, TheNthOperationMayFailForAllN) {
    for (const int code : {SQLITE_IOERR_WRITE, SQLITE_IOERR_FSYNC, SQLITE_FULL}) {
        bool struck = true;
        for (std::int64_t n = 1; struck; ++n) {
            std::filesystem::remove(path());
            std::filesystem::remove(path() + "-wal");
            support::FaultyVfs vfs;
            bool confirmed = false;
            {
                Database database(path(), Access::read_write);
                ASSERT_TRUE(database.execute(
                    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE t (a)"));
                vfs.fail_nth(n, code);
                Transaction transaction(database);
                for (int i = 0; i < 50; ++i) database.execute("INSERT INTO t VALUES (randomblob(500))");
                confirmed = transaction.commit();
                struck = vfs.struck();
                vfs.heal();
            }
            Database database(path(), Access::read_write);
            const auto found = rows(database);
            EXPECT_TRUE(found == 0 || found == 50) << "n " << n << ": " << found;
            EXPECT_TRUE(!confirmed || found == 50) << "n " << n;
        }
    }
}

}  // namespace
}  // namespace sitepower::sqlite::sqlite_test
