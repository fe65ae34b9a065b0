#include "drivers/profile/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "drivers/modbus/planner.hpp"
#include "drivers/profile/check_parts.hpp"
#include "drivers/profile/check_point.hpp"
#include "drivers/profile/place.hpp"
#include "drivers/profile/raw_range.hpp"

namespace sitepower {
namespace {

// Before anything is placed: a mistyped count must not fill the memory.
void check_size(const Profile& profile, schema::Diagnostics& diagnostics) {
    std::int64_t total = 0;
    const auto in = [](const std::vector<ProfilePoint>& points) {
        std::int64_t count = 0;
        for (const ProfilePoint& point : points) {
            if (point.type == PointType::sunssf) continue;
            count += std::max<std::int64_t>(1, std::ssize(point.bits)) + std::ssize(point.states);
        }
        return count;
    };
    total = in(profile.points);
    for (const ProfileGroup& group : profile.groups) {
        std::int64_t elements = 1;
        for (const ProfileRepeat& repeat : group.repeat) {
            elements = std::min<std::int64_t>(elements * repeat.count, max_profile_points + 1);
        }
        total += elements * (in(group.points) + std::ssize(group.derived));
    }
    if (total == 0) diagnostics.add(profile.origins.table(), "the profile has no points");
    if (total > max_profile_points) {
        diagnostics.add(
            profile.origins.of("groups"),
            fmt::format("more than {} points; is a count of a repeat right?", max_profile_points));
    }
}

// Second stage: the points of a whole device beside each other.

const schema::Origins& origins_of(const PlacedPoint& placed) {
    if (placed.flag != nullptr) return placed.flag->origins;
    return placed.state != nullptr ? placed.state->origins : placed.source->origins;
}

std::vector<const PlacedPoint*> pointers_to(const std::vector<PlacedPoint>& placed) {
    std::vector<const PlacedPoint*> pointers;
    pointers.reserve(placed.size());
    for (const PlacedPoint& point : placed) pointers.push_back(&point);
    return pointers;
}

// A name of anything in the profile, and where it stands.
struct Name {
    std::string_view name;
    const schema::Origins* origins;
    std::string_view key;  // "name" or "alias"

