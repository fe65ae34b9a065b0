#include "daemon/lab/solve/instance.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "daemon/lab/program.hpp"

namespace sitepower::lab::instance_test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

json small_instance() {
    return json::parse(R"({"format": "dispatch-instance-1", "name": "small", "T": 2, "dt_h": 1,
        "import_price_eur_per_kwh": [0.1, 0.3], "export_price_eur_per_kwh": [0.05, 0.25], "load_kw": [10, 10],
        "pv_kw": null, "import_limit_kw": 50, "export_limit_kw": 0, "demand": null, "cvar": null,
        "batteries": [{"id": "b", "capacity_kwh": 20, "e0_kwh": 5, "e_min_kwh": 0, "e_max_kwh": 20,
            "charge_max_kw": 10, "discharge_max_kw": 10, "eta_c": 1, "eta_d": 1, "self_discharge_per_h": 0,
            "deg_eur_per_kwh": 0, "reserve_kwh": null, "terminal_value_eur_per_kwh": 0, "terminal_min_kwh": null}],
        "reference": {"objective_eur": 1.5000000000000002}})");
}

std::string refusal(const json& document) {
    const auto instances = read_instances(document.dump());
    return instances ? "accepted" : instances.error().message;
}

TEST(SolveInstance, ReadsAProblemAndItsReferenceToTheLastBit) {
    const auto instances = read_instances(small_instance().dump());
    ASSERT_TRUE(instances) << instances.error().message;
    const auto& instance = std::get<DispatchInstance>(instances->front());
    EXPECT_EQ(instance.problem.steps(), 2U);
    EXPECT_EQ(instance.problem.batteries[0].charge_max_kw, 10);
    EXPECT_EQ(instance.reference_cost, 1.5000000000000002);
    EXPECT_FALSE(instance.problem.batteries[0].terminal_min_kwh);
}

TEST(SolveInstance, ThePhysicalOptimumIsTheReferenceWhereThereIsOne) {
    json document = small_instance();
    document["reference"]["objective_complementary_eur"] = 2.0;
    EXPECT_EQ(std::get<DispatchInstance>(read_instances(document.dump())->front()).reference_cost, 2.0);
}

TEST(SolveInstance, RefusesWithThePlace) {
    EXPECT_THAT(refusal(json::parse("[1]")), HasSubstr("[0].format"));
    EXPECT_THAT(refusal(json("text")), HasSubstr("format: must be"));
    json document = small_instance();
    document["format"] = "dispatch-instance-2";
    EXPECT_THAT(refusal(document), HasSubstr("format: must be \"dispatch-instance-1\""));
    document = small_instance();
    document["load_kw"][1] = "ten";
    EXPECT_THAT(refusal(document), HasSubstr("load_kw[1]: must be a number"));
    document = small_instance();
    document["batteries"][0].erase("eta_c");
    EXPECT_THAT(refusal(document), HasSubstr("batteries[0].eta_c: is missing"));
    document = small_instance();
    document["T"] = 3;
    EXPECT_THAT(refusal(document), HasSubstr("T: is not the number"));
    document = small_instance();
    document["batteries"] = 7;
    EXPECT_THAT(refusal(document), HasSubstr("batteries: must be a list"));
    document = small_instance();
    document["demand"] = json::parse(R"({"price_eur_per_kw": 1, "peak_so_far_kw": 0, "window": [0, 2]})");
    EXPECT_THAT(refusal(document), HasSubstr("demand.window"));
    document = small_instance();
    document["cvar"] = json::parse(R"({"alpha": 0.9, "risk_aversion": 0.5, "export_spread_eur_per_kwh": 0,
        "import_price_scenarios": [[1, "x"]]})");
    EXPECT_THAT(refusal(document), HasSubstr("cvar.import_price_scenarios[0].prices[1]"));
    document = small_instance();
    document["site_reserve_kwh"] = {1, 1};
    EXPECT_THAT(refusal(document), HasSubstr("site_reserve_kwh: is not supported"));
    document = small_instance();
    document["export_price_eur_per_kwh"][0] = 0.2;
    EXPECT_THAT(refusal(document), HasSubstr("export_price_per_kwh[0]"));
    EXPECT_THAT(read_instances("{\"a\": ").error().message, HasSubstr("is not JSON: byte"));
    EXPECT_THAT(read_instances("").error().message, HasSubstr("is not JSON"));
}

TEST(SolveInstance, ReadsAuctions) {
    const auto instances = read_instances(R"([{"format": "vcg-instance-1", "name": "v",
        "bidders": [{"overhead_factor": 1.2, "segments": [{"marginal_value_eur_per_kwh": 1, "width_kw": 10}]}],
        "supply": [{"price_eur_per_kwh": 0.1, "width_kw": 100}],
        "reference": {"welfare_eur_per_h": 8.8, "payments_eur_per_h": [1.2]}}])");
    ASSERT_TRUE(instances) << instances.error().message;
    const auto& instance = std::get<AuctionInstance>(instances->front());
    EXPECT_EQ(instance.auction.bidders.size(), 1U);
    EXPECT_EQ(instance.reference_payments_per_h, std::vector<double>{1.2});
    EXPECT_THAT(
        read_instances(R"([{"format": "vcg-instance-1", "name": "v", "bidders": [{"overhead_factor": 1.2,
        "segments": [{"marginal_value_eur_per_kwh": 1}]}], "supply": []}])")
            .error()
            .message,
        HasSubstr("[0].bidders[0].segments[0].width_kw: is missing"));
}

TEST(SolveCommand, AFileThatIsNoneIsRefusedAndSaidSo) {
    testing::internal::CaptureStderr();
    const char* const arguments[] = {"sitepower-lab", "solve", "/nonexistent/file.json"};
    EXPECT_EQ(run(3, arguments), ExitCode::failed);
    EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("/nonexistent/file.json: cannot be read"));
}

}  // namespace
}  // namespace sitepower::lab::instance_test
