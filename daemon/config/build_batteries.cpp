// UPSs, strings and batteries.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "core/battery/rul/trajectory/library.hpp"
#include "daemon/config/addresses.hpp"
#include "daemon/config/build.hpp"
#include "daemon/config/ids.hpp"
#include "daemon/config/point_finder.hpp"

namespace sitepower::config {

using schema::Diagnostics;
using schema::Origin;

namespace {

constexpr std::size_t max_batteries = 20'000;

// A float voltage per nominal volt: 2.275 V per 2 V cell at 25 C, as the makers of VRLA blocks give it.
constexpr double vrla_float_ratio = 1.1375;

// What is measured at a battery: the end of the point's name, its unit, the key that overrides it.
struct Quantity {
    std::string_view suffix;
    std::string_view unit;
    std::string_view key;
    std::string BatteryEntry::*path;
    std::optional<PointRef> BatteryModel::*point;
};
const std::array<Quantity, 5> quantities{{
    {".voltage_v", "V", "voltage", &BatteryEntry::voltage, &BatteryModel::voltage_v},
    {".temperature_c", "Cel", "temperature", &BatteryEntry::temperature, &BatteryModel::temperature_c},
    {".internal_resistance_ohm", "Ohm", "internal_resistance", &BatteryEntry::internal_resistance,
     &BatteryModel::internal_resistance_ohm},
    {".soc_pct", "%", "soc", &BatteryEntry::soc, &BatteryModel::soc_pct},
    {".soh_pct", "%", "soh", &BatteryEntry::soh, &BatteryModel::soh_pct},
}};

// Fills in what the file leaves to the jars' pattern or the string.
template <class Value>
void take_over(Value& into, const Value& from) {
    if (into == Value{}) into = from;
}

// The jars of the pattern, one entry each.
std::vector<BatteryEntry> spread_jars(const StringEntry& string, Diagnostics& diagnostics) {
    std::vector<BatteryEntry> entries;
    if (!string.jars) return entries;
    const auto& jars = *string.jars;
    for (const auto* key : {"id", "points"}) {
        const auto& pattern = key == std::string_view("id") ? jars.id : jars.points;
        if (pattern.empty()) return {};
        if (!fill_pattern(pattern, string.id, 1)) {
            diagnostics.add(jars.origins.of(key),
                            "may hold {n}, {n:02} to {n:09} and {string}, and no other braces");
            return {};
        }
        if (jars.count > 1 && !has_number(pattern)) {
            diagnostics.add(jars.origins.of(key),
                            "must hold {n}, the number of the jar: the jars would all be one");
            return {};
        }
    }
    for (int n = 1; n <= jars.count; ++n) {
        auto& entry = entries.emplace_back();
        entry.position = n;
        entry.id = *fill_pattern(jars.id, string.id, n);
        entry.device = jars.device;
        entry.points = *fill_pattern(jars.points, string.id, n);
        entry.origins = jars.origins;
    }
    return entries;
}

// The batteries of a string by position: the pattern's, with what single entries say on top.
std::map<int, BatteryEntry> batteries_of(const StringEntry& string, Diagnostics& diagnostics) {
    std::map<int, BatteryEntry> result;
    for (auto& entry : spread_jars(string, diagnostics)) {
        const int place = *entry.position;
        result.emplace(place, std::move(entry));
    }
    const int jars = string.jars ? string.jars->count : 0;
    int next = 1;
    std::set<int> taken;
    for (auto entry : string.batteries) {
        const int place = entry.position.value_or(next);
        next = place + 1;
        if (!taken.insert(place).second) {
            diagnostics.add(entry.origins.of("position"),
                            fmt::format("{} is the position of another battery", place));
        } else if (string.jars && place > jars) {
            diagnostics.add(entry.origins.of("position"),
                            fmt::format("{} is beyond the {} jars of the string", place, jars));
        }
        const auto jar = result.find(place);
        if (jar != result.end()) {
            take_over(entry.id, jar->second.id);
            take_over(entry.device, jar->second.device);
            take_over(entry.points, jar->second.points);
        }
        entry.position = place;
        result.insert_or_assign(place, std::move(entry));
    }
    return result;
}

class BatteryBuilder {
  public:
    BatteryBuilder(const SiteFile& file, SiteModel& model, BatteryShelf& kinds, FadeShelf& fades,
                   Diagnostics& diagnostics)
        : end_of_life_pct_(file.estimation.eol_soh_pct),
          model_(model),
          kinds_(kinds),
          fades_(fades),
          diagnostics_(diagnostics),
          points_(model, diagnostics),
          string_ids_("string", diagnostics),
          battery_ids_("battery", diagnostics) {}

