// What operations say beyond their golden files: filters, paging, refusals.
#include <gmock/gmock.h>

#include "tests/unit/daemon/operation/ask.hpp"

namespace sitepower::operation_test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

const std::string jar = "BAT-DC-CNX-01-UPS-01-STR-01-00";

std::vector<std::string> ids(const Asked& asked, const char* field) {
    std::vector<std::string> found;
    for (const auto& item : asked.body.at("data").at("items")) found.push_back(item.at(field));
    return found;
}

class Operations : public testing::Test {
  protected:
    Asked ask(std::string_view name, Texts texts = {}) { return asking_.ask(name, std::move(texts)); }
    std::string message(const Asked& asked) { return asked.body.at("error").at("message"); }

    Asking asking_;
    support::FakeContext& context_ = asking_.context;
};

TEST_F(Operations, PagesAList) {
    const auto asked = ask("batteries", {{"skip", "1"}, {"limit", "1"}});
    EXPECT_THAT(ids(asked, "battery_id"), ElementsAre(jar + "2"));
    EXPECT_EQ(asked.body["data"]["total"], 3);
    EXPECT_TRUE(ids(ask("batteries", {{"skip", "1000000"}}), "battery_id").empty());
}

TEST_F(Operations, FiltersBatteries) {
    EXPECT_THAT(ids(ask("batteries", {{"status", "critical"}}), "battery_id"), ElementsAre(jar + "2"));
    EXPECT_THAT(ids(ask("batteries", {{"status", "unknown"}}), "battery_id"), ElementsAre(jar + "3"));
    EXPECT_EQ(ids(ask("batteries", {{"string_id", "STR-01"}}), "battery_id").size(), 3U);
    EXPECT_TRUE(ids(ask("location.batteries", {{"location_id", "YARD"}}), "battery_id").empty());
}

TEST_F(Operations, NamesWhatDoesNotExistAndWhereToLook) {
    const std::vector<std::pair<const char*, Texts>> questions{
        {"battery", {{"battery_id", "NOPE"}}},
        {"telemetry", {{"battery_id", "NOPE"}}},
        {"batteries", {{"string_id", "NOPE"}}},
        {"batteries", {{"location_id", "NOPE"}}},
        {"location", {{"location_id", "NOPE"}}},
        {"points", {{"device_id", "NOPE"}}},
        {"history", {{"point", "NOPE.load_kw"}}},
        {"history", {{"point", "ups-1.NOPE"}}},
        {"alert", {{"alert_id", "NOPE"}}},
        {"alert.acknowledge", {{"alert_id", "NOPE"}}},
        {"alerts.stats", {{"location_id", "NOPE"}}},
        {"battery.replace", {{"battery_id", "NOPE"}, {"serial_number", "S"}}},
        {"battery.replace", {{"string_id", "NOPE"}, {"serial_number", "S"}}},
        {"maintenance.end", {{"window_id", "NOPE"}}},
        {"maintenance.start", {{"subject_id", "NOPE"}, {"why", "x"}}}};
    for (const auto& [name, texts] : questions) {
        const auto asked = ask(name, texts);
        EXPECT_EQ(asked.status, 404) << name;
        EXPECT_THAT(message(asked), HasSubstr("lists them")) << name;
    }
}

TEST_F(Operations, SaysHowAPointIsNamedWhenADeviceIsGiven) {
    const auto asked = ask("history", {{"point", "ups-1"}});
    EXPECT_EQ(asked.status, 422);
    EXPECT_THAT(message(asked), HasSubstr("ups-1 is a device: name one of its points, as ups-1/"));
}

TEST_F(Operations, CountsTheWarrantyToTheEndOfAShortMonth) {
    // Installed on 31 January 2024 with 36 months: until 31 January 2027.
    context_.present = *parse_time("2027-01-30T23:59:59Z");
    EXPECT_EQ(ask("battery", {{"battery_id", jar + "1"}}).body["data"]["is_in_warranty"], true);
    context_.present = *parse_time("2027-01-31");
    EXPECT_EQ(ask("battery", {{"battery_id", jar + "1"}}).body["data"]["is_in_warranty"], false);
}

