#include "daemon/operation/route.hpp"

#include <gmock/gmock.h>

#include <set>

#include "daemon/operation/error_table.hpp"
#include "daemon/operation/table.hpp"

namespace sitepower::route_test {
namespace {

std::string_view name_at(std::string_view method, std::string_view path) {
    const auto route = find_route(method, path);
    const auto* match = std::get_if<Match>(&route);
    return match != nullptr ? match->operation->name : "";
}

TEST(Route, FindsOperationsByMethodAndPath) {
    EXPECT_EQ(name_at("GET", "/health"), "health");
    EXPECT_EQ(name_at("HEAD", "/health/ready"), "ready");
    EXPECT_EQ(name_at("GET", "/api/v1/alerts"), "alerts");
    EXPECT_EQ(name_at("GET", "/api/v1/alerts/A-1"), "alert");
    EXPECT_EQ(name_at("GET", "/api/v1/maintenance"), "maintenance");
    EXPECT_EQ(name_at("POST", "/api/v1/maintenance"), "maintenance.start");
}

TEST(Route, PrefersTheLiteralPath) {
    EXPECT_EQ(name_at("GET", "/api/v1/alerts/stats"), "alerts.stats");
}

TEST(Route, TakesParametersFromThePath) {
    const auto route = find_route("POST", "/api/v1/alerts/A-7/acknowledge");
    const auto* match = std::get_if<Match>(&route);
    ASSERT_NE(match, nullptr);
    EXPECT_THAT(match->path_parameters, testing::ElementsAre(testing::Pair("alert_id", "A-7")));
}

TEST(Route, HintsAtTheNearestPath) {
    for (const auto* path : {"/api/v1/battery", "/api/v1/bateries", "/api/v1//batteries", "/v1/batteries"}) {
        const auto route = find_route("GET", path);
        const auto* unknown = std::get_if<UnknownPath>(&route);
        ASSERT_NE(unknown, nullptr) << path;
        EXPECT_EQ(unknown->hint, "/api/v1/batteries") << path;
    }
    EXPECT_TRUE(std::holds_alternative<UnknownPath>(find_route("GET", "")));
    EXPECT_TRUE(std::holds_alternative<UnknownPath>(find_route("GET", "/")));
}

TEST(Route, ListsTheMethodsOfAPath) {
    const auto route = find_route("DELETE", "/api/v1/maintenance");
    const auto* wrong = std::get_if<WrongMethod>(&route);
    ASSERT_NE(wrong, nullptr);
    EXPECT_EQ(wrong->allow, "GET, POST");
}

TEST(Route, BuildsTheTargetThatItFinds) {
    const auto& telemetry = *find_operation("telemetry");
    const auto target = request_target(
        telemetry, {{"battery_id", "B-1"}, {"start", "2026-11-22T01:00:00+01:00"}, {"limit", "5"}});
    EXPECT_EQ(target, "/api/v1/batteries/B-1/telemetry?start=2026-11-22T01%3A00%3A00%2B01%3A00&limit=5");
    EXPECT_EQ(name_at("GET", target.substr(0, target.find('?'))), "telemetry");
}

TEST(Route, MeasuresHowFarTextsAreApart) {
    EXPECT_EQ(edit_distance("", "abc"), 3U);
    EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
    EXPECT_EQ(edit_distance("same", "same"), 0U);
    EXPECT_EQ(edit_distance(std::string(100'000, 'x'), ""), 128U);
}

TEST(Table, HasUniqueNamesAndRoutes) {
    std::set<std::string_view> names;
    std::set<std::pair<std::string_view, std::string_view>> routes;
    for (const auto& operation : operations()) {
        EXPECT_TRUE(names.insert(operation.name).second) << operation.name;
        EXPECT_TRUE(routes.insert({to_string(operation.method), operation.path}).second) << operation.path;
        EXPECT_FALSE(operation.summary.empty()) << operation.name;
        EXPECT_FALSE(operation.result.empty()) << operation.name;
    }
}

TEST(Table, DeclaresEachPathParameterAndRequiresIt) {
    for (const auto& operation : operations()) {
        for (auto open = operation.path.find('{'); open != std::string_view::npos;
             open = operation.path.find('{', open + 1)) {
            const auto name = operation.path.substr(open + 1, operation.path.find('}', open) - open - 1);
            const auto found = std::ranges::find(operation.parameters, name, &Parameter::name);
            ASSERT_NE(found, operation.parameters.end()) << operation.name;
            EXPECT_TRUE(found->required) << operation.name;
        }
    }
}

TEST(Table, OnlyEngineersAndAdminsChangeThings) {
    for (const auto& operation : operations()) {
        EXPECT_TRUE(!operation.changes_state() || operation.role > Role::viewer) << operation.name;
    }
}

TEST(Table, HasDefaultsThatPassTheirOwnCheck) {
    for (const auto& operation : operations()) {
        for (const auto& parameter : operation.parameters) {
            RawParameters raw;
            if (parameter.fallback.empty()) continue;
            raw.texts.emplace_back(parameter.name, parameter.fallback);
            const std::vector<Parameter> alone{parameter};
            EXPECT_EQ(check_parameters(alone, raw).index(), 0U) << operation.name << " " << parameter.name;
        }
    }
}

TEST(Table, SuggestsTheNearestName) {
    EXPECT_EQ(nearest_operation("batery"), "battery");
    EXPECT_EQ(nearest_operation("alerts.stat"), "alerts.stats");
}

TEST(ErrorTable, HasEachCodeOnceWithItsStatus) {
    std::set<std::string_view> names;
    for (const auto& row : error_table()) {
        EXPECT_TRUE(names.insert(row.name).second);
        EXPECT_EQ(http_status(row.code), row.http_status);
    }
    EXPECT_EQ(names.size(), 12U);
    EXPECT_EQ(http_status(ErrorCode::validation_error), 422);
    EXPECT_EQ(http_status(ErrorCode::insufficient_data), 409);
    EXPECT_EQ(to_string(ErrorCode::rate_limited), "RATE_LIMITED");
}

}  // namespace
}  // namespace sitepower::route_test
