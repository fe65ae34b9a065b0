// Instance files of sitepower-lab solve: anything is read or refused with a place, and what is read can be
// solved.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/dispatch/plan.hpp"
#include "daemon/lab/solve/instance.hpp"

namespace {

void solve(const sitepower::lab::Instance& instance) {
    using namespace sitepower;
    if (const auto* dispatch = std::get_if<lab::DispatchInstance>(&instance)) {
        // Small ones only: the fuzzer looks for crashes, not for long computations.
        if (dispatch->problem.steps() > 24 || dispatch->problem.batteries.size() > 3) return;
        if (!dispatch::make_plan(dispatch->problem)) __builtin_trap();
    } else {
        sitepower::dispatch::Allocation allocation;
        sitepower::dispatch::Auctioneer().run(std::get<lab::AuctionInstance>(instance).auction, allocation);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto instances = sitepower::lab::read_instances({reinterpret_cast<const char*>(data), size});
    if (!instances) {
        if (instances.error().message.empty()) __builtin_trap();
        return 0;
    }
    for (const auto& instance : *instances) solve(instance);
    return 0;
}
