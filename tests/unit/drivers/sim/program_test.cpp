// The whole program in a process of its own: what it prints, takes and leaves behind.
#include "drivers/sim/program.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <modbus/modbus.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

#include "drivers/sim/control_socket.hpp"

namespace sitepower::sim::program_test {
namespace {

constexpr int start_failed = 9;

class Program : public testing::Test {
  protected:
    Program()
        : directory_(std::filesystem::path(testing::TempDir()) /
                     ("sim-program-" + std::to_string(getpid()))) {
        std::filesystem::create_directories(directory_);
        options_.directory = directory_;
        options_.profile_directory = SITEPOWER_SOURCE_DIR "/config/devices";
        options_.port_base = 0;
    }
    ~Program() override {
        if (child_ > 0) stop();
        std::filesystem::remove_all(directory_);
        std::filesystem::remove(output_file());
    }

    std::string output_file() const { return directory_.string() + ".out"; }

    std::string output() const {
        std::ostringstream text;
        text << std::ifstream(output_file()).rdbuf();
        return text.str();
    }

    void launch() {
        std::fflush(stdout);  // or the child would print what waits there once more
        child_ = fork();
        if (child_ == 0) run_in_child();
    }

    // True once the program says that it is ready.
    bool start() {
        launch();
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (output().find("ready\n") == std::string::npos) {
            if (std::chrono::steady_clock::now() > deadline) return false;
            std::this_thread::yield();
        }
        return true;
    }

    // Asks it to stop and returns its exit code.
    int stop() {
        kill(child_, SIGTERM);
        return wait_for_end();
    }

    int wait_for_end() {
        int status = 0;
        waitpid(child_, &status, 0);
        child_ = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }

    std::filesystem::path directory_;
    ProgramOptions options_;
    pid_t child_ = -1;

  private:
    [[noreturn]] void run_in_child() const {
        int code = start_failed;
        if (std::freopen(output_file().c_str(), "w", stdout) != nullptr) {
            try {
                code = run_program(options_);
            } catch (const std::exception& error) {
                std::fputs(error.what(), stdout);
            }
            std::fflush(stdout);
        }
        _exit(code);  // without the test framework's own end
    }
};

TEST_F(Program, ServesIsToldAndLeavesNothingBehind) {
    ASSERT_TRUE(start()) << output();
    EXPECT_NE(output().find("MTR-02  Modbus RTU " + (directory_ / "ttySIM0").string() + " unit 2"),
              std::string::npos)
        << output();
    EXPECT_TRUE(tell(directory_, "mains fail"));
    const auto status = tell(directory_, "status");
    ASSERT_TRUE(status) << status.error().message;
    EXPECT_NE(status->find("mains failed"), std::string::npos) << *status;
    const auto refused = tell(directory_, "mains explode");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::validation_error);

    EXPECT_EQ(stop(), 0);
    EXPECT_NE(output().find("stopped\n"), std::string::npos);
    EXPECT_TRUE(std::filesystem::is_empty(directory_));
}

TEST_F(Program, ServesFleets) {
    options_.fleet = "2x3";
    ASSERT_TRUE(start()) << output();
    const std::string text = output();
    const auto at = text.rfind("127.0.0.1:") + 10;
    modbus_t* client = modbus_new_tcp("127.0.0.1", std::stoi(text.substr(at)));
    ASSERT_EQ(modbus_connect(client), 0);
    modbus_set_slave(client, 3);
    std::uint16_t words[6] = {};
    EXPECT_EQ(modbus_read_registers(client, 0, 6, words), 6);
    modbus_close(client);
    modbus_free(client);
    EXPECT_EQ(stop(), 0);
}

// What libmodbus reads is what the file says; after its end the port is closed.
TEST_F(Program, PlaysARecording) {
    options_.play = directory_ / "battery.csv";
    std::ofstream(options_.play) << "t_s,voltage_v,current_a,temp_c,ah\n0,3.75,-1.5,25,0\n2,3.5,-2,25,0\n";
    ASSERT_TRUE(start()) << output();
    const std::string text = output();
    const int port = std::stoi(text.substr(text.find("127.0.0.1:") + 10));
    modbus_t* client = modbus_new_tcp("127.0.0.1", port);
    ASSERT_EQ(modbus_connect(client), 0);
    modbus_set_slave(client, 1);
    std::uint16_t words[10] = {};
    ASSERT_EQ(modbus_read_registers(client, 0, 10, words), 10);
    EXPECT_THAT(modbus_get_float_abcd(words + 2), testing::AnyOf(3.75F, 3.5F));
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (output().find("the recording is over") == std::string::npos) {
        ASSERT_LT(std::chrono::steady_clock::now(), deadline) << output();
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    modbus_close(client);
    EXPECT_EQ(modbus_connect(client), -1) << "a battery that was taken away";
    modbus_free(client);
    EXPECT_EQ(stop(), 0);

    std::ofstream(options_.play) << "t_s,voltage_v\n0,1\n";
    launch();
    EXPECT_EQ(wait_for_end(), start_failed);
    EXPECT_NE(output().find("battery.csv:1: a battery to play needs columns"), std::string::npos) << output();
}

TEST_F(Program, ServesBlocks) {
    options_.bench_devices = 3;
    options_.units_per_port = 2;
    ASSERT_TRUE(start()) << output();
    EXPECT_NE(output().find("units 1 to 2: 100 holding registers each"), std::string::npos) << output();
    EXPECT_EQ(stop(), 0);
}

TEST_F(Program, SaysWhyItCannotStart) {
    options_.fleet = "many";
    launch();
    EXPECT_EQ(wait_for_end(), start_failed);
    EXPECT_NE(output().find("--fleet many: expected GATEWAYSxJARS"), std::string::npos) << output();

    options_.fleet.clear();
    options_.profile_directory = "/nowhere";
    launch();
    EXPECT_EQ(wait_for_end(), start_failed);
    EXPECT_NE(output().find("/nowhere/sim-ups.toml"), std::string::npos) << output();
    EXPECT_TRUE(std::filesystem::is_empty(directory_));
}

}  // namespace
}  // namespace sitepower::sim::program_test
