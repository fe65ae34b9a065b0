#include "drivers/profile/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "drivers/modbus/planner.hpp"
#include "drivers/profile/expand.hpp"

namespace sitepower {
namespace {

constexpr int table_size = 65'536;

bool is_integer(PointType type) {
    return type <= PointType::s64;
}

bool is_published(const ProfilePoint& point) {
    return point.type != PointType::sunssf && point.type != PointType::string;
}

bool exceeds(std::uint64_t mask, int bits) {
    return bits < 64 && mask >> bits != 0;
}

int registers_of(const ProfilePoint& point) {
    return point.type == PointType::string ? point.length : registers_of(point.type);
}

std::string join(const std::vector<std::pair<std::string, Duration>>& names) {
    std::string text;
    for (const auto& [name, period] : names) text += (text.empty() ? "" : ", ") + name;
    return text;
}

// First stage: each point by itself, in the group (or outside) where it stands.
class PointCheck {
  public:
    PointCheck(const Profile& profile, const ProfileGroup* group, const ProfilePoint& point,
               schema::Diagnostics& diagnostics)
        : profile_(profile), group_(group), point_(point), diagnostics_(diagnostics) {}

    void run() {
        check_name();
        check_place();
        check_kind();
        check_conversion();
        check_selection();
        check_flags();
        check_sentinels();
        check_scale_factor();
        if (is_published(point_)) check_poll();
    }

  private:
    void fail(std::string_view key, const std::string& message) {
        diagnostics_.add(point_.origins.of(key), fmt::format("point \"{}\": {}", point_.name, message));
    }

    modbus::Table table(const ProfilePoint& point) const {
        return point.table.value_or(profile_.defaults.table);
    }

    int width() const { return 16 * registers_of(point_); }

    void check_name() {
        const auto braces = [](const std::string& name) { return name.find_first_of("{}") != name.npos; };
        const std::string what = "{index} belongs into the name of a group, not of a point";
        if (braces(point_.name)) fail("name", what);
        for (const ProfileBit& flag : point_.bits) {
            if (braces(flag.name)) diagnostics_.add(flag.origins.of("name"), what);
        }
    }

    // The last element of the group must still lie inside the table, and the value fit into one request.
    void check_place() {
        std::int64_t last = point_.address;
        if (group_ != nullptr) {
            last += group_->address;
            for (const ProfileRepeat& repeat : group_->repeat) {
                last += std::int64_t{repeat.count - 1} * repeat.stride;
            }
        }
        const int count = registers_of(point_);
        if (last + count > table_size) {
            fail("address",
                 fmt::format("its last register would be {}; a table ends at 65535", last + count - 1));
        }
        if (!modbus::is_bit_table(table(point_)) && count > profile_.limits.max_registers) {
            fail("type", fmt::format("needs {} registers in one request; limits.max_registers is {}", count,
                                     profile_.limits.max_registers));
        }
    }

    void check_kind() {
        if (modbus::is_bit_table(table(point_)) != (point_.type == PointType::boolean)) {
            fail("type",
                 modbus::is_bit_table(table(point_))
                     ? "coils and discretes hold bits: expected type = \"bool\""
                     : "\"bool\" belongs to coils and discretes; for one bit of a register write bit = n");
        }
        if ((point_.type == PointType::string) != (point_.length > 0)) {
            fail("length", "expected for a string, and only there");
        }
    }

    void check_conversion() {
        if (point_.scale == 0 || !std::isfinite(point_.scale))
            fail("scale", "expected a number other than 0");
        if (!std::isfinite(point_.offset)) fail("offset", "expected a finite number");
        if (point_.range.size() == 2 && !(point_.range[0] < point_.range[1])) {
            fail("range", "expected the lowest value first, and a higher one after it");
        }
        if (!point_.words.empty() && !is_integer(point_.type)) fail("enum", "expected an integer type");
    }

    // bit, mask and shift: of integers, inside the type's width, and leaving at least one bit.
    void check_selection() {
        if (!is_integer(point_.type)) {
            for (const std::string_view key : {"bit", "mask", "shift"}) {
                if (point_.origins.has(key)) fail(key, "belongs to integer types");
            }
            return;
        }
        if (point_.bit && (point_.mask || point_.shift != 0))
            fail("bit", "expected either bit, or mask and shift");
        if (point_.bit && *point_.bit >= width()) fail("bit", fmt::format("expected 0 to {}", width() - 1));
        if (point_.shift >= width()) fail("shift", fmt::format("expected 0 to {}", width() - 1));
        if (!point_.mask) return;
        const auto mask = static_cast<std::uint64_t>(*point_.mask);
        if (*point_.mask <= 0 || exceeds(mask, width()) || mask >> std::min(point_.shift, 63) == 0) {
            fail("mask", fmt::format("expected bits within the {} of the type, and one that the shift leaves",
                                     width()));
        }
    }

