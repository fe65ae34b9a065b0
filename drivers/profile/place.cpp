#include "drivers/profile/place.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_map>

#include "drivers/profile/resolve.hpp"

namespace sitepower {
namespace {

// A point of the device whose current counts discharge as positive is turned round where it is decoded, so
// that everything behind it sees charging as positive.
void turn_sign(modbus::RegisterPoint& registers) {
    registers.scale = -registers.scale;
    registers.offset = -registers.offset;
}

// Where in the profile an element of a repeat group stands; all that is outside of groups is one element.
struct Element {
    const ProfileGroup* group = nullptr;
    const std::vector<ProfilePoint>* points = nullptr;
    int address = 0;
    std::optional<int> unit;
    std::vector<int> counters;  // from 0, by repeat
    std::vector<int> indices;   // from the repeat's first

    std::string pattern(const std::string& name) const {
        return group != nullptr ? group->name + "." + name : name;
    }
    // The pattern with each "{index}" replaced by its number.
    std::string fill(std::string pattern) const {
        if (group == nullptr) return pattern;
        for (std::size_t i = 0; i < indices.size(); ++i) {
            const std::string hole = "{" + group->repeat[i].index + "}";
            const std::string number = std::to_string(indices[i]);
            for (auto at = pattern.find(hole); at != std::string::npos;
                 at = pattern.find(hole, at + number.size())) {
                pattern.replace(at, hole.size(), number);
            }
        }
        return pattern;
    }
};

// Counts up like an odometer, the last repeat fastest; false after the last combination.
bool next(const ProfileGroup& group, std::vector<int>& counters) {
    for (std::size_t i = counters.size(); i-- > 0;) {
        if (++counters[i] < group.repeat[i].count) return true;
        counters[i] = 0;
    }
    return false;
}

std::vector<Element> elements_of(const ProfileGroup& group) {
    std::vector<Element> elements;
    std::vector<int> counters(group.repeat.size(), 0);
    if (std::ranges::any_of(group.repeat, [](const auto& repeat) { return repeat.count < 1; }))
        return elements;
    do {
        Element element{.group = &group,
                        .points = &group.points,
                        .address = group.address,
                        .unit = group.unit,
                        .counters = counters,
                        .indices = {}};
        for (std::size_t i = 0; i < counters.size(); ++i) {
            const ProfileRepeat& repeat = group.repeat[i];
            element.address += counters[i] * repeat.stride;
            if (element.unit) *element.unit += counters[i] * repeat.unit_stride;
            element.indices.push_back(repeat.first + counters[i]);
        }
        elements.push_back(std::move(element));
    } while (next(group, counters));
    return elements;
}

class Placer {
  public:
    explicit Placer(const Profile& profile) : profile_(profile), resolver_(profile) {}

    Placement run() {
        place_element({.group = nullptr,
                       .points = &profile_.points,
                       .address = 0,
                       .unit = {},
                       .counters = {},
                       .indices = {}});
        for (const ProfileGroup& group : profile_.groups) {
            for (const Element& element : elements_of(group)) place_element(element);
        }
        keep_together();
        std::ranges::stable_sort(placement_.points, {}, [](const PlacedPoint& point) {
            return std::tuple(point.unit.value_or(-1), point.poll, point.hidden);
        });
        find_required();
        place_derived();
        return std::move(placement_);
    }

  private:
    void place_element(const Element& element) {
        for (const ProfilePoint& point : *element.points) {
            if (point.type == PointType::sunssf) continue;
            if (point.type == PointType::string) {
                add_text(element, point);
                continue;
            }
            for (const ProfileBit& flag : point.bits) {
                auto& placed = add(element, point, flag, resolver_.flag(point, flag, element.address));
                placed.flag = &flag;
                placed.point.alarm = flag.alarm;
            }
            if (point.bits.empty()) {
                auto registers = resolver_.value(point, *element.points, element.address);
                auto& placed = add(element, point, point, std::move(registers));
                placed.point.unit = point.unit;
                placed.point.words = point.words;
                placed.point.alarm = point.alarm;
            }
            for (const ProfileState& state : point.states) {
                auto& placed = add(element, point, state, resolver_.state(point, state, element.address));
                placed.state = &state;
                placed.point.alarm = state.alarm;
            }
        }
    }

