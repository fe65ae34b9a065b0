#include "core/battery/model/cell_model.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "core/battery/chemistry.hpp"

namespace sitepower {
namespace {

constexpr int soc_steps = 128;  // finer than any table that is measured
constexpr int soc_nodes = soc_steps + 1;
constexpr double temperature_step_c = 2.5;
constexpr double temperature_steps_per_c = 1 / temperature_step_c;
constexpr double zero_c_in_k = 273.15;
constexpr double least_capacity_share = 0.3;
constexpr double low_soc_spread_c = 25;  // see trust_at

// Beyond the ends of `x` the nearest value holds.
double interpolate(const std::vector<double>& x, const std::vector<double>& y, double at) {
    if (at <= x.front()) return y.front();
    if (at >= x.back()) return y.back();
    const auto right = static_cast<std::size_t>(std::ranges::upper_bound(x, at) - x.begin());
    const double share = (at - x[right - 1]) / (x[right] - x[right - 1]);
    return y[right - 1] + share * (y[right] - y[right - 1]);
}

// Arrhenius, from the reference temperature of 25 C.
double arrhenius(double activation_k, double temperature_c) {
    return std::exp(activation_k * (1 / (temperature_c + zero_c_in_k) - 1 / (25 + zero_c_in_k)));
}

// Each table is reduced to 25 C first, so that what is interpolated between two temperatures changes little.
double resistance_at(const BatteryParameters& of, std::vector<double> ResistanceTable::*ohms,
                     double activation_k, double soc, double temperature_c) {
    const auto reduced = [&](const ResistanceTable& table) {
        return interpolate(of.resistance_soc, table.*ohms, soc) /
               arrhenius(activation_k, table.temperature_c);
    };
    const auto& tables = of.resistances;
    const auto right = std::ranges::find_if(
        tables, [&](const ResistanceTable& table) { return table.temperature_c > temperature_c; });
    double at_25 = 0;
    if (right == tables.begin()) {
        at_25 = reduced(tables.front());
    } else if (right == tables.end()) {
        at_25 = reduced(tables.back());
    } else {
        const ResistanceTable& left = *(right - 1);
        const double share =
            (temperature_c - left.temperature_c) / (right->temperature_c - left.temperature_c);
        at_25 = (1 - share) * reduced(left) + share * reduced(*right);
    }
    return at_25 * arrhenius(activation_k, temperature_c);
}

// In the cold the cliff of the open circuit begins earlier: twice as early 25 C below the reference.
ModelTrust trust_at(const NoiseParameters& noise, double temperature_c) {
    const double cold_c = std::max(25 - temperature_c, 0.0);
    return {std::exp(noise.cold_per_c * cold_c), noise.low_soc * (1 + cold_c / low_soc_spread_c)};
}

// Where a position lies between two nodes of an even grid that ends at `last`.
struct Cell {
    int index;
    double share;
};
Cell locate(double position, int last) {
    // Written so that no number, NaN neither, leaves the grid.
    const double within = position > 0 ? std::min(position, static_cast<double>(last)) : 0;
    const int index = std::min(static_cast<int>(within), last - 1);
    return {index, within - index};
}

}  // namespace

CellModel::CellModel(BatteryParameters parameters)
    : parameters_(std::move(parameters)), first_temperature_c_(parameters_.limits.lowest_temperature_c) {
    const double span = parameters_.limits.highest_temperature_c - first_temperature_c_;
    temperature_steps_ = std::max(static_cast<int>(std::ceil(span / temperature_step_c)), 1);
    nodes_.reserve(static_cast<std::size_t>(temperature_steps_ + 1) * soc_nodes);
    for (int t = 0; t <= temperature_steps_; ++t) {
        const double temperature_c = first_temperature_c_ + temperature_step_c * t;
        trust_.push_back(trust_at(parameters_.noise, temperature_c));
        for (int s = 0; s < soc_nodes; ++s) {
            nodes_.push_back(node(static_cast<double>(s) / soc_steps, temperature_c));
        }
    }
}

CellModel::Node CellModel::node(double soc, double temperature_c) const {
    const BatteryParameters& of = parameters_;
    double ocv_v = interpolate(of.ocv_soc, of.ocv_v, soc);
    if (!of.ocv_v_per_c.empty()) {
        ocv_v += interpolate(of.ocv_soc, of.ocv_v_per_c, soc) * (temperature_c - 25);
    }
    return {ocv_v, resistance_at(of, &ResistanceTable::r0_ohm, of.r0_activation_k, soc, temperature_c),
            resistance_at(of, &ResistanceTable::r1_ohm, of.r1_activation_k, soc, temperature_c),
            resistance_at(of, &ResistanceTable::r2_ohm, of.r2_activation_k, soc, temperature_c)};
}

CellPoint CellModel::at(double soc, double temperature_c) const {
    const Cell s = locate(soc * soc_steps, soc_steps);
    const Cell t =
        locate((temperature_c - first_temperature_c_) * temperature_steps_per_c, temperature_steps_);
    const Node* cold = nodes_.data() + std::ptrdiff_t{t.index} * soc_nodes + s.index;
    const Node* warm = cold + soc_nodes;
    const double w00 = (1 - t.share) * (1 - s.share);
    const double w01 = (1 - t.share) * s.share;
    const double w10 = t.share * (1 - s.share);
    const double w11 = t.share * s.share;
    const auto mix = [&](double Node::*what) {
        return w00 * cold[0].*what + w01 * cold[1].*what + w10 * warm[0].*what + w11 * warm[1].*what;
    };
    const double slope_v =
        (1 - t.share) * (cold[1].ocv_v - cold[0].ocv_v) + t.share * (warm[1].ocv_v - warm[0].ocv_v);
    return {mix(&Node::ocv_v), mix(&Node::r0_ohm), mix(&Node::r1_ohm), mix(&Node::r2_ohm),
            slope_v * soc_steps};
}

ModelTrust CellModel::trust(double temperature_c) const {
    const Cell t =
        locate((temperature_c - first_temperature_c_) * temperature_steps_per_c, temperature_steps_);
    const ModelTrust& cold = trust_[static_cast<std::size_t>(t.index)];
    const ModelTrust& warm = trust_[static_cast<std::size_t>(t.index) + 1];
    return {cold.cold_factor + t.share * (warm.cold_factor - cold.cold_factor),
            cold.low_soc + t.share * (warm.low_soc - cold.low_soc)};
}

// Bisection: the open circuit rises with the charge.
double CellModel::soc_of_rest(double voltage_v, double temperature_c) const {
    double low = 0;
    double high = 1;
    for (int i = 0; i < 20; ++i) {
        const double middle = (low + high) / 2;
        (at(middle, temperature_c).ocv_v < voltage_v ? low : high) = middle;
    }
    return (low + high) / 2;
}

double share_at_temperature(const BatteryParameters& parameters, double temperature_c) {
    return std::max(1 + parameters.capacity_per_c * (temperature_c - 25), least_capacity_share);
}

double share_at_temperature(const CellModel* model, Chemistry chemistry,
                            std::optional<double> temperature_c) {
    if (model == nullptr) return capacity_ah(chemistry, 1, temperature_c);
    return share_at_temperature(model->parameters(), temperature_c.value_or(25));
}

double share_at_rate(const BatteryParameters& parameters, double discharge_c) {
    if (parameters.peukert <= 1 || !(discharge_c > parameters.rated_c)) return 1;
    const double faster = std::min(discharge_c, parameters.fastest_c) / parameters.rated_c;
    return std::max(std::pow(faster, 1 - parameters.peukert), least_capacity_share);
}

CellScale scale_to(const BatteryParameters& parameters, double nominal_voltage_v,
                   double nominal_capacity_ah) {
    CellScale scale;
    if (nominal_voltage_v > 0) {
        scale.voltage = static_cast<double>(cells_of(parameters.chemistry, nominal_voltage_v)) /
                        cells_of(parameters.chemistry, parameters.nominal_voltage_v);
    }
    scale.resistance = scale.voltage;
    if (nominal_capacity_ah > 0) scale.resistance *= parameters.nominal_capacity_ah / nominal_capacity_ah;
    return scale;
}

}  // namespace sitepower
