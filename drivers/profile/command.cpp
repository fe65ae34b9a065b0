#include "drivers/profile/command.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#include "core/base/scaling.hpp"
#include "drivers/profile/place.hpp"
#include "drivers/profile/raw_range.hpp"
#include "drivers/profile/resolve.hpp"

namespace sitepower {
namespace {

// What is lost when a point's raw number is a whole one, and a little for floats.
constexpr double half_step = 0.5000001;

std::vector<std::uint16_t> words_of(const CommandValue& value, double raw) {
    if (registers_of(value.type) < 2) return {static_cast<std::uint16_t>(static_cast<std::int32_t>(raw))};
    const auto bits = value.type == PointType::f32
                          ? std::bit_cast<std::uint32_t>(static_cast<float>(raw))
                          : static_cast<std::uint32_t>(static_cast<std::int64_t>(raw));
    std::vector<std::uint16_t> words{static_cast<std::uint16_t>(bits >> 16),
                                     static_cast<std::uint16_t>(bits)};
    if (value.word_order == modbus::Order::little) std::ranges::reverse(words);
    return words;
}

double step_of(const modbus::RegisterPoint& point) {
    const bool whole = point.type != modbus::ValueType::f32 && point.type != modbus::ValueType::f64;
    return whole && !point.scale_factor ? std::abs(point.scale) : 0;
}

Error wrong(const DeviceCommand& command, std::string_view what) {
    return {.code = ErrorCode::validation_error,
            .message = fmt::format("command {}: {}", command.name, what),
            .detail = ""};
}

DeviceCommand command_of(const Profile& profile, const ProfileCommand& source, int unit,
                         const std::vector<PlacedPoint>& points) {
    DeviceCommand command;
    command.name = source.name;
    command.label = source.label;
    command.unit = source.unit;
    command.verify = source.verify;
    command.dead_man = source.dead_man;
    auto& order = command.order;
    order.settle = source.settle.value_or(profile.timing.write_settle);
    order.request = {.unit = static_cast<std::uint8_t>(unit),
                     .table = source.table,
                     .address = static_cast<std::uint16_t>(source.address),
                     .words = {},
                     .multiple = source.multiple};
    for (const auto word : source.write) order.request.words.push_back(static_cast<std::uint16_t>(word));
    double step = 0;
    const auto shows = std::ranges::find_if(
        points, [&](const PlacedPoint& placed) { return placed.point.name == source.verify; });
    if (!source.verify.empty() && shows != points.end()) {
        order.read_back = modbus::ReadBack{
            .unit = shows->unit.value_or(unit), .point = shows->point.registers, .effect = source.effect};
        if (source.expect.size() == 2) {
            order.read_back->lowest = source.expect[0];
            order.read_back->highest = source.expect[1];
        }
        step = step_of(shows->point.registers);
    }
    if (source.range.size() == 2) {
        const bool whole = source.type != PointType::f32;
        const double own = whole ? std::abs(source.scale) : 0;
        command.value = CommandValue{
            .type = source.type,
            .word_order = source.word_order.value_or(profile.defaults.word_order),
            .scale = source.scale,
            .lowest = source.range[0],
            .highest = source.range[1],
            .tolerance = std::max(source.tolerance, half_step * std::max(own, step)),
        };
    }
    return command;
}

}  // namespace

std::vector<DeviceCommand> commands_of(const Profile& profile, int unit) {
    std::vector<DeviceCommand> commands;
    if (profile.commands.empty()) return commands;
    const auto points = place_points(profile);
    for (const auto& source : profile.commands) {
        commands.push_back(command_of(profile, source, unit, points));
    }
    return commands;
}

Result<OrderedCommand> order_of(const DeviceCommand& command, std::optional<double> value) {
    OrderedCommand ordered{.order = command.order, .written = {}};
    if (!command.value) {
        if (value) return wrong(command, "takes no value");
        return ordered;
    }
    const auto& how = *command.value;
    const auto allowed =
        fmt::format("{} to {}{}{}", how.lowest, how.highest, command.unit.empty() ? "" : " ", command.unit);
    if (!value) return wrong(command, "needs a value: " + allowed);
    const Scaling scaling(how.scale, 0);
    double raw = scaling.raw(*value);
    if (how.type != PointType::f32) raw = std::round(raw);
    const auto range = raw_range({.type = value_type(how.type)});
    const double written = scaling.value(raw);
    const bool inside = *value >= how.lowest && *value <= how.highest && written >= how.lowest &&
                        written <= how.highest && range.holds(raw);
    if (!inside) return wrong(command, fmt::format("{} is out of range: {}", *value, allowed));
    ordered.order.request.words = words_of(how, raw);
    ordered.written = written;
    if (auto& shown = ordered.order.read_back) {
        const double slack = how.tolerance + (how.type == PointType::f32 ? std::abs(written) * 1e-6 : 0);
        shown->lowest = written - slack;
        shown->highest = written + slack;
    }
    return ordered;
}

}  // namespace sitepower
