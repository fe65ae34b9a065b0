#include "core/forecast/blob.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>

namespace sitepower::forecast::blob_test {
namespace {

constexpr std::uint32_t kind = 7;
constexpr std::uint32_t version = 3;

std::vector<std::byte> example() {
    BlobWriter writer;
    writer.put(42);
    writer.put(std::numeric_limits<double>::quiet_NaN());
    writer.put_all(std::span<const double>(std::array{1.0, -0.0, 1e-310}));
    return writer.finish(kind, version);
}

TEST(Blob, GivesBackWhatWasPut) {
    const auto blob = example();
    auto reader = BlobReader::open(blob, kind, version);
    ASSERT_TRUE(reader) << reader.error().message;
    EXPECT_EQ(reader->get<int>(), 42);
    EXPECT_TRUE(std::isnan(reader->get<double>()));
    std::vector<double> values;
    reader->get_all(values, 10);
    EXPECT_EQ(values, (std::vector<double>{1.0, -0.0, 1e-310}));
    EXPECT_TRUE(std::signbit(values[1]));
    EXPECT_TRUE(reader->finished());
}

TEST(Blob, EveryChangedBitAndEveryCutIsRefused) {
    const auto blob = example();
    for (std::size_t i = 0; i < blob.size(); ++i) {
        if (i >= 12 && i < 16) continue;  // reserved
        auto changed = blob;
        changed[i] ^= std::byte{4};
        EXPECT_FALSE(BlobReader::open(changed, kind, version)) << i;
        EXPECT_FALSE(BlobReader::open(std::span(blob).first(i), kind, version)) << i;
    }
}

TEST(Blob, AnotherKindOrVersionIsRefusedWithTheReason) {
    const auto blob = example();
    EXPECT_FALSE(BlobReader::open(blob, kind + 1, version));
    const auto newer = BlobReader::open(blob, kind, version + 1);
    ASSERT_FALSE(newer);
    EXPECT_NE(newer.error().message.find("version 3"), std::string::npos);
}

TEST(Blob, ReadingTooMuchGivesZerosAndSaysSo) {
    const auto blob = example();
    auto reader = BlobReader::open(blob, kind, version);
    ASSERT_TRUE(reader);
    std::vector<double> values;
    reader->get<int>();
    reader->get<double>();
    reader->get_all(values, 2);
    EXPECT_FALSE(reader->ok()) << "three values, two allowed";
    EXPECT_TRUE(values.empty());
    EXPECT_EQ(reader->get<double>(), 0);
}

TEST(Blob, AStateOfAnotherShapeIsRefused) {
    const auto blob = example();
    auto reader = BlobReader::open(blob, kind, version);
    ASSERT_TRUE(reader);
    reader->get<int>();
    reader->get<double>();
    std::array<double, 4> four{};
    reader->get_all(std::span<double>(four));
    EXPECT_FALSE(reader->ok());
}

}  // namespace
}  // namespace sitepower::forecast::blob_test
