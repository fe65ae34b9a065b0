#include "daemon/store/sqlite.hpp"

#include <sqlite3.h>

namespace sitepower::sqlite {

namespace {

Trouble trouble_of(int code) {
    if (code == SQLITE_IOERR_SHMSIZE) return Trouble::full;  // no room for the index of the log
    switch (code & 0xff) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
        case SQLITE_INTERRUPT:
            return Trouble::busy;
        case SQLITE_FULL:
            return Trouble::full;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return Trouble::damaged;
        case SQLITE_IOERR:
        case SQLITE_CANTOPEN:
        case SQLITE_READONLY:
        case SQLITE_PERM:
        case SQLITE_AUTH:
        case SQLITE_PROTOCOL:
        case SQLITE_NOMEM:
            return Trouble::io;
        default:
            return Trouble::refused;
    }
}

// "file:" and the path, with what a URI gives a meaning written as %XX.
std::string immutable_uri(std::string_view path) {
    std::string uri = "file:";
    for (const char c : path) {
        if (c == '%' || c == '?' || c == '#') {
            uri += c == '%' ? "%25" : c == '?' ? "%3f" : "%23";
        } else {
            uri += c;
        }
    }
    return uri + "?immutable=1";
}

int note_log_pages(void* target, sqlite3* /*handle*/, const char* /*schema*/, int pages) {
    *static_cast<int*>(target) = pages;
    return SQLITE_OK;
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const {
    sqlite3_finalize(statement);
}

Statement::Statement(Database& database, std::string_view sql) : database_(&database) {
    if (!database.ok()) return;
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v3(database.handle(), sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    statement_.reset(statement);
    if (code != SQLITE_OK) database.fail(code, sql);
}

void Statement::check(int code) {
    if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) return;
    const char* sql = statement_ ? sqlite3_sql(statement_.get()) : nullptr;
    database_->fail(code, sql != nullptr ? sql : "");
}

void Statement::restart() {
    // The code of a reset only repeats what the last step has said.
    if (statement_) sqlite3_reset(statement_.get());
}

bool Statement::step() {
    if (!database_->ok() || !statement_) return false;
    const int code = sqlite3_step(statement_.get());
    check(code);
    return code == SQLITE_ROW;
}

bool Statement::copy_row(const Statement& row, int columns) {
    if (!statement_ || !row.statement_) return false;
    restart();
    for (int column = 0; column < columns; ++column) {
        check(sqlite3_bind_value(statement_.get(), column + 1,
                                 sqlite3_column_value(row.statement_.get(), column)));
    }
    step();
    return finish();
}

bool Statement::finish() {
    restart();
    return database_->ok();
}

void Statement::bind(int index, std::int64_t value) {
    if (statement_) check(sqlite3_bind_int64(statement_.get(), index, value));
}

void Statement::bind(int index, double value) {
    if (statement_) check(sqlite3_bind_double(statement_.get(), index, value));
}

void Statement::bind(int index, std::string_view text) {
    if (!statement_) return;
    // A null pointer would bind NULL instead of an empty text.
    const char* data = text.empty() ? "" : text.data();
    check(sqlite3_bind_text64(statement_.get(), index, data, text.size(), SQLITE_STATIC, SQLITE_UTF8));
}

void Statement::bind(int index, std::span<const std::uint8_t> bytes) {
    if (!statement_) return;
    if (bytes.empty()) {
        check(sqlite3_bind_zeroblob(statement_.get(), index, 0));
    } else {
        check(sqlite3_bind_blob64(statement_.get(), index, bytes.data(), bytes.size(), SQLITE_STATIC));
    }
}

void Statement::bind(int index, std::nullptr_t) {
    if (statement_) check(sqlite3_bind_null(statement_.get(), index));
}

bool Statement::null(int column) const {
    return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

std::int64_t Statement::integer(int column) const {
    return sqlite3_column_int64(statement_.get(), column);
}

double Statement::real(int column) const {
    return sqlite3_column_double(statement_.get(), column);
}

std::string Statement::text(int column) const {
    const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
    if (data == nullptr) return {};
    return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

std::span<const std::uint8_t> Statement::blob(int column) const {
    const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_.get(), column));
    if (data == nullptr) return {};
    return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

std::optional<std::int64_t> Statement::optional_integer(int column) const {
    return null(column) ? std::nullopt : std::optional(integer(column));
}

std::optional<double> Statement::optional_real(int column) const {
    return null(column) ? std::nullopt : std::optional(real(column));
}

void Database::Close::operator()(sqlite3* handle) const {
    sqlite3_close_v2(handle);
}

Database::Database(std::string path, Access access) : path_(std::move(path)) {
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    flags |= access == Access::read_write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
    if (access == Access::immutable) flags |= SQLITE_OPEN_URI;
    sqlite3* handle = nullptr;
    const auto name = access == Access::immutable ? immutable_uri(path_) : path_;
    const int code = sqlite3_open_v2(name.c_str(), &handle, flags, nullptr);
    handle_.reset(handle);
    if (code != SQLITE_OK) fail(code, "open " + path_);
    if (!ok()) return;
    // Takes the place of SQLite's own checkpoints after every 1000 pages.
    sqlite3_wal_hook(handle, note_log_pages, &log_pages_);
    // Or it takes a row out of a page whose pointers lead nowhere, and says nothing.
    execute("PRAGMA cell_size_check = ON");
}

void Database::fail(int code, std::string_view what) {
    if (failure_) return;
    std::string message = handle_ ? sqlite3_errmsg(handle_.get()) : sqlite3_errstr(code);
    const auto trouble = trouble_of(code);
    if (trouble == Trouble::full) message = sqlite3_errstr(SQLITE_FULL);
    if (trouble == Trouble::refused && !what.empty()) {
        message.append(" (").append(what.substr(0, 100)).append(")");
    }
    failure_ = Failure{trouble, code, std::move(message)};
}

void Database::fail_damaged(std::string_view what) {
    if (!failure_) failure_ = Failure{Trouble::damaged, SQLITE_CORRUPT, std::string(what)};
}

bool Database::execute(const std::string& sql) {
    if (!ok()) return false;
    const int code = sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) fail(code, sql);
    return ok();
}

std::optional<std::int64_t> Database::integer(std::string_view sql) {
    Statement statement(*this, sql);
    if (!statement.query()) return std::nullopt;
    return statement.optional_integer(0);
}

std::optional<std::string> Database::text(std::string_view sql) {
    Statement statement(*this, sql);
    if (!statement.query()) return std::nullopt;
    return statement.text(0);
}

std::int64_t Database::changes() const {
    return sqlite3_changes64(handle_.get());
}

bool Database::in_transaction() const {
    return handle_ && sqlite3_get_autocommit(handle_.get()) == 0;
}

void Database::set_busy_timeout_ms(int timeout_ms) {
    sqlite3_busy_timeout(handle_.get(), timeout_ms);
}

bool Database::checkpoint(Checkpoint mode) {
    int pages = 0;
    int copied = 0;
    const int code = sqlite3_wal_checkpoint_v2(
        handle_.get(), nullptr,
        mode == Checkpoint::passive ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_RESTART, &pages, &copied);
    const bool complete = code == SQLITE_OK && pages == copied;
    if (complete) log_pages_ = 0;
    return complete;
}

Transaction::Transaction(Database& database) : database_(database) {
    open_ = database.execute("BEGIN IMMEDIATE");
}

Transaction::~Transaction() {
    if (open_) roll_back();
}

bool Transaction::commit() {
    if (!open_) return false;
    if (database_.execute("COMMIT")) {
        open_ = false;
        return true;
    }
    roll_back();
    return false;
}

void Transaction::roll_back() {
    open_ = false;
    // Some failures roll back by themselves. The result says nothing new: the first failure is kept.
    if (database_.in_transaction()) {
        sqlite3_exec(database_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
    }
}

}  // namespace sitepower::sqlite
