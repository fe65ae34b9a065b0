// The store: everything the site must not forget, in one SQLite database (WAL). One writer thread with group
// commit owns the writing connection; queries go through Reader, on other threads. Owned by the app; append()
// and delivered() are called from the loop and publisher threads, the observer from the writer's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "core/alert/alert.hpp"
#include "core/base/result.hpp"
#include "core/base/time.hpp"
#include "core/price/series.hpp"
#include "core/site/site.hpp"
#include "daemon/message/message.hpp"
#include "daemon/store/settings.hpp"

namespace sitepower {

// A change of state that somebody made, for the audit trail.
struct AuditRow {
    Time time{};
    std::string who;
    std::string from;  // "unix:uid=1000", "mqtt"
    std::string what;  // operation and parameters
    std::string result;
};

struct AlertRow {
    Alert alert;  // replaces the row of the same id
};

struct WindowRow {
    MaintenanceWindow window;
    bool ended = false;
};

// The state of a battery as told at that time; what telemetry of estimates is made of.
struct BatteryStateRow {
    std::string battery;
    BatteryState state;
};

// A price that became known; the later row counts where two overlap.
struct PriceRow {
    std::string series;
    PriceStep step;
};

// A plan that was in force, in brief.
struct PlanRow {
    Time time{};
    std::string kind;    // "dispatch"
    std::string status;  // as told
    std::string body;    // JSON
};

// What a Message needs to be kept until delivered, and a frame also for history.
struct MessageRow {
    std::shared_ptr<const Message> message;
};

struct ForecastRows;  // daemon/forecast/rows.hpp
using ForecastRow = std::shared_ptr<const ForecastRows>;

// All that is neither a message nor a frame.
using StoredRecord = std::variant<BatteryStateRow, AlertRow, WindowRow, AuditRow, BatteryMemory, PriceRow,
                                  PlanRow, ForecastRow>;

// What append() takes. Small, for thousands wait between two commits, nearly all of them messages: a record
// is kept apart.
class Row {
  public:
    // Implicit, so that a row is written as what it is.
    // NOLINTBEGIN(google-explicit-constructor)
    Row(MessageRow message) : content_(std::move(message)) {}
    Row(StoredRecord record) : content_(std::make_shared<const StoredRecord>(std::move(record))) {}
    template <class T>
    requires std::is_constructible_v<StoredRecord, T> Row(T record) : Row(StoredRecord(std::move(record))) {}
    // NOLINTEND(google-explicit-constructor)

    // Null: it is a record.
    const MessageRow* message() const { return std::get_if<MessageRow>(&content_); }
    // Null: it is a message.
    const StoredRecord* record() const {
        const auto* kept = std::get_if<std::shared_ptr<const StoredRecord>>(&content_);
        return kept == nullptr ? nullptr : kept->get();
    }

  private:
    std::variant<MessageRow, std::shared_ptr<const StoredRecord>> content_;
};

// The types of condition that the store reports: rows of the table of alert rules.
namespace store_condition_type {
inline constexpr std::string_view full = "store_full";                // no room; rows are kept in memory
inline constexpr std::string_view error = "store_error";              // the file cannot be read or written
inline constexpr std::string_view copy_failed = "store_copy_failed";  // the copy of what is precious
inline constexpr std::string_view set_aside = "database_set_aside";
}  // namespace store_condition_type

// Called from the writer's thread; must not block.
class StoreObserver {
  public:
    virtual ~StoreObserver() = default;
    // Disk full, I/O errors, and their end: for an alert. `message` names file and cause.
    virtual void store_condition(std::string type, bool holds, std::string message) = 0;
    // What waited when commit_soon() was called is committed; once for all calls since the last time.
    virtual void committed() = 0;
    // Undelivered readings were given up for want of room.
    virtual void readings_dropped(Time from, Time to, std::uint64_t frames) = 0;
};

// Why the database cannot be written: the type of condition, and for people file and cause.
struct StoreTrouble {
    std::string condition;
    std::string message;
};

struct OpenReport {
    Epoch epoch;                 // drawn by this open; committed by it too, unless there is trouble
    bool fresh = false;          // there was no database
    std::string set_aside;       // path of a damaged database that was set aside; empty: none
    std::uint64_t salvaged = 0;  // undelivered messages rescued from it
    std::string replaced;  // for people: why a fresh database took its place, what was restored; or empty
    Snapshot snapshot;     // open alerts, windows, memories
    std::uint64_t undelivered = 0;        // messages in the outbox of a database with trouble
    std::optional<StoreTrouble> trouble;  // it can be read, or is not there yet; it is opened once it can be
};

// What stop() could not commit: gone when the process ends.
struct Unkept {
    std::uint64_t readings = 0;
    std::uint64_t others = 0;  // alerts, windows, memories, states, prices, audit rows, other messages
    std::string reason;        // for people: file and cause
};

struct StoreCounters {
    std::uint64_t rows = 0;
    std::uint64_t commits = 0;
    std::uint64_t outbox = 0;         // committed and not delivered
    std::uint64_t bytes_written = 0;  // of this process, by the kernel's accounting
    std::uint64_t database_bytes = 0;
    std::uint64_t refused = 0;  // rows refused at the queue's limit
    bool healthy = true;
    std::optional<Time> last_commit = {};  // empty: none yet
    std::optional<double> commit_ms = {};  // how long the last commit took, the disk's flush included
};

class Store {
  public:
    // Locks the directory, opens, migrates, draws the epoch. Error for a directory that another process has
    // locked or that cannot be used, for a database of a newer schema or that cannot even be read. A damaged
    // database is set aside and reported. One that can be read but not written, for a full disk or a
    // read-only one, is no error: rows wait in memory, as whenever the disk refuses, until it can.
    static Result<std::unique_ptr<Store>> open(StoreSettings settings, StoreObserver& observer);
    ~Store();

    const OpenReport& report() const;
    std::string path() const;  // of the database, for Readers

    void start();
    // Commits what waits and ends the thread. Says what could not be committed.
    Unkept stop();

    // False at the queue's limit, and for a message whose body does not suit its kind. Only readings are
    // refused at settings.queue; other rows fit until 100,000 of them wait, which only a disk that fails for
    // days brings about. Messages are appended in the order of their keys.
    bool append(Row row);
    // The broker has acknowledged these: they leave the outbox, or never enter it. May come before the row is
    // committed, or concern an earlier start of the daemon; at most 1,000,000 wait for the next commit.
    void delivered(std::span<const MessageKey> keys);
    // Somebody who reads has met damage in what is to be delivered, as the writer itself may: the database is
    // replaced within the commit interval. What is undelivered and can be read is saved from it.
    // `replacements`: as they were before it was read; what was read from a database that has been replaced
    // meanwhile says nothing of the next.
    void found_damaged(std::uint64_t replacements);
    // How often the database was replaced since the start.
    std::uint64_t replacements() const;
    // Commits what waits without waiting for the interval; then the observer hears committed().
    void commit_soon();

    StoreCounters counters() const;
    Duration since_progress() const;
    Duration progress_limit() const;

  private:
    class Writer;
    explicit Store(std::unique_ptr<Writer> writer);
    std::unique_ptr<Writer> writer_;
};

}  // namespace sitepower
