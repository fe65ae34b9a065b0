// The life of alerts: triggered, changed, acknowledged, resolved; at most one open per subject and type.
// Rules say which severity holds (observe); the book decides what people hear of it. Owned by the engine.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/alert/alert.hpp"
#include "core/alert/maintenance.hpp"
#include "core/alert/rules.hpp"
#include "core/alert/slots.hpp"
#include "core/base/result.hpp"
#include "core/site/clock.hpp"
#include "core/site/effects.hpp"

namespace sitepower {

// What a rule says about its subject now.
struct Observation {
    std::optional<Severity> severity;  // empty: the condition does not hold
    RuleId rule{};
    std::optional<double> actual;
    std::optional<double> threshold;
    std::string_view detail;  // joins the rule's message
    std::uint32_t affected = 0;
};

// The open alerts of one subject.
struct OpenAlerts {
    std::uint32_t count = 0;
    std::optional<Severity> worst;
};

class AlertBook {
  public:
    // Beyond it a condition gets no alert of its own until there is room; one alert (alerts_full) says so.
    static constexpr std::size_t most_open = 2'000;
    // A condition that rises again so soon after it cleared is the same alert: opened again under its id,
    // counted in `flaps`, and from then on closed only after it has been quiet for so long.
    static constexpr Duration flap_window = std::chrono::minutes(10);
    // While a flapping alert waits for that, its message says so; told when it has been quiet for so long.
    static constexpr Duration quiet_told_after = std::chrono::minutes(3);
    static constexpr std::size_t most_recent = 256;  // closed alerts remembered, for flaps and CONFLICT
    static constexpr std::size_t longest_note = 1'000;

    AlertBook(const AlertSlots& slots, const RuleSet& rules);

    // To be called whenever the rule was evaluated; cheap when nothing changes.
    void observe(SlotNumber slot, const Observation& observation, const Moment& moment, Effects& effects);
    // Closes what has been quiet for long enough, ends windows and announces what they held back.
    void tick(const Moment& moment, Effects& effects);

    Status acknowledge(std::string_view id, const std::string& who, const std::string& note,
                       const Moment& moment, Effects& effects);
    // While its condition holds it stays quiet until the condition has cleared once, has become worse, or
    // lists something more.
    Status resolve(std::string_view id, const std::string& who, const std::string& note, const Moment& moment,
                   Effects& effects);
    // What the alert was about is gone: closed by "configuration" if it is open, and no longer kept quiet.
    void withdraw(SlotNumber slot, const std::string& note, const Moment& moment, Effects& effects);
    Status start_maintenance(MaintenanceWindow window, const Moment& moment, Effects& effects);
    Status end_maintenance(const std::string& id, const Moment& moment, Effects& effects);

    // Takes back an open alert; false when its subject or rule is gone: resolved by "configuration" then.
    bool restore_open(const Alert& alert, const Moment& moment, Effects& effects);
    bool restore_muted(const Alert& alert, const Moment& moment);
    void restore_window(const MaintenanceWindow& window, const Moment& moment, Effects& effects);
    std::vector<Alert> resolved_by_hand() const;

    OpenAlerts of(SubjectNumber subject) const { return summary_[static_cast<std::size_t>(subject)]; }
    bool is_open(SlotNumber slot) const { return slots_[static_cast<std::size_t>(slot)].open >= 0; }
    std::span<const Alert> open() const { return open_; }
    bool is_maintained(SubjectNumber subject, Time now) const { return maintenance_.covers(subject, now); }
    std::span<const MaintenanceWindow> windows() const { return maintenance_.windows(); }
    // Subjects whose summary has changed since the last call of clear_changed().
    std::span<const SubjectNumber> changed() const { return changed_; }
    void clear_changed() { changed_.clear(); }

  private:
    struct Slot {
        std::int32_t open = -1;            // position in open_
        std::optional<Severity> severity;  // as last observed
        std::optional<Severity> muted;     // resolved by hand at this severity while the condition held
        Time quiet_since{};                // steady; of a flapping alert whose condition has cleared
        bool quiet_told = false;           // that it has
    };
    struct Closed {
        Alert alert;
        SlotNumber slot{};
        Time at{};  // steady
    };

    Slot& at(SlotNumber slot) { return slots_[static_cast<std::size_t>(slot)]; }
    bool has_room(SlotNumber slot) const;
    void unmute(SlotNumber slot);
    void rise(SlotNumber slot, const Observation& observation, const Moment& moment, Effects& effects);
    void open_new(SlotNumber slot, const Observation& observation, const Moment& moment, Effects& effects);
    bool reopen(SlotNumber slot, const Observation& observation, const Moment& moment, Effects& effects);
    void count_flap(SlotNumber slot, const Observation& observation, Effects& effects);
    void change(SlotNumber slot, const Observation& observation, bool is_listed, bool joins,
                Effects& effects);
    bool is_listed(SlotNumber slot, const Observation& observation) const;
    bool joins(SlotNumber slot, const Observation& observation) const;
    void take_over_list(SlotNumber slot, const Alert& alert);
    void describe(Alert& alert, const Observation& observation) const;
    void close(SlotNumber slot, std::string by, std::string note, const Moment& moment, Effects& effects);
    void insert(SlotNumber slot, Alert alert);
    void summarise(SubjectNumber subject);
    void announce_released(const Moment& moment, Effects& effects);
    void watch_room(const Moment& moment, Effects& effects);
    Result<std::size_t> find_open(std::string_view id) const;
    std::optional<SlotNumber> find_slot(const Alert& alert) const;
    Time next_identity_time(Time wall);

    const AlertSlots& numbers_;
    const RuleSet& rules_;
    Maintenance maintenance_;
    std::vector<Slot> slots_;
    std::vector<Alert> open_;             // oldest first
    std::vector<SlotNumber> open_slots_;  // beside open_
    std::vector<OpenAlerts> summary_;     // by subject
    std::vector<SubjectNumber> changed_;
    std::vector<Closed> recent_;                // oldest first
    std::map<SlotNumber, std::string> listed_;  // the detail of alerts that list, while open or muted
    std::map<SlotNumber, Alert> by_hand_;       // as they were resolved, of the slots that are muted
    Time last_identity_{};
};

}  // namespace sitepower
