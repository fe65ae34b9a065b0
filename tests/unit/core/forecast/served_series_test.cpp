#include "core/forecast/served_series.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "tests/unit/core/forecast/synthetic.hpp"

namespace sitepower::forecast::served_series_test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr Duration quarter{minutes{15}};
constexpr std::size_t day = 96;
const Time start = *parse_time("2026-03-02T00:00:00Z");

Time at(std::size_t i) {
    return start + quarter * static_cast<std::int64_t>(i);
}

std::unique_ptr<ServedSeries> make(const EventBook* events = nullptr,
                                   std::optional<CounterSettings> counter = {}) {
    auto made = ServedSeries::make({.name = "load",
                                    .kind = SeriesKind::consumption,
                                    .forecaster = {.step = quarter},
                                    .counter = counter},
                                   events);
    EXPECT_TRUE(made);
    return std::move(made.value());
}

double load(std::size_t i) {
    return daily(i, day) + std::sin(static_cast<double>(i * i));
}

// As the daemon does: a refit that is due comes between two values.
void refit_if_due(ServedSeries& series) {
    if (!series.refit_due()) return;
    auto refit = series.refit();
    ASSERT_TRUE(refit);
    series.adopt(std::move(refit.value()));
}

void feed(ServedSeries& series, std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) {
        series.value(at(i), load(i));
        refit_if_due(series);
    }
}

std::vector<double> long_points(const ServedSeries& series) {
    std::vector<double> points;
    const auto said = series.forecast(HorizonClass::long_48h);
    EXPECT_TRUE(said);
    for (const auto& step : *said) points.push_back(step.forecast.point);
    return points;
}

TEST(ServedSeries, AveragesTheValuesOfAStep) {
    auto series = make();
    for (int i = 0; i < 15; ++i) EXPECT_FALSE(series->value(start + minutes{i}, 10 + i).step_closed());
    EXPECT_TRUE(series->value(start + minutes{15}, 99).step_closed());
    EXPECT_EQ(series->forecaster().samples(), 1U);
    EXPECT_EQ(series->forecaster().long_horizon().ensemble().history().size(), 0U);
    series->tick(start + minutes{20});
    EXPECT_EQ(series->forecaster().samples(), 1U) << "its step is not over";
    EXPECT_TRUE(series->tick(start + minutes{30}).step_closed());
    EXPECT_FALSE(series->tick(start + minutes{45}).step_closed()) << "nothing came";
    const auto said = series->forecast(HorizonClass::short_15min);
    ASSERT_TRUE(said);
    EXPECT_EQ(said->front().forecast.point, 99);
}

TEST(ServedSeries, LeavesOutLateValuesAndNoValues) {
    auto series = make();
    bool accepted = false;
    series->value(at(5), 1, &accepted);
    EXPECT_TRUE(accepted);
    series->value(at(4), 1, &accepted);
    EXPECT_FALSE(accepted);
    series->value(at(5), std::nan(""), &accepted);
    EXPECT_FALSE(accepted);
}

void expect_same_scores(const ServedSeries& a, const ServedSeries& b, Time now) {
    for (const auto horizon : horizon_classes) {
        const auto one = a.accuracy(horizon, AccuracyWindow::week, now);
        const auto other = b.accuracy(horizon, AccuracyWindow::week, now);
        ASSERT_EQ(one.n, other.n) << static_cast<int>(horizon);
        ASSERT_GE(one.n, 30U);
        EXPECT_NEAR(*one.mae, *other.mae, 1e-5 * *other.mae) << static_cast<int>(horizon);
        EXPECT_NEAR(*one.rmse, *other.rmse, 1e-5 * *other.rmse) << static_cast<int>(horizon);
        EXPECT_NEAR(*one.coverage95, *other.coverage95, 1e-9) << static_cast<int>(horizon);
    }
}

// The last step of an hour, and what is forecast of it.
constexpr std::size_t last_of_hour = 15 * day + 3;

