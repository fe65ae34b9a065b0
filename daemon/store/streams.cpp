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

}  // namespace sitepower