    int line() const { return origins->of(key).line; }
};

std::vector<Name> names_of(const Placement& placement) {
    std::vector<Name> names;
    const auto add = [&names](const DevicePoint& point, const schema::Origins& origins) {
        names.push_back({point.name, &origins, "name"});
        if (!point.alias.empty() && point.alias != point.name)
            names.push_back({point.alias, &origins, "alias"});
    };
    for (const PlacedPoint& placed : placement.points) add(placed.point, origins_of(placed));
    for (const PlacedPoint& placed : placement.mailbox) add(placed.point, origins_of(placed));
    for (const PlacedText& placed : placement.texts) add(placed.point, placed.source->origins);
    for (const PlacedDerived& placed : placement.derived) add(placed.point, placed.source->origins);
    return names;
}

// A name that a whole repeat group takes twice is told once: `told` holds the places in the file.
void check_duplicates(const Placement& placement, schema::Diagnostics& diagnostics) {
    auto names = names_of(placement);
    std::ranges::stable_sort(names, [](const Name& a, const Name& b) {
        return std::pair(a.name, a.line()) < std::pair(b.name, b.line());
    });
    std::set<const schema::Origins*> told;
    for (std::size_t i = 1; i < names.size(); ++i) {
        const Name& first = names[i - 1];
        const Name& second = names[i];
        if (first.name != second.name || !told.insert(second.origins).second) continue;
        diagnostics.add(second.origins->of(second.key),
                        fmt::format("point \"{}\": the name is taken by line {}", second.name, first.line()));
    }
}

// Parts of one word are fine, and so is nothing else that shares a register.
bool overlap(const modbus::RegisterPoint& a, const modbus::RegisterPoint& b) {
    if (a.table != b.table || b.address >= a.address + a.registers()) return false;
    const bool same_word = a.address == b.address && a.registers() == b.registers() &&
                           a.word_order == b.word_order && a.byte_order == b.byte_order;
    return !same_word || (a.mask & b.mask) != 0;
}

void check_overlaps(const std::vector<PlacedPoint>& placed, schema::Diagnostics& diagnostics) {
    auto by_address = pointers_to(placed);
    std::ranges::stable_sort(by_address, {}, [](const PlacedPoint* point) {
        const auto& registers = point->point.registers;
        return std::tuple(point->unit, registers.table, registers.address);
    });
    std::set<std::pair<const schema::Origins*, const schema::Origins*>> told;
    for (std::size_t i = 0; i < by_address.size(); ++i) {
        const PlacedPoint& first = *by_address[i];
        const auto& registers = first.point.registers;
        for (std::size_t j = i + 1; j < by_address.size(); ++j) {
            const PlacedPoint& second = *by_address[j];
            const auto& other = second.point.registers;
            if (second.unit != first.unit || other.table != registers.table ||
                other.address >= registers.address + registers.registers())
                break;
            // The states of an enum are read from the number itself.
            if (first.source == second.source && (first.state != nullptr || second.state != nullptr)) {
                if (first.point.indices == second.point.indices) continue;
            }
            if (!overlap(registers, other)) continue;
            if (!told.emplace(&origins_of(first), &origins_of(second)).second) continue;
            if (diagnostics.omitted() > 0) return;  // nobody reads more; and this may grow as the square
            diagnostics.add(
                origins_of(second).table(),
                fmt::format(R"(point "{}": shares register {} with "{}" of line {})", second.point.name,
                            other.address, first.point.name, origins_of(first).table().line));
        }
    }
}

// A value and its scale factor must come from one answer; half a value may be refused, or torn.
void check_requests(const Profile& profile, const std::vector<PlacedPoint>& placed,
                    schema::Diagnostics& diagnostics) {
    std::set<const ProfilePoint*> told;
    for (const PlacedPoint& point : placed) {
        const modbus::PointSpan span = modbus::span_of(point.point.registers);
        const auto cuts = [&](std::uint32_t barrier) { return span.begin < barrier && barrier < span.end; };
        const auto barrier = std::ranges::find_if(profile.limits.barriers, cuts);
        const bool too_long = !modbus::is_bit_table(span.table) &&
                              std::cmp_greater(span.end - span.begin, profile.limits.max_registers);
        if ((barrier == profile.limits.barriers.end() && !too_long) || !told.insert(point.source).second)
            continue;
        diagnostics.add(
            point.source->origins.of("address"),
            fmt::format("point \"{}\": registers {} to {} must come from one answer, {}", point.point.name,
                        span.begin, span.end - 1,
                        too_long ? fmt::format("but limits.max_registers is {}", profile.limits.max_registers)
                                 : fmt::format("but limits.barriers has {}", *barrier)));
    }
}

// Reading there would make the device go on to the next words.
void check_windows(const Profile& profile, const std::vector<PlacedPoint>& placed,
                   schema::Diagnostics& diagnostics) {
    std::set<const ProfilePoint*> told;
    for (const PlacedPoint& point : placed) {
        const modbus::PointSpan span = modbus::span_of(point.point.registers);
        const auto parts = [&](const ProfileMailbox& mailbox) {
            const auto begin = static_cast<std::uint32_t>(mailbox.window_address);
            const auto end = begin + static_cast<std::uint32_t>(mailbox.window_length);
            const bool overlaps = span.begin < end && begin < span.end;
            // Other tables have other registers; but a request of theirs ends there too.
            const bool inside = begin <= span.begin && span.end <= end;
            return mailbox.windows > 1 && overlaps && (span.table == modbus::Table::holding || !inside);
        };
        const auto mailbox = std::ranges::find_if(profile.mailboxes, parts);
        if (mailbox == profile.mailboxes.end() || !told.insert(point.source).second) continue;
        diagnostics.add(
            point.source->origins.of("address"),
            fmt::format("point \"{}\": registers {} to {} reach into the window of mailbox \"{}\" "
                        "(registers {} to {}), where each read makes the device go on",
                        point.point.name, span.begin, span.end - 1, mailbox->name, mailbox->window_address,
                        mailbox->window_address + mailbox->window_length - 1));
    }
}

// A convention for a point that is not there would leave a current with the wrong sign unnoticed.
void check_signs(const Profile& profile, const std::vector<PlacedPoint>& placed,
                 schema::Diagnostics& diagnostics) {
    for (const auto& [name, convention] : profile.sign) {
        const auto is_it = [&name = name](const PlacedPoint& point) { return point.point.pattern == name; };
        if (std::ranges::any_of(placed, is_it)) continue;
        diagnostics.add(profile.origins.of("sign"), fmt::format("sign: there is no point \"{}\"", name));
    }
}

// A count that nobody tells would make every element exist.
void check_requirements(const std::vector<PlacedPoint>& placed, schema::Diagnostics& diagnostics) {
    std::set<const schema::Origins*> told;
    for (const PlacedPoint& point : placed) {
        for (const NamedRequirement& named : point.named_requirements) {
            if (!told.insert(named.origins).second) continue;
            diagnostics.add(named.origins->of(named.key),
                            fmt::format("there is no point \"{}\" on the same unit", named.point));
        }
    }
}

// What is said of numbers that the registers never hold would never come true, unnoticed.
class ReachCheck {
  public:
    explicit ReachCheck(schema::Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

    void check(const PlacedPoint& placed) {
        if (!told_.insert(&origins_of(placed)).second) return;
        if (placed.state != nullptr) {
            check_state(placed);
        } else if (placed.flag == nullptr) {
            check_range(placed);
            if (!placed.source->words.empty()) check_words(placed);
        }
    }

  private:
    void fail(const PlacedPoint& placed, std::string_view key, const std::string& message) {
        diagnostics_.add(origins_of(placed).of(key),
                         fmt::format("point \"{}\": {}", placed.point.name, message));
    }

    void check_range(const PlacedPoint& placed) {
        const auto& range = placed.source->range;
        const RawRange reach = value_range(placed.point.registers);
        if (range.size() != 2 || reach.meets(range[0], range[1])) return;
        fail(placed, "range",
             fmt::format("no value of its type and scale is ever inside: they are {} to {}", reach.lowest,
                         reach.highest));
    }

    void check_words(const PlacedPoint& placed) {
        const auto& registers = placed.point.registers;
        if (registers.scale != 1 || registers.offset != 0 || registers.scale_factor) {
            fail(placed, "enum", "expected no scale, offset or sign beside it: its keys are the raw numbers");
        }
        const RawRange range = raw_range(registers);
        for (const auto& [number, word] : placed.source->words) {
            if (range.holds(std::stod(number))) continue;
            fail(placed, "enum",
                 fmt::format("{} (\"{}\") is never read: the raw number is {} to {}", number, word,
                             range.lowest, range.highest));
        }
    }

    // As sentinels, with or without a sign.
    void check_state(const PlacedPoint& placed) {
        const int width = field_width(placed.point.registers);
        if (width >= 64) return;
        const std::int64_t end = std::int64_t{1} << width;
        for (const std::int64_t value : placed.state->values) {
            if (value >= -end / 2 && value < end) continue;
            fail(placed, "values", fmt::format("{} is never read: the number has {} bits", value, width));
        }
    }

    schema::Diagnostics& diagnostics_;
    std::set<const schema::Origins*> told_;
};

// Why no point of that name can be taken.
std::string why_missing(const PlacedDerived& placed, const std::string& name, const Placement& placement) {
    const auto element = placed.point.name.substr(0, placed.point.name.size() - placed.source->name.size());
    const auto is_it = [&](const auto& other) {
        return other.point.name == name || other.point.pattern == name || other.point.name == element + name;
    };
    const auto has = [&](const auto& list) { return std::ranges::any_of(list, is_it); };
    if (is_it(placed)) return fmt::format("\"{}\" is worked out here: it cannot be its own operand", name);
    if (has(placement.derived)) {
        return fmt::format(
            "\"{}\" is itself derived, and worked out later: expected points, or derived values "
            "that stand above it (those of groups come before the others)",
            name);
    }
    if (has(placement.mailbox))
        return fmt::format("point \"{}\" is of a mailbox, which no derived value sees", name);
    if (has(placement.texts)) return fmt::format("point \"{}\" is a text, not a number", name);
    return fmt::format("there is no point \"{}\"", name);
}

// Points that must come from one answer must be asked for together.
void check_atomic(const std::vector<PlacedPoint>& placed, schema::Diagnostics& diagnostics) {
    std::map<std::pair<std::string, std::string>, const PlacedPoint*> first;
    std::set<const ProfilePoint*> told;
    for (const PlacedPoint& point : placed) {
        if (point.source->atomic.empty()) continue;
        const PlacedPoint& other =
            *first.try_emplace({point.element, point.source->atomic}, &point).first->second;
        if (point.poll == other.poll && point.point.registers.table == other.point.registers.table) continue;
        if (!told.insert(point.source).second) continue;
        diagnostics.add(point.source->origins.of("atomic"),
                        fmt::format(R"(point "{}": expected the table and the poll group of "{}")",
                                    point.point.name, other.point.name));
    }
}

void check_operands(const PlacedDerived& placed, const Placement& placement,
                    schema::Diagnostics& diagnostics) {
    const auto fail = [&](std::string_view key, const std::string& message) {
        diagnostics.add(placed.source->origins.of(key),
                        fmt::format("derived \"{}\": {}", placed.point.name, message));
    };
    for (const std::string& name : placed.missing) fail("of", why_missing(placed, name, placement));
    const bool needs_two = placed.source->operation == modbus::Operation::sub ||
                           placed.source->operation == modbus::Operation::div;
    if (needs_two && placed.operands.size() != 2) fail("of", "expected two points");
    for (const auto& operand : placed.operands) {
        if (operand.is_derived) {
            const PlacedDerived& other = placement.derived[operand.index];
            if (other.unit == placed.unit && other.poll == placed.poll) continue;
            fail("of", fmt::format("\"{}\" is worked out in another poll group", other.point.name));
        } else if (placement.points[operand.index].unit != placed.unit) {
            fail("of", fmt::format("\"{}\" is on another unit, and comes in another answer: only points of "
                                   "one unit id can be combined",
                                   placement.points[operand.index].point.name));
            return;
        }
    }
}

void check_all_derived(const Placement& placement, schema::Diagnostics& diagnostics) {
    std::set<const ProfileDerived*> told;
    for (const PlacedDerived& placed : placement.derived) {
        const auto before = diagnostics.total();
        if (told.contains(placed.source)) continue;
        check_operands(placed, placement, diagnostics);
        if (diagnostics.total() != before) told.insert(placed.source);
    }
}

void check_verified(const Profile& profile, const Placement& placement, schema::Diagnostics& diagnostics) {
    for (const ProfileCommand& command : profile.commands) {
        if (command.verify.empty()) continue;
        const auto fail = [&](std::string_view message) {
            diagnostics.add(command.origins.of("verify"),
                            fmt::format("command \"{}\": {}", command.name, message));
        };
        const auto shows = std::ranges::find_if(placement.points, [&](const PlacedPoint& placed) {
            return placed.point.name == command.verify && !placed.hidden;
        });
        if (shows == placement.points.end()) {
            const bool is_derived = std::ranges::any_of(placement.derived, [&](const PlacedDerived& placed) {
                return placed.point.name == command.verify;
            });
            fail(is_derived ? fmt::format("point \"{}\" is worked out from others; expected one that is read",
                                          command.verify)
                            : fmt::format("there is no point \"{}\"", command.verify));
            continue;
        }
        if (!shows->requirements.empty() || !shows->named_requirements.empty()) {
            fail(fmt::format("\"{}\" does not always exist: name a point without a condition",
                             command.verify));
        }
        const auto span = modbus::span_of(shows->point.registers);
        const auto most = static_cast<std::uint32_t>(profile.limits.max_registers);
        if (!modbus::is_bit_table(span.table) && span.end - span.begin > most) {
            fail(fmt::format("\"{}\" cannot be read in one request", command.verify));
        }
    }
}

}  // namespace

void check_profile(const Profile& profile, schema::Diagnostics& diagnostics) {
    const auto before = diagnostics.total();
    check_parts(profile, diagnostics);
    for (const ProfilePoint& point : profile.points) check_point(profile, nullptr, point, diagnostics);
    for (const ProfileDerived& derived : profile.derived) check_derived(profile, derived, diagnostics);
    for (const ProfileGroup& group : profile.groups) {
        check_group(group, diagnostics);
        for (const ProfilePoint& point : group.points) check_point(profile, &group, point, diagnostics);
        for (const ProfileDerived& derived : group.derived) check_derived(profile, derived, diagnostics);
    }
    check_size(profile, diagnostics);
    if (diagnostics.total() != before) return;

    const Placement placement = place(profile);
    check_duplicates(placement, diagnostics);
    check_overlaps(placement.points, diagnostics);
    check_requests(profile, placement.points, diagnostics);
    check_windows(profile, placement.points, diagnostics);
    check_signs(profile, placement.points, diagnostics);
    check_requirements(placement.points, diagnostics);
    ReachCheck reach(diagnostics);
    for (const PlacedPoint& placed : placement.points) reach.check(placed);
    for (const PlacedPoint& placed : placement.mailbox) reach.check(placed);
    check_atomic(placement.points, diagnostics);
    check_all_derived(placement, diagnostics);
    check_verified(profile, placement, diagnostics);
}

}  // namespace sitepower
