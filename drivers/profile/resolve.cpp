#include "drivers/profile/resolve.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>

#include "drivers/modbus/identification.hpp"

namespace sitepower {
namespace {

std::uint64_t low_bits(int count) {
    return count >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << std::max(count, 0)) - 1;
}

std::uint64_t width_mask(PointType type) {
    return low_bits(16 * registers_of(type));
}

const std::vector<std::int64_t>& default_invalid(const ProfileDefaults& defaults, PointType type) {
    static const std::vector<std::int64_t> none;
    static const std::vector<std::int64_t> zero{0};
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
        case PointType::f32:
            return defaults.invalid_f32;
        case PointType::f64:
            return defaults.invalid_f64;
        case PointType::acc32:
        case PointType::acc64:
            return zero;
        default:
            return none;
    }
}

// bit = n and byte = "high" are short for a mask and a shift.
void select_bits(const ProfilePoint& point, modbus::RegisterPoint& registers) {
    registers.shift = static_cast<std::uint8_t>(point.shift);
    if (point.mask) registers.mask = static_cast<std::uint64_t>(*point.mask) & width_mask(point.type);
    if (point.byte) {
        registers.shift = *point.byte == ByteOfWord::high ? 8 : 0;
        registers.mask = std::uint64_t{0xFF} << registers.shift;
    }
    if (point.bit) {
        registers.mask = std::uint64_t{1} << *point.bit;
        registers.shift = static_cast<std::uint8_t>(*point.bit);
    }
}

// Negative numbers in two's complement of the field that the mask leaves.
std::vector<std::uint64_t> fields_of(const std::vector<std::int64_t>& values,
                                     const modbus::RegisterPoint& registers, PointType type) {
    const std::uint64_t field = (registers.mask & width_mask(type)) >> registers.shift;
    std::vector<std::uint64_t> fields;
    fields.reserve(values.size());
    for (const std::int64_t value : values) fields.push_back(static_cast<std::uint64_t>(value) & field);
    return fields;
}

std::uint16_t content_of(const std::string& text) {
    int content = 0;
    std::from_chars(text.data(), text.data() + text.size(), content);
    return static_cast<std::uint16_t>(content);
}

}  // namespace

modbus::ValueType value_type(PointType type) {
    switch (type) {
        case PointType::s16:
        case PointType::sunssf:
            return modbus::ValueType::s16;
        case PointType::u32:
        case PointType::acc32:
            return modbus::ValueType::u32;
        case PointType::s32:
            return modbus::ValueType::s32;
        case PointType::u48:
            return modbus::ValueType::u48;
        case PointType::s48:
            return modbus::ValueType::s48;
        case PointType::u64:
        case PointType::acc64:
            return modbus::ValueType::u64;
        case PointType::s64:
            return modbus::ValueType::s64;
        case PointType::f32:
            return modbus::ValueType::f32;
        case PointType::f64:
            return modbus::ValueType::f64;
        case PointType::boolean:
            return modbus::ValueType::boolean;
        case PointType::datetime:
            return modbus::ValueType::datetime;
        case PointType::string:
            return modbus::ValueType::text;
        case PointType::u16:
            return modbus::ValueType::u16;
    }
    return modbus::ValueType::u16;
}

modbus::Table Resolver::table_of(const ProfilePoint& point) const {
    return point.table.value_or(profile_.defaults.table);
}

// -1 means all bits set in a register of any width.
std::vector<std::uint64_t> Resolver::sentinels(const ProfilePoint& point) const {
    std::vector<std::uint64_t> raw;
    const bool own = point.origins.has("invalid") || !point.invalid.empty();
    for (const std::int64_t value : own ? point.invalid : default_invalid(profile_.defaults, point.type)) {
        raw.push_back(static_cast<std::uint64_t>(value) & width_mask(point.type));
    }
    return raw;
}

// Place, type, orders and sentinels: what values and flags have in common.
modbus::RegisterPoint Resolver::common(const ProfilePoint& point, int address) const {
    modbus::RegisterPoint registers;
    registers.table = table_of(point);
    registers.address = static_cast<std::uint16_t>(address + point.address);
    registers.type = value_type(point.type);
    registers.word_order = point.word_order.value_or(profile_.defaults.word_order);
    registers.byte_order = point.byte_order.value_or(profile_.defaults.byte_order);
    registers.invalid = sentinels(point);
    if (point.invalid_mask) registers.invalid_mask = static_cast<std::uint64_t>(*point.invalid_mask);
    return registers;
}