    void check_flags() {
        if (point_.bits.empty()) return;
        if (!is_integer(point_.type)) fail("bits", "expected an integer type");
        if (point_.bit || point_.mask) fail("bits", "expected no bit or mask beside it");
        for (const ProfileBit& flag : point_.bits) {
            if (flag.bit >= width()) {
                diagnostics_.add(flag.origins.of("bit"),
                                 fmt::format("flag \"{}\": expected 0 to {}", flag.name, width() - 1));
            }
        }
    }

    // A sentinel wider than its register never matches, and "not available" would be taken for a value.
    void check_sentinels() {
        if (point_.invalid.empty()) return;
        if (!is_integer(point_.type)) {
            fail("invalid", "belongs to integer types; a NaN is never taken as a value anyway");
            return;
        }
        if (width() == 64) return;
        const std::int64_t end = std::int64_t{1} << width();
        for (const std::int64_t value : point_.invalid) {
            if (value < -end / 2 || value >= end) {
                fail("invalid", fmt::format("{} does not fit into {} bits", value, width()));
            }
        }
    }

    void check_scale_factor() {
        if (point_.sf.empty()) return;
        if (!is_integer(point_.type)) fail("sf", "belongs to integer types");
        const ProfilePoint* factor = group_ != nullptr ? find_factor(group_->points) : nullptr;
        if (factor == nullptr) factor = find_factor(profile_.points);
        if (factor == nullptr) {
            fail("sf", fmt::format("there is no point \"{}\" of type sunssf", point_.sf));
        } else if (table(*factor) != table(point_)) {
            fail("sf", "expected a scale factor in the same table");
        }
    }

    const ProfilePoint* find_factor(const std::vector<ProfilePoint>& points) const {
        const auto found = std::ranges::find_if(points, [this](const ProfilePoint& other) {
            return other.type == PointType::sunssf && other.name == point_.sf;
        });
        return found != points.end() ? &*found : nullptr;
    }

    // Without a default each point must say how often it is read: a guess would be read too often or too
    // late.
    void check_poll() {
        if (!point_.poll.empty()) {
            const auto known =
                std::ranges::find(profile_.poll, point_.poll, &std::pair<std::string, Duration>::first);
            if (known == profile_.poll.end()) {
                fail("poll", fmt::format("there is no poll group \"{}\"; poll_ms has: {}", point_.poll,
                                         join(profile_.poll)));
            }
        } else if (profile_.defaults.poll.empty() && profile_.poll.size() > 1) {
            fail("poll", "expected a poll group here or in defaults.poll, one of " + join(profile_.poll));
        }
    }

