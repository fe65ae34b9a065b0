// What others publish to the auction and the planner, and what the classes are told: prices, bids and caps
// over a real broker.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "core/base/time.hpp"
#include "tests/integration/site_fixture.hpp"

namespace sitepower::integration::market_test {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using Arrivals = std::vector<SiteFixture::Arrival>;

std::string in(Duration time) {
    return format_time(std::chrono::floor<Duration>(std::chrono::system_clock::now()) + time);
}

json prices() {
    json list = json::array();
    for (int hour = -1; hour < 40; ++hour)
        list.push_back({{"at", in(hours{hour})}, {"eur", hour < 4 ? 120 : 60}});
    return list;
}

TEST(MarketTest, PricesAndBidsComeOverTheBrokerAndCapsGoOut) {
    SiteFixture site;
    site.subscribe();
    site.start_simulation();
    site.more = R"(
[[price]]
id = "energy_price"
currency = "EUR"
source = "mqtt"
topic = "market/nl/day-ahead"
list_pointer = "/prices"
time_pointer = "/at"
price_pointer = "/eur"

[dispatch]
import_price = "energy_price"
load = ["UPS-01/output.load_kw"]
import_limit_kw = 200

[[dispatch.battery]]
id = "LIB-01"
charge = "BMS-01/pack.soc_pct"
capacity_kwh = 47
charge_max_kw = 20
discharge_max_kw = 20

[[dispatch.load_class]]
id = "training"
entitlement_kw = 5
bids_by_topic = true

[[dispatch.load_class.segment]]
value_per_mwh = 400
kw = 20

[dispatch.load_class.mqtt]
safe_cap_kw = 2
acknowledge_within_s = 3
)";
    // Retained: who comes later knows them too.
    site.subscriber->publish(
        {.topic = "market/nl/day-ahead", .payload = json{{"prices", prices()}}.dump(), .retained = true});
    site.start_daemon();
    const auto cap = [&](double kw) {
        return site.wait_until_arrived(
            [&](const Arrivals& all) {
                const auto last = std::find_if(all.rbegin(), all.rend(), [](const auto& arrival) {
                    return arrival.topic == "command/allocation/training";
                });
                return last != all.rend() && std::abs(last->value["cap_kw"].get<double>() - kw) < 1e-6;
            },
            seconds{60});
    };
    const auto answer = [&] {
        const auto& all = site.arrivals();
        const auto last = std::find_if(all.rbegin(), all.rend(), [](const auto& arrival) {
            return arrival.topic == "command/allocation/training";
        });
        ASSERT_NE(last, all.rend());
        site.subscriber->publish(
            {.topic = "sitepower/v1/DC-CNX-01/command/allocation/training/ack",
             .payload = json{{"command_id", last->value["command_id"]}, {"accepted", true}}.dump()});
    };
    const auto bid = [&](const std::string& payload, bool retained = false) {
        site.subscriber->publish(
            {.topic = "sitepower/v1/DC-CNX-01/bid/training", .payload = payload, .retained = retained});
    };
    ASSERT_TRUE(cap(25)) << site.ctl({"allocation"}).output << site.ctl({"prices"}).output;
    answer();
    EXPECT_NEAR(site.query({"prices"})["metadata"]["latest_price"].get<double>(), 120, 1e-6);
    EXPECT_TRUE(support::eventually(seconds{20}, [&] {
        return site.ctl({"control"}).output.find("controlling") != std::string::npos;
    })) << site.ctl({"control"}).output;

    // What is retained or broken is no bid; what is one counts until it runs out.
    bid(json{{"segments", json::array()}, {"valid_until", in(hours{1})}}.dump(), true);
    bid(R"({"segments": "all"})");
    bid(json{{"segments", {{{"value_per_kwh", 0.5}, {"kw", 10}}}}, {"valid_until", in(hours{1})}}.dump());
    ASSERT_TRUE(cap(15)) << site.ctl({"allocation"}).output;
    EXPECT_TRUE(support::eventually(
        seconds{20},
        [&] { return site.ctl({"alerts"}).output.find("cap_not_followed") != std::string::npos; }))
        << "nobody has answered: " << site.ctl({"alerts"}).output;
    site.stop_daemon();
    EXPECT_TRUE(cap(2)) << "the safe cap at the end";
}

}  // namespace
}  // namespace sitepower::integration::market_test
