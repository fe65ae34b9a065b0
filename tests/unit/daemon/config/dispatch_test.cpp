// [dispatch] in the configuration.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/config/diff.hpp"
#include "daemon/config/quarters.hpp"
#include "tests/unit/daemon/config/loading.hpp"

namespace sitepower::config::dispatch_test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::SizeIs;

std::string with(const std::string& more = "") {
    return site_text() + R"(
[[price]]
id = "energy_price"
currency = "EUR"
source = "tariff"
location = "DC-CNX-01"

[[price.period]]
price = 90

[[price]]
id = "hash_price"
currency = "EUR"
unit = "other"
source = "file"
path = "/srv/hash.csv"

[dispatch]
import_price = "energy_price"
load = ["UPS-01/output.load_kw"]
location = "DC-CNX-01"
import_limit_kw = 250
demand_price_per_kw = 9.5
demand_weekdays = ["mon"]
demand_from = "08:00"
demand_to = "20:00"
horizon_h = 48
step_min = 30

[[dispatch.battery]]
id = "LIB-01"
string = "UPS-01-STR-01"
capacity_kwh = 200
charge_max_kw = 50
discharge_max_kw = 60
critical_load = ["UPS-01/output.load_kw"]
required_autonomy_min = 15
)" + more;
}

// The series of the load: that of its only point, or the one that is named.
TEST(Dispatch, KnowsTheSeriesItIsPlannedWith) {
    const std::string series = R"(
[[series]]
id = "spot"
price = "energy_price"
step_s = 3600
location = "DC-CNX-01"

[[series]]
id = "hall"
metric = "hall/load"
unit = "kW"
location = "DC-CNX-01"
)";
    EXPECT_EQ(load(with()).dispatch->price_series, "");
    const auto dispatch = load(with(series)).dispatch;
    EXPECT_EQ(dispatch->load_series, "ups-load");
    EXPECT_EQ(dispatch->price_series, "spot");
    const auto named = [&](const std::string& name) {
        auto text = with(series);
        const std::string key = "[dispatch]\n";
        return text.replace(text.find(key), key.size(), key + "load_series = \"" + name + "\"\n");
    };
    EXPECT_EQ(load(named("hall")).dispatch->load_series, "hall");
    EXPECT_THAT(errors_of(named("requests")), HasSubstr("\"requests\" is not in kW"));
    EXPECT_THAT(errors_of(named("hell")), HasSubstr("hell"));
}

TEST(Dispatch, ReadsWhatIsPlanned) {
    const auto config = load(with());
    ASSERT_TRUE(config.dispatch);
    const auto& dispatch = *config.dispatch;
    EXPECT_EQ(dispatch.import_price, "energy_price");
    EXPECT_EQ(dispatch.currency, "EUR");
    EXPECT_EQ(dispatch.steps(), 96U);
    EXPECT_EQ(dispatch.site.import_limit_kw, 250);
    EXPECT_EQ(dispatch.site.demand_price_per_kw, 9.5);
    EXPECT_EQ(dispatch.load.names, (std::vector<std::string>{"UPS-01/output.load_kw"}));
    EXPECT_TRUE(dispatch.demand_window.weekdays[1]);
    EXPECT_EQ(dispatch.demand_window.to, 20h);
    ASSERT_THAT(dispatch.batteries, SizeIs(1));
    const auto& battery = dispatch.batteries[0];
    EXPECT_EQ(battery.limits.id, "LIB-01");
    EXPECT_EQ(battery.limits.discharge_max_kw, 60);
    EXPECT_EQ(battery.limits.charge_efficiency, 0.96);
    EXPECT_EQ(std::get<StringIndex>(battery.charge), StringIndex{0});
    EXPECT_THAT(battery.critical_load.points, SizeIs(1));
    EXPECT_FALSE(load(site_text()).dispatch);
}

TEST(Dispatch, NamesWhatIsNotThere) {
    const auto wrong = [](std::string_view what, std::string_view by) {
        return errors_of(replaced(with(), what, by));
    };
    EXPECT_THAT(wrong("import_price = \"energy_price\"", "import_price = \"energy_prize\""),
                HasSubstr("dispatch.import_price: there is no price \"energy_prize\"; did you mean"));
    EXPECT_THAT(wrong("import_price = \"energy_price\"", "import_price = \"hash_price\""),
                HasSubstr("is no price of energy"));
    EXPECT_THAT(wrong("string = \"UPS-01-STR-01\"", "string = \"UPS-01-STR-9\""),
                HasSubstr("there is no string"));
    EXPECT_THAT(wrong("load = [\"UPS-01/output.load_kw\"]", "load = [\"UPS-01/on_battery\"]"),
                HasSubstr("not \"kW\""));
    EXPECT_THAT(wrong("load = [\"UPS-01/output.load_kw\"]", "load = []"), HasSubstr("dispatch.load"));
}