TEST(ServedSeries, ACorrectedValueScoresAsIfItHadComeInTime) {
    auto wrong = make();
    auto right = make();
    for (auto* series : {wrong.get(), right.get()}) {
        feed(*series, 0, last_of_hour);
        series->value(at(last_of_hour), series == right.get() ? load(last_of_hour) : 900);
        series->tick(at(last_of_hour + 1));
    }
    const Time now = at(last_of_hour + 1);
    const auto before = wrong->accuracy(HorizonClass::long_48h, AccuracyWindow::week, now);
    const auto corrected = wrong->correct(at(last_of_hour), load(last_of_hour));
    ASSERT_TRUE(corrected);
    EXPECT_NEAR(corrected->step.value, load(last_of_hour), 1e-9);
    EXPECT_EQ(corrected->matched.size(), 3U) << "one of each class is told anew";
    for (const auto& match : corrected->matched) EXPECT_NEAR(match.actual, load(last_of_hour), 40);
    EXPECT_NE(before.mae, wrong->accuracy(HorizonClass::long_48h, AccuracyWindow::week, now).mae);
    expect_same_scores(*wrong, *right, now);
    EXPECT_FALSE(wrong->correct(at(last_of_hour), load(last_of_hour))) << "told twice";
}

TEST(ServedSeries, AValueOfAStepThatNothingCameForScoresWhatWasForecastOfIt) {
    auto late = make();
    feed(*late, 0, last_of_hour);
    feed(*late, last_of_hour + 1, last_of_hour + 3);
    const Time now = at(last_of_hour + 3);
    const auto before = late->accuracy(HorizonClass::medium_60min, AccuracyWindow::week, now);
    const auto corrected = late->correct(at(last_of_hour), load(last_of_hour));
    ASSERT_TRUE(corrected);
    EXPECT_EQ(corrected->matched.size(), 3U);
    const auto after = late->accuracy(HorizonClass::medium_60min, AccuracyWindow::week, now);
    EXPECT_EQ(after.n, before.n + 1);
    late->correct(at(last_of_hour), load(last_of_hour) + 7);
    EXPECT_EQ(late->accuracy(HorizonClass::medium_60min, AccuracyWindow::week, now).n, after.n)
        << "corrected, not counted again";
}

TEST(ServedSeries, ALateValueOfTheHourInProgressCountsInIt) {
    auto late = make();
    auto in_time = make();
    feed(*late, 0, 15 * day);
    feed(*in_time, 0, 15 * day);
    for (std::size_t i = 15 * day; i < 15 * day + 4; ++i) {
        in_time->value(at(i), 500);
        late->value(at(i), i == 15 * day + 1 ? 900 : 500);
        if (i == 15 * day + 2) {
            EXPECT_TRUE(late->correct(at(15 * day + 1), 500));
        }
    }
    in_time->tick(at(15 * day + 4));
    const auto news = late->tick(at(15 * day + 4));
    const auto of_hour = std::ranges::find(news.matched, HorizonClass::long_48h, &MatchedForecast::horizon);
    ASSERT_NE(of_hour, news.matched.end());
    EXPECT_DOUBLE_EQ(of_hour->actual, 500);
}

TEST(ServedSeries, AllThatWasForecastOfAnHourCountsForAccuracy) {
    auto series = make();
    feed(*series, 0, 15 * day);
    const auto before = series->accuracy(HorizonClass::long_48h, AccuracyWindow::month, at(15 * day)).n;
    feed(*series, 15 * day, 16 * day);
    const auto after = series->accuracy(HorizonClass::long_48h, AccuracyWindow::month, at(16 * day)).n;
    EXPECT_EQ(after - before, 24U * 48) << "from an hour to two days ahead";
}

TEST(ServedSeries, ClaimsNoAccuracyBeforeThirtyMatches) {
    auto series = make();
    feed(*series, 0, 20);
    EXPECT_FALSE(series->accuracy(HorizonClass::short_15min, AccuracyWindow::day, at(20)).mae);
    EXPECT_FALSE(series->confidence(HorizonClass::short_15min, at(20)));
    feed(*series, 20, 24 * day);
    const Time now = at(24 * day);
    for (const auto horizon :
         {HorizonClass::short_15min, HorizonClass::medium_60min, HorizonClass::long_48h}) {
        const auto figures = series->accuracy(horizon, AccuracyWindow::week, now);
        ASSERT_GE(figures.n, 30U) << static_cast<int>(horizon);
        EXPECT_LT(*figures.mase, 1);
        ASSERT_TRUE(series->confidence(horizon, now));
        EXPECT_GT(*series->confidence(horizon, now), 0.7);
    }
}