TEST_F(Operations, SaysWhyABatteryIsNotKnown) {
    const auto data = ask("battery", {{"battery_id", jar + "3"}}).body["data"];
    EXPECT_EQ(data["status"], "unknown");
    EXPECT_EQ(data["reasons"]["status"], "stale_input");
    EXPECT_TRUE(data["latest_telemetry"]["voltage_v"].is_null());
    EXPECT_TRUE(data["latest_telemetry"]["timestamp"].is_null());
    EXPECT_EQ(data["reasons"]["age_days"], "no_installed_date");
    EXPECT_TRUE(data["is_in_warranty"].is_null());
}

TEST_F(Operations, AsksForTheLastDayByDefault) {
    ask("telemetry", {{"battery_id", jar + "1"}});
    const auto& question = context_.history.last_question;
    EXPECT_EQ(question.to, support::fake_now);
    EXPECT_EQ(question.from, support::fake_now - 24h);
    EXPECT_EQ(question.limit, 100U);
    EXPECT_EQ(question.resolution, Resolution::automatic);
    EXPECT_THAT(question.points,
                ElementsAre(PointName{"monitor-1", "jar1.voltage_v"}, PointName{"monitor-1", "current_a"},
                            PointName{"monitor-1", "jar1.temperature_c"}));
}

TEST_F(Operations, MergesMeasuredAndEstimatedValuesInOrder) {
    const auto data = ask("telemetry", {{"battery_id", jar + "1"}}).body["data"];
    ASSERT_GE(data["count"], 3);
    EXPECT_EQ(data["data"][0]["values"]["voltage_v"], 10.0);
    EXPECT_EQ(data["data"][1]["values"], Json({{"soc_pct", 98.5}}));
    EXPECT_TRUE(data["data"][2]["values"]["voltage_v"].is_null());
    EXPECT_EQ(data["data"][2]["quality"]["voltage_v"], "comm_error");
}

TEST_F(Operations, RefusesARangeThatRunsBackwards) {
    const auto asked =
        ask("history", {{"point", "ups-1.load_kw"}, {"start", "2026-11-23"}, {"end", "2026-11-22"}});
    EXPECT_EQ(asked.status, 422);
    EXPECT_EQ(asked.body["error"]["details"][0]["field"], "start");
}

TEST_F(Operations, AllowsLongHistoriesUpToTheirLimit) {
    EXPECT_EQ(ask("history", {{"point", "ups-1.load_kw"}, {"limit", "10000"}}).status, 200);
    EXPECT_EQ(ask("history", {{"point", "ups-1.load_kw"}, {"limit", "10001"}}).status, 422);
    EXPECT_EQ(ask("devices", {{"limit", "1001"}}).status, 422);
}

TEST_F(Operations, FiltersDevicesAndPoints) {
    EXPECT_THAT(ids(ask("devices", {{"kind", "meter"}}), "id"), ElementsAre("meter-1"));
    EXPECT_THAT(ids(ask("devices", {{"bus", "tcp-1"}}), "id"), ElementsAre("ups-1", "monitor-1"));
    EXPECT_EQ(ids(ask("points", {{"device_id", "monitor-1"}}), "point").size(), 5U);
    EXPECT_THAT(ids(ask("points", {{"kind", "ups"}}), "point"),
                ElementsAre("load_kw", "on_battery", "nominal.power_kw"));
}

TEST_F(Operations, AnswersOpenAlertsWithoutTheStore) {
    context_.query_capacity = 0;
    EXPECT_THAT(ids(ask("alerts"), "alert_id"), ElementsAre("A-low", "A-offline"));
}

TEST_F(Operations, FiltersAlerts) {
    const auto found = [&](Texts texts) { return ids(ask("alerts", std::move(texts)), "alert_id"); };
    EXPECT_THAT(found({{"severity", "critical"}}), ElementsAre("A-low"));
    EXPECT_THAT(found({{"device_id", "meter-1"}}), ElementsAre("A-offline"));
    EXPECT_THAT(found({{"battery_id", jar + "2"}}), ElementsAre("A-low"));
    EXPECT_THAT(found({{"location_id", "YARD"}}), ElementsAre("A-offline"));
    EXPECT_THAT(found({{"acknowledged", "false"}}), ElementsAre("A-low"));
    EXPECT_THAT(found({{"alert_type", "device_offline"}}), ElementsAre("A-offline"));
    EXPECT_THAT(found({{"active_only", "false"}, {"end_date", "2026-11-20"}}), ElementsAre("A-outage"));
    EXPECT_THAT(found({{"active_only", "false"}, {"device_id", "ups-1"}}), ElementsAre("A-outage"));
}

