// When a state is told to others: at once when it has changed in kind (status, alerts, known or not and why),
// at most every state_interval when only a number has moved, every repeat_interval when nothing has. Owned by
// Site, one per kind of state.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "core/site/clock.hpp"
#include "core/site/settings.hpp"
#include "core/site/state.hpp"

namespace sitepower {

// A change of kind, or of a number by more than its noise: voltage 0.5 %, current and power 2 %, temperature
// 0.5 C, percentages half a point, resistance 1 %.
bool differs_in_kind(const BatteryState& a, const BatteryState& b);
bool differs_in_kind(const StringState& a, const StringState& b);
bool differs_in_kind(const UpsState& a, const UpsState& b);
bool differs_in_number(const BatteryState& a, const BatteryState& b);
bool differs_in_number(const StringState& a, const StringState& b);
bool differs_in_number(const UpsState& a, const UpsState& b);
// Nothing has been read yet: not worth telling, and it would overwrite what was told before a restart.
bool is_blank(const BatteryState& state);
bool is_blank(const StringState& state);
bool is_blank(const UpsState& state);

template <class State>
class Telling {
  public:
    Telling(std::size_t count, const SiteSettings& settings)
        : told_(count),
          state_interval_(settings.state_interval),
          repeat_interval_(settings.repeat_interval) {}

    void consider(std::size_t index, const State& state, const Moment& moment, std::vector<State>& out) {
        Told& told = told_[index];
        if (!told.at) {
            if (!told.considered) told.considered = moment.wall;
            // A part that stays blank is told in the end, once.
            if (is_blank(state) && since(*told.considered, moment) < state_interval_) return;
        } else if (!is_due(told, state, moment)) {
            return;
        }
        told.at = moment.wall;
        told.state = state;
        out.push_back(state);
    }

  private:
    struct Told {
        State state;
        std::optional<Time> at;  // wall
        std::optional<Time> considered;
    };

    bool is_due(const Told& told, const State& state, const Moment& moment) const {
        const Duration silence = since(*told.at, moment);
        return silence >= repeat_interval_ || differs_in_kind(told.state, state) ||
               (silence >= state_interval_ && differs_in_number(told.state, state));
    }
    // What was told in the future of a clock that was set back since was told long ago.
    static Duration since(Time then, const Moment& moment) {
        return then <= moment.wall ? moment.wall - then : Duration::max();
    }

    std::vector<Told> told_;
    Duration state_interval_;
    Duration repeat_interval_;
};

}  // namespace sitepower
