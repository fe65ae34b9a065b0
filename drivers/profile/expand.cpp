#include "drivers/profile/expand.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace sitepower {
namespace {

// nullptr when there is no such name.
template <class Value>
const Value* find(const std::vector<std::pair<std::string, Value>>& pairs, const std::string& name) {
    const auto found = std::ranges::find(pairs, name, &std::pair<std::string, Value>::first);
    return found != pairs.end() ? &found->second : nullptr;
}

// All bits of the type's registers.
std::uint64_t width_mask(PointType type) {
    const int bits = 16 * registers_of(type);
    return bits >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
}

bool is_integer(PointType type) {
    return type <= PointType::s64;
}

const std::vector<std::int64_t>& default_invalid(const ProfileDefaults& defaults, PointType type) {
    static const std::vector<std::int64_t> none;
    switch (type) {
        case PointType::u16:
            return defaults.invalid_u16;
        case PointType::s16:
            return defaults.invalid_s16;
        case PointType::u32:
            return defaults.invalid_u32;
        case PointType::s32:
            return defaults.invalid_s32;
        case PointType::u64:
            return defaults.invalid_u64;
        case PointType::s64:
            return defaults.invalid_s64;
        default:
            return none;
    }
}

// -1 means all bits set in a register of any width.
std::vector<std::uint64_t> raw_sentinels(const Profile& profile, const ProfilePoint& point) {
    std::vector<std::uint64_t> raw;
    const bool own = point.origins.has("invalid") || !point.invalid.empty();
    for (const std::int64_t value : own ? point.invalid : default_invalid(profile.defaults, point.type)) {
        raw.push_back(static_cast<std::uint64_t>(value) & width_mask(point.type));
    }
    return raw;
}

// Neither scale factors nor strings are published; they map to what their registers look like.
modbus::ValueType value_type(PointType type) {
    switch (type) {
        case PointType::s16:
        case PointType::sunssf:
            return modbus::ValueType::s16;
        case PointType::u32:
            return modbus::ValueType::u32;
        case PointType::s32:
            return modbus::ValueType::s32;
        case PointType::u64:
            return modbus::ValueType::u64;
        case PointType::s64:
            return modbus::ValueType::s64;
        case PointType::f32:
            return modbus::ValueType::f32;
        case PointType::f64:
            return modbus::ValueType::f64;
        case PointType::boolean:
            return modbus::ValueType::boolean;
        case PointType::u16:
        case PointType::string:
            return modbus::ValueType::u16;
    }
    return modbus::ValueType::u16;
}

// A point of the device whose current counts discharge as positive is turned round where it is decoded, so
// that everything behind it sees charging as positive.
void turn_sign(modbus::RegisterPoint& registers) {
    registers.scale = -registers.scale;
    registers.offset = -registers.offset;
}

// bit = n is short for the mask and shift of that bit.
void select_bits(const ProfilePoint& point, modbus::RegisterPoint& registers) {
    registers.shift = static_cast<std::uint8_t>(point.shift);
    if (point.mask) registers.mask = static_cast<std::uint64_t>(*point.mask) & width_mask(point.type);
    if (!point.bit) return;
    registers.mask = std::uint64_t{1} << *point.bit;
    registers.shift = static_cast<std::uint8_t>(*point.bit);
}

// The name with each "{index}" replaced by its number.
std::string fill_pattern(std::string_view pattern, const std::vector<ProfileRepeat>& repeats,
                         const std::vector<int>& indices) {
    std::string name(pattern);
    for (std::size_t i = 0; i < repeats.size(); ++i) {
        const std::string hole = "{" + repeats[i].index + "}";
        const std::string number = std::to_string(indices[i]);
        for (auto at = name.find(hole); at != std::string::npos; at = name.find(hole, at + number.size())) {
            name.replace(at, hole.size(), number);
        }
    }
    return name;
}

// Places the points of one group (or those outside all groups) once for each combination of its repeats.
class Placer {
  public:
    Placer(const Profile& profile, std::vector<PlacedPoint>& into) : profile_(profile), into_(into) {}

    void place(const std::vector<ProfilePoint>& points) { place_element(nullptr, points, 0, {}); }

