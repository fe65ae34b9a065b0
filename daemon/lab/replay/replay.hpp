// `sitepower-lab replay`: the engine over the frames of a store, and what it makes of them beside what the
// daemon made of them. Main thread.
#pragma once

#include "core/base/result.hpp"
#include "daemon/config/config.hpp"
#include "daemon/lab/command.hpp"
#include "daemon/lab/replay/replayed_site.hpp"

namespace sitepower::lab {

struct ReplaySpan {
    Time from = from_ms(0);
    Time to = from_ms(4'102'444'800'000);  // the year 2100
};

struct ReplayOutcome {
    std::size_t frames = 0;
    std::size_t skipped = 0;         // of devices and points that the configuration does not have
    std::size_t damaged_blocks = 0;  // read as far as they could be
    std::optional<Time> first;
    std::optional<Time> last;
    std::vector<BatteryState> batteries;  // at the end
    std::vector<BatteryDifference> differences;
    AlertDifference alerts;
};

// An Error is the store's: it cannot be read, or it is not of this program's schema.
Result<ReplayOutcome> replay(Reader& reader, const config::Config& config, const ReplaySpan& span);

// The figures, with their goals: something was compared of every battery, and all of it was alike.
void tell_outcome(const ReplayOutcome& outcome, const SiteModel& model, Report& report);

Run describe_replay(CLI::App& command);

}  // namespace sitepower::lab
