// The live state of the UPSs. Owned by Site.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "core/site/clock.hpp"
#include "core/site/latest_values.hpp"
#include "core/site/model.hpp"
#include "core/site/state.hpp"
#include "core/site/wiring.hpp"

namespace sitepower {

class Upses {
  public:
    explicit Upses(const SiteModel& model);

    void apply(const Feed& feed, const LatestValue& latest, const Moment& moment);
    void lose(const Feed& feed, const Moment& moment);

    // Of the UPS that the string stands behind; empty when that is not known.
    std::optional<bool> on_battery(const StringModel& string) const;

    std::span<UpsState> states() { return states_; }
    std::span<const UpsState> states() const { return states_; }

  private:
    void set(const Feed& feed, const Measurement& measured, const Moment& moment);

    std::vector<UpsState> states_;
};

}  // namespace sitepower
