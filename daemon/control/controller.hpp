// Carries plans into devices: what the plan and the auction say for now goes, within limits and reserve, to
// each device that the site has put under control. Decisions are SetpointControl's; writes go through the
// command desk. Owned by the app; loop thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/dispatch/control/billing_interval.hpp"
#include "daemon/control/command_desk.hpp"
#include "daemon/control/control_view.hpp"
#include "daemon/operation/json.hpp"
#include "daemon/operation/site_view.hpp"
#include "daemon/planner/planner_view.hpp"

namespace sitepower {

class Controller final : public ControlView {
  public:
    // A setpoint that could not be sent for so long is not sent: the next is better.
    static constexpr Duration write_patience{3'000};

    struct Outlets {
        std::function<Time()> now;
        std::function<Duration()> steady;  // only goes forward
        std::function<void(const std::string& topic, const Json& body)> tell_retained;
        std::function<void(const std::string& topic)> clear;
        std::function<void(const std::string& topic, const Json& body)> tell_event;
        std::function<void(std::string_view type, bool holds, const std::string& message)> condition;
        // For when the daemon is gone; without it nothing is controlled.
        std::function<Status(const std::vector<ReleaseWrite>& writes)> keep_releases;
    };

    // `site`, `planner` and `desk` must outlive it.
    Controller(const SiteView& site, const PlannerView& planner, CommandDesk& desk, Outlets outlets)
        : site_(site), planner_(planner), desk_(desk), outlets_(std::move(outlets)) {}

    // Null: nothing is controlled. What was before should have been handed back: end(), is_handed_back().
    void configure(std::shared_ptr<const ControlSettings> settings);
    // Due every second.
    void tick();
    // Hands everything back and takes nothing on any more, until the next configure().
    void end();
    bool is_handed_back() const;
    // The ids of those that are not, with commas.
    std::string not_handed_back() const;
    // A new publisher knows none of the retained topics.
    void tell_again();

    // False while the device of the battery, by its place in the plan, is handed back for a fault or the
    // mains.
    bool may_follow(std::size_t battery) const;

    std::vector<ControlStatus> controlled() const override;
    void act(Time) override { tick(); }

  private:
    struct Entry {
        const ControlledDevice* device = nullptr;
        dispatch::SetpointControl control;
        std::optional<double> wanted_kw;
        std::string told{};  // what was told last
        dispatch::ControlState told_state = dispatch::ControlState::releasing;
    };

    struct Grid;

    void want();
    std::vector<std::optional<double>> planned_kw(const PlanReport& plan, std::size_t step) const;
    std::optional<double> import_kw() const;
    std::optional<Grid> grid_of(const PlanReport& plan, std::size_t step) const;
    double drawn_kw(const PlanReport& plan, std::size_t step, std::size_t battery) const;
    void keep_grid(const PlanReport& plan, std::size_t step, std::vector<std::optional<double>>& kw) const;
    double within_reserve(const PlanReport& plan, std::size_t step, std::size_t battery, double kw) const;
    dispatch::ControlInput input_of(const Entry& entry) const;
    void drive(const std::shared_ptr<Entry>& entry);
    void order(const std::shared_ptr<Entry>& entry, const dispatch::ControlWrite& write);
    void tell(Entry& entry, bool anew);
    void judge();
    ControlStatus status_of(const Entry& entry) const;

    const SiteView& site_;
    const PlannerView& planner_;
    CommandDesk& desk_;
    Outlets outlets_;
    std::shared_ptr<const ControlSettings> settings_;
    std::vector<std::shared_ptr<Entry>> entries_;  // as the settings
    std::string no_release_file_;                  // why nothing is controlled; empty: it is
    dispatch::BillingInterval billing_;            // of the import
    std::string told_failed_;
    std::string told_limited_;
};

}  // namespace sitepower
