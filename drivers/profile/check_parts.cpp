#include "drivers/profile/check_parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "core/base/scaling.hpp"
#include "drivers/modbus/planner.hpp"
#include "drivers/profile/check.hpp"
#include "drivers/profile/check_point.hpp"
#include "drivers/profile/probe.hpp"
#include "drivers/profile/raw_range.hpp"
#include "drivers/profile/resolve.hpp"

namespace sitepower {
namespace {

void check_defaults(const Profile& profile, schema::Diagnostics& diagnostics) {
    if (profile.poll.empty())
        diagnostics.add(profile.origins.of("poll_ms"), "expected at least one poll group");
    const auto& poll = profile.defaults.poll;
    if (!poll.empty() && std::ranges::find(profile.poll, poll, &std::pair<std::string, Duration>::first) ==
                             profile.poll.end()) {
        diagnostics.add(profile.origins.of("defaults"),
                        fmt::format("defaults.poll: there is no poll group \"{}\"; poll_ms has: {}", poll,
                                    poll_names(profile)));
    }
    if (profile.timing.late_window < profile.timing.response_timeout) {
        diagnostics.add(profile.timing.origins.of("late_window_ms"),
                        "expected at least response_timeout_ms: an answer that comes in time is not late");
    }
}

bool is_version(std::string_view text) {
    return text.find_first_not_of("0123456789.") == text.npos &&
           (text.empty() || text.find_first_of("0123456789") != text.npos);
}

// A number that the registers never hold is never found, and the device never recognised.
void check_probed_numbers(const ProfileProbe& probe, const auto& fail) {
    modbus::RegisterPoint registers{.type = value_type(probe.type)};
    if (probe.mask) registers.mask = static_cast<std::uint64_t>(*probe.mask);
    const RawRange range = raw_range(registers);
    const auto never = [&](std::string_view key, const std::string& what) {
        fail(key, fmt::format("{} is never found: the registers hold {} to {}", what, range.lowest,
                              range.highest));
    };
    for (const std::int64_t value : probe.equals) {
        if (!range.holds(static_cast<double>(value))) never("equals", std::to_string(value));
    }
    if (probe.between.size() != 2) return;
    const auto [lowest, highest] = std::pair(probe.between[0], probe.between[1]);
    if (lowest > highest) return fail("between", "expected the lowest number first");
    if (range.meets(static_cast<double>(lowest), static_cast<double>(highest))) return;
    never("between", fmt::format("{} to {}", lowest, highest));
}

void check_probe(const ProfileProbe& probe, schema::Diagnostics& diagnostics) {
    const auto fail = [&](std::string_view key, std::string message) {
        diagnostics.add(probe.origins.of(key), std::move(message));
    };
    if (probe.address.has_value() == probe.object.has_value()) {
        fail("address", "expected either address or object");
        return;
    }
    if (probe.object) {
        for (const auto* key : {"table", "type", "word_order", "byte_order", "mask", "length", "chars"}) {
            if (probe.origins.has(key)) fail(key, "belongs to registers; an object is a text");
        }
    }
    if (probe.object_from && (!probe.object || *probe.object_from > *probe.object)) {
        fail("object_from", "belongs to object, and must not be above it");
    }
    const bool is_text = probe.object || probe.type == PointType::string;
    if (!is_text && !is_integer(probe.type)) fail("type", "expected an integer type or a string");
    if (probe.address && is_text != (probe.length > 0))
        fail("length", "expected for a string, and only there");
    const int ways = !probe.equals.empty() + !probe.starts_with.empty() + !probe.between.empty() +
                     (!probe.at_least.empty() || !probe.below.empty());
    if (ways != 1) {
        fail(probe.object ? "object" : "address",
             "expected exactly one of equals, starts_with, between, or a version");
    }
    if (is_text && !(probe.equals.empty() && probe.between.empty())) {
        fail(probe.object ? "object" : "type",
             probe.object ? "is a text: expected starts_with or a version" : "expected an integer type");
    }
    if (!is_text && !probe.starts_with.empty()) fail("starts_with", "belongs to strings");
    if (!is_text && is_integer(probe.type)) check_probed_numbers(probe, fail);
    if (!is_version(probe.at_least)) fail("at_least", "expected numbers with dots between them");
    if (!is_version(probe.below)) fail("below", "expected numbers with dots between them");
    if (!probe.at_least.empty() && !probe.below.empty() &&
        compare_versions(probe.at_least, probe.below) >= 0) {
        fail("below", fmt::format("no version is at least {} and below {}: expected a higher one here",
                                  probe.at_least, probe.below));
    }
    const int count = is_text ? probe.length : registers_of(probe.type);
    if (probe.address.value_or(0) + count > table_size) fail("address", "reaches beyond register 65535");
}

// A window that does not say of which index it is could be that of another one.
void check_signs_of(const Profile& profile, const ProfileMailbox& mailbox, schema::Diagnostics& diagnostics) {
    const auto fail = [&](std::string_view key, std::string message) {
        diagnostics.add(mailbox.origins.of(key), std::move(message));
    };
    if (mailbox.indices.empty()) {
        if (!mailbox.ready) fail("ready", "is missing; without it the register holds one of `indices`");
        if (mailbox.index_address) fail("index_address", "belongs to `indices`");
        return;
    }
    if (std::cmp_greater_equal(mailbox.index_word, mailbox.request.size())) {
        fail("index_word", fmt::format("the request has {} words", mailbox.request.size()));
    }
    if (mailbox.ready && !mailbox.index_address) {
        fail("index_address", "is missing: where `ready` is a number, another register must show the index");
    }
    auto indices = mailbox.indices;
    std::ranges::sort(indices);
    if (std::ranges::adjacent_find(indices) != indices.end()) fail("indices", "one of them stands twice");
    const int other = mailbox.index_address.value_or(mailbox.ready_address);
    const auto [first, last] = std::minmax({mailbox.ready_address, other});
    if (last - first >= profile.limits.max_registers || last - first > profile.limits.max_hole + 1) {
        fail("index_address", "cannot be read together with ready_address: limits.max_registers or max_hole");
    }
    // Reading them would make the device go on.
    const bool in_window =
        first < mailbox.window_address + mailbox.window_length && mailbox.window_address <= last;
    if (mailbox.windows > 1 && in_window) fail("window_address", "holds or parts what says that it is there");
}

void check_poll_of(const Profile& profile, const ProfileMailbox& mailbox, schema::Diagnostics& diagnostics) {
    const auto known =
        std::ranges::find(profile.poll, mailbox.poll, &std::pair<std::string, Duration>::first);
    if (mailbox.poll.empty() || known != profile.poll.end()) return;
    diagnostics.add(mailbox.origins.of("poll"), fmt::format("there is no poll group \"{}\"", mailbox.poll));
}

void check_mailboxes(const Profile& profile, schema::Diagnostics& diagnostics) {
    std::set<std::string_view> names;
    for (const ProfileMailbox& mailbox : profile.mailboxes) {
        if (!names.insert(mailbox.name).second) {
            diagnostics.add(mailbox.origins.of("name"), fmt::format("\"{}\" is taken", mailbox.name));
        }
        check_signs_of(profile, mailbox, diagnostics);
        check_poll_of(profile, mailbox, diagnostics);
        if (mailbox.window_length > profile.limits.max_registers) {
            diagnostics.add(mailbox.origins.of("window_length"),
                            fmt::format("limits.max_registers is {}", profile.limits.max_registers));
        }
        const auto same =
            std::ranges::find(profile.mailboxes, mailbox.request_address, &ProfileMailbox::request_address);
        if (&*same != &mailbox) {
            diagnostics.add(
                mailbox.origins.of("request_address"),
                fmt::format("is that of mailbox \"{}\": expected one mailbox with `indices`", same->name));
        }
        const auto request_end = mailbox.request_address + static_cast<int>(mailbox.request.size());
        if (mailbox.window_address + mailbox.window_length > table_size || request_end > table_size) {
            diagnostics.add(mailbox.origins.table(), "reaches beyond register 65535");
        }
    }
}

// What a command writes.
void check_value(const ProfileCommand& command, const auto& fail) {
    const bool is_coil = command.table == modbus::Table::coil;
    if (!command.write.empty()) {
        const bool has_bits = std::ranges::all_of(command.write, [](std::int64_t word) { return word <= 1; });
        if (is_coil && !has_bits) fail("write", "expected 0 or 1 for each coil");
        return;
    }
    constexpr std::array settable{PointType::u16, PointType::s16, PointType::u32, PointType::s32,
                                  PointType::f32};
    const bool fits = is_coil ? command.type == PointType::boolean
                              : std::ranges::find(settable, command.type) != settable.end();
    if (!fits) fail("type", is_coil ? "a coil takes type = \"bool\"" : "expected u16, s16, u32, s32 or f32");
    if (!is_scale(command.scale)) return fail("scale", scale_words);
    const RawRange range = raw_range({.type = value_type(command.type)});
    const Scaling scaling(command.scale, 0);
    for (const double value : command.range) {
        const double raw = scaling.raw(value);
        if (fits && !range.holds(command.type == PointType::f32 ? raw : std::round(raw))) {
            const double ends[] = {scaling.value(range.lowest), scaling.value(range.highest)};
            fail("range", fmt::format("{} cannot be written: with this type and scale expected {} to {}",
                                      value, std::min(ends[0], ends[1]), std::max(ends[0], ends[1])));
        }
    }
}

// How it is seen to have been carried out.
void check_effect(const ProfileCommand& command, const auto& fail) {
    const bool needed = !command.write.empty() && !command.verify.empty();
    if (needed != (command.expect.size() == 2)) {
        fail("expect", needed ? "expected what the point that verify names then shows: [lowest, highest]"
                              : "belongs to write and verify");
    }
    if (command.expect.size() == 2 && command.expect[0] > command.expect[1]) {
        fail("expect", "expected the lowest value first");
    }
    if (command.dead_man != Duration{0} && command.write.empty()) {
        fail("dead_man_s", "belongs to write: a keep-alive takes no value");
    }
    if (command.tolerance != 0 && (command.range.empty() || command.verify.empty())) {
        fail("tolerance", "belongs to range and verify");
    }
}

void check_commands(const Profile& profile, schema::Diagnostics& diagnostics) {
    std::set<std::string_view> names;
    for (const ProfileCommand& command : profile.commands) {
        const auto fail = [&](std::string_view key, const std::string& message) {
            diagnostics.add(command.origins.of(key),
                            fmt::format("command \"{}\": {}", command.name, message));
        };
        if (!names.insert(command.name).second) fail("name", "the name is taken");
        if (command.write.empty() == command.range.empty()) fail("write", "expected either write or range");
        if (command.range.size() == 2 && command.range[0] > command.range[1]) {
            fail("range", "expected the lowest value first");
        }
        check_value(command, fail);
        check_effect(command, fail);
        const auto words =
            command.write.empty() ? registers_of(command.type) : static_cast<int>(command.write.size());
        if (command.address + words > table_size) {
            fail("address", "reaches beyond register 65535");
        }
    }
}

// What a device cannot have answered.
class SampleCheck {
  public:
    SampleCheck(const Profile& profile, const ProfileSample& sample, schema::Diagnostics& diagnostics)
        : profile_(profile), sample_(sample), diagnostics_(diagnostics) {}