    // What a value, a flag, a state, a text and a derived value are called.
    static DevicePoint named(const Element& element, const auto& description) {
        DevicePoint point;
        point.pattern = element.pattern(description.name);
        point.name = element.fill(point.pattern);
        point.alias = element.fill(description.alias);
        point.label = description.label;
        point.indices = element.indices;
        return point;
    }

    PlacedPoint& add(const Element& element, const ProfilePoint& source, const auto& description,
                     modbus::RegisterPoint registers) {
        PlacedPoint placed;
        placed.point = named(element, description);
        placed.point.registers = std::move(registers);
        placed.source = &source;
        placed.unit = element.unit;
        placed.poll = poll_of(source.mailbox.empty() ? source.poll : mailbox_of(source).poll);
        placed.hidden = !source.publish;
        placed.element = element.fill(element.pattern(""));
        placed.point.max_age = source.max_age;
        const std::string* sign = sign_of(placed.point.pattern);
        if (sign != nullptr && *sign == "discharge_positive") turn_sign(placed.point.registers);
        if (source.available_if) {
            placed.requirements.push_back({resolver_.condition(source, element.address), 1});
        }
        add_counts(element, placed);
        auto& list = source.mailbox.empty() ? placement_.points : placement_.mailbox;
        return list.emplace_back(std::move(placed));
    }

    void add_text(const Element& element, const ProfilePoint& source) {
        PlacedText text{.point = named(element, source), .unit = element.unit, .source = &source};
        text.point.registers = resolver_.value(source, *element.points, element.address);
        placement_.texts.push_back(std::move(text));
    }

    // What a repeat's count and the rest of a model say about the element.
    void add_counts(const Element& element, PlacedPoint& placed) const {
        if (element.group == nullptr) return;
        const ProfileGroup& group = *element.group;
        for (std::size_t i = 0; i < group.repeat.size(); ++i) {
            const ProfileRepeat& repeat = group.repeat[i];
            if (repeat.count_from.empty()) continue;
            placed.named_requirements.push_back({.point = element.fill(repeat.count_from),
                                                 .minimum = element.counters[i] + 1.0,
                                                 .origins = &repeat.origins,
                                                 .key = "count_from"});
        }
        if (group.fill_rest.empty() || group.repeat.empty()) return;
        placed.named_requirements.push_back({.point = element.fill(group.fill_rest),
                                             .minimum = double(element.address + group.repeat.back().stride),
                                             .is_end = true,
                                             .origins = &group.origins,
                                             .key = "fill_rest"});
    }

    std::string poll_of(const std::string& own) const {
        if (!own.empty()) return own;
        if (!profile_.defaults.poll.empty()) return profile_.defaults.poll;
        return profile_.poll.empty() ? "" : profile_.poll.front().first;
    }

    const ProfileMailbox& mailbox_of(const ProfilePoint& point) const {
        return *std::ranges::find(profile_.mailboxes, point.mailbox, &ProfileMailbox::name);
    }

    const std::string* sign_of(const std::string& pattern) const {
        const auto found =
            std::ranges::find(profile_.sign, pattern, &std::pair<std::string, std::string>::first);
        return found != profile_.sign.end() ? &found->second : nullptr;
    }

