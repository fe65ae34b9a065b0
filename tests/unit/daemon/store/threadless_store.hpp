// The store without its thread: the test says what is committed and when, and may pull the plug at any
// moment.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "daemon/store/committer.hpp"
#include "daemon/store/opening.hpp"
#include "daemon/store/rollup_writer.hpp"
#include "tests/unit/daemon/store/fixture.hpp"

namespace sitepower {

class ThreadlessStore {
  public:
    ThreadlessStore() { open(); }

    // A clean stop and a start; draws a new epoch.
    void restart() {
        close();
        open();
    }
    // What is left of a process that was killed: the files as they are at this moment, in a new directory.
    void crash() {
        const auto next = directory_.path() + "/" + std::to_string(++crashes_);
        std::filesystem::create_directory(next);
        for (const char* suffix : {"", "-wal"}) {
            const auto file = database_path(settings_) + suffix;
            if (std::filesystem::exists(file)) {
                std::filesystem::copy_file(file,
                                           next + "/" + std::filesystem::path(file).filename().string());
            }
        }
        close();
        settings_.directory = next;
        open();
    }

    std::shared_ptr<const Message> reading(const std::shared_ptr<const Layout>& layout, Time time,
                                           std::vector<std::int64_t> raw) {
        const auto seq = ++sequence_;
        return reading_message(epoch(), seq, seq, make_frame(layout, time, std::move(raw)));
    }
    std::shared_ptr<const Message> text(MessageKind kind, std::string body = "{}") {
        return text_message(epoch(), ++sequence_, kind, "event/alert", std::move(body));
    }

    // False: nothing has changed, and the connection can be used again.
    bool commit(const Batch& batch, Time now = test_start) {
        if (!committer_->commit(batch, now)) return database().clear_failure(), false;
        rollups_->add(committer_->entries(), committer_->last_block());
        return true;
    }
    bool write_rollups() {
        if (rollups_->write_when_due()) return true;
        database().clear_failure();
        return false;
    }

    sqlite::Database& database() { return *opened_->database; }
    Committer& committer() { return *committer_; }
    const Epoch& epoch() const { return opened_->report.epoch; }
    const OpenReport& report() const { return opened_->report; }
    std::string path() const { return database_path(settings_); }
    std::int64_t rows(const std::string& table) {
        return database().integer("SELECT count(*) FROM " + table).value_or(-1);
    }
    std::unique_ptr<Reader> reader() const {
        auto opened = Reader::open(path());
        EXPECT_TRUE(opened) << opened.error().message;
        return std::move(*opened);
    }

  private:
    void open() {
        if (crashes_ == 0) settings_.directory = directory_.path();
        auto opened = open_database(settings_, test_start);
        ASSERT_TRUE(opened) << opened.error().message;
        opened_.emplace(std::move(*opened));
        // Thousands of commits; power cuts are not the matter here.
        ASSERT_TRUE(database().execute("PRAGMA synchronous = OFF"));
        committer_.emplace(database(), epoch());
        rollups_.emplace(database());
        sequence_ = 0;
    }
    void close() {
        rollups_.reset();
        committer_.reset();
        opened_.reset();
    }

    TemporaryDirectory directory_;
    StoreSettings settings_;
    std::optional<OpenedDatabase> opened_;
    std::optional<Committer> committer_;
    std::optional<RollupWriter> rollups_;
    std::uint64_t sequence_ = 0;
    int crashes_ = 0;
};

}  // namespace sitepower
