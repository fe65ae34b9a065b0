#include "daemon/store/frame_block.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "daemon/store/layout_codec.hpp"
#include "tests/unit/daemon/store/fixture.hpp"

namespace sitepower::frame_block_test {
namespace {

// As the definition says it, bit by bit.
std::uint32_t naive_checksum(std::span<const std::uint8_t> data) {
    std::uint32_t value = 0xFFFFFFFFU;
    for (const auto byte : data) {
        value ^= byte;
        for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? 0xEDB88320U : 0U);
    }
    return ~value;
}

Bytes random_bytes(std::mt19937_64& random, std::size_t size) {
    Bytes bytes(size);
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
    return bytes;
}

TEST(Checksum, IsTheOneOfTheStandard) {
    const std::string check = "123456789";
    EXPECT_EQ(checksum(std::span(reinterpret_cast<const std::uint8_t*>(check.data()), check.size())),
              0xCBF43926U);
    std::mt19937_64 random(3);
    for (std::size_t size = 0; size < 100; ++size) {
        const auto bytes = random_bytes(random, size);
        EXPECT_EQ(checksum(bytes), naive_checksum(bytes)) << size;
    }
}

// Frames of a few streams as one commit would bring them.
struct RandomBlock {
    std::vector<std::shared_ptr<const Layout>> layouts;
    std::vector<FramePtr> frames;
    std::vector<BlockEntry> entries;
};

RandomBlock random_block(std::mt19937_64& random) {
    RandomBlock block;
    const auto streams = 1 + random() % 5;
    for (std::size_t i = 0; i < streams; ++i) {
        block.layouts.push_back(make_layout("D" + std::to_string(i), random() % 9));
    }
    auto key = static_cast<std::int64_t>(random() >> 20);
    const std::uint64_t epoch_bits = random();
    std::map<StreamId, std::uint64_t> seqs;
    const auto count = 1 + random() % 60;
    for (std::size_t i = 0; i < count; ++i) {
        const auto stream = static_cast<StreamId>(random() % streams);
        std::vector<std::int64_t> raw(block.layouts[stream]->points.size());
        for (auto& n : raw) n = static_cast<std::int64_t>(random() % 60'000) - 30'000;
        const auto late = Duration{static_cast<std::int64_t>(random() % 4000) - 2000};
        block.frames.push_back(make_frame(block.layouts[stream],
                                          test_start + Duration{static_cast<std::int64_t>(i)} * 1000 + late,
                                          std::move(raw)));
        key += 1 + static_cast<std::int64_t>(random() % 3);
        block.entries.push_back(
            {stream, epoch_bits, MessageKey{key}, ++seqs[stream], block.frames.back().get()});
    }
    return block;
}

TEST(FrameBlock, GivesBackEachStreamsFramesInTheOrderOfTheirKeys) {
    std::mt19937_64 random(7);
    for (int run = 0; run < 300; ++run) {
        auto block = random_block(random);
        const auto by_key = block.entries;
        const auto packed = pack_block(block.entries);
        EXPECT_EQ(packed.head.first_key, by_key.front().key);
        EXPECT_EQ(packed.head.last_key, by_key.back().key);
        EXPECT_EQ(packed.head.frames, by_key.size());

        const auto view = parse_block(packed.head.first_key, packed.body);
        ASSERT_TRUE(view);
        EXPECT_EQ(view->epoch_bits, by_key.front().epoch_bits);
        std::size_t seen = 0;
        for (const auto& section : view->sections) {
            SectionReader frames(*view, section, *block.layouts[section.stream]);
            StoredFrame stored;
            for (const auto& entry : by_key) {
                if (entry.stream != section.stream) continue;
                ASSERT_TRUE(frames.next(stored));
                EXPECT_EQ(stored.key, entry.key);
                EXPECT_EQ(stored.seq, entry.seq);
                EXPECT_EQ(stored.time, entry.frame->time);
                EXPECT_GE(stored.time, packed.head.first_time);
                EXPECT_LE(stored.time, packed.head.last_time);
                EXPECT_EQ(stored.values, entry.frame->values);
                ++seen;
            }
            EXPECT_FALSE(frames.next(stored));
            EXPECT_FALSE(frames.damaged());
        }
        EXPECT_EQ(seen, by_key.size());
    }
}

TEST(FrameBlock, EveryFlippedBitAndEveryCutIsNoticed) {
    std::mt19937_64 random(8);
    auto block = random_block(random);
    const auto packed = pack_block(block.entries);
    for (std::size_t bit = 0; bit < packed.body.size() * 8; ++bit) {
        auto body = packed.body;
        body[bit / 8] = static_cast<std::uint8_t>(body[bit / 8] ^ (1U << (bit % 8)));
        EXPECT_FALSE(parse_block(packed.head.first_key, body)) << bit;
    }
    for (std::size_t size = 0; size < packed.body.size(); ++size) {
        EXPECT_FALSE(parse_block(packed.head.first_key, std::span(packed.body).first(size))) << size;
    }
}

TEST(FrameBlock, AFormOfALaterVersionIsNotGuessedAt) {
    std::mt19937_64 random(9);
    auto block = random_block(random);
    auto body = pack_block(block.entries).body;
    body.resize(body.size() - sizeof(std::uint32_t));
    body[0] = 2;
    const auto sum = checksum(body);
    ByteWriter(body).fixed(sum);
    EXPECT_FALSE(parse_block(MessageKey{1}, body));
}

TEST(FrameBlock, ALayoutThatIsNotTheSectionsOwnIsDamageNotNumbers) {
    std::mt19937_64 random(10);
    for (int run = 0; run < 50; ++run) {
        auto block = random_block(random);
        const auto packed = pack_block(block.entries);
        const auto view = parse_block(packed.head.first_key, packed.body);
        ASSERT_TRUE(view);
        const auto wider = make_layout("X", 500);
        SectionReader frames(*view, view->sections.front(), *wider);
        StoredFrame stored;
        while (frames.next(stored)) {
        }
        EXPECT_TRUE(frames.damaged());
    }
}

TEST(LayoutCodec, GivesBackAnyLayoutAndRefusesEveryCut) {
    std::mt19937_64 random(11);
    for (int run = 0; run < 100; ++run) {
        Layout layout = *make_layout("BM-" + std::to_string(run), random() % 20);
        layout.device_index = DeviceIndex{static_cast<std::uint32_t>(random())};
        layout.first_slot = static_cast<std::uint32_t>(random());
        layout.period = Duration{static_cast<std::int64_t>(random() % 100'000)};
        for (auto& point : layout.points) point.offset = static_cast<double>(random() % 1000) / 7;
        const auto packed = pack_layout(layout);
        const auto back = unpack_layout(packed);
        ASSERT_TRUE(back);
        EXPECT_EQ(back->device, layout.device);
        EXPECT_EQ(back->device_index, layout.device_index);
        EXPECT_EQ(back->group, layout.group);
        EXPECT_EQ(back->period, layout.period);
        EXPECT_EQ(back->first_slot, layout.first_slot);
        ASSERT_EQ(back->points.size(), layout.points.size());
        for (std::size_t i = 0; i < layout.points.size(); ++i) {
            EXPECT_EQ(back->points[i].name, layout.points[i].name);
            EXPECT_EQ(back->points[i].unit, layout.points[i].unit);
            EXPECT_EQ(back->points[i].scale, layout.points[i].scale);
            EXPECT_EQ(back->points[i].offset, layout.points[i].offset);
        }
        const auto cut = static_cast<std::size_t>(random() % packed.size());
        EXPECT_FALSE(unpack_layout(std::span(packed).first(cut)));
    }
}

TEST(Bytes, NumbersOfEverySizeReadBackAndNothingIsReadBeyondTheEnd) {
    std::mt19937_64 random(12);
    for (int run = 0; run < 2000; ++run) {
        const auto number = random() >> (random() % 64);
        const auto signed_number = static_cast<std::int64_t>(random()) >> (random() % 64);
        Bytes bytes;
        ByteWriter out(bytes);
        out.varint(number);
        out.zigzag(signed_number);
        EXPECT_LE(bytes.size(), 20U);
        ByteReader in(bytes);
        EXPECT_EQ(in.varint(), number);
        EXPECT_EQ(in.zigzag(), signed_number);
        EXPECT_TRUE(in.at_end());
        EXPECT_EQ(in.byte(), 0);
        EXPECT_TRUE(in.failed());
        EXPECT_FALSE(in.at_end());
    }
    for (const auto number : {INT64_MIN, INT64_MIN + 1, std::int64_t{-1}, std::int64_t{0}, INT64_MAX}) {
        EXPECT_EQ(from_zigzag(to_zigzag(number)), number);
    }
    const Bytes endless(11, 0xff);
    ByteReader in(endless);
    in.varint();
    EXPECT_TRUE(in.failed()) << "a number has at most ten bytes";
    const Bytes long_text{0xff, 0xff, 0x01, 'x'};
    ByteReader text(long_text);
    EXPECT_EQ(text.text(), "");
    EXPECT_TRUE(text.failed());
}

}  // namespace
}  // namespace sitepower::frame_block_test
