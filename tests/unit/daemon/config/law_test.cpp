// The small site changed in every way that a hand, or a slip of it, may change it: either a configuration
// that is whole in itself, or errors that say where.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "daemon/config/diff.hpp"
#include "tests/unit/daemon/config/loading.hpp"

namespace sitepower::config::law_test {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

std::string joined(const std::vector<std::string>& lines) {
    std::string text;
    for (const auto& line : lines) text += line + '\n';
    return text;
}

void expect_valid(const SiteModel& model, const std::optional<PointRef>& point) {
    if (!point) return;
    ASSERT_LT(position(point->device), model.devices.size());
    EXPECT_LT(point->slot, model.devices[position(point->device)].points.size());
}

// Every index of the model leads somewhere, and back.
void expect_whole(const Config& config) {
    const auto& model = *config.model;
    std::set<std::string> ids;
    for (std::size_t i = 0; i < model.devices.size(); ++i) {
        const auto& device = model.devices[i];
        EXPECT_TRUE(ids.insert(device.id).second) << device.id;
        EXPECT_LT(position(device.location), model.locations.size());
        for (const auto& layout : device.layouts) {
            EXPECT_EQ(position(layout->device_index), i);
            EXPECT_LE(layout->first_slot + layout->points.size(), device.points.size());
        }
    }
    for (std::size_t i = 0; i < model.strings.size(); ++i) {
        for (const auto battery : model.strings[i].batteries) {
            ASSERT_LT(position(battery), model.batteries.size());
            EXPECT_EQ(position(model.batteries[position(battery)].string), i);
        }
        expect_valid(model, model.strings[i].current_a);
        expect_valid(model, model.strings[i].voltage_v);
        expect_valid(model, model.strings[i].ambient_temperature_c);
        if (model.strings[i].ups) {
            EXPECT_LT(position(*model.strings[i].ups), model.upses.size());
        }
    }
    for (const auto& battery : model.batteries) {
        expect_valid(model, battery.voltage_v);
        expect_valid(model, battery.temperature_c);
        expect_valid(model, battery.soc_pct);
    }
    std::size_t units = 0;
    for (const auto& bus : config.buses) units += bus.units.size();
    EXPECT_EQ(units, model.devices.size()) << "each device is polled, and by one bus";
}

std::string any_value(std::mt19937& random) {
    static const std::vector<std::string> values{"0",
                                                 "-1",
                                                 "1",
                                                 "65536",
                                                 "1e9",
                                                 "1.5",
                                                 "nan",
                                                 "inf",
                                                 "true",
                                                 "\"\"",
                                                 "\"x\"",
                                                 "\"UPS-01\"",
                                                 "\"MON-01/string1.current_a\"",
                                                 "[]",
                                                 "[1]",
                                                 "{}",
                                                 "{ a = 1 }",
                                                 "2026-02-28",
                                                 "\"/dev/null\"",
                                                 "\"../x\"",
                                                 "9223372036854775807",
                                                 "\"BAT-{n}\"",
                                                 "\"{bogus}\"",
                                                 "\"room\"",
                                                 "[\"a:1\", \"b:2\"]"};
    return values[random() % values.size()];
}

void change_something(std::vector<std::string>& lines, std::mt19937& random) {
    const auto at = random() % lines.size();
    const auto equals = lines[at].find(" = ");
    switch (random() % 6) {
        case 0:
            lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(at));
            break;
        case 1:
            lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(at), lines[random() % lines.size()]);
            break;
        case 2:
            std::swap(lines[at], lines[random() % lines.size()]);
            break;
        case 3:
            if (equals != std::string::npos && equals > 0)
                lines[at].erase(random() % equals, 1);  // a slip in the key
            break;
        default:
            if (equals != std::string::npos) lines[at] = lines[at].substr(0, equals + 3) + any_value(random);
    }
}