// Means of hours change less from day to day than single steps do.
TEST(ServedSeries, ErrorsOfStepsAreMeasuredByTheNaiveErrorOfSteps) {
    auto series = make();
    Noise noise(5);
    std::vector<double> values;
    for (std::size_t i = 0; i < 16 * day; ++i) {
        values.push_back(daily(i, day) + 20 * noise.next());
        series->value(at(i), values.back());
        if (i + 1 < 16 * day) refit_if_due(*series);
    }
    double naive = 0;
    for (std::size_t i = 8 * day; i < 15 * day; ++i)
        naive += std::abs(values[i] - values[i - day]) / (7 * day);
    for (const auto horizon : {HorizonClass::short_15min, HorizonClass::medium_60min}) {
        const auto figures = series->accuracy(horizon, AccuracyWindow::week, at(16 * day));
        ASSERT_TRUE(figures.mase);
        EXPECT_NEAR(*figures.mase, *figures.mae / naive, 0.02 * *figures.mase);
        EXPECT_LT(*figures.mase, 1) << "better than what came a day before";
    }
}

TEST(ServedSeries, TellsAnAnomalyOnce) {
    auto series = make();
    feed(*series, 0, 15 * day);
    int told = 0;
    for (std::size_t i = 15 * day; i < 15 * day + 8; ++i) {
        const auto news = series->value(at(i), 900 + 5.0 * static_cast<double>(i % 3));
        if (!news.anomaly) continue;
        ++told;
        EXPECT_GT(news.anomaly->severity, 3);
        EXPECT_GT(news.anomalous_value, 800);
        ASSERT_TRUE(news.expected);
        EXPECT_LT(*news.expected, 300);
    }
    EXPECT_EQ(told, 1);
}

TEST(ServedSeries, RetrainsOnANewLevel) {
    auto series = make();
    feed(*series, 0, 15 * day);
    bool due = false;
    for (std::size_t i = 15 * day; i < 16 * day - 1; ++i) {
        series->value(at(i), load(i) + 400);
        due = due || series->refit_due();
        refit_if_due(*series);
        EXPECT_FALSE(series->refit_due());
    }
    EXPECT_TRUE(due);
}

TEST(ServedSeries, DriftIsToldAlsoWhereARefitComesEveryNight) {
    auto series = make();
    bool drifted = false;
    Noise noise(3);
    const auto live = [&](std::size_t from, std::size_t to, double spread) {
        for (std::size_t i = from; i < to; ++i) {
            const auto news = series->value(at(i), daily(i, day) + spread * noise.next());
            drifted = drifted || news.drift == Drift::errors_grew;
            if (i == 0 || i % day != 0) continue;
            auto refit = series->refit();
            ASSERT_TRUE(refit);
            series->adopt(std::move(refit.value()));
        }
    };
    live(0, 14 * day, 1);
    drifted = false;  // its first weekend was none of its days
    live(14 * day, 17 * day, 1);
    EXPECT_FALSE(drifted);
    live(17 * day, 19 * day, 3);
    EXPECT_TRUE(drifted);
}

TEST(ServedSeries, ForecastsUnderAnEventAndLearnsWithoutIt) {
    EventBook events;
    ASSERT_TRUE(events.add({.id = "e",
                            .type = "marketing_campaign",
                            .name = "",
                            .source = "",
                            .start = at(15 * day),
                            .end = at(16 * day),
                            .ramp = {},
                            .expected_multiplier = 2.0},
                           start));
    auto series = make(&events);
    feed(*series, 0, 15 * day + 1);
    const auto said = series->forecast(HorizonClass::short_15min);
    ASSERT_TRUE(said);
    EXPECT_NEAR(said->front().forecast.point, 2 * load(15 * day), 30);
    bool anomaly = false;
    for (std::size_t i = 15 * day + 1; i < 16 * day; ++i) {
        anomaly = series->value(at(i), 2 * load(i)).anomaly.has_value() || anomaly;
    }
    EXPECT_FALSE(anomaly);
    feed(*series, 16 * day, 16 * day + 2);
    const auto after = series->forecast(HorizonClass::medium_60min);
    EXPECT_NEAR(after->front().forecast.point, load(16 * day + 4), 15) << "the baseline stayed clean";
}