    void add_ups_devices(const SiteFile& file) {
        for (std::size_t i = 0; i < model_.devices.size(); ++i) {
            if (model_.devices[i].kind != DeviceKind::ups) continue;
            const DeviceIndex device{std::uint32_t(i)};
            upses_.emplace(model_.devices[i].id, UpsIndex(std::uint32_t(model_.upses.size())));
            auto& ups = model_.upses.emplace_back();
            ups.device = device;
            ups.on_battery = points_.find(device, "on_battery");
            ups.load_kw = points_.find(device, "output.load_kw");
            ups.runtime_min = points_.find(device, "battery.runtime_min");
        }
        for (const auto& entry : file.upses) override_ups(entry);
    }

    void add_string(const StringEntry& entry) {
        string_ids_.add(entry.id, entry.origins.of("id"));
        const StringIndex index{std::uint32_t(model_.strings.size())};
        auto& string = model_.strings.emplace_back();
        string.id = entry.id;
        string.location = find_location(model_, entry.location, entry.origins.of("location"), diagnostics_);
        string.chemistry = entry.chemistry;
        string.nominal_voltage_v = entry.nominal_voltage_v;
        string.nominal_capacity_ah = entry.nominal_capacity_ah;
        const double ratio = entry.chemistry == Chemistry::vrla ? vrla_float_ratio : 1;
        string.float_voltage_v = entry.float_voltage_v.value_or(ratio * entry.nominal_voltage_v);
        string.current_a = point(entry.current, "A", entry.origins.of("current"));
        // Strings in parallel share a voltage, and a pack has that of its string.
        string.voltage_v = points_.resolve(entry.voltage, "V", entry.origins.of("voltage"));
        string.ambient_temperature_c = points_.resolve(entry.ambient, "Cel", entry.origins.of("ambient"));
        string.cell_model = cell_model(entry);
        string.fade = fade(entry);
        connect_ups(entry, index, string);
        for (const auto& [place, battery] : batteries_of(entry, diagnostics_))
            add_battery(entry, index, battery);
        report_missing_points(entry);
    }

  private:
    // Where no file stands for the chemistry, charge is counted.
    std::shared_ptr<const CellModel> cell_model(const StringEntry& entry) {
        const auto at = entry.origins.of("battery_file");
        const std::string standard(default_battery_file(entry.chemistry));
        if (entry.battery_file.empty() && !kinds_.has(standard)) return nullptr;
        const auto& name = entry.battery_file.empty() ? standard : entry.battery_file;
        auto found = kinds_.find(name, at);
        if (found && found->parameters().chemistry != entry.chemistry) {
            diagnostics_.add(at, fmt::format("\"{}\" is a file for another chemistry", name));
        }
        return found;
    }

