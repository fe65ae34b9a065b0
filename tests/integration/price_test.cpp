// Prices as their users meet them: a real daemon that reads a file and asks a web server.
#include <gtest/gtest.h>

#include "core/base/time.hpp"
#include "tests/integration/site_fixture.hpp"
#include "tests/support/web_server.hpp"

namespace sitepower::integration::price_test {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

std::string hour(int from_now) {
    const auto now = std::chrono::floor<hours>(std::chrono::system_clock::now());
    return format_time(Time{now + hours{from_now}});
}

TEST(PriceTest, AFileAndAnAddressAreReadToldAndRemembered) {
    SiteFixture site;
    support::WebServer server;
    server.answer_body(R"({"prices": [{"at": ")" + hour(0) + R"(", "eur": 91.5}, {"at": ")" + hour(1) +
                       R"(", "eur": -4}]})");
    site.start_simulation();
    site.more = "[[price]]\nid = \"energy_price\"\ncurrency = \"EUR\"\nsource = \"address\"\nurl = \"" +
                server.address() +
                "/day\"\nlist_pointer = \"/prices\"\ntime_pointer = \"/at\"\nprice_pointer = \"/eur\"\n"
                "\n[[price]]\nid = \"hash_price\"\ncurrency = \"EUR\"\nunit = \"other\"\nsource = \"file\"\n"
                "path = \"" +
                site.path("hash.csv").string() + "\"\n";
    support::write_file(site.path("hash.csv"), "time,price\n" + hour(0) + ",55\n");
    site.start_daemon();
    const auto prices = [&] { return site.query({"prices", "--ahead", "2"}); };
    ASSERT_TRUE(support::eventually(seconds{20}, [&] {
        const auto data = prices();
        return !data.is_null() && data["metadata"]["latest_price"].is_number() &&
               data["data"].back()["energy_price"].is_number();
    })) << prices();
    const auto data = prices();
    EXPECT_NEAR(data["metadata"]["latest_price"].get<double>(), 91.5, 1e-9);
    EXPECT_NEAR(data["metadata"]["price_range"]["min"].get<double>(), -4, 1e-9);
    EXPECT_EQ(data["metadata"]["stale"], false);
    EXPECT_EQ(site.query({"status"})["prices"]["available"], true);
    const auto table = site.ctl({"prices"});
    EXPECT_EQ(table.status, 0);
    EXPECT_NE(table.output.find("energy_price: now 91.50 EUR/MWh"), std::string::npos) << table.output;
    site.stop_daemon();
    // After a restart the store knows what the feeds no longer say.
    server.answer("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    site.start_daemon();
    EXPECT_TRUE(support::eventually(seconds{20}, [&] {
        const auto again = prices();
        return !again.is_null() && again["metadata"]["latest_price"].is_number();
    })) << prices();
}

TEST(PriceTest, AFeedThatFailsIsAnAlertUntilItIsBack) {
    SiteFixture site;
    site.start_simulation();
    site.more =
        "[[price]]\nid = \"energy_price\"\ncurrency = \"EUR\"\nsource = \"file\"\ninterval_s = 10\npath = "
        "\"" +
        site.path("prices.csv").string() + "\"\n";
    site.start_daemon();
    const auto raised = [&] {
        const auto alerts = site.query({"alerts"});
        if (alerts.is_null()) return false;
        for (const auto& alert : alerts["items"])
            if (alert["alert_type"] == "price_stale") return true;
        return false;
    };
    EXPECT_TRUE(support::eventually(seconds{20}, raised));
    support::write_file(site.path("prices.csv"), "time,price\n" + hour(0) + ",80\n");
    EXPECT_TRUE(support::eventually(seconds{40}, [&] { return !raised(); }));
}

}  // namespace
}  // namespace sitepower::integration::price_test
