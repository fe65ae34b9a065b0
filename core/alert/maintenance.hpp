// Maintenance windows: the times in which alerts of a subject are recorded but not announced. Owned by the
// engine; windows follow the wall clock, as the people who set them do.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/alert/alert.hpp"
#include "core/alert/slots.hpp"
#include "core/base/result.hpp"

namespace sitepower {

class Maintenance {
  public:
    static constexpr std::size_t most_windows = 100;  // running and still to come
    static constexpr Duration longest_window = std::chrono::hours(31 * 24);
    static constexpr Duration longest_lead = std::chrono::hours(400 * 24);  // from now to the beginning

    explicit Maintenance(const AlertSlots& slots) : slots_(slots) {}

    // The window as accepted; an empty identifier is filled in. Refused: an unknown subject, an identifier
    // that is taken or no identifier, an end that has passed or is not behind the beginning, too long, too
    // far ahead, too many.
    Result<MaintenanceWindow> start(MaintenanceWindow window, Time now);
    // The window as ended, with its end moved to now if it was later.
    Result<MaintenanceWindow> end(const std::string& id, Time now);
    // Takes back a window from before a restart; false when its subject no longer exists.
    bool restore(const MaintenanceWindow& window);
    // Adds those that are over to `ended`.
    void expire(Time now, std::vector<MaintenanceWindow>& ended);

    // A window covers its subject and what hangs on it: a site everything; a string its batteries; a device
    // its UPS, and the strings and batteries that it measures; a UPS its device, strings and their batteries.
    bool covers(SubjectNumber subject, Time now) const;

    std::span<const MaintenanceWindow> windows() const { return windows_; }

  private:
    bool reaches(SubjectNumber from, SubjectNumber to) const;

    const AlertSlots& slots_;
    std::vector<MaintenanceWindow> windows_;
};

}  // namespace sitepower