    // Where no file stands for the chemistry, or nobody followed its batteries to this end of life, the
    // remaining life stays unknown; a library that is named must serve.
    std::shared_ptr<const FadeSource> fade(const StringEntry& entry) {
        const std::string standard(default_fade_library(entry.chemistry));
        if (entry.fade_library.empty()) {
            if (standard.empty() || !fades_.has(standard)) return nullptr;
            return fades_.find(standard, entry.origins.table());
        }
        const auto at = entry.origins.of("fade_library");
        if (standard.empty()) {
            diagnostics_.add(at, "is for lithium: the life of lead-acid on float has a model of its own");
            return nullptr;
        }
        auto found = fades_.find(entry.fade_library, at);
        if (!found) return nullptr;
        const auto library = FadeLibrary::make(*found, end_of_life_pct_ / 100);
        if (!library) {
            diagnostics_.add(
                at, fmt::format("\"{}\" cannot tell when {} % are reached (estimation.eol_soh_pct): {}",
                                entry.fade_library, end_of_life_pct_, library.error().message));
        }
        return found;
    }

    UpsModel* find_ups(const std::string& device, const Origin& at) {
        const auto index = points_.device(device, at);
        // Without points the profile was refused, and its kind is not known.
        if (!index || model_.devices[position(*index)].points.empty()) return nullptr;
        const auto found = upses_.find(device);
        if (found != upses_.end()) return &model_.upses[position(found->second)];
        diagnostics_.add(at, fmt::format("device \"{}\" is no UPS: its profile is of another kind", device));
        return nullptr;
    }

    void override_ups(const UpsEntry& entry) {
        auto* ups = find_ups(entry.device, entry.origins.of("device"));
        if (!ups) return;
        const auto override_point = [&](const std::string& path, std::string_view unit, const char* key,
                                        std::optional<PointRef>& into) {
            if (!path.empty()) into = points_.resolve(path, unit, entry.origins.of(key));
        };
        override_point(entry.on_battery, "", "on_battery", ups->on_battery);
        override_point(entry.load, "kW", "load", ups->load_kw);
        override_point(entry.runtime, "min", "runtime", ups->runtime_min);
        if (entry.required_autonomy_min) ups->required_autonomy_min = entry.required_autonomy_min;
    }

    void connect_ups(const StringEntry& entry, StringIndex index, StringModel& string) {
        auto* ups = find_ups(entry.ups, entry.origins.of("ups"));
        if (!ups) return;
        string.ups = upses_.at(entry.ups);
        ups->strings.push_back(index);
    }

    // Resolves a point that only one string or battery can have: the same measurement under two names is a
    // slip of copying, and every number that follows from it would be wrong.
    std::optional<PointRef> point(const std::string& path, std::string_view unit, const Origin& at) {
        const auto found = points_.resolve(path, unit, at);
        return found && claim(*found, at) ? found : std::nullopt;
    }

    bool claim(PointRef point, const Origin& at) {
        const auto [other, fresh] = claimed_.emplace(std::pair(position(point.device), point.slot), at);
        if (fresh) return true;
        if (!first_error_at(at)) return false;
        const auto& device = model_.devices[position(point.device)];
        diagnostics_.add(at, fmt::format(R"(point "{}" of device "{}" is used already, in {}:{})",
                                         device.points[point.slot].name, device.id, other->second.file,
                                         other->second.line));
        return false;
    }

    // All jars of a string have one place in the file: one error is enough there.
    bool first_error_at(const Origin& at) { return told_.insert(at.key).second; }

