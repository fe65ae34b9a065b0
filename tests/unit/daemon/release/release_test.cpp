// The file that outlives the daemon, and the program's work with it.
#include "daemon/release/release.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "drivers/sim/server.hpp"
#include "tests/support/process.hpp"

namespace sitepower::release_test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class ReleaseTest : public testing::Test {
  protected:
    ReleaseTest() {
        unit_.device = "INV-01";
        unit_.id = 2;
        unit_.bank.define(modbus::Table::holding, 0, 3);
        unit_.bank.allow_writes(modbus::Table::holding, 0, 3);
        unit_.bank.set(modbus::Table::holding, 0, 1);
        channel_ = server_.add_tcp(0);
        server_.add_unit(channel_, unit_);
        serving_ = std::thread([this] {
            while (!stop_) server_.run_once(5ms);
        });
    }
    ~ReleaseTest() override {
        stop_ = true;
        serving_.join();
    }
    ReleaseWrite release() const {
        ReleaseWrite write;
        write.device = "INV-01";
        write.bus.id = "pack";
        write.bus.endpoint = modbus::TcpEndpoint{"127.0.0.1", server_.port(channel_)};
        write.request = {.unit = 2, .address = 0, .words = {0}};
        write.response_timeout = 500ms;
        return write;
    }

    support::TemporaryDirectory directory_;
    sim::Server server_;
    sim::Unit unit_;
    std::size_t channel_ = 0;
    std::atomic<bool> stop_{false};
    std::thread serving_;
};

TEST_F(ReleaseTest, TheFileHoldsWhatIsNeeded) {
    const auto path = (directory_.path() / release_file_name).string();
    EXPECT_THAT(*read_releases(path), IsEmpty()) << "nothing was controlled";
    auto serial = release();
    serial.bus.id = "line";
    serial.bus.endpoint =
        modbus::SerialEndpoint{.path = "/dev/ttyUSB0", .baud = 19200, .parity = modbus::Parity::even};
    serial.request = {
        .unit = 7, .table = modbus::Table::coil, .address = 12, .words = {1, 0}, .multiple = true};
    auto gateway = release();
    gateway.bus.endpoint = modbus::RtuOverTcpEndpoint{"gateway", 8080};
    ASSERT_TRUE(keep_releases(path, {release(), serial, gateway}));
    const auto read = read_releases(path);
    ASSERT_TRUE(read);
    ASSERT_THAT(*read, SizeIs(3));
    EXPECT_EQ(std::get<modbus::TcpEndpoint>((*read)[0].bus.endpoint).port, server_.port(channel_));
    EXPECT_EQ((*read)[0].response_timeout, 500ms);
    const auto& line = std::get<modbus::SerialEndpoint>((*read)[1].bus.endpoint);
    EXPECT_EQ(line.path, "/dev/ttyUSB0");
    EXPECT_EQ(line.baud, 19200);
    EXPECT_EQ(line.parity, modbus::Parity::even);
    EXPECT_EQ((*read)[1].request.table, modbus::Table::coil);
    EXPECT_EQ((*read)[1].request.words, (std::vector<std::uint16_t>{1, 0}));
    EXPECT_TRUE((*read)[1].request.multiple);
    EXPECT_EQ(std::get<modbus::RtuOverTcpEndpoint>((*read)[2].bus.endpoint).host, "gateway");
    ASSERT_TRUE(keep_releases(path, {}));
    EXPECT_FALSE(std::filesystem::exists(path));
    ASSERT_TRUE(keep_releases(path, {}));
}

TEST_F(ReleaseTest, ADamagedFileIsNamed) {
    const auto path = (directory_.path() / release_file_name).string();
    support::write_file(path, "{\"format\": \"sitepower-release-1\", \"writes\": [{}]}");
    const auto read = read_releases(path);
    ASSERT_FALSE(read);
    EXPECT_THAT(read.error().message, HasSubstr("release.json cannot be used"));
    EXPECT_FALSE(keep_releases((directory_.path() / "nowhere" / "x").string(), {release()}));
}

TEST_F(ReleaseTest, HandsBackAndReadsBack) {
    const auto results = release_all({release()}, 3s);
    ASSERT_THAT(results, SizeIs(1));
    EXPECT_TRUE(results[0].done) << results[0].message;
    EXPECT_THAT(results[0].message, HasSubstr("written and read back"));
    EXPECT_EQ(unit_.bank.read(modbus::Table::holding, 0, 1)->front(), 0);
}

TEST_F(ReleaseTest, TriesUntilItsTimeIsOver) {
    auto refused = release();
    refused.request.address = 100;
    auto absent = release();
    absent.device = "INV-02";
    absent.bus.id = "elsewhere";
    absent.bus.endpoint = modbus::TcpEndpoint{"127.0.0.1", 1};
    const auto results = release_all({refused, absent, release()}, 700ms);
    EXPECT_FALSE(results[0].done);
    EXPECT_THAT(results[0].message, HasSubstr("exception 0x02"));
    EXPECT_FALSE(results[1].done);
    EXPECT_THAT(results[1].message, HasSubstr("127.0.0.1:1"));
    EXPECT_TRUE(results[2].done) << "one that refuses keeps no other from its turn";
}

}  // namespace
}  // namespace sitepower::release_test