    void place(const ProfileGroup& group) {
        std::vector<int> counters(group.repeat.size(), 0);
        if (std::ranges::any_of(group.repeat, [](const auto& repeat) { return repeat.count < 1; })) return;
        do {
            int address = group.address;
            std::vector<int> indices;
            for (std::size_t i = 0; i < counters.size(); ++i) {
                address += counters[i] * group.repeat[i].stride;
                indices.push_back(group.repeat[i].first + counters[i]);
            }
            place_element(&group, group.points, address, indices);
        } while (next(group, counters));
    }

  private:
    // Counts up like an odometer, the last repeat fastest; false after the last combination.
    static bool next(const ProfileGroup& group, std::vector<int>& counters) {
        for (std::size_t i = counters.size(); i-- > 0;) {
            if (++counters[i] < group.repeat[i].count) return true;
            counters[i] = 0;
        }
        return false;
    }

    // One element of a group, or all that stands outside of groups (`group` is then nullptr).
    void place_element(const ProfileGroup* group, const std::vector<ProfilePoint>& points, int address,
                       const std::vector<int>& indices) {
        for (const ProfilePoint& point : points) {
            if (point.type == PointType::sunssf || point.type == PointType::string) continue;
            if (point.bits.empty()) {
                add(group, points, point, nullptr, address, indices);
                continue;
            }
            for (const ProfileBit& flag : point.bits) add(group, points, point, &flag, address, indices);
        }
    }

    void add(const ProfileGroup* group, const std::vector<ProfilePoint>& siblings, const ProfilePoint& point,
             const ProfileBit* flag, int address, const std::vector<int>& indices) {
        PlacedPoint placed{.point = {}, .poll = poll_of(point), .source = &point, .flag = flag};
        const std::string& name = flag != nullptr ? flag->name : point.name;
        placed.point.pattern = group != nullptr ? group->name + "." + name : name;
        placed.point.name =
            group != nullptr ? fill_pattern(placed.point.pattern, group->repeat, indices) : name;
        placed.point.indices = indices;
        placed.point.unit = flag != nullptr ? "" : point.unit;
        placed.point.label = flag != nullptr ? flag->label : point.label;
        placed.point.alarm = flag != nullptr ? flag->alarm : "";
        placed.point.max_age = point.max_age;
        placed.point.words = point.words;
        placed.point.registers = flag != nullptr ? flag_registers(point, *flag, address)
                                                 : value_registers(point, siblings, address);
        const std::string* sign = find(profile_.sign, placed.point.pattern);
        if (sign != nullptr && *sign == "discharge_positive") turn_sign(placed.point.registers);
        into_.push_back(std::move(placed));
    }

    std::string poll_of(const ProfilePoint& point) const {
        if (!point.poll.empty()) return point.poll;
        return profile_.defaults.poll.empty() ? profile_.poll.front().first : profile_.defaults.poll;
    }

    // Place, type, orders and sentinels: what values and flags have in common.
    modbus::RegisterPoint common(const ProfilePoint& point, int address) const {
        modbus::RegisterPoint registers;
        registers.table = point.table.value_or(profile_.defaults.table);
        registers.address = static_cast<std::uint16_t>(address + point.address);
        registers.type = value_type(point.type);
        registers.word_order = point.word_order.value_or(profile_.defaults.word_order);
        registers.byte_order = point.byte_order.value_or(profile_.defaults.byte_order);
        if (is_integer(point.type)) registers.invalid = raw_sentinels(profile_, point);
        return registers;
    }

    // One bit of the word. Sentinels still hold for the whole word: 0xFFFF may mean that no flag is known.
    modbus::RegisterPoint flag_registers(const ProfilePoint& point, const ProfileBit& flag,
                                         int address) const {
        modbus::RegisterPoint registers = common(point, address);
        registers.mask = std::uint64_t{1} << flag.bit;
        registers.shift = static_cast<std::uint8_t>(flag.bit);
        return registers;
    }

    modbus::RegisterPoint value_registers(const ProfilePoint& point,
                                          const std::vector<ProfilePoint>& siblings, int address) const {
        modbus::RegisterPoint registers = common(point, address);
        registers.scale = point.scale;
        registers.offset = point.offset;
        if (point.range.size() == 2) {
            registers.minimum = point.range[0];
            registers.maximum = point.range[1];
        }
        if (is_integer(point.type)) select_bits(point, registers);
        if (!point.sf.empty()) registers.scale_factor = scale_factor(point, siblings, address);
        return registers;
    }

