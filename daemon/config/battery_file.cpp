#include "daemon/config/battery_file.hpp"

#include "core/battery/model/faults.hpp"
#include "drivers/schema/document.hpp"

namespace sitepower::config {

using schema::Diagnostics;
using schema::Format;
using schema::Origin;
using schema::Range;
using schema::Rule;
using schema::Table;

namespace {

constexpr Range volts{0, 2000};
constexpr Range ohms{0, 1000};
constexpr Range share{0, 1};
constexpr Range kelvin{-20'000, 20'000};
constexpr std::size_t longest_list = 200;

Rule list_of(Range range) {
    return {.range = range, .required = true, .max_items = longest_list, .min_items = 1};
}

Table<BatteryFile::Resistance> resistance_table() {
    using Resistance = BatteryFile::Resistance;
    return Table<Resistance>(
               "resistance",
               "Resistances at one temperature. With one table all temperatures follow from it; "
               "between two, what `r0_activation_k` leaves over is interpolated.")
        .origins(&Resistance::origins)
        .key("temperature_c", &Resistance::temperature_c, {.range = Range{-100, 100}, .required = true},
             "Degrees Celsius, higher than in the table before.")
        .key("r0_ohm", &Resistance::r0_ohm, list_of(ohms), "Ohmic part, beside `resistance_soc`.")
        .key("r1_ohm", &Resistance::r1_ohm, list_of(ohms), "Fast polarisation, of `tau1_s`.")
        .key("r2_ohm", &Resistance::r2_ohm, list_of(ohms), "Slow polarisation, of `tau2_s`.");
}

Table<NoiseParameters> noise_table() {
    using Noise = NoiseParameters;
    return Table<Noise>("noise", "How far the model and the sensors are to be trusted.")
        .key("voltage_v", &Noise::voltage_v, {.range = volts}, "Standard deviation of the model's voltage.")
        .key("current_ohm", &Noise::current_ohm, {.range = ohms}, "And per ampere.")
        .key("correlation_s", &Noise::correlation_s, {.range = Range{0, 100'000}},
             "Its errors hang together for so long.")
        .key("error_v", &Noise::error_v, {.range = volts}, "Standard deviation of the open circuit's error.")
        .key("error_soc", &Noise::error_soc, {.range = share},
             "It lasts until so much charge has flowed, as a share of the capacity.")
        .key("cold_per_c", &Noise::cold_per_c, {.range = share},
             "They grow by exp(cold_per_c * (25 - T)) in the cold.")
        .key("low_soc", &Noise::low_soc, {.range = share},
             "Below this state of charge the voltage is hardly known,")
        .key("low_soc_v", &Noise::low_soc_v, {.range = volts}, "by so much when empty.")
        .key("soc_per_root_s", &Noise::soc_per_root_s, {.range = share},
             "Random walk of the state of charge, per square root of a second,")
        .key("voltage_per_root_s", &Noise::voltage_per_root_s, {.range = volts}, "of the polarisations,")
        .key("offset_c_per_root_s", &Noise::offset_c_per_root_s, {.range = share},
             "and of the offset of the current sensor, as a share of the capacity.")
        .key("offset_c", &Noise::offset_c, {.range = share},
             "That offset, before anything is known of it: standard deviation, as a share of the capacity.")
        .key("gain", &Noise::gain, {.range = share}, "Of the counted charge, over one full discharge.")
        .key("capacity", &Noise::capacity, {.range = share},
             "Of the capacity, relative; learnt anew in each discharge.");
}

Table<BatteryLimits> limits_table() {
    using Limits = BatteryLimits;
    return Table<Limits>("limits", "Where charging and discharging end.")
        .key("highest_v", &Limits::highest_v, {.range = volts, .required = true}, "End of charge.")
        .key("cutoff_v", &Limits::cutoff_v, {.range = volts, .required = true}, "End of discharge.")
        .key("lowest_temperature_c", &Limits::lowest_temperature_c, {.range = Range{-100, 100}},
             "The model holds from here,")
        .key("highest_temperature_c", &Limits::highest_temperature_c, {.range = Range{-100, 100}},
             "to here; beyond, the state of charge is unknown (`out_of_model_range`).")
        .key("highest_discharge_c", &Limits::highest_discharge_c, {.range = Range{0, 1000}},
             "Largest current, as a multiple of the capacity.");
}

Table<BatteryFile> make_table() {
    using File = BatteryFile;
    return Table<File>("battery", "One kind of battery: the model with which its charge is estimated.")
        .origins(&File::origins)
        .key("schema", &File::schema, {.range = Range{1, 1}, .required = true}, "Version of this format.")
        .key("id", &File::id, {.format = Format::identifier, .required = true},
             "The file's name without .toml.")
        .key("about", &File::about, {.format = Format::optional}, "For people: which batteries it is for.")
        .key("reference", &File::reference, {.format = Format::optional}, "Where the numbers come from.")
        .choice("chemistry", &File::chemistry,
                {{"vrla", Chemistry::vrla},
                 {"lfp", Chemistry::lfp},
                 {"nmc", Chemistry::nmc},
                 {"nca", Chemistry::nca}},
                "As of a string.", true)
        .key(
            "nominal_voltage_v", &File::nominal_voltage_v, {.range = volts, .required = true},
            "Of what the tables describe, within `ocv_v`: 12 for a block, 3.6 for a cell. Others of the same "
            "chemistry are scaled from it.")
        .key("nominal_capacity_ah", &File::nominal_capacity_ah,
             {.range = Range{0, 100'000}, .required = true}, "Of the same.")
        .key("peukert", &File::peukert, {.range = Range{1, 2}},
             "A faster discharge gives less: (rated_c / current)^(peukert - 1) of it,")
        .key("rated_c", &File::rated_c, {.range = Range{0.001, 10}},
             "from the current for which the capacity is rated, as a multiple of it,")
        .key("fastest_c", &File::fastest_c, {.range = Range{0.001, 10}},
             "to here; of still faster ones the resistances tell.")
        .key("power_min", &File::power_min, {.range = Range{0, 100'000}, .max_items = longest_list},
             "The maker's table of constant power from full at 25 degrees, down to `cutoff_v`: minutes, "
             "rising,")
        .key("power_w", &File::power_w, {.range = Range{0, 1e7}, .max_items = longest_list},
             "and beside it the power.")
        .key("capacity_per_c", &File::capacity_per_c, {.range = Range{-0.1, 0.1}},
             "Relative change of the capacity per degree, from 25 degrees Celsius.")
        .key("charge_efficiency", &File::charge_efficiency, {.range = share},
             "Share of the charged Ah that stays.")
        .key("ocv_soc", &File::ocv_soc, list_of(share), "State of charge from 0 to 1,")
        .key("ocv_v", &File::ocv_v, list_of(volts), "beside it the open-circuit voltage at 25 degrees,")
        .key("ocv_v_per_c", &File::ocv_v_per_c, {.range = Range{-1, 1}, .max_items = longest_list},
             "and its change per degree.")
        .key("resistance_soc", &File::resistance_soc, list_of(share), "State of charge of the resistances.")
        .tables("resistance", &File::resistance, resistance_table(),
                {.required = true, .max_items = 20, .min_items = 1}, "Resistances at one temperature.")
        .key("r0_activation_k", &File::r0_activation_k, {.range = kelvin},
             "R(T) = R(25 C) exp(B (1/T - 1/298.15 K)): B in kelvin,")
        .key("r1_activation_k", &File::r1_activation_k, {.range = kelvin}, "of the fast,")
        .key("r2_activation_k", &File::r2_activation_k, {.range = kelvin}, "of the slow polarisation.")
        .key("tau1_s", &File::tau1_s, {.range = Range{0.001, 1e6}, .required = true},
             "Time constant of the fast,")
        .key("tau2_s", &File::tau2_s, {.range = Range{0.001, 1e6}, .required = true},
             "of the slow polarisation; not below `tau1_s`.")
        .key("core_k_per_w", &File::core_k_per_w, {.range = Range{0, 100}},
             "How much warmer it is inside than at its case, K per W of I^2 R0,")
        .key("core_tau_s", &File::core_tau_s, {.range = Range{0.001, 1e6}}, "after so long.")
        .key("plateau_from", &File::plateau_from, {.range = share},
             "Between these states of charge the voltage says nothing (LFP),")
        .key("plateau_to", &File::plateau_to, {.range = share}, "and charge is counted only.")
        .table("noise", &File::noise, noise_table(), {}, "How far the model is to be trusted.")
        .table("limits", &File::limits, limits_table(), {.required = true}, "Where charging ends.");
}

// From "resistance[2].r1_ohm" to its place.
Origin origin_of(const BatteryFile& file, const std::string& key) {
    for (std::size_t i = 0; i < file.resistance.size(); ++i) {
        const std::string path = "resistance[" + std::to_string(i + 1) + "].";
        if (key.starts_with(path)) return file.resistance[i].origins.of(key.substr(path.size()));
    }
    const auto dot = key.find('.');
    if (dot == std::string::npos) return file.origins.of(key);
    Origin origin = file.origins.of(key.substr(0, dot));
    origin.key = key;
    return origin;
}

}  // namespace

const Table<BatteryFile>& battery_file_table() {
    static const Table<BatteryFile> table = make_table();
    return table;
}

std::shared_ptr<const CellModel> parse_battery_file(std::string_view text, std::string_view file,
                                                    Diagnostics& diagnostics) {
    const auto before = diagnostics.total();
    const auto document = schema::parse_document(text, file, diagnostics);
    if (!document) return nullptr;
    BatteryFile read = battery_file_table().read(*document, diagnostics);
    if (diagnostics.total() != before) return nullptr;
    read.resistances.assign(read.resistance.begin(), read.resistance.end());
    for (auto& fault : faults_of(read)) {
        diagnostics.add(origin_of(read, fault.key), std::move(fault.message));
    }
    if (diagnostics.total() != before) return nullptr;
    return std::make_shared<const CellModel>(static_cast<const BatteryParameters&>(read));
}

}  // namespace sitepower::config
