// A sample must not allocate: the box runs for years. Counts what operator new hands out meanwhile; all other
// tests of this program go through the same operator, which does nothing else.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "core/forecast/forecaster.hpp"
#include "core/forecast/long_forecaster.hpp"
#include "tests/unit/core/forecast/synthetic.hpp"

namespace {

thread_local bool counting = false;
thread_local std::size_t allocations = 0;

void* allocate(std::size_t size) {
    if (counting) ++allocations;
    if (void* memory = std::malloc(size > 0 ? size : 1)) return memory;
    throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t size) {
    return allocate(size);
}
void* operator new[](std::size_t size) {
    return allocate(size);
}
// What the standard library asks for scratch room, too: else that would come from another allocator than it
// goes back to.
void* operator new(std::size_t size, const std::nothrow_t& /*tag*/) noexcept {
    if (counting) ++allocations;
    return std::malloc(size > 0 ? size : 1);
}
void* operator new[](std::size_t size, const std::nothrow_t& tag) noexcept {
    return operator new(size, tag);
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete[](void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
    std::free(memory);
}

namespace sitepower::forecast::allocation_test {
namespace {

template <class Work>
std::size_t allocations_of(const Work& work) {
    allocations = 0;
    counting = true;
    work();
    counting = false;
    return allocations;
}

TEST(Allocation, TheCountCounts) {
    EXPECT_EQ(allocations_of([] { std::vector<int>(7).at(0) = 1; }), 1U);
}

TEST(Allocation, AnHourOfAFittedLongForecasterTakesNone) {
    const Series series = make_series(1000, 5);
    LongForecaster forecaster({.longest_history = 970}, true);
    const History history = series.until(960, 48);
    forecaster.fit(history.values, history.learnable, history.slots);
    std::vector<IssuedStep> steps(48);
    EXPECT_EQ(allocations_of([&] {
                  for (std::size_t t = 960; t < 1000; ++t) {
                      forecaster.update(series.values[t], true, series.slots[t]);
                      forecaster.forecast(steps);
                  }
              }),
              0U);
}

TEST(Allocation, ASampleOfAForecasterTakesNone) {
    auto made = Forecaster::make({.step = Duration{900'000}});
    auto& forecaster = *made.value();
    const Time start = *parse_time("2026-03-02T00:00:00Z");
    const auto feed = [&](std::size_t from, std::size_t to) {
        for (std::size_t i = from; i < to; ++i) {
            forecaster.update(start + Duration{900'000} * static_cast<std::int64_t>(i), daily(i, 96));
        }
    };
    feed(0, 30 * 96);
    EXPECT_EQ(allocations_of([&] { feed(30 * 96, 30 * 96 + 90); }), 0U) << "nearly a day, hours closed in it";
}

}  // namespace
}  // namespace sitepower::forecast::allocation_test
