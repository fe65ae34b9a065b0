// What devices say of themselves: the flags of their profiles that are worth an alarm. One alert a device, as
// grave as its gravest flag, which names all that are set. Owned by Site.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/alert/book.hpp"
#include "core/alert/condition.hpp"
#include "core/site/effects.hpp"
#include "core/site/latest_values.hpp"

namespace sitepower {

class DeviceAlarms {
  public:
    DeviceAlarms(const SiteModel& model, const RuleSet& rules, const AlertSlots& slots);

    // After a frame of the device. A flag that is not known neither raises nor clears.
    void evaluate(DeviceIndex device, std::span<const LatestValue> values, AlertBook& book,
                  const Moment& moment, Effects& effects);
    // An alert from before a restart stays open until the device says otherwise.
    void assume(const Alert& alert);

  private:
    struct Watched {
        std::vector<DeviceAlarm> alarms;
        std::vector<std::optional<bool>> set;  // by alarm; empty: never known
        Latch latch;
        Severity severity = Severity::warning;  // while the latch is on
        bool is_assumed = false;                // from before a restart; not all flags were read since
        bool is_partly_named = false;           // it was set by more flags than its message names
        std::string detail;
    };

    // Whether any flag is known. Takes over what is.
    static bool read(Watched& watched, std::span<const LatestValue> values);
    static std::optional<Severity> gravest(const Watched& watched);
    static std::string names(const Watched& watched);

    const RuleSet& rules_;
    const AlertSlots& slots_;
    std::vector<Watched> devices_;
};

}  // namespace sitepower
