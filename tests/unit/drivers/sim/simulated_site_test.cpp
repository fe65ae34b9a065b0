#include "drivers/sim/simulated_site.hpp"

#include <gtest/gtest.h>
#include <modbus/modbus.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>

#include "drivers/sim/bench_units.hpp"
#include "drivers/sim/control_socket.hpp"

namespace sitepower::sim::simulated_site_test {
namespace {

using std::chrono::milliseconds;

struct CloseModbus {
    void operator()(modbus_t* context) const {
        modbus_close(context);
        modbus_free(context);
    }
};
using Modbus = std::unique_ptr<modbus_t, CloseModbus>;

// Serves on a thread of its own while a blocking client asks.
class Serving {
  public:
    explicit Serving(Server& server)
        : thread_([this, &server] {
              while (!stop_) server.run_once(milliseconds(5));
          }) {}
    ~Serving() {
        stop_ = true;
        thread_.join();
    }
    Serving(const Serving&) = delete;
    Serving& operator=(const Serving&) = delete;

  private:
    std::atomic<bool> stop_{false};
    std::thread thread_;
};

class SimulatedSiteTest : public testing::Test {
  protected:
    SimulatedSiteTest()
        : directory_(std::filesystem::path(testing::TempDir()) / ("sim-site-" + std::to_string(getpid()))) {
        std::filesystem::create_directories(directory_);
    }
    ~SimulatedSiteTest() override { std::filesystem::remove_all(directory_); }

    SiteOptions options() const {
        SiteOptions options;
        options.directory = directory_;
        options.profile_directory = SITEPOWER_SOURCE_DIR "/config/devices";
        options.port_base = 0;
        return options;
    }

    std::filesystem::path directory_;
};

Command command(const std::string& text) {
    return parse_command(text).value();
}

TEST_F(SimulatedSiteTest, LibmodbusReadsTheUpsOverTcp) {
    Server server;
    SimulatedSite site(options(), server);
    const auto port = server.port(0);
    const Serving serving(server);
    const Modbus client(modbus_new_tcp("127.0.0.1", port));
    ASSERT_EQ(modbus_connect(client.get()), 0);
    modbus_set_slave(client.get(), 1);
    std::uint16_t words[11] = {};
    ASSERT_EQ(modbus_read_registers(client.get(), 0, 11, words), 11);
    EXPECT_EQ(words[0] & 0x3, 0x1);  // on line, not on battery
    EXPECT_NEAR(words[4] * 0.1, 230, 5);
    EXPECT_EQ(modbus_read_registers(client.get(), 5000, 1, words), -1);
    EXPECT_EQ(errno, EMBXILADD);
    EXPECT_EQ(modbus_read_registers(client.get(), 0, 61, words), -1);
    EXPECT_EQ(errno, EMBXILVAL);
}

TEST_F(SimulatedSiteTest, LibmodbusReadsTheMetersOnTheSerialLine) {
    Server server;
    SimulatedSite site(options(), server);
    const Serving serving(server);
    const Modbus client(modbus_new_rtu((directory_ / "ttySIM0").c_str(), 9600, 'N', 8, 1));
    ASSERT_EQ(modbus_connect(client.get()), 0);
    for (const int unit : {1, 2}) {
        modbus_set_slave(client.get(), unit);
        std::uint16_t words[2] = {};
        ASSERT_EQ(modbus_read_input_registers(client.get(), 12, 2, words), 2) << modbus_strerror(errno);
        const double power_w = modbus_get_float_cdab(words);
        EXPECT_NEAR(power_w / 1000, site.plant().meter(unit - 1).power_kw, 0.01);
    }
}

TEST_F(SimulatedSiteTest, DescribesWhatListensWhere) {
    Server server;
    const SimulatedSite site(options(), server);
    const auto lines = site.description();
    ASSERT_EQ(lines.size(), 7U);
    EXPECT_NE(lines[0].find("UPS-01  Modbus TCP 127.0.0.1:" + std::to_string(server.port(0))),
              std::string::npos);
    EXPECT_NE(lines[4].find("ttySIM0 unit 2"), std::string::npos);
}

TEST_F(SimulatedSiteTest, CarriesOutCommands) {
    Server server;
    SimulatedSite site(options(), server);
    EXPECT_TRUE(site.execute(command("mains fail")));
    site.advance(10);
    EXPECT_TRUE(site.plant().on_battery());
    EXPECT_TRUE(site.execute(command("mains restore")));
    EXPECT_FALSE(site.plant().on_battery());

    EXPECT_TRUE(site.execute(command("jar 2 7 temperature 48")));
    EXPECT_TRUE(site.execute(command("jar 1 36 age 1.6")));
    site.advance(1);
    EXPECT_EQ(site.plant().string(1).jars()[6].temperature_c, 48);
    EXPECT_EQ(site.plant().string(0).jars()[35].age, 1.6);

    EXPECT_TRUE(site.execute(command("device BMS-01 late 0.45")));
    EXPECT_EQ(site.device(2).unit().lateness, milliseconds(450));
    const auto status = site.execute(command("status"));
    ASSERT_TRUE(status);
    EXPECT_NE(status->find("BMS-01  late"), std::string::npos) << *status;
    EXPECT_TRUE(site.execute(command("device BMS-01 return")));
    EXPECT_EQ(site.device(2).unit().lateness.count(), 0);
}

class InverterTest : public SimulatedSiteTest {
  protected:
    InverterTest() : site_(options(), server_) {}

