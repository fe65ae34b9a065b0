// The yardstick of `polling`: one thread per device, each with a blocking libmodbus read after the other, and
// nothing done with what was read. Runs until SIGTERM.
#include <modbus.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <thread>
#include <vector>

namespace {

using Device = std::unique_ptr<modbus_t, decltype(&modbus_free)>;

void poll(int port, int count) {
    const Device device(modbus_new_tcp("127.0.0.1", port), &modbus_free);
    modbus_set_slave(device.get(), 1);
    if (modbus_connect(device.get()) != 0) {
        std::perror("connect");
        std::exit(1);
    }
    std::vector<std::uint16_t> registers(static_cast<std::size_t>(count));
    while (modbus_read_registers(device.get(), 0, count, registers.data()) == count) {
    }
    std::perror("read");
    std::exit(1);
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("reads devices as fast as they answer");
    std::vector<int> ports;
    int registers = 100;
    app.add_option("--devices", ports, "TCP ports on the loopback interface")->delimiter(',')->required();
    app.add_option("--registers", registers);
    CLI11_PARSE(app, argc, argv);
    std::vector<std::jthread> threads;
    for (const int port : ports) {
        threads.emplace_back(poll, port, registers);
    }
}
