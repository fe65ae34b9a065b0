#include "daemon/store/frame_codec.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <limits>
#include <random>

#include "tests/unit/daemon/store/fixture.hpp"

namespace sitepower::frame_codec_test {
namespace {

constexpr std::array scales = {1.0, 0.1, 0.01, 0.001, 1.0 / 3, 2.0, -0.5, 1e-6, 0.0};
constexpr std::array offsets = {0.0, 40.0, -273.15, 3200.0};

std::shared_ptr<const Layout> random_layout(std::mt19937_64& random) {
    Layout layout;
    layout.device = "D";
    layout.points.resize(random() % 40);
    for (auto& point : layout.points) {
        point.name = "p";
        point.scale = scales.at(random() % scales.size());
        point.offset = offsets.at(random() % offsets.size());
    }
    return std::make_shared<const Layout>(std::move(layout));
}

double random_value(std::mt19937_64& random, const LayoutPoint& point) {
    const auto raw = static_cast<double>(static_cast<std::int16_t>(random()));
    switch (random() % 8) {
        case 0:
            return std::bit_cast<double>(random());  // anything, NaN and infinity included
        case 1:
            return static_cast<double>(static_cast<float>(raw) / 7.0F);
        case 2:
            return -0.0;
        case 3:
            return static_cast<double>(static_cast<std::int64_t>(random()));
        default:
            return Scaling(point.scale, point.offset).value(raw);
    }
}

FramePtr random_frame(std::mt19937_64& random, const std::shared_ptr<const Layout>& layout, Time& time) {
    Frame frame;
    frame.layout = layout;
    time += Duration{random() % 20 == 0 ? static_cast<std::int64_t>(random()) >> 20 : 1000};
    frame.time = time;
    frame.clock_synchronised = random() % 4 != 0;
    for (const auto& point : layout->points) {
        frame.values.push_back(random_value(random, point));
        frame.quality.push_back(random() % 3 == 0 ? static_cast<Quality>(random() % 6) : Quality::good);
    }
    return std::make_shared<const Frame>(std::move(frame));
}

TEST(FrameCodec, GivesBackEveryFrameBitForBit) {
    std::mt19937_64 random(1);
    for (int run = 0; run < 500; ++run) {
        const auto layout = random_layout(random);
        const RunStart start{MessageKey{static_cast<std::int64_t>(random() >> 1)}, test_start};
        std::vector<FramePtr> frames;
        std::vector<MessageKey> keys;
        std::vector<std::uint64_t> seqs;
        auto key = static_cast<std::int64_t>(start.key);
        auto time = test_start;
        for (int i = 0; i < 8; ++i) {
            frames.push_back(random_frame(random, layout, time));
            keys.push_back(MessageKey{key});
            seqs.push_back(random() % 5 == 0 ? random() : (seqs.empty() ? 1 : seqs.back() + 1));
            key = static_cast<std::int64_t>(static_cast<std::uint64_t>(key) + random() % 1000);
        }
        Bytes bytes;
        ByteWriter out(bytes);
        FramePacker packer(*layout, start);
        for (std::size_t i = 0; i < frames.size(); ++i) packer.pack(keys[i], seqs[i], *frames[i], out);

        ByteReader in(bytes);
        FrameUnpacker unpacker(*layout, start);
        for (std::size_t i = 0; i < frames.size(); ++i) {
            StoredFrame stored;
            ASSERT_TRUE(unpacker.unpack(in, stored));
            EXPECT_EQ(stored.key, keys[i]);
            EXPECT_EQ(stored.seq, seqs[i]);
            expect_same_frame({layout, stored.time, stored.clock_synchronised, stored.values, stored.quality},
                              *frames[i]);
        }
        EXPECT_TRUE(in.at_end());
    }
}

TEST(FrameCodec, TakesOneBytePerSlowValueAndThreeForTheRest) {
    const auto layout = make_layout("D", 6);
    Bytes bytes;
    ByteWriter out(bytes);
    FramePacker packer(*layout, {MessageKey{1}, test_start});
    for (int i = 0; i < 100; ++i) {
        const auto frame = make_frame(layout, test_start + Duration{1000 * i},
                                      {13'652 + i % 3, 13'650 - i % 5, 13'648, 25'100 + i, 12, 4'012});
        packer.pack(MessageKey{1 + 216 * i}, static_cast<std::uint64_t>(i) + 1, *frame, out);
    }
    // Six values, flags, key, time; the first frames of a run take more.
    EXPECT_LE(bytes.size(), 100 * 9 + 30);
}

TEST(FrameCodec, RefusesWhatIsCutShort) {
    const auto layout = make_layout("D", 6);
    Bytes bytes;
    ByteWriter out(bytes);
    FramePacker packer(*layout, {MessageKey{1}, test_start});
    packer.pack(MessageKey{7}, 3, *make_frame(layout, test_start, {1, 2, 3, 4000, 50'000, 6}), out);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        ByteReader in{std::span(bytes).first(size)};
        FrameUnpacker unpacker(*layout, {MessageKey{1}, test_start});
        StoredFrame stored;
        EXPECT_FALSE(unpacker.unpack(in, stored)) << size;
    }
}

TEST(FrameCodec, GridIndexOnlyForExactMultiples) {
    const Scaling tenths(0.1, 0);
    EXPECT_EQ(grid_index(541.2, tenths), 5412);
    EXPECT_EQ(grid_index(491.4, tenths), 4914);
    EXPECT_EQ(grid_index(4914 * 0.1, tenths), std::nullopt);  // nothing that a decoder makes
    EXPECT_EQ(grid_index(541.25, tenths), std::nullopt);
    EXPECT_EQ(grid_index(-0.0, tenths), std::nullopt);
    EXPECT_EQ(grid_index(std::numeric_limits<double>::quiet_NaN(), tenths), std::nullopt);
    EXPECT_EQ(grid_index(1.0, Scaling(0, 0)), std::nullopt);
    EXPECT_EQ(grid_index(1e300, tenths), std::nullopt);
}

}  // namespace
}  // namespace sitepower::frame_codec_test