TEST(Dispatch, ChecksWhatGoesTogether) {
    const auto wrong = [](std::string_view what, std::string_view by) {
        return errors_of(replaced(with(), what, by));
    };
    EXPECT_THAT(wrong("step_min = 30", "step_min = 7"), HasSubstr("step_min: must be 5, 15, 30 or 60"));
    EXPECT_THAT(wrong("step_min = 30", "step_min = 20"), HasSubstr("step_min"));
    EXPECT_THAT(wrong("demand_price_per_kw = 9.5\n", ""), HasSubstr("demand_from: means nothing without"));
    EXPECT_THAT(wrong("import_limit_kw = 250", "import_limit_kw = 250\nbreaker_limit_kw = 200"),
                HasSubstr("must not be below import_limit_kw"));
    EXPECT_THAT(wrong("string = \"UPS-01-STR-01\"\n", ""), HasSubstr("string or charge"));
    EXPECT_THAT(wrong("capacity_kwh = 200", "capacity_kwh = 200\ncharge = \"UPS-01/output.load_kw\""),
                HasSubstr("does not go with string"));
    EXPECT_THAT(wrong("capacity_kwh = 200", "capacity_kwh = 200\ncharge_max_pct = 10"),
                HasSubstr("must be below charge_max_pct"));
    EXPECT_THAT(wrong("critical_load = [\"UPS-01/output.load_kw\"]\n", ""),
                HasSubstr("critical_load: is missing"));
    EXPECT_THAT(errors_of(with("\n[[dispatch.battery]]\nid = \"LIB-01\"\nstring = \"UPS-01-STR-01\"\n"
                               "capacity_kwh = 1\ncharge_max_kw = 1\ndischarge_max_kw = 1\n")),
                HasSubstr("the battery \"LIB-01\" is there already"));
}

TEST(Dispatch, FiveMinutesAndAnHourFitIntoQuarters) {
    for (const char* step : {"5", "15", "60"})
        EXPECT_TRUE(load(replaced(with(), "step_min = 30", std::string("step_min = ") + step)).dispatch);
}

TEST(Dispatch, AChangeTouchesNothingElse) {
    const auto before = load(with());
    const auto changes = [&](const std::string& text) {
        return to_string(diff(before, load(text, test_profiles(), before.model.get())));
    };
    EXPECT_EQ(changes(replaced(with(), "import_limit_kw = 250", "import_limit_kw = 260")),
              "dispatch changed");
    EXPECT_EQ(changes(with()), "nothing changed");
}

TEST(Quarters, AreTimesOfDay) {
    for (const char* good : {"00:00", "07:15", "23:45"}) EXPECT_TRUE(is_quarter(good)) << good;
    for (const char* bad : {"", "24:00", "07:10", "7:15", "07:60", "07-15", "0a:15", "07:155"})
        EXPECT_FALSE(is_quarter(bad)) << bad;
}

const std::string load_classes = R"(
[[dispatch.load_class]]
id = "training"
cop = 4
entitlement_kw = 10
power = ["UPS-01/output.load_kw"]

[[dispatch.load_class.segment]]
value_per_mwh = 400
kw = 20

[[dispatch.load_class.segment]]
value_per_mwh = 90
kw = 40

[[dispatch.load_class]]
id = "mining"
value_series = "hash_price"
yield_per_kwh = 0.002
most_kw = 30
)";

TEST(Dispatch, ReadsLoadClasses) {
    const auto config = load(with(load_classes));
    const auto& classes = config.dispatch->load_classes;
    ASSERT_THAT(classes, SizeIs(2));
    EXPECT_EQ(classes[0].cop, 4);
    ASSERT_THAT(classes[0].segments, SizeIs(2));
    EXPECT_DOUBLE_EQ(classes[0].segments[1].value_per_kwh, 0.09);
    EXPECT_THAT(classes[0].power.points, SizeIs(1));
    EXPECT_EQ(classes[1].value_series, "hash_price");
    EXPECT_EQ(classes[1].most_kw, 30);
}

TEST(Dispatch, ChecksLoadClasses) {
    const auto wrong = [](std::string_view what, std::string_view by) {
        return errors_of(replaced(with(load_classes), what, by));
    };
    EXPECT_THAT(wrong("value_per_mwh = 90", "value_per_mwh = 900"), HasSubstr("values must fall"));
    EXPECT_THAT(wrong("value_series = \"hash_price\"\n", ""), HasSubstr("segment or value_series"));
    EXPECT_THAT(wrong("most_kw = 30", ""), HasSubstr("most_kw: is missing"));
    EXPECT_THAT(wrong("cop = 4", "cop = 4\nmost_kw = 4"), HasSubstr("goes with value_series only"));
    EXPECT_THAT(wrong("value_series = \"hash_price\"", "value_series = \"energy_price\""),
                HasSubstr("is a price of energy"));
    EXPECT_THAT(wrong("id = \"mining\"", "id = \"cooling\""), HasSubstr("choose another name"));
    EXPECT_THAT(wrong("id = \"mining\"", "id = \"training\""), HasSubstr("is there already"));
    EXPECT_THAT(wrong("id = \"mining\"", "id = \"LIB-01\""),
                HasSubstr("load_class[2].id: \"LIB-01\" is the id of a battery"));
}

TEST(Dispatch, APointCountsOnce) {
    const auto with_load = [](std::string_view lines) {
        return errors_of(replaced(with(), "load = [\"UPS-01/output.load_kw\"]\n", lines));
    };
    EXPECT_THAT(with_load("load = [\"UPS-01/output.load_kw\", \"UPS-01/output.load_kw\"]\n"),
                HasSubstr("dispatch.load: \"UPS-01/output.load_kw\" is there twice"));
    EXPECT_THAT(with_load("load = [\"UPS-01/output.load_kw\"]\npv = [\"UPS-01/output.load_kw\"]\n"),
                HasSubstr("dispatch.pv: \"UPS-01/output.load_kw\" is in load already"));
}

// Each of them is told by itself.
TEST(Dispatch, AMissingPriceOrCurrencyIsNotTakenForAnotherCurrency) {
    const auto text = with(load_classes);
    for (const auto& wrong : {replaced(text, "import_price = \"energy_price\"", "import_price = \"none\""),
                              replaced(text, "currency = \"EUR\"\n", "")}) {
        const auto errors = errors_of(wrong);
        EXPECT_FALSE(errors.empty());
        EXPECT_THAT(errors, testing::Not(HasSubstr("and import_price in"))) << errors;
    }
}

}  // namespace
}  // namespace sitepower::config::dispatch_test
