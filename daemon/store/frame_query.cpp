#include "daemon/store/frame_query.hpp"

#include <algorithm>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "daemon/store/frame_block.hpp"

namespace sitepower {
namespace {

struct KeyedFrame {
    MessageKey key{};
    FramePtr frame;
};

// False: something in it is damaged; what could be read is in `frames`.
bool unpack(StreamCatalog& streams, MessageKey first_key, std::span<const std::uint8_t> body,
            std::vector<KeyedFrame>& frames) {
    const auto view = parse_block(first_key, body);
    if (!view) return false;
    bool is_whole = true;
    for (const BlockSection& section : view->sections) {
        const Stream* stream = streams.find(section.stream);
        if (stream == nullptr || !stream->layout) {
            is_whole = false;
            continue;
        }
        SectionReader reader(*view, section, *stream->layout);
        StoredFrame stored;
        while (reader.next(stored)) {
            auto frame = std::make_shared<Frame>();
            frame->layout = stream->layout;
            frame->time = stored.time;
            frame->clock_synchronised = stored.clock_synchronised;
            frame->values = stored.values;
            frame->quality = stored.quality;
            frames.push_back({stored.key, std::move(frame)});
        }
        is_whole = is_whole && !reader.damaged();
    }
    return is_whole;
}

}  // namespace

FramePage find_frames(Reader::Connection& connection, MessageKey after, Time from, Time to) {
    FramePage page{.last = after};
    sqlite::Statement blocks(connection.database,
                             "SELECT key, last_key, body FROM blocks WHERE key > ? AND last_ms >= ? AND "
                             "first_ms < ? ORDER BY key LIMIT 1");
    if (!blocks.query(static_cast<std::int64_t>(after), to_ms(from), to_ms(to))) {
        page.at_end = true;
        return page;
    }
    std::vector<KeyedFrame> keyed;
    page.is_damaged = !unpack(connection.streams, MessageKey{blocks.integer(0)}, blocks.blob(2), keyed);
    page.last = MessageKey{blocks.integer(0)};
    std::ranges::sort(keyed, {}, &KeyedFrame::key);
    for (KeyedFrame& each : keyed) {
        if (each.frame->time >= from && each.frame->time < to) page.frames.push_back(std::move(each.frame));
    }
    return page;
}

}  // namespace sitepower