TEST(ConfigurationLaw, AnyChangeIsTakenWholeOrRefusedWithItsPlace) {
    std::mt19937 random(1);
    const auto original = lines_of(site_text());
    const auto line_count = static_cast<int>(original.size()) + 10;
    int taken = 0;
    int refused = 0;
    for (int run = 0; run < 700; ++run) {
        auto lines = original;
        for (auto changes = 1 + random() % 3; changes > 0; --changes) change_something(lines, random);
        const auto text = joined(lines);
        schema::Diagnostics diagnostics;
        const auto document = schema::parse_document(text, "sitepower.toml", diagnostics);
        const auto config = document ? make_config(*document, test_paths(), diagnostics) : std::nullopt;
        ASSERT_NE(config.has_value(), !diagnostics.empty()) << text;
        for (const auto& diagnostic : diagnostics.sorted()) {
            EXPECT_FALSE(diagnostic.message.empty());
            EXPECT_EQ(diagnostic.at.file, "sitepower.toml") << to_string(diagnostic);
            EXPECT_GE(diagnostic.at.line, 0);
            EXPECT_LE(diagnostic.at.line, line_count);
            EXPECT_TRUE(diagnostic.at.line > 0 || !diagnostic.at.key.empty()) << to_string(diagnostic);
        }
        if (config) expect_whole(*config);
        config ? ++taken : ++refused;
    }
    EXPECT_GT(taken, 50);
    EXPECT_GT(refused, 200);
}

struct Rack {
    std::string bus;
    int unit;
};

// A site of some devices on some buses.
std::string text_of(const std::map<std::string, Rack>& devices, const std::set<std::string>& buses) {
    std::string text = "[site]\nid = \"S\"\n[broker]\nenabled = false\n[[location]]\nid = \"L\"\n";
    int host = 10;
    for (const auto& bus : buses)
        text += "[[bus]]\nid = \"" + bus + "\"\nhost = \"192.0.2." + std::to_string(++host) + "\"\n";
    for (const auto& [id, rack] : devices) {
        text += "[[device]]\nid = \"" + id + "\"\nprofile = \"test-ups\"\nbus = \"" + rack.bus +
                "\"\nunit = " + std::to_string(rack.unit) + "\n";
    }
    return text;
}

// What a reload leaves running must still mean the same: a bus that is not touched goes on with the indices
// that it was given, so each of them must be the same device in the new model.
TEST(ReloadLaw, WhatIsNotTouchedKeepsItsMeaning) {
    std::mt19937 random(2);
    const std::set<std::string> buses{"a", "b", "c"};
    std::map<std::string, Rack> devices{{"D1", {"a", 1}}, {"D2", {"a", 2}}, {"D3", {"b", 1}}};
    int next = 4;
    auto running = load(text_of(devices, buses));
    int untouched = 0;
    for (int step = 0; step < 60; ++step) {
        for (auto changes = 1 + random() % 3; changes > 0; --changes) {
            const std::string bus(1, static_cast<char>('a' + random() % 3));
            if (random() % 2 || devices.empty()) {
                const int number = next++;
                // Names before, between and behind the others.
                const std::string id =
                    std::string(1, static_cast<char>('A' + random() % 8)) + std::to_string(number);
                devices[id] = {bus, number % 200 + 1};
            } else {
                devices.erase(
                    std::next(devices.begin(), static_cast<std::ptrdiff_t>(random() % devices.size())));
            }
        }
        if (devices.empty()) continue;
        const auto text = text_of(devices, buses);
        auto after = load(text, test_profiles(), running.model.get());
        expect_whole(after);
        const auto changes = diff(running, after);
        for (const auto& bus : running.buses) {
            const auto& id = bus.settings.id;
            if (std::ranges::count(changes.buses_changed, id) +
                    std::ranges::count(changes.buses_removed, id) >
                0)
                continue;
            ++untouched;
            for (const auto& unit : bus.units) {
                ASSERT_LT(position(unit.device), after.model->devices.size());
                EXPECT_EQ(after.model->devices[position(unit.device)].id,
                          running.model->devices[position(unit.device)].id);
            }
        }
        EXPECT_FALSE(diff(after, load(text, test_profiles(), after.model.get())).any()) << "twice is once";
        running = std::move(after);
    }
    EXPECT_GT(untouched, 20);
}

}  // namespace
}  // namespace sitepower::config::law_test
