// Weeks of the forecast thread's life in virtual time.
#include "daemon/forecast/series_book.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numbers>

#include "tests/support/fake_memory.hpp"

namespace sitepower::series_book_test {
namespace {

using forecast::HorizonClass;
using std::chrono::hours;
using std::chrono::minutes;

constexpr Duration quarter{minutes{15}};
const Time start = *parse_time("2026-03-02T00:00:00Z");

double load(Time time) {
    const auto i = static_cast<double>((time - start) / quarter);
    return 100 + 30 * std::sin(2 * std::numbers::pi * i / 96) + std::sin(i * i);
}

SeriesSettings series_of(const std::string& id) {
    return {.id = id, .unit = "kW", .step = quarter, .clock = {}, .metric = {}, .fingerprint = 1};
}

class SeriesBookTest : public ::testing::Test {
  protected:
    SeriesBookTest() {
        settings.series = {series_of("load"), series_of("other")};
        begin();
    }

    // A start of the daemon: what was kept, and nothing else.
    void begin() {
        book = std::make_unique<SeriesBook>(latest);
        book->configure(settings, memory, now);
        collect();
    }
    void collect() {
        auto effects = book->take_effects();
        memory.keep(effects.rows);
        for (auto& report : effects.reports) reports.push_back(std::move(report));
        for (auto& one : effects.retrained) retrained.push_back(std::move(one));
        for (auto& one : effects.anomalies) anomalies.push_back(std::move(one));
        for (auto& one : effects.drifts) drifts.push_back(std::move(one));
        for (auto& one : effects.troubles) troubles.push_back(std::move(one));
        for (auto& one : effects.removed) removed.push_back(std::move(one));
        if (effects.anomalous) anomalous = *effects.anomalous;
        late += effects.late;
    }
    void take(double value) {
        const std::vector<SeriesSample> samples{{.series = 0, .time = now, .value = value}};
        book->take(samples, now);
        collect();
        now += quarter;
    }
    void work() {
        book->work(memory, now - quarter);
        collect();
    }
    // One value a step, and what the app does every second.
    void live(Duration length, const std::function<double(Time)>& value = load) {
        for (const Time end = now + length; now < end;) {
            take(value(now));
            work();
        }
    }
    // What happened before a test begins: fitted as early as can be and at the end only, for a fit takes
    // long.
    void grow(Duration length) {
        if (now == start) live(hours{50});
        for (const Time end = start + length; now < end;) take(load(now));
        work();
    }

