// Weeks of the forecast thread's life in virtual time.
#include "daemon/forecast/series_book.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numbers>

#include "tests/support/fake_memory.hpp"

namespace sitepower {
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
                                       now);
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

TEST_F(SeriesBookTest, RefusesEventsThatCannotBe) {
    SeriesEvent event{
        .event = {.id = "", .type = "flood", .name = "", .source = "", .start = now, .end = now + hours{1}},
        .series = {"load"},
        .metadata = "{}",
        .realised = {}};
    EXPECT_EQ(book->add_event(event, now).error().code, ErrorCode::validation_error);
    event.event.type = "holiday";
    event.series = {"loud"};
    EXPECT_EQ(book->add_event(event, now).error().code, ErrorCode::not_found);
    event.series.clear();
    const auto all = book->add_event(event, now);
    ASSERT_TRUE(all);
    EXPECT_EQ(all->series.size(), 2U) << "without a series it concerns all";
    EXPECT_EQ(book->cancel_event(all->event.id, now)->event.cancelled, true);
    EXPECT_EQ(book->cancel_event(all->event.id, now).error().code, ErrorCode::conflict);
    EXPECT_EQ(book->cancel_event("EV-0", now).error().code, ErrorCode::not_found);
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
    ASSERT_TRUE(book->activate("load", newest + 1, memory, now));
    EXPECT_EQ(book->model_version("load"), newest + 1);
    EXPECT_EQ(memory.kept_jobs.back().status, JobStatus::done);

    const auto back = book->activate("load", version, memory, now);
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(book->model_version("load"), version);
    EXPECT_EQ(back->status, forecast::ModelStatus::active);
    EXPECT_EQ(book->activate("load", 999, memory, now).error().code, ErrorCode::not_found);
    memory.steps.clear();
    EXPECT_EQ(book->activate("load", version, memory, now).error().code, ErrorCode::insufficient_data);
}

TEST_F(SeriesBookTest, CancelsWhatIsQueuedAndFailsWhatWasCutOff) {
    live(hours{2});
    const auto first = book->retrain("load", {}, now);
    EXPECT_EQ(book->cancel_job(first->id, now)->status, JobStatus::cancelled);
    EXPECT_EQ(book->cancel_job(first->id, now).error().code, ErrorCode::conflict);
    const auto second = book->retrain("load", {}, now);
    collect();
    begin();
    const auto& job = book->jobs().back();
    EXPECT_EQ(job.id, second->id);
    EXPECT_EQ(job.status, JobStatus::failed);
    EXPECT_NE(job.result.find("restart"), std::string::npos);
}

TEST_F(SeriesBookTest, KeepsNoMoreJobsThanItSays) {
    for (std::size_t i = 0; i < SeriesBook::kept_jobs + 10; ++i) {
        const auto job = book->retrain("load", {}, now);
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

TEST_F(SeriesBookTest, CountsLateValues) {
    live(hours{2});
    const std::vector<SeriesSample> samples{{.series = 0, .time = start, .value = 1},
                                            {.series = 99, .time = now, .value = 1}};
    book->take(samples, now);
    collect();
    EXPECT_EQ(late, 1U);
}

}  // namespace
}  // namespace sitepower
