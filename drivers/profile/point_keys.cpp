// The keys of a point and of what stands inside it.
#include "drivers/profile/keys.hpp"

namespace sitepower::profile_keys {

using modbus::Order;
using schema::Choice;
using schema::Format;
using schema::Range;
using schema::Rule;

namespace {

bool has_only(std::string_view text, std::string_view more) {
    for (const char c : text) {
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || more.find(c) != more.npos)) return false;
    }
    return true;
}

bool is_point_name(std::string_view text) {
    return !text.empty() && text.size() <= 64 && text.front() != '.' && text.back() != '.' &&
           has_only(text, "_.{}");
}

bool is_other_name(std::string_view text) {
    return text.empty() || (text.size() <= 64 && has_only(text, "_.{}-ABCDEFGHIJKLMNOPQRSTUVWXYZ"));
}

bool is_whole_number(std::string_view text) {
    if (text.starts_with('-')) text.remove_prefix(1);
    return !text.empty() && text.size() <= 18 && text.find_first_not_of("0123456789") == text.npos;
}

bool is_date_layout(std::string_view text) {
    return text.size() <= 16 && text.find_first_not_of("YMDhms-") == text.npos;
}

const Rule whole_number{.valid = is_whole_number, .expected = "a whole number in decimal"};
const Rule alarm_rule{.choices = {"", "info", "warning", "critical"}, .format = Format::optional};

schema::Table<ProfileBit> bit_table() {
    return schema::Table<ProfileBit>("flag", "One bit of a bit field, published as a point that is 0 or 1.")
        .key("bit", &ProfileBit::bit, {.range = Range{0, 63}, .required = true}, "Position, 0 the lowest.")
        .key("name", &ProfileBit::name, point_name, "Name of the flag's point.")
        .key("label", &ProfileBit::label, {.format = Format::optional}, "For people.")
        .key("alias", &ProfileBit::alias, other_name, "Another name that finds it.")
        .key("alarm", &ProfileBit::alarm, alarm_rule, "How grave it is when the flag is set.")
        .origins(&ProfileBit::origins);
}

schema::Table<ProfileState> state_table() {
    return schema::Table<ProfileState>("state",
                                       "A point that is 1 while the number is one of the values, else 0: a "
                                       "state of an enum that is worth an alarm.")
        .key("values", &ProfileState::values, {.required = true, .max_items = 64, .min_items = 1},
             "Raw values, after mask and shift.")
        .key("name", &ProfileState::name, point_name, "Name of the state's point.")
        .key("label", &ProfileState::label, {.format = Format::optional}, "For people.")
        .key("alias", &ProfileState::alias, other_name, "Another name that finds it.")
        .key("alarm", &ProfileState::alarm, alarm_rule, "How grave it is.")
        .origins(&ProfileState::origins);
}

schema::Table<ProfileCondition> condition_table() {
    return schema::Table<ProfileCondition>(
               "condition", "A register that says whether the point exists; read in the same poll.")
        .choice("table", &ProfileCondition::table, tables(), "Modbus table; that of the point.")
        .key("address", &ProfileCondition::address, {.range = register_address, .required = true},
             "Address of one register or bit; in a group counted from the element's first register.")
        .key("bit", &ProfileCondition::bit, {.range = Range{0, 15}}, "This bit must be set.")
        .key("mask", &ProfileCondition::mask, {.range = Range{1, 65535}}, "Look at these bits only.")
        .key("equals", &ProfileCondition::equals, {.range = register_address, .max_items = 64},
             "The register, behind the mask, must be one of these; without it any bit set will do.")
        .origins(&ProfileCondition::origins);
}

schema::Table<ProfileScaleRef> scale_ref_table() {
    return schema::Table<ProfileScaleRef>("scale reference",
                                          "A register of the same answer whose content chooses the scale.")
        .key("point", &ProfileScaleRef::point,
             {.required = true, .valid = is_point_name, .expected = "the name of a point"},
             "A point of one register, in the same group first; what its bit, byte or mask leaves is looked "
             "up. It may "
             "be of the same register: a sign bit beside a magnitude.")
        .named_values("map", &ProfileScaleRef::map, whole_number, {.required = true},
                      "Content, and the factor that it stands for; any other content is invalid_scale. { 0 = "
                      "1, 1 = -1 } "
                      "takes the sign from another register.")
        .origins(&ProfileScaleRef::origins);
}

