// What is stored and read back: every part of a forecaster continues as if it had not been away, and refuses
// what is cut short.
#include <gtest/gtest.h>

#include <array>
#include <functional>

#include "core/forecast/anomaly.hpp"
#include "core/forecast/backtest_interval.hpp"
#include "core/forecast/drift.hpp"
#include "core/forecast/history_buffer.hpp"
#include "core/forecast/horizon_forecaster.hpp"
#include "core/forecast/outlier_filter.hpp"
#include "core/forecast/safeguard.hpp"
#include "core/forecast/short_regression/short_regression.hpp"
#include "core/forecast/transform.hpp"
#include "tests/unit/core/forecast/synthetic.hpp"

namespace sitepower::forecast::state_test {
namespace {

template <class Part>
std::vector<std::byte> saved(const Part& part) {
    BlobWriter writer;
    part.save(writer);
    return writer.finish(1, 1);
}

// Loads into `part`, and again from every shorter body, which must be noticed.
template <class Part>
void reload(const std::vector<std::byte>& blob, Part& part, const std::function<Part()>& fresh) {
    constexpr std::size_t header = 32;
    const std::span<const std::byte> body = std::span(blob).subspan(header);
    for (std::size_t cut = 0; cut < body.size(); cut += 1 + body.size() / 40) {
        BlobWriter writer;
        for (const std::byte byte : body.first(cut)) writer.put(static_cast<std::uint8_t>(byte));
        const auto shorter = writer.finish(1, 1);
        auto reader = BlobReader::open(shorter, 1, 1);
        ASSERT_TRUE(reader);
        Part victim = fresh();
        victim.load(*reader);
        ASSERT_FALSE(reader->finished()) << cut << " of " << body.size();
    }
    auto reader = BlobReader::open(blob, 1, 1);
    ASSERT_TRUE(reader);
    part.load(*reader);
    ASSERT_TRUE(reader->finished());
}

TEST(State, OfASafeguard) {
    const auto fresh = [] { return Safeguard(2, 10, 5); };
    Safeguard one = fresh();
    for (int i = 0; i < 8; ++i) one.mature(3, std::array{2.0, 1.0});
    Safeguard other = fresh();
    reload<Safeguard>(saved(one), other, fresh);
    EXPECT_TRUE(other.engaged());
    EXPECT_EQ(other.best_naive(), 1U);
    for (auto* safeguard : {&one, &other}) safeguard->mature(0.1, std::array{2.0, 1.0});
    EXPECT_EQ(saved(one), saved(other));
}

TEST(State, OfAnOutlierFilter) {
    const auto fresh = [] { return OutlierFilter(200); };
    OutlierFilter one = fresh();
    Noise noise(1);
    for (int i = 0; i < 150; ++i) one.judge(100, 100 + noise.next());
    for (int i = 0; i < 4; ++i) one.judge(100, 500);
    OutlierFilter other = fresh();
    reload<OutlierFilter>(saved(one), other, fresh);
    for (auto* filter : {&one, &other}) {
        EXPECT_FALSE(filter->judge(100, 500).level_shift);
        EXPECT_TRUE(filter->judge(100, 500).level_shift) << "the run goes on after a restart";
    }
}

TEST(State, OfAnAnomalyDetector) {
    const auto fresh = [] { return AnomalyDetector(AnomalySettings{}); };
    AnomalyDetector one = fresh();
    one.see(1e-4);
    AnomalyDetector other = fresh();
    reload<AnomalyDetector>(saved(one), other, fresh);
    EXPECT_TRUE(other.see(1e-4)) << "the second rare one, though the first came before the restart";
}

TEST(State, OfADriftDetector) {
    const auto fresh = [] { return DriftDetector(100); };
    DriftDetector one = fresh();
    Noise noise(1);
    for (int i = 0; i < 150; ++i) one.see(1 + 0.5 * noise.next(), i % 20 != 0);
    DriftDetector other = fresh();
    reload<DriftDetector>(saved(one), other, fresh);
    EXPECT_EQ(one.coverage(), other.coverage());
    int a = 0;
    int b = 0;
    while (one.see(10, true) == Drift::none) ++a;
    while (other.see(10, true) == Drift::none) ++b;
    EXPECT_EQ(a, b);
}

TEST(State, OfATransform) {
    const auto fresh = [] { return Transform(); };
    for (const Domain domain : {Domain::raw, Domain::log, Domain::asinh}) {
        const auto one = Transform::fitted(domain, std::vector<double>{1, 2, 9, 4});
        Transform other;
        reload<Transform>(saved(one), other, fresh);
        EXPECT_EQ(one.forward(7), other.forward(7));
    }
    BlobWriter writer;
    writer.put(std::uint8_t{9});  // there is no such domain
    writer.put(0.0);
    writer.put(1.0);
    const auto blob = writer.finish(1, 1);
    auto reader = BlobReader::open(blob, 1, 1);
    Transform transform;
    transform.load(*reader);
    EXPECT_FALSE(reader->ok());
}

TEST(State, OfAShortRegression) {
    const auto fresh = [] { return ShortRegression(regressor_sets()[0], 24, 2); };
    ShortRegression one = fresh();
    std::vector<double> values;
    Noise noise(3);
    for (std::size_t t = 0; t < 300; ++t) {
        values.push_back(daily(t) + noise.next());
        one.absorb(values);
    }
    one.settle();
    ShortRegression other = fresh();
    reload<ShortRegression>(saved(one), other, fresh);
    EXPECT_EQ(one.predict(values), other.predict(values));
    values.push_back(5);
    for (auto* regression : {&one, &other}) {
        regression->absorb(values);
        regression->settle();
    }
    EXPECT_EQ(one.predict(values), other.predict(values));
}

TEST(State, OfAHorizonForecaster) {
    const Seasons seasons;
    const auto fresh = [&] { return HorizonForecaster(seasons, 3, true); };
    HorizonForecaster one = fresh();
    HistoryBuffer buffer(seasons, 3, 500);
    Noise noise(3);
    const auto push = [&](std::size_t t, std::initializer_list<HorizonForecaster*> forecasters) {
        const double value = daily(t) + noise.next();
        buffer.push(value, value, true, static_cast<std::uint16_t>(t % 168));
        for (auto* forecaster : forecasters) {
            forecaster->push({buffer.view(HistoryBuffer::raw), buffer.view(HistoryBuffer::transformed)},
                             Transform());
            if (t % 24 == 23) forecaster->settle();
        }
    };
    for (std::size_t t = 0; t < 600; ++t) push(t, {&one});
    HorizonForecaster other = fresh();
    reload<HorizonForecaster>(saved(one), other, fresh);
    for (std::size_t t = 600; t < 700; ++t) {
        push(t, {&one, &other});
        ASSERT_EQ(one.current()->point, other.current()->point) << t;
        ASSERT_EQ(one.current()->quantiles.p99, other.current()->quantiles.p99) << t;
    }
    EXPECT_EQ(saved(one), saved(other));
}

TEST(State, OfABacktestInterval) {
    const auto fresh = [] { return BacktestInterval(); };
    BacktestOrigin origin;
    Noise noise(1);
    for (int h = 0; h < 48; ++h) {
        origin.forecast.push_back(100);
        origin.actual.push_back(100 + 5 * noise.next());
        origin.scored.push_back(1);
    }
    const BacktestInterval one(std::vector{origin, origin}, 8, true);
    BacktestInterval other;
    reload<BacktestInterval>(saved(one), other, fresh);
    EXPECT_TRUE(other.calibrated());
    const std::vector<double> said(48, 90);
    const std::vector<double> spread(48, 1);
    std::vector<double> a(48);
    std::vector<double> b(48);
    std::vector<double> c(48);
    std::vector<double> d(48);
    one.bounds(said, spread, a, b);
    other.bounds(said, spread, c, d);
    EXPECT_EQ(a, c);
    EXPECT_EQ(b, d);
}

}  // namespace
}  // namespace sitepower::forecast::state_test
