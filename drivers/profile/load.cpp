#include "drivers/profile/load.hpp"

#include <cctype>
#include <utility>

#include "drivers/profile/check.hpp"
#include "drivers/profile/sample.hpp"
#include "drivers/schema/document.hpp"

namespace sitepower {
namespace {

using modbus::Order;
using schema::Choice;
using schema::Format;
using schema::Range;
using schema::Rule;

constexpr Range register_address{0, 65535};

bool is_point_name(std::string_view text) {
    if (text.empty() || text.size() > 64 || text.front() == '.' || text.back() == '.') return false;
    for (const char c : text) {
        const bool fits =
            (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '{' || c == '}';
        if (!fits) return false;
    }
    return true;
}

bool is_whole_number(std::string_view text) {
    if (text.starts_with('-')) text.remove_prefix(1);
    return !text.empty() && text.size() <= 18 && text.find_first_not_of("0123456789") == text.npos;
}

const Rule point_name{.required = true,
                      .valid = is_point_name,
                      .expected = "a name of a-z, 0-9, _ and dots, such as \"battery.voltage_v\""};

const Rule point_reference{.valid = is_point_name, .expected = "the name of a point"};

std::vector<Choice<modbus::Table>> tables() {
    return {{"holding", modbus::Table::holding},
            {"input", modbus::Table::input},
            {"coil", modbus::Table::coil},
            {"discrete", modbus::Table::discrete}};
}

std::vector<Choice<Order>> orders() {
    return {{"big", Order::big}, {"little", Order::little}};
}

std::vector<Choice<PointType>> point_types() {
    return {{"u16", PointType::u16},       {"s16", PointType::s16},      {"u32", PointType::u32},
            {"s32", PointType::s32},       {"u64", PointType::u64},      {"s64", PointType::s64},
            {"f32", PointType::f32},       {"f64", PointType::f64},      {"bool", PointType::boolean},
            {"sunssf", PointType::sunssf}, {"string", PointType::string}};
}

schema::Table<modbus::UnitLimits> limits_table() {
    using modbus::UnitLimits;
    return schema::Table<UnitLimits>("limits", "What the device tolerates in one request.")
        .key("max_registers", &UnitLimits::max_registers, {.range = Range{1, 125}},
             "Registers in one request.")
        .key("max_bits", &UnitLimits::max_bits, {.range = Range{1, 2000}},
             "Coils or discretes in one request.")
        .key("max_hole", &UnitLimits::max_hole, {.range = Range{0, 124}},
             "Unwanted registers that may be read along to save a request; 0 where the device refuses them.")
        .key("barriers", &UnitLimits::barriers, {.range = register_address},
             "Addresses that no request may cross.")
        .key("one_point_per_request", &UnitLimits::one_point_per_request, {}, "Never read points together.");
}

schema::Table<ProfileTiming> timing_table() {
    return schema::Table<ProfileTiming>("timing", "How fast the device answers, and how often to ask again.")
        .key("response_timeout_ms", &ProfileTiming::response_timeout, {.range = Range{10, 60'000}},
             "How long to wait for an answer.")
        .key("late_window_ms", &ProfileTiming::late_window, {.range = Range{10, 120'000}},
             "Answers come at most this late; twice the response time-out where it is not said.")
        .key("frame_gap_ms", &ProfileTiming::frame_gap, {.range = Range{0, 10'000}},
             "Silence before each request to the device.")
        .key("busy_wait_ms", &ProfileTiming::busy_wait, {.range = Range{0, 60'000}},
             "Wait after the device said that it is busy (exceptions 0x05 and 0x06).")
        .key("retries", &ProfileTiming::retries, {.range = Range{0, 10}}, "Further tries after no answer.")
        .key("busy_retries", &ProfileTiming::busy_retries, {.range = Range{0, 20}},
             "Further tries while the device is busy.")
        .key("repeats_answers", &ProfileTiming::repeats_answers, {}, "The device may send an answer twice.")
        .origins(&ProfileTiming::origins);
}

schema::Table<ProfileDefaults> defaults_table() {
    return schema::Table<ProfileDefaults>("defaults", "What holds for points that do not say otherwise.")
        .choice("table", &ProfileDefaults::table, tables(), "Modbus table.")
        .choice("word_order", &ProfileDefaults::word_order, orders(),
                "High word first (big) or low word first.")
        .choice("byte_order", &ProfileDefaults::byte_order, orders(), "Order of the bytes inside a register.")
        .key("poll", &ProfileDefaults::poll, {.format = Format::optional}, "Poll group.")
        .key("invalid_u16", &ProfileDefaults::invalid_u16, {},
             "Raw values that mean \"not available\", by type.")
        .key("invalid_s16", &ProfileDefaults::invalid_s16, {}, "The same for s16.")
        .key("invalid_u32", &ProfileDefaults::invalid_u32, {}, "The same for u32.")
        .key("invalid_s32", &ProfileDefaults::invalid_s32, {}, "The same for s32.")
        .key("invalid_u64", &ProfileDefaults::invalid_u64, {}, "The same for u64.")
        .key("invalid_s64", &ProfileDefaults::invalid_s64, {}, "The same for s64.");
}

schema::Table<ProfileBit> bit_table() {
    return schema::Table<ProfileBit>("flag", "One bit of a bit field, published as a point that is 0 or 1.")
        .key("bit", &ProfileBit::bit, {.range = Range{0, 63}, .required = true}, "Position, 0 the lowest.")
        .key("name", &ProfileBit::name, point_name, "Name of the flag's point.")
        .key("label", &ProfileBit::label, {.format = Format::optional}, "For people.")
        .key("alarm", &ProfileBit::alarm,
             {.choices = {"", "info", "warning", "critical"}, .format = Format::optional},
             "How grave it is when the flag is set.")
        .origins(&ProfileBit::origins);
}

schema::Table<ProfilePoint> point_table() {
    return schema::Table<ProfilePoint>("point", "Registers that hold one value.")
        .key(
            "name", &ProfilePoint::name, point_name,
            "Name of the point, its unit at the end: `battery.voltage_v`. In a group it follows the group's.")
        .key("label", &ProfilePoint::label, {.format = Format::optional}, "For people.")
        .key("unit", &ProfilePoint::unit, {.format = Format::optional}, "`V`, `A`, `Cel`, `Ohm`, `%`, `kW`.")
        .choice("table", &ProfilePoint::table, tables(), "Modbus table.")
        .key("address", &ProfilePoint::address, {.range = register_address, .required = true},
             "Address on the wire, from 0; in a group counted from the element's first register.")
        .choice("type", &ProfilePoint::type, point_types(),
                "What the registers hold. A sunssf (scale factor) or a string is not published.")
        .choice("word_order", &ProfilePoint::word_order, orders(), "High word first (big) or low word first.")
        .choice("byte_order", &ProfilePoint::byte_order, orders(), "Order of the bytes inside a register.")
        .key("scale", &ProfilePoint::scale, {}, "value = raw * scale + offset.")
        .key("offset", &ProfilePoint::offset, {}, "Added after scaling.")
        .key("invalid", &ProfilePoint::invalid, {.max_items = 16},
             "Raw values that mean \"not available\"; negative ones in two's complement (-1: all bits set).")
        .key("range", &ProfilePoint::range, {.max_items = 2, .min_items = 2},
             "Lowest and highest value that can be true, as published; any other is out_of_range.")
        .key("sf", &ProfilePoint::sf, point_reference, "The sunssf point whose power of ten scales this one.")
        .key("bit", &ProfilePoint::bit, {.range = Range{0, 63}}, "Take this bit only.")
        .key("mask", &ProfilePoint::mask, {}, "Take these bits only, before the shift.")
        .key("shift", &ProfilePoint::shift, {.range = Range{0, 63}}, "Bits to shift right after masking.")
        .key("length", &ProfilePoint::length, {.range = Range{1, 125}}, "Registers of a string.")
        .tables("bits", &ProfilePoint::bits, bit_table(), {.max_items = 64},
                "Flags of a bit field, published instead of the number.")
        .named_values("enum", &ProfilePoint::words, {.valid = is_whole_number, .expected = "a whole number"},
                      {}, "What the values mean.")
        .key("poll", &ProfilePoint::poll, {.format = Format::optional}, "Poll group.")
        .key("max_age_s", &ProfilePoint::max_age, {}, "A value older than this is stale; 0: never.")
        .origins(&ProfilePoint::origins);
}

schema::Table<ProfileRepeat> repeat_table() {
    return schema::Table<ProfileRepeat>("repeat", "One running number of a repeat group.")
        .key("index", &ProfileRepeat::index, {.format = Format::identifier, .required = true},
             "Stands as {index} in the group's name.")
        .key("count", &ProfileRepeat::count, {.range = Range{1, 10'000}, .required = true},
             "How many elements.")
        .key("first", &ProfileRepeat::first, {.range = Range{0, 10'000}}, "Number of the first element.")
        .key("stride", &ProfileRepeat::stride, {.range = register_address, .required = true},
             "Registers from one element to the next.")
        .origins(&ProfileRepeat::origins);
}

schema::Table<ProfileGroup> group_table() {
    return schema::Table<ProfileGroup>("group", "Points that repeat: strings, jars, cells.")
        .key("name", &ProfileGroup::name, point_name,
             "\"string{s}.jar{j}\"; stands before each point's name.")
        .key("address", &ProfileGroup::address, {.range = register_address, .required = true},
             "First register of the first element.")
        .tables("repeat", &ProfileGroup::repeat, repeat_table(),
                {.required = true, .max_items = 4, .min_items = 1},
                "The running numbers, the outermost first.")
        .tables("points", &ProfileGroup::points, point_table(), {.required = true, .max_items = 500},
                "Points of one element.")
        .origins(&ProfileGroup::origins);
}

schema::Table<SampleBlock> block_table() {
    return schema::Table<SampleBlock>("block", "Registers in a row, as a device answered them.")
        .choice("table", &SampleBlock::table, tables(), "Modbus table.")
        .key("address", &SampleBlock::address, {.range = register_address, .required = true}, "Of the first.")
        .key("registers", &SampleBlock::registers, {.range = register_address, .required = true},
             "Raw words.");
}

schema::Table<ProfileSample> sample_table() {
    static const std::vector<std::string> reasons{"not_implemented", "out_of_range", "invalid_scale"};
    return schema::Table<ProfileSample>("sample",
                                        "Registers and what they must decode to: run by each check.")
        .key("about", &ProfileSample::about, {.format = Format::optional}, "Where it was captured.")
        .tables("blocks", &ProfileSample::blocks, block_table(), {.required = true, .max_items = 200},
                "Registers.")
        .named_values("expect", &ProfileSample::expect, point_reference, {}, "Values by point.")
        .named_values("expect_quality", &ProfileSample::expect_quality, point_reference, {.choices = reasons},
                      "Why a point has no value, by point.")
        .origins(&ProfileSample::origins);
}

schema::Table<Profile> make_profile_table() {
    return schema::Table<Profile>("device profile", "Which registers of a device hold which points.")
        .key("schema", &Profile::schema, {.range = Range{1, 1}, .required = true}, "Version of this format.")
        .key("id", &Profile::id, {.format = Format::identifier, .required = true},
             "The file's name without .toml.")
        .choice("kind", &Profile::kind,
                {{"ups", ProfileKind::ups},
                 {"battery_monitor", ProfileKind::battery_monitor},
                 {"bms", ProfileKind::bms},
                 {"meter", ProfileKind::meter},
                 {"other", ProfileKind::other}},
                "What the device is.", true)
        .key("manufacturer", &Profile::manufacturer, {.required = true}, "Who makes it.")
        .key("models", &Profile::models, {.required = true}, "Models that the profile is for.")
        .key("reference", &Profile::reference, {.format = Format::optional}, "Where the map comes from.")
        .table("limits", &Profile::limits, limits_table(), {}, "What the device tolerates in one request.")
        .table("timing", &Profile::timing, timing_table(), {}, "How fast the device answers.")
        .table("defaults", &Profile::defaults, defaults_table(), {},
               "What holds unless a point says otherwise.")
        .named_values("poll_ms", &Profile::poll, {.format = Format::identifier, .min_items = 1},
                      {.range = Range{0, 86'400'000}, .required = true},
                      "Poll groups and their default periods; 0: again as soon as the last poll is through.")
        .named_values("sign", &Profile::sign, point_reference,
                      {.choices = {"charge_positive", "discharge_positive"}},
                      "How the device signs a point; discharge_positive is turned round.")
        .tables("points", &Profile::points, point_table(), {.max_items = 5000}, "Single points.")
        .tables("groups", &Profile::groups, group_table(), {.max_items = 100}, "Points that repeat.")
        .tables("samples", &Profile::samples, sample_table(), {.max_items = 100}, "Self-tests.")
        .origins(&Profile::origins);
}

std::optional<Profile> read_profile(const schema::Node& document, std::size_t errors_before,
                                    schema::Diagnostics& diagnostics) {
    Profile profile = profile_table().read(document, diagnostics);
    if (!profile.timing.origins.has("late_window_ms")) {
        profile.timing.late_window = 2 * profile.timing.response_timeout;
    }
    if (diagnostics.total() == errors_before) check_profile(profile, diagnostics);
    if (diagnostics.total() == errors_before) run_samples(profile, diagnostics);
    if (diagnostics.total() != errors_before) return std::nullopt;
    return profile;
}

}  // namespace

const schema::Table<Profile>& profile_table() {
    static const schema::Table<Profile> table = make_profile_table();
    return table;
}

std::optional<Profile> parse_profile(std::string_view text, std::string_view file,
                                     schema::Diagnostics& diagnostics) {
    const auto before = diagnostics.total();
    const auto document = schema::parse_document(text, file, diagnostics);
    if (!document) return std::nullopt;
    return read_profile(*document, before, diagnostics);
}

std::optional<Profile> load_profile(const std::string& path, schema::Diagnostics& diagnostics) {
    const auto before = diagnostics.total();
    const auto document = schema::read_document(path, diagnostics);
    if (!document) return std::nullopt;
    return read_profile(*document, before, diagnostics);
}

}  // namespace sitepower
