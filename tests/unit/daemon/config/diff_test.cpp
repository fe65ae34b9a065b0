#include "daemon/config/diff.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/config/build.hpp"
#include "tests/unit/daemon/config/loading.hpp"

namespace sitepower::config::diff_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// What a reload of `text` over the small site would touch.
std::string changes(const std::string& text) {
    const auto before = load(site_text());
    return to_string(diff(before, load(text, test_profiles(), before.model.get())));
}

TEST(Diff, TheSameFileChangesNothing) {
    EXPECT_EQ(changes(site_text()), "nothing changed");
    EXPECT_EQ(changes("# a comment\n\n" + site_text()), "nothing changed");
    EXPECT_FALSE(diff(load(site_text()), load(site_text())).any());
}

TEST(Diff, EachPartIsTouchedByItself) {
    const auto text = site_text();
    EXPECT_EQ(changes(replaced(text, "port = 1502", "port = 1503")), "bus room changed");
    EXPECT_EQ(changes(replaced(text, "baud = 19200", "baud = 9600")), "bus line changed");
    EXPECT_EQ(changes(replaced(text, "user = \"dc-cnx\"", "user = \"other\"")), "broker changed");
    EXPECT_EQ(changes(replaced(text, "keep_frames_days = 7", "keep_frames_days = 8")), "store changed");
    EXPECT_EQ(changes(replaced(text, "warning = 38", "warning = 39")), "alerts and engine changed");
    EXPECT_EQ(changes(replaced(text, "float_full_after_h = 48", "float_full_after_h = 24")),
              "alerts and engine changed");
    EXPECT_EQ(changes(replaced(text, "S-0003", "S-0004")), "site changed");
    EXPECT_EQ(changes(replaced(text, "/run/test", "/run/other")), "http changed");
    EXPECT_EQ(changes(replaced(text, "\"debug\"", "\"info\"")), "journal changed");
}

TEST(Diff, TheSitesNameAndEnvironmentInterruptNobody) {
    const auto text =
        replaced(site_text(), "name = \"Chiang Mai\"", "name = \"Chiang Mai 1\"\nenvironment = \"staging\"");
    EXPECT_EQ(changes(text), "site changed");
    EXPECT_EQ(load(text).environment, "staging");
    EXPECT_EQ(load(site_text()).environment, "production");
}

TEST(Diff, ADeviceTouchesItsBusOnly) {
    EXPECT_EQ(changes(replaced(site_text(), "unit = 7", "unit = 8")), "bus line changed, site changed");
}

TEST(Diff, MovingADeviceToAnotherLocationInterruptsNoBus) {
    const auto text =
        replaced(site_text(), "location = \"DC-CNX-02\"\nretries", "location = \"DC-CNX-01\"\nretries");
    EXPECT_EQ(changes(text), "site changed");
}

TEST(Diff, ANewDeviceAtTheTopLeavesTheOthersAlone) {
    const std::string device =
        "[[bus]]\nid = \"new\"\nhost = \"192.0.2.99\"\n[[device]]\nid = \"A-FIRST\"\nprofile = \"test-ups\"\n"
        "bus = \"new\"\nlocation = \"DC-CNX-01\"\n";
    const auto text = replaced(site_text(), "[[bus]]", device + "[[bus]]");
    EXPECT_EQ(changes(text), "bus new added, site changed");
}

TEST(Diff, PricesThatStandAsTheyWereAreNotNamed) {
    const auto text = site_text() +
                      "\n[[price]]\nid = \"energy_price\"\ncurrency = \"EUR\"\nsource = \"tariff\"\n"
                      "location = \"DC-CNX-01\"\n"
                      "[[price.period]]\nprice = 90\n";
    const auto before = load(text);
    const auto after = load(replaced(text, "S-0003", "S-0004"), test_profiles(), before.model.get());
    EXPECT_EQ(to_string(diff(before, after)), "site changed");
}

TEST(Diff, ARemovedBusIsNamed) {
    auto text = site_text();
    text = replaced(text,
                    "[[bus]]\nid = \"line\"\ntype = \"rtu\"\npath = \"/dev/ttyUSB0\"\nbaud = 19200\n"
                    "parity = \"even\"\n",
                    "");
    text = replaced(text, "bus = \"line\"", "bus = \"room\"");
    EXPECT_EQ(changes(text), "bus line removed, bus room changed, site changed");
}

TEST(Diff, AChangedProfileTouchesTheBusesThatUseIt) {
    const TemporaryDirectory directory;
    for (const auto* name : {"test-ups.toml", "test-monitor.toml", "test-pack.toml"}) {
        directory.write(name, read_file(test_profiles() + '/' + name));
    }
    const auto before = load(site_text(), directory.path());
    directory.write("test-pack.toml",
                    replaced(read_file(test_profiles() + "/test-pack.toml"), "0.1", "0.01"));
    const auto after = load(site_text(), directory.path(), before.model.get());
    EXPECT_EQ(to_string(diff(before, after)), "bus line changed, site changed");
}

TEST(Diff, TheSiteIdIsPartOfEveryTopic) {
    const auto changed = diff(load(site_text()), load(replaced(site_text(), "\"DC-CNX\"", "\"DC-BKK\"")));
    EXPECT_TRUE(changed.publisher);
    EXPECT_TRUE(changed.model);
}

std::vector<DeviceEntry> entries(const std::vector<std::string>& ids) {
    std::vector<DeviceEntry> result;
    for (const auto& id : ids) result.emplace_back().id = id;
    return result;
}

std::vector<std::string> ordered(const std::vector<std::string>& now,
                                 const std::vector<std::string>& before) {
    SiteModel running;
    for (const auto& id : before) running.devices.emplace_back().id = id;
    std::vector<std::string> result;
    for (const auto i : device_order(entries(now), &running)) result.push_back(now[i]);
    return result;
}

TEST(DeviceOrder, KeepsWhatIsRunning) {
    EXPECT_THAT(device_order(entries({"a", "b"}), nullptr), ElementsAre(0, 1));
    EXPECT_THAT(ordered({"b", "a"}, {"a", "b"}), ElementsAre("a", "b"));
    EXPECT_THAT(ordered({"x", "a", "b", "y"}, {"a", "b"}), ElementsAre("a", "b", "x", "y"));
}

TEST(DeviceOrder, FillsTheGapOfWhatIsGone) {
    EXPECT_THAT(ordered({"b", "x", "c"}, {"a", "b", "c"}), ElementsAre("x", "b", "c"));
    EXPECT_THAT(ordered({"b", "c"}, {"a", "b", "c"}), ElementsAre("c", "b"));
    EXPECT_THAT(ordered({"b"}, {"a", "b", "c"}), ElementsAre("b"));
    EXPECT_THAT(ordered({"a"}, {"a", "b", "c"}), ElementsAre("a"));
    EXPECT_THAT(ordered({"d"}, {"a", "b", "c", "d"}), ElementsAre("d"));
    EXPECT_THAT(ordered({}, {"a", "b"}), IsEmpty());
}

TEST(DeviceOrder, KeepsTwoOfOneIdForTheErrorThatNamesThem) {
    EXPECT_THAT(ordered({"a", "a"}, {"a"}), ElementsAre("a", "a"));
}

}  // namespace
}  // namespace sitepower::config::diff_test
