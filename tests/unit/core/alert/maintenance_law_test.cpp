// A window covers what hangs on its subject: against a naive walk through the model of random sites.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "core/alert/maintenance.hpp"
#include "core/site/wiring.hpp"
#include "tests/unit/core/site/small_site.hpp"

namespace sitepower::maintenance_law_test {
namespace {

constexpr Time now = from_ms(1'795'328'000'000);

std::shared_ptr<const SiteModel> any_site(std::mt19937& random) {
    auto model = std::make_shared<SiteModel>();
    model->id = "DC-1";
    std::vector<PointRef> points;
    const auto devices = 1 + random() % 4;
    for (std::size_t i = 0; i < devices; ++i) {
        DeviceBuilder device(*model, "D" + std::to_string(i));
        for (int p = 0; p < 4; ++p) points.push_back(device.point("p" + std::to_string(p)));
        device.finish(std::chrono::seconds(1));
    }
    const auto any_point = [&]() -> std::optional<PointRef> {
        if (random() % 3 == 0) return std::nullopt;
        return points[random() % points.size()];
    };
    for (std::size_t i = 0; i < random() % 3; ++i) {
        model->upses.push_back({.device = DeviceIndex{static_cast<std::uint32_t>(random() % devices)}});
    }
    const auto strings = 1 + random() % 3;
    for (std::size_t i = 0; i < strings; ++i) {
        StringModel string;
        string.id = "STR" + std::to_string(i);
        string.current_a = any_point();
        string.ambient_temperature_c = any_point();
        if (!model->upses.empty() && random() % 2) {
            const auto ups = random() % model->upses.size();
            string.ups = UpsIndex{static_cast<std::uint32_t>(ups)};
            model->upses[ups].strings.push_back(StringIndex{static_cast<std::uint32_t>(i)});
        }
        for (auto n = random() % 4; n > 0; --n) {
            BatteryModel battery;
            battery.id = "B" + std::to_string(model->batteries.size());
            battery.string = StringIndex{static_cast<std::uint32_t>(i)};
            battery.voltage_v = any_point();
            string.batteries.push_back(BatteryIndex{static_cast<std::uint32_t>(model->batteries.size())});
            model->batteries.push_back(battery);
        }
        model->strings.push_back(string);
    }
    return model;
}

struct Naive {
    const SiteModel& model;

