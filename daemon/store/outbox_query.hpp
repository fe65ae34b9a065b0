// Reads undelivered messages back from the database, as they were live.
#pragma once

#include <memory>
#include <vector>

#include "daemon/store/outbox.hpp"
#include "daemon/store/reader.hpp"
#include "daemon/store/reader_connection.hpp"

namespace sitepower {

class OutboxQuery {
  public:
    OutboxQuery(Reader::Connection& connection, MessageKey after, std::size_t limit)
        : connection_(connection), after_(after), limit_(limit) {}
    // After a failure of the connection the batch means nothing.
    OutboxBatch run();

  private:
    void read_frames();
    void read_block(MessageKey block, const PendingBits& bits, std::span<const std::uint8_t> body);
    void read_section(const BlockView& view, const BlockSection& section, MessageKey block,
                      PendingBits& wanted);
    void give_up(MessageKey block, const PendingBits& bits);
    void note_unreadable(Time from, Time to);
    void read_texts();

    Reader::Connection& connection_;
    MessageKey after_;
    std::size_t limit_;
    MessageKey complete_through_{INT64_MAX};  // no frame up to here is missing from the batch
    OutboxBatch batch_;
};

OutboxSummary summarise_outbox(sqlite::Database& database);

}  // namespace sitepower
