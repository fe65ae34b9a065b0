// A block: the frames of one commit in one row of the table `blocks`, in sections of one stream each, so that
// a reader of one device skips the rest. Ends in a checksum: a flipped bit must not become a wrong number.
// Built on the writer's thread, read on any.
//
// Why one row per commit and not one per frame: a row costs SQLite 13 bytes beside its content and each frame
// its stream, key, time and sequence; a neighbour in the same section makes nearly all of that, and half of
// the values' bytes, predictable. With 216 devices of 6 values it is what keeps the eMMC within its budget.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "core/base/frame.hpp"
#include "daemon/message/message.hpp"
#include "daemon/store/frame_codec.hpp"

namespace sitepower {

// A distinct pair of layout and topic: a row of the table `streams`.
using StreamId = std::uint32_t;

// Limits of one block; a commit with more makes several blocks.
inline constexpr std::size_t block_frames_limit = 4096;
inline constexpr std::size_t block_values_limit = 65'536;  // at most about 600 kB
inline constexpr std::int64_t block_key_span_limit = 32'768;

// What the row says beside the body.
struct BlockHead {
    MessageKey first_key{};  // the row's primary key
    MessageKey last_key{};
    Time first_time{};  // earliest and latest frame
    Time last_time{};
    std::uint32_t frames = 0;
};

struct PackedBlock {
    BlockHead head;
    Bytes body;
};

// A frame on its way into a block.
struct BlockEntry {
    StreamId stream = 0;
    std::uint64_t epoch_bits = 0;  // one for all entries of a block
    MessageKey key{};
    std::uint64_t seq = 0;
    const Frame* frame = nullptr;
};

// Packs entries that are sorted by key, within the limits above, not empty; `entries` ends up sorted by
// stream.
PackedBlock pack_block(std::vector<BlockEntry>& entries);

struct BlockSection {
    StreamId stream = 0;
    std::uint32_t frames = 0;
    std::span<const std::uint8_t> bytes;
};

// A block's body taken apart; points into the body.
struct BlockView {
    std::uint64_t epoch_bits = 0;
    RunStart start;
    std::vector<BlockSection> sections;
};

// nullopt: the body is damaged, or of a form that this version does not know.
std::optional<BlockView> parse_block(MessageKey first_key, std::span<const std::uint8_t> body);

// Walks through the frames of a section in the order of their keys.
class SectionReader {
  public:
    SectionReader(const BlockView& block, const BlockSection& section, const Layout& layout);
    // False at the end, and on damage.
    bool next(StoredFrame& frame);
    bool damaged() const { return damaged_; }

  private:
    ByteReader in_;
    FrameUnpacker unpacker_;
    std::uint32_t left_;
    bool damaged_ = false;
};

// CRC-32 (IEEE 802.3, reflected), as zlib computes it.
std::uint32_t checksum(std::span<const std::uint8_t> data);

}  // namespace sitepower