void add_place(schema::Table<ProfilePoint>& table) {
    table
        .key(
            "name", &ProfilePoint::name, point_name,
            "Name of the point, its unit at the end: `battery.voltage_v`. In a group it follows the group's.")
        .key("label", &ProfilePoint::label, {.format = Format::optional}, "For people.")
        .key("alias", &ProfilePoint::alias, other_name,
             "Another name that finds the point, such as NUT's (RFC 9271): `battery.voltage`.")
        .key("alarm", &ProfilePoint::alarm, alarm_rule,
             "Of a bool, or of one bit: how grave it is when it is set. Where 0 is the alarm: scale = -1, "
             "offset = 1.")
        .key("unit", &ProfilePoint::unit, {.format = Format::optional}, "`V`, `A`, `Cel`, `Ohm`, `%`, `kW`.")
        .choice("table", &ProfilePoint::table, tables(), "Modbus table.")
        .key("address", &ProfilePoint::address, {.range = register_address, .required = true},
             "Address on the wire, from 0; in a group counted from the element's first register.")
        .choice("type", &ProfilePoint::type, point_types(),
                "What the registers hold. acc32 and acc64 count up, and 0 means that they do not. A sunssf "
                "(scale factor) or a string is not published. A whole number beyond 2^53 is out_of_range: a "
                "reading "
                "could not say it exactly.")
        .choice("word_order", &ProfilePoint::word_order, orders(), "High word first (big) or low word first.")
        .choice("byte_order", &ProfilePoint::byte_order, orders(),
                "Order of the bytes inside a register; little: of a string the low byte comes first.");
}

void add_conversion(schema::Table<ProfilePoint>& table) {
    table
        .key("scale", &ProfilePoint::scale, {},
             "value = raw * scale + offset, exact for decimals: 4914 * 0.1 is 491.4.")
        .key("scale_shift", &ProfilePoint::scale_shift, {.range = Range{0, 32}},
             "Bits behind the binary point: raw / 2^n, before the scale.")
        .key("offset", &ProfilePoint::offset, {}, "Added after scaling.")
        .key("sf", &ProfilePoint::sf, point_reference, "The sunssf point whose power of ten scales this one.")
        .table("scale_ref", &ProfilePoint::scale_ref, scale_ref_table(), {},
               "Another register that chooses the scale.")
        .key("invalid", &ProfilePoint::invalid, {.max_items = 64},
             "Raw values that mean \"not available\"; negative ones in two's complement (-1: all bits set).")
        .key(
            "invalid_mask", &ProfilePoint::invalid_mask, {},
            "Compare only these bits with `invalid`: 0xFF00 where the high byte says that there is no value.")
        .key("range", &ProfilePoint::range, {.max_items = 2, .min_items = 2},
             "Lowest and highest value that can be true, as published; any other is out_of_range.")
        .table("available_if", &ProfilePoint::available_if, condition_table(), {},
               "The point is not_implemented unless this register says that it exists.");
}

void add_selection(schema::Table<ProfilePoint>& table) {
    table.key("bit", &ProfilePoint::bit, {.range = Range{0, 63}}, "Take this bit only.")
        .choice("byte", &ProfilePoint::byte, {{"high", ByteOfWord::high}, {"low", ByteOfWord::low}},
                "Take this byte of the register only; of an s16 it has a sign.")
        .key("mask", &ProfilePoint::mask, {}, "Take these bits only, before the shift.")
        .key("shift", &ProfilePoint::shift, {.range = Range{0, 63}}, "Bits to shift right after masking.")
        .key("bcd", &ProfilePoint::bcd, {}, "Four bits hold a decimal digit.")
        .key("length", &ProfilePoint::length, {.range = Range{1, 125}}, "Registers of a string.")
        .choice("chars", &ProfilePoint::chars, text_bytes(), "Which bytes of a string hold characters.")
        .key("pad", &ProfilePoint::pad, {}, "What fills the end of a string, beside NUL and spaces.")
        .key("fields", &ProfilePoint::fields,
             {.format = Format::optional,
              .valid = is_date_layout,
              .expected = "a letter for each byte: Y, M, D, h, m, s, or - for one without meaning"},
             "What the bytes of a datetime mean: `YMDhms`, or `YY-M-D-h-m-s` with a register for each; with "
             "bcd decimal digits, "
             "YY four of them. The value is in seconds since 1970, the device's clock taken as UTC.")
        .tables("bits", &ProfilePoint::bits, bit_table(), {.max_items = 64},
                "Flags of a bit field, published instead of the number.")
        .named_values("enum", &ProfilePoint::words, whole_number, {},
                      "Raw values, after mask and shift, and what they mean; no scale goes beside it.")
        .tables("states", &ProfilePoint::states, state_table(), {.max_items = 64},
                "States with a point of their own, beside the number.");
}