// A counter that nobody reads inside an event: what is spread over the gap is what was counted, and the
// baseline has it without the event, also when it is fitted from its steps.
TEST(ServedSeries, CleansWhatIsSpreadOverAGapOfTheEvent) {
    EventBook events;
    ASSERT_TRUE(events.add({.id = "e",
                            .type = "scheduled_maintenance",
                            .name = "",
                            .source = "",
                            .start = at(10 * day + 8),
                            .end = at(11 * day),
                            .ramp = {},
                            .expected_multiplier = 0.3},
                           start));
    auto series = make(&events, CounterSettings{});
    double total = 0;
    std::vector<ClosedStep> steps;
    for (std::size_t i = 0; i < 12 * day; ++i) {
        if (i < 10 * day || i > 10 * day + 40) {
            const auto closed = series->value(at(i), total).closed;
            steps.insert(steps.end(), closed.begin(), closed.end());
            refit_if_due(*series);
        }
        total += i >= 10 * day + 8 && i < 11 * day ? 0.3 * load(i) : load(i);
    }
    for (const auto& step : steps) {
        const auto i = static_cast<std::size_t>((step.begin - start) / quarter);
        const double came = i >= 10 * day + 8 && i < 11 * day ? 0.3 * load(i) : load(i);
        EXPECT_NEAR(step.value, came, 20) << i << ": spread by what is forecast under the event";
    }
    const auto refit = series->refit_from(steps, at(12 * day));
    ASSERT_TRUE(refit);
    const Forecaster* const both[] = {&series->forecaster(), refit->forecaster.get()};
    for (const Forecaster* forecaster : both) {
        const auto values = forecaster->long_horizon().ensemble().history().values;
        for (std::size_t hour = 240; hour < 264; ++hour) {
            double mean = 0;
            for (std::size_t i = 4 * hour; i < 4 * hour + 4; ++i) mean += load(i) / 4;
            EXPECT_NEAR(values[hour] / mean, 1, 0.25) << hour;
        }
    }
}

TEST(ServedSeries, CountsAMeterThatRollsOver) {
    auto series = make(nullptr, CounterSettings{.wraps_at = 1000});
    double total = 900;
    for (std::size_t i = 0; i < 2 * day; ++i) {
        series->value(at(i), std::fmod(total, 1000.0));
        total += 7;
    }
    const auto said = series->forecast(HorizonClass::medium_60min);
    ASSERT_TRUE(said);
    EXPECT_NEAR(said->front().forecast.point, 7, 1e-9);
}

TEST(ServedSeries, SpreadsWhatWasCountedInAGap) {
    auto series = make(nullptr, CounterSettings{});
    double total = 0;
    std::size_t i = 0;
    for (; i < 10 * day; ++i) {
        series->value(at(i), total);
        refit_if_due(*series);
        total += load(i);
    }
    const double before = total;
    for (const std::size_t back = i + day; i < back; ++i) total += load(i);  // nothing is read for a day
    const auto news = series->value(at(i), total);
    EXPECT_FALSE(news.anomaly);
    EXPECT_FALSE(news.level_shift);
    // The last reading was at the beginning of the last step before the gap.
    double counted = 0;
    for (const auto& step : news.closed) {
        EXPECT_FALSE(step.observed);
        EXPECT_NEAR(step.value, load(static_cast<std::size_t>((step.begin - start) / quarter)), 12);
        counted += step.value;
    }
    EXPECT_EQ(news.closed.size(), day + 1);
    EXPECT_NEAR(counted, total - (before - load(10 * day - 1)), 1e-6) << "no energy is lost or made";
    const auto said = series->forecast(HorizonClass::medium_60min);
    ASSERT_TRUE(said);
    EXPECT_NEAR(said->front().forecast.point, load(i + 3), 15) << "and no spike is left behind";
}

TEST(ServedSeries, CountsAStepOnceAlsoWhenAValueComesAfterItsEnd) {
    auto series = make();
    series->value(start, 10);
    ASSERT_TRUE(series->tick(start + quarter).step_closed());
    bool accepted = true;
    EXPECT_FALSE(series->value(start + minutes{14}, 99, &accepted).step_closed());
    EXPECT_FALSE(accepted) << "its step is closed";
    const auto news = series->tick(start + 2 * quarter);
    EXPECT_FALSE(news.step_closed());
    EXPECT_EQ(series->forecaster().samples(), 1U);
}

