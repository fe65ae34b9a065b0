// Everything that can happen to the engine. The same events in the same order give the same effects: what is
// not in here cannot change the site's state.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "core/alert/alert.hpp"
#include "core/base/frame.hpp"
#include "core/base/identifier.hpp"
#include "core/battery/soh/evidence.hpp"

namespace sitepower {

// A poll of a device that gave no frame at all.
struct PollFailed {
    DeviceIndex device{};
    Time time{};
    std::string reason;  // for people: bus, unit, address, meaning
};

// Time has passed: due at least once a second. Staleness, alert delays and windows are decided here.
struct Tick {};

// Refused: NOT_FOUND without such an open alert, CONFLICT when it is acknowledged already, VALIDATION_ERROR
// for a note of more than AlertBook::longest_note bytes.
struct AcknowledgeAlert {
    std::string alert_id;
    std::string who;
    std::string note;
};

// Refused likewise. While its condition holds the alert stays quiet until that has cleared once.
struct ResolveAlert {
    std::string alert_id;
    std::string who;
    std::string note;
};

// Refused for what Maintenance::start refuses.
struct StartMaintenance {
    MaintenanceWindow window;  // an empty id is filled in
};

// Refused: NOT_FOUND.
struct EndMaintenance {
    std::string window_id;
    std::string who;
};

// The result of a capacity test of one battery; its rated capacity is that of its string. Refused when there
// is no such battery, and when the test says nothing of its health (broken off, numbers that are none; of
// lead-acid also faster than CapacityWatch::highest_lead_acid_c, or of an untold duration).
struct RecordCapacityTest {
    std::string battery_id;
    CapacityTest test;
    std::string who;
    Duration lasted{};  // the discharge; zero: not told
};

// A battery, or all of a string, was replaced by a new one: what was learnt starts anew under the new serial
// number. Refused: NOT_FOUND, VALIDATION_ERROR without a serial number, for a date to come or
// before the installed date of the old one, CONFLICT for
// the serial number that it has already.
struct ReplaceBattery {
    static constexpr std::size_t longest_text = 64;  // bytes, of serial number and model
    Subject subject;                                 // of kind battery or string
    std::string serial_number;  // of a string of several, the lot's: each gets it with its position, "LOT-7"
    Time date{};                // when it was put in
    std::string model;          // empty: as before
    std::string who;
};

// A condition of the daemon itself that deserves an alert (disk full, outbox at its limit, broker refusals,
// session taken over, database set aside). `type` is a row of the table of alert rules with subject "site".
struct SystemCondition {
    std::string type;
    bool holds = false;
    std::string message;
};

// What the load of a UPS is expected to be; in the place of what was told before. Steps without gaps, oldest
// first; none: nothing is known any more.
struct ExpectedLoad {
    struct Step {
        Time end;
        double load_kw = 0;  // median
        double sigma = 0;    // relative, of its logarithm
    };
    UpsIndex ups{};
    Time issued_at{};
    std::vector<Step> steps;
};

using Event = std::variant<FramePtr, PollFailed, Tick, AcknowledgeAlert, ResolveAlert, StartMaintenance,
                           EndMaintenance, RecordCapacityTest, ReplaceBattery, SystemCondition, ExpectedLoad>;

}  // namespace sitepower
