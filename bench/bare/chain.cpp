// The yardstick of `cpu` and `latency`: the shortest program that reads, stores and publishes. One thread:
// libmodbus read, one packed SQLite row (group commit every 5 s), one QoS 1 publish from the thread that runs
// the MQTT loop. It estimates nothing, recovers from nothing, buffers nothing. Runs until SIGTERM.
#include <modbus.h>
#include <mosquitto.h>
#include <sqlite3.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "bench/harness/payload.hpp"

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds commit_interval{5};

struct Arguments {
    std::vector<int> devices;
    int registers = 100;
    std::int64_t period_us = 1000;
    int broker = 0;
    std::string database;
    std::string payload;
};

[[noreturn]] void give_up(const std::string& what, const std::string& why) {
    std::fprintf(stderr, "%s: %s\n", what.c_str(), why.c_str());
    std::exit(1);
}

class Device {
  public:
    explicit Device(int port) : modbus_(modbus_new_tcp("127.0.0.1", port), &modbus_free) {
        modbus_set_slave(modbus_.get(), 1);
        if (modbus_connect(modbus_.get()) != 0) {
            give_up("connect", modbus_strerror(errno));
        }
    }
    void read(std::vector<std::uint16_t>& registers) {
        const int count = static_cast<int>(registers.size());
        if (modbus_read_registers(modbus_.get(), 0, count, registers.data()) != count) {
            give_up("read", modbus_strerror(errno));
        }
    }

  private:
    std::unique_ptr<modbus_t, decltype(&modbus_free)> modbus_;
};

class Rows {
  public:
    explicit Rows(const std::string& path) {
        if (sqlite3_open(path.c_str(), &database_) != SQLITE_OK) {
            give_up("open", path);
        }
        run("PRAGMA journal_mode=WAL");
        run("PRAGMA synchronous=FULL");
        run("CREATE TABLE frame(id INTEGER PRIMARY KEY, time INTEGER, device INTEGER, registers BLOB)");
        sqlite3_prepare_v2(database_, "INSERT INTO frame(time, device, registers) VALUES(?, ?, ?)", -1,
                           &insert_, nullptr);
        run("BEGIN");
    }
    ~Rows() {
        sqlite3_finalize(insert_);
        sqlite3_close(database_);
    }
    Rows(const Rows&) = delete;
    Rows& operator=(const Rows&) = delete;

    void append(Clock::time_point time, std::size_t device, const std::vector<std::uint16_t>& registers) {
        sqlite3_bind_int64(insert_, 1, time.time_since_epoch().count());
        sqlite3_bind_int64(insert_, 2, static_cast<std::int64_t>(device));
        sqlite3_bind_blob(insert_, 3, registers.data(), static_cast<int>(2 * registers.size()),
                          SQLITE_STATIC);
        sqlite3_step(insert_);
        sqlite3_reset(insert_);
    }
    void commit_when_due(Clock::time_point now) {
        if (now - begun_ >= commit_interval) {
            begun_ = now;
            run("COMMIT");
            run("BEGIN");
        }
    }

  private:
    void run(const char* statement) {
        if (sqlite3_exec(database_, statement, nullptr, nullptr, nullptr) != SQLITE_OK) {
            give_up(statement, sqlite3_errmsg(database_));
        }
    }

    sqlite3* database_ = nullptr;
    sqlite3_stmt* insert_ = nullptr;
    Clock::time_point begun_ = Clock::now();
};

// Publishes a fixed text in which only the device's time stamp (registers 0 and 1, ten digits) is put in;
// without a text, the registers as they are.
class Publisher {
  public:
    Publisher(int port, const std::string& payload_file)
        : client_(mosquitto_new("bare-chain", true, nullptr), &mosquitto_destroy) {
        std::ifstream in(payload_file);
        payload_.assign(std::istreambuf_iterator<char>(in), {});
        if (const auto found = sitepower::bench::find_member(payload_, "stamp")) {
            payload_.replace(found->first, found->second, 10, '0');
            stamp_at_ = found->first;
        }
        mosquitto_int_option(client_.get(), MOSQ_OPT_TCP_NODELAY, 1);
        mosquitto_max_inflight_messages_set(client_.get(), 0);
        const int result = mosquitto_connect(client_.get(), "127.0.0.1", port, 60);
        if (result != MOSQ_ERR_SUCCESS) {
            give_up("broker", mosquitto_strerror(result));
        }
    }
    void publish(const std::string& topic, const std::vector<std::uint16_t>& registers) {
        if (payload_.empty()) {
            send(topic, registers.data(), 2 * registers.size());
            return;
        }
        const auto digits = std::to_string(std::uint32_t{registers[0]} << 16 | registers[1]);
        payload_.replace(stamp_at_, std::min<std::size_t>(digits.size(), 10), digits);
        send(topic, payload_.data(), payload_.size());
    }
    void run_loop() {
        const int result = mosquitto_loop(client_.get(), 0, 1);
        if (result != MOSQ_ERR_SUCCESS) {
            give_up("MQTT", mosquitto_strerror(result));
        }
    }

  private:
    void send(const std::string& topic, const void* bytes, std::size_t size) {
        mosquitto_publish(client_.get(), nullptr, topic.c_str(), static_cast<int>(size), bytes, 1, false);
    }

    std::unique_ptr<mosquitto, decltype(&mosquitto_destroy)> client_;
    std::string payload_;
    std::size_t stamp_at_ = 0;
};

[[noreturn]] void run(const Arguments& arguments) {
    std::vector<Device> devices(arguments.devices.begin(), arguments.devices.end());
    std::vector<std::string> topics;
    for (std::size_t i = 0; i < devices.size(); ++i) {
        topics.push_back("sitepower/v1/bench/device/DEV-" + std::to_string(i + 1) + "-01/readings");
    }
    Rows rows(arguments.database);
    Publisher publisher(arguments.broker, arguments.payload);
    std::vector<std::uint16_t> registers(static_cast<std::size_t>(arguments.registers));
    for (auto due = Clock::now();; due += std::chrono::microseconds(arguments.period_us)) {
        std::this_thread::sleep_until(due);
        for (std::size_t i = 0; i < devices.size(); ++i) {
            devices[i].read(registers);
            rows.append(Clock::now(), i, registers);
            publisher.publish(topics[i], registers);
        }
        rows.commit_when_due(Clock::now());
        publisher.run_loop();
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
    mosquitto_lib_init();
    run(arguments);
}
