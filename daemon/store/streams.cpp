#include "daemon/store/streams.hpp"

#include "daemon/store/layout_codec.hpp"

namespace sitepower {

namespace {
// More layouts than any site has: after so many reloads the old ones are let go.
constexpr std::size_t known_limit = 10'000;
}  // namespace

StreamTable::StreamTable(sqlite::Database& database)
    : database_(database),
      find_(database,
            "SELECT id FROM streams WHERE device = ? AND topic = ? AND expiry_ms IS ? AND layout = ?"),
      insert_(database,
              "INSERT INTO streams (device, topic, expiry_ms, layout) VALUES (?, ?, ?, ?) RETURNING id") {}

StreamId StreamTable::id_of(const Message& message, const FramePtr& frame) {
    const auto it = known_.find(frame->layout.get());
    if (it != known_.end() && it->second.topic == message.topic && it->second.expiry == message.expiry) {
        return it->second.id;
    }
    const auto id = look_up(message, *frame->layout);
    if (known_.size() >= known_limit) known_.clear();
    if (database_.ok()) {
        known_[frame->layout.get()] = Known{frame->layout, message.topic, message.expiry, id};
    }
    return id;
}

StreamId StreamTable::look_up(const Message& message, const Layout& layout) {
    const auto packed = pack_layout(layout);
    std::optional<std::int64_t> expiry_ms;
    if (message.expiry) expiry_ms = message.expiry->count();
    auto* found = &find_;
    if (!find_.query(layout.device, message.topic, expiry_ms, packed)) {
        insert_.query(layout.device, message.topic, expiry_ms, packed);
        found = &insert_;
    }
    if (!database_.ok()) return 0;
    const auto id = found->integer(0);
    while (found->step()) {
    }
    found->finish();
    return static_cast<StreamId>(id);
}

const Stream* StreamCatalog::find(StreamId id) {
    const auto it = streams_.find(id);
    if (it != streams_.end()) return &it->second;
    sqlite::Statement row(database_, "SELECT layout, topic, expiry_ms FROM streams WHERE id = ?");
    if (!row.query(id)) return nullptr;
    Stream stream{id, unpack_layout(row.blob(0)), row.text(1), std::nullopt};
    if (const auto expiry_ms = row.optional_integer(2)) stream.expiry = Duration{*expiry_ms};
    return &streams_.emplace(id, std::move(stream)).first->second;
}

std::vector<const Stream*> StreamCatalog::of_device(std::string_view device) {
    std::vector<StreamId> ids;
    sqlite::Statement rows(database_, "SELECT id FROM streams WHERE device = ? ORDER BY id");
    for (bool more = rows.query(device); more; more = rows.step()) {
        ids.push_back(static_cast<StreamId>(rows.integer(0)));
    }
    std::vector<const Stream*> streams;
    for (const auto id : ids) {
        if (const auto* stream = find(id)) streams.push_back(stream);
    }
    return streams;
}

}  // namespace sitepower
