// The yardstick of `cpu` and `latency`: the shortest program that reads, stores and publishes. One thread:
// libmodbus read, one packed SQLite row (group commit every 5 s), one QoS 1 publish from the thread that runs
// the MQTT loop. It estimates nothing, recovers from nothing, buffers nothing. Runs until SIGTERM.
#include <modbus.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <exception>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "bench/bare/mqtt_loop.hpp"
#include "bench/bare/rows.hpp"
#include "bench/harness/payload.hpp"

namespace {

using namespace sitepower::bench;
using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds commit_interval{5};

struct Arguments {
    std::vector<int> devices;
    std::size_t registers = 100;
    std::int64_t period_us = 1000;
    std::uint16_t broker = 0;
    std::string database;
    std::string payload;
};

class Device {
  public:
    explicit Device(int port) : modbus_(modbus_new_tcp("127.0.0.1", port), &modbus_free) {
        modbus_set_slave(modbus_.get(), 1);
        if (modbus_connect(modbus_.get()) != 0) {
            throw std::runtime_error(modbus_strerror(errno));
        }
    }
    void read(std::vector<std::uint16_t>& registers) {
        const int count = static_cast<int>(registers.size());
        if (modbus_read_registers(modbus_.get(), 0, count, registers.data()) != count) {
            throw std::runtime_error(modbus_strerror(errno));
        }
    }

  private:
    std::unique_ptr<modbus_t, decltype(&modbus_free)> modbus_;
};

// A fixed text in which only the device's time stamp (registers 0 and 1, ten digits) is put in; without a
// text, the registers as they are.
class Payload {
  public:
    explicit Payload(const std::string& file) {
        std::ifstream in(file);
        text_.assign(std::istreambuf_iterator<char>(in), {});
        if (const auto found = find_member(text_, "stamp")) {
            text_.replace(found->first, found->second, stamp_digits, '0');
            stamp_at_ = found->first;
        }
    }
    std::string_view of(const std::vector<std::uint16_t>& registers) {
        if (text_.empty()) {
            return {reinterpret_cast<const char*>(registers.data()), 2 * registers.size()};
        }
        const auto digits = std::to_string(std::uint32_t{registers[0]} << 16 | registers[1]);
        text_.replace(stamp_at_, std::min(digits.size(), stamp_digits), digits);
        return text_;
    }

  private:
    static constexpr std::size_t stamp_digits = 10;
    std::string text_;
    std::size_t stamp_at_ = 0;
};

[[noreturn]] void run(const Arguments& arguments) {
    std::vector<Device> devices(arguments.devices.begin(), arguments.devices.end());
    std::vector<std::string> topics;
    for (std::size_t i = 0; i < devices.size(); ++i) {
        topics.push_back("sitepower/v1/bench/device/DEV-" + std::to_string(i + 1) + "-01/readings");
    }
    BareRows rows(arguments.database);
    BareMqtt broker(arguments.broker);
    Payload payload(arguments.payload);
    std::vector<std::uint16_t> registers(arguments.registers);
    auto committed = Clock::now();
    for (auto due = Clock::now();; due += std::chrono::microseconds(arguments.period_us)) {
        std::this_thread::sleep_until(due);
        for (std::size_t i = 0; i < devices.size(); ++i) {
            devices[i].read(registers);
            rows.append(Clock::now(), i, registers);
            broker.publish(topics[i], payload.of(registers));
        }
        if (Clock::now() - committed >= commit_interval) {
            committed = Clock::now();
            rows.commit();
        }
        broker.run_loop(std::chrono::milliseconds{0});
    }
}

}  // namespace

int main(int argc, char** argv) {
    Arguments arguments;
    CLI::App app("reads, stores and publishes, and nothing else");
    app.add_option("--devices", arguments.devices, "TCP ports on the loopback interface")
        ->delimiter(',')
        ->required();
    app.add_option("--registers", arguments.registers);
    app.add_option("--period-us", arguments.period_us);
    app.add_option("--broker", arguments.broker, "TCP port on the loopback interface")->required();
    app.add_option("--database", arguments.database)->required();
    app.add_option("--payload", arguments.payload, "file with the text to publish; empty: the registers");
    CLI11_PARSE(app, argc, argv);
    try {
        run(arguments);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "bare-chain: %s\n", error.what());
        return 1;
    }
}