    void set(std::uint16_t address, int word) {
        site_.device(5).unit().bank.set(modbus::Table::holding, address, static_cast<std::uint16_t>(word));
    }
    int word(std::uint16_t address) {
        return static_cast<std::int16_t>(
            site_.device(5).unit().bank.read(modbus::Table::holding, address, 1)->front());
    }
    void run(int seconds) {
        for (int i = 0; i < 5 * seconds; ++i) site_.advance(0.2);
    }
    double pack_kw() const { return site_.plant().pack_power_kw(); }

    Server server_;
    SimulatedSite site_;
};

// The device counts discharging as positive, in 0.1 kW.
TEST_F(InverterTest, FollowsSetpointsWhenItIsTaken) {
    EXPECT_EQ(site_.device(5).id(), "INV-01");
    set(1, 80);
    run(2);
    EXPECT_GE(pack_kw(), 0);  // by itself it keeps the pack charged
    set(0, 1);
    run(2);
    EXPECT_NEAR(pack_kw(), -8, 0.2);
    EXPECT_NEAR(word(10), 80, 2);
    EXPECT_NEAR(site_.plant().meter(2).power_kw, -8, 0.2);
    set(0, 0);
    run(2);
    EXPECT_GE(pack_kw(), 0);
}

TEST_F(InverterTest, TakesItselfBackWhenTheKeepAliveStops) {
    set(0, 1);
    set(1, 80);
    run(60);
    EXPECT_EQ(word(0), 1) << "without a first keep-alive it goes on";
    set(2, 1);
    run(29);
    EXPECT_EQ(word(0), 1);
    EXPECT_EQ(word(2), 0) << "taken";
    run(3);
    EXPECT_EQ(word(0), 0);
    EXPECT_GE(pack_kw(), 0);
}

TEST_F(InverterTest, ItsMannersDiffer) {
    set(0, 1);
    set(1, 100);
    EXPECT_TRUE(site_.execute(command("device INV-01 ignore")));
    run(30);
    EXPECT_GE(pack_kw(), 0);
    EXPECT_TRUE(site_.execute(command("device INV-01 saturate")));
    run(2);
    EXPECT_NEAR(pack_kw(), -4, 0.1);
    EXPECT_TRUE(site_.execute(command("device INV-01 lag")));
    run(15);
    EXPECT_LT(pack_kw(), -5);
    EXPECT_GT(pack_kw(), -9);
    EXPECT_TRUE(site_.execute(command("device INV-01 lie")));
    run(2);
    EXPECT_NEAR(pack_kw(), 0, 0.01);
    EXPECT_EQ(word(10), 100);
    EXPECT_TRUE(site_.execute(command("device INV-01 obey")));
    run(2);
    EXPECT_NEAR(pack_kw(), -10, 0.2);
    EXPECT_FALSE(site_.execute(command("device MTR-01 lie")));
}

TEST_F(SimulatedSiteTest, NamesTheDevicesThereAre) {
    Server server;
    SimulatedSite site(options(), server);
    const auto reply = site.execute(command("device BMS-99 drop"));
    ASSERT_FALSE(reply);
    EXPECT_NE(reply.error().message.find("UPS-01, MON-01, BMS-01, MTR-01, MTR-02"), std::string::npos);
}

TEST_F(SimulatedSiteTest, TimeRunsAsFastAsAsked) {
    Server server;
    SiteOptions fast = options();
    fast.speed = 3600;
    SimulatedSite site(fast, server);
    site.advance(0.5);
    EXPECT_NEAR(site.plant().elapsed_s(), 1800, 1e-6);
}

TEST_F(SimulatedSiteTest, AMissingProfileIsNamed) {
    Server server;
    SiteOptions wrong = options();
    wrong.profile_directory = directory_;
    try {
        const SimulatedSite site(wrong, server);
        FAIL() << "started";
    } catch (const std::runtime_error& error) {
        EXPECT_NE(std::string(error.what()).find("sim-ups.toml"), std::string::npos) << error.what();
    }
}

TEST_F(SimulatedSiteTest, IsToldThroughItsSocket) {
    Server server;
    std::string heard;
    ControlSocket control(directory_, [&heard](const std::string& text) -> Result<std::string> {
        heard = text;
        if (text == "sing")
            return Error{.code = ErrorCode::not_found, .message = "cannot sing", .detail = {}};
        return "heard " + text;
    });
    server.watch(control.fd(), [&control] { control.answer(); });
    const Serving serving(server);
    EXPECT_EQ(tell(directory_, "mains fail").value(), "heard mains fail");
    const auto refused = tell(directory_, "sing");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::validation_error);
    EXPECT_EQ(refused.error().message, "cannot sing");
    EXPECT_THROW(ControlSocket(directory_, {}), std::system_error);  // one simulation for each directory
}

TEST_F(SimulatedSiteTest, TellingNobodyIsAnError) {
    const auto reply = tell(directory_, "status");
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().code, ErrorCode::service_unavailable);
    EXPECT_EQ(tell("/" + std::string(200, 'x'), "status").error().code, ErrorCode::service_unavailable);
}