    LatestForecasts latest;
    ForecastSettings settings;
    support::FakeMemory memory;
    Time now = start;
    std::unique_ptr<SeriesBook> book;
    std::vector<SeriesReport> reports;
    std::vector<RetrainReport> retrained;
    std::vector<AnomalyReport> anomalies;
    std::vector<DriftReport> drifts;
    std::vector<std::string> troubles, removed, anomalous;
    std::uint64_t late = 0;
};

TEST_F(SeriesBookTest, ForecastsFromTheSecondSampleOnAndSaysWhatIsMissing) {
    ASSERT_EQ(reports.size(), 2U) << "each series is told when it begins";
    EXPECT_FALSE(reports[0].issued_at);
    EXPECT_NE(reports[0].of(HorizonClass::long_48h).reason.find("two samples"), std::string::npos);
    EXPECT_EQ(latest.find("load"), nullptr);
    live(hours{2});
    EXPECT_FALSE(reports.back().of(HorizonClass::short_15min).steps.empty());
    EXPECT_NE(reports.back().of(HorizonClass::long_48h).reason.find("whole day"), std::string::npos);
    live(hours{48});
    const auto& told = reports.back();
    EXPECT_EQ(told.series, "load");
    EXPECT_EQ(told.of(HorizonClass::long_48h).steps.size(), 48U);
    EXPECT_GT(told.model_version, 0U);
    const auto forecast = latest.find("load");
    ASSERT_NE(forecast, nullptr);
    EXPECT_EQ(forecast->steps.size(), 48U);
    EXPECT_EQ(forecast->issued_at, *told.issued_at);
    EXPECT_EQ(latest.find("other"), nullptr) << "nothing came for it";
}

TEST_F(SeriesBookTest, KeepsEachStepAndEachForecastThatCameTrue) {
    grow(hours{24 * 10});
    EXPECT_NEAR(static_cast<double>(memory.steps["load@1"].size()), 960, 2);
    std::map<HorizonClass, int> matched;
    for (const auto& row : memory.matched) {
        ++matched[row.match.horizon];
        EXPECT_LT(row.match.issued_at, row.match.said.valid_at + quarter);
    }
    EXPECT_GT(matched[HorizonClass::short_15min], 900);
    EXPECT_GT(matched[HorizonClass::long_48h], 180);
    const auto confidence = book->report("load", now).of(HorizonClass::long_48h).confidence;
    ASSERT_TRUE(confidence);
    EXPECT_GT(*confidence, 0.9);
}

TEST_F(SeriesBookTest, GoesOnAfterARestartFromStateAndSteps) {
    grow(hours{24 * 12});
    live(hours{5});
    const auto before = latest.find("load");
    ASSERT_TRUE(before && memory.states.contains("load@1"));
    begin();  // killed: the state is of the last night
    EXPECT_TRUE(troubles.empty()) << troubles.front();
    const auto after = latest.find("load");
    ASSERT_NE(after, nullptr);
    EXPECT_EQ(after->issued_at, before->issued_at);
    for (std::size_t h = 0; h < 48; ++h) EXPECT_EQ(after->steps[h].p50, before->steps[h].p50);
    const auto version = book->model_version("load");
    live(hours{1});
    EXPECT_EQ(book->model_version("load"), version) << "a restart is no reason to train";
}

TEST_F(SeriesBookTest, IsFittedAgainFromItsStepsWhenItsStateIsOfNoUse) {
    grow(hours{24 * 12});
    memory.states["load@1"].state.resize(100);
    begin();
    EXPECT_EQ(troubles.size(), 1U);
    live(quarter);
    ASSERT_NE(latest.find("load"), nullptr);
    EXPECT_NEAR(latest.find("load")->steps[5].p50, load(latest.find("load")->steps[5].valid_at + minutes{30}),
                10);
}

TEST_F(SeriesBookTest, WhatCannotBeReadIsTriedAgainAndNotReplaced) {
    grow(hours{24 * 12});
    live(hours{2});
    const auto version = book->model_version("load");
    const auto state = memory.states.at("load@1").state;
    const auto versions = memory.versions.at("load").size();
    const auto samples = book->find("load")->forecaster().samples();
    memory.series_are_unreadable = true;
    begin();
    EXPECT_EQ(troubles.size(), 2U) << "of each series";
    EXPECT_EQ(book->find("load")->forecaster().samples(), 0U);
    live(hours{48});
    EXPECT_EQ(book->model_version("load"), 0U) << "none of it was trained";
    EXPECT_EQ(book->activate("load", version, memory, now).error().code, ErrorCode::service_unavailable);
    ASSERT_TRUE(book->retrain("load", std::nullopt, now));
    work();
    EXPECT_EQ(book->jobs().back().status, JobStatus::failed);
    book->keep_states(now);
    collect();
    EXPECT_EQ(memory.states.at("load@1").state, state);
    EXPECT_EQ(memory.versions.at("load").size(), versions);
    EXPECT_EQ(troubles.size(), 2U) << "told once";

    memory.steps["load@1"].pop_back();  // not committed yet
    memory.series_are_unreadable = false;
    work();
    work();
    EXPECT_EQ(troubles.size(), 4U);
    EXPECT_EQ(book->model_version("load"), version);
    EXPECT_EQ(book->find("load")->forecaster().samples(), samples + 4 * 48 - 1)
        << "less the step that was open";
    EXPECT_EQ(book->find("load")->forecaster().newest(), now - 2 * quarter);
    book->keep_states(now);
    collect();
    EXPECT_NE(memory.states.at("load@1").state, state);
}

TEST_F(SeriesBookTest, NoVersionIsMadeTwiceWhereThoseOfBeforeCannotBeRead) {
    grow(hours{24 * 3});
    const auto version = book->model_version("load");
    ASSERT_GT(version, 0U);
    const SeriesEvent event{.event = {.id = "",
                                      .type = "holiday",
                                      .name = "",
                                      .source = "",
                                      .start = now + hours{50},
                                      .end = now + hours{52}},
                            .series = {"load"},
                            .metadata = "{}",
                            .realised = {}};
    const auto known = book->add_event(event, memory, now);
    ASSERT_TRUE(known);
    collect();
    memory.models_are_unreadable = true;
    begin();
    EXPECT_EQ(troubles.size(), 1U);
    live(hours{49});
    EXPECT_EQ(memory.versions.at("load").front().version, version);
    EXPECT_EQ(book->add_event(event, memory, now).error().code, ErrorCode::service_unavailable);
    EXPECT_EQ(book->cancel_event(known->event.id, now).error().code, ErrorCode::service_unavailable);
    EXPECT_EQ(book->retrain("load", std::nullopt, now).error().code, ErrorCode::service_unavailable);
    EXPECT_EQ(book->cancel_job("JOB-1", now).error().code, ErrorCode::service_unavailable);
    memory.models_are_unreadable = false;
    work();
    work();
    EXPECT_EQ(book->model_version("load"), version);
    EXPECT_EQ(book->events().size(), 1U);
    live(hours{24});
    EXPECT_GT(book->model_version("load"), version);
}

TEST_F(SeriesBookTest, RefitsYoungSeriesDailyAndOldOnesNightly) {
    std::map<std::string, int> why;
    const auto count = [&] {
        why.clear();
        for (const auto& one : retrained) ++why[one.why];
        retrained.clear();
    };
    live(hours{24 * 7});
    count();
    EXPECT_EQ(why["young"], 6) << "at each midnight";
    grow(hours{24 * 29});
    count();
    live(hours{24 * 4});
    count();
    EXPECT_EQ(why["nightly"], 4);
    std::vector<std::uint32_t> numbers;
    std::size_t active = 0;
    for (const auto& version : book->models()) {
        numbers.push_back(version.version);
        active += version.status == forecast::ModelStatus::active ? 1U : 0U;
        EXPECT_EQ(version.kind, "series");
    }
    EXPECT_EQ(active, 1U);
    EXPECT_LE(numbers.size(), forecast::ModelRegistry::kept_versions + 1);
    EXPECT_EQ(memory.versions["load"].size(), numbers.size());
}

TEST_F(SeriesBookTest, TellsAnAnomalyAndItsEnd) {
    grow(hours{24 * 15});
    live(hours{1}, [](Time time) { return 5 * load(time) + static_cast<double>(to_ms(time) % 7); });
    ASSERT_FALSE(anomalies.empty());
    EXPECT_EQ(anomalies[0].series, "load");
    EXPECT_GT(anomalies[0].actual, 400);
    EXPECT_EQ(anomalous, std::vector<std::string>{"load"});
    live(hours{24});
    EXPECT_TRUE(anomalous.empty());
}

TEST_F(SeriesBookTest, TellsANewLevelAndRefits) {
    grow(hours{24 * 15});
    retrained.clear();
    live(hours{12}, [](Time time) { return load(time) + 300; });
    EXPECT_TRUE(std::ranges::any_of(drifts, &DriftReport::level_shift));
    EXPECT_TRUE(std::ranges::any_of(retrained, [](const auto& one) { return one.why == "drift"; }));
}

TEST_F(SeriesBookTest, LearnsWhatAnEventDid) {
    grow(hours{24 * 15});
    const auto added = book->add_event({.event = {.id = "",
                                                  .type = "marketing_campaign",
                                                  .name = "spring",
                                                  .source = "sales",
                                                  .start = now + hours{3},
                                                  .end = now + hours{9}},
                                        .series = {"load"},
                                        .metadata = "{}",
                                        .realised = {}},
                                       memory, now);
    ASSERT_TRUE(added) << added.error().message;
    const Time from = added->event.start;
    const auto believed = 2.12;  // the middle of 1.5 to 3, of logarithms
    live(quarter);
    const auto forecast = latest.find("load");
    for (const auto& step : forecast->steps) {
        const bool inside = step.valid_at >= from && step.valid_at + hours{1} <= added->event.end;
        if (inside) {
            EXPECT_NEAR(step.p50, believed * load(step.valid_at + minutes{30}), 25);
        }
    }
    live(hours{14},
         [&](Time time) { return time >= from && time < added->event.end ? 1.6 * load(time) : load(time); });
    EXPECT_TRUE(anomalies.empty());
    ASSERT_EQ(book->events().size(), 1U);
    ASSERT_TRUE(book->events()[0].realised.contains("load"));
    EXPECT_NEAR(book->events()[0].realised.at("load"), 1.6, 0.1);
    begin();
    EXPECT_TRUE(book->events()[0].realised.contains("load")) << "known after a restart";
}

TEST_F(SeriesBookTest, WhatAnEventDidNotDoIsCleanedAgainAlsoAfterARestart) {
    const auto both = [&](Duration length) {
        for (const Time end = now + length; now < end; now += quarter) {
            const std::vector<SeriesSample> samples{{.series = 0, .time = now, .value = load(now)},
                                                    {.series = 1, .time = now, .value = load(now)}};
            book->take(samples, now);
            book->work(memory, now);
            collect();
        }
    };
    both(hours{24 * 12});
    const SeriesEvent flop{.event = {.id = "",
                                     .type = "marketing_campaign",
                                     .name = "",
                                     .source = "",
                                     .start = now + hours{1},
                                     .end = now + hours{11},
                                     .ramp = {},
                                     .expected_multiplier = 3.0},
                           .series = {"load"},
                           .metadata = "{}",
                           .realised = {}};
    ASSERT_TRUE(book->add_event(flop, memory, now));
    both(hours{12});
    book->keep_states(now);
    collect();
    begin();
    both(hours{2});
    ASSERT_TRUE(book->events()[0].realised.contains("load")) << "by matches from before the restart";
    EXPECT_NEAR(book->events()[0].realised.at("load"), 1, 0.1);
    const auto with = book->report("load", now).of(HorizonClass::long_48h).steps;
    const auto without = book->report("other", now).of(HorizonClass::long_48h).steps;
    ASSERT_EQ(with.size(), without.size());
    for (std::size_t h = 0; h < with.size(); ++h)
        EXPECT_NEAR(with[h].forecast.point, without[h].forecast.point, 10) << h;
}

// Of 12 days, then an event that the operator tells of, with what came all the while.
class BookWithAnEvent : public SeriesBookTest {
  protected:
    BookWithAnEvent() { grow(hours{24 * 12}); }
    SeriesEvent event_of(Time from, Time until, double expected) const {
        return {.event = {.id = "",
                          .type = "marketing_campaign",
                          .name = "",
                          .source = "",
                          .start = from,
                          .end = until,
                          .ramp = {},
                          .expected_multiplier = expected},
                .series = {"load"},
                .metadata = "{}",
                .realised = {}};
    }
    // How far the history that the model holds of [from, to) is from the load without any event.
    double off(Time from, Time to) const {
        const auto& forecaster = book->find("load")->forecaster();
        const auto history = forecaster.long_horizon().ensemble().history();
        const Time end = floor_to(forecaster.newest() + quarter, hours{1});
        double worst = 0;
        for (Time hour = from; hour < std::min(to, end); hour += hours{1}) {
            const auto back = static_cast<std::size_t>((end - hour) / hours{1});
            double mean = 0;
            for (Time time = hour; time < hour + hours{1}; time += quarter) mean += load(time) / 4;
            worst = std::max(worst, std::abs(history.values[history.size() - back] / mean - 1));
        }
        return worst;
    }
};

TEST_F(BookWithAnEvent, OneThatIsCancelledAndNeverWasLeavesTheHistoryAsItCame) {
    const Time from = now;
    const auto added = book->add_event(event_of(from, from + hours{12}, 3), memory, now);
    live(hours{6});
    EXPECT_GT(off(from, from + hours{5}), 0.5) << "divided by what was expected";
    ASSERT_TRUE(book->cancel_event(added->event.id, now));
    EXPECT_LT(off(from, from + hours{6}), 0.1);
    live(hours{6});
    EXPECT_LT(off(from, from + hours{12}), 0.1);
    EXPECT_NEAR(book->events()[0].realised.at("load"), 1, 0.1) << "by the hours that came";
    collect();
    memory.states.clear();
    begin();
    work();
    EXPECT_LT(off(from, from + hours{12}), 0.1) << "also fitted from its steps";
}

TEST_F(BookWithAnEvent, OneThatIsCancelledWhileItRunsIsCleanedOfWhatItDid) {
    const Time from = now;
    const Time over = from + hours{6};
    const auto value = [&](Time time) { return time >= from && time < over ? 2.5 * load(time) : load(time); };
    const auto added = book->add_event(event_of(from, from + hours{12}, 2), memory, now);
    live(hours{6}, value);
    ASSERT_TRUE(book->cancel_event(added->event.id, now));
    live(hours{6}, value);
    EXPECT_LT(off(from, from + hours{12}), 0.1);
    EXPECT_NEAR(book->events()[0].realised.at("load"), 2.5, 0.1);
    for (const auto& step : latest.find("load")->steps) EXPECT_LT(step.p50, 200) << "it acts no more";
}

TEST_F(BookWithAnEvent, OneThatIsCancelledBeforeItTellsAnythingWasNone) {
    const Time from = now;
    const auto added = book->add_event(event_of(from, from + hours{12}, 3), memory, now);
    live(minutes{45});
    ASSERT_TRUE(book->cancel_event(added->event.id, now));
    live(hours{2});
    EXPECT_LT(off(from, from + hours{1}), 0.1);
    EXPECT_TRUE(book->events()[0].realised.empty());
}

TEST_F(BookWithAnEvent, OneThatIsToldAfterItsStartIsCleanedFromThereOn) {
    const Time from = now;
    const Time until = from + hours{9};
    const auto value = [&](Time time) {
        return time >= from && time < until ? 0.3 * load(time) : load(time);
    };
    live(hours{3}, value);
    ASSERT_TRUE(book->add_event(event_of(from, until, 0.3), memory, now));
    EXPECT_LT(off(from, from + hours{3}), 0.1);
    live(hours{12}, value);
    EXPECT_LT(off(from, until), 0.1) << "and not cleaned twice when it is over";
    EXPECT_NEAR(book->events()[0].realised.at("load"), 0.3, 0.03);
}

TEST_F(BookWithAnEvent, OneThatIsToldWhenItIsOverTellsWhatItDid) {
    const Time from = now;
    const Time until = from + hours{5};
    live(hours{24}, [&](Time time) { return time < until ? 2 * load(time) : load(time); });
    ASSERT_TRUE(book->add_event(event_of(from, until, 3), memory, now));
    live(quarter);
    ASSERT_TRUE(book->events()[0].realised.contains("load"));
    EXPECT_NEAR(book->events()[0].realised.at("load"), 2, 0.1);
    EXPECT_LT(off(from, until), 0.1);
}

TEST_F(BookWithAnEvent, OneOffTheHourActsOnHoursByItsShareAndIsLearntByIt) {
    const Time from = floor_to(now, hours{1}) + hours{3} + minutes{30};
    const Time until = from + hours{1};
    ASSERT_TRUE(book->add_event(event_of(from, until, 3), memory, now));
    live(quarter);
    const auto said = latest.find("load");
    for (const auto& step : said->steps) {
        const Time at = step.valid_at;
        const double factor = at == from - minutes{30} || at == from + minutes{30} ? 2 : 1;
        if (at < until + hours{3}) {
            EXPECT_NEAR(step.p50 / load(at + minutes{30}), factor, 0.2) << format_time(at);
        }
    }
    live(hours{8}, [&](Time time) { return time >= from && time < until ? 4 * load(time) : load(time); });
    ASSERT_TRUE(book->events()[0].realised.contains("load"));
    EXPECT_NEAR(book->events()[0].realised.at("load"), 4, 0.3);
    EXPECT_LT(off(from - minutes{30}, until + minutes{30}), 0.1);
}

TEST_F(BookWithAnEvent, RefusesWhatCanOnlyBeASlipOfThePen) {
    const auto refused = [&](Time from, Time until) {
        const auto added = book->add_event(event_of(from, until, 2), memory, now);
        return added ? std::string() : added.error().message;
    };
    EXPECT_NE(refused(now, *parse_time("2099-01-01")).find("400 days ahead"), std::string::npos);
    EXPECT_NE(refused(now - hours{24 * 60 + 1}, now).find("60 days ago"), std::string::npos);
    EXPECT_EQ(refused(now - hours{24 * 60}, now + hours{24 * 400}), "");
}

TEST_F(SeriesBookTest, RefusesEventsThatCannotBe) {
    SeriesEvent event{
        .event = {.id = "", .type = "flood", .name = "", .source = "", .start = now, .end = now + hours{1}},
        .series = {"load"},
        .metadata = "{}",
        .realised = {}};
    EXPECT_EQ(book->add_event(event, memory, now).error().code, ErrorCode::validation_error);
    event.event.type = "holiday";
    event.series = {"loud"};
    EXPECT_EQ(book->add_event(event, memory, now).error().code, ErrorCode::not_found);
    event.series.clear();
    const auto all = book->add_event(event, memory, now);
    ASSERT_TRUE(all);
    EXPECT_EQ(all->series.size(), 2U) << "without a series it concerns all";
    EXPECT_EQ(book->cancel_event(all->event.id, now)->event.cancelled_at, now);
    EXPECT_EQ(book->cancel_event(all->event.id, now).error().code, ErrorCode::conflict);
    EXPECT_EQ(book->cancel_event("EV-0", now).error().code, ErrorCode::not_found);
}

TEST_F(SeriesBookTest, AnEventIsTakenByAllOfItsSeriesOrByNone) {
    live(hours{24 * 3});
    SeriesEvent event{.event = {.id = "",
                                .type = "holiday",
                                .name = "",
                                .source = "",
                                .start = now + hours{1},
                                .end = now + hours{2},
                                .ramp = {},
                                .expected_multiplier = 3.0},
                      .series = {"other"},
                      .metadata = "{}",
                      .realised = {}};
    for (std::size_t i = 0; i < forecast::EventBook::most_events; ++i)
        ASSERT_TRUE(book->add_event(event, memory, now));
    const auto before = book->find("load")->forecast_at(now + minutes{90})->point;
    event.series = {};
    EXPECT_EQ(book->add_event(event, memory, now).error().code, ErrorCode::conflict);
    EXPECT_EQ(book->find("load")->forecast_at(now + minutes{90})->point, before) << "it has no part of it";
    EXPECT_EQ(book->events().size(), forecast::EventBook::most_events);
}

TEST_F(SeriesBookTest, TakesEventsOfTypesOfItsOwn) {
    live(hours{24 * 3});
    SeriesEvent event{.event = {.id = "",
                                .type = "chiller_test",
                                .name = "",
                                .source = "",
                                .start = now + hours{2},
                                .end = now + hours{6}},
                      .series = {"load"},
                      .metadata = {},
                      .realised = {}};
    EXPECT_NE(book->add_event(event, memory, now).error().message.find("flash_sale"), std::string::npos);
    settings.event_types = {{.name = "chiller_test", .from = 1.9, .to = 2.1}};
    book->configure(settings, memory, now);
    const auto before = *book->find("load")->forecast_at(now + hours{4});
    ASSERT_TRUE(book->add_event(event, memory, now));
    EXPECT_NEAR(book->find("load")->forecast_at(now + hours{4})->point, 2 * before.point,
                0.02 * before.point);
    collect();
    begin();
    EXPECT_NEAR(book->find("load")->forecast_at(now + hours{4})->point, 2 * before.point, 0.02 * before.point)
        << "also after a restart";
}

TEST_F(SeriesBookTest, RetrainsOnRequestAndRollsBack) {
    grow(hours{24 * 12});
    const auto version = book->model_version("load");
    const auto newest = book->models().front().version;
    const auto job = book->retrain("load", 9, now);
    ASSERT_TRUE(job);
    EXPECT_EQ(book->retrain("load", {}, now).error().code, ErrorCode::conflict);
    EXPECT_EQ(book->retrain("loud", {}, now).error().code, ErrorCode::not_found);
    EXPECT_TRUE(book->work(memory, now));
    collect();
    ASSERT_EQ(book->jobs().back().status, JobStatus::done) << book->jobs().back().result;
    EXPECT_EQ(book->models().front().version, newest + 1) << "in force, or standing by";
    EXPECT_NEAR(static_cast<double>((book->models().front().trained_from - (now - hours{24 * 9})).count()), 0,
                static_cast<double>(one_hour.count()));
    ASSERT_TRUE(book->activate("load", newest + 1, memory, now));
    EXPECT_EQ(book->model_version("load"), newest + 1);
    EXPECT_EQ(memory.kept_jobs.back().status, JobStatus::done);

    const auto back = book->activate("load", version, memory, now);
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(book->model_version("load"), version);
    EXPECT_EQ(back->status, forecast::ModelStatus::active);
    EXPECT_EQ(book->activate("load", 999, memory, now).error().code, ErrorCode::not_found);
    memory.steps.clear();
    EXPECT_EQ(book->activate("load", newest + 1, memory, now).error().code, ErrorCode::insufficient_data);
}

TEST_F(SeriesBookTest, ASeriesWithoutADayOfHoursHasNoModel) {
    EXPECT_EQ(book->retrain("load", {}, now).error().code, ErrorCode::insufficient_data);
    now += hours{20};
    live(hours{23});
    EXPECT_EQ(book->retrain("load", {}, now).error().code, ErrorCode::insufficient_data);
    ASSERT_TRUE(book->retrain("other", 2, now)) << "the store may have more";
    work();
    EXPECT_EQ(book->jobs().back().status, JobStatus::failed);
    EXPECT_TRUE(book->models().empty()) << "nor does a midnight make one";
    EXPECT_TRUE(troubles.empty());
    live(hours{2});
    EXPECT_EQ(book->models().size(), 1U) << "nor does it wait for another one";
    EXPECT_TRUE(book->retrain("load", {}, now));
}

TEST_F(SeriesBookTest, ATwoDaysModelStandsByForItHasNoBackTest) {
    grow(hours{24 * 12});
    ASSERT_TRUE(book->retrain("load", 2, now));
    work();
    ASSERT_EQ(book->jobs().back().status, JobStatus::done) << book->jobs().back().result;
    EXPECT_NE(book->jobs().back().result.find("too few for a back-test"), std::string::npos)
        << book->jobs().back().result;
}

TEST_F(SeriesBookTest, NamesTheNaiveForecastThatStandsIn) {
    for (int i = 0; i < 12 * 48; ++i) {
        take(load(now));
        now += quarter;  // every other step is missing
    }
    work();
    const auto told = book->report("load", now);
    ASSERT_TRUE(told.degraded);
    EXPECT_EQ(told.method, "seasonal_naive");
}

TEST_F(SeriesBookTest, ActivatingTheVersionInForceChangesNothing) {
    live(hours{26});
    const auto before = book->models().front();
    const auto after = book->activate("load", before.version, memory, now + hours{1});
    ASSERT_TRUE(after);
    EXPECT_EQ(after->deployed_at, before.deployed_at);
}

TEST_F(SeriesBookTest, SaysThatValuesBelowZeroAreTakenForZero) {
    live(hours{2}, [](Time) { return -5.0; });
    ASSERT_EQ(troubles.size(), 2U) << "once an hour";
    EXPECT_NE(troubles[0].find("may_be_negative"), std::string::npos) << troubles[0];
    settings.series[0].non_negative = false;
    settings.series[0].fingerprint = 2;
    book->configure(settings, memory, now);
    live(hours{2}, [](Time) { return -5.0; });
    EXPECT_EQ(troubles.size(), 2U);
}

TEST_F(SeriesBookTest, AVersionSaysWhatItWasReallyTrainedOn) {
    grow(hours{24 * 9});
    ASSERT_TRUE(book->retrain("load", 60, now));
    work();
    const auto made = book->models().front();
    EXPECT_NEAR(static_cast<double>((made.trained_from - start).count()), 0,
                static_cast<double>(one_hour.count()))
        << "there are no older steps";
    EXPECT_TRUE(book->activate("load", made.version, memory, now)) << "and so they are all there";
}

TEST_F(SeriesBookTest, AMatchNamesTheVersionThatSaidIt) {
    grow(hours{24 * 10});
    const auto before = book->model_version("load");
    ASSERT_TRUE(book->retrain("load", std::nullopt, now));
    work();
    const auto after = book->model_version("load");
    ASSERT_GT(after, before);
    memory.matched.clear();
    begin();  // what waits for its value is kept
    for (int i = 0; i < 8; ++i) take(load(now));
    std::size_t old = 0;
    for (const auto& row : memory.matched) {
        EXPECT_GT(row.model_version, 0U);
        old += row.model_version <= before ? 1 : 0;
    }
    EXPECT_GT(old, 0U) << "the first of them were said before the refit";
    EXPECT_LT(old, memory.matched.size());
}

TEST_F(SeriesBookTest, CancelsWhatIsQueuedAndFailsWhatWasCutOff) {
    live(hours{2});
    const auto first = book->retrain("load", 2, now);
    EXPECT_EQ(book->cancel_job(first->id, now)->status, JobStatus::cancelled);
    EXPECT_EQ(book->cancel_job(first->id, now).error().code, ErrorCode::conflict);
    const auto second = book->retrain("load", 2, now);
    collect();
    begin();
    const auto& job = book->jobs().back();
    EXPECT_EQ(job.id, second->id);
    EXPECT_EQ(job.status, JobStatus::failed);
    EXPECT_NE(job.result.find("restart"), std::string::npos);
}

TEST_F(SeriesBookTest, KeepsNoMoreJobsThanItSays) {
    for (std::size_t i = 0; i < SeriesBook::kept_jobs + 10; ++i) {
        const auto job = book->retrain("load", 2, now);
        ASSERT_TRUE(job);
        ASSERT_TRUE(book->cancel_job(job->id, now));
    }
    EXPECT_EQ(book->jobs().size(), SeriesBook::kept_jobs);
}

TEST_F(SeriesBookTest, AChangedConfigurationLeavesAloneWhatDidNotChange) {
    live(hours{48});
    settings.series = {series_of("new"), series_of("load")};
    book->configure(settings, memory, now);
    collect();
    EXPECT_EQ(book->find("load")->forecaster().samples(), 191U);
    EXPECT_EQ(removed, std::vector<std::string>{"other"});
    settings.series[1].fingerprint = 2;
    settings.series[1].step = minutes{30};
    book->configure(settings, memory, now);
    EXPECT_EQ(book->find("load")->setup().forecaster.step, Duration{minutes{30}});
    EXPECT_EQ(book->find("load")->forecaster().samples(), 0U)
        << "steps of another declaration are not its own";
    EXPECT_EQ(book->find("nobody"), nullptr);
}

TEST_F(SeriesBookTest, VersionsAreOfADeclaration) {
    grow(hours{24 * 3});
    const auto version = book->model_version("load");
    ASSERT_GT(version, 0U);
    settings.series[0].fingerprint = 2;
    book->configure(settings, memory, now);
    collect();
    EXPECT_EQ(book->model_version("load"), 0U) << "none was trained of what it is now";
    EXPECT_EQ(reports.back().model_version, 0U);
    EXPECT_EQ(memory.versions.at("load").front().status, forecast::ModelStatus::retired);
    live(hours{50});
    EXPECT_GT(book->model_version("load"), version) << "no number is used twice";
    settings.series[0].fingerprint = 1;
    book->configure(settings, memory, now);
    collect();
    EXPECT_EQ(book->model_version("load"), version) << "what it was goes on";
}

// A load that follows the weather, which changes from day to day in no order; the forecast of it is told two
// days ahead, or nobody tells it.
class BookWithTemperature : public SeriesBookTest {
  protected:
    BookWithTemperature() {
        settings.series[0].covariates = {
            {.name = "temperature", .role = forecast::CovariateRole::temperature}};
        book->configure(settings, memory, now);
    }
    static double temperature(Time time) {
        const auto day = (time - start) / hours{24};
        std::uint64_t x = static_cast<std::uint64_t>(day) * 0x9E3779B97F4A7C15U;  // splitmix64
        x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9U;
        x = (x ^ (x >> 27U)) * 0x94D049BB133111EBU;
        return 14 + static_cast<double>((x >> 40U) % 17);
    }
    static double warm_load(Time time) { return load(time) + 5 * std::max(temperature(time) - 22, 0.0); }
    void live_with_weather(Duration length, bool told) {
        for (const Time end = now + length; now < end; now += quarter) {
            std::vector<SeriesSample> samples{{.series = 0, .time = now, .value = warm_load(now)}};
            if (told) {
                samples.push_back({.series = 0, .time = now, .value = temperature(now), .covariate = 0});
                const Time ahead = now + hours{49};
                samples.push_back({.series = 0, .time = ahead, .value = temperature(ahead), .covariate = 0});
            }
            book->take(samples, now);
            book->work(memory, now);
            collect();
        }
    }
    // Of the coming day: as told, and as the history alone has it.
    std::pair<double, double> errors_of_a_day() {
        const auto told = latest.find("load");
        const auto plain = book->find("load")->forecaster().forecast(HorizonClass::long_48h);
        double with = 0;
        double without = 0;
        for (std::size_t h = 1; h <= 24; ++h) {
            const double came = warm_load(told->steps[h].valid_at + minutes{30});
            with += std::abs(told->steps[h].p50 - came) / 24;
            without += std::abs((*plain)[h].forecast.point - came) / 24;
        }
        return {with, without};
    }
};

TEST_F(BookWithTemperature, CovariatesAreUsedNamedAndMissedWithoutHarm) {
    live_with_weather(hours{24 * 28}, true);
    const auto told = book->report("load", now);
    EXPECT_NE(std::ranges::find(told.features, "covariate:temperature"), told.features.end());
    EXPECT_FALSE(told.covariate_substituted);
    double with = 0;
    double without = 0;
    for (int day = 0; day < 8; ++day) {
        live_with_weather(hours{24}, true);
        const auto [said, plain] = errors_of_a_day();
        with += said;
        without += plain;
    }
    EXPECT_LT(with, 0.9 * without);
    // Given for one hour it counts for that.
    const auto* series = book->find("load");
    const Time noon = now + hours{12};
    const auto hot = series->forecast_at(noon, std::vector{40.0});
    const auto mild = series->forecast_at(noon, std::vector{22.0});
    ASSERT_TRUE(hot && mild);
    EXPECT_GT(hot->point, mild->point + 40);

    begin();  // killed: what was learnt is of the last night
    EXPECT_TRUE(book->find("load")->covariates().used(false));

    live_with_weather(hours{24 * 4}, false);  // nobody tells any more
    const auto silent = book->report("load", now);
    const auto& hours_to_come = silent.of(HorizonClass::long_48h).steps;
    ASSERT_EQ(hours_to_come.size(), 48U);
    for (const auto& step : hours_to_come) {
        EXPECT_TRUE(std::isfinite(step.forecast.point));
        EXPECT_GT(step.forecast.point, 30) << "never as if it were 0 degrees";
        EXPECT_LT(step.forecast.point, 230);
    }
    EXPECT_TRUE(book->find("load")->covariates().effect_at(now + hours{5}, now).substituted);

    settings.series[0].covariates = {{.name = "humidity"}};
    book->configure(settings, memory, now);
    EXPECT_FALSE(book->find("load")->covariates().used(false)) << "another one begins anew";
    EXPECT_GT(book->find("load")->forecaster().samples(), 2000U) << "and nothing else does";
}

// Two weeks of prices, told at once: those to come are known, and what is beyond them is forecast now.
TEST_F(SeriesBookTest, WhatIsPublishedAheadIsKnownAndForecastsAreOfNow) {
    auto spot = series_of("spot");
    spot.kind = forecast::SeriesKind::price;
    spot.step = hours{1};
    spot.price = "spot";
    settings.series = {spot};
    book->configure(settings, memory, now);
    const auto price = [](Time time) { return load(time) / 2; };
    const auto publish = [&](Time from, Time to) {
        std::vector<SeriesSample> samples;
        for (Time time = from; time < to; time += hours{1})
            samples.push_back({.series = 0, .time = time, .value = price(time)});
        book->take(samples, now);
        book->work(memory, now);
        collect();
    };
    now = start + hours{24 * 14 + 13} + minutes{10};
    const Time known_until = start + hours{24 * 16};
    publish(start, known_until);
    const auto check = [&](Time until) {
        const auto& told = reports.back();
        EXPECT_EQ(told.issued_at, now);
        EXPECT_EQ(told.known_until, until);
        const auto& steps = told.of(HorizonClass::long_48h).steps;
        ASSERT_EQ(steps.size(), 48U);
        EXPECT_EQ(steps.front().valid_at, start + hours{(now - start) / hours{1}});
        for (std::size_t i = 0; i < steps.size(); ++i) {
            const auto& q = steps[i].forecast.quantiles;
            EXPECT_EQ(steps[i].valid_at, steps.front().valid_at + hours{static_cast<int>(i)});
            EXPECT_NEAR(q.p50, price(steps[i].valid_at), 5);
            if (steps[i].valid_at < until) {
                EXPECT_EQ(q.p50, price(steps[i].valid_at));
                EXPECT_EQ(q.lower95, q.upper95);
            } else {
                EXPECT_LT(q.lower95, q.upper95);
            }
        }
        EXPECT_EQ(told.of(HorizonClass::medium_60min).steps.front().forecast.quantiles.p99,
                  price(told.of(HorizonClass::medium_60min).steps.front().valid_at));
        EXPECT_NE(std::ranges::find(told.features, "published_prices"), told.features.end());
        EXPECT_EQ(latest.find("spot")->issued_at, now);
        EXPECT_EQ(book->known("spot", steps.front().valid_at), steps.front().forecast.point);
        EXPECT_EQ(book->known("spot", until), std::nullopt);
    };
    check(known_until);
    ASSERT_FALSE(retrained.empty());
    for (const auto& one : retrained) EXPECT_LE(one.version.trained_to, now);
    for (const auto& row : memory.matched) EXPECT_LE(row.match.issued_at, now);

    begin();  // after a restart too, when the source has told once more what it told before
    publish(start + hours{(now - start) / hours{1}}, known_until);
    check(known_until);

    reports.clear();
    now += hours{1};
    book->take({}, now);
    collect();
    ASSERT_EQ(reports.size(), 1U) << "told each hour, also without news";
    check(known_until);

    now += hours{23};
    memory.matched.clear();
    publish(known_until, known_until + hours{24});
    check(known_until + hours{24});
    std::size_t of_long = 0;
    for (const auto& row : memory.matched) {
        EXPECT_EQ(row.match.horizon, HorizonClass::long_48h) << "15 and 60 min ahead nothing is forecast";
        ++of_long;
    }
    EXPECT_GE(of_long, 23U) << "what was forecast of that day has come";
}

TEST_F(SeriesBookTest, APastThatIsToldAtOnceIsForecastDayByDay) {
    now = start + hours{24 * 20};
    std::vector<SeriesSample> samples;
    for (Time time = start; time < now; time += quarter)
        samples.push_back({.series = 0, .time = time, .value = load(time)});
    book->take(samples, now);
    collect();
    std::size_t of_long = 0;
    for (const auto& row : memory.matched) {
        if (row.match.horizon != HorizonClass::long_48h) continue;
        ++of_long;
        EXPECT_LE(row.match.issued_at, row.match.said.valid_at);
    }
    EXPECT_GT(of_long, std::size_t{24 * 17});
    EXPECT_TRUE(book->report("load", now).of(HorizonClass::long_48h).confidence);
    EXPECT_EQ(reports.size(), 3U) << "told once, beside the two beginnings";
    EXPECT_LE(memory.states.at("load@1").saved_at, now);
    retrained.clear();
    book->work(memory, now);
    collect();
    ASSERT_EQ(retrained.size(), 1U) << "the newest midnight is one of its own";
    EXPECT_GT(retrained[0].version.trained_to, now - hours{24});
}

TEST_F(SeriesBookTest, CountsLateValues) {
    live(hours{2});
    const std::vector<SeriesSample> samples{{.series = 0, .time = start - quarter, .value = 1},
                                            {.series = 99, .time = now, .value = 1}};
    book->take(samples, now);
    collect();
    EXPECT_EQ(late, 1U);
    ASSERT_EQ(troubles.size(), 1U) << "and says so";
    EXPECT_NE(troubles[0].find("load leaves out values: 0 stamped more than a step ahead, 1 too late"),
              std::string::npos)
        << troubles[0];
    for (int i = 0; i < 3; ++i) {
        book->take(samples, now);
        collect();
    }
    EXPECT_EQ(troubles.size(), 1U) << "once an hour";
    book->take({}, now + hours{1});
    collect();
    EXPECT_EQ(troubles.size(), 2U);
}

TEST_F(SeriesBookTest, ALateValueCorrectsItsStepAndTheForecastsOfItInTheStore) {
    live(hours{24 * 3});
    const Time step = now - hours{2};
    const auto kept = [&](const auto& rows, const auto& is_it) { return std::ranges::count_if(rows, is_it); };
    const auto of_step = [&](const MatchedForecastRow& row) {
        return row.match.horizon == HorizonClass::medium_60min && row.match.said.valid_at == step;
    };
    ASSERT_EQ(kept(memory.matched, of_step), 1);
    memory.matched.clear();
    book->take(std::vector<SeriesSample>{{.series = 0, .time = step, .value = 4321}}, now);
    collect();
    EXPECT_EQ(late, 0U);
    ASSERT_EQ(kept(memory.matched, of_step), 1);
    EXPECT_EQ(std::ranges::find_if(memory.matched, of_step)->match.actual, 4321);
    EXPECT_TRUE(std::ranges::any_of(memory.steps["load@1"], [&](const forecast::ClosedStep& one) {
        return one.begin == step && one.value == 4321;
    }));
}

TEST_F(SeriesBookTest, AValueStampedAheadStopsNothing) {
    live(hours{2});
    const std::vector<SeriesSample> ahead{{.series = 0, .time = now + hours{24 * 6}, .value = 1}};
    book->take(ahead, now);
    collect();
    ASSERT_EQ(troubles.size(), 1U);
    EXPECT_NE(troubles[0].find("1 stamped more than a step ahead"), std::string::npos) << troubles[0];
    const auto before = memory.steps["load@1"].size();
    live(hours{1});
    EXPECT_EQ(memory.steps["load@1"].size(), before + 4);
    EXPECT_EQ(late, 0U);
}

TEST_F(SeriesBookTest, AStepOfThePastWaitsForAllOfItsValues) {
    now = start + hours{72};
    for (const double value : {1.0, 100.0, 100.0}) {
        const std::vector<SeriesSample> samples{{.series = 0, .time = start, .value = value}};
        book->take(samples, now);
        now += std::chrono::seconds{2};
    }
    book->take({}, now + std::chrono::seconds{10});
    collect();
    ASSERT_EQ(memory.steps["load@1"].size(), 1U);
    EXPECT_DOUBLE_EQ(memory.steps["load@1"][0].value, 67);
    EXPECT_EQ(late, 0U);
}

}  // namespace
}  // namespace sitepower::series_book_test
