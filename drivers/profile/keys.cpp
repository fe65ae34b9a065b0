#include "drivers/profile/keys.hpp"

namespace sitepower {

using namespace profile_keys;
using schema::Format;
using schema::Range;

namespace {

schema::Table<ProfileTransport> transport_table() {
    return schema::Table<ProfileTransport>(
               "transport",
               "How the device is reached as it leaves the factory; the site's word is the last.")
        .key("modes", &ProfileTransport::modes, {.choices = {"tcp", "rtu", "rtu_over_tcp"}, .max_items = 3},
             "Kinds of bus that the device can be on; none: any.")
        .key("port", &ProfileTransport::port, {.range = Range{1, 65535}}, "TCP port.")
        .key("unit_id", &ProfileTransport::unit, {.range = Range{0, 255}}, "Unit id.")
        .key("baud", &ProfileTransport::baud, {.range = Range{300, 1'000'000}}, "Of the serial line.")
        .key("parity", &ProfileTransport::parity, {.choices = {"N", "E", "O"}}, "Of the serial line.")
        .key("data_bits", &ProfileTransport::data_bits, {.range = Range{7, 8}}, "Of the serial line.")
        .key("stop_bits", &ProfileTransport::stop_bits, {.range = Range{1, 2}}, "Of the serial line.")
        .origins(&ProfileTransport::origins);
}

schema::Table<ProfileLimits> limits_table() {
    return schema::Table<ProfileLimits>("limits", "What the device tolerates in one request.")
        .key("max_registers", &ProfileLimits::max_registers, {.range = Range{1, 125}},
             "Registers in one request.")
        .key("max_bits", &ProfileLimits::max_bits, {.range = Range{1, 2000}},
             "Coils or discretes in one request.")
        .key("max_hole", &ProfileLimits::max_hole, {.range = Range{0, 124}},
             "Unwanted registers that may be read along to save a request; 0 where the device refuses them.")
        .key("barriers", &ProfileLimits::barriers, {.range = register_address},
             "Addresses that no request may cross.")
        .key("one_point_per_request", &ProfileLimits::one_point_per_request, {},
             "Never read points together.")
        .key("close_after_cycle", &ProfileLimits::close_after_cycle, {},
             "Close the connection between polls, so that others get a turn.")
        .forbidden("max_connections", "there is exactly one connection to an endpoint");
}

schema::Table<ProfileTiming> timing_table() {
    return schema::Table<ProfileTiming>("timing", "How fast the device answers, and how often to ask again.")
        .key("response_timeout_ms", &ProfileTiming::response_timeout, {.range = Range{10, 60'000}},
             "How long to wait for an answer.")
        .key("late_window_ms", &ProfileTiming::late_window, {.range = Range{10, 120'000}},
             "Answers come at most this late; twice the response time-out where it is not said.")
        .key("frame_gap_ms", &ProfileTiming::frame_gap, {.range = Range{0, 10'000}},
             "Silence before each request to the device.")
        .key("connect_delay_ms", &ProfileTiming::connect_delay, {.range = Range{0, 60'000}},
             "Wait after connecting before the first request.")
        .key("write_settle_ms", &ProfileTiming::write_settle, {.range = Range{0, 60'000}},
             "Silence of the device after a command.")
        .key("busy_wait_ms", &ProfileTiming::busy_wait, {.range = Range{0, 60'000}},
             "Wait after the device said that it is busy (exceptions 0x05 and 0x06).")
        .key("retries", &ProfileTiming::retries, {.range = Range{0, 10}}, "Further tries after no answer.")
        .key("busy_retries", &ProfileTiming::busy_retries, {.range = Range{0, 20}},
             "Further tries while the device is busy.")
        .key("repeats_answers", &ProfileTiming::repeats_answers, {}, "The device may send an answer twice.")
        .forbidden("byte_timeout_ms", "response_timeout_ms bounds the whole answer")
        .origins(&ProfileTiming::origins);
}

schema::Table<ProfileDefaults> defaults_table() {
    return schema::Table<ProfileDefaults>("defaults", "What holds for points that do not say otherwise.")
        .choice("table", &ProfileDefaults::table, tables(), "Modbus table.")
        .choice("word_order", &ProfileDefaults::word_order, orders(),
                "High word first (big) or low word first.")
        .choice("byte_order", &ProfileDefaults::byte_order, orders(), "Order of the bytes inside a register.")
        .key("poll", &ProfileDefaults::poll, {.format = Format::optional}, "Poll group.")
        .key("invalid_u16", &ProfileDefaults::invalid_u16, {.max_items = 64},
             "Raw values that mean \"not available\", by type.")
        .key("invalid_s16", &ProfileDefaults::invalid_s16, {.max_items = 64}, "The same for s16.")
        .key("invalid_u32", &ProfileDefaults::invalid_u32, {.max_items = 64}, "The same for u32.")
        .key("invalid_s32", &ProfileDefaults::invalid_s32, {.max_items = 64}, "The same for s32.")
        .key("invalid_u64", &ProfileDefaults::invalid_u64, {.max_items = 64}, "The same for u64.")
        .key("invalid_s64", &ProfileDefaults::invalid_s64, {.max_items = 64}, "The same for s64.")
        .key("invalid_f32", &ProfileDefaults::invalid_f32, {.max_items = 64},
             "The same for f32, as 32-bit words; a NaN is never a value anyway.")
        .key("invalid_f64", &ProfileDefaults::invalid_f64, {.max_items = 64}, "The same for f64.")
        .origins(&ProfileDefaults::origins);
}

schema::Table<ProfileProbe> probe_table() {
    return schema::Table<ProfileProbe>(
               "probe",
               "Registers, or texts of its identification (function 43), that tell whether a device is one "
               "of "
               "this profile; all rows must agree. Judged by equals, starts_with, between, or a version.")
        .choice("table", &ProfileProbe::table, tables(), "Modbus table.")
        .key("address", &ProfileProbe::address, {.range = register_address}, "Address on the wire, from 0.")
        .key("object", &ProfileProbe::object, {.range = Range{0, 255}},
             "Instead of address: a text that the device gives to Read Device Identification (function 43, "
             "type 14). 0: vendor, 1: product code, 2: version, from 0x80 on the vendor's own.")
        .key("object_from", &ProfileProbe::object_from, {.range = Range{0, 255}},
             "Object that the question begins at, where the device does not take any: the answer brings "
             "several; otherwise the object itself.")
        .choice("type", &ProfileProbe::type, point_types(), "An integer type or a string.")
        .choice("word_order", &ProfileProbe::word_order, orders(), "High word first (big) or low word first.")
        .choice("byte_order", &ProfileProbe::byte_order, orders(), "Order of the bytes inside a register.")
        .key("mask", &ProfileProbe::mask, {}, "Look at these bits only.")
        .key("length", &ProfileProbe::length, {.range = Range{1, 125}}, "Registers of a string.")
        .choice("chars", &ProfileProbe::chars, text_bytes(), "Which bytes of a string hold characters.")
        .key("equals", &ProfileProbe::equals, {.max_items = 64}, "The number is one of these.")
        .key("starts_with", &ProfileProbe::starts_with, {.max_items = 64},
             "The text starts with one of these.")
        .key("between", &ProfileProbe::between, {.max_items = 2, .min_items = 2},
             "Lowest and highest number.")
        .key("at_least", &ProfileProbe::at_least, {.format = Format::optional},
             R"(Lowest version: "14.4.0" of a text, "14" of a number.)")
        .key("below", &ProfileProbe::below, {.format = Format::optional}, "First version that is too new.")
        .origins(&ProfileProbe::origins);
}

schema::Table<ProfileRepeat> repeat_table() {
    return schema::Table<ProfileRepeat>("repeat", "One running number of a repeat group.")
        .key("index", &ProfileRepeat::index, {.format = Format::identifier, .required = true},
             "Stands as {index} in the group's name.")
        .key("count", &ProfileRepeat::count, {.range = Range{1, 10'000}, .required = true},
             "How many elements; with count_from or fill_rest: at most.")
        .key("count_from", &ProfileRepeat::count_from, point_reference,
             "A point that says how many there are; elements beyond it are not_implemented.")
        .key("first", &ProfileRepeat::first, {.range = Range{0, 10'000}}, "Number of the first element.")
        .key("stride", &ProfileRepeat::stride, {.range = register_address},
             "Registers from one element to the next.")
        .key("unit_stride", &ProfileRepeat::unit_stride, {.range = Range{0, 247}},
             "Unit ids from one element to the next, where each is a unit of its own.")
        .origins(&ProfileRepeat::origins);
}

schema::Table<ProfileGroup> group_table() {
    return schema::Table<ProfileGroup>("group", "Points that repeat: strings, jars, cells.")
        .key("name", &ProfileGroup::name, point_name,
             "\"string{s}.jar{j}\"; stands before each point's name.")
        .key("address", &ProfileGroup::address, {.range = register_address, .required = true},
             "First register of the first element.")
        .key("unit", &ProfileGroup::unit, {.range = Range{0, 255}},
             "Unit id of the first element, where it is not the device's own.")
        .key("fill_rest", &ProfileGroup::fill_rest, point_reference,
             "A point that holds how many registers follow it: elements that do not fit are not_implemented.")
        .tables("repeat", &ProfileGroup::repeat, repeat_table(),
                {.required = true, .max_items = 4, .min_items = 1},
                "The running numbers, the outermost first.")
        .tables("points", &ProfileGroup::points, point_table(), {.required = true, .max_items = 500},
                "Points of one element.")
        .tables("derived", &ProfileGroup::derived, derived_table(), {.max_items = 100},
                "Values worked out for each element.")
        .origins(&ProfileGroup::origins);
}

schema::Table<ProfileMailbox> mailbox_table() {
    return schema::Table<ProfileMailbox>(
               "mailbox",
               "Words that the device hands out on request: a request is written, a register says when they "
               "are there, and a window is read until all have come. Because of the write its points are "
               "polled only where the site says `mailboxes = true` of the device; else they exist in samples "
               "alone. A value is taken only while the device shows the index that was asked for: in the "
               "same "
               "answer where `limits` allow it, otherwise before and after the window. All are holding "
               "registers. Derived values do not see these points.")
        .key("name", &ProfileMailbox::name, {.format = Format::identifier, .required = true},
             "What `mailbox` of a point names.")
        .key("request_address", &ProfileMailbox::request_address,
             {.range = register_address, .required = true}, "Where the request is written.")
        .key("request", &ProfileMailbox::request,
             {.range = register_address, .required = true, .max_items = 16, .min_items = 1}, "Its words.")
        .key("indices", &ProfileMailbox::indices, {.range = register_address, .max_items = 100},
             "What is asked for, one after the other. The mailbox then has so many times the words of its "
             "windows: "
             "those of the first index, then those of the second. None: the request as it stands.")
        .key("index_word", &ProfileMailbox::index_word, {.range = Range{0, 15}},
             "The word of the request that the index takes the place of, counted from 0.")
        .key("ready_address", &ProfileMailbox::ready_address, {.range = register_address, .required = true},
             "The register that says when the words are there.")
        .key("ready", &ProfileMailbox::ready, {.range = register_address},
             "What it then holds; without it: the index.")
        .key("index_address", &ProfileMailbox::index_address, {.range = register_address},
             "The register that then holds the index, where `ready_address` does not. Needed with `indices` "
             "and `ready`.")
        .key("ready_within_ms", &ProfileMailbox::ready_within, {.range = Range{10, 60'000}},
             "How long the words may take after `timing.write_settle_ms`. After an index that took longer "
             "the next one is not asked for before so much time again has passed; a device that shows the "
             "index already is given all of it.")
        .key("window_address", &ProfileMailbox::window_address, {.range = register_address, .required = true},
             "First register of the window.")
        .key("window_length", &ProfileMailbox::window_length, {.range = Range{1, 125}, .required = true},
             "Registers of the window.")
        .key("windows", &ProfileMailbox::windows, {.range = Range{1, 100}},
             "How often the window is read, one after the other; the device shows the next words each time.")
        .key("poll", &ProfileMailbox::poll, {.format = Format::optional}, "Poll group.")
        .origins(&ProfileMailbox::origins);
}

schema::Table<ProfileCommand> command_table() {
    return schema::Table<ProfileCommand>("command",
                                         "A write that the device understands. Never sent unless the site "
                                         "enables that very command for the "
                                         "device (`commands` of `[[device]]`) and somebody asks for it. It "
                                         "is sent once; whether it was "
                                         "carried out is read back, whatever became of its answer.")
        .key("name", &ProfileCommand::name, point_name, "Such as `battery.test.start`.")
        .key("label", &ProfileCommand::label, {.format = Format::optional}, "For people.")
        .choice("table", &ProfileCommand::table,
                {{"holding", modbus::Table::holding}, {"coil", modbus::Table::coil}}, "Modbus table.")
        .key("address", &ProfileCommand::address, {.range = register_address, .required = true},
             "Address on the wire, from 0.")
        .key("multiple", &ProfileCommand::multiple, {},
             "Write even a single register with function 16, a single coil with 15: some devices know no "
             "other.")
        .key("write", &ProfileCommand::write, {.range = register_address, .max_items = 16},
             "Words that are written as they are; of coils 0 and 1.")
        .key("range", &ProfileCommand::range, {.max_items = 2, .min_items = 2},
             "Instead of write: the lowest and highest value that may be set.")
        .choice("type", &ProfileCommand::type, point_types(),
                "Type of a value that is set: u16, s16, u32, s32 or f32; of a coil bool.")
        .choice("word_order", &ProfileCommand::word_order, orders(),
                "Of a value of two registers: high word first (big) or low word first.")
        .key("scale", &ProfileCommand::scale, {}, "raw = value / scale.")
        .key("unit", &ProfileCommand::unit, {.format = Format::optional}, "Of the value.")
        .key("verify", &ProfileCommand::verify, point_reference,
             "A polled point that shows the effect. Without one a command whose answer is lost is told as "
             "unknown.")
        .key("expect", &ProfileCommand::expect, {.max_items = 2, .min_items = 2},
             "With write and verify: the lowest and highest value that the point then has. After a value is "
             "set the point must show that value.")
        .key("tolerance", &ProfileCommand::tolerance, {.range = Range{0, 1e9}},
             "With range and verify: how far the point may be off; at least half a step.")
        .key("settle_ms", &ProfileCommand::settle, {.range = Range{0, 60'000}},
             "Silence of the device after this command; otherwise `timing.write_settle_ms`.")
        .key("effect_ms", &ProfileCommand::effect, {.range = Range{0, 600'000}},
             "How long after that the effect may take to show.")
        .key("dead_man_s", &ProfileCommand::dead_man, {.range = Range{0, 86'400}},
             "Of a keep-alive: once it was sent, the device goes back to its own control when it does not "
             "come "
             "again within so long.")
        .origins(&ProfileCommand::origins);
}

schema::Table<SampleBlock> block_table() {
    return schema::Table<SampleBlock>("block", "Registers in a row, as a device answered them.")
        .choice("table", &SampleBlock::table, tables(), "Modbus table.")
        .key("unit", &SampleBlock::unit, {.range = Range{0, 255}}, "Unit id of a group that has its own.")
        .key("mailbox", &SampleBlock::mailbox, {.format = Format::optional}, "Words of this mailbox.")
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
        .named_values("expect_text", &ProfileSample::expect_text, point_reference,
                      {.format = Format::optional}, "Texts by point; of a datetime \"2007-05-17T10:45:20\".")
        .named_values("expect_quality", &ProfileSample::expect_quality, point_reference, {.choices = reasons},
                      "Why a point has no value, by point.")
        .origins(&ProfileSample::origins);
}

void add_head(schema::Table<Profile>& table) {
    table.key("schema", &Profile::schema, {.range = Range{1, 1}, .required = true}, "Version of this format.")
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
        .key("firmware", &Profile::firmware, {.format = Format::optional},
             "Firmware that the profile is for, in words; a probe checks it.")
        .key("reference", &Profile::reference, {.format = Format::optional}, "Where the map comes from.")
        .table("transport", &Profile::transport, transport_table(), {}, "How the device is reached.")
        .table("limits", &Profile::limits, limits_table(), {}, "What the device tolerates in one request.")
        .table("timing", &Profile::timing, timing_table(), {}, "How fast the device answers.")
        .table("defaults", &Profile::defaults, defaults_table(), {},
               "What holds unless a point says otherwise.")
        .tables("probe", &Profile::probe, probe_table(), {.max_items = 16}, "How the device is recognised.");
}

constexpr const char* introduction =
    R"(A device profile is one TOML file that says which registers of a family of devices hold which points. It is
data, never executed: a new device needs no code, no build and no restart of others. Shipped profiles lie in
`config/devices` (installed: `/usr/share/sitepower/devices`); a file of the same name in `/etc/sitepower/devices` goes
before them. `sitepowerd check` reads every profile that the configuration uses, and says file, line, key and point
of whatever is wrong. A small one:

```toml
# Source: the vendor's manual, page 12. Confidence: high, checked on a device.
schema = 1
id = "maker-inverter"            # the file's name without .toml
kind = "other"
manufacturer = "Maker"
models = ["PV 10"]
reference = "manual 123, p. 12"
limits = { max_registers = 60, max_hole = 0 }
poll_ms = { fast = 1000, slow = 60000 }
defaults = { table = "input", poll = "fast", invalid_u16 = [0xFFFF] }
probe = [{ address = 0, type = "string", length = 8, starts_with = ["PV 10"] }]
points = [
    { name = "grid.power_kw", address = 40, type = "s32", word_order = "little", scale = 0.001, unit = "kW" },
    { name = "energy.total_kwh", address = 60, type = "u64", scale = 0.001, unit = "kWh", poll = "slow" },
    { name = "state", address = 70, enum = { 0 = "wait", 1 = "run", 3 = "fault" }, states = [
        { values = [3], name = "fault", label = "Fault", alarm = "critical" },
    ] },
]

[[groups]]
name = "pv{s}"
address = 100
repeat = [{ index = "s", count = 2, stride = 3 }]
points = [
    { name = "voltage_v", address = 0, scale = 0.1, unit = "V" },
    { name = "current_a", address = 1, scale = 0.1, unit = "A" },
]
derived = [{ name = "power_kw", op = "mul", of = ["voltage_v", "current_a"], scale = 0.001, unit = "kW" }]

[[samples]]
about = "captured on 2026-11-26"
blocks = [{ table = "input", address = 40, registers = [64557, 65535] }]
expect = { "grid.power_kw" = -0.979 }
```

Rules that hold for all:

- Addresses count from 0, as they go over the wire. Write the documented number behind the point, as a comment.
- Points of a profile may not overlap, except for parts of one word (bits, bytes, masks).
- A value that equals a sentinel, leaves its range, lacks its scale or its registers is absent with a reason
  (`not_implemented`, `out_of_range`, `invalid_scale`, `comm_error`, `stale`), never a number.
- A scale factor (`sf`, `scale_ref`) and its value are read in one answer, with all that lies between them; where
  the device refuses that, the factor is read before and after the value, which holds only if both agree. What
  `available_if`, `count_from`, `fill_rest` and derived values look at is read in the same poll.
- `word_order` and `byte_order` together: big/big is ABCD, little/big CDAB, big/little BADC, little/little DCBA.
- Names end with their unit (`battery.voltage_v`); `alias` gives the name by which NUT (RFC 9271) knows the point, and
  finds it wherever `DEVICE/point` may be written. The unit stays that of the point.
- A point that nobody is sure of is left out. Where sources disagree there are two profiles.)";

schema::Table<Profile> make_profile_table() {
    schema::Table<Profile> table("device profile", introduction);
    add_head(table);
    table
        .named_values("poll_ms", &Profile::poll, {.format = Format::identifier, .min_items = 1},
                      {.range = Range{0, 86'400'000}, .required = true},
                      "Poll groups and their default periods; 0: again as soon as the last poll is through.")
        .named_values("sign", &Profile::sign, point_reference,
                      {.choices = {"charge_positive", "discharge_positive"}},
                      "How the device signs a point; discharge_positive is turned round. Any other sign: a "
                      "negative scale.")
        .tables("points", &Profile::points, point_table(), {.max_items = 5000}, "Single points.")
        .tables("groups", &Profile::groups, group_table(), {.max_items = 100}, "Points that repeat.")
        .tables("derived", &Profile::derived, derived_table(), {.max_items = 500},
                "Values worked out from points.")
        .tables("mailboxes", &Profile::mailboxes, mailbox_table(), {.max_items = 16},
                "Words that are handed out on request.")
        .tables("commands", &Profile::commands, command_table(), {.max_items = 100},
                "Writes that the device understands.")
        .tables("samples", &Profile::samples, sample_table(), {.max_items = 100}, "Self-tests.")
        .origins(&Profile::origins);
    return table;
}

}  // namespace

const schema::Table<Profile>& profile_table() {
    static const schema::Table<Profile> table = make_profile_table();
    return table;
}

}  // namespace sitepower