TEST(ServedSeries, KeepsHoursApartWhenTheirLastStepIsMissing) {
    auto series = make();
    feed(*series, 0, 9 * day);
    std::vector<MatchedForecast> told;
    const auto note = [&](const SeriesNews& news) {
        for (const auto& match : news.matched) {
            if (match.horizon == HorizonClass::long_48h) told.push_back(match);
        }
    };
    for (std::size_t i = 9 * day; i < 9 * day + 8; ++i) {
        if (i != 9 * day + 3) note(series->value(at(i), i < 9 * day + 4 ? 100 : 200));
    }
    note(series->value(at(9 * day + 8), 100));
    ASSERT_EQ(told.size(), 3U) << "the hour before them, too";
    EXPECT_EQ(told[1].actual, 100);
    EXPECT_EQ(told[1].said.valid_at, at(9 * day));
    EXPECT_EQ(told[2].actual, 200);
    EXPECT_EQ(told[2].said.valid_at, at(9 * day + 4));
}

TEST(ServedSeries, DoesNotMatchAnHourThatWasHardlySeen) {
    auto series = make();
    feed(*series, 0, 9 * day);
    series->value(at(9 * day), 100);
    const auto news = series->value(at(9 * day + 8), 100);  // closes the step, and with it nothing else
    for (const auto& match : news.matched) EXPECT_NE(match.horizon, HorizonClass::long_48h);
}

TEST(ServedSeries, NeverRefitsWhileItTakesAValue) {
    auto series = make();
    for (std::size_t i = 0; i < 3 * day; ++i) series->value(at(i), load(i));
    EXPECT_TRUE(series->refit_due());
    EXPECT_FALSE(series->forecast(HorizonClass::long_48h)) << "nobody has fitted it";
    refit_if_due(*series);
    EXPECT_FALSE(series->refit_due());
    EXPECT_TRUE(series->forecast(HorizonClass::long_48h));
}

TEST(ServedSeries, ARefitChangesNothingUntilItIsAdopted) {
    auto series = make();
    feed(*series, 0, 30 * day);
    const auto before = long_points(*series);
    auto refit = series->refit();
    ASSERT_TRUE(refit);
    EXPECT_EQ(long_points(*series), before);
    ASSERT_TRUE(refit->metrics.mase);
    EXPECT_LT(*refit->metrics.mase, 1);
    ASSERT_TRUE(refit->metrics.smape_pct);
    series->adopt(std::move(refit.value()));
    EXPECT_EQ(series->forecaster().newest(), at(30 * day - 2));
}

TEST(ServedSeries, IsFittedFromScratchOnAPartOfItsSteps) {
    auto series = make();
    std::vector<ClosedStep> steps;
    for (std::size_t i = 0; i < 20 * day; ++i) {
        for (const auto& step : series->value(at(i), load(i)).closed) steps.push_back(step);
        refit_if_due(*series);
    }
    const auto refit = series->refit_from(steps, at(15 * day));
    ASSERT_TRUE(refit);
    EXPECT_EQ(refit->forecaster->newest(), series->forecaster().newest());
    const auto again = series->refit_from(steps, at(15 * day));
    EXPECT_EQ(refit->forecaster->save(), again->forecaster->save()) << "the same steps give the same model";
    const auto few = series->refit_from(std::span(steps).first(10), at(15 * day));
    ASSERT_FALSE(few);
    EXPECT_EQ(few.error().code, ErrorCode::insufficient_data);
}

TEST(ServedSeries, MatchesTellTheBaselineToo) {
    EventBook events;
    ASSERT_TRUE(events.add({.id = "e",
                            .type = "marketing_campaign",
                            .name = "",
                            .source = "",
                            .start = at(10 * day),
                            .end = at(11 * day),
                            .ramp = {},
                            .expected_multiplier = 2.0},
                           start));
    auto series = make(&events);
    feed(*series, 0, 10 * day + 5);
    const auto news = series->value(at(10 * day + 5), 2 * load(10 * day + 5));
    ASSERT_FALSE(news.matched.empty());
    for (const auto& match : news.matched) EXPECT_DOUBLE_EQ(match.said.forecast.point, 2 * match.baseline);
}