    void run() {
        for (const SampleBlock& block : sample_.blocks) check(block);
        if (sample_.expect.empty() && sample_.expect_text.empty() && sample_.expect_quality.empty()) {
            diagnostics_.add(sample_.origins.table(),
                             "expects nothing, and so proves nothing: add expect, expect_text or "
                             "expect_quality");
        }
    }

  private:
    void fail(const std::string& message) { diagnostics_.add(sample_.origins.of("blocks"), message); }

    void check(const SampleBlock& block) {
        int size = table_size;
        if (!block.mailbox.empty()) {
            const auto box = std::ranges::find(profile_.mailboxes, block.mailbox, &ProfileMailbox::name);
            if (box == profile_.mailboxes.end()) {
                return fail(fmt::format("there is no mailbox \"{}\"", block.mailbox));
            }
            size = box->words() * static_cast<int>(box->turns());
        }
        const auto where = fmt::format("the block from {} on", block.address);
        if (std::cmp_greater(block.address + std::ssize(block.registers), size)) {
            fail(fmt::format("{} has {} registers: it reaches beyond {}", where, block.registers.size(),
                             size - 1));
        }
        const bool is_bits = block.mailbox.empty() && modbus::is_bit_table(block.table);
        for (std::size_t i = 0; i < block.registers.size(); ++i) {
            const int address = block.address + static_cast<int>(i);
            const int word = block.registers[i];
            if (is_bits && word > 1) {
                return fail(
                    fmt::format("{}: {} is {}, and coils and discretes are 0 or 1", where, address, word));
            }
            const auto [known, fresh] =
                words_.try_emplace({block.mailbox, block.unit, block.table, address}, word);
            if (!fresh && known->second != word) {
                return fail(fmt::format("{}: {} stands in two blocks, as {} and as {}", where, address,
                                        known->second, word));
            }
        }
    }

