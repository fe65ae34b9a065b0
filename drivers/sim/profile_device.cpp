#include "drivers/sim/profile_device.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <optional>
#include <set>
#include <utility>

#include "core/base/scaling.hpp"
#include "drivers/modbus/planner.hpp"
#include "drivers/profile/command.hpp"
#include "drivers/sim/encode.hpp"

namespace sitepower::sim {
namespace {

using modbus::RegisterPoint;
using modbus::ValueType;

constexpr double some_day = 1'796'000'000;  // in 2026

void add_registers(const RegisterPoint& point, RegisterPlaces& places) {
    for (int i = 0; i < point.registers(); ++i) places.insert({point.table, point.address + i});
}

RegisterPlaces telling_registers(const modbus::UnitPlan& plan) {
    RegisterPlaces places;
    for (const auto& group : plan.groups) {
        if (group.mailbox) continue;
        for (const auto& point : group.points) {
            if (point.scale_factor) places.insert({point.table, point.scale_factor->address});
        }
        for (const auto& presence : group.presences) add_registers(group.points[presence.other], places);
    }
    return places;
}

// Makes the elements and points of the group exist.
void meet_requirements(const modbus::PollGroup& group, RegisterBank& bank) {
    for (const auto& presence : group.presences) {
        const RegisterPoint& other = group.points[presence.other];
        // A count must not fall below what an earlier element asked for.
        const auto words = bank.read(other.table, other.address, 1);
        const bool is_count =
            other.matches.empty() && other.type != ValueType::boolean && other.registers() == 1;
        if (is_count && words && (*words)[0] >= presence.minimum) continue;
        encode(other, presence.minimum, 0, bank);
    }
}

bool overlaps(const RegisterPoint& point, const RegisterPlaces& places) {
    for (int i = 0; i < point.registers(); ++i) {
        if (places.contains({point.table, point.address + i})) return true;
    }
    return false;
}

double scale_of(const RegisterPoint& point) {
    const bool mapped = point.scale_factor && !point.scale_factor->map.empty();
    return mapped ? point.scale * point.scale_factor->map.front().second : point.scale;
}

// A value that differs from point to point, inside the range and exact in the registers.
double value_for(const RegisterPoint& point, std::size_t slot) {
    if (point.type == ValueType::datetime) return some_day + static_cast<double>(slot);
    const std::uint64_t mask = point.registers() >= 4
                                   ? point.mask
                                   : point.mask & ((std::uint64_t{1} << (16 * point.registers())) - 1);
    const double highest = std::min(1e6, std::exp2(std::bit_width(mask >> point.shift) - 1) - 1);
    if (point.type == ValueType::boolean || highest < 1) return static_cast<double>(slot % 2);
    const Scaling scaling(scale_of(point), point.offset);
    double raw = std::floor(std::min(highest, 10.0 + static_cast<double>(slot % 50)));
    if (point.minimum && point.maximum) {
        raw = std::floor(scaling.raw((*point.minimum + *point.maximum) / 2));
        if (scaling.value(raw) < *point.minimum) raw += scale_of(point) > 0 ? 1 : -1;
        raw = std::clamp(raw, -highest, highest);
    }
    return scaling.value(raw);
}

}  // namespace

ProfileDevice::ProfileDevice(const Profile& profile, const std::string& id, int unit) {
    auto device =
        expand(profile, {.device = {}, .device_id = id, .unit = unit, .periods = {}, .mailboxes = true});
    if (!device) return;  // not without options
    device_ = std::move(*device);
    serve(device_.plan, profile);
    for (const auto& plan : device_.sub_units) serve(plan, profile);
}

void ProfileDevice::serve(const modbus::UnitPlan& plan, const Profile& profile) {
    Unit& unit = units_.emplace_back();
    unit.id = plan.unit;
    unit.device = plan.device_id;
    unit.limits.registers = profile.limits.max_registers;
    unit.limits.bits = profile.limits.max_bits;
    for (const auto& group : plan.groups) {
        if (group.mailbox) continue;
        for (const auto& point : group.points) {
            const auto span = modbus::span_of(point);
            unit.bank.define(span.table, static_cast<std::uint16_t>(span.begin),
                             static_cast<int>(span.end - span.begin));
        }
    }
    if (plan.unit == device_.plan.unit) {
        for (const auto& probe : profile.probe) {
            if (!probe.object) continue;
            const int from = probe.object_from.value_or(*probe.object);
            if (from != *probe.object) unit.bank.set_identity(from, "");
            unit.bank.set_identity(*probe.object, probe.starts_with.empty() ? "" : probe.starts_with[0]);
        }
        for (const auto& command : commands_of(profile, plan.unit)) {
            const int count =
                command.value ? registers_of(command.value->type) : int(command.order.request.words.size());
            unit.bank.define(command.order.request.table, command.order.request.address, count);
            unit.bank.allow_writes(command.order.request.table, command.order.request.address, count);
        }
    }
    if (plan.unit == device_.plan.unit) {
        for (const auto& mailbox : profile.mailboxes) unit.mailboxes.emplace_back(mailbox, unit.bank);
    }
    unit.bank.fill_holes(profile.limits.max_hole);
    const auto places = telling_registers(plan);
    for (const auto& group : plan.groups) meet_requirements(group, unit.bank);
    for (const auto& group : plan.groups) {
        if (group.mailbox) {
            serve_mailbox(group, profile, unit);
        } else {
            serve_group(group, places, unit);
        }
    }
}

void ProfileDevice::serve_mailbox(const modbus::PollGroup& group, const Profile& profile, Unit& unit) {
    const auto found = std::ranges::find(profile.mailboxes, group.mailbox->name, &ProfileMailbox::name);
    const auto turn = std::ranges::find(found->indices, std::int64_t{group.mailbox->index.value_or(0)});
    const int first = static_cast<int>(turn - found->indices.begin()) * found->words();
    RegisterBank image;  // of the words of this index
    image.define(modbus::Table::holding, 0, found->words());
    for (std::size_t i = 0; i < group.points.size(); ++i) {
        if (!group.points[i].matches.empty()) continue;
        const double value = value_for(group.points[i], group.layout->first_slot + i);
        encode(group.points[i], value, 0, image);
        served_[group.layout->points[i].name] = value;
    }
    auto& mailbox = unit.mailboxes[static_cast<std::size_t>(found - profile.mailboxes.begin())];
    const auto words = *image.read(modbus::Table::holding, 0, found->words());
    for (int i = 0; i < found->words(); ++i) mailbox.set_word(first + i, words[static_cast<std::size_t>(i)]);
}

void ProfileDevice::serve_group(const modbus::PollGroup& group, const RegisterPlaces& places, Unit& unit) {
    for (std::size_t i = 0; i < group.points.size(); ++i) {
        const RegisterPoint& point = group.points[i];
        if (!point.matches.empty() || overlaps(point, places)) continue;
        const double value = value_for(point, i);
        encode(point, value, 0, unit.bank);
        if (i < group.published()) served_[group.layout->points[i].name] = value;
    }
}

}  // namespace sitepower::sim