    void add_battery(const StringEntry& string, StringIndex index, const BatteryEntry& entry) {
        const auto id_at = entry.origins.of("id");
        if (entry.id.empty()) {
            // A string whose jars are refused has been told so.
            if (!string.jars) diagnostics_.add(id_at, "is missing: expected an identifier");
            return;
        }
        if (!is_identifier(entry.id)) {
            if (!first_error_at(id_at)) return;
            diagnostics_.add(
                id_at, fmt::format("gives \"{}\", which is no identifier (1 to 64 letters, digits, - or _)",
                                   entry.id));
            return;
        }
        if (model_.batteries.size() == max_batteries) {
            diagnostics_.add(id_at,
                             fmt::format("is one battery too many: a site has at most {}", max_batteries));
        }
        if (model_.batteries.size() >= max_batteries) return;
        if (!battery_ids_.find(entry.id) || first_error_at(id_at)) battery_ids_.add(entry.id, id_at);
        auto& battery = model_.batteries.emplace_back();
        battery.id = entry.id;
        battery.string = index;
        battery.position = *entry.position;
        battery.manufacturer = entry.manufacturer.empty() ? string.manufacturer : entry.manufacturer;
        battery.model = entry.model.empty() ? string.model : entry.model;
        battery.serial_number = entry.serial_number;
        battery.installed_date = entry.installed_date ? entry.installed_date : string.installed_date;
        battery.warranty_months = entry.warranty_months ? entry.warranty_months : string.warranty_months;
        model_.strings[position(index)].batteries.push_back(
            BatteryIndex(std::uint32_t(model_.batteries.size() - 1)));
        find_points(entry, battery);
    }

    void find_points(const BatteryEntry& entry, BatteryModel& battery) {
        if (entry.device.empty() != entry.points.empty()) {
            diagnostics_.add(entry.origins.of(entry.device.empty() ? "device" : "points"),
                             "is missing: device and points go together");
        }
        bool found = false;
        std::optional<DeviceIndex> device;
        if (!entry.device.empty()) device = points_.device(entry.device, entry.origins.of("device"));
        for (const auto& quantity : quantities) {
            auto& point_ref = battery.*quantity.point;
            const auto& path = entry.*quantity.path;
            if (!path.empty()) {
                point_ref = point(path, quantity.unit, entry.origins.of(quantity.key));
                found = true;
            } else if (device) {
                const auto at = entry.origins.of("points");
                const auto ref = points_.find(*device, entry.points + std::string(quantity.suffix));
                if (!ref) continue;
                found = true;
                if (points_.has_unit(*ref, quantity.unit, at) && claim(*ref, at)) point_ref = ref;
            }
        }
        if (!found) note_without_points(entry, device);
    }

    void note_without_points(const BatteryEntry& entry, std::optional<DeviceIndex> device) {
        if (!device && !entry.device.empty()) return;
        if (!device) {
            diagnostics_.add(entry.origins.table(), "nothing measures this battery: add device and points");
        } else if (!model_.devices[position(*device)].points.empty()) {
            without_points_.push_back(entry);
        }
    }

    // One message for all jars of a string that the monitor does not have.
    void report_missing_points(const StringEntry& string) {
        if (without_points_.empty()) return;
        const auto& first = without_points_.front();
        auto message =
            fmt::format(R"(device "{}" has no points "{}.voltage_v" or alike)", first.device, first.points);
        if (without_points_.size() > 1) {
            message += fmt::format(", and none for {} more batteries of string \"{}\"",
                                   without_points_.size() - 1, string.id);
        }
        diagnostics_.add(first.origins.of("points"), std::move(message));
        without_points_.clear();
    }

    double end_of_life_pct_;
    SiteModel& model_;
    BatteryShelf& kinds_;
    FadeShelf& fades_;
    Diagnostics& diagnostics_;
    PointFinder points_;
    Ids string_ids_;
    Ids battery_ids_;
    std::map<std::string, UpsIndex> upses_;                            // by device
    std::map<std::pair<std::size_t, std::uint32_t>, Origin> claimed_;  // by device and slot
    std::set<std::string> told_;                // keys with an error that concerns several batteries
    std::vector<BatteryEntry> without_points_;  // of the present string
};

}  // namespace

void build_batteries(const SiteFile& file, BatteryShelf& kinds, FadeShelf& fades, SiteModel& model,
                     Diagnostics& diagnostics) {
    BatteryBuilder builder(file, model, kinds, fades, diagnostics);
    builder.add_ups_devices(file);
    for (const auto& string : file.strings) builder.add_string(string);
}

}  // namespace sitepower::config
