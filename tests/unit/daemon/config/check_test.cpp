#include "daemon/config/check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "daemon/config/json_schema.hpp"
#include "daemon/config/tables.hpp"
#include "tests/unit/daemon/config/loading.hpp"

namespace sitepower::config::check_test {
namespace {

using testing::HasSubstr;

TEST(RunCheck, SaysWhatAGoodConfigurationHolds) {
    const auto file = source_path("tests/golden/configuration/sitepower.toml");
    std::ostringstream out;
    EXPECT_EQ(run_check(config_paths(file), out), 0);
    EXPECT_EQ(out.str(), file + ": fine\nsite DC-CNX: 3 devices on 2 buses, 5 batteries in 2 strings\n");
}

TEST(RunCheck, SaysWhatIsWrongAndExitsWith78) {
    const TemporaryDirectory directory;
    directory.write("sitepower.toml", "[site]\nid = 'a b'\n[broker]\nenabled = false\nprot = 1\n");
    std::ostringstream out;
    EXPECT_EQ(run_check(config_paths(directory.path()), out), 78);
    const auto file = directory.path() + "/sitepower.toml";
    EXPECT_EQ(out.str(),
              file +
                  ":2:6: site.id: expected an identifier (1 to 64 letters, digits, - or _), not \"a b\"\n" +
                  file + ":5:1: broker.prot: is not a known key\n2 errors\n");
}

TEST(RunCheck, AMissingFileIsAnError) {
    std::ostringstream out;
    EXPECT_EQ(run_check(config_paths("/nonexistent/sitepower.toml"), out), 78);
    EXPECT_EQ(out.str(),
              "/nonexistent/sitepower.toml: cannot be opened: No such file or directory\n1 error\n");
}

// The documents are committed so that they can be read where they lie. To make them anew: run this test with
// SITEPOWER_UPDATE_DOCS=1 in the environment.
void expect_committed(const std::string& name, const std::string& text) {
    const auto path = source_path("docs/" + name);
    if (std::getenv("SITEPOWER_UPDATE_DOCS")) std::ofstream(path) << text;
    EXPECT_TRUE(read_file(path) == text) << path << " is not what the table of keys prints";
}

TEST(Documents, AreWhatTheTablePrints) {
    std::ostringstream page;
    run_reference(page);
    expect_committed("configuration.md", page.str());
    std::ostringstream schema;
    run_schema(schema);
    expect_committed("sitepower.schema.json", schema.str());
}

TEST(Documents, OfProfilesAreWhatTheTablePrints) {
    std::ostringstream page;
    run_profile_reference(page);
    expect_committed("profiles.md", page.str());
    std::ostringstream schema;
    run_profile_schema(schema);
    expect_committed("profile.schema.json", schema.str());
}

TEST(JsonSchema, DescribesEveryKindOfKey) {
    const auto schema = json_schema(site_file_table().description(), "sitepower.toml");
    EXPECT_EQ(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    EXPECT_EQ(schema["required"], (nlohmann::json{"site", "broker"}));
    EXPECT_EQ(schema["additionalProperties"], false);
    const auto& properties = schema["properties"];
    EXPECT_EQ(properties["site"]["required"], nlohmann::json{"id"});
    EXPECT_EQ(properties["site"]["properties"]["id"]["pattern"], "^[A-Za-z0-9_-]{1,64}$");
    const auto& bus = properties["bus"];
    EXPECT_EQ(bus["type"], "array");
    EXPECT_EQ(bus["maxItems"], 64);
    const auto& keys = bus["items"]["properties"];
    EXPECT_EQ(keys["port"], (nlohmann::ordered_json{{"type", "integer"},
                                                    {"minimum", 1},
                                                    {"maximum", 65535},
                                                    {"default", 502},
                                                    {"description", "TCP port."}}));
    EXPECT_EQ(keys["type"]["enum"], (nlohmann::json{"tcp", "rtu", "rtu_over_tcp"}));
    EXPECT_EQ(keys["type"]["default"], "tcp");
    EXPECT_EQ(keys["close_after_cycle"]["type"], "boolean");
    const auto& string = properties["string"]["items"]["properties"];
    EXPECT_EQ(string["installed_date"]["format"], "date");
    EXPECT_EQ(string["jars"]["properties"]["count"]["maximum"], 1000);
    EXPECT_EQ(properties["broker"]["properties"]["addresses"]["items"]["type"], "string");
    EXPECT_EQ(properties["alerts"]["propertyNames"]["enum"][0], "voltage_high");
    EXPECT_EQ(properties["alerts"]["additionalProperties"]["properties"]["warning"]["type"], "number");
    EXPECT_EQ(properties["device"]["items"]["properties"]["period_ms"]["additionalProperties"]["minimum"], 0);
    EXPECT_THAT(schema.dump(), testing::Not(HasSubstr("\"password\"")));
}

}  // namespace
}  // namespace sitepower::config::check_test
