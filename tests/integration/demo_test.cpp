// The demo as its user meets it: a terminal that is closed leaves nothing behind.
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <regex>

#include "tests/support/process.hpp"

namespace sitepower::integration::demo_test {
namespace {

using namespace std::chrono_literals;

TEST(Demo, ShowsAPlanAndLeavesNothingBehindWhenTheTerminalIsClosed) {
    if (access("/usr/sbin/mosquitto", X_OK) != 0) GTEST_SKIP() << "no mosquitto on this machine";
    const support::TemporaryDirectory directory;
    support::Process demo({SITEPOWER_SOURCE_DIR "/config/demo/run", SITEPOWER_BINARY_DIR},
                          directory.path() / "output");
    ASSERT_TRUE(support::eventually(60s, [&] {
        return demo.output().find("Ctrl-C stops everything") != std::string::npos || !demo.running();
    }));
    const auto output = demo.output();
    std::smatch found;
    ASSERT_TRUE(std::regex_search(output, found, std::regex("/tmp/sitepower-demo-\\w+"))) << output;
    const auto place = found.str();
    EXPECT_TRUE(std::filesystem::exists(place));
    EXPECT_TRUE(support::eventually(30s, [&] {
        support::Process plan({SITEPOWER_BINARY_DIR "/sitepowerctl", "--socket", place + "/api.sock", "plan"},
                              directory.path() / "plan");
        return plan.wait(10s) == 0;
    }));
    std::string control;
    EXPECT_TRUE(support::eventually(60s, [&] {
        support::Process shown(
            {SITEPOWER_BINARY_DIR "/sitepowerctl", "--socket", place + "/api.sock", "control"},
            directory.path() / "control");
        shown.wait(10s);
        control = shown.output();
        return control.find("controlling") != std::string::npos;
    })) << control;
    demo.signal(SIGHUP);
    EXPECT_EQ(demo.wait(30s), 0) << demo.output();
    EXPECT_FALSE(std::filesystem::exists(place));
}

}  // namespace
}  // namespace sitepower::integration::demo_test