    // Points of one atomic group and element share one span.
    void keep_together() {
        std::map<std::tuple<std::string, std::string, modbus::Table>, modbus::AddressSpan> spans;
        const auto key = [](const PlacedPoint& placed) {
            return std::tuple(placed.element, placed.source->atomic, placed.point.registers.table);
        };
        for (const PlacedPoint& placed : placement_.points) {
            if (placed.source->atomic.empty()) continue;
            const auto& registers = placed.point.registers;
            const auto end = registers.address + static_cast<std::uint32_t>(registers.registers());
            auto& span =
                spans.try_emplace(key(placed), modbus::AddressSpan{registers.address, end}).first->second;
            span.begin = std::min<std::uint32_t>(span.begin, registers.address);
            span.end = std::max(span.end, end);
        }
        for (PlacedPoint& placed : placement_.points) {
            if (!placed.source->atomic.empty()) placed.point.registers.together = spans.at(key(placed));
        }
    }

    // The points are sorted: from here on their positions stand.
    void find_required() {
        for (std::size_t i = 0; i < placement_.points.size(); ++i) {
            by_name_.emplace(placement_.points[i].point.name, i);
        }
        for (PlacedPoint& placed : placement_.points) {
            std::erase_if(placed.named_requirements, [&](const NamedRequirement& named) {
                const auto found = by_name_.find(named.point);
                if (found == by_name_.end()) return false;
                const PlacedPoint& other = placement_.points[found->second];
                if (other.unit != placed.unit) return false;
                const auto& registers = other.point.registers;
                const double behind = registers.address + registers.registers();
                placed.requirements.push_back(
                    {registers, named.is_end ? named.minimum - behind : named.minimum});
                return true;
            });
        }
    }

    void place_derived() {
        const Element whole{};
        for (const ProfileGroup& group : profile_.groups) {
            if (group.derived.empty()) continue;
            for (const Element& element : elements_of(group)) {
                for (const ProfileDerived& derived : group.derived) add_derived(element, derived);
            }
        }
        for (const ProfileDerived& derived : profile_.derived) add_derived(whole, derived);
    }

    void add_derived(const Element& element, const ProfileDerived& source) {
        PlacedDerived placed;
        placed.point = named(element, source);
        placed.point.unit = source.unit;
        placed.point.derived = true;
        placed.source = &source;
        placed.unit = element.unit;
        placed.poll = poll_of(source.poll);
        for (std::size_t i = 0; i < source.of.size(); ++i) {
            const auto operands = operands_of(element, source.of[i]);
            if (operands.empty()) placed.missing.push_back(source.of[i]);
            for (const auto& operand : operands) {
                placed.operands.push_back(operand);
                if (i < source.weights.size()) placed.weights.push_back(source.weights[i]);
            }
        }
        derived_by_name_.emplace(placed.point.name, placement_.derived.size());
        placement_.derived.push_back(std::move(placed));
    }

    // The point of the same element, of any name, or all of a pattern.
    std::vector<PlacedDerived::Operand> operands_of(const Element& element, const std::string& of) const {
        for (const std::string& name : {element.fill(element.pattern(of)), element.fill(of)}) {
            if (const auto found = by_name_.find(name); found != by_name_.end())
                return {{false, found->second}};
            if (const auto found = derived_by_name_.find(name); found != derived_by_name_.end())
                return {{true, found->second}};
        }
        std::vector<PlacedDerived::Operand> all;
        for (std::size_t i = 0; i < placement_.points.size(); ++i) {
            if (placement_.points[i].point.pattern == of) all.push_back({false, i});
        }
        for (std::size_t i = 0; i < placement_.derived.size(); ++i) {
            if (placement_.derived[i].point.pattern == of) all.push_back({true, i});
        }
        return all;
    }

    const Profile& profile_;
    Resolver resolver_;
    Placement placement_;
    std::unordered_map<std::string, std::size_t> by_name_;
    std::unordered_map<std::string, std::size_t> derived_by_name_;
};

}  // namespace

Placement place(const Profile& profile) {
    return Placer(profile).run();
}

std::vector<PlacedPoint> place_points(const Profile& profile) {
    return place(profile).points;
}

}  // namespace sitepower