TEST(ServedSeries, TrustsOldDataLess) {
    auto series = make();
    feed(*series, 0, 12 * day);
    const Time newest = at(12 * day);
    const auto fresh = series->confidence(HorizonClass::medium_60min, newest);
    ASSERT_TRUE(fresh);
    EXPECT_LT(*series->confidence(HorizonClass::medium_60min, newest + hours{12}), 0.6 * *fresh);
    EXPECT_EQ(series->confidence(HorizonClass::medium_60min, newest + hours{25}), 0);
}

TEST(ServedSeries, ReplaysItsStepsToTheSameState) {
    auto lived = make();
    auto replayed = make();
    for (std::size_t i = 0; i < 3 * day; ++i) {
        for (const auto& step : lived->value(at(i), load(i)).closed) replayed->replay(step);
        refit_if_due(*lived);
        refit_if_due(*replayed);
    }
    EXPECT_EQ(long_points(*lived), long_points(*replayed));
    EXPECT_FALSE(replayed->replay({.begin = at(1), .value = 1}).step_closed()) << "it knows that one";
    bool accepted = true;
    replayed->value(at(3 * day - 2), 1, &accepted);
    EXPECT_FALSE(accepted) << "values of replayed steps are late";
}

TEST(ServedSeries, ACounterGoesOnFromAnOldStateAndTheStepsAfterIt) {
    auto lived = make(nullptr, CounterSettings{});
    auto restored = make(nullptr, CounterSettings{});
    double total = 1000;
    std::vector<ClosedStep> stored;
    for (std::size_t i = 0; i < 3 * day; ++i) {
        if (i == 2 * day + 30) {
            ASSERT_TRUE(restored->load(lived->save()));
            stored.clear();
        }
        const auto news = lived->value(at(i) + minutes{7}, total);
        stored.insert(stored.end(), news.closed.begin(), news.closed.end());
        refit_if_due(*lived);
        total += load(i);
    }
    for (const auto& step : stored) restored->replay(step);
    double counted = 0;
    for (std::size_t i = 3 * day; i < 3 * day + 4; ++i) {
        const auto wanted = lived->value(at(i) + minutes{7}, total).closed;
        const auto found = restored->value(at(i) + minutes{7}, total).closed;
        ASSERT_EQ(found.size(), wanted.size());
        for (std::size_t s = 0; s < found.size(); ++s) {
            EXPECT_EQ(found[s].begin, wanted[s].begin);
            EXPECT_NEAR(found[s].value, wanted[s].value, 0.5) << "readings lie seven minutes into steps";
            EXPECT_TRUE(found[s].observed);
            counted += found[s].value - wanted[s].value;
        }
        total += load(i);
    }
    EXPECT_NEAR(counted, 0, 1e-6) << "nothing is lost or counted twice";
}

TEST(ServedSeries, ContinuesFromItsBlobBitForBit) {
    for (const bool counts : {false, true}) {
        const auto counter = counts ? std::optional(CounterSettings{.wraps_at = 1e6}) : std::nullopt;
        auto series = make(nullptr, counter);
        auto loaded = make(nullptr, counter);
        double total = 0;
        std::size_t i = 0;
        const auto live = [&](ServedSeries& one) {
            one.value(at(i) + minutes{7}, counts ? total : load(i));
            refit_if_due(one);
        };
        for (; i < 12 * day; ++i) {
            live(*series);
            total += load(i);
        }
        ASSERT_TRUE(loaded->load(series->save()));
        EXPECT_EQ(series->save(), loaded->save());
        for (; i < 13 * day; ++i) {
            live(*series);
            live(*loaded);
            total += load(i);
        }
        EXPECT_EQ(series->save(), loaded->save());
        const auto figures = loaded->accuracy(HorizonClass::medium_60min, AccuracyWindow::month, at(i));
        EXPECT_GT(figures.n, 10 * day) << "accuracy goes on";
    }
}

TEST(ServedSeries, RefusesTheStateOfAnother) {
    auto series = make();
    feed(*series, 0, 2 * day);
    auto counter = make(nullptr, CounterSettings{});
    EXPECT_FALSE(counter->load(series->save()));
    EXPECT_EQ(counter->forecaster().samples(), 0U);
    auto blob = series->save();
    blob[blob.size() / 2] ^= std::byte{1};
    EXPECT_FALSE(series->load(blob));
    blob.resize(10);
    EXPECT_FALSE(series->load(blob));
}

}  // namespace
}  // namespace sitepower::forecast::served_series_test