TEST_F(Operations, ShowsAnOpenAlertAsItIsNowAndNotAsItWasStored) {
    auto stale = context_.fake_site.alerts[0];
    stale.message = "as of the last commit";
    context_.history.stored_alerts.push_back(stale);
    const auto asked = ask("alerts", {{"active_only", "false"}});
    EXPECT_THAT(ids(asked, "alert_id"), ElementsAre("A-low", "A-offline", "A-outage"));
    EXPECT_EQ(asked.body["data"]["items"][1]["message"], "meter-1 does not answer");
    EXPECT_EQ(asked.body["data"]["active_count"], 2);
    EXPECT_EQ(asked.body["data"]["pending_count"], 1);
}

TEST_F(Operations, FindsAnAlertThatIsOver) {
    const auto data = ask("alert", {{"alert_id", "A-outage"}}).body["data"];
    EXPECT_EQ(data["resolved_by"], "condition_cleared");
    EXPECT_EQ(data["device_id"], "ups-1");
    EXPECT_EQ(data["location_id"], "ROOM-1");
    EXPECT_EQ(data["reasons"]["values_around"], "not_about_a_battery");
}

TEST_F(Operations, HandsTheCallersNameToTheEngine) {
    const auto data = ask("alert.acknowledge", {{"alert_id", "A-low"}, {"note", "seen"}}).body["data"];
    EXPECT_EQ(data["acknowledged_by"], "root");
    EXPECT_EQ(data["acknowledgment_note"], "seen");
    EXPECT_EQ(data["is_pending"], false);
    ASSERT_EQ(context_.applied.size(), 1U);
    EXPECT_EQ(std::get<AcknowledgeAlert>(context_.applied[0]).who, "root");
}

TEST_F(Operations, ResolvesAnAlertByHand) {
    const auto data = ask("alert.resolve", {{"alert_id", "A-low"}}).body["data"];
    EXPECT_EQ(data["is_active"], false);
    EXPECT_EQ(data["resolved_by"], "root");
}

TEST_F(Operations, RefusesToChangeAnAlertThatIsOver) {
    const auto asked = ask("alert.resolve", {{"alert_id", "A-outage"}});
    EXPECT_EQ(asked.status, 409);
    EXPECT_THAT(message(asked), HasSubstr("resolved before, by condition_cleared"));
    EXPECT_TRUE(context_.applied.empty());
}

TEST_F(Operations, PassesOnTheEnginesRefusal) {
    context_.refusal = Error{ErrorCode::conflict, "alert A-offline was acknowledged before", {}};
    const auto asked = ask("alert.acknowledge", {{"alert_id", "A-offline"}});
    EXPECT_EQ(asked.status, 409);
    EXPECT_EQ(asked.body["error"]["code"], "CONFLICT");
}

TEST_F(Operations, CountsAlertsByDay) {
    const auto data = ask("alerts.stats", {{"days", "3"}}).body["data"];
    EXPECT_EQ(data["total"], 3);
    EXPECT_EQ(data["active"], 2);
    ASSERT_EQ(data["by_day"].size(), 4U);
    EXPECT_EQ(data["by_day"][0], Json({{"date", "2026-11-19"}, {"count", 1}}));
    EXPECT_EQ(data["by_day"][1]["count"], 0);
    EXPECT_EQ(ask("alerts.stats", {{"location_id", "YARD"}}).body["data"]["total"], 1);
}

TEST_F(Operations, CountsOutagesPerYearOnceThereIsEnoughHistory) {
    const auto frequency = [&] {
        return ask("location", {{"location_id", "ROOM-1"}}).body["data"]["power_outage_frequency_per_year"];
    };
    EXPECT_EQ(frequency(), 5.0);  // one in 73 days
    context_.history.first_row = support::fake_now - std::chrono::days{29};
    EXPECT_TRUE(frequency().is_null());
}