    // A factor of the same element goes before one outside all groups: each SunSpec block brings its own.
    std::optional<modbus::ScaleFactor> scale_factor(const ProfilePoint& point,
                                                    const std::vector<ProfilePoint>& siblings,
                                                    int address) const {
        const auto is_it = [&point](const ProfilePoint& other) {
            return other.type == PointType::sunssf && other.name == point.sf;
        };
        if (const auto sibling = std::ranges::find_if(siblings, is_it); sibling != siblings.end()) {
            return modbus::ScaleFactor{.address = static_cast<std::uint16_t>(address + sibling->address)};
        }
        if (const auto other = std::ranges::find_if(profile_.points, is_it); other != profile_.points.end()) {
            return modbus::ScaleFactor{.address = static_cast<std::uint16_t>(other->address)};
        }
        return std::nullopt;
    }

    const Profile& profile_;
    std::vector<PlacedPoint>& into_;
};

Error unknown_poll_group(const Profile& profile, const DeviceOptions& options, const std::string& group) {
    std::string known;
    for (const auto& [name, period] : profile.poll) known += (known.empty() ? "" : ", ") + name;
    return {.code = ErrorCode::validation_error,
            .message = fmt::format("device {}: profile {} has no poll group \"{}\"; it has: {}",
                                   options.device_id, profile.id, group, known),
            .detail = {}};
}

std::shared_ptr<Layout> start_layout(const Profile& profile, const DeviceOptions& options,
                                     const std::string& group) {
    auto layout = std::make_shared<Layout>();
    layout->device = options.device_id;
    layout->device_index = options.device;
    layout->group = group;
    for (const auto* periods : {&profile.poll, &options.periods}) {  // the site's word is the last
        if (const Duration* period = find(*periods, group)) layout->period = *period;
    }
    return layout;
}

// `points` in slot order becomes one poll group of the plan for each run of the same group.
std::vector<modbus::PollGroup> plan_groups(const Profile& profile, const DeviceOptions& options,
                                           const std::vector<PlacedPoint>& points) {
    std::vector<modbus::PollGroup> groups;
    std::shared_ptr<Layout> layout;
    for (std::size_t slot = 0; slot < points.size(); ++slot) {
        const DevicePoint& point = points[slot].point;
        if (!layout || layout->group != points[slot].poll) {
            layout = start_layout(profile, options, points[slot].poll);
            layout->first_slot = static_cast<std::uint32_t>(slot);
            groups.push_back({.layout = layout, .points = {}});
        }
        layout->points.push_back({.name = point.name,
                                  .unit = point.unit,
                                  .scale = point.registers.scale,
                                  .offset = point.registers.offset});
        groups.back().points.push_back(point.registers);
    }
    return groups;
}

}  // namespace

int registers_of(PointType type) {
    switch (type) {
        case PointType::string:
            return 0;
        case PointType::u16:
        case PointType::s16:
        case PointType::boolean:
        case PointType::sunssf:
            return 1;
        case PointType::u32:
        case PointType::s32:
        case PointType::f32:
            return 2;
        case PointType::u64:
        case PointType::s64:
        case PointType::f64:
            return 4;
    }
    return 0;
}

std::vector<PlacedPoint> place_points(const Profile& profile) {
    std::vector<PlacedPoint> placed;
    Placer placer(profile, placed);
    placer.place(profile.points);
    for (const ProfileGroup& group : profile.groups) placer.place(group);
    std::ranges::stable_sort(placed, {}, &PlacedPoint::poll);
    return placed;
}

Result<ExpandedDevice> expand(const Profile& profile, const DeviceOptions& options) {
    std::vector<PlacedPoint> placed = place_points(profile);
    for (const auto& [group, period] : options.periods) {
        if (find(profile.poll, group) == nullptr) return unknown_poll_group(profile, options, group);
    }
    ExpandedDevice device;
    device.plan = {.device = options.device,
                   .device_id = options.device_id,
                   .unit = options.unit,
                   .limits = profile.limits,
                   .timing = static_cast<const modbus::UnitTiming&>(profile.timing),
                   .groups = plan_groups(profile, options, placed)};
    device.points.reserve(placed.size());
    for (PlacedPoint& point : placed) device.points.push_back(std::move(point.point));
    return device;
}

}  // namespace sitepower
