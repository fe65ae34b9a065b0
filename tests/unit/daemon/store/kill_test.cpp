// SIGKILL at random moments: what a child has reported as committed is there afterwards, under its own epoch.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <random>
#include <set>
#include <sstream>

#include "tests/support/process.hpp"
#include "tests/unit/daemon/store/fixture.hpp"

namespace sitepower::kill_test {
namespace {

constexpr const char* directory_variable = "SITEPOWER_KILL_TEST_DIRECTORY";

// Not a test by itself: the child of the one below. Says its epoch, then again and again how many of its rows
// have been committed; ends by the signal, or after half a minute.
TEST(StoreKill, DISABLED_Child) {
    const char* directory = std::getenv(directory_variable);
    if (directory == nullptr) GTEST_SKIP() << "runs as a child only";
    StoreSettings settings;
    settings.directory = directory;
    settings.commit_interval = Duration{2};
    RecordingObserver observer;
    auto store = Store::open(settings, observer);
    ASSERT_TRUE(store) << store.error().message;
    const auto epoch = (*store)->report().epoch;
    std::cout << "epoch " << epoch.number << " " << epoch.bits << std::endl;
    (*store)->start();
    const auto layout = make_layout("UPS-01");
    std::uint64_t said = 0;
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    for (std::uint64_t i = 1; std::chrono::steady_clock::now() < end; ++i) {
        const auto frame =
            make_frame(layout, test_start + Duration{1000} * i, {1, static_cast<std::int64_t>(i), 3});
        (*store)->append(MessageRow{reading_message(epoch, i, i, frame)});
        const auto committed = (*store)->counters().rows;
        if (committed != said) std::cout << "committed " << committed << std::endl;
        said = committed;
        std::this_thread::sleep_for(std::chrono::microseconds(300));
    }
}

struct Report {
    std::int64_t number = 0;
    std::uint64_t bits = 0;
    std::uint64_t committed = 0;
};

Report read_report(const std::string& output) {
    Report report;
    std::istringstream lines(output.substr(0, output.rfind('\n') + 1));
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string word;
        words >> word;
        if (word == "epoch") words >> report.number >> report.bits;
        if (word == "committed") words >> report.committed;
    }
    return report;
}

TEST(StoreKill, WhatWasReportedAsCommittedIsThere) {
    TemporaryDirectory directory;
    TemporaryDirectory outputs;
    std::mt19937 random(20261122);
    std::vector<Report> reports;
    for (int run = 0; run < 20; ++run) {
        support::Process child(
            {"/proc/self/exe", "--gtest_also_run_disabled_tests", "--gtest_filter=StoreKill.DISABLED_Child"},
            outputs.path() + "/" + std::to_string(run),
            {std::string(directory_variable) + "=" + directory.path()});
        ASSERT_TRUE(eventually([&] { return read_report(child.output()).committed > 0; })) << child.output();
        std::this_thread::sleep_for(std::chrono::milliseconds(random() % 40));  // the moment is the point
        child.kill();
        reports.push_back(read_report(child.output()));
    }
    std::map<std::uint64_t, std::uint64_t> found;  // epoch bits -> messages
    for (const auto& message : read_outbox(directory.path() + "/sitepower.db", 1000)) {
        EXPECT_EQ(sequence_of(message->key), message->seq);
        EXPECT_EQ(++found[message->epoch_bits], message->seq) << "in order, without gaps";
    }
    std::set<std::uint64_t> epochs;
    for (const auto& report : reports) {
        epochs.insert(report.bits);
        EXPECT_GE(found[report.bits], report.committed) << "epoch " << report.number;
    }
    EXPECT_EQ(epochs.size(), reports.size());
    StoreSettings settings;
    settings.directory = directory.path();
    RecordingObserver observer;
    const auto store = Store::open(settings, observer);
    ASSERT_TRUE(store);
    EXPECT_EQ((*store)->report().set_aside, "");
    EXPECT_GT((*store)->report().epoch.number, reports.back().number);
}

}  // namespace
}  // namespace sitepower::kill_test
