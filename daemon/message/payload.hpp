// The JSON of every message: one function per payload of the topic table. Pure; called on the loop thread,
// and for frames and the broker status on the publisher's thread. Field order and names are pinned by
// tests/golden/payloads.
//
// All begin alike: `site`, the subject under its own name, `time`, `time_ms`, `id`, `seq`. `values` is flat,
// name to number or null; `quality` {name: reason} holds exactly what is null or not good in it. Any other
// unknown field is null with `<field>_reason` beside it; in an alert, null is also what does not apply: the
// threshold of a condition, the end of what is open. `estimates` gives each estimate its uncertainty.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/alert/alert.hpp"
#include "core/base/frame.hpp"
#include "core/site/effects.hpp"
#include "core/site/model.hpp"
#include "core/site/state.hpp"
#include "daemon/message/message.hpp"

namespace sitepower {

// What every payload has at its top, beside its subject.
struct PayloadHead {
    std::string_view site;
    std::uint64_t epoch_bits = 0;
    MessageKey key{};
    std::uint64_t seq = 0;
    Time time{};
};

// Appends the readings of a frame to `out`: values name to number or null, quality name to reason for what is
// not good. The frame's own time is used. Numbers have as few digits as read back to the same double. No
// allocation beyond `out`.
void append_readings_json(const PayloadHead& head, const Frame& frame, std::string& out);

std::string device_state_json(const PayloadHead& head, const DeviceModel& device, const DeviceState& state);
std::string battery_state_json(const PayloadHead& head, const SiteModel& model, const BatteryState& state);
std::string string_state_json(const PayloadHead& head, const SiteModel& model, const StringState& state);
std::string ups_state_json(const PayloadHead& head, const SiteModel& model, const UpsState& state);
// alert/<alert id>: the alert as it is now, retained while active.
std::string alert_json(const PayloadHead& head, const AlertChange& change);
// event/alert: the same alert, told as the transition that happened.
std::string alert_event_json(const PayloadHead& head, const AlertChange& change);
std::string site_json(const PayloadHead& head, const SiteModel& model);

// event/maintenance: a window in which alerts are recorded but not announced. `transition`: "started",
// "ended".
std::string maintenance_json(const PayloadHead& head, const MaintenanceWindow& window,
                             std::string_view transition);

// event/battery: one battery has taken the place of another.
std::string battery_replaced_json(const PayloadHead& head, const SiteModel& model,
                                  const BatteryReplaced& replaced);

// event/capacity_test: what a test of a battery's capacity gave.
std::string capacity_test_json(const PayloadHead& head, const SiteModel& model, const CapacityReport& report);

// Any other: the head, then the members of an object that is JSON text already, "{...}".
std::string payload_json(const PayloadHead& head, std::string_view object);

// event/gap: undelivered readings that were given up at the store's limit.
struct ReadingsGap {
    Time from{};
    Time to{};
    std::uint64_t frames = 0;
};
std::string gap_json(const PayloadHead& head, const ReadingsGap& gap);

// status: the daemon as the broker's clients see it. Made by the publisher, which numbers its own messages
// apart from the store's: `id` is "<site>-<epoch>-status-<seq>", and the will, which is written down when the
// connection begins, carries the number of that connection's birth message and ends in "-lost".
enum class PublishedStatus : std::uint8_t { online, offline, lost };
struct StatusReport {
    PublishedStatus status = PublishedStatus::online;
    std::string_view version;
    std::optional<Time> since;  // of this status; nobody knows it of `lost`
};
std::string status_json(const PayloadHead& head, const StatusReport& report);

}  // namespace sitepower