// One bit of the word. Sentinels still hold for the whole word: 0xFFFF may mean that no flag is known.
modbus::RegisterPoint Resolver::flag(const ProfilePoint& point, const ProfileBit& flag, int address) const {
    modbus::RegisterPoint registers = common(point, address);
    registers.mask = std::uint64_t{1} << flag.bit;
    registers.shift = static_cast<std::uint8_t>(flag.bit);
    return registers;
}

modbus::RegisterPoint Resolver::state(const ProfilePoint& point, const ProfileState& state,
                                      int address) const {
    modbus::RegisterPoint registers = common(point, address);
    select_bits(point, registers);
    registers.matches = fields_of(state.values, registers, point.type);
    return registers;
}

modbus::RegisterPoint Resolver::condition(const ProfilePoint& point, int address) const {
    const ProfileCondition& condition = *point.available_if;
    modbus::RegisterPoint registers;
    registers.table = condition.table.value_or(table_of(point));
    registers.address = static_cast<std::uint16_t>(address + condition.address);
    registers.type = modbus::ValueType::boolean;
    registers.byte_order = profile_.defaults.byte_order;
    if (condition.mask) registers.mask = static_cast<std::uint64_t>(*condition.mask);
    if (condition.bit) {
        registers.mask = std::uint64_t{1} << *condition.bit;
        registers.shift = static_cast<std::uint8_t>(*condition.bit);
    }
    for (const std::int64_t value : condition.equals) {
        registers.matches.push_back(static_cast<std::uint64_t>(value));
    }
    return registers;
}

modbus::RegisterPoint Resolver::probe(const ProfileProbe& probe) const {
    modbus::RegisterPoint registers;
    if (probe.object) {
        registers.type = modbus::ValueType::text;
        registers.length = modbus::identity_words;
        return registers;
    }
    registers.table = probe.table.value_or(profile_.defaults.table);
    registers.address = static_cast<std::uint16_t>(*probe.address);
    registers.type = value_type(probe.type);
    registers.word_order = probe.word_order.value_or(profile_.defaults.word_order);
    registers.byte_order = probe.byte_order.value_or(profile_.defaults.byte_order);
    if (probe.mask) registers.mask = static_cast<std::uint64_t>(*probe.mask);
    registers.length = probe.length;
    return registers;
}

modbus::RegisterPoint Resolver::value(const ProfilePoint& point, const std::vector<ProfilePoint>& siblings,
                                      int address) const {
    modbus::RegisterPoint registers = common(point, address);
    registers.scale = std::ldexp(point.scale, -point.scale_shift);
    registers.offset = point.offset;
    if (point.range.size() == 2) {
        registers.minimum = point.range[0];
        registers.maximum = point.range[1];
    }
    if (is_integer(point.type)) select_bits(point, registers);
    registers.bcd = point.bcd;
    registers.length = registers_of(point);
    registers.date_fields = point.fields;
    add_factor(point, siblings, address, registers);
    return registers;
}

const ProfilePoint* Resolver::factor_of(const ProfilePoint& point,
                                        const std::vector<ProfilePoint>& siblings) const {
    const std::string& name = point.scale_ref ? point.scale_ref->point : point.sf;
    const auto is_it = [&](const ProfilePoint& other) {
        return other.name == name && (other.type == PointType::sunssf) == !point.scale_ref.has_value();
    };
    for (const auto* points : {&siblings, &profile_.points}) {
        const auto found = std::ranges::find_if(*points, is_it);
        if (found != points->end()) return &*found;
    }
    return nullptr;
}

void Resolver::add_factor(const ProfilePoint& point, const std::vector<ProfilePoint>& siblings, int address,
                          modbus::RegisterPoint& registers) const {
    if (point.sf.empty() && !point.scale_ref) return;
    const ProfilePoint* factor = factor_of(point, siblings);
    if (factor == nullptr) return;
    const bool is_sibling =
        !siblings.empty() && factor >= siblings.data() && factor < siblings.data() + siblings.size();
    modbus::ScaleFactor scale{.address =
                                  static_cast<std::uint16_t>((is_sibling ? address : 0) + factor->address)};
    if (point.scale_ref) {
        modbus::RegisterPoint selected;
        select_bits(*factor, selected);
        scale.invalid.reset();
        scale.mask = static_cast<std::uint16_t>(selected.mask);
        scale.shift = selected.shift;
        const auto field = scale.mask >> scale.shift;  // negative ones in two's complement of it
        for (const auto& [content, by] : point.scale_ref->map) {
            scale.map.emplace_back(static_cast<std::uint16_t>(content_of(content) & field), by);
        }
    }
    registers.scale_factor = std::move(scale);
}

}  // namespace sitepower
