// Keeps the number of instances of each group as needed: gathers what is forecast and measured, lets the
// group's Scaler decide, has decisions carried out, tells and keeps what became of them. Owned by the app;
// loop thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/dispatch/control/mains.hpp"
#include "daemon/control/actuator_desk.hpp"
#include "daemon/forecast/latest_forecasts.hpp"
#include "daemon/operation/json.hpp"
#include "daemon/operation/site_view.hpp"
#include "daemon/planner/planner_view.hpp"
#include "daemon/scaling/scaling_view.hpp"
#include "daemon/scaling/settings.hpp"
#include "daemon/store/store.hpp"

namespace sitepower {

class Scaling final : public ScalingView {
  public:
    static constexpr Duration evaluate_every{5'000};
    // A value that somebody publishes is not known any more when it is older.
    static constexpr Duration fresh_for{300'000};

    // No register is written before the mains have been back for so long.
    static constexpr Duration return_delay{300'000};

    struct Outlets {
        std::function<Time()> now;
        std::function<Duration()> steady;  // only goes forward
        std::function<void(const std::string& topic, const Json& body)> tell_retained;
        std::function<void(const std::string& topic)> clear;
        std::function<void(const std::string& topic, const Json& body)> tell_event;
        std::function<void(PlanRow)> keep;
        std::function<void(std::string_view type, bool holds, const std::string& message)> condition;
    };

    // All of them must outlive it.
    Scaling(const SiteView& site, const LatestForecasts& forecasts, const PlannerView& planner,
            ActuatorDesk& actuators, Outlets outlets)
        : site_(site),
          forecasts_(forecasts),
          planner_(planner),
          actuators_(actuators),
          outlets_(std::move(outlets)) {}

    // Groups that stay go on with what they had decided. Null: there are none.
    void configure(std::shared_ptr<const ScalingSettings> settings);
    // What the store has of an earlier process, the newest first; until then nothing is decided.
    void restore(const std::vector<PlanRow>& rows);
    // A value that somebody has published.
    void metric(const std::string& name, Time time, double value);
    // Due every second.
    void tick();
    // A new publisher knows none of the retained topics.
    void tell_again();

    std::vector<ScalingGroupView> groups() const override;
    std::vector<GroupDecision> decisions() const override;
    Result<std::optional<dispatch::ScalingDecision>> set_by_hand(const std::string& group,
                                                                 dispatch::ManualOverride manual) override;

  private:
    struct Group {
        ScalingGroup settings;
        dispatch::Scaler scaler;
        dispatch::ScalingInput input;
        bool waits_for_mains = false;
        bool forecast_known = false;                           // of every metric that has a series
        std::string told{};                                    // what was told last
        std::map<std::string, dispatch::ScalingState> kept{};  // of each decision
    };
    struct Published {
        Time time;
        double value;
    };

    std::optional<double> number(const NumberSource& source, Time now) const;
    void gather(Group& group, Time now) const;
    void add_forecast(Group& group, const ScaledMetric& metric, dispatch::ScalingMetric& known,
                      Time now) const;
    bool have_mains();
    std::optional<dispatch::ScalingDecision> evaluate(const std::shared_ptr<Group>& group, Time now);
    void carry_out(const std::shared_ptr<Group>& group, const dispatch::ScalingDecision& decision, Time now);
    void settle(Group& group, Time now);
    ScalingGroupView view_of(const Group& group) const;
    void tell(Group& group, bool anew);
    void judge();

    const SiteView& site_;
    const LatestForecasts& forecasts_;
    const PlannerView& planner_;
    ActuatorDesk& actuators_;
    Outlets outlets_;
    std::vector<std::shared_ptr<Group>> groups_;
    std::map<std::string, Published, std::less<>> published_;  // of metrics that a group names
    dispatch::MainsWatch mains_;
    bool restored_ = false;
    std::optional<Time> evaluated_;
    std::map<std::string, std::string> told_conditions_;
};

}  // namespace sitepower