void add_reading(schema::Table<ProfilePoint>& table) {
    table
        .key("poll", &ProfilePoint::poll, {.format = Format::optional},
             "Poll group; `once`: when the bus begins, when the device comes back after silence, and once a "
             "day.")
        .key("atomic", &ProfilePoint::atomic, {.format = Format::optional},
             "Points with the same word here come from one answer.")
        .key("mailbox", &ProfilePoint::mailbox, {.format = Format::optional},
             "The address counts in the words of this mailbox.")
        .key("publish", &ProfilePoint::publish, {}, "false: read only where another point needs it.")
        .key("max_age_s", &ProfilePoint::max_age, {},
             "The values of its poll group are not used when the last frame is older than this; 0: the "
             "site's limit alone. The group's period must leave room: at most two thirds of it.")
        .key("min_interval_ms", &ProfilePoint::min_interval, {},
             "The point may not be read more often than this; its poll group's period is checked.")
        .origins(&ProfilePoint::origins);
}

}  // namespace

const Rule point_name{.required = true,
                      .valid = is_point_name,
                      .expected = "a name of a-z, 0-9, _ and dots, such as \"battery.voltage_v\""};
const Rule point_reference{.valid = is_point_name, .expected = "the name of a point"};
const Rule other_name{.format = Format::optional,
                      .valid = is_other_name,
                      .expected = "a name of letters, digits, -, _ and dots, such as \"battery.voltage\""};

std::vector<Choice<modbus::Table>> tables() {
    return {{"holding", modbus::Table::holding},
            {"input", modbus::Table::input},
            {"coil", modbus::Table::coil},
            {"discrete", modbus::Table::discrete}};
}

std::vector<Choice<Order>> orders() {
    return {{"big", Order::big}, {"little", Order::little}};
}

std::vector<Choice<modbus::TextBytes>> text_bytes() {
    return {{"both", modbus::TextBytes::both},
            {"high", modbus::TextBytes::high},
            {"low", modbus::TextBytes::low}};
}

std::vector<Choice<PointType>> point_types() {
    return {{"u16", PointType::u16},      {"s16", PointType::s16},       {"u32", PointType::u32},
            {"s32", PointType::s32},      {"u48", PointType::u48},       {"s48", PointType::s48},
            {"u64", PointType::u64},      {"s64", PointType::s64},       {"acc32", PointType::acc32},
            {"acc64", PointType::acc64},  {"f32", PointType::f32},       {"f64", PointType::f64},
            {"bool", PointType::boolean}, {"sunssf", PointType::sunssf}, {"datetime", PointType::datetime},
            {"string", PointType::string}};
}

schema::Table<ProfilePoint> point_table() {
    schema::Table<ProfilePoint> table("point", "Registers that hold one value.");
    add_place(table);
    add_conversion(table);
    add_selection(table);
    add_reading(table);
    return table;
}

schema::Table<ProfileDerived> derived_table() {
    using modbus::Operation;
    return schema::Table<ProfileDerived>(
               "derived value", "A value that is worked out from points of the same poll of the device.")
        .key("name", &ProfileDerived::name, point_name,
             "Name of the point; in a group it follows the group's.")
        .key("label", &ProfileDerived::label, {.format = Format::optional}, "For people.")
        .key("alias", &ProfileDerived::alias, other_name, "Another name that finds it.")
        .key("unit", &ProfileDerived::unit, {.format = Format::optional}, "Unit of the result.")
        .choice("op", &ProfileDerived::operation,
                {{"sum", Operation::sum},
                 {"sub", Operation::sub},
                 {"mul", Operation::mul},
                 {"div", Operation::div},
                 {"min", Operation::min},
                 {"max", Operation::max},
                 {"mean", Operation::mean}},
                "What is done with the operands, from the first to the last.", true)
        .key("of", &ProfileDerived::of,
             {.required = true,
              .max_items = 64,
              .min_items = 1,
              .valid = is_point_name,
              .expected = "the name of a point"},
             "Names of points; a name with {index} stands for all elements of the group. Of the same element "
             "first, and of the same unit id: what comes from another comes in another answer. What is read "
             "in "
             "another poll group is read once more for this one.")
        .key("weights", &ProfileDerived::weights, {.max_items = 64},
             "Factors of the operands, one for each of `of`: days and hours are [24, 1].")
        .key("skip_absent", &ProfileDerived::skip_absent, {},
             "Leave out operands that are not_implemented, as long as one remains. Of `sum`, `mean`, `min` "
             "and "
             "`max`.")
        .key("scale", &ProfileDerived::scale, {}, "value = result * scale + offset.")
        .key("offset", &ProfileDerived::offset, {}, "Added after scaling.")
        .key("range", &ProfileDerived::range, {.max_items = 2, .min_items = 2},
             "Lowest and highest value that can be true.")
        .key("poll", &ProfileDerived::poll, {.format = Format::optional}, "Poll group.")
        .origins(&ProfileDerived::origins);
}

}  // namespace sitepower::profile_keys
