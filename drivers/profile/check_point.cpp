#include "drivers/profile/check_point.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/modbus/planner.hpp"
#include "drivers/profile/check.hpp"
#include "drivers/profile/expand.hpp"
#include "drivers/profile/raw_range.hpp"
#include "drivers/profile/resolve.hpp"
#include "drivers/profile/unit_name.hpp"

namespace sitepower {
namespace {

bool exceeds(std::uint64_t mask, int bits) {
    return bits < 64 && mask >> bits != 0;
}

bool is_float(PointType type) {
    return type == PointType::f32 || type == PointType::f64;
}

bool is_upside_down(const std::vector<double>& range) {
    return range.size() == 2 && !(range[0] < range[1]);
}

// Empty when name and unit agree. A point without a unit is not judged.
std::string unit_trouble(const std::string& name, const std::string& unit) {
    const auto promised = unit_by_name(name);
    if (!promised || unit.empty() || unit == *promised) return {};
    return fmt::format(
        R"(its name ends with the unit {0}: expected unit = "{0}", with a scale to match, or another name)",
        *promised);
}

constexpr const char* range_words = "expected the lowest value first, and a higher one after it";

class PointCheck {
  public:
    PointCheck(const Profile& profile, const ProfileGroup* group, const ProfilePoint& point,
               schema::Diagnostics& diagnostics)
        : profile_(profile), group_(group), point_(point), resolver_(profile), diagnostics_(diagnostics) {}

    void run() {
        check_name();
        check_place();
        check_kind();
        check_text();
        check_conversion();
        check_selection();
        check_flags();
        check_sentinels();
        check_scale_factor();
        check_scale_ref();
        check_condition();
        check_mailbox();
        if (is_number(point_.type)) check_poll();
    }

  private:
    void fail(std::string_view key, const std::string& message) {
        diagnostics_.add(point_.origins.of(key), fmt::format("point \"{}\": {}", point_.name, message));
    }

    int width() const { return 16 * registers_of(point_); }

