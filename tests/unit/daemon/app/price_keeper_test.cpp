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
        : keeper_(
              {.latest = [](PointRef) -> const LatestValue* { return nullptr; },
               .keep = [this](PriceRow row) { kept_.push_back(std::move(row)); },
               .stale = [this](bool holds,
                               const std::string& message) { told_.push_back(holds ? message : "well"); }}) {}
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

TEST_F(Keeper, RestoresEachSeriesFromItsOwnRows) {
    keeper_.start({feed(PriceFile{"/nowhere", {}})}, now());
    const auto hour = std::chrono::floor<std::chrono::hours>(now());
    keeper_.restore({{"energy_price", {hour, hour + 1h, 1}}, {"other", {hour, hour + 1h, 2}}}, now());
    EXPECT_EQ(keeper_.book().entries()[0].series.at(hour), 1);
}

}  // namespace
}  // namespace sitepower::price_keeper_test
