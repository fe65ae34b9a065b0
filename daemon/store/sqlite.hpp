// The only place that includes SQLite: a connection and its prepared statements. A failure sticks to the
// connection: from then on its statements do nothing, so that a transaction checks once, at its end, whether
// all of it went well. A connection and its statements belong to one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

namespace sitepower::sqlite {

// What kind of trouble, by what can be done about it.
enum class Trouble : std::uint8_t {
    busy,     // another connection holds a lock: try again
    full,     // no room on the disk, or the database is at its page limit
    io,       // the file cannot be read, written or opened
    damaged,  // not a database, or its pages contradict each other
    refused,  // the statement itself is wrong: trying again does not help
};

struct Failure {
    Trouble trouble = Trouble::refused;
    int code = 0;  // SQLite's extended result code
    std::string
        message;  // SQLite's words; of a refused statement, which is a fault of ours, the statement too
};

class Database;

class Statement {
  public:
    Statement(Database& database, std::string_view sql);

    // Starts over with these values (integers, double, text, blob, optional or nullptr for NULL) and steps.
    // Text and blobs are not copied: they must live until the last step. True: a row is there.
    template <class... Args>
    bool query(const Args&... args) {
        restart();
        int index = 0;
        (bind(++index, args), ...);
        return step();
    }
    // The same for a statement without rows. True unless the connection has failed.
    template <class... Args>
    bool run(const Args&... args) {
        query(args...);
        return finish();
    }
    // Runs with the first columns of another statement's present row as values.
    bool copy_row(const Statement& row, int columns);
    // The next row. False at the end and after a failure: Database::ok() tells which.
    bool step();
    // Lets go of the read lock that a half-read query holds.
    bool finish();

    bool null(int column) const;
    std::int64_t integer(int column) const;
    double real(int column) const;
    std::string text(int column) const;
    std::span<const std::uint8_t> blob(int column) const;  // valid until the next step
    std::optional<std::int64_t> optional_integer(int column) const;
    std::optional<double> optional_real(int column) const;

  private:
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const;
    };
    void restart();
    void bind(int index, std::int64_t value);
    void bind(int index, std::uint64_t value) { bind(index, static_cast<std::int64_t>(value)); }
    void bind(int index, int value) { bind(index, std::int64_t{value}); }
    void bind(int index, std::uint32_t value) { bind(index, std::int64_t{value}); }
    void bind(int index, double value);
    void bind(int index, std::string_view text);
    void bind(int index, const std::string& text) { bind(index, std::string_view(text)); }
    void bind(int index, const char* text) { bind(index, std::string_view(text)); }
    void bind(int index, std::span<const std::uint8_t> bytes);
    void bind(int index, const std::vector<std::uint8_t>& bytes) { bind(index, std::span(bytes)); }
    void bind(int index, std::nullptr_t);
    template <class T>
    void bind(int index, const std::optional<T>& value) {
        value ? bind(index, *value) : bind(index, nullptr);
    }
    void check(int code);

    Database* database_;
    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

// immutable: without locks and without the log, for a file that nobody can write.
enum class Access : std::uint8_t { read_write, read_only, immutable };

class Database {
  public:
    // Never throws: failure() says why it could not be opened.
    Database(std::string path, Access access);
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    bool ok() const { return !failure_; }
    const std::optional<Failure>& failure() const { return failure_; }
    void clear_failure() { failure_.reset(); }
    // The first failure stays.
    void fail(int code, std::string_view what);
    // For damage that is found above SQLite: a packed body that does not check out.
    void fail_damaged(std::string_view what);

    // One or more statements without rows.
    bool execute(const std::string& sql);
    // The first column of the first row; nullopt without a row, or for NULL.
    std::optional<std::int64_t> integer(std::string_view sql);
    std::optional<std::string> text(std::string_view sql);
    // Rows that the last statement changed.
    std::int64_t changes() const;
    bool in_transaction() const;
    // How long to wait for the locks of other connections.
    void set_busy_timeout_ms(int timeout_ms);

    // Pages in the write-ahead log, as of this connection's last commit.
    int log_pages() const { return log_pages_; }
    // Copies the log into the database, so that the next commit starts the log anew. `passive` does what can
    // be done without waiting for readers, `restart` waits for them. False when not all was copied; a failure
    // does not stick, because nothing is lost by it.
    enum class Checkpoint : std::uint8_t { passive, restart };
    bool checkpoint(Checkpoint mode);

    const std::string& path() const { return path_; }
    sqlite3* handle() const { return handle_.get(); }

  private:
    struct Close {
        void operator()(sqlite3* handle) const;
    };
    std::string path_;
    std::unique_ptr<sqlite3, Close> handle_;
    std::optional<Failure> failure_;
    int log_pages_ = 0;
};

// One unit of change: commit() makes all of it durable or none.
class Transaction {
  public:
    explicit Transaction(Database& database);
    ~Transaction();
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    // False when any statement since the beginning has failed; everything is undone then.
    bool commit();

  private:
    void roll_back();
    Database& database_;
    bool open_ = false;
};

}  // namespace sitepower::sqlite