TEST_F(Operations, ShowsWhatCarriesTheLoadOfAUps) {
    const auto before = ask("ups", {{"ups_id", "ups-1"}}).body["data"];
    EXPECT_TRUE(before["mode"].is_null());
    EXPECT_EQ(before["reasons"]["input_voltage_v"], "no_sensor");
    auto& state = context_.fake_site.ups_states[0];
    state.on_battery = true;
    state.autonomy_min.value = 12;
    state.autonomy_p10_min = 9;
    const auto data = ask("upses").body["data"]["items"][0];
    EXPECT_EQ(data["mode"], "battery");
    EXPECT_EQ(data["load_kw"], 42.5);
    EXPECT_EQ(data["autonomy_p10_min"], 9.0);
    EXPECT_EQ(data["strings"], Json::array({"STR-01"}));
    EXPECT_EQ(ask("ups", {{"ups_id", "meter-1"}}).status, 404) << "no UPS";
}

TEST_F(Operations, LeavesOutStatisticsThatNobodyAskedFor) {
    context_.query_capacity = 0;
    const auto data = ask("location", {{"location_id", "ROOM-1"}, {"include_stats", "false"}}).body["data"];
    EXPECT_TRUE(data["total_batteries"].is_null());
    EXPECT_EQ(data["reasons"]["total_batteries"], "not_asked_for");
}

TEST_F(Operations, TellsTheEngineOfAReplacedStringAsOfToday) {
    const auto asked = ask("battery.replace", {{"string_id", "STR-01"}, {"serial_number", "LOT-9"}});
    EXPECT_EQ(asked.status, 200) << asked.body;
    ASSERT_EQ(context_.applied.size(), 1U);
    const auto& event = std::get<ReplaceBattery>(context_.applied[0]);
    EXPECT_EQ(event.subject, (Subject{SubjectKind::string, "STR-01"}));
    EXPECT_EQ(event.serial_number, "LOT-9");
    EXPECT_EQ(event.date, parse_time("2026-11-22"));
    EXPECT_EQ(event.model, "");
    EXPECT_EQ(event.who, "root");
    EXPECT_EQ(context_.audited.size(), 1U);
}

TEST_F(Operations, ReplacesEitherABatteryOrAString) {
    EXPECT_EQ(ask("battery.replace", {{"serial_number", "S"}}).status, 422);
    EXPECT_EQ(
        ask("battery.replace", {{"battery_id", jar + "1"}, {"string_id", "STR-01"}, {"serial_number", "S"}})
            .status,
        422);
    EXPECT_TRUE(context_.applied.empty());
}

TEST_F(Operations, PlansATestOfABatteryAndOfAString) {
    const auto of_battery = ask("battery.test", {{"battery_id", jar + "1"}, {"duration_min", "60"}});
    EXPECT_EQ(of_battery.body["data"]["subject_id"], jar + "1");
    EXPECT_EQ(of_battery.body["data"]["to"], "2026-11-22T07:14:28.123Z");
    EXPECT_EQ(of_battery.body["data"]["why"], "capacity test of " + jar + "1");
    const auto of_string = ask("battery.test", {{"string_id", "STR-01"}, {"load_kw", "12.5"}});
    EXPECT_EQ(of_string.body["data"]["subject_kind"], "ups") << "its discharge alerts there";
    EXPECT_EQ(of_string.body["data"]["subject_id"], "ups-1");
    EXPECT_EQ(of_string.body["data"]["why"], "capacity test of STR-01 at 12.5 kW");
    EXPECT_EQ(std::get<StartMaintenance>(context_.applied.at(1)).window.who, "root");
    EXPECT_EQ(ask("battery.test").status, 422);
    EXPECT_EQ(ask("battery.test", {{"string_id", "NOPE"}}).status, 404);
}

TEST_F(Operations, TellsTheEngineWhatATestGave) {
    const auto asked = ask("battery.test_result", {{"battery_id", jar + "1"},
                                                   {"delivered_ah", "91.5"},
                                                   {"temperature_c", "22"},
                                                   {"minutes", "290"},
                                                   {"time", "2026-11-21"}});
    EXPECT_EQ(asked.status, 200) << asked.body;
    const auto& event = std::get<RecordCapacityTest>(context_.applied.at(0));
    EXPECT_EQ(event.battery_id, jar + "1");
    EXPECT_EQ(event.test.delivered_ah, 91.5);
    EXPECT_EQ(event.test.temperature_c, 22);
    EXPECT_EQ(event.test.time, parse_time("2026-11-21"));
    EXPECT_TRUE(event.test.reached_end_voltage);
    EXPECT_EQ(event.lasted, std::chrono::minutes(290));
    EXPECT_EQ(event.who, "root");
    EXPECT_EQ(ask("battery.test_result", {{"battery_id", "NOPE"}, {"delivered_ah", "9"}}).status, 404);
    EXPECT_EQ(ask("battery.test_result", {{"battery_id", jar + "1"}, {"delivered_ah", "-1"}}).status, 422);
    const auto at_once =
        ask("battery.test_result", {{"battery_id", jar + "1"}, {"delivered_ah", "80"}, {"minutes", "0"}});
    EXPECT_EQ(at_once.status, 422);
    EXPECT_EQ(at_once.body["error"]["details"][0]["field"], "minutes");
}

