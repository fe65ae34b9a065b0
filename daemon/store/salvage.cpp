#include "daemon/store/salvage.hpp"

#include <string_view>
#include <utility>
#include <vector>

#include "daemon/store/frame_block.hpp"
#include "daemon/store/hour_index.hpp"
#include "daemon/store/outbox.hpp"

namespace sitepower {

namespace {

constexpr std::size_t messages_per_transaction = 10'000;

class Salvage {
  public:
    // again: what has no room is the fresh connection's failure, and all of it is done once more.
    Salvage(sqlite::Database& damaged, sqlite::Database& fresh, const Progress& progress, bool again)
        : damaged_(damaged), fresh_(fresh), progress_(progress), again_(again), hours_(fresh) {}

    void run() {
        // Small tables that the rest refers to.
        copy_rows("epochs", "number", 3);
        copy_rows("streams", "id", 5);
        copy_rows("texts", "key", 9);
        auto blocks = pending_blocks();
        for (std::size_t next = 0; next < blocks.size();) next = copy_blocks(blocks, next);
    }

    // Newer than what a copy has given.
    void run_precious() {
        using TableAndKey = std::pair<std::string_view, std::string_view>;
        for (const auto& [table, key] : {TableAndKey{"alerts", "id"}, TableAndKey{"windows", "id"},
                                         TableAndKey{"memories", "battery"}, TableAndKey{"audit", "id"}}) {
            const auto columns =
                fresh_.integer(std::string("SELECT count(*) FROM pragma_table_info('").append(table) + "')");
            copy_rows(table, key, static_cast<int>(columns.value_or(0)), "INSERT OR REPLACE");
        }
    }

  private:
    using PendingBlock = std::pair<std::int64_t, PendingBits>;

    // From the front, and from the back when a page in between cannot be read.
    template <class Take>
    void read_from_both_ends(std::string_view table, std::string_view key, const Take& take) {
        for (const char* order : {" ASC", " DESC"}) {
            sqlite::Statement rows(damaged_, std::string("SELECT * FROM ").append(table) + " ORDER BY " +
                                                 std::string(key) + order);
            for (bool more = rows.query(); more; more = rows.step()) {
                take(rows);
                note_progress();
            }
            if (damaged_.ok()) return;
            damaged_.clear_failure();
        }
    }

    void copy_rows(std::string_view table, std::string_view key, int columns,
                   std::string_view insert_or = "INSERT OR IGNORE") {
        std::string values = "?";
        for (int i = 1; i < columns; ++i) values += ", ?";
        sqlite::Transaction transaction(fresh_);
        sqlite::Statement insert(
            fresh_, std::string(insert_or).append(" INTO ").append(table) + " VALUES (" + values + ")");
        read_from_both_ends(table, key, [&](const sqlite::Statement& row) { insert.copy_row(row, columns); });
        finish(transaction);
    }

    std::vector<PendingBlock> pending_blocks() {
        std::vector<PendingBlock> blocks;
        read_from_both_ends("pending", "block", [&](const sqlite::Statement& row) {
            blocks.emplace_back(row.integer(0), PendingBits(row.blob(1)));
        });
        return blocks;
    }

    // One transaction. Where to go on.
    std::size_t copy_blocks(const std::vector<PendingBlock>& blocks, std::size_t next) {
        sqlite::Transaction transaction(fresh_);
        std::uint64_t copied = 0;
        while (next < blocks.size() && copied < messages_per_transaction)
            copied += copy_block(blocks[next++]);
        return finish(transaction) ? next : blocks.size();
    }

    std::uint64_t copy_block(const PendingBlock& block) {
        note_progress();
        sqlite::Statement row(
            damaged_, "SELECT key, last_key, first_ms, last_ms, frames, body FROM blocks WHERE key = ?");
        const bool readable = row.query(block.first) && parse_block(MessageKey{block.first}, row.blob(5));
        damaged_.clear_failure();
        if (!readable) return 0;
        sqlite::Statement insert(fresh_, "INSERT OR IGNORE INTO blocks VALUES (?, ?, ?, ?, ?, ?)");
        if (!insert.copy_row(row, 6) || fresh_.changes() == 0) return 0;
        sqlite::Statement pending(fresh_, "INSERT OR IGNORE INTO pending (block, bits) VALUES (?, ?)");
        pending.run(block.first, block.second.bytes());
        const BlockHead head{MessageKey{row.integer(0)}, MessageKey{row.integer(1)}, from_ms(row.integer(2)),
                             from_ms(row.integer(3)), 0};
        hours_.add(head, head.first_time);
        hours_.add(head, head.last_time);
        return block.second.count();
    }

    // A fresh database without room keeps what it has got so far, unless it can be tried again.
    bool finish(sqlite::Transaction& transaction) {
        if (transaction.commit()) return true;
        if (!again_) fresh_.clear_failure();
        return false;
    }

    void note_progress() const {
        if (progress_) progress_();
    }

    sqlite::Database& damaged_;
    sqlite::Database& fresh_;
    const Progress& progress_;
    const bool again_;
    HourIndex hours_;
};

}  // namespace

void salvage_outbox(const std::string& damaged_path, sqlite::Database& fresh, const Progress& progress) {
    sqlite::Database damaged(damaged_path, sqlite::Access::read_only);
    if (damaged.ok()) Salvage(damaged, fresh, progress, false).run();
}

void salvage_unlinked(sqlite::Database& unlinked, sqlite::Database& fresh, const Progress& progress) {
    unlinked.clear_failure();
    Salvage salvage(unlinked, fresh, progress, true);
    salvage.run_precious();
    salvage.run();
}

std::uint64_t undelivered(sqlite::Database& database) {
    auto count = static_cast<std::uint64_t>(database.integer("SELECT count(*) FROM texts").value_or(0));
    sqlite::Statement pending(database, "SELECT bits FROM pending");
    for (bool more = pending.query(); more; more = pending.step())
        count += PendingBits(pending.blob(0)).count();
    return count;
}

}  // namespace sitepower
