// Price series in the configuration.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/config/diff.hpp"
#include "tests/unit/daemon/config/loading.hpp"

namespace sitepower::config::prices_test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::SizeIs;

std::string with(const std::string& more) {
    return site_text() + '\n' + more;
}

constexpr const char* tariff = R"(
[[price]]
id = "energy_price"
currency = "EUR"
source = "tariff"
location = "DC-CNX-01"

[[price.period]]
price = 210.0
months = [12, 1]
weekdays = ["mon", "sun"]
from = "07:15"
to = "21:00"

[[price.period]]
price = 90
)";

TEST(Prices, ReadsATariff) {
    const auto config = load(with(tariff));
    ASSERT_THAT(config.prices, SizeIs(1));
    const auto& price = config.prices[0];
    EXPECT_EQ(price.id, "energy_price");
    const auto& periods = std::get<Tariff>(price.source).periods;
    ASSERT_THAT(periods, SizeIs(2));
    EXPECT_DOUBLE_EQ(periods[0].value, 0.21) << "per kWh inside";
    EXPECT_TRUE(periods[0].months[11] && periods[0].months[0] && !periods[0].months[5]);
    EXPECT_TRUE(periods[0].weekdays[0] && periods[0].weekdays[1] && !periods[0].weekdays[2]);
    EXPECT_EQ(periods[0].from, 7h + 15min);
    EXPECT_EQ(periods[0].to, 21h);
}

TEST(Prices, ATariffGoesByTheClocksOfItsLocation) {
    if (!std::filesystem::exists("/usr/share/zoneinfo/Asia/Bangkok")) GTEST_SKIP() << "no tz database";
    const auto text = replaced(with(tariff), "city = \"Chiang Mai\"",
                               "city = \"Chiang Mai\"\ntime_zone = \"Asia/Bangkok\"");
    const auto prices = load(text).prices;
    EXPECT_EQ(std::get<Tariff>(prices.at(0).source).zone.offset(Time{}), 7h);
    EXPECT_THAT(errors_of(replaced(text, "Asia/Bangkok", "Asia/Bangkog")),
                HasSubstr("location[1].time_zone: there is no time zone \"Asia/Bangkog\""));
    EXPECT_THAT(errors_of(replaced(text, "Asia/Bangkok", "../../../etc/passwd")), HasSubstr("time_zone"));
    EXPECT_THAT(errors_of(replaced(text, "Asia/Bangkok", "Asia")),
                HasSubstr("there is no time zone \"Asia\""));
}

TEST(Prices, ATimeZoneThatIsAPipeIsRefusedAtOnce) {
    const TemporaryDirectory zones;
    zones.pipe("Pipe");
    auto paths = test_paths();
    paths.time_zone_directory = zones.path();
    schema::Diagnostics diagnostics;
    const auto text =
        replaced(with(tariff), "city = \"Chiang Mai\"", "city = \"Chiang Mai\"\ntime_zone = \"Pipe\"");
    EXPECT_FALSE(make_config(parsed(text), paths, diagnostics));
    EXPECT_THAT(error_report(diagnostics), HasSubstr("there is no time zone \"Pipe\""));
}