TEST_F(Operations, RefusesATestThatCannotHaveBeenThen) {
    const auto told = [&](const std::string& time) {
        return ask("battery.test_result",
                   {{"battery_id", jar + "1"}, {"delivered_ah", "91"}, {"time", time}});
    };
    const auto before = told("2001-01-01");
    EXPECT_EQ(before.status, 422);
    EXPECT_EQ(before.body["error"]["details"][0]["field"], "time");
    EXPECT_THAT(before.body["error"]["message"].get<std::string>(), HasSubstr("installed later, on 20"));
    const auto to_come = told("2026-11-23");
    EXPECT_EQ(to_come.status, 422);
    EXPECT_THAT(to_come.body["error"]["message"].get<std::string>(), HasSubstr("is still to come"));
    EXPECT_TRUE(context_.applied.empty());
}

TEST_F(Operations, StartsAndEndsAMaintenanceWindow) {
    const auto started = ask("maintenance.start", {{"duration_min", "30"}, {"why", "test run"}}).body["data"];
    EXPECT_EQ(started["subject_kind"], "site");
    EXPECT_EQ(started["window_id"], "MW-20261122-061428-123");
    EXPECT_EQ(started["to"], "2026-11-22T06:44:28.123Z");
    EXPECT_EQ(started["who"], "root");
    EXPECT_EQ(ask("maintenance").body["data"]["total"], 2);
    const auto ended = ask("maintenance.end", {{"window_id", "MW-20261122-061428-123"}}).body["data"];
    EXPECT_EQ(ended["is_in_force"], false);
    EXPECT_EQ(ask("maintenance").body["data"]["total"], 1);
}

TEST_F(Operations, GivesEachWindowItsOwnName) {
    const auto first = ask("maintenance.start", {{"why", "a"}}).body["data"]["window_id"];
    EXPECT_NE(first, ask("maintenance.start", {{"why", "b"}}).body["data"]["window_id"]);
}

TEST_F(Operations, RefusesAWindowInThePast) {
    const auto asked = ask("maintenance.start", {{"from", "2026-11-01"}, {"why", "late"}});
    EXPECT_EQ(asked.status, 422);
    EXPECT_TRUE(context_.applied.empty());
}

TEST_F(Operations, FailsARefusedReloadWithItsProblems) {
    context_.verdict = {};
    context_.verdict.problems = {
        {"/etc/sitepower/sitepower.toml", 7, 3, "bus.baud", "is not a baud rate: 9600"}};
    const auto asked = ask("config.reload");
    EXPECT_EQ(asked.status, 422);
    EXPECT_EQ(asked.body["error"]["details"][0]["line"], 7);
    const auto checked = ask("config.check");
    EXPECT_EQ(checked.status, 200);
    EXPECT_EQ(checked.body["data"]["accepted"], false);
}

TEST_F(Operations, IsNotReadyUntilEverythingIs) {
    context_.system_view.ready = false;
    context_.system_view.not_ready_reason = "the store is not open";
    const auto asked = ask("ready");
    EXPECT_EQ(asked.status, 503);
    EXPECT_THAT(message(asked), HasSubstr("the store is not open"));
    EXPECT_EQ(ask("health").status, 200);
    EXPECT_EQ(ask("health").body["data"]["status"], "down");
}

TEST_F(Operations, DoesNotAddUpLoadsThatAreNotKnown) {
    context_.fake_site.ups_states[0].load_kw = Measurement{};
    const auto power = ask("inventory").body["data"]["power"];
    EXPECT_TRUE(power["used_kw"].is_null());
    EXPECT_EQ(power["reasons"]["used_kw"], "no_sensor");
    EXPECT_EQ(power["total_kw"], 60);
    EXPECT_EQ(power["reasons"]["available_kw"], "no_sensor");
}

