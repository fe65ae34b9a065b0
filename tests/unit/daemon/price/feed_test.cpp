// Feeds as they are in the field: files that are missing or huge, web servers that are slow, wrong or long.
#include "daemon/price/feed.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <thread>

#include "tests/support/process.hpp"
#include "tests/support/web_server.hpp"

namespace sitepower::feed_test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr Time now = from_ms(1'795'328'068'123);

class Feed : public testing::Test {
  protected:
    std::string file(std::string_view text) {
        const auto path = directory_.path() / "prices.csv";
        support::write_file(path, text);
        return path.string();
    }
    Result<std::vector<PriceStep>> look(PriceFile from) {
        settings_.source = std::move(from);
        return read_feed(settings_, now, stop_);
    }
    Result<std::vector<PriceStep>> look(PriceAddress from) {
        settings_.source = std::move(from);
        return read_feed(settings_, now, stop_);
    }
    PriceAddress address(const std::string& path = "/prices") {
        PriceAddress at;
        at.url = server_.address() + path;
        at.form = PricePointers{.list = {}, .time = "", .price = "/price"};
        return at;
    }
    std::string refusal(PriceAddress from) {
        const auto found = look(std::move(from));
        EXPECT_FALSE(found);
        return found ? "" : found.error().message;
    }

    support::TemporaryDirectory directory_;
    support::WebServer server_;
    PriceSettings settings_;
    std::atomic<bool> stop_{false};
};

TEST_F(Feed, ReadsAFile) {
    const auto found = look(
        PriceFile{file("time,price\n2026-11-26T00:00:00Z,100\n2026-11-26T01:00:00Z,50\n"), PriceColumns{}});
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_THAT(
        *found,
        ElementsAre(
            PriceStep{*parse_time("2026-11-26T00:00:00Z"), *parse_time("2026-11-26T01:00:00Z"), 0.1},
            PriceStep{*parse_time("2026-11-26T01:00:00Z"), *parse_time("2026-11-26T02:00:00Z"), 0.05}));
}

TEST_F(Feed, SaysWhatIsWrongWithAFile) {
    const auto missing = look(PriceFile{"/nowhere/prices.csv", PriceColumns{}});
    ASSERT_FALSE(missing);
    EXPECT_THAT(missing.error().message, HasSubstr("/nowhere/prices.csv: the file cannot be opened"));
    const auto wrong = look(PriceFile{file("time,cost\n"), PriceColumns{}});
    ASSERT_FALSE(wrong);
    EXPECT_THAT(wrong.error().message, HasSubstr("prices.csv: line 1: there is no column \"price\""));
    const auto path = file("time,price\n");
    std::filesystem::resize_file(path, longest_price_file + 1);
    const auto huge = look(PriceFile{path, PriceColumns{}});
    ASSERT_FALSE(huge);
    EXPECT_THAT(huge.error().message, HasSubstr("larger than 16 MiB"));
    const auto pipe = (directory_.path() / "pipe.csv").string();
    ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
    const auto refused = look(PriceFile{pipe, PriceColumns{}});
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("pipe.csv: it is no regular file"));
}

TEST_F(Feed, AsksAnAddressForJsonAndCsv) {
    server_.answer_body(R"({"price": 84.5})");
    settings_.stale_after = 45min;
    const auto found = look(address());
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_THAT(*found, ElementsAre(PriceStep{now, now + 45min, 0.0845}));
    server_.answer_body("time;price\n1795327200;10\n");
    auto csv = address();
    csv.form = PriceColumns{};
    EXPECT_TRUE(look(csv));
    EXPECT_THAT(server_.requests().at(0), HasSubstr("GET /prices HTTP/1.1"));
}

TEST_F(Feed, TheKeyGoesWhereItsMarkStandsAndIntoNoMessage) {
    server_.answer_body(R"({"price": 1})");
    auto with_key = address("/prices?token={key}");
    with_key.key = "s3cret";
    with_key.key_header = "Authorization: Bearer {key}";
    EXPECT_TRUE(look(with_key));
    EXPECT_THAT(server_.requests().at(0), HasSubstr("GET /prices?token=s3cret "));
    EXPECT_THAT(server_.requests().at(0), HasSubstr("Authorization: Bearer s3cret\r\n"));
    server_.answer("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    const auto why = refusal(with_key);
    EXPECT_THAT(why, HasSubstr("it answers 403"));
    EXPECT_THAT(why, Not(HasSubstr("s3cret")));
}

TEST_F(Feed, RefusesWhatIsNoGoodAnswer) {
    server_.answer("HTTP/1.1 302 Found\r\nLocation: http://example.com/\r\nContent-Length: 0\r\n\r\n");
    EXPECT_THAT(refusal(address()), HasSubstr("a redirection"));
    server_.answer_body("not JSON");
    EXPECT_THAT(refusal(address()), HasSubstr("it is no JSON"));
    server_.answer("rubbish\r\n\r\n");
    EXPECT_THAT(refusal(address()), HasSubstr(server_.address()));
    auto closed = address();
    closed.url = "http://127.0.0.1:" + std::to_string(support::free_port()) + "/";
    EXPECT_THAT(refusal(closed), HasSubstr("connect"));
    auto elsewhere = address();
    elsewhere.url = "file:///etc/passwd";
    EXPECT_FALSE(look(elsewhere)) << "no other protocol";
}

TEST_F(Feed, AnAnswerHasALimit) {
    server_.answer_body(std::string(longest_price_reply + 1, ' '));
    EXPECT_THAT(refusal(address()), HasSubstr("longer than 4 MiB"));
}

TEST_F(Feed, AServerThatSaysNothingDoesNotHoldUpTheEnd) {
    std::thread ends([this] {
        EXPECT_TRUE(support::eventually(20s, [this] { return !server_.requests().empty(); }));
        stop_ = true;
    });
    EXPECT_FALSE(look(address()));
    ends.join();
}

}  // namespace
}  // namespace sitepower::feed_test
