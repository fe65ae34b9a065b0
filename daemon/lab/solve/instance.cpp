#include "daemon/lab/solve/instance.hpp"

#include "core/dispatch/check.hpp"
#include "daemon/lab/solve/json_fields.hpp"

namespace sitepower::lab {
namespace {

using nlohmann::json;

Error refused(std::string message) {
    return {.code = ErrorCode::validation_error, .message = std::move(message)};
}

std::string indexed(const std::string& name, std::size_t index) {
    return name + "[" + std::to_string(index) + "]";
}

dispatch::Battery read_battery(const json& object, const std::string& place, std::string& error) {
    const JsonFields fields(object, place, error);
    return {.id = fields.text("id"),
            .stored_kwh = fields.number("e0_kwh"),
            .stored_min_kwh = fields.number("e_min_kwh"),
            .stored_max_kwh = fields.number("e_max_kwh"),
            .charge_max_kw = fields.number("charge_max_kw"),
            .discharge_max_kw = fields.number("discharge_max_kw"),
            .charge_efficiency = fields.number("eta_c"),
            .discharge_efficiency = fields.number("eta_d"),
            .self_discharge_per_h = fields.number("self_discharge_per_h"),
            .wear_per_kwh = fields.number("deg_eur_per_kwh"),
            .reserve_kwh = fields.optional_numbers("reserve_kwh"),
            .terminal_value_per_kwh = fields.number("terminal_value_eur_per_kwh"),
            .terminal_min_kwh = fields.optional_number("terminal_min_kwh")};
}

dispatch::DemandCharge read_demand(const json& object, std::string& error) {
    const JsonFields fields(object, "demand", error);
    dispatch::DemandCharge demand{.price_per_kw = fields.number("price_eur_per_kw"),
                                  .peak_so_far_kw = fields.number("peak_so_far_kw")};
    for (const double counts : fields.optional_numbers("window")) {
        if (counts != 0 && counts != 1) fields.refuse("window", "must hold 0 and 1 only");
        demand.window.push_back(counts != 0 ? 1 : 0);
    }
    return demand;
}

dispatch::PriceRisk read_risk(const json& object, std::string& error) {
    const JsonFields fields(object, "cvar", error);
    dispatch::PriceRisk risk{.level = fields.number("alpha"), .aversion = fields.number("risk_aversion")};
    const double spread = fields.number("export_spread_eur_per_kwh");
    if (spread < 0) fields.refuse("export_spread_eur_per_kwh", "must be at least 0");
    const auto* scenarios = fields.array("import_price_scenarios");
    for (std::size_t s = 0; scenarios != nullptr && s < scenarios->size(); ++s) {
        const json wrapped{{"prices", (*scenarios)[s]}};
        const JsonFields scenario(wrapped, indexed("cvar.import_price_scenarios", s), error);
        risk.import_price_per_kwh.push_back(scenario.numbers("prices"));
        risk.export_price_per_kwh.push_back(risk.import_price_per_kwh.back());
        for (double& price : risk.export_price_per_kwh.back()) price -= spread;
    }
    return risk;
}

void read_reference(const json& object, DispatchInstance& instance, std::string& error) {
    const JsonFields fields(object, "reference", error);
    instance.reference_cost = fields.optional_number("objective_complementary_eur");
    if (!instance.reference_cost) instance.reference_cost = fields.optional_number("objective_eur");
    const auto* relaxation = fields.optional_object("lexicographic_relaxation");
    if (relaxation == nullptr) return;
    const JsonFields levels(*relaxation, "reference.lexicographic_relaxation", error);
    instance.relaxation = {.reserve_kwh_h = levels.number("reserve_shortfall_kwh_h"),
                           .import_excess_kwh = levels.number("import_excess_kwh"),
                           .terminal_kwh = levels.number("terminal_shortfall_kwh"),
                           .cost = levels.number("cost_eur")};
}

Result<Instance> read_dispatch(const json& object) {
    std::string error;
    const JsonFields fields(object, "", error);
    DispatchInstance instance{.name = fields.text("name")};
    dispatch::Problem& problem = instance.problem;
    problem.step_h = fields.number("dt_h");
    problem.import_price_per_kwh = fields.numbers("import_price_eur_per_kwh");
    problem.export_price_per_kwh = fields.numbers("export_price_eur_per_kwh");
    problem.load_kw = fields.numbers("load_kw");
    problem.pv_kw = fields.optional_numbers("pv_kw");
    problem.import_limit_kw = fields.number("import_limit_kw");
    problem.export_limit_kw = fields.number("export_limit_kw");
    if (fields.number("T") != static_cast<double>(problem.steps())) {
        fields.refuse("T", "is not the number of values of load_kw");
    }
    if (!fields.optional_numbers("site_reserve_kwh").empty()) {
        fields.refuse("site_reserve_kwh", "is not supported; give reserve_kwh of each battery");
    }
    if (const auto* demand = fields.optional_object("demand")) problem.demand = read_demand(*demand, error);
    if (const auto* risk = fields.optional_object("cvar")) problem.risk = read_risk(*risk, error);
    const auto* batteries = fields.array("batteries");
    for (std::size_t b = 0; batteries != nullptr && b < batteries->size() && b <= dispatch::max_batteries;
         ++b) {
        problem.batteries.push_back(read_battery((*batteries)[b], indexed("batteries", b), error));
    }
    if (const auto* reference = fields.optional_object("reference"))
        read_reference(*reference, instance, error);
    if (!error.empty()) return refused(error);
    if (auto ok = dispatch::check(problem); !ok) return ok.error();
    return Instance(std::move(instance));
}

dispatch::Bidder read_bidder(const json& object, const std::string& place, std::size_t index,
                             std::string& error) {
    const JsonFields fields(object, place, error);
    // Ties go to the lower index: ids of one length, so that text order is number order.
    std::string number = std::to_string(index);
    dispatch::Bidder bidder{.id = std::string(8 - std::min<std::size_t>(number.size(), 8), '0') + number,
                            .overhead_factor = fields.number("overhead_factor")};
    const auto* segments = fields.array("segments");
    for (std::size_t s = 0; segments != nullptr && s < segments->size(); ++s) {
        const JsonFields segment((*segments)[s], indexed(place + ".segments", s), error);
        bidder.segments.push_back({segment.number("marginal_value_eur_per_kwh"), segment.number("width_kw")});
    }
    return bidder;
}

Result<Instance> read_auction(const json& object, const std::string& place) {
    std::string error;
    const JsonFields fields(object, place, error);
    AuctionInstance instance{.name = fields.text("name")};
    const auto* bidders = fields.array("bidders");
    for (std::size_t i = 0; bidders != nullptr && i < bidders->size(); ++i) {
        instance.auction.bidders.push_back(
            read_bidder((*bidders)[i], indexed(fields.place_of("bidders"), i), i, error));
    }
    const auto* supply = fields.array("supply");
    for (std::size_t k = 0; supply != nullptr && k < supply->size(); ++k) {
        const JsonFields tier((*supply)[k], indexed(fields.place_of("supply"), k), error);
        instance.auction.supply.push_back({tier.number("price_eur_per_kwh"), tier.number("width_kw")});
    }
    if (const auto* object_found = fields.optional_object("reference")) {
        const JsonFields reference(*object_found, fields.place_of("reference"), error);
        instance.reference_welfare_per_h = reference.optional_number("welfare_eur_per_h");
        instance.reference_payments_per_h = reference.optional_numbers("payments_eur_per_h");
        instance.welfare_without_per_h = reference.optional_numbers("welfare_without_bidder_eur_per_h");
    }
    if (!error.empty()) return refused(error);
    if (auto ok = dispatch::check(instance.auction); !ok) return ok.error();
    return Instance(std::move(instance));
}

Result<Instance> read_one(const json& object, const std::string& place) {
    if (object.is_object()) {
        const auto format = object.find("format");
        if (format != object.end() && *format == "dispatch-instance-1") return read_dispatch(object);
        if (format != object.end() && *format == "vcg-instance-1") return read_auction(object, place);
    }
    return refused((place.empty() ? std::string() : place + ".") +
                   R"(format: must be "dispatch-instance-1" or "vcg-instance-1")");
}

}  // namespace

Result<std::vector<Instance>> read_instances(std::string_view text) {
    json document;
    try {
        document = json::parse(text);
    } catch (const json::parse_error& error) {
        return refused("is not JSON: byte " + std::to_string(error.byte));
    }
    std::vector<Instance> instances;
    const bool many = document.is_array();
    const std::size_t count = many ? document.size() : 1;
    for (std::size_t i = 0; i < count; ++i) {
        auto instance = read_one(many ? document[i] : document, many ? indexed("", i) : "");
        if (!instance) return instance.error();
        instances.push_back(std::move(*instance));
    }
    return instances;
}

}  // namespace sitepower::lab