TEST_F(SimulatedSiteTest, TheControlSocketRemovesItself) {
    {
        const ControlSocket control(directory_, [](const std::string&) { return std::string(); });
    }
    EXPECT_TRUE(std::filesystem::is_empty(directory_));
}

TEST(BenchUnits, BlocksChangeWithEachAnswerAndSayWhenItWasGiven) {
    Server server;
    BenchUnits units;
    units.add_blocks({.devices = 3, .registers = 100, .units_per_port = 2, .port_base = 0, .delay = {}},
                     server);
    ASSERT_EQ(units.ports().size(), 2U);
    const Serving serving(server);
    const Modbus client(modbus_new_tcp("127.0.0.1", units.ports()[0]));
    ASSERT_EQ(modbus_connect(client.get()), 0);
    modbus_set_slave(client.get(), 2);
    std::uint16_t first[100] = {};
    std::uint16_t second[100] = {};
    ASSERT_EQ(modbus_read_registers(client.get(), 0, 100, first), 100);
    ASSERT_EQ(modbus_read_registers(client.get(), 0, 100, second), 100);
    EXPECT_EQ(first[40], 40);
    EXPECT_EQ(second[40], 41);
    const auto stamp = [](const std::uint16_t* words) {
        std::uint64_t microseconds = 0;
        for (int i = 0; i < 4; ++i) microseconds = microseconds << 16 | words[i];
        return std::chrono::microseconds(microseconds);
    };
    EXPECT_GE(stamp(second), stamp(first));
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    EXPECT_LT(now - stamp(second), std::chrono::seconds(10));
}

TEST(BenchUnits, FleetsPutEveryJarBehindItsGateway) {
    Server server;
    BenchUnits units;
    units.add_fleet({.gateways = 2, .jars = 36, .port_base = 0, .delay = {}}, server);
    ASSERT_EQ(units.ports().size(), 2U);
    const Serving serving(server);
    const Modbus client(modbus_new_tcp("127.0.0.1", units.ports()[1]));
    ASSERT_EQ(modbus_connect(client.get()), 0);
    for (const int unit : {1, 36}) {
        modbus_set_slave(client.get(), unit);
        std::uint16_t words[6] = {};
        ASSERT_EQ(modbus_read_registers(client.get(), 0, 6, words), 6);
        EXPECT_NEAR(words[0] * 0.001, 13.65, 0.02);
    }
}

TEST(BenchUnits, FleetSizes) {
    const auto size = parse_fleet("6x36");
    ASSERT_TRUE(size);
    EXPECT_EQ(size->gateways, 6);
    EXPECT_EQ(size->jars, 36);
    for (const char* text : {"", "6", "6x", "x36", "0x36", "6x248", "6x36x1", "6 x 36"}) {
        EXPECT_FALSE(parse_fleet(text)) << text;
    }
}

}  // namespace
}  // namespace sitepower::sim::simulated_site_test