    void check_name() {
        const auto braces = [](const std::string& name) { return name.find_first_of("{}") != name.npos; };
        const std::string what = "{index} belongs into the name of a group, not of a point";
        if (braces(point_.name)) fail("name", what);
        if (const auto trouble = unit_trouble(point_.name, point_.unit); !trouble.empty())
            fail("unit", trouble);
        for (const ProfileBit& flag : point_.bits) {
            if (braces(flag.name)) diagnostics_.add(flag.origins.of("name"), what);
        }
        for (const ProfileState& state : point_.states) {
            if (braces(state.name)) diagnostics_.add(state.origins.of("name"), what);
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
        if (!point_.mailbox.empty() || modbus::is_bit_table(resolver_.table_of(point_))) return;
        if (count > profile_.limits.max_registers) {
            fail("type", fmt::format("needs {} registers in one request; limits.max_registers is {}", count,
                                     profile_.limits.max_registers));
        }
    }

    void check_kind() {
        const bool is_bit = modbus::is_bit_table(resolver_.table_of(point_));
        if (is_bit != (point_.type == PointType::boolean)) {
            fail("type",
                 is_bit ? "coils and discretes hold bits: expected type = \"bool\""
                        : "\"bool\" belongs to coils and discretes; for one bit of a register write bit = n");
        }
        if ((point_.type == PointType::string) != (point_.length > 0)) {
            fail("length", "expected for a string, and only there");
        }
        if ((point_.type == PointType::datetime) != !point_.fields.empty()) {
            fail("fields", "expected for a datetime, and only there");
        }
        if (!point_.alarm.empty() && point_.type != PointType::boolean && !point_.bit) {
            fail("alarm", "belongs to a bool or to one bit; an enum has states, a bit field has bits");
        }
        if (!point_.publish && !is_number(point_.type)) fail("publish", "belongs to numbers");
    }

    void check_text() {
        if (point_.pad.size() != 1) fail("pad", "expected one character");
        if (point_.type == PointType::string) return;
        for (const std::string_view key : {"pad", "chars"}) {
            if (point_.origins.has(key)) fail(key, "belongs to strings");
        }
    }

    void check_conversion() {
        if (!is_scale(point_.scale)) fail("scale", scale_words);
        if (!std::isfinite(point_.offset)) fail("offset", "expected a finite number");
        if (point_.scale_shift != 0 && !is_integer(point_.type))
            fail("scale_shift", "belongs to integer types");
        if (is_upside_down(point_.range)) fail("range", range_words);
        if (!point_.words.empty() && !is_integer(point_.type)) fail("enum", "expected an integer type");
    }

    // bit, byte, mask and shift: of integers, inside the type's width, and leaving at least one bit.
    void check_selection() {
        if (point_.bcd && !is_integer(point_.type) && point_.type != PointType::datetime) {
            fail("bcd", "belongs to integer types and datetimes");
        }
        if (!is_integer(point_.type)) {
            for (const std::string_view key : {"bit", "byte", "mask", "shift"}) {
                if (point_.origins.has(key)) fail(key, "belongs to integer types");
            }
            return;
        }
        if (point_.bit && (point_.mask || point_.shift != 0))
            fail("bit", "expected either bit, or mask and shift");
        if (point_.byte && (point_.bit || point_.mask || point_.shift != 0)) {
            fail("byte", "expected no bit, mask or shift beside it");
        }
        if (point_.byte && width() != 16) fail("byte", "belongs to u16 and s16");
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
        for (const auto& [key, used] :
             {std::pair("bits", !point_.bits.empty()), {"states", !point_.states.empty()}}) {
            if (used && !is_integer(point_.type)) fail(key, "expected an integer type");
        }
        if (point_.bits.empty()) return;
        if (point_.bit || point_.mask || point_.byte) fail("bits", "expected no bit or mask beside it");
        if (!point_.states.empty()) fail("states", "expected no bits beside it");
        if (!point_.alias.empty()) fail("alias", "belongs to the flags: there is no number");
        for (const ProfileBit& flag : point_.bits) {
            if (flag.bit >= width()) {
                diagnostics_.add(flag.origins.of("bit"),
                                 fmt::format("flag \"{}\": expected 0 to {}", flag.name, width() - 1));
            }
        }
    }

    // A sentinel wider than its register never matches, and "not available" would be taken for a value.
    void check_sentinels() {
        if (point_.invalid_mask) {
            const auto mask = static_cast<std::uint64_t>(*point_.invalid_mask);
            if (!is_integer(point_.type)) {
                fail("invalid_mask", "belongs to integer types");
            } else if (mask == 0 || exceeds(mask, width())) {
                fail("invalid_mask", fmt::format("expected bits within the {} of the type", width()));
            }
            if (point_.invalid.empty()) fail("invalid", "expected with invalid_mask");
        }
        if (point_.invalid.empty()) return;
        if (!is_integer(point_.type) && !is_float(point_.type)) {
            fail("invalid", "belongs to numbers in registers");
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
        if (point_.scale_ref) {
            fail("sf", "expected no scale_ref beside it");
            return;
        }
        const ProfilePoint* factor = resolver_.factor_of(point_, siblings());
        if (factor == nullptr) {
            fail("sf", fmt::format("there is no point \"{}\" of type sunssf", point_.sf));
        } else {
            check_factor_place("sf", *factor);
        }
    }

    void check_scale_ref() {
        if (!point_.scale_ref) return;
        const ProfileScaleRef& reference = *point_.scale_ref;
        const ProfilePoint* factor = resolver_.factor_of(point_, siblings());
        int width = 16;
        if (factor == nullptr || registers_of(*factor) != 1 || !is_integer(factor->type)) {
            fail("scale_ref", fmt::format("there is no point \"{}\" of one register", reference.point));
        } else if (factor->bcd || !factor->bits.empty()) {
            fail("scale_ref",
                 fmt::format("point \"{}\" has bcd or bits: expected the raw number of it, or of "
                             "its bit, byte or mask",
                             reference.point));
        } else {
            check_factor_place("scale_ref", *factor);
            width = field_width(resolver_.value(*factor, {}, 0));
        }
        if (reference.map.empty())
            diagnostics_.add(reference.origins.of("map"), "expected at least one factor");
        for (const auto& [content, factor_value] : reference.map) {
            const auto say = [&, &content = content](std::string_view what) {
                diagnostics_.add(reference.origins.of("map"), fmt::format("{}: {}", content, what));
            };
            if (!is_scale(factor_value)) say(scale_words);
            const auto number = std::stoll(content);  // of at most 18 digits: the key's rule
            const int end = 1 << std::clamp(width, 0, 16);
            if (number < -end / 2 || number >= end)
                say(fmt::format("the register never holds it: expected 0 to {}", end - 1));
        }
    }

    void check_factor_place(std::string_view key, const ProfilePoint& factor) {
        if (resolver_.table_of(factor) != resolver_.table_of(point_)) {
            fail(key, "expected a scale factor in the same table");
        }
        const bool outside =
            std::ranges::none_of(siblings(), [&](const auto& other) { return &other == &factor; });
        if (outside && group_ != nullptr && group_->unit) {
            fail(key, "expected a scale factor of the group: another unit cannot answer along");
        }
    }

    void check_condition() {
        if (!point_.available_if) return;
        const ProfileCondition& condition = *point_.available_if;
        const auto say = [&](std::string_view key, const std::string& what) {
            diagnostics_.add(condition.origins.of(key), fmt::format("point \"{}\": {}", point_.name, what));
        };
        if (condition.bit && (condition.mask || !condition.equals.empty())) {
            say("bit", "expected either bit, or mask and equals");
        }
        const bool is_bit_table = modbus::is_bit_table(condition.table.value_or(resolver_.table_of(point_)));
        if (is_bit_table && (condition.bit || condition.mask))
            say("table", "coils and discretes are one bit");
        const auto seen = is_bit_table ? 1 : condition.mask.value_or(0xFFFF);
        for (const std::int64_t value : condition.equals) {
            if ((value & ~seen) == 0) continue;
            say("equals", fmt::format("{} has bits that {}: it is never equal", value,
                                      is_bit_table ? "no coil has" : "`mask` leaves out"));
        }
        std::int64_t last = condition.address + (group_ != nullptr ? group_->address : 0);
        for (std::size_t i = 0; group_ != nullptr && i < group_->repeat.size(); ++i) {
            last += std::int64_t{group_->repeat[i].count - 1} * group_->repeat[i].stride;
        }
        if (last >= table_size) say("address", fmt::format("would be {}; a table ends at 65535", last));
    }

    void check_mailbox() {
        if (point_.mailbox.empty()) return;
        const auto mailbox = std::ranges::find(profile_.mailboxes, point_.mailbox, &ProfileMailbox::name);
        if (mailbox == profile_.mailboxes.end()) {
            fail("mailbox", fmt::format("there is no mailbox \"{}\"", point_.mailbox));
            return;
        }
        for (const std::string_view key : {"atomic", "available_if", "sf", "scale_ref", "poll"}) {
            if (point_.origins.has(key)) fail(key, "is not for points of a mailbox");
        }
        if (point_.type == PointType::string || modbus::is_bit_table(resolver_.table_of(point_))) {
            fail("type", "is not for points of a mailbox");
        }
        if (group_ != nullptr && group_->unit) {
            fail("mailbox", "is not for groups with a unit of their own");
        }
        if (group_ != nullptr && counts_elements(*group_)) {
            fail("mailbox", "is not for groups with count_from or fill_rest");
        }
        check_words(*mailbox);
    }

    static bool counts_elements(const ProfileGroup& group) {
        return !group.fill_rest.empty() || std::ranges::any_of(group.repeat, [](const ProfileRepeat& repeat) {
            return !repeat.count_from.empty();
        });
    }

    // Each element must lie in the words of one index.
    void check_words(const ProfileMailbox& mailbox) {
        std::vector<std::int64_t> begins{std::int64_t{point_.address} +
                                         (group_ != nullptr ? group_->address : 0)};
        for (std::size_t i = 0; group_ != nullptr && i < group_->repeat.size(); ++i) {
            const auto& repeat = group_->repeat[i];
            const std::size_t known = begins.size();
            for (std::int64_t j = 1; j < repeat.count && begins.size() <= max_profile_points; ++j) {
                for (std::size_t k = 0; k < known; ++k) begins.push_back(begins[k] + j * repeat.stride);
            }
        }
        const int count = registers_of(point_);
        const int words = mailbox.words() * static_cast<int>(mailbox.turns());
        const auto outside = std::ranges::find_if(
            begins, [&](std::int64_t begin) { return begin < 0 || begin + count > words; });
        if (outside != begins.end()) return fail("address", fmt::format("the mailbox has {} words", words));
        const auto cut = std::ranges::find_if(begins, [&](std::int64_t begin) {
            return begin / mailbox.words() != (begin + count - 1) / mailbox.words();
        });
        if (cut != begins.end()) {
            fail("address", fmt::format("word {} and the next ones are not of one index", *cut));
        }
    }

    // Without a default each point must say how often it is read: a guess would be read too often or too
    // late.
    void check_poll() {
        const auto box = std::ranges::find(profile_.mailboxes, point_.mailbox, &ProfileMailbox::name);
        const std::string& own = box != profile_.mailboxes.end() ? box->poll : point_.poll;
        const std::string& poll = own.empty() ? profile_.defaults.poll : own;
        const auto known = std::ranges::find(profile_.poll, poll, &std::pair<std::string, Duration>::first);
        if (!point_.poll.empty() && known == profile_.poll.end()) {
            fail("poll", fmt::format("there is no poll group \"{}\"; poll_ms has: {}", point_.poll,
                                     poll_names(profile_)));
        } else if (poll.empty() && profile_.poll.size() > 1) {
            fail("poll", "expected a poll group here or in defaults.poll, one of " + poll_names(profile_));
        }
        const auto& group = known != profile_.poll.end() ? known : profile_.poll.begin();
        if (group == profile_.poll.end()) return;
        if (point_.max_age > Duration::zero() && longest_good(group->second) > point_.max_age) {
            fail("max_age_s",
                 fmt::format("its poll group \"{}\" is read every {} ms: expected at most {} ms",
                             group->first, group->second.count(), longest_period(point_.max_age).count()));
        }
        if (group->second < point_.min_interval) {
            fail("min_interval_ms", fmt::format("its poll group \"{}\" is read every {} ms", group->first,
                                                group->second.count()));
        }
    }

    const std::vector<ProfilePoint>& siblings() const {
        return group_ != nullptr ? group_->points : profile_.points;
    }

    const Profile& profile_;
    const ProfileGroup* group_;
    const ProfilePoint& point_;
    Resolver resolver_;
    schema::Diagnostics& diagnostics_;
};

}  // namespace

void check_point(const Profile& profile, const ProfileGroup* group, const ProfilePoint& point,
                 schema::Diagnostics& diagnostics) {
    PointCheck(profile, group, point, diagnostics).run();
}

void check_derived(const Profile& profile, const ProfileDerived& derived, schema::Diagnostics& diagnostics) {
    const auto fail = [&](std::string_view key, const std::string& message) {
        diagnostics.add(derived.origins.of(key), fmt::format("derived \"{}\": {}", derived.name, message));
    };
    if (derived.name.find_first_of("{}") != std::string::npos) {
        fail("name", "{index} belongs into the name of a group, not of a point");
    }
    if (const auto trouble = unit_trouble(derived.name, derived.unit); !trouble.empty())
        fail("unit", trouble);
    if (!is_scale(derived.scale)) fail("scale", scale_words);
    if (!std::isfinite(derived.offset)) fail("offset", "expected a finite number");
    if (is_upside_down(derived.range)) fail("range", range_words);
    using modbus::Operation;
    const bool needs_all = derived.operation == Operation::sub || derived.operation == Operation::div ||
                           derived.operation == Operation::mul;
    if (derived.skip_absent && needs_all) {
        fail("skip_absent",
             "goes with sum, mean, min and max: sub, mul and div mean nothing without an operand");
    }
    if (!derived.weights.empty() && derived.weights.size() != derived.of.size()) {
        fail("weights", fmt::format("expected one for each of the {} names in of", derived.of.size()));
    }
    const bool known = derived.poll.empty() ? !profile.defaults.poll.empty() || profile.poll.size() < 2
                                            : std::ranges::find(profile.poll, derived.poll,
                                                                &std::pair<std::string, Duration>::first) !=
                                                  profile.poll.end();
    if (!known) fail("poll", "expected a poll group here or in defaults.poll, one of " + poll_names(profile));
}

bool is_scale(double scale) {
    return std::abs(scale) >= 1e-30 && std::abs(scale) <= 1e30;
}

std::string poll_names(const Profile& profile) {
    std::string text;
    for (const auto& [name, period] : profile.poll) text += (text.empty() ? "" : ", ") + name;
    return text;
}

}  // namespace sitepower