    const Profile& profile_;
    const ProfileGroup* group_;
    const ProfilePoint& point_;
    schema::Diagnostics& diagnostics_;
};

// Each index stands exactly once in the group's name, so that no two elements share one.
void check_group(const ProfileGroup& group, schema::Diagnostics& diagnostics) {
    std::string rest = group.name;
    for (const ProfileRepeat& repeat : group.repeat) {
        const std::string hole = "{" + repeat.index + "}";
        const auto at = rest.find(hole);
        if (at == std::string::npos) {
            diagnostics.add(repeat.origins.of("index"),
                            fmt::format("group \"{}\": expected {} once in its name", group.name, hole));
            continue;
        }
        rest.erase(at, hole.size());
    }
    if (rest.find_first_of("{}") != std::string::npos) {
        diagnostics.add(group.origins.of("name"),
                        fmt::format("group \"{}\": a {{...}} in its name is no repeat's index", group.name));
    }
}

// Before anything is placed: a mistyped count must not fill the memory.
void check_size(const Profile& profile, schema::Diagnostics& diagnostics) {
    std::int64_t total = 0;
    const auto published = [](const std::vector<ProfilePoint>& points) {
        std::int64_t count = 0;
        for (const ProfilePoint& point : points) {
            if (is_published(point)) count += std::max<std::int64_t>(1, std::ssize(point.bits));
        }
        return count;
    };
    total = published(profile.points);
    for (const ProfileGroup& group : profile.groups) {
        std::int64_t elements = 1;
        for (const ProfileRepeat& repeat : group.repeat) {
            elements = std::min<std::int64_t>(elements * repeat.count, max_profile_points + 1);
        }
        total += elements * published(group.points);
    }
    if (total == 0) diagnostics.add(profile.origins.table(), "the profile has no points");
    if (total > max_profile_points) {
        diagnostics.add(
            profile.origins.of("groups"),
            fmt::format("more than {} points; is a count of a repeat right?", max_profile_points));
    }
}

void check_defaults(const Profile& profile, schema::Diagnostics& diagnostics) {
    if (profile.poll.empty())
        diagnostics.add(profile.origins.of("poll_ms"), "expected at least one poll group");
    const auto& poll = profile.defaults.poll;
    if (!poll.empty() && std::ranges::find(profile.poll, poll, &std::pair<std::string, Duration>::first) ==
                             profile.poll.end()) {
        diagnostics.add(profile.origins.of("defaults"),
                        fmt::format("defaults.poll: there is no poll group \"{}\"; poll_ms has: {}", poll,
                                    join(profile.poll)));
    }
    if (profile.timing.late_window < profile.timing.response_timeout) {
        diagnostics.add(profile.timing.origins.of("late_window_ms"),
                        "expected at least response_timeout_ms: an answer that comes in time is not late");
    }
}

// Second stage: the points of a whole device beside each other.

const schema::Origins& origins_of(const PlacedPoint& placed) {
    return placed.flag != nullptr ? placed.flag->origins : placed.source->origins;
}

std::vector<const PlacedPoint*> pointers_to(const std::vector<PlacedPoint>& placed) {
    std::vector<const PlacedPoint*> pointers;
    pointers.reserve(placed.size());
    for (const PlacedPoint& point : placed) pointers.push_back(&point);
    return pointers;
}

// A name that a whole repeat group takes twice is told once: `told` holds the places in the file.
void check_duplicates(const std::vector<PlacedPoint>& placed, schema::Diagnostics& diagnostics) {
    auto by_name = pointers_to(placed);
    std::ranges::stable_sort(by_name, {}, [](const PlacedPoint* point) { return point->point.name; });
    std::set<const schema::Origins*> told;
    for (std::size_t i = 1; i < by_name.size(); ++i) {
        const PlacedPoint& first = *by_name[i - 1];
        const PlacedPoint& second = *by_name[i];
        if (first.point.name != second.point.name || !told.insert(&origins_of(second)).second) continue;
        diagnostics.add(origins_of(second).of("name"),
                        fmt::format("point \"{}\": the name is taken by line {}", second.point.name,
                                    origins_of(first).of("name").line));
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
        return std::pair(point->point.registers.table, point->point.registers.address);
    });
    std::set<std::pair<const schema::Origins*, const schema::Origins*>> told;
    for (std::size_t i = 0; i < by_address.size(); ++i) {
        const PlacedPoint& first = *by_address[i];
        const auto& registers = first.point.registers;
        for (std::size_t j = i + 1; j < by_address.size(); ++j) {
            const PlacedPoint& second = *by_address[j];
            const auto& other = second.point.registers;
            if (other.table != registers.table || other.address >= registers.address + registers.registers())
                break;
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

// A convention for a point that is not there would leave a current with the wrong sign unnoticed.
void check_signs(const Profile& profile, const std::vector<PlacedPoint>& placed,
                 schema::Diagnostics& diagnostics) {
    for (const auto& [name, convention] : profile.sign) {
        const auto is_it = [&name = name](const PlacedPoint& point) { return point.point.pattern == name; };
        if (std::ranges::any_of(placed, is_it)) continue;
        diagnostics.add(profile.origins.of("sign"), fmt::format("sign: there is no point \"{}\"", name));
    }
}

}  // namespace

void check_profile(const Profile& profile, schema::Diagnostics& diagnostics) {
    const auto before = diagnostics.total();
    check_defaults(profile, diagnostics);
    for (const ProfilePoint& point : profile.points) PointCheck(profile, nullptr, point, diagnostics).run();
    for (const ProfileGroup& group : profile.groups) {
        check_group(group, diagnostics);
        for (const ProfilePoint& point : group.points) PointCheck(profile, &group, point, diagnostics).run();
    }
    check_size(profile, diagnostics);
    if (diagnostics.total() != before) return;

    const std::vector<PlacedPoint> placed = place_points(profile);
    check_duplicates(placed, diagnostics);
    check_overlaps(placed, diagnostics);
    check_requests(profile, placed, diagnostics);
    check_signs(profile, placed, diagnostics);
}

}  // namespace sitepower
