// Forecasts as their users meet them: values that somebody publishes go in, forecasts come out on their topic
// and on the command line, and a restart goes on from where it was.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <numbers>

#include "core/base/time.hpp"
#include "tests/integration/site_fixture.hpp"

namespace sitepower::integration::forecast_test {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using Arrivals = std::vector<SiteFixture::Arrival>;

constexpr std::string_view series = R"(
[[series]]
id = "requests"
metric = "web/requests"
unit = "1/s"
kind = "service"
step_s = 3600

[[series]]
id = "ups-load"
point = "UPS-01/output.load_kw"
step_s = 60
)";

double requests_at(Time time) {
    const std::int64_t hour_number = to_ms(time) / 3'600'000;
    const double noise = 8 * (static_cast<double>(hour_number * 2'654'435'761 % 1000) / 1000 - 0.5);
    return 100 + 30 * std::sin(2 * std::numbers::pi * static_cast<double>(hour_number % 24) / 24) + noise;
}

Time this_hour() {
    return Time{std::chrono::floor<hours>(std::chrono::system_clock::now())};
}

const SiteFixture::Arrival* last_on(const Arrivals& arrivals, const std::string& topic) {
    const auto found = std::find_if(arrivals.rbegin(), arrivals.rend(),
                                    [&](const auto& arrival) { return arrival.topic == topic; });
    return found == arrivals.rend() ? nullptr : &*found;
}

bool knows(const Arrivals& arrivals, const std::string& topic, Time until) {
    const auto* told = last_on(arrivals, topic);
    return told != nullptr && told->value["issued_at"] == format_time(until);
}

void publish_days(support::Subscriber& publisher, Time from, Time to) {
    for (Time time = from; time < to; time += hours{1}) {
        publisher.publish({.topic = "sitepower/v1/DC-CNX-01/metric/web/requests",
                           .payload = fmt::format(R"({{"value": {}, "time": "{}"}})", requests_at(time),
                                                  format_time(time))});
    }
}

TEST(ForecastTest, PublishedValuesBecomeForecastsThatARestartGoesOnFrom) {
    SiteFixture site;
    site.subscribe();
    site.start_simulation();
    site.more = series;
    site.start_daemon();
    const std::string topic = "forecast/requests";
    ASSERT_TRUE(site.wait_until_arrived(
        [&](const Arrivals& all) {
            return last_on(all, topic) != nullptr && last_on(all, "status") != nullptr;
        },
        seconds{20}));
    EXPECT_TRUE(last_on(site.arrivals(), topic)->value["issued_at"].is_null());

    const Time now = this_hour();
    publish_days(*site.subscriber, now - hours{24 * 14}, now - hours{40});
    ASSERT_TRUE(site.wait_until_arrived(
        [&](const Arrivals& all) { return last_on(all, topic)->value["model_version"] >= 1; }, seconds{30}))
        << last_on(site.arrivals(), topic)->payload;
    // The last hour is over: the passing of time closes it.
    publish_days(*site.subscriber, now - hours{40}, now);
    ASSERT_TRUE(
        site.wait_until_arrived([&](const Arrivals& all) { return knows(all, topic, now); }, seconds{30}));
    const auto told = last_on(site.arrivals(), topic)->value;
    EXPECT_EQ(told["unit"], "1/s");
    const auto& steps = told["horizons"]["long"]["steps"];
    ASSERT_EQ(steps.size(), 48U) << told;
    for (std::size_t i = 0; i < 24; ++i) {
        const Time valid_at = *parse_time(steps[i]["valid_at"].get<std::string>());
        EXPECT_EQ(valid_at, now + hours{static_cast<int>(i)});
        EXPECT_NEAR(steps[i]["p50"].get<double>(), requests_at(valid_at), 10);
        EXPECT_LE(steps[i]["lower95"].get<double>(), steps[i]["p50"].get<double>());
        EXPECT_LE(steps[i]["p50"].get<double>(), steps[i]["p99"].get<double>());
    }

    EXPECT_EQ(site.query({"status"})["components"]["forecaster"]["status"], "ok");
    const auto asked = site.query({"forecast", "requests", "--hours", "24"});
    ASSERT_FALSE(asked.is_null()) << site.ctl({"forecast", "requests"}).output;
    EXPECT_EQ(asked["forecast"].size(), 24U);
    // Another may have been fitted since, and waits to be proven.
    const auto models = site.query({"models"});
    EXPECT_TRUE(std::ranges::any_of(models["items"], [](const auto& model) {
        return model["status"] == "active";
    })) << models;
    EXPECT_GE(site.query({"accuracy", "requests", "--window", "30d"})["long"]["n"].get<int>(), 30);
    // What was matched can be asked for when it has been committed.
    EXPECT_TRUE(support::eventually(seconds{20}, [&] {
        const auto past = site.query({"predicted", "requests", "--horizon", "long"});
        return !past.is_null() && past["total_count"].get<int>() >= 20;
    }));

    const auto csv = site.path("times.csv").string();
    std::ofstream(csv) << "timestamp,series,value\n"
                       << format_time(now + hours{2}) << ",requests,\n"
                       << format_time(now - hours{10}) << ",requests,101\n"
                       << "yesterday,requests,99\n";
    const auto predicted = site.ctl({"predict", "--csv", csv});
    EXPECT_EQ(predicted.status, 1) << "one row failed";
    EXPECT_NE(predicted.output.find("3 rows, 1 missing, 1 invalid, 0 outliers, score 33.3; 2 predicted"),
              std::string::npos)
        << predicted.output;
    EXPECT_NE(predicted.output.find(",true,ok,"), std::string::npos) << predicted.output;
    EXPECT_NE(predicted.output.find(",false,ok,"), std::string::npos) << predicted.output;

    site.stop_daemon();
    site.start_daemon();
    const auto again = site.query({"forecast", "requests", "--hours", "24"});
    ASSERT_FALSE(again.is_null()) << site.ctl({"forecast", "requests"}).output;
    EXPECT_EQ(again["forecast"], asked["forecast"]);
    EXPECT_EQ(again["metadata"]["model_version"], asked["metadata"]["model_version"]);
    site.kill_daemon();
    site.start_daemon();
    EXPECT_EQ(site.query({"forecast", "requests", "--hours", "24"})["forecast"], asked["forecast"]);
    site.stop_daemon();
}

}  // namespace
}  // namespace sitepower::integration::forecast_test
