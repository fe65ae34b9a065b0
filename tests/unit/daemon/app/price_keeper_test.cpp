// The price keeper with its real thread, a real file and a real web server.
#include "daemon/app/price_keeper.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/process.hpp"
#include "tests/support/web_server.hpp"

namespace sitepower::price_keeper_test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class Keeper : public testing::Test {
  protected:
    Keeper()
        : keeper_({.latest = [](PointRef) -> const LatestValue* { return nullptr; },
                   .keep = [this](PriceRow row) { kept_.push_back(std::move(row)); },
                   .stale = [this](bool holds,
                                   const std::string& message) { told_.push_back(holds ? message : "well"); },
                   .trouble = [this](const std::string& series,
                                     const std::string& why) { troubles_.push_back(series + ": " + why); }}) {
    }
    ~Keeper() override { keeper_.stop(); }

    static Time now() { return std::chrono::floor<Duration>(std::chrono::system_clock::now()); }
    PriceSettings feed(decltype(PriceSettings::source) source) {
        PriceSettings settings;
        settings.id = "energy_price";
        settings.currency = "EUR";
        settings.source = std::move(source);
        return settings;
    }
    // As the loop does.
    bool until(const std::function<bool()>& condition) {
        return support::eventually(20s, [&] {
            keeper_.deliver();
            keeper_.tick(now());
            return condition();
        });
    }

    support::TemporaryDirectory directory_;
    std::vector<PriceRow> kept_;
    std::vector<std::string> told_;
    std::vector<std::string> troubles_;
    PriceKeeper keeper_;
};

TEST_F(Keeper, ReadsStoresAndTellsOfAFile) {
    const auto path = (directory_.path() / "prices.csv").string();
    keeper_.start({feed(PriceFile{path, {}})}, now());
    ASSERT_TRUE(until([&] { return !told_.empty(); }));
    EXPECT_THAT(told_[0], HasSubstr("cannot be opened"));
    const auto hour = std::chrono::floor<std::chrono::hours>(now());
    support::write_file(path,
                        "time,price\n" + format_time(hour) + ",80\n" + format_time(hour + 1h) + ",90\n");
    keeper_.configure({feed(PriceFile{path, {}})}, now());
    ASSERT_TRUE(until([&] { return told_.size() == 2; }));
    EXPECT_EQ(told_[1], "well");
    ASSERT_EQ(kept_.size(), 2U);
    EXPECT_EQ(kept_[0].series, "energy_price");
    EXPECT_DOUBLE_EQ(kept_[0].step.value, 0.08);
    EXPECT_EQ(keeper_.book().find("energy_price")->series.at(now()), kept_[0].step.value);
}

TEST_F(Keeper, AServerThatNeverAnswersDoesNotHoldUpTheStop) {
    support::WebServer server;
    PriceAddress address;
    address.url = server.address();
    keeper_.start({feed(address)}, now());
    ASSERT_TRUE(until([&] { return !server.requests().empty(); }));
    const auto began = std::chrono::steady_clock::now();
    keeper_.interrupt();
    keeper_.stop();
    // The limit of a whole look is 30 s.
    EXPECT_LT(std::chrono::steady_clock::now() - began, 15s);
}

TEST_F(Keeper, TellsTroubleOncePerCauseAndAtMostOnceAMinute) {
    const auto begin = now();
    keeper_.start({feed(PriceTopic{"market", {{}, "", ""}})}, begin);
    keeper_.hear("market", "80", begin);
    keeper_.hear("market", "junk", begin + 1s);
    keeper_.tick(begin + 1s);
    keeper_.hear("market", "junk", begin + 70s);
    keeper_.tick(begin + 70s);
    EXPECT_THAT(troubles_, testing::ElementsAre("energy_price: it is no JSON"));
    EXPECT_THAT(told_, testing::IsEmpty()) << "the price of the present is known all the same";
    keeper_.hear("market", "null", begin + 71s);
    keeper_.tick(begin + 71s);
    keeper_.hear("market", "81", begin + 72s);
    keeper_.tick(begin + 72s);
    keeper_.hear("market", "null", begin + 73s);
    keeper_.tick(begin + 73s);
    ASSERT_EQ(troubles_.size(), 2U) << "another cause, which comes and goes within the minute";
    EXPECT_THAT(troubles_[1], HasSubstr("leads to no number"));
}

TEST_F(Keeper, RestoresEachSeriesFromItsOwnRows) {
    keeper_.start({feed(PriceFile{"/nowhere", {}})}, now());
    const auto hour = std::chrono::floor<std::chrono::hours>(now());
    keeper_.restore({{"energy_price", {hour, hour + 1h, 1}}, {"other", {hour, hour + 1h, 2}}}, now());
    EXPECT_EQ(keeper_.book().entries()[0].series.at(hour), 1);
}

}  // namespace
}  // namespace sitepower::price_keeper_test