    const Profile& profile_;
    const ProfileSample& sample_;
    schema::Diagnostics& diagnostics_;
    std::map<std::tuple<std::string_view, std::optional<int>, modbus::Table, int>, int> words_;
};

}  // namespace

// Each index stands exactly once in the group's name, so that no two elements share one.
void check_group(const ProfileGroup& group, schema::Diagnostics& diagnostics) {
    std::string rest = group.name;
    int last_unit = group.unit.value_or(0);
    for (const ProfileRepeat& repeat : group.repeat) {
        const std::string hole = "{" + repeat.index + "}";
        const auto at = rest.find(hole);
        if (repeat.stride == 0 && repeat.unit_stride == 0 && repeat.count > 1) {
            diagnostics.add(repeat.origins.of("stride"), "expected stride, or unit_stride");
        }
        if (repeat.unit_stride != 0 && !group.unit) {
            diagnostics.add(repeat.origins.of("unit_stride"),
                            "expected the unit of the first element: unit = n");
        }
        last_unit += (repeat.count - 1) * repeat.unit_stride;
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
    if (last_unit > 255) {
        diagnostics.add(group.origins.of("unit"),
                        fmt::format("group \"{}\": its last unit would be {}", group.name, last_unit));
    }
}

void check_parts(const Profile& profile, schema::Diagnostics& diagnostics) {
    check_defaults(profile, diagnostics);
    for (const ProfileProbe& probe : profile.probe) check_probe(probe, diagnostics);
    check_mailboxes(profile, diagnostics);
    check_commands(profile, diagnostics);
    for (const ProfileSample& sample : profile.samples) SampleCheck(profile, sample, diagnostics).run();
}

}  // namespace sitepower