TEST_F(Operations, TellsTheSharesOfTheNominalPowerOfItsUpses) {
    context_.fake_site.ups_states[0].load_kw = {.value = 42.5};
    const auto power = ask("inventory").body["data"]["power"];
    EXPECT_EQ(power["total_kw"], 60);
    EXPECT_EQ(power["available_kw"], 17.5);
    EXPECT_NEAR(power["utilization"].get<double>(), 42.5 / 60, 1e-9);
    context_.fake_site.latest_values[0][2].quality = Quality::comm_error;
    const auto unknown = ask("inventory").body["data"]["power"];
    EXPECT_TRUE(unknown["total_kw"].is_null());
    EXPECT_EQ(unknown["reasons"]["utilization"], "no_nominal_power_from_every_ups");
}

TEST_F(Operations, PricesAreShownPerMegawattHourBesideTheOtherSeries) {
    const auto data = ask("prices", {{"hours_back", "2"}}).body["data"];
    ASSERT_EQ(data["data"].size(), 3U);
    EXPECT_NEAR(data["data"][0]["energy_price"].get<double>(), 120, 1e-9);
    EXPECT_EQ(data["data"][0]["hash_price"], 53.0);
    EXPECT_EQ(data["metadata"]["series"], "energy_price");
    EXPECT_NEAR(data["metadata"]["latest_price"].get<double>(), 120, 1e-9);
    const auto hash = ask("prices", {{"series", "hash_price"}}).body["data"]["metadata"];
    EXPECT_EQ(hash["latest_price"], 55.0);
    EXPECT_EQ(hash["age_s"], 30);
    EXPECT_EQ(hash["reasons"]["trend"], "less_than_two_days_known");
}

TEST_F(Operations, ThePriceOfEnergyIsTheOneThatIsPlannedWith) {
    PriceSettings other;
    other.id = "a_spot";
    other.currency = "EUR";
    other.source = Tariff{.periods = {TariffPeriod{.value = 0.5}}, .zone = {}};
    auto wanted = other;
    wanted.id = "grid";
    context_.price_book.configure({other, wanted}, support::fake_now);
    EXPECT_EQ(ask("prices").body["data"]["metadata"]["series"], "a_spot") << "the first";
    context_.fake_planner.dispatch.import_price = "grid";
    EXPECT_EQ(ask("prices").body["data"]["metadata"]["series"], "grid");
}

TEST_F(Operations, PricesOfAnUnknownSeriesAreNotFound) {
    EXPECT_EQ(ask("prices", {{"series", "gold"}}).status, 404);
    EXPECT_EQ(ask("prices", {{"hours_back", "0"}}).status, 422);
    context_.price_book.configure({}, support::fake_now);
    EXPECT_EQ(ask("prices").status, 409);
    EXPECT_EQ(ask("system.status").body["data"]["prices"]["reasons"]["age_s"], "no_price_source");
}

TEST_F(Operations, ThePlanSaysWhatIsMissing) {
    context_.fake_planner.plan.reset();
    context_.fake_planner.last_trouble = "no price";
    EXPECT_EQ(ask("plan").status, 503);
    EXPECT_EQ(ask("system.status").body["data"]["components"]["planner"]["status"], "down");
    context_.fake_planner.planned = false;
    EXPECT_EQ(ask("plan").status, 409);
    EXPECT_EQ(ask("allocation").status, 409);
    EXPECT_EQ(ask("allocate").status, 409);
    EXPECT_EQ(ask("full_cycle").status, 409);
    EXPECT_EQ(ask("system.status").body["data"]["components"]["planner"]["status"], "off");
}

TEST_F(Operations, AllocateTakesItsParametersAndChangesNothing) {
    const auto asked =
        ask("allocate", {{"forecast_periods", "12"}, {"risk_aversion", "0.3"}, {"lambda_deg", "0.01"}});
    EXPECT_EQ(asked.status, 200);
    EXPECT_EQ(context_.fake_planner.last_overrides.horizon, 12h);
    EXPECT_EQ(context_.fake_planner.last_overrides.risk_aversion, 0.3);
    EXPECT_EQ(context_.fake_planner.last_overrides.wear_per_kwh, 0.01);
    EXPECT_FALSE(context_.fake_planner.last_adopted);
    EXPECT_EQ(ask("allocate", {{"risk_aversion", "2"}}).status, 422);
    context_.fake_planner.last_trouble = "no price";
    EXPECT_EQ(ask("allocate").status, 409);
    EXPECT_EQ(asking_.ask("allocate", {}, viewer).status, 403);
}

