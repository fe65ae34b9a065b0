#include "daemon/journal/journal.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "daemon/journal/messages.hpp"
#include "daemon/journal/rate_limit.hpp"

namespace sitepower::journal::journal_test {
namespace {

TEST(JournalMessages, NamesAndIdsAreUniqueAndWellFormed) {
    std::set<std::string_view> names;
    std::set<std::string_view> ids;
    for (const auto* kind : kinds) {
        EXPECT_TRUE(names.insert(kind->name).second) << kind->name;
        EXPECT_TRUE(ids.insert(kind->message_id).second) << kind->name;
        EXPECT_EQ(kind->message_id.size(), 32U) << kind->name;
        EXPECT_EQ(kind->message_id.find_first_not_of("0123456789abcdef"), std::string_view::npos)
            << kind->name;
        EXPECT_FALSE(kind->subject.empty());
        EXPECT_FALSE(kind->advice.empty());
    }
}

// The sources of the daemon, one after the other.
std::string sources() {
    std::string all;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(SITEPOWER_SOURCE_DIR "/daemon")) {
        if (entry.path().extension() != ".cpp") continue;
        std::ifstream file(entry.path());
        all.append(std::istreambuf_iterator<char>(file), {});
    }
    return all;
}

// "store.max_size_mib" in an advice is a key that an operator will look for in the reference page.
TEST(JournalMessages, AdviceNamesKeysOfTheConfigurationThatExist) {
    std::ifstream page(SITEPOWER_SOURCE_DIR "/docs/configuration.md");
    const std::string reference(std::istreambuf_iterator<char>(page), {});
    const std::regex key(R"(\b(?:store|broker|http|engine|requests)\.([a-z_]+))");
    for (const auto* kind : kinds) {
        const std::string advice(kind->advice);
        for (std::sregex_iterator word(advice.begin(), advice.end(), key), end; word != end; ++word) {
            EXPECT_NE(reference.find("| `" + (*word)[1].str() + "` |"), std::string::npos)
                << kind->name << " names the key " << word->str();
        }
    }
}

// An operator who follows the advice looks for the fields that it names.
TEST(JournalMessages, AreAllSaidAndTheirAdviceNamesFieldsThatAreWritten) {
    const auto code = sources();
    const std::regex field_name(R"(\b[A-Z]{2,}\b)");
    for (const auto* kind : kinds) {
        EXPECT_NE(code.find("journal::" + std::string(kind->name)), std::string::npos)
            << kind->name << " is in the catalogue, and nobody says it";
        const std::string advice(kind->advice);
        for (std::sregex_iterator word(advice.begin(), advice.end(), field_name), end; word != end; ++word) {
            EXPECT_NE(code.find("{\"" + word->str() + "\","), std::string::npos)
                << kind->name << " sends people to the field " << word->str();
        }
    }
}

TEST(RateLimit, LetsABurstThroughAndCountsTheRest) {
    RateLimit limit;
    const RateLimit::TimePoint start{std::chrono::hours{1}};
    for (std::uint32_t i = 0; i < RateLimit::burst; ++i) {
        EXPECT_TRUE(limit.ask(start).allowed);
    }
    EXPECT_FALSE(limit.ask(start).allowed);
    EXPECT_FALSE(limit.ask(start + std::chrono::seconds{29}).allowed);
    const auto next = limit.ask(start + RateLimit::interval);
    EXPECT_TRUE(next.allowed);
    EXPECT_EQ(next.suppressed, 2U);
    EXPECT_EQ(limit.ask(start + RateLimit::interval).suppressed, 0U);
}

TEST(RateLimit, NeverPassesMoreThanItsBurstInAWindowAndCountsEveryOther) {
    std::mt19937 random(1);
    RateLimit limit;
    RateLimit::TimePoint now{std::chrono::hours{1}};
    RateLimit::TimePoint window = now;
    std::uint32_t passed = 0;
    std::uint64_t left_out = 0;
    std::uint64_t told = 0;
    for (int i = 0; i < 20'000; ++i) {
        now += std::chrono::milliseconds{random() % 300};
        const auto verdict = limit.ask(now);
        if (now - window >= RateLimit::interval) {
            window = now;
            passed = 0;
        }
        verdict.allowed ? (void)++passed : (void)++left_out;
        told += verdict.suppressed;
        EXPECT_LE(passed, RateLimit::burst);
        if (verdict.allowed) {
            EXPECT_EQ(told, left_out) << "the next line that passes tells of all that did not";
        }
    }
    EXPECT_GT(left_out, 1000U);
}

TEST(Journal, LinesOfManyThreadsAreWholeAndTheRestIsCounted) {
    ::testing::internal::CaptureStderr();
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([t] {
            for (int i = 0; i < 100; ++i) {
                log(internal_trouble, std::string(50, static_cast<char>('a' + t)), {{"PART", "test"}});
            }
        });
    }
    for (auto& thread : threads) thread.join();
    std::istringstream lines(::testing::internal::GetCapturedStderr());
    std::size_t count = 0;
    for (std::string line; std::getline(lines, line); ++count) {
        ASSERT_GE(line.size(), 50U) << line;
        const auto text = line.substr(line.size() - 50);
        EXPECT_EQ(text, std::string(50, text[0])) << "two lines in one: " << line;
    }
    EXPECT_LE(count, RateLimit::burst);
    EXPECT_GT(count, 0U);
}

TEST(Journal, WritesReadableLinesToATerminal) {
    ::testing::internal::CaptureStderr();
    log(device_offline, "UPS-01 does not answer", {{"DEVICE", "UPS-01"}});
    const auto line = ::testing::internal::GetCapturedStderr();
    EXPECT_NE(line.find("Z warning  UPS-01 does not answer\n"), std::string::npos) << line;
}

TEST(Journal, LeavesOutWhatIsBelowTheLevel) {
    ::testing::internal::CaptureStderr();
    set_level(Priority::error);
    log(device_offline, "not written");
    set_level(Priority::info);
    EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace sitepower::journal::journal_test