TEST(Prices, ReadsAnAddress) {
    const auto config = load(with(R"(
[[price]]
id = "spot"
currency = "EUR"
unit = "per_kwh"
source = "address"
url = "https://prices.example/v1?zone=NL"
list_pointer = ""
time_pointer = "/start"
price_pointer = "/value"
interval_s = 60
stale_after_min = 90
factor = 1.21
surcharge = 0.05
)"));
    const auto& price = config.prices.at(0);
    const auto& address = std::get<PriceAddress>(price.source);
    const auto& pointers = std::get<PricePointers>(address.form);
    EXPECT_EQ(pointers.list, "");
    EXPECT_EQ(pointers.price, "/value");
    EXPECT_EQ(price.interval, 60s);
    EXPECT_EQ(price.stale_after, 90min);
    EXPECT_DOUBLE_EQ(price_value(price, 0.1), 0.171);
}

TEST(Prices, ReadsAPointAndAFile) {
    const auto config = load(with(R"(
[[price]]
id = "a"
currency = "EUR"
source = "point"
point = "UPS-01/output.load_kw"

[[price]]
id = "b"
currency = "EUR"
unit = "other"
source = "file"
path = "/var/lib/prices/b.csv"
price_column = "EUR"
)"));
    ASSERT_THAT(config.prices, SizeIs(2));
    EXPECT_EQ(point_name(*config.model, std::get<PricePoint>(config.prices[0].source).point),
              "UPS-01/output.load_kw");
    EXPECT_EQ(std::get<PriceFile>(config.prices[1].source).columns.price, "EUR");
    EXPECT_EQ(std::get<PriceFile>(config.prices[1].source).columns.time, "time");
}

std::string address_with(const std::string& more) {
    return errors_of(with("[[price]]\nid = \"a\"\ncurrency = \"EUR\"\nsource = \"address\"\n" + more));
}

TEST(Prices, AnAddressIsCheckedAsAWhole) {
    const std::string url = "url = \"https://a.example/\"\n";
    EXPECT_THAT(address_with(url), HasSubstr("price_pointer: is missing"));
    EXPECT_THAT(address_with(url + "price_pointer = \"/p\"\ntime_column = \"t\"\n"), HasSubstr("not both"));
    EXPECT_THAT(address_with(url + "price_pointer = \"p\"\n"), HasSubstr("a JSON pointer"));
    EXPECT_THAT(address_with(url + "price_pointer = \"/p\"\nlist_pointer = \"/l\"\n"),
                HasSubstr("time_pointer: is missing"));
    for (const auto* wrong : {"http://", "https:///p", "http://a.example:99999/", "http://:80/",
                              "http://[::1]:0/", "http://a b/"}) {
        EXPECT_THAT(address_with(std::string("url = \"") + wrong + "\"\nprice_pointer = \"/p\"\n"),
                    HasSubstr("url: expected"))
            << wrong;
    }
    for (const auto* right : {"http://[::1]:8080/p", "https://a.example?zone=NL:1", "http://me@a.example/"}) {
        const auto config = load(with(std::string("[[price]]\nid = \"a\"\ncurrency = \"EUR\"\nsource = "
                                                  "\"address\"\nurl = \"") +
                                      right + "\"\nprice_pointer = \"/p~1q~0\"\n"));
        EXPECT_THAT(config.prices, SizeIs(1)) << right;
    }
    EXPECT_THAT(address_with(url + "price_pointer = \"/p~2\"\n"), HasSubstr("a JSON pointer"));
    EXPECT_THAT(address_with(url + "price_pointer = \"/p~\"\n"), HasSubstr("a JSON pointer"));
    EXPECT_THAT(address_with("url = \"ftp://a.example/\"\nprice_pointer = \"/p\"\n"), HasSubstr("https://"));
    EXPECT_THAT(address_with(url + "price_pointer = \"/p\"\nkey_credential = \"k\"\n"),
                HasSubstr("has no place"));
    EXPECT_THAT(address_with("url = \"https://a.example/{key}\"\nprice_pointer = \"/p\"\n"),
                HasSubstr("key_credential: is missing"));
    EXPECT_THAT(
        address_with("url = \"http://a.example/{key}\"\nprice_pointer = \"/p\"\nkey_credential = \"k\"\n"),
        HasSubstr("without encryption"));
    EXPECT_THAT(address_with(url + "price_pointer = \"/p\"\nkey = \"s3cret\"\n"),
                HasSubstr("key_credential"));
    EXPECT_THAT(
        address_with(url + "price_pointer = \"/p\"\nkey_header = \"X {key}\"\nkey_credential = \"k\"\n"),
        HasSubstr("no header"));
}

TEST(Prices, TheKeyComesFromACredential) {
    TemporaryDirectory credentials;
    credentials.write("price-key", "s3cret\n");
    auto paths = test_paths();
    paths.credentials_directory = credentials.path();
    const auto text = with(
        "[[price]]\nid = \"a\"\ncurrency = \"EUR\"\nsource = \"address\"\nurl = \"https://a.example/{key}\"\n"
        "price_pointer = \"/p\"\nkey_credential = \"price-key\"\n");
    schema::Diagnostics diagnostics;
    const auto config = make_config(parsed(text), paths, diagnostics);
    // The site's own broker password is not among these credentials.
    if (config) {
        EXPECT_EQ(std::get<PriceAddress>(config->prices.at(0).source).key, "s3cret");
    }
    EXPECT_THAT(error_report(diagnostics), testing::Not(HasSubstr("price")));
    schema::Diagnostics missing;
    EXPECT_FALSE(make_config(parsed(replaced(text, "\"price-key\"", "\"other\"")), paths, missing));
    EXPECT_THAT(error_report(missing), HasSubstr("systemd gave no credential \"other\""));
}

TEST(Prices, AChangeInterruptsNothingElse) {
    const auto before = load(with(tariff));
    const auto changes = [&](const std::string& text) {
        return to_string(diff(before, load(text, test_profiles(), before.model.get())));
    };
    EXPECT_EQ(changes(replaced(with(tariff), "210.0", "211.0")), "prices changed");
    EXPECT_EQ(changes(site_text()), "prices changed");
    EXPECT_EQ(changes(with(tariff)), "nothing changed");
}

}  // namespace
}  // namespace sitepower::config::prices_test