TEST_F(Operations, ACycleIsSimulatedUnlessSomebodySaysOtherwise) {
    EXPECT_EQ(ask("full_cycle").body["data"]["simulated"], true);
    EXPECT_FALSE(context_.fake_planner.last_adopted);
    EXPECT_EQ(ask("full_cycle", {{"simulate", "false"}}).body["data"]["simulated"], false);
    EXPECT_TRUE(context_.fake_planner.last_adopted);
}

TEST_F(Operations, WhileTheMainsAreGoneEveryAnswerSaysSo) {
    auto& planner = context_.fake_planner;
    planner.plan = outage_report(planner.dispatch, "ups-1 has been on battery since noon", support::fake_now);
    planner.allocated = *planner.allocate_by(*planner.plan, support::fake_now);
    const auto plan = ask("plan").body["data"];
    EXPECT_EQ(plan["status"], "failed");
    EXPECT_THAT(plan["reason"].get<std::string>(),
                testing::HasSubstr("ups-1 has been on battery since noon"));
    EXPECT_EQ(plan["reasons"]["valid_until"], "no_schedule");
    for (const auto* operation : {"allocation", "allocate"}) {
        const auto data = ask(operation).body["data"];
        EXPECT_EQ(data["allocation"]["training"], 0.0);
        EXPECT_EQ(data["allocation"]["mining"], 0.0);
        EXPECT_THAT(data["supply"], testing::IsEmpty());
        EXPECT_EQ(data["reasons"]["marginal_price"], "no_schedule");
        EXPECT_THAT(data["reasons"]["mining"].get<std::string>(),
                    testing::HasSubstr("kept for the critical load"));
        EXPECT_EQ(data["constraints_satisfied"], false);
    }
    EXPECT_TRUE(ask("allocate").body["data"]["certificate"]["gap"].is_null());
    const auto cycle = ask("full_cycle").body["data"];
    EXPECT_EQ(cycle["success"], false);
    EXPECT_TRUE(cycle["total_power_kw"].is_null());
    EXPECT_TRUE(cycle["power_requirements"]["battery"].is_null());
    EXPECT_EQ(cycle["reasons"]["success"], "ups-1 has been on battery since noon");
    const auto status = ask("system.status").body["data"];
    EXPECT_EQ(status["components"]["planner"]["reasons"]["status"], "ups-1 has been on battery since noon");
    EXPECT_TRUE(status["components"]["planner"]["last_success"].is_null());
    EXPECT_TRUE(status["last_plan"]["total_kw"].is_null());
}

TEST_F(Operations, ABidIsCheckedWhole) {
    const auto bid = [&](const std::string& segments, const std::string& until = "2026-11-22T12:00:00Z") {
        return ask("bids", {{"class", "training"}, {"segments", segments}, {"valid_until", until}}).status;
    };
    EXPECT_EQ(bid(R"([{"value_per_kwh": 0.5, "kw": 25}])"), 200);
    EXPECT_EQ(context_.fake_planner.bids["training"].segments.at(0).width_kw, 25);
    EXPECT_EQ(bid("[]"), 200);
    for (const auto* wrong : {"{}", "[1]", R"([{"kw": 1}])", R"([{"value_per_kwh": "x", "kw": 1}])", "[",
                              R"([{"value_per_kwh": 1, "kw": 1, "more": 2}])"})
        EXPECT_EQ(bid(wrong), 422) << wrong;
    EXPECT_EQ(bid("[]", "2026-11-22T00:00:00Z"), 422) << "past";
    EXPECT_EQ(bid("[]", "2027-11-22T00:00:00Z"), 422) << "a year";
    EXPECT_EQ(ask("bids", {{"class", "gaming"}, {"segments", "[]"}, {"valid_until", "2026-11-22T12:00:00Z"}})
                  .status,
              404);
}

}  // namespace
}  // namespace sitepower::operation_test
