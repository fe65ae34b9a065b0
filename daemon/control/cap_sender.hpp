// Tells whoever listens on a load class's command topic what the class may draw at most by the auction: again
// and again, so that a listener who hears nothing any more knows it, and goes back to the safe cap. Owned by
// the app; loop thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/control/actuator_desk.hpp"
#include "daemon/control/control_view.hpp"
#include "daemon/control/settings.hpp"
#include "daemon/operation/site_view.hpp"
#include "daemon/planner/planner_view.hpp"

namespace sitepower {

class CapSender {
  public:
    // A command that came to nothing is given again after so long.
    static constexpr Duration retry_pause{10'000};

    struct Outlets {
        std::function<Time()> now;
        std::function<void(const std::string& topic, const Json& body)> tell_retained;
        std::function<void(const std::string& topic)> clear;
        std::function<void(std::string_view type, bool holds, const std::string& message)> condition;
    };

    // `site`, `planner` and `actuators` must outlive it.
    CapSender(const SiteView& site, const PlannerView& planner, ActuatorDesk& actuators, Outlets outlets)
        : site_(site), planner_(planner), actuators_(actuators), outlets_(std::move(outlets)) {}

    // Null: there are none.
    void configure(std::shared_ptr<const ControlSettings> settings);
    // Due every second.
    void tick();
    // Gives the safe caps and waits for nobody.
    void end();
    // A new publisher knows none of the retained topics.
    void tell_again();

    std::vector<ControlStatus> capped() const;

  private:
    struct Entry {
        const CappedClass* settings = nullptr;
        std::optional<double> planned_kw{};       // by the allocation in force
        std::optional<double> said_kw{};          // in the last command
        std::optional<double> acknowledged_kw{};  // the cap that was taken last
        std::optional<Time> said{};
        std::optional<Time> in_force{};  // since when this cap or a higher one is
        bool waiting = false;
        std::string refusal{};  // of the last command; empty: it was taken
        std::string told{};
    };

    std::optional<double> planned_kw(const CappedClass& capped, Time now) const;
    void say(const std::shared_ptr<Entry>& entry, double kw, Time now);
    std::string trouble_of(const Entry& entry, Time now) const;
    ControlStatus status_of(const Entry& entry, Time now) const;
    void tell(Entry& entry, bool anew);
    void judge();

    const SiteView& site_;
    const PlannerView& planner_;
    ActuatorDesk& actuators_;
    Outlets outlets_;
    std::shared_ptr<const ControlSettings> settings_;
    std::vector<std::shared_ptr<Entry>> entries_;
    std::string told_trouble_;
    std::uint64_t commands_ = 0;
};

}  // namespace sitepower