    static bool is_at(const std::optional<PointRef>& point, std::size_t device) {
        return point && position(point->device) == device;
    }
    std::size_t device_of(std::size_t ups) const { return position(model.upses[ups].device); }
    bool measures_battery(std::size_t device, std::size_t battery) const {
        return is_at(model.batteries[battery].voltage_v, device);
    }
    bool measures_string(std::size_t device, std::size_t string) const {
        const auto& s = model.strings[string];
        bool measures = is_at(s.current_a, device) || is_at(s.ambient_temperature_c, device);
        for (const auto battery : s.batteries)
            measures = measures || measures_battery(device, position(battery));
        return measures;
    }
    bool on_ups(std::size_t ups, std::size_t string) const {
        return model.strings[string].ups == UpsIndex{static_cast<std::uint32_t>(ups)};
    }
    // The kinds and positions of window and subject.
    bool covers(SubjectKind from, std::size_t i, SubjectKind to, std::size_t j) const {
        if (from == SubjectKind::site) return true;
        if (from == to && i == j) return true;
        const bool to_battery = to == SubjectKind::battery;
        const auto string = to == SubjectKind::string ? j
                            : to_battery              ? position(model.batteries[j].string)
                                                      : SIZE_MAX;
        switch (from) {
            case SubjectKind::string:
                return string == i;
            case SubjectKind::ups:
                if (to == SubjectKind::device) return device_of(i) == j;
                return string != SIZE_MAX && on_ups(i, string);
            case SubjectKind::device:
                if (to == SubjectKind::ups) return device_of(j) == i;
                if (to == SubjectKind::string) return measures_string(i, j);
                return to_battery && measures_battery(i, j);
            default:
                return false;
        }
    }
};

std::vector<SubjectNumber> all_subjects(const AlertSlots& slots) {
    std::vector<SubjectNumber> all;
    for (std::size_t i = 0; i < slots.subjects(); ++i) all.push_back(static_cast<SubjectNumber>(i));
    return all;
}

class MaintenanceLaw : public testing::TestWithParam<unsigned> {};

TEST_P(MaintenanceLaw, CoversExactlyWhatHangsOnItsSubject) {
    std::mt19937 random(GetParam());
    const auto model = any_site(random);
    const AlertSlots slots(model);
    const Naive naive{*model};
    for (const auto from : all_subjects(slots)) {
        // A UPS and a device may share a name; the window names the kind too.
        const auto subject = slots.subject(from);
        if (slots.find(subject) != from) continue;  // the second UPS of one device
        Maintenance maintenance(slots);
        ASSERT_TRUE(maintenance.start({"W", subject, now, now + std::chrono::hours(1), "mia", "test"}, now));
        for (const auto to : all_subjects(slots)) {
            EXPECT_EQ(maintenance.covers(to, now),
                      naive.covers(slots.kind(from), slots.index(from), slots.kind(to), slots.index(to)))
                << to_string(slots.kind(from)) << slots.index(from) << " -> " << to_string(slots.kind(to))
                << slots.index(to);
            EXPECT_FALSE(maintenance.covers(to, now - Duration{1}));
            EXPECT_FALSE(maintenance.covers(to, now + std::chrono::hours(1))) << "the end is exclusive";
        }
    }
}

// Start, end and expiry in any order against a list.
TEST_P(MaintenanceLaw, HoldsTheWindowsThatWereAcceptedAndAreNotOver) {
    std::mt19937 random(GetParam());
    const auto model = any_site(random);
    const AlertSlots slots(model);
    Maintenance maintenance(slots);
    std::map<std::string, MaintenanceWindow> list;
    Time time = now;
    for (int i = 0; i < 800; ++i) {
        time += Duration{static_cast<std::int64_t>(random() % 60'000)};
        const std::string id = "W" + std::to_string(random() % 130);
        switch (random() % 5) {
            case 0: {
                const auto ended = maintenance.end(id, time);
                EXPECT_EQ(bool(ended), list.erase(id) == 1);
                if (!ended) {
                    EXPECT_EQ(ended.error().code, ErrorCode::not_found);
                } else {
                    EXPECT_LE(ended->to, time);
                }
                break;
            }
            case 1: {
                std::vector<MaintenanceWindow> ended;
                maintenance.expire(time, ended);
                for (const auto& window : ended) EXPECT_EQ(list.erase(window.id), 1U);
                for (const auto& [name, window] : list) EXPECT_GT(window.to, time);
                break;
            }
            default: {
                const auto from = time + Duration{static_cast<std::int64_t>(random() % 200'000) - 100'000};
                const auto to = from + Duration{static_cast<std::int64_t>(random() % 4'000'000) - 50'000};
                const MaintenanceWindow window{id, {SubjectKind::site, "DC-1"}, from, to, "mia", "test"};
                const bool right =
                    to > from && to > time && list.size() < Maintenance::most_windows && !list.contains(id);
                const auto started = maintenance.start(window, time);
                EXPECT_EQ(bool(started), right);
                if (started) list[id] = window;
            }
        }
        EXPECT_EQ(maintenance.windows().size(), list.size());
    }
}

INSTANTIATE_TEST_SUITE_P(AnySite, MaintenanceLaw, testing::Range(1U, 31U));

// Feeds of a range of points, against all parts asked one by one.
TEST_P(MaintenanceLaw, WiringFindsEveryPartThatAPointFeeds) {
    std::mt19937 random(GetParam());
    const auto model = any_site(random);
    const Wiring wiring(*model);
    for (std::size_t d = 0; d < model->devices.size(); ++d) {
        const auto device = DeviceIndex{static_cast<std::uint32_t>(d)};
        for (std::uint32_t first = 0; first < 4; ++first) {
            for (std::uint32_t count = 0; first + count <= 4; ++count) {
                std::size_t expected = 0;
                const auto within = [&](const std::optional<PointRef>& point) {
                    expected += point && point->device == device && point->slot >= first &&
                                        point->slot < first + count
                                    ? 1
                                    : 0;
                };
                for (const auto& battery : model->batteries) within(battery.voltage_v);
                for (const auto& string : model->strings) {
                    within(string.current_a);
                    within(string.ambient_temperature_c);
                }
                const auto feeds = wiring.feeds(device, first, count);
                EXPECT_EQ(feeds.size(), expected);
                EXPECT_TRUE(std::ranges::is_sorted(feeds, {}, &Feed::slot));
                for (const auto& feed : feeds) {
                    EXPECT_GE(feed.slot, first);
                    EXPECT_LT(feed.slot, first + count);
                }
            }
        }
    }
}

}  // namespace
}  // namespace sitepower::maintenance_law_test
