#include "daemon/store/reader.hpp"

#include <algorithm>
#include <utility>

#include "daemon/store/layout_codec.hpp"
#include "daemon/store/outbox_query.hpp"
#include "daemon/store/reader_connection.hpp"
#include "daemon/store/schema.hpp"

namespace sitepower {

Result<std::unique_ptr<Reader>> Reader::open(const std::string& path) {
    auto connection = std::make_unique<Connection>(path);
    if (connection->database.ok()) connection->database.set_busy_timeout_ms(1000);
    const auto version = connection->database.integer("PRAGMA user_version");
    if (!connection->database.ok()) return connection->take_failure();
    if (version != schema_version()) {
        return Error{ErrorCode::service_unavailable, "database " + path + " is not of this program's schema",
                     ""};
    }
    return std::unique_ptr<Reader>(new Reader(std::move(connection)));
}

Reader::Reader(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}

Reader::~Reader() = default;

Result<OutboxBatch> Reader::outbox_batch(MessageKey after, std::size_t limit) {
    auto batch = OutboxQuery(*connection_, after, limit).run();
    if (!connection_->database.ok()) return connection_->take_failure();
    return batch;
}

Result<OutboxSummary> Reader::outbox_summary() {
    auto summary = summarise_outbox(connection_->database);
    if (!connection_->database.ok()) return connection_->take_failure();
    return summary;
}

const Stream* Reader::Connection::stream(StreamId id) {
    const auto it = streams_.find(id);
    if (it != streams_.end()) return &it->second;
    sqlite::Statement row(database, "SELECT layout, topic, expiry_ms FROM streams WHERE id = ?");
    if (!row.query(id)) return nullptr;
    Stream stream{unpack_layout(row.blob(0)), row.text(1), std::nullopt};
    if (const auto expiry_ms = row.optional_integer(2)) stream.expiry = Duration{*expiry_ms};
    return &streams_.emplace(id, std::move(stream)).first->second;
}

Error Reader::Connection::take_failure() {
    auto error = error_of(*database.failure(), database.path());
    database.clear_failure();
    return error;
}

}  // namespace sitepower
