#include "daemon/store/frame_block.hpp"

#include <algorithm>
#include <array>
#include <cassert>

namespace sitepower {

namespace {

constexpr std::uint8_t block_version = 1;

// Eight tables, so that eight bytes are taken at once ("slicing by 8", Kounavis and Berry, 2005).
using ChecksumTables = std::array<std::array<std::uint32_t, 256>, 8>;

constexpr ChecksumTables make_checksum_tables() {
    ChecksumTables tables{};
    for (std::uint32_t n = 0; n < 256; ++n) {
        std::uint32_t value = n;
        for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? 0xEDB88320U : 0U);
        tables[0][n] = value;
    }
    for (std::size_t table = 1; table < 8; ++table) {
        for (std::size_t n = 0; n < 256; ++n) {
            const auto before = tables[table - 1][n];
            tables[table][n] = (before >> 8) ^ tables[0][before & 0xff];
        }
    }
    return tables;
}

constexpr ChecksumTables checksum_tables = make_checksum_tables();

BlockHead head_of(const std::vector<BlockEntry>& entries) {
    const auto [first, last] =
        std::ranges::minmax_element(entries, {}, [](const BlockEntry& entry) { return entry.frame->time; });
    return {entries.front().key, entries.back().key, first->frame->time, last->frame->time,
            static_cast<std::uint32_t>(entries.size())};
}

void pack_section(std::span<const BlockEntry> entries, RunStart start, ByteWriter& out) {
    Bytes packed;
    ByteWriter packed_out(packed);
    FramePacker packer(*entries.front().frame->layout, start);
    for (const auto& entry : entries) packer.pack(entry.key, entry.seq, *entry.frame, packed_out);
    out.varint(entries.front().stream);
    out.varint(entries.size());
    out.varint(packed.size());
    out.bytes(packed);
}

}  // namespace

std::uint32_t checksum(std::span<const std::uint8_t> data) {
    std::uint32_t value = 0xFFFFFFFFU;
    const auto& t = checksum_tables;
    while (data.size() >= 8) {
        std::uint32_t low = 0;
        std::uint32_t high = 0;
        std::memcpy(&low, data.data(), 4);
        std::memcpy(&high, data.data() + 4, 4);
        low ^= value;
        value = t[7][low & 0xff] ^ t[6][(low >> 8) & 0xff] ^ t[5][(low >> 16) & 0xff] ^ t[4][low >> 24] ^
                t[3][high & 0xff] ^ t[2][(high >> 8) & 0xff] ^ t[1][(high >> 16) & 0xff] ^ t[0][high >> 24];
        data = data.subspan(8);
    }
    for (const auto byte : data) value = (value >> 8) ^ t[0][(value ^ byte) & 0xff];
    return ~value;
}

PackedBlock pack_block(std::vector<BlockEntry>& entries) {
    assert(!entries.empty());
    PackedBlock block;
    block.head = head_of(entries);
    std::ranges::stable_sort(entries, {}, &BlockEntry::stream);
    ByteWriter out(block.body);
    out.byte(block_version);
    out.fixed(entries.front().epoch_bits);
    out.zigzag(to_ms(block.head.first_time));
    const RunStart start{block.head.first_key, block.head.first_time};
    for (auto from = entries.begin(); from != entries.end();) {
        const auto to = std::find_if(from, entries.end(), [stream = from->stream](const BlockEntry& entry) {
            return entry.stream != stream;
        });
        pack_section({from, to}, start, out);
        from = to;
    }
    out.fixed(checksum(block.body));
    return block;
}

std::optional<BlockView> parse_block(MessageKey first_key, std::span<const std::uint8_t> body) {
    if (body.size() < sizeof(std::uint32_t)) return std::nullopt;
    const auto content = body.first(body.size() - sizeof(std::uint32_t));
    if (ByteReader(body.subspan(content.size())).fixed<std::uint32_t>() != checksum(content)) {
        return std::nullopt;
    }
    ByteReader in(content);
    if (in.byte() != block_version) return std::nullopt;
    BlockView view;
    view.epoch_bits = in.fixed<std::uint64_t>();
    view.start = {first_key, from_ms(in.zigzag())};
    while (!in.failed() && !in.at_end()) {
        const auto stream = in.varint();
        const auto frames = in.varint();
        const auto bytes = in.bytes(in.varint());
        if (stream > UINT32_MAX || frames > block_frames_limit) return std::nullopt;
        view.sections.push_back({static_cast<StreamId>(stream), static_cast<std::uint32_t>(frames), bytes});
    }
    if (in.failed()) return std::nullopt;
    return view;
}

SectionReader::SectionReader(const BlockView& block, const BlockSection& section, const Layout& layout)
    : in_(section.bytes), unpacker_(layout, block.start), left_(section.frames) {}

bool SectionReader::next(StoredFrame& frame) {
    if (left_ == 0 || damaged_) return false;
    --left_;
    damaged_ = !unpacker_.unpack(in_, frame);
    return !damaged_;
}

}  // namespace sitepower
